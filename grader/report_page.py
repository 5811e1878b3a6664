"""What `grade report` does: the latest verdicts on a page for the browser, without grading again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import jobs, output, progress, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.past import History
from grader.text import one_line

if TYPE_CHECKING:
    from grader.render.html import Row

FILE = "report.html"


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        out: a file for the page; None for ``report.html`` in the workspace.
        show: whether to open it in the browser.
        course: the folder of a course that is not ours, or None.
    """

    out: Path | None
    show: bool
    course: Path | None


def run(words: Sequence[str], request: Request) -> int:
    """Write the page; the exit code.

    Args:
        words: the exercises as the learner names them; all that were tried when empty, or ``all``.
        request: the options.

    Raises:
        UnusableInput: nothing has been graded yet, or the file is somebody else's or cannot be written.
    """
    from grader.render.html import page

    course = jobs.open_course(request.course)
    wanted = [] if "all" in words else [course.find(word) for word in words]
    home = workspace.required(course.command("init DIR"), "there is nothing to report")
    path = _target(request.out, home)
    rows = _latest(course, _history(home), wanted)
    reports = [row.report for row in rows]
    commands = {exercise.name: course.command(exercise.short) for exercise in course.exercises}
    output.to_file(path, page(reports, title=course.title, commands=commands, overview=rows))
    points, most = sum(report.points for report in reports), sum(report.max_points for report in reports)
    output.to_stdout(f"{points} of {most} points; the report is in {one_line(str(path), 4000)}\n")
    if request.show:
        _open(path)
    return 0


def _target(out: Path | None, home: Path) -> Path:
    """Where to write; what is no report of ours is only replaced if it was named."""
    path = out if out is not None else home / FILE
    output.check_target(path)
    if out is not None and workspace.owns(home, out) and out.exists():
        raise UnusableInput(f"{one_line(str(out))} holds your own work. Give --out the name of another file.")
    if out is None and path.exists() and not _is_ours(path):
        raise UnusableInput(
            f"{one_line(str(path))} was not made by reparam, so it is kept. Name another file: grade report --out FILE"
        )
    return path


def _is_ours(path: Path) -> bool:
    from grader.render.html import is_ours

    if not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return is_ours(file.read(4000))
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be read: {error.strerror}.") from None


def _history(home: Path) -> History:
    try:
        return History.of(home, datetime.now(UTC))
    except progress.ProgressUnavailable as error:
        raise UnusableInput(f"your progress could not be read: {error}") from None


def _latest(course: Course, history: History, wanted: Sequence[Exercise]) -> list[Row]:
    """The latest verdicts on some exercises, in the order of the course; on all that were tried when none is named."""
    from grader.render.html import Past, Row

    missing = next((exercise for exercise in wanted if exercise.name not in history.reports), None)
    if missing is not None:
        raise UnusableInput(f"No verdict on {missing.short} is kept yet. `{course.command(missing.short)}` grades it.")
    rows = []
    for exercise in course.exercises:
        if exercise.name in history.reports and (not wanted or exercise in wanted):
            only = history.only(exercise)
            at, report = only.reports[exercise.name]
            rows.append(Row(report, Past(len(only.attempts), sum(only.hints.values()), at.astimezone())))
    if not rows:
        first = course.command(course.exercises[0].short)
        raise UnusableInput(f"No verdict is kept here yet. `{first}` grades the first exercise.")
    return rows


def _open(path: Path) -> None:
    whole = path.resolve()
    if click.launch(str(whole)) != 0:
        raise UnusableInput(f"No browser could be started. Open this address in yours: {whole.as_uri()}")
