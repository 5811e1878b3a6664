"""`flashcards rebuild`: every card's state worked out anew, and what can be saved of a damaged database.

The damaged file is moved aside and kept: somebody may be able to read more of it than we are.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flashcards import carving
from flashcards.database import connect, in_words, is_damage
from flashcards.errors import StoreError
from flashcards.events import Event
from flashcards.schedule import Scheduler
from flashcards.store import Store
from flashcards.tables import COLUMNS, event_of

_ALL = f"SELECT seq, {', '.join(COLUMNS)} FROM event"  # noqa: S608  constants
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuilding came to.

    Args:
        cards: how many cards have a state now.
        events: how many events there are.
        kept: where the damaged file lies now; None where nothing was damaged.
        unreadable: how many answers could be found but not read; of others there may be no trace.
    """

    cards: int
    events: int
    kept: Path | None = None
    unreadable: int = 0


def rebuild(path: Path, scheduler: Scheduler, today: date) -> Rebuilt:
    """Work out all states anew. A damaged database is moved aside, and a new one made of what can be read in it.

    Args:
        path: the database.
        scheduler: what turns answers into memories.
        today: stands in the name under which a damaged file is kept.

    Raises:
        StoreError: it cannot be written, was written by a newer reparam, or belongs to another program.
    """
    with contextlib.suppress(_Damaged):
        _check(path)
        with Store.open(path, scheduler=scheduler) as store:
            return Rebuilt(store.rebuild(), len(store.events()))
    with in_words(path):
        found = _read(path)
        # Made beside the damaged file, which stays in its place until the new one is whole.
        new = path.with_name(f"{path.name}.rebuilding")
        for ending in ("", *_BESIDE):
            new.with_name(new.name + ending).unlink(missing_ok=True)
    with Store.open(new, found.device, scheduler) as store:
        store.add(found.events)
        cards = len(store.states())
    with in_words(path):
        kept = _set_aside(path, today)
        new.replace(path)
    return Rebuilt(cards, len(found.events), kept, found.unreadable)


class _Damaged(Exception):  # noqa: N818  a finding, not an error: it is what we are here for
    """The file needs salvaging."""


@dataclass
class _Found:
    device: str | None
    events: list[Event]
    unreadable: int


def _check(path: Path) -> None:
    """Raise _Damaged for a file that SQLite, or we, cannot read from end to end."""
    try:
        with contextlib.closing(connect(path)) as database, in_words(path):
            sound = database.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
            rows = database.execute(_ALL).fetchall() if sound else []
    except StoreError as error:
        if is_damage(error.__cause__):
            raise _Damaged from error
        raise
    try:
        for row in rows:
            event_of(row[1:])
    except ValueError as error:
        raise _Damaged from error
    if not sound:
        raise _Damaged


def _read(path: Path) -> _Found:
    """Every event that is still there; those of which nothing but the torn remains are counted."""
    found = _Found(None, [], 0)
    seen: set[str] = set()
    for row in carving.rows(path):
        if len(row) == 2 and row[0] == "device":
            found.device = str(row[1])
        if len(row) != len(COLUMNS) + 1:
            continue
        try:
            event = event_of(row[1:])
        except ValueError:
            found.unreadable += 1
            continue
        if event.uid not in seen:
            seen.add(event.uid)
            found.events.append(event)
    return found


def _set_aside(path: Path, today: date) -> Path:
    """Give the database another name too, and the files that SQLite keeps beside it only that; gives the name."""
    number = 1
    while (kept := path.with_name(f"{path.name}.damaged-{today}{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)  # some file systems have no links
    for ending in _BESIDE:
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return kept
