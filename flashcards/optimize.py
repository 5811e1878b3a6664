"""`flashcards optimize`: the weights of FSRS fitted to a learner's own reviews. Nothing else here imports torch."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashcards.errors import OptimizeError
from flashcards.events import Event
from flashcards.fold import Step, replay
from flashcards.parameters import Fit, read_fits, write_fits
from flashcards.schedule import Phase, Rating, Scheduler, Settings

if TYPE_CHECKING:
    from fsrs import ReviewLog

LEAST = 512
"""Reviews on a later day than the one before: below, `fsrs` itself gives its defaults."""

_NEEDED = ("torch", "pandas", "tqdm")
_EPOCHS = 5
_SMALLEST = 1e-7
"""No answer surprises more than this chance would, as in torch's BCELoss for 32-bit floats."""


@dataclass(frozen=True)
class Outcome:
    """What a fitting came to.

    Args:
        fit: the parameters, and the log losses on the very reviews that they were fitted to.
        better: whether they predict these reviews better than those before; only then they should be kept.
    """

    fit: Fit
    better: bool


def optimize(
    events: Iterable[Event],
    settings: Settings,
    at: datetime,
    progress: Callable[[float], None] = lambda _: None,
) -> Outcome:
    """Fit parameters; takes seconds per thousand reviews. Saves nothing: see `keep`.

    Args:
        events: everything that the learner did.
        settings: those that hold now.
        at: now.
        progress: called now and then with the part that is done, 0 to 1.

    Raises:
        OptimizeError: there are too few reviews, or the extra is not installed.
    """
    events = tuple(events)
    steps = list(replay(events, Scheduler(settings)))
    count = sum(map(_tells, steps))
    if count < LEAST:
        raise OptimizeError(
            f"Fitting needs {LEAST} reviews of cards that were asked on an earlier day too; there are {count}. "
            "Until then the usual parameters, fitted to many thousands of learners, are the better guess."
        )
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise OptimizeError(f"Fitting needs {' and '.join(missing)}. Install with: pip install 'reparam[optimizer]'")
    fitted = _fitted(steps, progress)
    after = log_loss(replay(events, Scheduler(replace(settings, parameters=fitted))))
    before = log_loss(steps)
    fit = Fit(at.astimezone(UTC).isoformat(timespec="seconds"), count, before, after, fitted)
    return Outcome(fit, after < before)


def keep(folder: Path, fit: Fit) -> None:
    """Let a fit hold from now on.

    Raises:
        SettingsError: it cannot be written; the old parameters still hold.
    """
    write_fits(folder, [*read_fits(folder), fit])


def take_back(folder: Path) -> Fit | None:
    """Go back to the parameters before the last fit; gives the fit that no longer holds, None when there was none.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    fits = read_fits(folder)
    if not fits:
        return None
    write_fits(folder, fits[:-1])
    return fits[-1]


def log_loss(steps: Iterable[Step]) -> float:
    """How surprised the memory model was by the answers: the mean of −ln p, in nats; 0 where nothing tells.

    Only answers on a later day than the one before count, as in `fsrs`.

    Args:
        steps: reviews, replayed with the parameters in question.
    """
    losses = []
    for step in steps:
        if _tells(step):
            recalled = step.event.rating is not Rating.AGAIN
            chance = step.recall if recalled else 1 - step.recall
            losses.append(-math.log(max(chance, _SMALLEST)))
    return sum(losses) / len(losses) if losses else 0.0


def _tells(step: Step) -> bool:
    """Whether a review says something about forgetting: it came a learner's day or more after the one before."""
    last = step.before.last_day
    return step.before.phase is not Phase.NEW and last is not None and step.event.day > last


def _fitted(steps: Iterable[Step], progress: Callable[[float], None]) -> tuple[float, ...]:
    from fsrs import Optimizer

    optimizer = Optimizer(list(_logs(steps)))
    # The optimizer tells nothing of its progress, but it looks up each card's history once for counting, then twice
    # in every epoch. Should that ever change, the bar jumps; nothing else does.
    histories = optimizer._revlogs_train
    optimizer._revlogs_train = _Counted(histories, len(histories) * (1 + 2 * _EPOCHS), progress)
    parameters = optimizer.compute_optimal_parameters()
    progress(1.0)
    return tuple(float(value) for value in parameters)


def _logs(steps: Iterable[Step]) -> Iterator[ReviewLog]:
    """The reviews as `fsrs` wants them, on the learner's days. A card that was reset begins as another one."""
    import fsrs

    number = day = 0
    for step in steps:
        new = step.before.phase is Phase.NEW
        number += new
        # Days only move on, or `fsrs` would sort the answers anew: where a day went back, it counts as the same.
        day = step.event.day if new else max(step.event.day, day)
        moment = datetime.fromordinal(day).replace(tzinfo=UTC)
        assert step.event.rating is not None
        yield fsrs.ReviewLog(number, fsrs.Rating(step.event.rating), moment, step.event.duration_ms or None)


class _Counted(dict[int, Any]):
    """A dict that tells how many of the expected look-ups have been made."""

    def __init__(self, items: dict[int, Any], expected: int, progress: Callable[[float], None]) -> None:
        super().__init__(items)
        self._expected = max(expected, 1)
        self._progress = progress
        self._made = 0

    def __getitem__(self, key: int) -> Any:
        self._made += 1
        self._progress(min(self._made / self._expected, 1.0))
        return super().__getitem__(key)
