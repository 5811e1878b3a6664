"""Pictures that a check draws: tensors on its side, plain numbers on the way to whoever shows them.

What is drawn may be a learner's and is believed in nothing: whatever is no finite number is left out, every size is
capped, and what cannot be drawn at all is no picture. A picture never makes a check fail.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import adaptive_avg_pool2d

from grader import drawings
from grader.text import one_line

POINTS = 500
"""As many points as a terminal can tell apart."""
STEPS = 200
"""Points of a line; a longer one is averaged over equal runs."""
LINES, FLOORS = 6, 4
IMAGES, SIDE = 100, 32
ROWS = 12
"""Of a comparison: no more than the evidence of a failed check shows in words."""
LARGEST = 1e30
"""What is beyond it would overflow in whoever draws it, and counts as infinite."""
_READ = 1_000_000
"""Numbers of one value that are looked at: more is no picture."""
_WORDS = 100


@dataclass(frozen=True)
class Scatter:
    """Points of a plane over the centers of its modes.

    Args:
        title: what is to be seen.
        points: (N, 2).
        centers: (K, 2).
        radius: distance from a center within which a point belongs to its mode.
    """

    title: str
    points: Any
    centers: Any
    radius: float

    def picture(self) -> drawings.Scatter | None:
        """Its plain form: at most 500 of the points."""
        points, centers, radius = _pairs(self.points), _pairs(self.centers), float(self.radius)
        if points is None or centers is None or not abs(radius) <= LARGEST:
            return None
        # Not every k-th point: points that stand in the order of their modes would lose whole modes.
        chosen = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:POINTS]
        shown, modes = (_tuples(part.round(decimals=4)) for part in (points[chosen], centers[:POINTS]))
        return drawings.Scatter(_words(self.title), shown, modes, round(radius, 4))


@dataclass(frozen=True)
class Curves:
    """Lines over a common axis: how a training went.

    Args:
        title: what is to be seen.
        series: the values of each line by its name.
        x: where they stand, ascending; 0, 1, 2, … when None.
        x_label: what runs to the right.
        y_label: what goes up, with its unit.
        floors: horizontal lines by name, in units of y: ``{"data entropy ln 16": math.log(16)}``.
    """

    title: str
    series: Mapping[str, Any]
    x: Any = None
    x_label: str = "step"
    y_label: str = "loss"
    floors: Mapping[str, float] = field(default_factory=dict)

    def picture(self) -> drawings.Curves | None:
        """Its plain form: at most 200 points a line, None without any."""
        lines = (self._line(name, values) for name, values in itertools.islice(self.series.items(), LINES))
        series = tuple(line for line in lines if line is not None)
        if not series:
            return None
        floors = tuple(
            drawings.Floor(_words(name), _significant(value))
            for name, value in itertools.islice(self.floors.items(), FLOORS)
            if abs(value) <= LARGEST
        )
        return drawings.Curves(_words(self.title), _words(self.x_label), _words(self.y_label), series, floors)

    def _line(self, name: str, values: Any) -> drawings.Series | None:
        y = _numbers(values)
        x = _numbers(self.x) if self.x is not None else None if y is None else torch.arange(y.numel()).double()
        if x is None or y is None:
            return None
        length = min(x.numel(), y.numel())
        line = torch.stack([x.reshape(-1)[:length], y.reshape(-1)[:length]])
        line = line[:, _finite(line).all(dim=0)]
        line = line[:, line[0].argsort(stable=True)]
        if line.shape[1] > STEPS:
            line = torch.stack([run.mean(dim=1) for run in line.tensor_split(STEPS, dim=1)], dim=1)
        if not line.numel():
            return None
        x_values, y_values = ([_significant(value) for value in row] for row in line.tolist())
        return drawings.Series(_words(name), tuple(x_values), tuple(y_values))


@dataclass(frozen=True)
class Images:
    """Grey images side by side.

    Args:
        title: what is to be seen.
        images: (N, H, W) or (N, 1, H, W); values from 0 (no ink) to 1.
        columns: how many stand in a row.
    """

    title: str
    images: Any
    columns: int = 8

    def picture(self) -> drawings.Images | None:
        """Its plain form: the first 100, larger ones averaged down to 32×32."""
        images = _numbers(self.images)
        if images is not None and images.dim() == 4 and images.shape[1] == 1:
            images = images[:, 0]
        if images is None or images.dim() != 3:
            return None
        images = images[:IMAGES]
        images = images[_finite(images).all(dim=2).all(dim=1)]
        if not images.numel():
            return None
        height, width = images.shape[1:]
        if max(height, width) > SIDE:
            images = adaptive_avg_pool2d(images, (min(height, SIDE), min(width, SIDE)))
        shades = images.clamp(0, 1).round(decimals=2)
        return drawings.Images(_words(self.title), _tuples(shades), min(max(int(self.columns), 1), IMAGES))


@dataclass(frozen=True)
class Grid:
    """A matrix, some cells of which are wrong.

    Args:
        title: what is to be seen.
        values: (R, C).
        marked: (R, C), true where a cell is wrong.
        legend: what a mark means.
    """

    title: str
    values: Any
    marked: Any
    legend: str = ""

    def picture(self) -> drawings.Grid | None:
        """Its plain form: the first 32 rows and columns; None where a number is not finite."""
        values, wrong = _numbers(self.values), _numbers(self.marked)
        if values is None or wrong is None or values.dim() != 2 or wrong.shape != values.shape or not values.numel():
            return None
        values, wrong = values[:SIDE, :SIDE], wrong[:SIDE, :SIDE]
        if not _finite(values).all():
            return None
        marked = tuple((row, column) for row, column in wrong.nonzero().tolist())
        rows = tuple(tuple(_significant(value) for value in row) for row in values.tolist())
        return drawings.Grid(_words(self.title), rows, marked, _words(self.legend) if marked else "")


@dataclass(frozen=True)
class Comparison:
    """Numbers got beside the right ones, element by element.

    Args:
        title: what is compared.
        got: of any shape.
        expected: of the same shape.
        columns: headings of the element's place, of got and of expected.
    """

    title: str
    got: Any
    expected: Any
    columns: tuple[str, str, str] = ("element", "got", "expected")

    def picture(self) -> drawings.Comparison | None:
        """Its plain form: the first 12 elements."""
        got, expected = _numbers(self.got), _numbers(self.expected)
        if got is None or expected is None or got.shape != expected.shape or not got.numel():
            return None
        pairs = zip(got.reshape(-1)[:ROWS].tolist(), expected.reshape(-1)[:ROWS].tolist(), strict=True)
        places = itertools.product(*(range(size) for size in got.shape))
        rows = tuple(
            (_place(place), _number_or_none(one), _number_or_none(other))
            for place, (one, other) in zip(places, pairs, strict=False)
        )
        element, ours, theirs = self.columns
        return drawings.Comparison(_words(self.title), (_words(element), _words(ours), _words(theirs)), rows)


Drawable = Scatter | Curves | Images | Grid | Comparison


def drawn(pictures: Sequence[Drawable]) -> tuple[drawings.Picture, ...]:
    """The plain forms of pictures; those that cannot be drawn are left out."""
    plain = (picture.picture() for picture in pictures[: drawings.PICTURES])
    return tuple(picture for picture in plain if picture is not None)


def _numbers(value: Any) -> torch.Tensor | None:
    """Real numbers as float64, in their shape; None for anything else."""
    if isinstance(value, list | tuple) and len(value) > _READ:
        return None
    try:
        tensor = torch.as_tensor(value)
        if tensor.is_complex() or tensor.numel() > _READ:
            return None
        return tensor.detach().double()
    # What a list of anything can raise: ragged, no numbers, too large a number.
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _finite(values: torch.Tensor) -> torch.Tensor:
    return values.abs() <= LARGEST  # false for NaN too


def _pairs(value: Any) -> torch.Tensor | None:
    """Those of (N, 2) points that are finite."""
    points = _numbers(value)
    if points is None or points.dim() != 2 or points.shape[1] != 2:
        return None
    return points[_finite(points).all(dim=1)]


def _tuples(values: torch.Tensor) -> Any:
    return tuple(_tuples(part) for part in values) if values.dim() > 1 else tuple(values.tolist())


def _significant(value: float) -> float:
    return float(f"{value:.6g}")


def _number_or_none(value: float) -> float | None:
    return _significant(value) if abs(value) <= LARGEST else None


def _place(place: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, place))}]" if place else "value"


def _words(text: str) -> str:
    return one_line(text, _WORDS)
