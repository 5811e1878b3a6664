"""What `grade reset` does: a fresh copy in the place of the learner's file, which is kept; `--undo` brings it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from grader import given, jobs, output, own_numbers, workspace
from grader.backups import LARGEST, Place, shown
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.submission import read_bytes

_RELOAD = "reload: in Jupyter, File → Reload Notebook from Disk; VS Code does it by itself\n"
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def run(word: str, folder: Path | None, *, undo: bool, clock: Clock = _now) -> int:
    """Put a fresh stub, or what a reset replaced, in the place of the learner's file; the exit code.

    Args:
        word: the exercise as the learner names it.
        folder: of a course that is not ours, or None.
        undo: whether to bring the latest backup back.
        clock: the time now.

    Raises:
        UnusableInput: there is no such exercise, or its file cannot be replaced; then it is as it was.
    """
    course = jobs.open_course(folder)
    exercise = course.find(word)
    home = workspace.required(course.command("init DIR"), "there is nothing to reset")
    place = Place(home, exercise.name, workspace.form(exercise, home / workspace.FOLDER))
    variant = own_numbers.of(home).variant(exercise)
    stub = workspace.fresh(course, exercise, place.suffix, variant).encode()
    try:
        said = _undo(place, stub, clock) if undo else _reset(course, exercise, place, stub, clock)
    except UnusableInput as error:
        raise UnusableInput(f"{error} Your file is as it was.") from None
    output.to_stdout(f"{said}{_RELOAD}" if place.suffix == ".ipynb" else said)
    return 0


def _reset(course: Course, exercise: Exercise, place: Place, stub: bytes, clock: Clock) -> str:
    before = place.read()
    file = shown(place.path)
    if before.content is not None and _same(before.content, stub):
        return f"{file} is the fresh stub already; nothing was changed.\n"
    kept = place.keep(before.content, clock()) if before.content is not None else None
    place.write(stub, before)
    variant = own_numbers.of(place.home).variant(exercise)
    given.keep(place.home, exercise.stub.name, workspace.stub_text(course, exercise, variant))
    said = f"{file} is the fresh stub again.\n"
    if kept is None:
        return said
    undo = course.command(f"reset {exercise.short} --undo")
    return f"{said}kept: {shown(kept)} (what was in it)\nundo: {undo}\n"


def _undo(place: Place, stub: bytes, clock: Clock) -> str:
    before = place.read()
    mine = before.content
    # Newest first; what is in the file already would change nothing.
    backups = [(path, read_bytes(path, LARGEST)) for path in reversed(place.backups())]
    found = next(((path, old) for path, old in backups if mine is None or not _same(old, mine)), None)
    if found is None:
        reason = "what was kept is in the file already" if backups else "no reset of it has kept anything"
        raise UnusableInput(f"There is nothing to bring back for {place.name}: {reason}.")
    source, content = found
    # A fresh stub is no work: kept, it would be what the next --undo brings back. What is kept already, is.
    known = (stub, *(other for _, other in backups))
    kept = place.keep(mine, clock()) if mine is not None and not any(_same(mine, other) for other in known) else None
    place.write(content, before)
    said = f"{shown(place.path)} is again what was kept in {shown(source)}.\n"
    return f"{said}kept: {shown(kept)} (what was in it until now)\n" if kept is not None else said


def _same(one: bytes, other: bytes) -> bool:
    """Whether two files hold the same work: Jupyter writes a notebook anew when nothing but an output has changed."""
    return one == other or (_cells(one) is not None and _cells(one) == _cells(other))


def _cells(content: bytes) -> list[tuple[str, str]] | None:
    """The kind and the text of each cell; None for what is no notebook."""
    try:
        cells = json.loads(content)["cells"]
        return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
