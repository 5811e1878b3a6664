"""What this learner has tried so far, in a small database inside the workspace."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.report import Report
from grader.text import one_line

FILE = Path(".reparam") / "progress.sqlite3"
VERSION = 1
_WAIT = 5.0
_COLUMNS = "at, exercise, points, max_points, passed, seconds, seed, misconceptions"
_TABLE = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    exercise TEXT NOT NULL,
    points INTEGER NOT NULL,
    max_points INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    seconds REAL NOT NULL,
    seed INTEGER NOT NULL,
    misconceptions TEXT NOT NULL
)
"""


class ProgressUnavailable(Exception):  # noqa: N818  it says what is missing, not what went wrong in the program
    """The database cannot be read or written; the message says why. No grading fails because of it."""


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
    """

    at: datetime
    exercise: str
    points: int
    max_points: int
    passed: bool
    seconds: float
    seed: int
    misconceptions: tuple[str, ...]


def record(workspace: Path, report: Report, at: datetime) -> None:
    """Add one attempt.

    Raises:
        ProgressUnavailable: it could not be saved; what was there before is untouched.
    """
    named = [check.misconception for check in report.checks if check.misconception]
    row = (
        at.astimezone(UTC).isoformat(timespec="seconds"),
        report.exercise,
        report.points,
        report.max_points,
        report.passed,
        round(report.seconds, 3),
        report.seed,
        json.dumps(named),
    )
    with _database(workspace, create=True) as database:
        database.execute(f"INSERT INTO attempts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  constants


def attempts(workspace: Path) -> tuple[Attempt, ...]:
    """All attempts, oldest first; none when there is no database yet.

    Raises:
        ProgressUnavailable: the database cannot be read.
    """
    if not (workspace / FILE).exists():
        return ()
    with _database(workspace, create=False) as database:
        rows = database.execute(f"SELECT {_COLUMNS} FROM attempts ORDER BY id").fetchall()  # noqa: S608  constants
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


def _attempt(
    at: str, exercise: str, points: int, max_points: int, passed: int, seconds: float, seed: int, misconceptions: str
) -> Attempt:
    named = tuple(str(name) for name in json.loads(misconceptions))
    moment = datetime.fromisoformat(at)
    return Attempt(moment, exercise, int(points), int(max_points), bool(passed), float(seconds), int(seed), named)


@contextlib.contextmanager
def _database(workspace: Path, *, create: bool) -> Iterator[sqlite3.Connection]:
    path = workspace / FILE
    try:
        if create:
            path.parent.mkdir(exist_ok=True)
        # A URI, so that reading never creates a file.
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        with contextlib.closing(sqlite3.connect(uri, timeout=_WAIT, uri=True)) as database:
            _prepare(database, path)
            with database:
                yield database
    except sqlite3.Error as error:
        raise ProgressUnavailable(_reason(error, path)) from None
    except OSError as error:
        raise ProgressUnavailable(f"{one_line(str(error.filename or path))}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise ProgressUnavailable(f"{one_line(str(path))} holds an entry that reparam did not write") from None


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ProgressUnavailable(f"{one_line(str(path))} was written by a newer reparam; update with pip")
    # Some network file systems have no shared memory, which WAL needs; the ordinary journal works everywhere.
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute("PRAGMA journal_mode = WAL")
    if version < VERSION:
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {VERSION}")


def _reason(error: sqlite3.Error, path: Path) -> str:
    shown = one_line(str(path))
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return f"{shown} is damaged. It was left as it is; move it away to begin a new one"
    return f"{shown}: {text}"
