"""A learner's answers, in a real store."""

from __future__ import annotations

from pathlib import Path

from flashcards.clock import DAY_MS
from flashcards.events import Event
from flashcards.schedule import Rating
from flashcards.store import Store

NOW = (1_790_000_000_000, 60)
"""21 September 2026 at 15:13 in a place an hour ahead of Greenwich."""

# card, rating, days before now
ANSWERS = [
    ("formula", 3, 60.0),
    ("formula", 3, 59.99),
    ("formula", 3, 57.0),
    ("formula", 1, 40.0),
    ("kl-1d", 4, 59.0),
    ("gan-paper#c2", 3, 57.0),
    ("history", 3, 0.0001),
    ("mask-a", 1, 55.0),
    ("mask-a", 3, 54.9),
    ("mask-a", 3, 54.8),
    ("mask-a", 3, 51.0),
    ("first-mask", 3, 30.0),
]


def lived(path: Path) -> tuple[Event, ...]:
    """The events of a life with the cards of ``decks.ALL``: answers, one of them undone, and every mark there is."""
    with Store.open(path, "laptop", now=lambda: NOW) as store:
        for card, rating, days in sorted(ANSWERS, key=lambda answer: -answer[2]):
            at_ms = round(NOW[0] - days * DAY_MS)
            uid = store.state(card).last_uid
            store.review(card, Rating(rating), at_ms, NOW[1], duration_ms=4000, seed=7, answer="½", expected_uid=uid)
        store.suspend("first-mask")
        store.undo()
        store.suspend("first-mask")
        store.reset("first-mask")
        store.flag("kl-1d")
        uid = store.state("history").last_uid
        store.review("history", Rating.AGAIN, NOW[0], NOW[1], expected_uid=uid)
        store.undo()
        return store.events()
