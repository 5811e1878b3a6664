"""What this learner has tried so far, in a small database inside the workspace."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.course import HINT_TIERS
from grader.progress_file import FILE, ProgressUnavailable, read, written
from grader.report import Report, Status

__all__ = [
    "FILE",
    "Attempt",
    "ProgressUnavailable",
    "attempts",
    "best",
    "hints_taken",
    "last",
    "latest_reports",
    "record",
    "take_hint",
]

_COLUMNS = "at, exercise, points, max_points, passed, seconds, seed, misconceptions"


@dataclass(frozen=True)
class Attempt:
    """One grading of one exercise.

    Args:
        at: when, in UTC.
        exercise: the exercise's name.
        points: points earned.
        max_points: points there were to earn.
        passed: whether every check passed.
        seconds: how long the grading took.
        seed: what its probes were drawn from.
        misconceptions: ids of those that were named.
        open_checks: the checks that did not pass; None where an older reparam kept no list.
        passed_checks: those that passed; None likewise.
    """

    at: datetime
    exercise: str
    points: int
    max_points: int
    passed: bool
    seconds: float
    seed: int
    misconceptions: tuple[str, ...]
    open_checks: tuple[str, ...] | None = None
    passed_checks: tuple[str, ...] | None = None


def record(workspace: Path, report: Report, at: datetime) -> None:
    """Add one attempt, and keep its report as the latest of its exercise.

    Raises:
        ProgressUnavailable: it could not be saved; what was there before is untouched.
    """
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    named = [check.misconception for check in report.checks if check.misconception]
    passed = [check.name for check in report.checks if check.status is Status.PASSED]
    not_passed = [check.name for check in report.checks if check.status is not Status.PASSED]
    row = (
        moment,
        report.exercise,
        report.points,
        report.max_points,
        report.passed,
        round(report.seconds, 3),
        report.seed,
        json.dumps(named),
        json.dumps(not_passed),
        json.dumps(passed),
    )
    columns, places = f"{_COLUMNS}, open_checks, passed_checks", ", ".join("?" * len(row))
    with written(workspace) as database:
        database.execute(f"INSERT INTO attempts ({columns}) VALUES ({places})", row)  # noqa: S608  constants
        database.execute(
            "INSERT OR REPLACE INTO latest_reports (exercise, at, report) VALUES (?, ?, ?)",
            (report.exercise, moment, json.dumps(report.to_json())),
        )


def attempts(workspace: Path) -> tuple[Attempt, ...]:
    """All attempts, oldest first; none when there is no database yet.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    with read(workspace) as (database, version):
        if version < 1:
            return ()
        # Reading upgrades nothing: the file may lie on a disk that cannot be written.
        lists = "NULL, NULL" if version < 2 else "open_checks, NULL" if version < 3 else "open_checks, passed_checks"
        query = f"SELECT {_COLUMNS}, {lists} FROM attempts ORDER BY id"  # noqa: S608  constants
        rows = database.execute(query).fetchall()
        return tuple(_attempt(*row) for row in rows)


def best(workspace: Path) -> dict[str, Attempt]:
    """Exercise name → its best attempt: a pass before any other, then the most points, then the earliest.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    found: dict[str, Attempt] = {}
    for attempt in attempts(workspace):
        other = found.get(attempt.exercise)
        if other is None or (attempt.passed, attempt.points) > (other.passed, other.points):
            found[attempt.exercise] = attempt
    return found


def last(workspace: Path, exercise: str) -> Attempt | None:
    """The latest attempt at an exercise.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    return next((attempt for attempt in reversed(attempts(workspace)) if attempt.exercise == exercise), None)


def latest_reports(workspace: Path) -> dict[str, tuple[datetime, Report]]:
    """Exercise name → when it was graded last, in UTC, and the whole report.

    A report that another version of reparam wrote and this one cannot read is left out: the next grading replaces it.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    with read(workspace) as (database, version):
        query = "SELECT exercise, at, report FROM latest_reports ORDER BY exercise"
        rows = database.execute(query).fetchall() if version > 2 else []
        found = {}
        for exercise, at, text in rows:
            # AttributeError: a list where an object should be.
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
                report = Report.from_json(json.loads(text))
                if report.exercise == exercise:
                    found[report.exercise] = (_moment(at), report)
        return found


def hints_taken(workspace: Path) -> dict[tuple[str, str], int]:
    """(exercise name, check name) → how many of the check's hints have been taken.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    with read(workspace) as (database, version):
        rows = database.execute("SELECT exercise, name, taken FROM hints").fetchall() if version > 1 else []
        return {(str(exercise), str(name)): _count(taken) for exercise, name, taken in rows}


def take_hint(workspace: Path, exercise: str, check: str) -> int:
    """Count one more hint of a check, and give how many had been taken before.

    Raises:
        ProgressUnavailable: it could not be counted.
    """
    with written(workspace) as database:
        row = database.execute("SELECT taken FROM hints WHERE exercise = ? AND name = ?", (exercise, check)).fetchone()
        before = _count(row[0]) if row is not None else 0
        after = min(before + 1, HINT_TIERS)
        database.execute(
            "INSERT OR REPLACE INTO hints (exercise, name, taken) VALUES (?, ?, ?)", (exercise, check, after)
        )
        return before


def _count(taken: int) -> int:
    if not 0 <= int(taken) <= HINT_TIERS:
        raise ValueError("more hints than there are")
    return int(taken)


def _attempt(
    at: str,
    exercise: str,
    points: int,
    max_points: int,
    passed: int,
    seconds: float,
    seed: int,
    misconceptions: str,
    *lists: str | None,
) -> Attempt:
    moment, counts = _moment(at), (int(points), int(max_points))
    if not isinstance(exercise, str):
        raise TypeError("no exercise")
    not_passed, now_passed = (_names(text) if text is not None else None for text in lists)
    return Attempt(
        moment,
        exercise,
        *counts,
        bool(passed),
        float(seconds),
        int(seed),
        _names(misconceptions),
        not_passed,
        now_passed,
    )


def _moment(at: str) -> datetime:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not 1970 <= moment.year < 9999:  # nobody's clock; in some time zone it would be no date
        raise ValueError("no moment of ours")
    return moment


def _names(text: str) -> tuple[str, ...]:
    return tuple(str(name) for name in json.loads(text))
