"""What a check drew, as plain numbers: part of a verdict, read by everything that shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Scatter:
    """Points of a plane over the centers of its modes, each with the circle that counts as near.

    Args:
        title: what is to be seen.
        points: (x, y), at most 500.
        centers: (x, y) of each mode.
        radius: of the circle around each center.
    """

    title: str
    points: tuple[tuple[float, float], ...]
    centers: tuple[tuple[float, float], ...]
    radius: float
    kind: Literal["scatter"] = field(default="scatter", init=False)


@dataclass(frozen=True)
class Series:
    """One line of a diagram: as many ``y`` as ``x``, at most 200; ``x`` ascends."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Floor:
    """A horizontal line that means something, such as an entropy that no honest loss falls below.

    Args:
        name: ``data entropy ln 16``.
        value: in units of y.
    """

    name: str
    value: float


@dataclass(frozen=True)
class Curves:
    """A diagram: how a training went.

    Args:
        title: what is to be seen.
        x_label: what runs to the right, ``step``.
        y_label: what goes up, with its unit, ``loss (nats)``.
        series: at most 6 lines.
        floors: at most 4 horizontal lines.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    floors: tuple[Floor, ...]
    kind: Literal["curves"] = field(default="curves", init=False)


@dataclass(frozen=True)
class Images:
    """Grey images side by side.

    Args:
        title: what is to be seen.
        images: at most 100, each H×W of at most 32×32, values from 0 (no ink) to 1; all of one size.
        columns: how many stand in a row.
    """

    title: str
    images: tuple[tuple[tuple[float, ...], ...], ...]
    columns: int
    kind: Literal["images"] = field(default="images", init=False)


@dataclass(frozen=True)
class Grid:
    """A matrix of numbers, some cells of which are wrong.

    Args:
        title: what is to be seen.
        values: rows of one length, at most 32×32.
        marked: (row, column) of the cells that are wrong.
        legend: what a mark means; empty where nothing is marked.
    """

    title: str
    values: tuple[tuple[float, ...], ...]
    marked: tuple[tuple[int, int], ...]
    legend: str
    kind: Literal["grid"] = field(default="grid", init=False)


@dataclass(frozen=True)
class Comparison:
    """Numbers got beside the right ones.

    Args:
        title: what is compared.
        columns: headings of label, got and expected.
        rows: label, got, expected; at most 12. None where there is no finite number.
    """

    title: str
    columns: tuple[str, str, str]
    rows: tuple[tuple[str, float | None, float | None], ...]
    kind: Literal["comparison"] = field(default="comparison", init=False)


Picture = Scatter | Curves | Images | Grid | Comparison

PICTURES = 6
"""As many as one check can leave in its result."""


def picture_from_json(data: Mapping[str, Any]) -> Picture:
    """Read the JSON form of a picture, the dataclass as an object.

    Raises:
        ValueError: there is no picture of this ``kind``.
    """
    fields = {name: _frozen(value) for name, value in data.items() if name != "kind"}
    match data["kind"]:
        case "scatter":
            return Scatter(**fields)
        case "curves":
            fields["series"] = tuple(
                Series(one["name"], _frozen(one["x"]), _frozen(one["y"])) for one in data["series"]
            )
            fields["floors"] = tuple(Floor(**one) for one in data["floors"])
            return Curves(**fields)
        case "images":
            return Images(**fields)
        case "grid":
            return Grid(**fields)
        case "comparison":
            return Comparison(**fields)
        case kind:
            raise ValueError(f"no picture is a {kind!r}")


def _frozen(value: Any) -> Any:
    """Lists of JSON as tuples, all the way down."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value
