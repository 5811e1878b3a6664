"""What the name of a file or a folder says: which exercise it answers, whose it is, and whether it counts at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course, Exercise

SUFFIXES = (".py", ".ipynb")
"""What is read."""

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
"""What may hold work, and is never opened inside of a class: its student may have made it."""

_CACHES = ("__pycache__", "__macosx", "node_modules", "site-packages")

_NUMBERED = re.compile(r"exercise[\s_-]*0*([1-9][0-9]{0,3})(?![0-9])(.*)", re.DOTALL)
_COPY = re.compile(r"(?:\s*\(([1-9][0-9]{0,3})\)|-([1-9][0-9]{0,3}))\Z")

# Ada Lovelace_12345_assignsubmission_file_ is a folder; with a file's name at the end it is that file. The number
# belongs to the student in this assignment.
_MOODLE = re.compile(r"(?P<student>.+_[0-9]+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
# lovelaceada_LATE_123_45678_exercise1.py: the student's number, then the file's.
_CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>[0-9]+)_[0-9]{3,}_(?P<file>.+)", re.IGNORECASE | re.DOTALL)
_CLONES = "-submissions"


@dataclass(frozen=True)
class Named:
    """A name that begins with an exercise's.

    Args:
        exercise: which one.
        exactly: whether it is the exercise's name, long or short, but for a copy's number.
        copy: the number at the end, which platforms and browsers give to what comes again: 1 in ``exercise1-1``
            and in ``exercise1 (1)``; 0 without one.
    """

    exercise: Exercise
    exactly: bool
    copy: int


def named(stem: str, course: Course) -> Named | None:
    """The exercise that a name without its suffix begins with, in any case, with ``_``, ``-`` or blanks; or None."""
    match = _NUMBERED.fullmatch(stem.casefold())
    exercise = match and next((one for one in course.exercises if one.number == int(match[1])), None)
    if match is None or exercise is None:
        return None
    copy = _COPY.search(match[2])
    rest = match[2][: copy.start()] if copy else match[2]
    exactly = re.sub(r"[\s_-]+", "_", rest).strip("_") in ("", exercise.slug)
    return Named(exercise, exactly, int(copy[1] or copy[2]) if copy else 0)


def is_exercise(folder: str, course: Course) -> bool:
    """Whether a folder is named after an exercise."""
    found = named(folder, course)
    return found is not None and found.exactly and not found.copy


def passed_over(name: str) -> bool:
    """Whether nothing counts that has this name or lies below it: what is hidden, backups among it, and caches."""
    return name.startswith(".") or name.casefold() in _CACHES


def readable(name: str) -> bool:
    """Whether a file of this name is Python or a notebook."""
    return Path(name).suffix.casefold() in SUFFIXES


@dataclass(frozen=True)
class Uploaded:
    """What a learning platform names.

    Args:
        student: whose it is; two students of one name differ by their number.
        file: the name that its student gave it; empty for a folder.
    """

    student: str
    file: str


def uploaded(name: str, *, folder: bool) -> Uploaded | None:
    """Whose a file or a folder of a Moodle or Canvas download is; None for any other name."""
    if match := _MOODLE.fullmatch(name):
        return Uploaded(match["student"], match["file"] or "") if folder or match["file"] else None
    if not folder and (match := _CANVAS.fullmatch(name)):
        return Uploaded(f"{match['name']}_{match['id']}", match["file"])
    return None


def canvas_id(name: str) -> str:
    """The number by which Canvas knows the student of a file that was downloaded from it; empty for any other name."""
    match = None if _MOODLE.fullmatch(name) else _CANVAS.fullmatch(name)
    return match["id"] if match else ""


def owner(folder: str, parent: str) -> str:
    """Whose a folder among the students' is.

    Args:
        folder: its name.
        parent: the name of the folder in which it lies.
    """
    if found := uploaded(folder, folder=True):
        return found.student
    # `gh classroom clone student-repos` puts ASSIGNMENT-STUDENT into ASSIGNMENT-submissions.
    return folder.removeprefix(f"{parent.removesuffix(_CLONES)}-") if parent.endswith(_CLONES) else folder
