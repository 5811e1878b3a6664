"""Thousands of answers, given to Anki itself too: the same days, the same memories.

Anki is AGPL and no dependency of ours. To run this: `apt-get install faketime`, and either install `anki` beside us or,
better, into an environment of its own, `python3 -m venv /tmp/anki && /tmp/anki/bin/pip install anki`, named in
REPARAM_ANKI_PYTHON=/tmp/anki/bin/python.
"""

from __future__ import annotations

import heapq
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS

from flashcards.clock import DAY_MS, HOUR_MS, learner_day
from flashcards.schedule import NEW, Memory, Phase, Rating, Scheduler, Settings

pytestmark = pytest.mark.slow

PYTHON = os.environ.get("REPARAM_ANKI_PYTHON")
if PYTHON is None:
    pytest.importorskip("anki")
    PYTHON = sys.executable
CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
if not CLOCKS:
    pytest.skip("needs libfaketime (apt-get install faketime)", allow_module_level=True)

START = 1_700_000_000_000
CARDS = 80

Answer = tuple[str, int, int]


def a_life(settings: Settings, seed: int, count: int) -> list[tuple[Answer, Memory]]:
    """Cards of one learner over years: asked when due, late, early, in the midst of learning steps or days after."""
    draw = random.Random(seed)  # noqa: S311  a test's chance must repeat
    scheduler = Scheduler(settings)
    waiting = [(START + draw.randrange(20 * DAY_MS), f"card{number}") for number in range(CARDS)]
    heapq.heapify(waiting)
    memories: dict[str, Memory] = {}
    life: list[tuple[Answer, Memory]] = []
    while len(life) < count:
        at_ms, card = heapq.heappop(waiting)
        if 1 <= at_ms // HOUR_MS % 24 < 5:
            # For its own tests Anki shifts the clock in these hours.
            heapq.heappush(waiting, (at_ms + 5 * HOUR_MS, card))
            continue
        rating = draw.choices(list(Rating), [15, 15, 50, 20])[0]
        before = memories.get(card, NEW)
        memory = memories[card] = scheduler.review(before, rating, at_ms, learner_day(at_ms, 0), card)
        life.append(((card, int(rating), at_ms), memory))
        if memory.phase is Phase.REVIEW:
            late = draw.randrange(memory.interval + 10) * DAY_MS if draw.random() < 0.3 else 0
            early = draw.randrange(memory.interval) * DAY_MS if draw.random() < 0.1 else 0
            following = max(memory.due_ms + late - early + draw.randrange(-6, 10) * HOUR_MS, at_ms + HOUR_MS)
        else:
            following = memory.due_ms + draw.randrange(4 * DAY_MS if draw.random() < 0.2 else HOUR_MS)
        # A card that is known for decades makes room for a new one.
        if following > START + 3000 * DAY_MS:
            following, card = at_ms + draw.randrange(DAY_MS), f"card{CARDS + len(life)}"
        heapq.heappush(waiting, (following, card))
    return life


def in_anki(settings: Settings, answers: list[Answer], folder: Path) -> list[tuple[float, float, int | None]]:
    clock = folder / "clock"
    clock.write_text("2020-01-01 10:00:00")
    script = {
        "answers": answers,
        "config": {
            "desiredRetention": settings.retention,
            "fsrsParams6": settings.parameters or DEFAULT_PARAMETERS,
            "new": {"delays": [step / 60 for step in settings.learning_steps], "perDay": 9999},
            "rev": {"maxIvl": settings.maximum_interval, "perDay": 9999},
            "lapse": {"delays": [step / 60 for step in settings.relearning_steps], "leechFails": 9999},
        },
    }
    environment = os.environ | {
        "ANKI_TEST_MODE": "1",  # no fuzz
        "TZ": "UTC",
        "LD_PRELOAD": str(CLOCKS[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [PYTHON, str(Path(__file__).with_name("anki_backend.py"))]
    done = subprocess.run(
        command, input=json.dumps(script), env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return [tuple(result) for result in json.loads(done.stdout)]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (Settings(fuzz=False), 3000),
        (Settings(fuzz=False, retention=0.8, maximum_interval=365), 2000),
        (Settings(fuzz=False, retention=0.95, learning_steps=(600,), relearning_steps=(60, 600)), 2000),
        (
            Settings(
                fuzz=False,
                learning_steps=(60, 600, 7200),
                parameters=tuple(round(value * 1.1, 4) for value in DEFAULT_PARAMETERS),
            ),
            2000,
        ),
    ],
    ids=["usual", "a year at most", "other steps", "other parameters"],
)
def test_anki_agrees(
    settings: Settings, count: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    life = a_life(settings, seed=count, count=count)
    results = in_anki(settings, [answer for answer, _ in life], tmp_path)
    intervals = equal = 0
    worst_stability = worst_difficulty = 0.0
    for (answer, memory), (stability, difficulty, interval) in zip(life, results, strict=True):
        assert (memory.phase is Phase.REVIEW) == (interval is not None), answer
        worst_stability = max(worst_stability, abs(stability / memory.stability - 1))
        worst_difficulty = max(worst_difficulty, abs(difficulty - memory.difficulty))
        if interval is not None:
            intervals += 1
            equal += interval == memory.interval
    record_property("figures", (count, intervals, equal, worst_stability, worst_difficulty))
    assert len({memory.phase for _, memory in life}) == 3
    assert intervals > count / 2
    assert equal >= 0.999 * intervals
    # Anki reckons with 32-bit floats: where both round, to four and three places, the last digit may differ.
    assert worst_stability < 5e-3
    assert worst_difficulty < 5e-3
