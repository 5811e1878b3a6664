"""One warm sandbox for all tests that grade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from gradings import Grade

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.report import Report
from grader.submission import Submission


@pytest.fixture(scope="session")
def warm() -> Iterator[Sandbox]:
    """The sandbox that `grade` uses on this system."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def grade_text(warm: Sandbox) -> Grade:
    """A function that grades source text."""

    def run(exercise: Exercise | str, source: str, *, seed: int = 0, checks: Sequence[str] = ()) -> Report:
        found = built_in().find(exercise) if isinstance(exercise, str) else exercise
        name = f"{found.name}.py"
        return grade(found, Submission(Path(name), name, source), sandbox=warm, seed=seed, checks=checks)

    return run
