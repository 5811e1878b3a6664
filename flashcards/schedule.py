"""When a card comes again: the memory model is FSRS-6 as in `fsrs`, the rules between the four buttons are Anki's.

Nothing here reads a clock, draws a number or keeps a state: the same answers give the same memory, on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING

from flashcards.clock import DAY_MS, ROLLOVER_HOUR
from flashcards.fuzz import chosen, fuzz_bounds, unit_interval

if TYPE_CHECKING:
    import fsrs

MAXIMUM_INTERVAL = 36_500
"""Days: a hundred years."""

_PARAMETERS = 21
_LONGEST_STEP = 30 * 24 * 3600

# A memory is as precise as Anki keeps it. Without this, a year of answers drifts apart by half a per cent, and one
# interval in twenty by a day.
_STABILITY_PLACES = 4
_DIFFICULTY_PLACES = 3


class Rating(IntEnum):
    """The learner's answer; also the key to press."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class Phase(StrEnum):
    """Where a card is on its way into memory."""

    NEW = "new"
    LEARNING = "learning"
    REVIEW = "review"
    RELEARNING = "relearning"


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one card in one head.

    Args:
        phase: where the card is.
        step: which learning or relearning step comes next; 0 in the other phases.
        stability: days until the chance of recall has fallen to 90 %; 0 for a new card.
        difficulty: 1 (easy) to 10; 0 for a new card.
        due_ms: when it is due, milliseconds since 1970: what counts while learning.
        due_day: the learner's day on which it is due: what counts in review.
        last_ms: when it was last answered; None for a new card.
        last_day: the learner's day of that.
        interval: days from the last answer to the next, in review; otherwise 0.
        reps: answers since it was new.
        lapses: how often it was forgotten after it had been learnt.
    """

    phase: Phase = Phase.NEW
    step: int = 0
    stability: float = 0.0
    difficulty: float = 0.0
    due_ms: int = 0
    due_day: int = 0
    last_ms: int | None = None
    last_day: int | None = None
    interval: int = 0
    reps: int = 0
    lapses: int = 0

    def due(self, at_ms: int, day: int) -> bool:
        """Whether a card that is not new should be asked.

        A card that seems to have been answered after tomorrow was answered under a wrong clock; it is due, or it
        might wait for years.
        """
        if self.last_ms is None or self.last_day is None:
            return False
        if self.last_day > day + 1 or self.last_ms > at_ms + 2 * DAY_MS:
            return True
        if self.phase is Phase.REVIEW:
            return self.due_day <= day
        return self.due_ms <= at_ms or self.due_day < day


NEW = Memory()


@dataclass(frozen=True)
class Settings:
    """What the learner may choose about scheduling.

    Args:
        parameters: the 21 weights of FSRS-6; None for its defaults.
        retention: the chance of recall at which a card comes again, above 0 and below 1.
        learning_steps: seconds between the first answers of a new card.
        relearning_steps: seconds between the answers after a lapse.
        maximum_interval: days, at least 1.
        rollover_hour: the local hour at which a day begins, 0 to 23.
        fuzz: whether intervals are spread a little, so that cards learnt together part ways.

    Raises:
        ValueError: one of them cannot be; the message begins with its name.
    """

    parameters: tuple[float, ...] | None = None
    retention: float = 0.9
    learning_steps: tuple[int, ...] = (60, 600)
    relearning_steps: tuple[int, ...] = (600,)
    maximum_interval: int = MAXIMUM_INTERVAL
    rollover_hour: int = ROLLOVER_HOUR
    fuzz: bool = True

    def __post_init__(self) -> None:
        # The comparison also refuses NaN. At 0 or 1 the forgetting curve has no time to give.
        if not 0 < self.retention < 1:
            raise ValueError(f"retention is {self.retention}; it must lie between 0 and 1, for example 0.9")
        if not 1 <= self.maximum_interval <= MAXIMUM_INTERVAL:
            raise ValueError(f"maximum_interval is {self.maximum_interval} days; it must lie in 1 … {MAXIMUM_INTERVAL}")
        if not 0 <= self.rollover_hour <= 23:
            raise ValueError(f"rollover_hour is {self.rollover_hour}; it must be an hour from 0 to 23")
        for name in ("learning_steps", "relearning_steps"):
            for step in getattr(self, name):
                if not 1 <= step <= _LONGEST_STEP:
                    raise ValueError(f"{name} has a step of {step} s; a step lasts from 1 second to 30 days")
        if self.parameters is not None:
            _check_parameters(self.parameters)


def _check_parameters(parameters: tuple[float, ...]) -> None:
    from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS  # only who fitted some pays for it

    if len(parameters) != _PARAMETERS:
        raise ValueError(f"parameters has {len(parameters)} numbers; FSRS-6 has {_PARAMETERS}")
    for place, (value, low, high) in enumerate(
        zip(parameters, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)
    ):
        if not low <= value <= high:
            raise ValueError(f"parameters: number {place + 1} is {value}; FSRS-6 allows {low} … {high}")


class Scheduler:
    """Turns answers into memories.

    Args:
        settings: what the learner chose.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()

    def review(self, memory: Memory, rating: Rating, at_ms: int, day: int, card_id: str) -> Memory:
        """The memory after an answer.

        Args:
            memory: before it.
            rating: the answer.
            at_ms: when, milliseconds since 1970; may lie before the last answer where a clock was set back.
            day: the learner's day of that.
            card_id: seeds the fuzz, together with the number of answers so far.
        """
        elapsed = _elapsed(memory, day)
        moment = datetime.fromordinal(day).replace(tzinfo=UTC)
        card = self._card(memory, moment, elapsed)

        @cache
        def after(answer: Rating) -> fsrs.Card:
            return self._model.review_card(card, answer.value, moment)[0]  # type: ignore[arg-type]  # its Rating is ours

        # `fsrs` measures in learner's days, so what it calls due is a delay from the day's beginning.
        outcome = after(rating)
        assert outcome.stability is not None
        assert outcome.difficulty is not None
        phase = _PHASES[int(outcome.state)]
        if phase is Phase.REVIEW:
            interval = self._interval(memory, rating, after, card_id)
            due_ms, due_day = at_ms + interval * DAY_MS, day + interval
        else:
            delay = outcome.due - moment
            interval = 0
            due_ms, due_day = at_ms + round(delay.total_seconds() * 1000), day + delay.days
        return Memory(
            phase,
            outcome.step or 0,
            round(outcome.stability, _STABILITY_PLACES),
            round(outcome.difficulty, _DIFFICULTY_PLACES),
            due_ms,
            due_day,
            last_ms=at_ms,
            last_day=day,
            interval=interval,
            reps=memory.reps + 1,
            lapses=memory.lapses + (memory.phase is Phase.REVIEW and rating is Rating.AGAIN),
        )

    def previews(self, memory: Memory, at_ms: int, day: int, card_id: str) -> dict[Rating, Memory]:
        """The memory after each of the four answers; what `review` then gives is one of these."""
        return {rating: self.review(memory, rating, at_ms, day, card_id) for rating in Rating}

    def retrievability(self, memory: Memory, day: int) -> float:
        """The chance, 0 to 1, that the card is recalled on a learner's day; 0 for a new card."""
        if memory.phase is Phase.NEW:
            return 0.0
        moment = datetime.fromordinal(day).replace(tzinfo=UTC)
        return self._model.get_card_retrievability(self._card(memory, moment, _elapsed(memory, day)), moment)

    @cached_property
    def _model(self) -> fsrs.Scheduler:
        # Imported when the first answer is rated: until then a learner waits for a card, not for a scheduler.
        from datetime import timedelta

        import fsrs

        settings = self.settings
        return fsrs.Scheduler(
            settings.parameters or fsrs.scheduler.DEFAULT_PARAMETERS,
            settings.retention,
            [timedelta(seconds=step) for step in settings.learning_steps],
            [timedelta(seconds=step) for step in settings.relearning_steps],
            MAXIMUM_INTERVAL,
            enable_fuzzing=False,  # its fuzz draws from the global `random`; ours can be replayed
        )

    @cached_property
    def _days_per_stability(self) -> float:
        """Days until recall has fallen to the retention, for a stability of one day.

        This is the forgetting curve of `fsrs` solved for time. `fsrs` itself gives whole days only, and Anki's rules
        start from the fraction.
        """
        decay = -self._model.parameters[20]
        return float((self.settings.retention ** (1 / decay) - 1) / (0.9 ** (1 / decay) - 1))

    def _card(self, memory: Memory, moment: datetime, elapsed: int) -> fsrs.Card:
        import fsrs

        if memory.phase is Phase.NEW:
            return fsrs.Card(0, fsrs.State.Learning, 0, None, None, moment, None)
        last = datetime.fromordinal(moment.toordinal() - elapsed).replace(tzinfo=UTC)
        state = fsrs.State(_STATES[memory.phase])
        step = None if memory.phase is Phase.REVIEW else memory.step
        return fsrs.Card(0, state, step, memory.stability, memory.difficulty, moment, last)

    def _interval(self, memory: Memory, rating: Rating, after: Callable[[Rating], fsrs.Card], card_id: str) -> int:
        """Whole days until the next review, ordered between the buttons as Anki orders them."""
        maximum = self.settings.maximum_interval
        unit = unit_interval(card_id, memory.reps) if self.settings.fuzz else None

        def days(answer: Rating) -> int:
            exact = (after(answer).stability or 0.0) * self._days_per_stability
            minimum = 1
            if memory.phase is Phase.REVIEW and answer is not Rating.AGAIN:
                minimum = max(1, _not_shorter(exact, memory.interval))
                if answer is not Rating.HARD:
                    minimum = max(minimum, days(Rating(answer - 1)) + 1)
            elif answer is Rating.EASY:
                minimum = days(Rating.GOOD) + 1
            return chosen(exact, unit, min(minimum, maximum), maximum)

        return days(rating)


def _not_shorter(exact: float, previous: int) -> int:
    """The least interval after a successful review: fuzz alone never makes a card come sooner than last time."""
    if math.floor(exact + 0.5) > previous:
        return previous + 1
    return previous if previous <= fuzz_bounds(exact)[1] else 0


def _elapsed(memory: Memory, day: int) -> int:
    """Whole learner's days since the last answer; 0 where a clock or a traveller went back."""
    return max(0, day - memory.last_day) if memory.last_day is not None else 0


_STATES = {Phase.LEARNING: 1, Phase.REVIEW: 2, Phase.RELEARNING: 3}
_PHASES = {state: phase for phase, state in _STATES.items()}
