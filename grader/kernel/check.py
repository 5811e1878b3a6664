"""`check("exercise3")`: grade the code that is written around the call, in a process of its own."""

from __future__ import annotations

import os
import secrets
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader import jobs, own_numbers, percent, student, workspace
from grader.core import grade
from grader.course import Course, Exercise
from grader.errors import GraderError, UnusableInput
from grader.kernel import display, shell, sources
from grader.kernel.warm import warm_sandbox
from grader.remember import remember
from grader.report import CheckResult, Report, Status
from grader.text import clean, one_line

_WIDTH = 76


class PointsMissingError(AssertionError):
    """Some check did not pass; a notebook shows the message alone, without a traceback of ours."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [str(self)]


class Stopped(KeyboardInterrupt):
    """The learner stopped a check; it stops the cells that would run after it too."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [str(self)]


@dataclass(frozen=True)
class Checked:
    """What a check found; a notebook shows nothing of it, because the verdict stands there already.

    Args:
        exercise: its name.
        report: the verdict; None when there is none.
        reason: why there is none.
        asked: names of the checks that were asked for; all when there are none.
    """

    exercise: str
    report: Report | None = None
    reason: str = ""
    asked: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check that was asked for passed."""
        return self.report is not None and self.report.passed

    @property
    def points(self) -> int:
        """Points earned by the checks that were asked for; what they build on does not count."""
        return sum(check.points for check in self._counted)

    @property
    def max_points(self) -> int:
        """Points that these checks can earn."""
        return sum(check.max_points for check in self._counted)

    @property
    def _counted(self) -> list[CheckResult]:
        checks = self.report.checks if self.report is not None else ()
        return [check for check in checks if not self.asked or check.name in self.asked]

    def grade(self) -> int:
        """The points as the grade of the cell that ends with this call, for nbgrader.

        Raises:
            PointsMissingError: there is no verdict; or a student validates and points are missing. Validate shows an
                error's text, and of a number no more than that it is too small.
        """
        if self.report is None or os.environ.get("NBGRADER_EXECUTION") == "validate":
            self.require()
        return self.points

    def require(self) -> None:
        """Let the cell fail unless every check that was asked for passed.

        Raises:
            PointsMissingError: some check did not pass, or there is no verdict.
        """
        if self.report is None:
            raise PointsMissingError(f"{self.exercise} was not graded: {self.reason}")
        if not self.passed:
            raise PointsMissingError("\n".join([repr(self), *_open(self.report)]))

    def __repr__(self) -> str:
        if self.report is None:
            return f"{self.exercise}: not graded"
        return f"{self.exercise}: {self.points} of {self.max_points} points"

    def _ipython_display_(self) -> None:
        # Nothing below a cell, where the verdict stands already. A terminal has written "Out[3]: " and wants an end.
        here = shell.current()
        if here is None or not here.is_notebook:
            sys.stdout.write(f"{self!r}\n")


def _open(report: Report) -> list[str]:
    """What is still to be done, in lines that nbgrader does not cut off."""
    lines = []
    for check in report.checks:
        # What was skipped says no more than that something above it comes first.
        if check.status not in (Status.PASSED, Status.SKIPPED):
            said = [wrapped for line in clean(check.message).splitlines() for wrapped in textwrap.wrap(line, _WIDTH)]
            lines += [one_line(check.title), *(f"    {line}" for line in said)]
    return lines


def check(
    exercise: str | int,
    *checks: str,
    seed: int | None = None,
    course: str | Path | None = None,
    numbers: int | None = None,
) -> Checked:
    """Grade the code that is written in this notebook or script, and show the verdict.

    In a notebook the code is what stands in the cells, not what the kernel happens to hold; a script grades itself; in
    an interactive Python it is the workspace's file. The code runs in a sandbox, which stays warm for the next call.

    Args:
        exercise: its name as for `grade`: ``exercise3``, ``3``, ``masked_convolution``.
        checks: names of checks to run, with what they require; all when there are none.
        seed: what the checks' numbers are drawn from; otherwise they are new each time.
        course: the folder of a course that is not ours; its check files are trusted code.
        numbers: what a student's own by-hand numbers are drawn from, as a released notebook says; otherwise those of
            the workspace, or the printed ones.

    Returns:
        The verdict as data. ``check(…).require()`` lets a cell fail when points are missing; ``check(…).grade()`` is
        the grade of a cell in nbgrader.
    """
    script = sys._getframe(1).f_globals.get("__file__")
    here = shell.current()
    is_notebook = here is not None and here.is_notebook
    view: display.View
    view = display.Notebook(updates=here.has_cells) if here is not None and is_notebook else display.Terminal()
    try:
        opened = jobs.open_course(Path(course) if course is not None else None)
        found = opened.find(str(exercise))
        found.require_checks()
        if seed is not None and not 0 <= seed < 2**63:
            raise UnusableInput(f"The seed {one_line(str(seed), 60)} is not a whole number from 0 to 2**63 - 1.")
        if numbers is not None and not 0 <= numbers < 2**63:
            raise UnusableInput("numbers should be the whole number that stood in this cell when you got the notebook.")
        return _check(opened, found, [str(name) for name in checks], seed, numbers, script, here, view)
    except (UnusableInput, GraderError) as error:
        view.message(str(error))
        return Checked(one_line(str(exercise), 60), reason=str(error))
    except KeyboardInterrupt:
        view.message("Stopped. Check again when you like.")
        raise Stopped("Stopped.") from None


def _check(
    course: Course,
    exercise: Exercise,
    checks: Sequence[str],
    seed: int | None,
    numbers: int | None,
    script: str | None,
    here: shell.Shell | None,
    view: display.View,
) -> Checked:
    with warm_sandbox() as sandbox:
        source = sources.find(exercise, course, script, here)
        path = source.submission.path
        home = workspace.find(path.absolute().parent) if source.file else None
        variant = own_numbers.of_file(home, path, exercise) if numbers is None else numbers
        with view.at_work(exercise.title) as listen:
            drawn = secrets.randbits(31) if seed is None else seed
            report = grade(
                exercise,
                source.submission,
                sandbox=sandbox,
                seed=drawn,
                checks=checks,
                variant=variant,
                on_event=listen,
            )
    warning = ""
    if source.file:
        report = student.stamped(home, path, report)
        warning = remember(home, path, report, datetime.now(UTC), whole=not checks)
    remarks = [remark for remark in (*source.remarks, warning) if remark]
    again = percent.check_call(exercise.short, course.folder)
    view.result(report, remarks, "" if report.passed else source.unseen, again)
    return Checked(exercise.short, report, asked=tuple(checks))
