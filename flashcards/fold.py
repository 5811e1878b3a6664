"""From events to what is known of each card: a pure function, the same on every device that has the same events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from flashcards.events import Event, EventKind
from flashcards.schedule import NEW, Memory, Phase, Scheduler


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one card.

    Args:
        memory: how well it is remembered.
        suspended: whether the learner wants to be spared it.
        flagged: whether the learner finds fault with it.
        last_uid: the last review, reset or undo; None before the first. Who rates a card names it, so that two
            terminals cannot rate the same card at once.
        first_day: the learner's day of the first review; None for a new card.
    """

    memory: Memory = NEW
    suspended: bool = False
    flagged: bool = False
    last_uid: str | None = None
    first_day: int | None = None


UNSEEN = State()


@dataclass(frozen=True, slots=True)
class Step:
    """One review that counts.

    Args:
        event: the review.
        card_id: the card's id today.
        before: the memory before it.
        after: the memory after it.
        recall: how likely the model held it, 0 to 1, that the card would be recalled; 0 for a new card.
    """

    event: Event
    card_id: str
    before: Memory
    after: Memory
    recall: float


def fold(events: Iterable[Event], scheduler: Scheduler) -> dict[str, State]:
    """Card id → its state, for every card that an event tells of.

    Args:
        events: in any order.
        scheduler: what turns answers into memories.
    """
    return {card_id: fold_card(family, scheduler) for card_id, family in _families(events).items()}


def fold_card(family: Iterable[Event], scheduler: Scheduler) -> State:
    """The state of one card, from all events of its names.

    Args:
        family: in any order.
        scheduler: what turns answers into memories.
    """
    state = UNSEEN
    for event in _counting(family):
        state = advance(state, event, scheduler)
    return state


def replay(events: Iterable[Event], scheduler: Scheduler) -> Iterator[Step]:
    """Every review that counts, with the memory before and after; card by card, each in order."""
    for card_id, family in _families(events).items():
        state = UNSEEN
        for event in _counting(family):
            before, state = state.memory, advance(state, event, scheduler)
            if event.kind is EventKind.REVIEW:
                yield Step(event, card_id, before, state.memory, scheduler.retrievability(before, event.day))


def advance(state: State, event: Event, scheduler: Scheduler) -> State:
    """The state after one more event, which comes after all others of its card and has not been undone."""
    match event.kind:
        case EventKind.REVIEW:
            assert event.rating is not None
            # The name of that time seeds the fuzz, so that renaming a card never moves its days.
            memory = scheduler.review(state.memory, event.rating, event.at_ms, event.day, event.card_id)
            first_day = event.day if state.memory.phase is Phase.NEW else state.first_day
            return replace(state, memory=memory, last_uid=event.uid, first_day=first_day)
        case EventKind.RESET:
            return replace(state, memory=NEW, last_uid=event.uid, first_day=None)
        case EventKind.UNDO:
            return replace(state, last_uid=event.uid)
        case EventKind.SUSPEND:
            return replace(state, suspended=event.value == "on")
        case EventKind.FLAG:
            return replace(state, flagged=event.value == "on")
        case EventKind.ALIAS:
            return state


def current_names(events: Iterable[Event]) -> dict[str, str]:
    """Former card id → the id of today, from the events that rename."""
    step: dict[str, str] = {}
    for event in sorted((event for event in events if event.kind is EventKind.ALIAS), key=lambda event: event.order):
        # The latest renaming wins: where it would close a circle, its new name is a name of today again.
        if event.card_id in _chain(event.value, step):
            step.pop(event.value, None)
        if event.card_id != event.value:
            step[event.card_id] = event.value
    return {name: _chain(name, step)[-1] for name in step}


def _chain(name: str, step: Mapping[str, str]) -> list[str]:
    """The name and all that it was changed to, one after the other."""
    names = [name]
    while names[-1] in step:
        names.append(step[names[-1]])
    return names


def _families(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Card id of today → all events of its names."""
    events = list(events)
    names = current_names(events)
    families: dict[str, list[Event]] = {}
    for event in events:
        families.setdefault(names.get(event.card_id, event.card_id), []).append(event)
    return families


def _counting(family: Iterable[Event]) -> Iterator[Event]:
    """The events that have not been undone, in order."""
    ordered = sorted(family, key=lambda event: event.order)
    undone = {event.value for event in ordered if event.kind is EventKind.UNDO}
    return (event for event in ordered if event.kind is EventKind.UNDO or event.uid not in undone)
