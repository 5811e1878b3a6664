"""Where in a folder the students' folders lie, and what of a folder is looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.classroom.batch.names import is_exercise, named, passed_over, readable, uploaded
from grader.course import Course
from grader.errors import UnusableInput
from grader.text import one_line

_WRAPPINGS = 4
"""A folder in a folder of the same name is what unpacking makes on Windows; nobody packs four times."""


@dataclass(frozen=True)
class Top:
    """A folder of students' folders.

    Args:
        path: where it is.
        exercise: its own name, where it holds what was handed in for one exercise; else empty.
    """

    path: Path
    exercise: str = ""


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder and is not passed over, sorted by name."""
    with os.scandir(folder) as found:
        return sorted((entry for entry in found if not passed_over(entry.name)), key=lambda entry: entry.name)


def tops(folder: Path, course: Course, shown: str) -> list[Top]:
    """The folders in which a class's students lie, below wrappings such as an archive's one folder.

    Args:
        folder: what was given.
        course: where the exercises are from.
        shown: what a message calls it.

    Raises:
        UnusableInput: it is one learner's workspace.
        OSError: it cannot be read.
    """
    at = folder
    for _ in range(_WRAPPINGS):
        if (at / "nbgrader_config.py").is_file() and at / "submitted" in _folders(at):
            at = at / "submitted"
        if _is_workspace(at, course):
            below_it = f", {one_line(at.relative_to(folder).as_posix())}," if at != folder else ""
            raise UnusableInput(
                f"{shown}{below_it} is one learner's workspace. `{course.command('all')}` in it grades it; for a "
                "class, name the folder in which the students' folders lie."
            )
        below = _folders(at)
        if any(is_exercise(path.name, course) for path in below):
            return [Top(path, path.name) for path in below if is_exercise(path.name, course)] + [Top(at)]
        if len(below) != 1 or _is_student(below[0], course) or _holds_work(at, course) or _holds_uploads(at):
            break
        (at,) = below
    return [Top(at)]


def _is_student(folder: Path, course: Course) -> bool:
    """Whether a folder without a neighbour is a student's; otherwise it is wrapped around a class."""
    below = _folders(folder)
    if uploaded(folder.name, folder=True) or _holds_work(folder, course) or _is_workspace(folder, course):
        return True
    if any(is_exercise(path.name, course) and any(map(readable, _files(path))) for path in below):
        # The answers of one, or the uploads of all.
        return not any(_holds_uploads(path) for path in below)
    return not below and not _holds_uploads(folder)


def _is_workspace(folder: Path, course: Course) -> bool:
    inner = folder / "exercises"
    return inner.is_dir() and not inner.is_symlink() and _holds_work(inner, course)


def _holds_work(folder: Path, course: Course) -> bool:
    """Whether a file that is named like an exercise lies right there, as in a student's folder."""
    return any(readable(name) and named(Path(name).stem, course) for name in _files(folder))


def _holds_uploads(folder: Path) -> bool:
    """Whether files of a learning platform lie right there, of one student and the next."""
    return any(uploaded(name, folder=False) for name in _files(folder))


def _folders(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in entries(folder) if entry.is_dir(follow_symlinks=False)]


def _files(folder: Path) -> list[str]:
    return [entry.name for entry in entries(folder) if entry.is_file(follow_symlinks=False)]
