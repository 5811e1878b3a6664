"""What `grade init --update` does: new exercises and improved texts, merged around a learner's work."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader import given, merge, output, own_numbers, starter, student, workspace
from grader.backups import Place, shown
from grader.course import Course, Exercise
from grader.errors import UnusableInput


@dataclass(frozen=True)
class Told:
    """What became of one file.

    Args:
        what: ``written``, ``updated`` or ``kept``.
        file: which, from the workspace.
        more: sentences below it.
    """

    what: str
    file: str
    more: tuple[str, ...] = ()


def _now() -> datetime:
    return datetime.now(UTC)


def run(
    target: Path | None,
    course: Course,
    name: str = "",
    *,
    key: str | None = None,
    clock: Callable[[], datetime] = _now,
) -> int:
    """Bring a workspace up to date; the exit code.

    Args:
        target: the workspace; None for the one around the current folder.
        course: what to bring.
        name: the student's id to keep there; empty for none.
        key: the student's key, for exercises that are new; None for the one that is kept there, if there is one.
        clock: the time now.

    Raises:
        UnusableInput: there is no workspace, or a file cannot be written. Each file is either as it was or whole.
    """
    home = (
        target if target is not None else workspace.required(course.command("init DIR"), "there is nothing to update")
    )
    if not workspace.has_exercises(home):
        init = course.command("init DIR")
        raise UnusableInput(f"There are no exercises in {shown(home)} to update. `{init}` copies them to DIR.")
    own = own_numbers.begin(home, course, key)
    told: list[Told] = []
    problems: list[str] = []
    for exercise in course.exercises:
        try:
            told += _tell(_one(home, course, exercise, own.variant(exercise), clock))
        except UnusableInput as error:  # one file that cannot be used does not keep the others from what is new
            problems.append(f"{error} {exercise.name} is as it was.")
    told += _tell(_readme(home, course))
    for path in workspace.init(home, course, variant=own.variant).written:
        told += _tell(Told("written", str(path)))
    if name and name != student.of(home):
        told += _tell(Told("written", str(student.keep(home, name))))
    if not told and not problems:
        output.to_stdout("There is nothing to do: everything is up to date.\n")
    if problems:
        raise UnusableInput("\n".join(problems))
    return 0


def _tell(one: Told | None) -> list[Told]:
    """Say at once what became of a file: whoever stops us half way knows what was done."""
    if one is None:
        return []
    output.to_stdout("".join([f"{one.what:7} {one.file}\n", *(f"        {sentence}\n" for sentence in one.more)]))
    return [one]


def _readme(home: Path, course: Course) -> Told | None:
    """A README that is still ours is written anew."""
    name, text = "README.md", starter.readme(course)
    path = home / name
    try:
        mine = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if mine == text or path.is_symlink() or mine not in given.versions(home, name):
        return None
    output.to_file(path, text)
    given.keep(home, name, text)
    return Told("updated", name)


def _one(
    home: Path, course: Course, exercise: Exercise, variant: int | None, clock: Callable[[], datetime]
) -> Told | None:
    """One exercise; None where nothing is to be told."""
    name = exercise.stub.name
    ours = workspace.stub_text(course, exercise, variant)
    versions = given.versions(home, name)
    place = Place(home, exercise.name, ".py")
    if not os.path.lexists(place.path):
        notebook = place.path.with_suffix(".ipynb")
        return _notebook(home, notebook, ours, versions) if os.path.lexists(notebook) else None
    file = f"{workspace.FOLDER}/{name}"
    before = place.read()
    decoded = _decoded(before.content or b"")
    if decoded is None:
        return Told("kept", file, ("it is not UTF-8 text, so nothing was merged into it",))
    mine, ending = decoded
    # Without a version that was given, ours of today still tells which cells are as they are here.
    base = merge.nearest(mine, versions)
    if base is None:
        given.keep(home, name, ours)
        if mine == ours:
            return None
        why = "no copy of what you were given was kept then, so yours was left as it is"
        return Told("kept", file, (why, f"ours of today, to compare: {shown(given.place(home, name, ours))}"))
    merged = merge.merge(base, mine, ours)
    if not merged.improved and not merged.conflicts:
        given.keep(home, name, ours)
        return None
    more: list[str] = []
    if merged.improved:
        kept = place.keep(before.content or b"", clock())
        place.write(merged.text.replace("\n", ending).encode(), before)
        undo = course.command(f"reset {exercise.short} --undo")
        more = [f"new: {', '.join(merged.improved)}", f"kept before: {shown(kept)} (undo: {undo})"]
    given.keep(home, name, ours)
    where = shown(given.place(home, name, ours))
    more += [_conflict(conflict, where) for conflict in merged.conflicts]
    return Told("updated" if merged.improved else "kept", file, tuple(more))


def _conflict(conflict: merge.Conflict, where: str) -> str:
    if not conflict.line:
        return f"{conflict.name}: yours was kept; the exercise asks for it no longer"
    return f"{conflict.name}: you and we changed it; yours was kept, ours is in {where}, line {conflict.line}"


def _notebook(home: Path, notebook: Path, ours: str, versions: Sequence[str]) -> Told | None:
    if ours in versions:
        return None
    name = f"{notebook.stem}.py"
    given.keep(home, name, ours)
    if not versions:
        return None
    why = f"a notebook is never changed; the new text: {shown(given.place(home, name, ours))}"
    return Told("kept", f"{workspace.FOLDER}/{notebook.name}", (why,))


def _decoded(content: bytes) -> tuple[str, str] | None:
    r"""The text with ``\n`` at the end of its lines, and what really stands there; None for what is no UTF-8."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    if text.count("\r\n") == text.count("\n") == text.count("\r") > 0:
        return text.replace("\r\n", "\n"), "\r\n"
    return text, "\n"
