"""Where a drill's cards come from: what is due today, or a pile to practise with when nothing is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flashcards.clock import Clock
from flashcards.schedule import NEW, Memory, Rating
from flashcards.screen import interval
from flashcards.session import Moment, Queue, following, present, queue

if TYPE_CHECKING:
    from flashcards.asking import Answer
    from flashcards.deck import Card
    from flashcards.events import Event
    from flashcards.met import Meeting
    from flashcards.store import State, Store

_LONGEST_MS = 10 * 60 * 1000
"""A longer answer was a walk to the kitchen."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back.

    Args:
        card_id: whose.
        kind: what it was: review, suspend, flag, reset.
        days_ago: how many of the learner's days ago it was done.
    """

    card_id: str
    kind: str = "review"
    days_ago: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """One answer of a session.

    Args:
        card: the card.
        rating: how it went.
        judged: whether a typed answer was right; None where none was typed.
        before: the memory before it.
        after: the memory after it.
        duration_ms: how long it took.
    """

    card: Card
    rating: Rating
    judged: bool | None
    before: Memory
    after: Memory
    duration_ms: int


class Pile(Protocol):
    """What a drill asks of its cards."""

    def use(self, cards: Sequence[Card]) -> None:
        """Draw from these cards from now on: they were read anew."""

    def left(self) -> Queue:
        """What is left today."""

    def next(self, left: Queue) -> Card | None:
        """The card that comes now, of what is left; None when nothing is left for now."""

    def state(self, card: Card) -> State:
        """What is known of a card."""

    def met(self, card: Card) -> Meeting | None:
        """When `grade` met a mistake that the card is about, if that was after its last answer."""

    def buttons(self, card: Card) -> dict[Rating, str]:
        """When the card comes back after each rating, in words."""

    def take(self, card: Card, answer: Answer, state: State) -> Done:
        """Take an answer, given in a state.

        Raises:
            Conflict: the card is no longer in that state.
        """

    def undo(self) -> Undone | None:
        """Take back the last thing done; None when there is nothing."""


class Today:
    """The cards that are due, then new ones up to the day's limit."""

    def __init__(self, store: Store, now: Clock, new: int, meetings: Mapping[str, Meeting]) -> None:
        self._store = store
        self._now = now
        self._new = new
        self._meetings = meetings
        self._cards: tuple[Card, ...] = ()
        self._about: dict[str, Meeting] = {}
        self._previous = ""
        self._states: Mapping[str, State] = {}

    def use(self, cards: Sequence[Card]) -> None:
        """Draw from these cards from now on."""
        from flashcards.met import by_card

        self._cards = tuple(cards)
        self._about = by_card(cards, self._meetings)

    def left(self) -> Queue:
        """What is left today; other terminals' answers count too."""
        self._states, moment = self._store.states(), self._moment()
        introduced = sum(state.first_day == moment.day for state in self._states.values())
        return queue(self._cards, self._states, moment, new=self._new - introduced, met=self._met_at)

    def next(self, left: Queue) -> Card | None:
        """The card that comes now."""
        return following(left, self._states, self._moment(), self._previous)

    def state(self, card: Card) -> State:
        """What is known of a card."""
        return self._store.state(card.id)

    def met(self, card: Card) -> Meeting | None:
        """The meeting since the card's last answer."""
        return self._since(card, self.state(card))

    def buttons(self, card: Card) -> dict[Rating, str]:
        """When the card comes back after each rating."""
        moment = self._moment()
        memories = self._store.scheduler.previews(self.state(card).memory, moment.at_ms, moment.day, card.id)
        return {rating: interval((memory.due_ms - moment.at_ms) / 1000) for rating, memory in memories.items()}

    def take(self, card: Card, answer: Answer, state: State) -> Done:
        """Save an answer: when this returns, it is on the disk."""
        at_ms, offset = self._now()
        spent = within(answer.duration_ms)
        after = self._store.review(
            card.id,
            answer.rating,
            at_ms,
            offset,
            duration_ms=spent,
            seed=answer.seed,
            answer=answer.typed,
            card_rev=card.rev,
            expected_uid=state.last_uid,
        )
        self._previous = card.id
        return Done(card, answer.rating, answer.judged, state.memory, after.memory, spent)

    def undo(self) -> Undone | None:
        """Take back the last thing done."""
        event = self._store.undo()
        self._previous = ""
        return taken_back(event, self._moment().day) if event is not None else None

    def _moment(self) -> Moment:
        return present(self._now, self._store.scheduler)

    def _met_at(self, card: Card) -> float:
        meeting = self._since(card, self._states.get(card.id))
        return meeting.at.timestamp() if meeting is not None else 0.0

    def _since(self, card: Card, state: State | None) -> Meeting | None:
        meeting = self._about.get(card.id)
        last_ms = state.memory.last_ms if state is not None else None
        if meeting is None or (last_ms is not None and last_ms >= meeting.at.timestamp() * 1000):
            return None
        return meeting


