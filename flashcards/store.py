"""Everything that a learner has answered, safe on the disk.

Events are only ever added. The table `state` is their fold; both change in one transaction, so one never lags behind
the other.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flashcards import clock
from flashcards.database import connect, in_words, transaction
from flashcards.errors import StoreError
from flashcards.events import ANSWER_LIMIT, Event, EventKind, from_mapping
from flashcards.fold import State, advance
from flashcards.schedule import Rating, Scheduler
from flashcards.tables import Tables

__all__ = ["FILE", "Conflict", "State", "Store", "StoreError"]

FILE = "flashcards.sqlite3"
"""The database's name inside the data folder."""

# Raise it when the same events give other states than before: every cache is then made anew.
_FOLD = 1


class Conflict(Exception):  # noqa: N818  it is news for the learner, not an error
    """Another terminal has answered this card in the meantime. Nothing was saved; the card's new state is its own."""


class Store(AbstractContextManager["Store"]):
    """The learner's events and the cards' states. Made by `Store.open`; a context manager that closes the file.

    Every method raises StoreError when the file or the disk does not let it; then nothing has changed.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, scheduler: Scheduler, now: clock.Clock) -> None:
        self.path = path
        self.scheduler = scheduler
        self.device = ""
        self._database = database
        self._tables = Tables(database, path, scheduler)
        self._clock = now
        self._own: list[str] = []
        self._settings = json.dumps([_FOLD, asdict(scheduler.settings)])

    @classmethod
    def open(
        cls,
        path: Path,
        device: str | None = None,
        scheduler: Scheduler | None = None,
        now: clock.Clock = clock.now,
    ) -> Self:
        """Open the database, and make it where there is none.

        Args:
            path: the file.
            device: this device's name in its events; None for the one that the database was made with.
            scheduler: None for one with the usual settings. States follow it: with other settings than last time they
                are worked out anew.
            now: the clock of what has no time given: undo, suspend, flag, reset, alias.

        Raises:
            StoreError: it cannot be used.
        """
        store = cls(path, connect(path), scheduler or Scheduler(), now)
        try:
            with in_words(path):
                kept = store._tables.meta("device"), store._tables.meta("settings")
                if not kept[0] or kept[1] != store._settings:
                    with store._writing():
                        store._name_device(device)
                store.device = _name(device) if device else store._tables.meta("device") or ""
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the file; nothing is waiting to be saved."""
        self._database.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def state(self, card_id: str) -> State:
        """One card's state; that of a new card when nothing has happened to it."""
        with in_words(self.path):
            return self._tables.state(self._current(card_id))

    def states(self) -> dict[str, State]:
        """Card id → state, for every card to which something has happened."""
        with in_words(self.path):
            return self._tables.states()

    def events(self, since_day: int | None = None) -> tuple[Event, ...]:
        """All events in their order, or those since a learner's day; undone ones and their undoing too."""
        with in_words(self.path):
            return tuple(self._tables.events(since_day))

    def review(
        self,
        card_id: str,
        rating: Rating,
        at_ms: int,
        tz_offset_min: int,
        *,
        duration_ms: int = 0,
        seed: int = 0,
        answer: str = "",
        card_rev: str = "",
        expected_uid: str | None,
    ) -> State:
        """Save an answer. When this returns, the answer is on the disk.

        Args:
            card_id: the card.
            rating: the answer.
            at_ms: when, milliseconds since 1970 (UTC).
            tz_offset_min: minutes that local time is ahead of UTC.
            duration_ms: how long the answer took.
            seed: what the question's numbers were drawn from.
            answer: what was typed.
            card_rev: hash of the card's text.
            expected_uid: `last_uid` of the state that the learner saw.

        Raises:
            Conflict: the card is no longer in that state.
            StoreError: it could not be saved.
        """
        facts = {
            "rating": rating,
            "duration_ms": min(max(duration_ms, 0), 2**53),
            "seed": seed,
            "answer": answer.encode("utf-8", "replace").decode()[:ANSWER_LIMIT],
            "card_rev": card_rev,
        }
        with self._writing():
            before = self.state(card_id)
            if before.last_uid != expected_uid:
                raise Conflict(f"{card_id} was answered in another terminal meanwhile")
            return self._add(EventKind.REVIEW, card_id, (at_ms, tz_offset_min), **facts)

    def suspend(self, card_id: str, *, on: bool = True) -> State:
        """Spare the learner a card, or take that back."""
        with self._writing():
            return self._add(EventKind.SUSPEND, card_id, self._clock(), value="on" if on else "off")

    def flag(self, card_id: str, *, on: bool = True) -> State:
        """Mark a card that has something wrong with it, or take that back."""
        with self._writing():
            return self._add(EventKind.FLAG, card_id, self._clock(), value="on" if on else "off")

    def reset(self, card_id: str) -> State:
        """Let a card be new again; its history is kept."""
        with self._writing():
            return self._add(EventKind.RESET, card_id, self._clock())

    def alias(self, old: str, new: str) -> State:
        """Let a card go on under a new id, with its history; again and again without harm. Gives the new id's state."""
        with self._writing():
            if self._current(old) == self._current(new):
                return self.state(new)
            return self._add(EventKind.ALIAS, old, self._clock(), value=new)

    def undo(self) -> Event | None:
        """Take back the last thing done here, and give it; None when there is nothing left to take back.

        Here means through this very object, so that no terminal undoes what another one did. Only an object that has
        saved nothing yet takes back what this device did last.
        """
        with self._writing():
            ours = (self._tables.standing(uid) for uid in reversed(self._own))
            found = next(filter(None, ours), None) if self._own else self._tables.last_standing(self.device)
            if found is not None:
                self._add(EventKind.UNDO, found.card_id, self._clock(), value=found.uid)
            return found

    def add(self, events: Iterable[Event]) -> int:
        """Take in events of other devices; known ones are passed over. Gives how many were new."""
        with self._writing():
            new = [event for event in events if self._tables.add(event)]
            if any(event.kind is EventKind.ALIAS for event in new):
                self._tables.refold()
            else:
                names = self._tables.names()
                for card_id in {names.get(event.card_id, event.card_id) for event in new}:
                    self._tables.refold_card(card_id)
            return len(new)

    def rebuild(self) -> int:
        """Work out every card's state anew from the events. Gives how many cards there are."""
        with self._writing():
            return self._tables.refold()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction of ours alone, whose states follow our settings."""
        with in_words(self.path), transaction(self._database):
            if self._tables.meta("settings") != self._settings:
                self._tables.refold()
                self._tables.set_meta("settings", self._settings)
            yield

    def _add(self, kind: EventKind, card_id: str, moment: tuple[int, int], **facts: Any) -> State:
        """Add an event of ours and what follows from it."""
        current = self._current(card_id)
        at_ms, tz_offset_min = moment
        day = clock.learner_day(at_ms, tz_offset_min, self.scheduler.settings.rollover_hour)
        # A clock that was set back must not put this before what the learner has already done with the card.
        latest_ms = self._tables.latest_ms(current)
        at_ms = min(max(at_ms, latest_ms + 1), clock.LAST_MS)
        event = Event(os.urandom(10).hex(), self.device, kind, card_id, at_ms, tz_offset_min, day, **facts)
        # What other devices would refuse must not get in here either.
        event = from_mapping(asdict(event))
        self._tables.add(event)
        self._own.append(event.uid)
        if kind is EventKind.ALIAS:
            self._tables.refold()
            return self._tables.state(event.value)
        if kind is EventKind.UNDO or at_ms == latest_ms:
            return self._tables.refold_card(current)
        state = advance(self._tables.state(current), event, self.scheduler)
        self._tables.keep(current, state)
        return state

    def _current(self, card_id: str) -> str:
        return self._tables.names().get(card_id, card_id)

    def _name_device(self, device: str | None) -> None:
        if self._tables.meta("device") is None:
            name = device or f"{os.uname().nodename[:32]}-{os.urandom(3).hex()}"
            self._tables.set_meta("device", _name(name))


def _name(device: str) -> str:
    """A device's name as it may stand in events and in file names."""
    return re.sub(r"[^0-9A-Za-z_-]+", "-", device).strip("-")[:64] or "device"
