"""Which card comes next: a pure function of the cards, their states, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashcards.clock import Clock, learner_day
from flashcards.schedule import Phase, Scheduler

if TYPE_CHECKING:
    from flashcards.deck import Card
    from flashcards.store import State

LEARN_AHEAD_MS = 20 * 60 * 1000
"""A card in its learning steps is shown so long before its time when nothing else is left, as in Anki."""
LEECH = 8
"""Lapses after which a card is better understood anew than repeated."""
_LEARNING = (Phase.LEARNING, Phase.RELEARNING)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a card is asked for.

    Args:
        at_ms: Unix time in milliseconds.
        day: the learner's day, an ordinal.
    """

    at_ms: int
    day: int


def present(now: Clock, scheduler: Scheduler) -> Moment:
    """The moment that a clock shows, in the learner's days."""
    at_ms, offset = now()
    return Moment(at_ms, learner_day(at_ms, offset, scheduler.settings.rollover_hour))


@dataclass(frozen=True, slots=True)
class Queue:
    """What is left today, each in the order in which it comes.

    Args:
        learning: in their learning steps, whose time has come.
        met: about a mistake that `grade` met since their last answer; due or new.
        due: the other reviews.
        new: the other cards without an answer, up to the day's limit.
        waiting: in their learning steps, later today.
        practice: a pile to practise with; nothing in it is due.
    """

    learning: tuple[Card, ...]
    met: tuple[Card, ...]
    due: tuple[Card, ...]
    new: tuple[Card, ...]
    waiting: tuple[Card, ...]
    practice: tuple[Card, ...] = ()

    def __len__(self) -> int:
        return len(self.learning) + len(self.met) + len(self.due) + len(self.new) + len(self.waiting)


def queue(
    cards: Sequence[Card],
    states: Mapping[str, State],
    moment: Moment,
    *,
    new: int,
    met: Callable[[Card], float] = lambda _: 0.0,
) -> Queue:
    """What is left today.

    A note whose sibling was answered today, or comes earlier, waits until tomorrow unless it is being learned.

    Args:
        cards: of the decks that are drilled, in their order.
        states: card id → state; a card without one is new.
        moment: now.
        new: how many new cards may still come today.
        met: when `grade` met a mistake that the card is about, if that was after its last answer (larger is later),
            else 0.
    """
    open_cards = [card for card in cards if card.id not in states or not states[card.id].suspended]
    learning = [card for card in open_cards if _phase(states, card) in _LEARNING]
    learning.sort(key=lambda card: states[card.id].memory.due_ms)
    taken = {card.note_id for card in learning} | {
        card.note_id
        for card in cards
        if _phase(states, card) is not Phase.NEW and states[card.id].memory.last_day == moment.day
    }
    reviews = [
        card
        for card in open_cards
        if _phase(states, card) is Phase.REVIEW and states[card.id].memory.due(moment.at_ms, moment.day)
    ]
    reviews.sort(key=lambda card: (-met(card), states[card.id].memory.due_day))
    due = _one_a_note(reviews, taken)
    unseen = sorted((card for card in open_cards if _phase(states, card) is Phase.NEW), key=lambda card: -met(card))
    fresh = _one_a_note(unseen, taken)[: max(new, 0)]
    ready: list[Card] = []
    waiting: list[Card] = []
    for card in learning:
        (ready if states[card.id].memory.due(moment.at_ms, moment.day) else waiting).append(card)
    return Queue(
        learning=tuple(ready),
        met=tuple(card for card in (*due, *fresh) if met(card)),
        due=tuple(card for card in due if not met(card)),
        new=tuple(card for card in fresh if not met(card)),
        waiting=tuple(waiting),
    )


def following(left: Queue, states: Mapping[str, State], moment: Moment, previous: str = "") -> Card | None:
    """The next card, or None when nothing is left for now.

    Args:
        left: what is left today.
        states: card id → state.
        moment: now.
        previous: id of the card before, which does not come twice in a row while another one can come.
    """
    soon = [card for card in left.waiting if states[card.id].memory.due_ms <= moment.at_ms + LEARN_AHEAD_MS]
    candidates = (*left.learning, *left.met[:1], *left.due[:1], *left.new[:1], *soon)
    others = [card for card in candidates if card.id != previous]
    return next(iter(others or candidates), None)


def _phase(states: Mapping[str, State], card: Card) -> Phase:
    return states[card.id].memory.phase if card.id in states else Phase.NEW


def _one_a_note(cards: Sequence[Card], taken: set[str]) -> list[Card]:
    """The cards whose note has not been taken yet; their notes are taken then."""
    kept = []
    for card in cards:
        if card.note_id not in taken:
            taken.add(card.note_id)
            kept.append(card)
    return kept