class Practice:
    """All cards in any order, once each, and again those that went wrong. Nothing is saved."""

    def __init__(self, store: Store, draw: Callable[[], int]) -> None:
        self._store = store
        self._draw = draw
        self._cards: dict[str, Card] = {}
        self._pile: list[str] = []
        self._taken: list[tuple[list[str], str]] = []

    def use(self, cards: Sequence[Card]) -> None:
        """The cards as they are now; those that were not there before come at the end of the pile, in any order."""
        more = [card.id for card in cards if card.id not in self._cards]
        random.Random(self._draw()).shuffle(more)  # noqa: S311  nothing secret is shuffled
        self._pile += more
        self._cards = {card.id: card for card in cards}

    def left(self) -> Queue:
        """The pile: nothing in it is due."""
        states = self._store.states()
        asked = (name for name in self._pile if name in self._cards)
        pile = (self._cards[name] for name in asked if name not in states or not states[name].suspended)
        return Queue((), (), (), (), (), practice=tuple(pile))

    def next(self, left: Queue) -> Card | None:
        """The top of the pile."""
        return next(iter(left.practice), None)

    def state(self, card: Card) -> State:
        """What is known of a card."""
        return self._store.state(card.id)

    def met(self, card: Card) -> Meeting | None:  # noqa: ARG002  as Pile says
        """Nothing comes first here."""
        return None

    def buttons(self, card: Card) -> dict[Rating, str]:  # noqa: ARG002  as Pile says
        """Two are enough where nothing is scheduled."""
        return {Rating.AGAIN: "once more", Rating.GOOD: "knew it"}

    def take(self, card: Card, answer: Answer, state: State) -> Done:
        """Put the card aside, or under the pile."""
        self._taken.append((self._pile, card.id))
        self._pile = [name for name in self._pile if name != card.id]
        if answer.rating is Rating.AGAIN:
            self._pile.append(card.id)
        return Done(card, answer.rating, answer.judged, state.memory, NEW, within(answer.duration_ms))

    def undo(self) -> Undone | None:
        """The pile as it was before the last answer."""
        if not self._taken:
            return None
        self._pile, card_id = self._taken.pop()
        return Undone(card_id)


def within(duration_ms: int) -> int:
    """How long an answer took, as far as it counts: clocks jump, and people leave."""
    return min(max(duration_ms, 0), _LONGEST_MS)


def taken_back(event: Event, today: int) -> Undone:
    """What is to be said of an event that was undone."""
    return Undone(event.card_id, event.kind, today - event.day)


def told(undone: Undone, *, known: bool) -> str:
    """``Undone.``, and more where that would leave a question.

    Args:
        undone: what was taken back.
        known: whether its card is among those that are drilled, so that it comes again at once.
    """
    if undone.kind != "review":
        return f"Undone: {undone.kind} of {undone.card_id}."
    if known and not undone.days_ago:
        return "Undone."
    when = {0: "", 1: " of yesterday"}.get(undone.days_ago, f" of {undone.days_ago} days ago")
    return f"Undone: your answer{when}{'' if known else f' to {undone.card_id}'}."
