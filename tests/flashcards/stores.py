"""Stores for tests, with a clock that the test holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flashcards.clock import DAY_MS
from flashcards.schedule import Rating, Scheduler, Settings
from flashcards.store import State, Store

START = 1_790_000_000_000


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    at_ms: int = START
    offset: int = 60

    def __call__(self) -> tuple[int, int]:
        return self.at_ms, self.offset

    def wait(self, days: float) -> None:
        self.at_ms = max(0, self.at_ms + round(days * DAY_MS))


def opened(
    path: Path, clock: Clock | None = None, device: str | None = None, settings: Settings | None = None
) -> Store:
    return Store.open(path, device, Scheduler(settings), clock or Clock())


def answer(store: Store, card: str, rating: Rating = Rating.GOOD, clock: Clock | None = None) -> State:
    moment = (clock or Clock())()
    return store.review(card, rating, *moment, expected_uid=store.state(card).last_uid)
