"""What `grade history` does: every attempt at an exercise, or at all, and what each of them changed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader import jobs, output, progress, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.listing import sayings_in
from grader.past import History, steps
from grader.progress import Attempt


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        form: ``text`` or ``json``.
        out: a file for the history; None for standard output.
        course: the folder of a course that is not ours, or None.
    """

    form: str
    out: Path | None
    course: Path | None


def _now() -> datetime:
    return datetime.now(UTC)


def run(word: str | None, request: Request, clock: Callable[[], datetime] = _now) -> int:
    """Show the attempts at one exercise, or at all of them; the exit code.

    Raises:
        UnusableInput: there is no such exercise or no workspace, or its progress cannot be read.
    """
    course = jobs.open_course(request.course)
    exercise = course.find(word) if word is not None else None
    home = workspace.required(course.command("init DIR"), "there is no history")
    try:
        history = History.of(home, clock())
    except progress.ProgressUnavailable as error:
        raise UnusableInput(f"your history could not be read: {error}") from None
    if exercise is not None:
        history = history.only(exercise)
    text = _text(course, exercise, history, request)
    if request.out is None:
        output.to_stdout(text)
    else:
        count = len(history.attempts)
        told = f"{count} {'attempt' if count == 1 else 'attempts'}; the history is in {request.out}"
        output.deliver(request.out, text, told)
    return 0


def _text(course: Course, exercise: Exercise | None, history: History, request: Request) -> str:
    if request.form == "json":
        from grader.render.exchange import history_to_json

        return history_to_json(history)
    from grader.render.history import history_page
    from grader.render.page import Look

    look = Look() if request.out is not None else Look.of(sys.stdout, os.environ)
    return history_page(course, exercise, history, steps(history.attempts), look, says=_says(course, history.attempts))


def _says(course: Course, attempts: Sequence[Attempt]) -> dict[tuple[str, str], str]:
    """(exercise name, misconception) → what it says of itself, where the check files still know it."""
    tried = {attempt.exercise for attempt in attempts if attempt.misconceptions}
    found: dict[tuple[str, str], str] = {}
    for exercise in course.exercises:
        if exercise.name in tried:
            # A history needs no check file: without one the names stand alone.
            with contextlib.suppress(UnusableInput):
                found.update({(exercise.name, name): says for name, says in sayings_in(exercise.checks).items()})
    return found
