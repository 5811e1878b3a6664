"""Generated points over their modes, drawn with characters."""

from __future__ import annotations

import math

from plotille import Canvas

from grader.render.page import Look
from grader.report import Scatter

ROWS = 15
_ASPECT = 2.0
"""A character is about twice as high as wide."""
_MARGIN = 1.25
FAIR_SHARE = 0.2
"""A mode is drawn as reached from this part of the points that it would have if all modes were equally likely."""


def scatter(picture: Scatter, look: Look, width: int) -> tuple[list[str], str]:
    """The points over their modes, and what the signs mean.

    Args:
        picture: what to draw.
        look: braille dots where the terminal can show them, else full stops.
        width: columns that there are.
    """
    width = min(width, int(ROWS * _ASPECT))
    reach = reach_of(picture)
    canvas = Canvas(width, round(width / _ASPECT), xmin=-reach, ymin=-reach, xmax=reach, ymax=reach)
    # Points beyond the edge would be drawn on no pixel anyway; their number is said instead.
    inside = [(x, y) for x, y in picture.points if max(abs(x), abs(y)) < reach]
    for x, y in inside:
        canvas.point(x, y, marker=None if look.unicode else ".")
    reached, missed = ("●", "○") if look.unicode else ("O", "x")
    hits = [is_reached(picture, center) for center in picture.centers]
    for (x, y), hit in zip(picture.centers, hits, strict=True):
        canvas.text(x, y, reached if hit else missed)
    # An empty braille cell is no blank: fonts draw it with eight faint rings.
    drawing = str(canvas.plot()).replace("\u2800", " ").split("\n")
    words = [f"{reached} {sum(hits)} of {len(hits)} modes reached"]
    words += [f"{missed} {len(hits) - sum(hits)} missed"] if not all(hits) else []
    beyond = len(picture.points) - len(inside)
    words += [f"{beyond} of {len(picture.points)} points lie outside the picture"] if beyond else []
    return drawing, ", ".join(words)


def reach_of(picture: Scatter) -> float:
    """How far a picture reaches from the middle to each side: beyond its modes, wherever its points are."""
    return _MARGIN * max((abs(value) for center in picture.centers for value in center), default=1.0) or 1.0


def is_reached(picture: Scatter, center: tuple[float, float]) -> bool:
    """Whether enough points lie in a mode's circle."""
    near = sum(math.dist(point, center) <= picture.radius for point in picture.points)
    return near >= max(1.0, FAIR_SHARE * len(picture.points) / len(picture.centers))
