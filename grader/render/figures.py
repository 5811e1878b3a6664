"""Points, grids and images of a report as geometry: what the templates write down, in units of a pixel of a phone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.render.axis import written
from grader.render.evidence import alike
from grader.render.png import contact_sheet
from grader.render.scatter import is_reached, reach_of
from grader.report import Grid, Images, Scatter

_DIGIT = 7.0  # as wide as a character of a grid may be
_NUMBERED = 12  # columns of a grid whose cells have room for their numbers


@dataclass(frozen=True)
class Circle:
    """A mode: its middle, and whether enough points lie near it."""

    x: float
    y: float
    reached: bool


@dataclass(frozen=True)
class Plane:
    """Points over their modes, on a canvas of ``size`` × ``size``."""

    size: float
    radius: float
    circles: tuple[Circle, ...]
    points: tuple[tuple[float, float], ...]
    reached: int
    outside: int


def plane(picture: Scatter, size: float = 280) -> Plane:
    """Lay out points over their modes; those beyond the edge are counted."""
    reach = reach_of(picture)

    def spot(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return round((x / reach + 1) * size / 2, 1), round((1 - y / reach) * size / 2, 1)

    inside = [point for point in picture.points if max(map(abs, point)) < reach]
    circles = tuple(Circle(*spot(center), is_reached(picture, center)) for center in picture.centers)
    return Plane(
        size,
        round(max(picture.radius / reach * size / 2, 2.0), 1),
        circles,
        tuple(map(spot, inside)),
        sum(circle.reached for circle in circles),
        len(picture.points) - len(inside),
    )


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: where, how much ink (0 to 0.32), its number, and whether it is wrong."""

    x: int
    y: int
    ink: float
    text: str
    marked: bool


def _ink(value: float, most: float) -> float:
    # A third of the ink at most: the number stays readable on it.
    return round(0.32 * abs(value) / most, 3) if math.isfinite(value) else 0.0


@dataclass(frozen=True)
class Board:
    """A grid on a canvas of width × height; ``side`` is that of a cell."""

    width: int
    height: int
    side: int
    cells: tuple[Cell, ...]
    numbered: bool


def board(picture: Grid) -> Board:
    """Lay out a grid: the larger a number, whatever its sign, the darker its cell."""
    columns = max((len(row) for row in picture.values), default=0)
    texts = [[written(value) for value in row] for row in picture.values]
    longest = max((len(text) for row in texts for text in row), default=1)
    numbered = columns <= _NUMBERED and longest <= 6
    side = max(34, round(longest * _DIGIT) + 10) if numbered else max(6, min(24, 320 // max(columns, 1)))
    most = max((abs(value) for row in picture.values for value in row if math.isfinite(value)), default=0.0) or 1.0
    marked = set(picture.marked)
    cells = tuple(
        Cell(x * side, y * side, _ink(value, most), text, (y, x) in marked)
        for y, (row, words) in enumerate(zip(picture.values, texts, strict=True))
        for x, (value, text) in enumerate(zip(row, words, strict=True))
    )
    return Board(columns * side, len(picture.values) * side, side, cells, numbered)


def differ(got: float | None, expected: float | None) -> bool:
    """Whether the eye should go to these two numbers of a comparison; where one is missing, it should."""
    return got is None or expected is None or not alike(got, expected)


@dataclass(frozen=True)
class Sheet:
    """Images side by side in one file: its address, its size in pixels, and how large each is drawn."""

    address: str
    width: int
    height: int
    scale: int


def sheet(picture: Images) -> Sheet | None:
    """Lay out images; None where there are none."""
    if not picture.images or not picture.images[0] or not picture.images[0][0]:
        return None
    address, width, height = contact_sheet(picture.images, max(picture.columns, 1))
    return Sheet(address, width, height, max(1, min(8, 440 // width)))
