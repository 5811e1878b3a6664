"""What a workspace remembers of its learner, as data: every attempt, what it changed, hints, time, latest reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from grader import progress, student
from grader.course import Exercise
from grader.practice import Practice, time_spent
from grader.progress import Attempt
from grader.report import Report

SCHEMA = "reparam.history/1"


@dataclass(frozen=True)
class History:
    """What the workspace remembers.

    Args:
        attempts: oldest first.
        hints: (exercise name, check name) → how many of the check's hints were taken.
        reports: exercise name → when it was graded last, and the whole report.
        spent: exercise name → time at work on it.
        practice: how regularly and how long; of all exercises together.
        student: the workspace's student, or empty.
    """

    attempts: tuple[Attempt, ...]
    hints: Mapping[tuple[str, str], int]
    reports: Mapping[str, tuple[datetime, Report]]
    spent: Mapping[str, timedelta]
    practice: Practice
    student: str

    @classmethod
    def of(cls, home: Path, now: datetime, zone: tzinfo | None = None) -> History:
        """What a workspace remembers.

        Args:
            home: the workspace.
            now: the time now.
            zone: whose days count for the streak; None for this computer's.

        Raises:
            ProgressUnavailable: it cannot be read.
        """
        attempts = progress.attempts(home)
        hints, reports = progress.hints_taken(home), progress.latest_reports(home)
        practice = Practice.of(attempts, now, zone)
        return cls(attempts, hints, reports, time_spent(attempts), practice, student.of(home))

    def only(self, exercise: Exercise) -> History:
        """The same of one exercise alone."""
        name = exercise.name
        return replace(
            self,
            attempts=tuple(attempt for attempt in self.attempts if attempt.exercise == name),
            hints={key: taken for key, taken in self.hints.items() if key[0] == name},
            reports={key: found for key, found in self.reports.items() if key == name},
            spent={key: time for key, time in self.spent.items() if key == name},
        )

    def to_json(self) -> dict[str, Any]:
        """The published form; ``grader/schema/history.schema.json`` describes it."""
        return {
            "schema": SCHEMA,
            "student": self.student,
            "streak": {"days": self.practice.days, "graded_today": self.practice.graded_today},
            "attempts": [_attempt_to_json(attempt) for attempt in self.attempts],
            "hints": [
                {"exercise": exercise, "check": check, "taken": taken}
                for (exercise, check), taken in sorted(self.hints.items())
            ],
            "time": [{"exercise": name, "seconds": time.total_seconds()} for name, time in sorted(self.spent.items())],
            "latest_reports": [
                {"at": at.isoformat(), "report": report.to_json()} for at, report in self.reports.values()
            ],
        }


def _attempt_to_json(attempt: Attempt) -> dict[str, Any]:
    return {**asdict(attempt), "at": attempt.at.isoformat()}


@dataclass(frozen=True)
class Step:
    """One attempt beside the one before it at the same exercise.

    Args:
        attempt: the attempt.
        gained: checks that pass now and did not before; None where an older reparam kept no list.
        lost: checks that passed before and do not any more; None likewise.
    """

    attempt: Attempt
    gained: tuple[str, ...] | None
    lost: tuple[str, ...] | None


def steps(attempts: Sequence[Attempt]) -> list[Step]:
    """What each attempt changed.

    A check that is new in the course is not lost when it fails: it never passed.

    Args:
        attempts: oldest first, at one exercise or at several.
    """
    found: list[Step] = []
    before: dict[str, Attempt] = {}
    for attempt in attempts:
        found.append(_step(before.get(attempt.exercise), attempt))
        before[attempt.exercise] = attempt
    return found


def _step(before: Attempt | None, attempt: Attempt) -> Step:
    now_passed, now_open = attempt.passed_checks, attempt.open_checks
    if before is None:
        return Step(attempt, now_passed, ())
    if now_passed is not None and before.passed_checks is not None:
        known = before.passed_checks
        gained = tuple(name for name in now_passed if name not in known)
        return Step(attempt, gained, tuple(name for name in now_open or () if name in known))
    if now_open is None or before.open_checks is None:
        return Step(attempt, None, None)
    # Version 2 of the file kept only what was still open.
    gained = tuple(name for name in before.open_checks if name not in now_open)
    return Step(attempt, gained, tuple(name for name in now_open if name not in before.open_checks))
