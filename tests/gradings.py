"""The type of the fixture that grades source text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grader.course import Exercise
from grader.report import Report


class Grade(Protocol):
    """Grade source text as an answer to an exercise, in a warm sandbox."""

    def __call__(
        self, exercise: Exercise | str, source: str, *, seed: int = 0, checks: Sequence[str] = ()
    ) -> Report: ...
