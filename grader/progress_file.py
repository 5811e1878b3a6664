"""The SQLite file behind the progress: upgraded where it is old, never made by reading, its troubles put into words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from grader.text import one_line

FILE = Path(".reparam") / "progress.sqlite3"
_WAIT = 5.0
_NO_PLACE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_NO_SPACE = (sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP)
_ATTEMPTS = """
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
_HINTS = """
CREATE TABLE hints (
    exercise TEXT NOT NULL,
    name TEXT NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (exercise, name)
)
"""
_LATEST = """
CREATE TABLE latest_reports (
    exercise TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    report TEXT NOT NULL
)
"""
# What makes a file of version n one of version n + 1.
_UPGRADES = (
    (_ATTEMPTS,),
    ("ALTER TABLE attempts ADD COLUMN open_checks TEXT", _HINTS),
    ("ALTER TABLE attempts ADD COLUMN passed_checks TEXT", _LATEST),
)
VERSION = len(_UPGRADES)


class ProgressUnavailable(Exception):  # noqa: N818  it says what is missing, not what went wrong in the program
    """The database cannot be read or written; the message says why. No grading fails because of it."""


@contextlib.contextmanager
def written(workspace: Path) -> Iterator[sqlite3.Connection]:
    """The database inside a transaction of ours alone; made or upgraded where it has to be.

    Raises:
        ProgressUnavailable: it cannot be written; what was there before is untouched.
    """
    path = workspace / FILE
    with _in_words(path):
        path.parent.mkdir(exist_ok=True)
        with contextlib.closing(_connect(path, "rwc")) as database:
            _version(database, path)
            # Some network file systems have no shared memory, which WAL needs; the ordinary journal works everywhere.
            with contextlib.suppress(sqlite3.OperationalError):
                database.execute("PRAGMA journal_mode = WAL")
            # Each attempt is on the disk before its verdict is shown, even where SQLite was built to be hastier.
            database.execute("PRAGMA synchronous = FULL")
            with database:
                # From here on another terminal waits, so the version is asked for again: it may have upgraded the file.
                database.execute("BEGIN IMMEDIATE")
                for statement in (step for steps in _UPGRADES[_version(database, path) :] for step in steps):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {VERSION}")
                yield database


@contextlib.contextmanager
def read(workspace: Path) -> Iterator[tuple[sqlite3.Connection, int]]:
    """The database as it is, and its version: 0 when there is nothing in it, or no file at all.

    Raises:
        ProgressUnavailable: it cannot be read.
    """
    path = workspace / FILE
    with _in_words(path), contextlib.ExitStack() as opened:
        if not path.exists():
            yield opened.enter_context(contextlib.closing(sqlite3.connect(":memory:"))), 0
            return
        database = opened.enter_context(contextlib.closing(_connect(path, "rw")))
        try:
            version = _version(database, path)
        except sqlite3.OperationalError as error:
            # In a folder that cannot be written, or on a full disk, WAL has no place for its shared memory. Nobody else
            # can write there either, so the file may be taken as it is, unless a log beside it holds more.
            code, log = error.sqlite_errorcode, path.with_name(f"{path.name}-wal")
            if (code & 0xFF not in _NO_PLACE and code not in _NO_SPACE) or (log.exists() and log.stat().st_size):
                raise
            database = opened.enter_context(contextlib.closing(_connect(path, "ro&immutable=1")))
            version = _version(database, path)
        yield database, version


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # A URI, so that reading never creates a file. No isolation level: transactions begin where we say so.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", timeout=_WAIT, uri=True, isolation_level=None)


def _version(database: sqlite3.Connection, path: Path) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise ProgressUnavailable(f"{one_line(str(path))} was written by a newer reparam; update with pip")
    return version


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Whatever the file or the disk does becomes ProgressUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise ProgressUnavailable(_reason(error, path)) from None
    except OSError as error:
        raise ProgressUnavailable(f"{one_line(str(error.filename or path))}: {error.strerror}") from None
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ProgressUnavailable(f"{one_line(str(path))} holds an entry that reparam did not write") from None


def _reason(error: sqlite3.Error, path: Path) -> str:
    shown = one_line(str(path))
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return f"{shown} is damaged. It was left as it is; move it away to begin a new one"
    return f"{shown}: {text}"
