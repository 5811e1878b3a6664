"""What `grade hint` does: one more hint for a check, from a question over a pointer to a worked neighbour."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, output, progress, workspace
from grader.course import HINT_TIERS, Course, Exercise
from grader.errors import UnusableInput
from grader.listing import checks_in
from grader.text import did_you_mean, one_line


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        check: the check's name; None for the first that is still open.
        again: whether to show the hints already taken, and no other.
        course: the folder of a course that is not ours, or None.
    """

    check: str | None
    again: bool
    course: Path | None


def run(word: str, request: Request) -> int:
    """Show the next hint of one exercise; the exit code.

    Raises:
        UnusableInput: there is no such exercise or check, or it has no hints.
    """
    course = jobs.open_course(request.course)
    exercise = course.find(word)
    if not exercise.hints:
        raise UnusableInput(f"{exercise.short} has no hints.")
    home = workspace.around()
    check, why, remark = _check_of(exercise, request.check, home)
    if check is None:
        names = ", ".join(exercise.hints)
        output.to_stdout(
            f"Your last attempt passed every check of {exercise.short}. --check shows one's hints: {names}\n"
        )
        return 0
    command = course.command(" ".join(["hint", exercise.short, *([f"--check {check}"] if request.check else [])]))
    uncounted = ""
    if request.again:
        tiers = range(_taken(exercise, check, home, command))
    else:
        before, uncounted = count(course, exercise, check, home)
        # After the last one, all of them.
        tiers = range(before, before + 1) if before < HINT_TIERS else range(HINT_TIERS)
    _show(exercise, check, why, tiers, "" if uncounted else command)
    if uncounted or remark:
        sys.stderr.write(f"{uncounted or remark}\n")
    return 0


def _check_of(exercise: Exercise, wanted: str | None, home: Path | None) -> tuple[str | None, str, str]:
    """The check to help with, why it was chosen, and a warning; no check when all of them are passed."""
    if wanted is not None:
        if wanted not in exercise.hints:
            mend = did_you_mean(wanted, exercise.hints) or f" It has hints for {', '.join(exercise.hints)}."
            raise UnusableInput(f'{exercise.short} has no hints for a check "{one_line(wanted, 60)}".{mend}')
        return wanted, "", ""
    first = next(iter(exercise.hints))
    try:
        attempt = progress.last(home, exercise.name) if home is not None else None
    except progress.ProgressUnavailable as error:
        return first, "", f"your last attempt could not be read: {error}"
    if attempt is None or (attempt.open_checks is None and not attempt.passed):
        return first, "", ""
    still_open = attempt.open_checks or ()
    found = next((check for check in exercise.hints if check in still_open), None)
    return found, "It is the first check that your last attempt did not pass; --check NAME asks about another.", ""


def _taken(exercise: Exercise, check: str, home: Path | None, command: str) -> int:
    """How many hints there are to show again."""
    try:
        taken = progress.hints_taken(home) if home is not None else {}
    except progress.ProgressUnavailable as error:
        raise UnusableInput(f"the hints that you took could not be read: {error}") from None
    count = taken.get((exercise.name, check), 0)
    if not count:
        raise UnusableInput(f"You have taken no hint for {check} yet. `{command}` gives the first.")
    return count


def count(course: Course, exercise: Exercise, check: str, home: Path | None) -> tuple[int, str]:
    """Count one hint more of a check.

    Args:
        course: whose command a warning names.
        exercise: whose check it is.
        check: its name.
        home: the workspace in which it is counted; None where there is none.

    Returns:
        How many hints of the check had been taken before this one, and a warning where it was not counted.
    """
    if home is None:
        init = course.command("init DIR")
        return 0, f"this hint was not counted: there are no exercises in this folder or above it; `{init}` copies them"
    try:
        return progress.take_hint(home, exercise.name, check), ""
    except progress.ProgressUnavailable as error:
        uncounted = f"this hint was not counted: {error}"
    try:
        return progress.hints_taken(home).get((exercise.name, check), 0), uncounted
    except progress.ProgressUnavailable:
        return 0, uncounted


def _show(exercise: Exercise, check: str, why: str, tiers: range, again: str) -> None:
    # rich takes a while to import: not before it is needed.
    from grader.render.hint import hint_page
    from grader.render.page import Look

    look = Look.of(sys.stdout, os.environ)
    output.to_stdout(hint_page(exercise, check, _title(exercise, check), tiers, look, why=why, again=again))


def _title(exercise: Exercise, check: str) -> str:
    """What the check says of itself; its name where that cannot be read, for a hint needs no check file."""
    try:
        titles = {listed.name: listed.title for listed in checks_in(exercise.checks)}
    except UnusableInput:
        return check
    return titles.get(check) or check
