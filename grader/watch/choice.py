"""Which exercise a session is about: the one that was named, else one that is still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import progress
from grader.core import unknown_check
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.listing import checks_in
from grader.options import drawn


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        submission: one file to grade.
        folder: a folder of files to grade, named like the exercises.
        checks: names of checks; all when empty.
        seed: what the probes are drawn from each time; None for other numbers at every save.
        course: the folder of a course that is not ours, or None.
    """

    submission: Path | None
    folder: Path | None
    checks: tuple[str, ...]
    seed: int | None
    course: Path | None

    def numbers(self) -> int:
        """The seed of the next grading."""
        return drawn(self.seed)


def require_checks(exercise: Exercise, names: Sequence[str]) -> None:
    """Refuse names of checks that the exercise does not have.

    Raises:
        UnusableInput: one is unknown; the message names the nearest.
    """
    known = [listed.name for listed in checks_in(exercise.checks)] if names else []
    for name in names:
        if name not in known:
            raise UnusableInput(unknown_check(exercise, name, known))


def following(course: Course, home: Path | None, after: Exercise | None = None) -> Exercise | None:
    """The next exercise that is not passed yet: behind a given one first, then from the beginning; never itself."""
    try:
        best = progress.best(home) if home is not None else {}
    except progress.ProgressUnavailable:
        best = {}
    every = course.exercises
    start = every.index(after) + 1 if after is not None else 0
    ordered = (*every[start:], *every[:start])
    return next((e for e in ordered if e != after and not (e.name in best and best[e.name].passed)), None)
