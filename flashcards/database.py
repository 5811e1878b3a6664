"""The SQLite file behind the cards: how it is opened, what is in it, and what its troubles mean in words."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from flashcards.errors import StoreError as StoreError  # where it is raised, it is looked for too

VERSION = 1
APPLICATION_ID = 0x52504643  # "RPFC", so that a database of something else is never taken for ours
WAIT_S = 5.0

# What SQLite says where a file system, often one on a network, has no shared memory for the write-ahead log.
_WITHOUT_SHARED_MEMORY = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
)

_SCHEMA = (
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        device TEXT NOT NULL,
        kind TEXT NOT NULL,
        card_id TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        tz_offset_min INTEGER NOT NULL,
        day INTEGER NOT NULL,
        rating INTEGER,
        duration_ms INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        answer TEXT NOT NULL,
        card_rev TEXT NOT NULL,
        value TEXT NOT NULL
    )
    """,
    "CREATE INDEX event_card ON event (card_id, at_ms)",
    "CREATE INDEX event_day ON event (day)",
    # Both are asked for with every answer, and there are few.
    "CREATE INDEX event_alias ON event (at_ms) WHERE kind = 'alias'",
    "CREATE INDEX event_undo ON event (value) WHERE kind = 'undo'",
    # What was acknowledged is never changed, not even by a mistake of ours.
    "CREATE TRIGGER event_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END",
    "CREATE TRIGGER event_fixed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END",
    """
    CREATE TABLE state (
        card_id TEXT PRIMARY KEY,
        phase TEXT NOT NULL,
        step INTEGER NOT NULL,
        stability REAL NOT NULL,
        difficulty REAL NOT NULL,
        due_ms INTEGER NOT NULL,
        due_day INTEGER NOT NULL,
        last_ms INTEGER,
        last_day INTEGER,
        interval INTEGER NOT NULL,
        reps INTEGER NOT NULL,
        lapses INTEGER NOT NULL,
        suspended INTEGER NOT NULL,
        flagged INTEGER NOT NULL,
        last_uid TEXT,
        first_day INTEGER
    )
    """,
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, and make it where there is none.

    Raises:
        StoreError: it cannot be used.
    """
    with in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _guard_log(path)
        try:
            return _opened(path, shared_memory=True)
        except sqlite3.OperationalError as error:
            if _code(error) in _WITHOUT_SHARED_MEMORY:
                with contextlib.suppress(sqlite3.Error):
                    return _opened(path, shared_memory=False)
            raise


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone: another terminal that wants to write waits for up to five seconds."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back by itself.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Whatever the file or the disk does becomes a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_reason(error, path)) from error
    except UnicodeDecodeError as error:
        # Python stumbles over garbage in SQLite's own message.
        raise damaged(path, "text that is none") from error
    except OSError as error:
        where = error.filename or path
        raise StoreError(f"{where}: {error.strerror}. Choose another folder with --data DIR") from error


def damaged(path: Path, what: str) -> StoreError:
    """The error for a file that SQLite can read but that holds what we never wrote."""
    return StoreError(f"{path} is damaged ({what}); it was left as it is. `flashcards rebuild` saves what can be read")


def is_damage(error: BaseException | None) -> bool:
    """Whether a StoreError with this cause speaks of the file's content, not of the disk or of who may write."""
    # A lost table shows as an ordinary error in SQL, text that is none as an error of Python's without a code.
    codes = (0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, ValueError) or (isinstance(error, sqlite3.Error) and _code(error) in codes)


def _opened(path: Path, *, shared_memory: bool) -> sqlite3.Connection:
    # No isolation level: transactions begin where `transaction` says so, and nowhere else.
    database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        if not shared_memory:
            # Alone with the file, SQLite can read a write-ahead log without shared memory, and put an end to it.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = TRUNCATE")
            database.execute("PRAGMA locking_mode = NORMAL")
        _prepare(database, path, shared_memory=shared_memory)
    except BaseException:
        database.close()
        raise
    return database


def _guard_log(path: Path) -> None:
    """Stop before SQLite throws away a log whose database has been emptied by somebody."""
    log = path.with_name(f"{path.name}-wal")
    if path.exists() and path.stat().st_size == 0 and log.exists() and log.stat().st_size > 0:
        what = "it is empty, but its log is not"
        raise damaged(path, what) from ValueError(what)


def _prepare(database: sqlite3.Connection, path: Path, *, shared_memory: bool) -> None:
    version = _version(database, path)
    # Every answer is on the disk before the next card is shown, also where the power may fail.
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA fullfsync = ON")  # macOS: its fsync alone leaves data in the drive's cache
    database.execute("PRAGMA cell_size_check = ON")
    if version == 0 and shared_memory:
        _log_ahead(database)
    elif database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        database.execute("PRAGMA journal_mode = TRUNCATE")
    # Also where there is nothing to make: who cannot save an answer should learn it before the first question.
    with transaction(database):
        # Another terminal may have made it while we waited.
        if version == 0 and _version(database, path) == 0:
            for statement in _SCHEMA:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")


def _log_ahead(database: sqlite3.Connection) -> None:
    """Let readers and writers not wait for each other; the file remembers that it is so."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself when two terminals change the mode at once.
            if _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _version(database: sqlite3.Connection, path: Path) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    application = int(database.execute("PRAGMA application_id").fetchone()[0])
    empty = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != APPLICATION_ID and not (version == 0 and application == 0 and empty):
        raise StoreError(f"{path} is a database of another program. Choose another folder with --data DIR")
    if version > VERSION:
        raise StoreError(f"{path} was written by a newer reparam. Update with: pip install --upgrade reparam")
    return version


def _code(error: sqlite3.Error) -> int:
    # The extended code of, say, "read-only directory" has "read-only" in its low byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _reason(error: sqlite3.Error, path: Path) -> str:
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return f"{path}: the disk is full. Nothing that was saved is lost; free some space and go on"
        case sqlite3.SQLITE_READONLY:
            return f"{path} cannot be written. Make it yours (chmod u+w), or choose another folder with --data DIR"
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return f"{path} cannot be opened. Check who may write in {path.parent}, or choose another with --data DIR"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path} has been in use by another program for {WAIT_S:.0f} s. Close that one and try again"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged; it was left as it is. `flashcards rebuild` saves what can still be read"
        case sqlite3.SQLITE_IOERR:
            return f"{path}: the disk reports an error ({error}). Nothing that was saved is lost; check the disk"
        case _:
            return f"{path}: {error}. `flashcards rebuild` checks the file"
