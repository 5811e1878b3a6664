"""From a student's cells to points and words for each graded cell: `grade`'s own verdict, dealt out."""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.classroom.in_time import alarm
from grader.core import Event, grade
from grader.course import Exercise
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.kernel.warm import Keeper, warm_sandbox
from grader.render.html import feedback
from grader.render.page import Look
from grader.report import CheckResult, Report, Status
from grader.sandbox.front import GRADING_SECONDS
from grader.submission import Submission, from_cells
from grader.text import clean, one_line


def probe_seed(secret: str | int, assignment: str) -> int:
    """What an assignment's probes are drawn from: the same at each grading, and unknown without the secret.

    Args:
        secret: the course's; any number or text, or empty.
        assignment: its name.
    """
    digest = hmac.new(str(secret).encode(), assignment.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) >> 1


@dataclass(frozen=True)
class Marks:
    """What a grading found.

    Args:
        report: the verdict, with the checks that had ended when a problem came up.
        problem: why there is no verdict, or no whole one; empty where there is.
    """

    report: Report | None
    problem: str = ""


@dataclass(frozen=True)
class Shown:
    """A graded cell: its points, and the message as HTML and as plain text."""

    points: int
    html: str
    text: str


@dataclass(frozen=True)
class Work:
    """All that marks depend on.

    Args:
        exercise: what is answered.
        submission: the answers.
        seed: what the probes are drawn from.
        timeout: seconds after which what has not been checked earns nothing.
        variant: what the student's own by-hand numbers are drawn from; None for the printed ones.
    """

    exercise: Exercise
    submission: Submission
    seed: int
    timeout: float
    variant: int | None = None


def submitted(exercise: Exercise, sources: Sequence[str]) -> Submission:
    """A notebook's cells of code as a submission.

    Raises:
        UnusableInput: there is nothing in them, or they cannot be used.
    """
    if not any(source.strip() for source in sources):
        raise UnusableInput("The notebook has no code cells that could be graded.")
    return from_cells(sources, Path(f"{exercise.name}.ipynb"))


def mark(work: Work, keeper: Keeper) -> Marks:
    """Grade a notebook; may run in several threads.

    Args:
        work: what is to be graded.
        keeper: of the sandbox.

    Raises:
        GraderError: our own fault, twice in a row; nobody may earn 0 for that.
        CheckFileError: the check file is broken.
    """
    try:
        return _in_time(work, keeper)
    except CheckFileError:
        raise
    except GraderError:
        # The sandbox may have died for no fault of this student's; the next one is new.
        return _in_time(work, keeper)


def _in_time(work: Work, keeper: Keeper) -> Marks:
    # Less than the sandbox's own limit, which would not tell this student's fault from ours.
    seconds = min(work.timeout, GRADING_SECONDS - 10)
    ended: list[CheckResult] = []

    def listen(event: Event) -> None:
        if event.result is not None:
            ended.append(event.result)

    with warm_sandbox(keeper) as sandbox:
        sandbox.warm_up()  # the time counts from when the sandbox is there
        with alarm(sandbox, seconds) as rang:
            try:
                return Marks(
                    grade(
                        work.exercise,
                        work.submission,
                        sandbox=sandbox,
                        seed=work.seed,
                        variant=work.variant,
                        on_event=listen,
                    )
                )
            except CheckFileError:
                raise
            except GraderError:
                if not rang.is_set():
                    raise
    said = f"Grading was stopped after {seconds:g} s. What had not been checked by then earned no points."
    return Marks(Report(work.exercise.name, work.exercise.title, tuple(ended), seconds, (), work.seed), said)


def shown(marks: Marks, checks: Sequence[str], style: str = "") -> Shown:
    """What a graded cell shows: the checks that it stands for, and what they earned.

    Args:
        marks: of the whole notebook.
        checks: the names of the cell's checks.
        style: goes in front; one cell of a notebook has it for all of them.
    """
    own = tuple(check for check in marks.report.checks if check.name in checks) if marks.report is not None else ()
    markup, words = style, []
    if marks.problem:
        problem = clean(marks.problem)
        # A caret below a line of code needs every character to be as wide as the next.
        kind = "pre" if "\n" in problem else "p"
        markup += f"<{kind}>{html.escape(problem)}</{kind}>"
        words.append(problem)
    if marks.report is not None and own:
        markup += feedback(replace(marks.report, checks=own))
        words += [line for check in own for line in _lines(check)]
    return Shown(sum(check.points for check in own), markup, "\n".join(words))


def _lines(check: CheckResult) -> list[str]:
    lines = [f"{Look().mark(check.status)} {one_line(check.title)}  {check.points}/{check.max_points}"]
    if check.status is not Status.PASSED:
        lines += [f"    {line}" for line in clean(check.message).splitlines()]
        if check.hint:
            lines.append(f"    → {one_line(check.hint, 600)}")
    return lines
