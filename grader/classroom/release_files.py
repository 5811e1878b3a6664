"""How a release writes a folder that is also an instructor's: what they have changed stays, and nothing is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from grader import given, output, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line


@dataclass(frozen=True)
class Release:
    """A file that a release writes.

    Args:
        path: from the folder.
        content: what is in it.
        executable: whether it is to be run.
        generated: whether nobody has a reason to change it, so that a new release always replaces it.
    """

    path: Path
    content: bytes
    executable: bool = False
    generated: bool = False


def put(folder: Path, files: Iterable[Release]) -> None:
    """Write files, and say of each what was done.

    A file of ours that an instructor has changed is kept.

    Raises:
        UnusableInput: one cannot be read or written.
    """
    for file in files:
        done = _put(folder, file)
        output.to_stdout(f"{done.partition(' ')[0]:9} {one_line(str(file.path), 4000)}{done.partition(' ')[2]}\n")


def _put(folder: Path, file: Release) -> str:
    path = folder / file.path
    try:
        old = path.read_bytes() if path.exists() else None
        if old == file.content:
            return "unchanged"
        if old is not None and not file.generated and not _ours(folder, file.path.name, old):
            return "kept  (you have changed it; for ours, move it away and run this again)"
        workspace.make_folder(path.parent)
        output.replace(path, file.content)
        if file.executable:
            path.chmod(path.stat().st_mode | 0o111)
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be written: {error.strerror}.") from None
    if not file.generated:
        given.keep(folder, file.path.name, file.content.decode())
    return "written" if old is None else "updated"


def _ours(folder: Path, name: str, content: bytes) -> bool:
    return content.decode(errors="replace") in given.versions(folder, name)


def chosen(course: Course, words: Collection[str]) -> tuple[Exercise, ...]:
    """The exercises that somebody names, in the order of the course; all without a word, or with ``all``.

    Raises:
        UnusableInput: there is no exercise of a name, or one has no check file.
    """
    found = course.chosen(words)
    for exercise in found:
        exercise.require_checks()
    return found


def course_files(course: Course, into: Path) -> list[Release]:
    """A course of somebody's own as it is needed to grade: without its solutions. Nothing for the one we come with.

    Args:
        course: the course.
        into: the folder that is to be the course's.

    Raises:
        UnusableInput: its checks lie outside of its folder.
    """
    if course.folder is None:
        return []
    home = course.folder.resolve()
    checks = {exercise.checks.resolve().parent for exercise in course.exercises}
    found: list[Release] = []
    for folder in sorted({home / "exercises", *checks}):
        if not folder.is_relative_to(home):
            raise UnusableInput(f"{one_line(str(folder))} lies outside of the course: its checks have to move with it.")
        found += [
            Release(into / path.relative_to(home), path.read_bytes(), generated=True)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return found
