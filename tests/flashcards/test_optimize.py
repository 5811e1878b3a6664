"""Fitting FSRS to a learner whose true parameters we know."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS
from stores import START

from flashcards.clock import DAY_MS, HOUR_MS, learner_day
from flashcards.errors import OptimizeError
from flashcards.events import Event, EventKind
from flashcards.fold import replay
from flashcards.optimize import LEAST, keep, log_loss, optimize, take_back
from flashcards.parameters import read_fits
from flashcards.schedule import NEW, Rating, Scheduler, Settings
from flashcards.settings import read_settings

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def reviews(cards: int, each: int) -> list[Event]:
    """A learner who forgets faster than most, and comes when the usual parameters say so."""
    draw = random.Random(7)  # noqa: S311  a test's chance must repeat
    truth = list(DEFAULT_PARAMETERS)
    truth[2], truth[8], truth[20] = 0.4, 0.9, 0.6
    head, usual = Scheduler(Settings(parameters=tuple(truth))), Scheduler()
    events = []
    for card in range(cards):
        real = planned = NEW
        at_ms = START + draw.randrange(30 * DAY_MS)
        for number in range(each):
            day = learner_day(at_ms, 0)
            recall = head.retrievability(real, day) if number else 0.7
            rating = Rating.GOOD if draw.random() < recall else Rating.AGAIN
            real, planned = (s.review(m, rating, at_ms, day, "c") for s, m in ((head, real), (usual, planned)))
            events.append(Event(f"{card}-{number}", "d", EventKind.REVIEW, f"card{card}", at_ms, 0, day, rating, 1000))
            at_ms = max(planned.due_ms, at_ms + HOUR_MS) + draw.randrange(HOUR_MS)
    return events


def test_below_512_reviews_it_refuses_and_says_why() -> None:
    with pytest.raises(OptimizeError, match=r"needs 512 reviews.*there are [0-9]{1,3}\..*usual parameters"):
        optimize(reviews(30, 8), Settings(), NOW)
    with pytest.raises(OptimizeError, match="there are 0"):
        optimize([], Settings(), NOW)


def test_refusing_costs_no_torch() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from flashcards.optimize import optimize\n"
        "from flashcards.schedule import Settings\n"
        "try: optimize([], Settings(), datetime.now(UTC))\n"
        "except Exception as error: sys.exit('torch' in sys.modules or 'needs 512' not in str(error))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """A real interpreter that finds no pandas: the packages lie elsewhere than usual."""
    code = f"""
import importlib.machinery, sys
find = importlib.machinery.PathFinder.find_spec
class Without(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in ("pandas", "tqdm") else find(name, path, target)
sys.meta_path = [found for found in sys.meta_path if found is not importlib.machinery.PathFinder] + [Without]
sys.path.insert(0, {str(Path(__file__).parent)!r}); sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
import test_optimize as t
"""
    code += "t.optimize(t.reviews(90, 9), t.Settings(), t.NOW)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "OptimizeError: Fitting needs pandas and tqdm. Install with: pip install 'reparam[optimizer]'" in done.stderr


def test_log_loss_is_what_its_name_says() -> None:
    events = reviews(3, 6)
    losses = [
        -math.log(step.recall if step.event.rating > 1 else 1 - step.recall)
        for step in replay(events, Scheduler())
        if step.before != NEW and step.event.day > step.before.last_day
    ]
    assert log_loss(replay(events, Scheduler())) == pytest.approx(sum(losses) / len(losses))
    assert log_loss([]) == 0


@pytest.mark.slow
def test_the_fit_knows_the_learner_better(tmp_path: Path) -> None:
    events = reviews(95, 9)
    seen: list[float] = []
    found = optimize(events, Settings(), NOW, seen.append)
    assert found.better
    assert found.fit.loss_after < found.fit.loss_before - 0.005
    assert found.fit.reviews >= LEAST
    assert seen == sorted(seen)
    assert len(seen) > 100
    assert 0 < seen[0] < 0.01
    assert seen[-1] == 1
    assert sum(part == 1 for part in seen) < 5, "the bar moves to the end, not only there"

    assert take_back(tmp_path) is None
    keep(tmp_path, found.fit)
    assert read_settings(tmp_path).scheduling.parameters == found.fit.parameters
    assert take_back(tmp_path) == found.fit
    assert read_fits(tmp_path) == ()
    assert read_settings(tmp_path).scheduling.parameters is None
