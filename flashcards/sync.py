"""One learner, several devices: each adds its events to a file of its own in a shared folder and reads all the others.

A file is only ever appended to, and only by its own device, so a merge in git, or whatever carries the folder, never
conflicts. All devices fold the same events in the same order, so all come to the same states.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from json import JSONDecodeError
from pathlib import Path

from flashcards.errors import SyncError
from flashcards.events import Event, from_line, to_line
from flashcards.store import Store

_LINE_LIMIT = 64 * 1024
_FILE_LIMIT = 1 << 30
_NAMED = 5
"""Faulty lines of one file that are named; the others are counted."""


@dataclass(frozen=True)
class SyncReport:
    """What a syncing came to.

    Args:
        sent: events that this device added to its file.
        received: events that were new here.
        devices: names of the devices whose events are in the folder.
        problems: what was passed over, in words, each beginning with file and line.
    """

    sent: int
    received: int
    devices: tuple[str, ...]
    problems: tuple[str, ...]


def sync(store: Store, folder: Path) -> SyncReport:
    """Take in what other devices wrote into a folder, and add what this one has done.

    What cannot be read is passed over and reported. A second call changes nothing.

    Args:
        store: this device's events.
        folder: the shared folder; made where there is none.

    Raises:
        SyncError: the folder cannot be read or written. What was received until then is kept.
        StoreError: the database cannot be used.
    """
    problems: list[str] = []
    received = 0
    there: set[str] = set()
    devices: set[str] = set()
    if folder.exists() and not folder.is_dir():
        raise SyncError(f"{folder} is not a folder; name one, for example a clone of a git repository")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.jsonl")):
            try:
                events = list(_read(path, problems))
            except OSError as error:
                problems.append(f"{_shown(path.name)}: {error.strerror}; passed over")
                continue
            received += store.add(events)
            devices |= {event.device for event in events}
            if path.name == _own(store):
                there = {event.uid for event in events}
        missing = [event for event in store.events() if event.device == store.device and event.uid not in there]
        _append(folder / _own(store), missing)
    except OSError as error:
        where = error.filename or folder
        raise SyncError(f"{where}: {error.strerror}. Nothing is lost; mend that and sync again") from error
    return SyncReport(
        len(missing), received, tuple(sorted(devices | {event.device for event in missing})), tuple(problems)
    )


def _own(store: Store) -> str:
    return f"{store.device}.jsonl"


def _read(path: Path, problems: list[str]) -> Iterator[Event]:
    """The events of a file that nobody vouches for."""
    name = _shown(path.name)
    # Without waiting: a pipe of that name would otherwise keep us for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _FILE_LIMIT:
            problems.append(f"{name}: no ordinary file of at most 1 GiB; passed over")
            return
        faults = 0
        number = 0
        while line := file.readline(_LINE_LIMIT):
            number += 1
            try:
                if not line.endswith(b"\n") and len(line) == _LINE_LIMIT:
                    _skip_line(file)
                    raise ValueError(f"it is longer than {_LINE_LIMIT} bytes")
                if line.strip():
                    yield from_line(line.decode())
            except ValueError as error:
                faults += 1
                if faults <= _NAMED:
                    problems.append(f"{name}:{number}: {_reason(error)}; passed over")
        if faults > _NAMED:
            problems.append(f"{name}: {faults - _NAMED} more lines passed over")


def _skip_line(file: BufferedReader) -> None:
    while (rest := file.readline(_LINE_LIMIT)) and not rest.endswith(b"\n"):
        pass


def _append(path: Path, events: list[Event]) -> None:
    """Add lines, and wait until they are on the disk."""
    if not events:
        return
    # Whoever else writes in the folder must not send us into another file by a link, or into a pipe.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(path, flags, 0o644), "ab") as file:
        # What an interruption left half written stays a line of its own.
        broken = file.tell() > 0 and not _ends_line(path)
        file.write(b"\n" * broken + "".join(f"{to_line(event)}\n" for event in events).encode())
        file.flush()
        os.fsync(file.fileno())


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _reason(error: ValueError) -> str:
    """Why a line is no event; never the line itself, which could say anything to a terminal."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, JSONDecodeError):
        return "it is not JSON, perhaps cut off"
    return _shown(str(error))


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
