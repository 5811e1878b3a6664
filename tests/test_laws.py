"""The laws that every exercise keeps: its audit finds no hole, and no check is without hints."""

from __future__ import annotations

import pytest
from suites import EXERCISES, suite_of

from grader.audit.exercise import audit
from grader.course import Exercise, built_in
from grader.crew import Crew

by_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)


@by_exercise
def test_the_audit_finds_no_hole(exercise: Exercise, crew: Crew) -> None:
    """The solution earns everything, stub and constants nothing; each misconception is caught and named."""
    found = audit(built_in(), exercise, crew, seed=7)
    assert [hole.says for hole in found.holes] == []
    assert [row.name for row in found.rows] == [m.name for m in suite_of(exercise).misconceptions]
    assert all(row.outcomes[row.fails].named == row.name for row in found.rows)


@by_exercise
def test_every_check_has_hints(exercise: Exercise) -> None:
    assert set(exercise.hints) == set(suite_of(exercise).checks)
