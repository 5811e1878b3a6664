"""Whose numbers a workspace's files carry: the student's key, and the exercises that were written with it.

Only a file that was written with a student's own numbers is graded by them, whatever is said later.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader import output, own_texts, variants, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

FILE = Path(".reparam") / "numbers.json"
_LIMIT = 100_000


@dataclass(frozen=True)
class OwnNumbers:
    """What is kept of a student's numbers.

    Args:
        key: the student's key, for exercises that are still to be written; None where the printed numbers count.
        exercises: name of an exercise → the key that its file was written with.
    """

    key: str | None = None
    exercises: Mapping[str, str] = field(default_factory=dict)

    def variant(self, exercise: Exercise) -> int | None:
        """What the numbers of an exercise are drawn from; None for the printed ones."""
        key = self.exercises.get(exercise.name)
        return variants.of_key(key, exercise) if key is not None else None


def of(home: Path | None) -> OwnNumbers:
    """What a workspace keeps; without a workspace, the printed numbers.

    Raises:
        UnusableInput: it keeps something that cannot be used, so that nobody knows by which numbers to grade.
    """
    if home is None or not os.path.lexists(home / FILE):
        return OwnNumbers()
    try:
        # A pipe of that name would keep us waiting.
        text = (home / FILE).read_text(encoding="utf-8") if (home / FILE).is_file() else ""
        kept = json.loads(text[:_LIMIT])
        key, exercises = kept["key"], kept["exercises"]
        if variants.is_key(key) and all(variants.is_key(one) for one in exercises.values()):
            return OwnNumbers(key, dict(exercises))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise UnusableInput(
        f"{one_line(str(home / FILE))} cannot be read, and it says which numbers are yours. Put it back as it was; or "
        "delete it, and work on in a new folder, which `grade init DIR --student ID` makes."
    )


def of_file(home: Path | None, file: Path, exercise: Exercise) -> int | None:
    """What the numbers are drawn from by which a file is graded; None for the printed ones.

    Args:
        home: the workspace, or None.
        file: what is graded; somebody's file from elsewhere has the printed numbers.
        exercise: what it answers.

    Raises:
        UnusableInput: as :func:`of`.
    """
    return of(home).variant(exercise) if home is not None and workspace.owns(home, file) else None


def begin(home: Path, course: Course, key: str | None = None) -> OwnNumbers:
    """Keep that the exercises which are still to be written get a student's own numbers; the others stay as they are.

    Args:
        home: the workspace.
        course: its exercises.
        key: the student's key; None for the one that is kept, if there is one.

    Raises:
        UnusableInput: the file cannot be read or written.
    """
    kept = of(home)
    key = key or kept.key
    if key is None:
        return kept
    new = {e.name: key for e in course.exercises if own_texts.has_numbers(e) and not _is_there(home, e)}
    # A file that was deleted comes back with the numbers that it had.
    now = OwnNumbers(key, {**new, **kept.exercises})
    own_texts.draw([(e, v) for e in course.exercises if (v := now.variant(e)) is not None])
    if now != kept:
        # Before the files themselves: whatever stops us, none of them is graded by other numbers than it shows.
        workspace.make_folder(home / FILE.parent)
        output.to_file(home / FILE, json.dumps({"key": now.key, "exercises": now.exercises}, indent=2) + "\n")
    return now


def told(own: OwnNumbers, course: Course) -> list[str]:
    """What to say after a student has been named: which exercises have numbers of this student's own, and which not."""
    asking = [exercise for exercise in course.exercises if own_texts.has_numbers(exercise)]
    theirs = [exercise.short for exercise in asking if own.exercises.get(exercise.name) == own.key]
    others = [exercise.short for exercise in asking if exercise.short not in theirs]
    lines = [f"By-hand numbers of the student's own: {', '.join(theirs)}."] if theirs else []
    if others:
        kept = "keeps its numbers, as its file was" if len(others) == 1 else "keep their numbers, as their files were"
        lines.append(f"{', '.join(others)} {kept} here before. For others, choose a new folder.")
    return lines


def _is_there(home: Path, exercise: Exercise) -> bool:
    folder = home / workspace.FOLDER
    return any(os.path.lexists(folder / f"{exercise.name}{suffix}") for suffix in workspace.SUFFIXES)
