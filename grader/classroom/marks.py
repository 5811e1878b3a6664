"""How the marks of a class are spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

FEW = 5
"""Of fewer students, no median and no percentage is told: each of them is a person, and no share of anything."""

TENTHS = 10


@dataclass(frozen=True)
class Marks:
    """The marks of some students.

    Args:
        max_points: what can be earned.
        points: what each of them earned, ascending.
        bins: how many earned 0–9 %, 10–19 %, …, 90–99 %, and everything.
        lower: a quarter earned this or less; None for fewer than 5 students.
        median: half earned this or less; likewise.
        upper: three quarters earned this or less; likewise.
    """

    max_points: int
    points: tuple[int, ...]
    bins: tuple[int, ...]
    lower: float | None
    median: float | None
    upper: float | None

    @classmethod
    def of(cls, points: Iterable[int], max_points: int) -> Marks:
        """The marks of some students.

        Args:
            points: what each earned.
            max_points: what each could earn.
        """
        found = sorted(points)
        bins = [0] * (TENTHS + 1)
        for earned in found:
            # Rounded down, so that the last bin holds those who have everything, and nobody else.
            bins[min(TENTHS * earned // max_points, TENTHS) if max_points else TENTHS] += 1
        quartiles: list[float] | list[None] = [None] * 3
        if len(found) >= FEW:
            quartiles = statistics.quantiles(found, n=4, method="inclusive")
        return cls(max_points, tuple(found), tuple(bins), *quartiles)


def bin_names() -> list[str]:
    """What the bins are called: ``0–9 %``, …, ``90–99 %``, ``100 %``."""
    return [f"{100 * i // TENTHS}–{100 * (i + 1) // TENTHS - 1} %" for i in range(TENTHS)] + ["100 %"]


def share(count: int, total: int) -> str:
    """A count with its share, where there are enough for one: ``17 of 43 (40 %)``, ``1 of 3``."""
    counted = f"{count} of {total}"
    return f"{counted} ({percent(count, total)} %)" if total >= FEW else counted


def percent(count: int, total: int) -> int:
    """A share in whole percent; 0 and 100 are for none and all, and reached by no rounding."""
    if count in (0, total):
        return 100 if count else 0
    return min(max(round(100 * count / total), 1), 99)
