"""A diagram of a training, drawn with characters: its curve, and the floor that it may not fall below."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from grader.render.page import Look
from grader.report import Curves, Series
from grader.text import one_line

ROWS, WIDEST = 8, 56
_MARKS, _PLAIN_MARKS = "●○×+△□", "ox+*#@"
_EARLY = 0.03
"""Share of a training whose values do not stretch the axis: a loss mostly begins far above where anything happens."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille character, by column and row of its dots."""


def curves(picture: Curves, look: Look, width: int) -> tuple[list[str], str]:
    """The curves over their floors, with axes; and the legend.

    Args:
        picture: what to draw.
        look: one curve is drawn with braille dots where the terminal can show them, several with a mark each.
        width: columns that there are.
    """
    low, high = _range(picture)
    ends = [f"{_rounded(value, high - low):.3g}" for value in (high, low)]
    label = max(map(len, ends))
    width = min(width - label - 2, WIDEST)
    left, right = (side(x for one in picture.series for x in one.x) for side in (min, max))
    cells = [[" "] * width for _ in range(ROWS)]
    for floor in picture.floors:
        # With gaps, in which a curve that runs along its floor is still seen.
        cells[_place(floor.value, low, high, ROWS)][::3] = ("┄" if look.unicode else "-") * len(range(0, width, 3))
    if len(picture.series) == 1 and look.unicode:
        _dotted(cells, picture.series[0], (left, right), (low, high))
    else:
        marks = _MARKS if look.unicode else _PLAIN_MARKS
        for one, mark in reversed(list(zip(picture.series, marks, strict=False))):  # the first lies on top
            for column, y in _along(one, left, right, width):
                cells[_place(y, low, high, ROWS)][column] = mark
    side, corner, line = "│└─" if look.unicode else "|+-"
    labels = [ends[0], *[""] * (ROWS - 2), ends[1]]
    drawing = [f"{text:>{label}} {side}{''.join(row)}" for text, row in zip(labels, cells, strict=True)]
    words = [f" {_step(left, right - left)} ", f" {_step(right, right - left)} {one_line(picture.x_label, 20)}"]
    axis = f"{' ' * label} {corner}{words[0]}{line * (width - sum(map(len, words)))}{words[1]}"
    return [*drawing, axis], _legend(picture, look)


def _range(picture: Curves) -> tuple[float, float]:
    begin, end = (side(x for one in picture.series for x in one.x) for side in (min, max))
    late = [
        y for one in picture.series for x, y in zip(one.x, one.y, strict=True) if x >= begin + _EARLY * (end - begin)
    ]
    shown = [floor.value for floor in picture.floors] + (late or [y for one in picture.series for y in one.y])
    low, high = min(shown), max(shown)
    return (low, high) if high > low else (low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1))


def _rounded(value: float, span: float) -> float:
    """0 for what is nothing beside the length of the axis."""
    return 0.0 if abs(value) < 1e-3 * span else value


def _step(value: float, span: float) -> str:
    """A whole number on a long axis: a curve that was averaged stands between its steps."""
    return f"{value:.0f}" if 10 <= span < 1e6 else f"{_rounded(value, span):.3g}"


def _place(value: float, low: float, high: float, rows: int) -> int:
    """The row, counted from above, of a value; beyond the edge it is the row at the edge."""
    share = (min(max(value, low), high) - low) / (high - low)
    return round((1 - share) * (rows - 1))


def _along(series: Series, left: float, right: float, columns: int) -> Iterator[tuple[int, float]]:
    """The height of a curve in each column that it passes."""
    for column in range(columns):
        x = left + (right - left) * (column + 0.5) / columns
        after = bisect_right(series.x, x)
        if len(series.x) == 1 or left == right:
            yield column, series.y[0]
        elif 0 < after < len(series.x):
            x0, x1, y0, y1 = *series.x[after - 1 : after + 1], *series.y[after - 1 : after + 1]
            yield column, y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _dotted(cells: list[list[str]], series: Series, across: tuple[float, float], upright: tuple[float, float]) -> None:
    """Draw one curve with braille dots, without a gap where it is steep."""
    rows, columns = 4 * len(cells), 2 * len(cells[0])
    bits = [[0] * len(cells[0]) for _ in cells]
    before: int | None = None
    for column, y in _along(series, *across, columns):
        row = _place(y, *upright, rows)
        first, last = sorted((row, before if before is not None else row))
        for dot in range(first, last + 1):
            bits[dot // 4][column // 2] |= _DOTS[column % 2][dot % 4]
        before = row
    for line, found in zip(cells, bits, strict=True):
        line[:] = [chr(0x2800 + bit) if bit else cell for cell, bit in zip(line, found, strict=True)]


def _legend(picture: Curves, look: Look) -> str:
    marks = _MARKS if look.unicode else _PLAIN_MARKS
    only = picture.series[0] if len(picture.series) == 1 else None
    if only is not None:
        parts = [f"{one_line(only.name)}: {only.y[0]:.4g} at first, {only.y[-1]:.4g} at last"]
    else:
        parts = [f"{mark} {one_line(one.name)}" for one, mark in zip(picture.series, marks, strict=False)]
    dash = "┄" if look.unicode else "-"
    return "; ".join([*parts, *(f"{dash} {one_line(floor.name)}: {floor.value:.4g}" for floor in picture.floors)])
