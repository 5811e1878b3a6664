"""Any picture as lines of text."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len, set_cell_size

from grader.render.curves import curves
from grader.render.images import images
from grader.render.page import Look
from grader.render.scatter import scatter
from grader.render.tables import comparison, grid
from grader.report import Comparison, Curves, Grid, Images, Picture, Scatter
from grader.text import one_line


def draw(picture: Picture, look: Look, indent: int = 4) -> list[str]:
    """The lines of a picture: its title, what is drawn, and what the signs mean. None is wider than the terminal.

    Args:
        picture: what to draw.
        look: what the terminal can show.
        indent: columns to leave free on the left.
    """
    width = look.width - indent
    drawing, legend = _drawn(picture, look, width)
    title = one_line(picture.title)
    if isinstance(picture, Curves) and picture.y_label:
        title += f": {one_line(picture.y_label)}"
    lines = [*textwrap.wrap(title, width), *drawing, *textwrap.wrap(legend, width)]
    return [_fitted(" " * indent + line, look) for line in lines]


def _drawn(picture: Picture, look: Look, width: int) -> tuple[list[str], str]:
    """What is drawn, and what its signs mean."""
    match picture:
        case Scatter():
            return scatter(picture, look, width)
        case Curves():
            return curves(picture, look, width)
        case Images():
            return images(picture, look, width)
        case Grid():
            return grid(picture, width)
        case Comparison():
            return comparison(picture, width), ""


def _fitted(line: str, look: Look) -> str:
    return (line if cell_len(line) <= look.width else set_cell_size(line, look.width)).rstrip()
