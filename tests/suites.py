"""The exercises of the course with their check files' marks, and where their hand-written submissions lie."""

from __future__ import annotations

import functools
from pathlib import Path

from grader.course import Exercise, built_in
from grader.suite import Suite

EXERCISES = built_in().exercises


@functools.cache
def suite_of(exercise: Exercise) -> Suite:
    """The marks of an exercise's check file. (Tests may import it: no learner's code is in this process.)"""
    return Suite.load(exercise.checks)


def submissions(exercise: Exercise) -> Path:
    """The folder of an exercise's hand-written submissions."""
    return Path(__file__).parent / "submissions" / exercise.name
