"""Curves of a report as geometry: what a template writes down as SVG, in units of a pixel of a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.render.axis import Axis, Tick, written
from grader.report import Curves, Floor, Series
from grader.text import one_line

WIDTH, HEIGHT = 400, 240
_TOP, _RIGHT, _BOTTOM = 12, 12, 30
_DIGIT = 7.0  # as wide as a character of the axis may be
_HUGE = 1e100  # beyond it, distances of numbers are no numbers any more
_FLOOR_NAME = 36  # characters for which a diagram is wide enough


@dataclass(frozen=True)
class Mark:
    """A tick on the canvas."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A series: its name, and its pieces as the path of an SVG. It breaks where a number is missing."""

    name: str
    path: str
    ends: str


@dataclass(frozen=True)
class Ground:
    """A floor: where it lies, and where its words stand."""

    at: float
    words_at: float
    words: str


@dataclass(frozen=True)
class Diagram:
    """Curves over their axes, on a canvas of WIDTH × HEIGHT.

    Args:
        left: where the axes begin, from the left.
        right: where they end.
        top: likewise, from the top.
        bottom: likewise.
        across: the numbers along the bottom.
        up: those along the left.
        lines: the series.
        floors: the horizontal lines.
        logarithmic: whether equal factors, not equal steps, are equal distances upwards.
        says: the same for who does not see it.
    """

    left: float
    right: float
    top: float
    bottom: float
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    lines: tuple[Line, ...]
    floors: tuple[Ground, ...]
    logarithmic: bool
    says: str


def lay_out(picture: Curves) -> Diagram:
    """Lay out curves: a wide range of positive numbers logarithmically, and every floor in sight."""
    series = [_drawable(one) for one in picture.series]
    floors = [floor for floor in picture.floors if abs(floor.value) < _HUGE]
    heights = [y for one in series for _, y in one if y is not None] + [floor.value for floor in floors]
    upward = Axis.around(heights, margin=0.1, may_be_logarithmic=True)
    steps = [x for one in series for x, _ in one]
    # A training whose first number is that of a few steps began at 0 all the same.
    onward = Axis.around([0.0, *steps] if 0 < min(steps, default=0) < 0.1 * max(steps) else steps)
    rows, columns = upward.ticks(), onward.ticks()
    left = 12 + _DIGIT * max((len(tick.label) for tick in rows), default=1)
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def x_of(place: float) -> float:
        return round(left + place * (right - left), 1)

    def y_of(place: float) -> float:
        return round(bottom - place * (bottom - _TOP), 1)

    def spot(x: float, y: float) -> str:
        return f"{x_of(onward.place(x))} {y_of(upward.place(y))}"

    lines = []
    for one, points in zip(picture.series, series, strict=True):
        pieces = _pieces(points)
        path = "".join("M" + "L".join(spot(x, y) for x, y in piece) for piece in pieces if len(piece) > 1)
        # A number with no neighbour is a dot: a line of no length, drawn with a round end.
        path += "".join(f"M{spot(*piece[0])}h0" for piece in pieces if len(piece) == 1)
        lines.append(Line(one.name, path, _ends(points)))
    return Diagram(
        left,
        right,
        _TOP,
        bottom,
        tuple(_mark(tick, x_of(tick.place)) for tick in columns),
        tuple(_mark(tick, y_of(tick.place)) for tick in rows),
        tuple(lines),
        _grounds(floors, [y_of(upward.place(floor.value)) for floor in floors]),
        upward.logarithmic,
        "; ".join([f"{line.name} {line.ends}" for line in lines] + [_floor_words(floor) for floor in floors]),
    )


def _drawable(series: Series) -> list[tuple[float, float | None]]:
    """The points of a series; None where y is not a number that can be drawn."""
    pairs = zip(series.x, series.y, strict=False)
    return [(x, y if abs(y) < _HUGE else None) for x, y in pairs if abs(x) < _HUGE]


def _pieces(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Runs of neighbours that are numbers."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if piece]


def _ends(points: Sequence[tuple[float, float | None]]) -> str:
    """Where a line begins and ends."""
    values = [y for _, y in points if y is not None]
    if not values:
        return "has no finite number"
    if len(values) == 1:
        return f"is {written(values[0])}"
    return f"goes from {written(values[0])} to {written(values[-1])}"


def _mark(tick: Tick, at: float) -> Mark:
    return Mark(at, tick.label)


def _floor_words(floor: Floor) -> str:
    name, number = one_line(floor.name, _FLOOR_NAME), written(floor.value)
    return name if number in name else f"{name} = {number}"


def _grounds(floors: Sequence[Floor], heights: Sequence[float]) -> tuple[Ground, ...]:
    """Floors with their words above them; where two lie close together, the lower one's words stand below it."""
    grounds: list[Ground] = []
    for floor, at in zip(floors, heights, strict=True):
        crowded = any(0 < at - other < 18 for other in heights)
        below = crowded or at - _TOP < 16
        grounds.append(Ground(at, round(at + (14 if below else -5), 1), _floor_words(floor)))
    return tuple(grounds)
