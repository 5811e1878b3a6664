"""The rows of the database as events and states, and back. What SQLite can read but we never wrote is an error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flashcards.database import damaged
from flashcards.events import Event, EventKind, from_mapping
from flashcards.fold import UNSEEN, State, current_names, fold, fold_card
from flashcards.schedule import Memory, Phase, Scheduler

COLUMNS = tuple(Event.__dataclass_fields__)
_MEMORY = tuple(Memory.__dataclass_fields__)
_STATE = (*_MEMORY, "suspended", "flagged", "last_uid", "first_day")
_UNDOABLE = ", ".join(f"'{kind}'" for kind in (EventKind.REVIEW, EventKind.SUSPEND, EventKind.FLAG, EventKind.RESET))

# Only names of columns and question marks are ever put together here; values are always bound.
_EVENTS = f"SELECT {', '.join(COLUMNS)} FROM event"  # noqa: S608  as said
_ADD = f"INSERT OR IGNORE INTO event ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  as said
_STATES = f"SELECT card_id, {', '.join(_STATE)} FROM state"  # noqa: S608  as said
_KEEP = f"INSERT OR REPLACE INTO state (card_id, {', '.join(_STATE)}) VALUES (?, {', '.join('?' * len(_STATE))})"  # noqa: S608  as said
_STANDING = f"kind IN ({_UNDOABLE}) AND uid NOT IN (SELECT value FROM event WHERE kind = 'undo')"  # noqa: S608  as said


class Tables:
    """What is in the database; its caller holds the transaction and puts SQLite's errors into words.

    Args:
        database: an open connection.
        path: its file, for messages.
        scheduler: what turns answers into memories.
    """

    def __init__(self, database: sqlite3.Connection, path: Path, scheduler: Scheduler) -> None:
        self._database = database
        self._path = path
        self._scheduler = scheduler

    def add(self, event: Event) -> bool:
        """Add an event; False when its uid is there already."""
        row = tuple(getattr(event, name) for name in COLUMNS)
        return self._database.execute(_ADD, row).rowcount == 1

    def events(self, since_day: int | None = None) -> Iterator[Event]:
        """All events in their order, or those since a learner's day."""
        return self._found("") if since_day is None else self._found("WHERE day >= ?", since_day)

    def standing(self, uid: str) -> Event | None:
        """An event that can be undone and has not been."""
        return next(self._found(f"WHERE uid = ? AND {_STANDING}", uid), None)

    def last_standing(self, device: str) -> Event | None:
        """What a device did last, of what can be undone and has not been."""
        query = f"{_EVENTS} WHERE device = ? AND {_STANDING} ORDER BY seq DESC LIMIT 1"
        row = self._database.execute(query, (device,)).fetchone()
        return self._event(row) if row else None

    def names(self) -> dict[str, str]:
        """Former card id → the id of today."""
        return current_names(self._found("WHERE kind = 'alias'"))

    def latest_ms(self, card_id: str) -> int:
        """When the last thing happened to a card; −1 when nothing has."""
        family, marks = self._family(card_id)
        query = f"SELECT max(at_ms) FROM event WHERE card_id IN ({marks})"  # noqa: S608  as above
        found = self._database.execute(query, family).fetchone()[0]
        return -1 if found is None else int(found)

    def state(self, card_id: str) -> State:
        """A card's state, by its id of today."""
        row = self._database.execute(f"{_STATES} WHERE card_id = ?", (card_id,)).fetchone()
        return self._state(row)[1] if row else UNSEEN

    def states(self) -> dict[str, State]:
        """Card id → state."""
        return dict(map(self._state, self._database.execute(_STATES)))

    def keep(self, card_id: str, state: State) -> None:
        """Write a card's state."""
        memory = (getattr(state.memory, name) for name in _MEMORY)
        row = (card_id, *memory, state.suspended, state.flagged, state.last_uid, state.first_day)
        self._database.execute(_KEEP, row)

    def refold(self) -> int:
        """Work out all states anew; gives how many there are."""
        states = fold(self.events(), self._scheduler)
        self._database.execute("DELETE FROM state")
        for card_id, state in states.items():
            self.keep(card_id, state)
        return len(states)

    def refold_card(self, card_id: str) -> State:
        """Work out one card's state anew, by its id of today."""
        family, marks = self._family(card_id)
        state = fold_card(self._found(f"WHERE card_id IN ({marks})", *family), self._scheduler)
        self.keep(card_id, state)
        return state

    def meta(self, name: str) -> str | None:
        """A fact about the database itself."""
        row = self._database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Keep a fact about the database itself."""
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _family(self, card_id: str) -> tuple[list[str], str]:
        """All names of a card, and as many question marks."""
        family = [card_id, *(old for old, new in self.names().items() if new == card_id)]
        return family, ", ".join("?" * len(family))

    def _found(self, where: str, *values: object) -> Iterator[Event]:
        return map(self._event, self._database.execute(f"{_EVENTS} {where} ORDER BY at_ms, uid", values))

    def _event(self, row: tuple[Any, ...]) -> Event:
        try:
            return event_of(row)
        except ValueError as error:
            raise damaged(self._path, str(error)) from error

    def _state(self, row: tuple[Any, ...]) -> tuple[str, State]:
        found: Mapping[str, Any] = dict(zip(_STATE, row[1:], strict=True))
        try:
            memory = Memory(**{name: found[name] for name in _MEMORY if name != "phase"}, phase=Phase(found["phase"]))
        except ValueError as error:
            raise damaged(self._path, str(error)) from error
        flags = bool(found["suspended"]), bool(found["flagged"])
        return row[0], State(memory, *flags, found["last_uid"], found["first_day"])


def event_of(row: tuple[Any, ...]) -> Event:
    """The event in a row of the columns of `Event`.

    Raises:
        ValueError: it is none.
    """
    return from_mapping(dict(zip(COLUMNS, row, strict=True)))
