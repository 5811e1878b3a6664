"""What a class handed in: one file for each student and exercise, in whatever layout it lies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader import student
from grader.classroom.batch.layout import Top, entries, tops
from grader.classroom.batch.names import is_exercise, named, owner, readable, uploaded
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

DEEPEST = 8
"""Folders below a student's that are looked into: a workspace in a repository in an upload needs four."""

AT_ONCE = 60.0
"""Seconds: files of one student that were saved this close together came with one copy, so none is the newer."""

LAYOUTS = """\
What can be graded:
    DIR/ada/exercise1_reparameterization.py   a folder for each student; it may be a whole workspace
    DIR/exercise1/ada/anything.ipynb          a folder for each exercise, in it one for each student
    DIR/submitted/ada/exercise1_…/….ipynb     nbgrader's course folder, or its `submitted`
    what Moodle, Canvas or GitHub Classroom lets you download
Files end in .py or .ipynb, and their names begin with exercise1, exercise2, …"""

_SHOWN = 3

_WORKSPACE, _EXACT, _BEGINS, _FOLDER = range(4)
"""What makes a file an answer, best first: what `grade` would take in its student's own folder; the exercise's name;
a name that begins with it; a folder of that name."""


@dataclass(frozen=True)
class Handed:
    """One file that one student handed in for one exercise.

    Args:
        student: the student's id, valid as :func:`grader.student.valid` has it.
        exercise: what it answers.
        file: where it was found, from the class's folder; safe to show.
        path: where it is.
    """

    student: str
    exercise: Exercise
    file: str
    path: Path


