"""How long a learner waits for the first card: the whole process in a terminal, with ten thousand answers behind it."""

from __future__ import annotations

import os
import pty
import statistics
import sys
import tempfile
import time
from pathlib import Path

from page import Row

from flashcards.clock import DAY_MS, learner_day, now
from flashcards.deck import OWN_DECKS, load
from flashcards.events import Event, EventKind
from flashcards.schedule import Rating
from flashcards.store import FILE, Store

EVENTS = 10_000
_AGO = 400
"""Days since the last of them: every card is due."""
_DRAWN = b"\x1b[J"
"""What a screen of the drill ends with."""


def rows(runs: int) -> list[Row]:
    """The table's rows: what, measured, ratio, promised."""
    with tempfile.TemporaryDirectory() as folder:
        cards = _history(Path(folder))
        # As for who has installed it: compiled once, in the first run.
        environment = {**os.environ, "REPARAM_DATA": folder, "TERM": "xterm-256color", "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [str(Path(sys.executable).with_name("flashcards"))]
        empty = [sys.executable, "-c", "print('ready')"]
        _until_shown(command, _DRAWN, environment)
        first = statistics.median(_until_shown(command, _DRAWN, environment) for _ in range(runs))
        bare = statistics.median(_until_shown(empty, b"ready", environment) for _ in range(runs))
    what = f"first flashcard: {cards} cards, {EVENTS} answers; against an empty Python"
    return [(what, f"{1000 * first:.0f} ms", f"{first / bare:.1f} ×", "≤ 150 ms")]


def _history(folder: Path) -> int:
    """Answers to every card, over the last months; how many cards there are."""
    cards = list(load([OWN_DECKS]).cards)
    at_ms, offset = now()
    rounds = EVENTS // len(cards) + 1
    answers = [
        (at_ms - (_AGO + 5 * (rounds - number)) * DAY_MS + place * 1000, card)
        for number in range(rounds)
        for place, card in enumerate(cards)
    ][:EVENTS]
    with Store.open(folder / FILE) as store:
        store.add(
            Event(f"e{n}", "bench", EventKind.REVIEW, card, ms, offset, learner_day(ms, offset), Rating.GOOD, 5000)
            for n, (ms, card) in enumerate(answers)
        )
    return len(cards)


def _until_shown(command: list[str], text: bytes, environment: dict[str, str]) -> float:
    """Seconds from the start of a program until its terminal shows a text."""
    started = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, environment)  # noqa: S606  our own program
    shown = b""
    while text not in shown:
        shown += os.read(terminal, 65536)
    seconds = time.perf_counter() - started
    os.close(terminal)  # hangs up: the drill ends
    os.waitpid(child, 0)
    return seconds


if __name__ == "__main__":
    for row in rows(7):
        print(*row, sep="  ")
