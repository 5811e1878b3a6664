"""What the answers tell: days, streak, forecast, true retention, calibration, hardest cards. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashcards.schedule import Phase, Rating, Scheduler

if TYPE_CHECKING:
    from flashcards.events import Event
    from flashcards.fold import State, Step

MATURE = 21
"""Days: a card with such an interval counts as mature, as in Anki."""
_BINS = 10


def answers_by_day(events: Iterable[Event]) -> Counter[int]:
    """Learner's day → answers; undone ones do not count."""
    events = list(events)
    undone = {event.value for event in events if event.kind == "undo"}
    return Counter(event.day for event in events if event.kind == "review" and event.uid not in undone)


@dataclass(frozen=True)
class Streak:
    """Days in a row with an answer.

    Args:
        days: up to today, or up to yesterday while today is still open.
        longest: ever.
        today: whether today counts already.
    """

    days: int
    longest: int
    today: bool


def streak(days: Iterable[int], today: int) -> Streak:
    """The streak of some days with answers; days after today (a wrong clock) are left out."""
    seen = sorted({day for day in days if day <= today})
    longest = run = 0
    previous: int | None = None
    for day in seen:
        run = run + 1 if previous is not None and day == previous + 1 else 1
        longest, previous = max(longest, run), day
    current = run if previous is not None and previous >= today - 1 else 0
    return Streak(current, longest, previous == today)


def forecast(states: Iterable[State], today: int, days: int) -> list[int]:
    """How many reviews each of the next days brings, today (with what is overdue) first."""
    counts = [0] * days
    for state in states:
        if state.suspended or state.memory.phase is Phase.NEW:
            continue
        place = max(state.memory.due_day - today, 0)
        if place < days:
            counts[place] += 1
    return counts


@dataclass(frozen=True)
class Retention:
    """How often a card in review was remembered.

    Args:
        remembered: answers other than Again.
        answers: all.
    """

    remembered: int
    answers: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None without answers."""
        return self.remembered / self.answers if self.answers else None


def retention(steps: Iterable[Step], since_day: int = 0, *, mature: bool | None = None) -> Retention:
    """True retention: the first answer of a day to each card in review.

    Args:
        steps: every review that counts.
        since_day: days before it are left out.
        mature: only cards with intervals of 21 days and more (True) or less (False); None for all.
    """
    asked: set[tuple[str, int]] = set()
    remembered = 0
    for step in steps:
        key = (step.card_id, step.event.day)
        if step.before.phase is not Phase.REVIEW or step.event.day < since_day or key in asked:
            continue
        if mature is not None and (step.before.interval >= MATURE) != mature:
            continue
        asked.add(key)
        remembered += step.event.rating is not Rating.AGAIN
    return Retention(remembered, len(asked))


@dataclass(frozen=True)
class Bin:
    """Reviews for which the model promised about the same chance of recall.

    Args:
        predicted: the mean of what it promised, from 0 to 1.
        remembered: the share that was remembered.
        answers: how many.
    """

    predicted: float
    remembered: float
    answers: int


def calibration(steps: Iterable[Step], scheduler: Scheduler) -> list[Bin]:
    """What the scheduler promised against what happened, in tenths of its promise; empty tenths are left out."""
    binned: dict[int, list[tuple[float, bool]]] = {}
    for step in steps:
        if step.before.phase is not Phase.REVIEW:
            continue
        chance = scheduler.retrievability(step.before, step.event.day)
        place = min(int(chance * _BINS), _BINS - 1)
        binned.setdefault(place, []).append((chance, step.event.rating is not Rating.AGAIN))
    return [
        Bin(sum(p for p, _ in pairs) / len(pairs), sum(hit for _, hit in pairs) / len(pairs), len(pairs))
        for _, pairs in sorted(binned.items())
    ]


@dataclass(frozen=True)
class Hard:
    """A card that is forgotten again and again.

    Args:
        card_id: the card.
        again: answers "again".
        answers: all answers.
    """

    card_id: str
    again: int
    answers: int


def hardest(steps: Iterable[Step], most: int) -> list[Hard]:
    """The cards with the most answers "again", then the largest share of them."""
    answers: Counter[str] = Counter()
    again: Counter[str] = Counter()
    for step in steps:
        answers[step.card_id] += 1
        again[step.card_id] += step.event.rating is Rating.AGAIN
    found = [Hard(card_id, count, answers[card_id]) for card_id, count in again.items() if count]
    return sorted(found, key=lambda hard: (-hard.again, -hard.again / hard.answers, hard.card_id))[:most]


@dataclass(frozen=True)
class DeckProgress:
    """How far a deck has come: cards by where they are. ``young`` and ``mature`` are in review."""

    name: str
    title: str
    new: int
    learning: int
    young: int
    mature: int
    suspended: int

    @property
    def cards(self) -> int:
        """All of them."""
        return self.new + self.learning + self.young + self.mature + self.suspended


def deck_progress(name: str, title: str, card_ids: Sequence[str], states: Mapping[str, State]) -> DeckProgress:
    """Count a deck's cards."""
    counts: Counter[str] = Counter(_place(states.get(card_id)) for card_id in card_ids)
    return DeckProgress(name, title, *(counts[word] for word in ("new", "learning", "young", "mature", "suspended")))


def _place(state: State | None) -> str:
    if state is None:
        return "new"
    if state.suspended:
        return "suspended"
    if state.memory.phase is Phase.REVIEW:
        return "mature" if state.memory.interval >= MATURE else "young"
    return "new" if state.memory.phase is Phase.NEW else "learning"