@dataclass(frozen=True)
class Found:
    """What was handed in.

    Args:
        handed: at most one file for each student and exercise, sorted by student and by the course's order.
        remarks: what was passed over and why, and whose work is missing; a line each, safe to show.
    """

    handed: tuple[Handed, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Answer:
    """A file that may be the one. Of a standing, the newest counts, then the one with the smallest rank."""

    exercise: Exercise
    path: Path
    standing: int
    rank: tuple[int, int, bool, str]


@dataclass
class _Work:
    """What one student has: answers, the names of other files, and what was passed over."""

    answers: list[_Answer] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def said(self) -> list[str]:
        """The first notes, and how many more there are."""
        more = len(self.notes) - _SHOWN
        return [*self.notes[:_SHOWN], *([f"{more} more files and folders were passed over."] if more > 0 else [])]


def find(folder: Path, course: Course, exercises: Sequence[Exercise], *, called: str = "") -> Found:
    """The files to grade in a class's folder. Links are never followed; hidden folders and caches are passed over.

    Args:
        folder: the class's.
        course: where the exercises are from.
        exercises: the ones to look for.
        called: what a message calls the folder: the archive that was unpacked into it.

    Raises:
        UnusableInput: it is no folder that can be read, one learner's workspace, or holds nothing to grade; the
            message shows the layouts.
    """
    shown = one_line(called or str(folder))
    works: dict[str, _Work] = {}
    remarks: list[str] = []
    try:
        if not folder.is_dir():
            raise UnusableInput(f"{shown}: there is no such folder.")
        names: dict[str, str] = {}
        for top in tops(folder, course, shown):
            remarks += _students(folder, top, course, works, names)
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    handed: list[Handed] = []
    for name, work in sorted(works.items()):
        answered = {answer.exercise for answer in work.answers}
        said = work.said() if answered else [_nothing(work), *work.said()]
        for exercise in (one for one in course.exercises if one in answered and one in exercises):
            path, note = _chosen(exercise, work, folder)
            handed.append(Handed(name, exercise, _shown(path, folder), path))
            said += [note] if note else []
        remarks += [f"{name}: {note}" for note in said]
    if not handed:
        wanted = "" if len(exercises) == len(course.exercises) else f" for {', '.join(one.short for one in exercises)}"
        told = "".join(f"    {remark}\n" for remark in remarks[:_SHOWN])
        raise UnusableInput(f"{shown} holds nothing to grade{wanted}.\n{told}{LAYOUTS}")
    return Found(tuple(handed), tuple(remarks))


def _students(folder: Path, top: Top, course: Course, works: dict[str, _Work], names: dict[str, str]) -> list[str]:
    """Add what lies in a folder of students to ``works``; what was passed over, in words.

    Args:
        folder: the class's.
        top: the folder of students.
        course: where the exercises are from.
        works: student → work.
        names: student → the folder's own name.
    """
    remarks: list[str] = []
    above = (top.exercise,) if top.exercise else ()
    for entry in entries(top.path):
        path = Path(entry.path)
        shown = _shown(path, folder)
        inside = entry.is_dir(follow_symlinks=False)
        upload = uploaded(entry.name, folder=inside)
        if entry.is_symlink():
            remarks.append(f"{shown} is a link, and links are not followed.")
            continue
        if inside and not top.exercise and is_exercise(entry.name, course):
            continue  # no student, but one of the tops
        if not inside and upload is None:
            if readable(entry.name) and named(path.stem, course):
                remarks.append(f"{shown}: whose is it? Put it into a folder that is named after its student.")
            continue
        try:
            name = student.valid(upload.student if upload else owner(entry.name, top.path.name))
        except UnusableInput as error:
            remarks.append(f"{shown} was passed over. {error}")
            continue
        if upload is None and names.setdefault(name, entry.name) != entry.name:
            remarks.append(f"{shown} was passed over: another folder means the same student, {name}.")
        elif inside:
            _look_into(path, above, course, works.setdefault(name, _Work()), folder)
        elif upload is not None:
            _add(path, upload.file, above, course, works.setdefault(name, _Work()))
    return remarks


def _look_into(top: Path, above: tuple[str, ...], course: Course, work: _Work, folder: Path) -> None:
    """Add the files of a student's folder, and of those in it."""
    waiting = [(top, above)]
    while waiting:
        at, within = waiting.pop()
        try:
            found = entries(at)
        except OSError as error:
            work.notes.append(f"{_shown(at, folder)} cannot be read: {error.strerror}.")
            continue
        for entry in found:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting += [(path, (*within, entry.name))] if len(within) < DEEPEST else []
            elif entry.is_file(follow_symlinks=False):
                _add(path, entry.name, within, course, work)
            elif entry.is_symlink():
                work.notes.append(f"{_shown(path, folder)} is a link, and links are not followed.")
            elif readable(entry.name):
                work.notes.append(f"{_shown(path, folder)} is no regular file.")


def _add(path: Path, name: str, within: tuple[str, ...], course: Course, work: _Work) -> None:
    """Add a file, seen from the folders in which it lies below the class's."""
    found = named(Path(name).stem, course) if readable(name) else None
    if found is not None and found.exactly:
        standing = _WORKSPACE if within and within[-1].casefold() == "exercises" else _EXACT
    else:
        standing = _BEGINS if found is not None else _FOLDER
    if found is None and readable(name):
        found = next((named(part, course) for part in reversed(within) if is_exercise(part, course)), None)
    if found is None:
        work.others.append(name)
        return
    # The highest copy, then the nearest, then Python before a notebook, as `grade` does.
    rank = -found.copy, len(within), not name.casefold().endswith(".py"), str(path)
    work.answers.append(_Answer(found.exercise, path, standing, rank))


def _chosen(exercise: Exercise, work: _Work, folder: Path) -> tuple[Path, str]:
    """Which of a student's files counts, and what to say of it where there was a choice."""
    answers = [answer for answer in work.answers if answer.exercise == exercise]
    best = min(answer.standing for answer in answers)
    saved = {answer: _saved(answer.path) for answer in answers if answer.standing == best}
    latest = max(saved.values())
    chosen = min((answer for answer in saved if saved[answer] > latest - AT_ONCE), key=lambda answer: answer.rank)
    # Beside the file that is named after the exercise, others in a folder of that name are its helpers.
    others = [a for a in answers if a is not chosen and (a.standing != _FOLDER or best == _FOLDER)]
    if not others:
        return chosen.path, ""
    told = ", ".join(_shown(answer.path, folder) for answer in sorted(others, key=lambda a: a.rank)[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    counted = _shown(chosen.path, folder)
    return chosen.path, f"{len(others) + 1} files for {exercise.short}. Graded: {counted}; not: {told}{more}."


def _saved(path: Path) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:  # gone meanwhile; whoever reads it will say so
        return 0.0


def _nothing(work: _Work) -> str:
    if not work.others:
        return "nothing to grade: there is no .py or .ipynb file."
    there = ", ".join(one_line(name, 60) for name in sorted(work.others)[:_SHOWN])
    more = ", …" if len(work.others) > _SHOWN else ""
    return f"nothing to grade: no .py or .ipynb file is named after an exercise ({there}{more})."


def _shown(path: Path, folder: Path) -> str:
    return one_line(path.relative_to(folder).as_posix()) or "a name of blanks"
