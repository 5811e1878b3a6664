"""Counts as bars over their axis, in the units of a canvas; a template turns this into SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.render.axis import Axis
from grader.render.diagram import Mark

WIDTH, HEIGHT = 400, 170
_TOP, _RIGHT, _BOTTOM, _LEFT = 20, 4, 24, 34
_GAP = 3.0


@dataclass(frozen=True)
class Bar:
    """One bar: its rectangle, the middle of it, and the count above it; 0 is no bar."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    count: int
    label: str


@dataclass(frozen=True)
class Bars:
    """Bars on a canvas of WIDTH × HEIGHT.

    Args:
        left: where the axis begins, from the left.
        right: where it ends.
        bottom: where it lies, from the top.
        up: whole numbers along the left.
        bars: one for each count.
        says: the same for who does not see it.
    """

    left: float
    right: float
    bottom: float
    up: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    says: str


def lay_out(names: Sequence[str], labels: Sequence[str], counts: Sequence[int]) -> Bars:
    """Lay out counts side by side.

    Args:
        names: what each count is of, in words.
        labels: what stands below each bar.
        counts: 0 and more, one for each name.
    """
    axis = Axis(0.0, float(max([1, *counts])))
    left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
    step = (right - left) / max(len(counts), 1)
    bars = []
    for place, (label, count) in enumerate(zip(labels, counts, strict=True)):
        x, height = left + place * step, axis.place(count) * (bottom - _TOP)
        bars.append(
            Bar(
                round(x + _GAP / 2, 1), round(bottom - height, 1), round(step - _GAP, 1), round(height, 1),
                round(x + step / 2, 1), count, label,
            )
        )  # fmt: skip
    ticks = [tick for tick in axis.ticks(3) if tick.label.isdecimal()]  # nobody is half a student
    says = ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True) if count)
    marks = tuple(Mark(round(bottom - tick.place * (bottom - _TOP), 1), tick.label) for tick in ticks)
    return Bars(left, right, bottom, marks, tuple(bars), says or "none")
