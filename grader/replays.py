"""What checks saw when they were replayed with a misconception: the same for all submissions with the same numbers.

A judge that stays keeps it for its copies, so that a class's common mistakes are replayed once, not for each student.
It decides which misconception is named, and no marks.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import torch

NUMBERS_KEPT = 4096
"""Of one replay; one with more is done again."""
BYTES_KEPT = 16 << 20
"""Of all replays, as text."""


class Replay(NamedTuple):
    """How a check failed with a misconception, reduced to what a learner's failure is compared with.

    Args:
        lines: of the check file, where the check stood.
        message: of the failed assertion.
        numbers: what the check held, in float64; None where that is no number.
        plain: the same in words, where it is no number.
    """

    lines: tuple[int, ...]
    message: str
    numbers: torch.Tensor | None
    plain: str | None


class Replays:
    """The replays of one seed and one student's numbers; those of others are forgotten."""

    def __init__(self) -> None:
        self._of: list[Any] = []
        self._known: dict[str, dict[str, Any]] = {}
        self._new: dict[str, dict[str, Any]] = {}
        self._size = 0

    def begin(self, seed: int, variant: int | None) -> None:
        """Grade with these numbers from now on."""
        if self._of != [seed, variant]:
            self._of, self._known, self._size = [seed, variant], {}, 0

    def get(self, check: str, misconception: str) -> tuple[bool, Replay | None]:
        """Whether this was replayed, and how it failed; None where the check passed."""
        known = self._known.get(check, {})
        if misconception not in known:
            return False, None
        return True, _replay(known[misconception])

    def keep(self, check: str, misconception: str, replay: Replay | None) -> None:
        """Remember one."""
        if replay is not None and replay.numbers is not None and replay.numbers.numel() > NUMBERS_KEPT:
            return
        for where in (self._known, self._new):
            where.setdefault(check, {})[misconception] = _plain(replay)

    def news(self) -> bytes:
        """What was not known at the beginning."""
        return json.dumps({"of": self._of, "replays": self._new}).encode() if self._new else b""

    def hear(self, news: bytes) -> None:
        """Take what a copy found out."""
        if not news or self._size + len(news) > BYTES_KEPT:
            return
        told = json.loads(news)
        if told["of"] != self._of:
            self.begin(*told["of"])
        self._size += len(news)
        for check, found in told["replays"].items():
            self._known.setdefault(check, {}).update(found)


def _plain(replay: Replay | None) -> list[Any] | None:
    if replay is None:
        return None
    numbers = replay.numbers
    held = None if numbers is None else [list(numbers.shape), numbers.reshape(-1).tolist()]
    return [list(replay.lines), replay.message, held, replay.plain]


def _replay(plain: list[Any] | None) -> Replay | None:
    if plain is None:
        return None
    lines, message, held, words = plain
    numbers = None if held is None else torch.tensor(held[1], dtype=torch.float64).reshape(held[0])
    return Replay(tuple(lines), message, numbers, words)
