"""Numbers in rows: a matrix whose wrong cells stand in brackets, and numbers got beside the right ones."""

from __future__ import annotations

from grader.render.page import plural
from grader.report import Comparison, Grid
from grader.text import one_line

ROWS = 16
_NUMBER = 12
"""Columns of the longest number, ``-1.23457e+30``."""


def grid(picture: Grid, available: int) -> tuple[list[str], str]:
    """The rows of a matrix, and what the brackets mean.

    Args:
        picture: what to draw; rows and columns that do not fit are left out, and said to be.
        available: columns of the terminal that there are.
    """
    texts = [[f"{value:.3g}" for value in row] for row in picture.values[:ROWS]]
    width = max(len(text) for row in texts for text in row)
    columns = min(max(available // (width + 2), 1), len(picture.values[0]))
    marked = set(picture.marked)
    lines = [
        "".join(
            f"[{text:>{width}}]" if (row, column) in marked else f" {text:>{width}} "
            for column, text in enumerate(line[:columns])
        )
        for row, line in enumerate(texts)
    ]
    words = [f"[ ] {one_line(picture.legend)}"] if marked else []
    hidden = sum(row >= len(texts) or column >= columns for row, column in marked)
    words += [f"{plural(hidden, 'marked cell')} outside of what is shown"] if hidden else []
    if len(texts) < len(picture.values) or columns < len(picture.values[0]):
        words.append(f"{len(texts)} × {columns} of {len(picture.values)} × {len(picture.values[0])} cells")
    return lines, ", ".join(words)


def comparison(picture: Comparison, available: int) -> list[str]:
    """A table with three columns; the first gives way where there is no room for all."""
    rows = [picture.columns, *((label, _number(got), _number(expected)) for label, got, expected in picture.rows)]
    limits = (max(available - 2 * (_NUMBER + 2), 1), _NUMBER, _NUMBER)
    cells = [tuple(one_line(text, limit) for text, limit in zip(row, limits, strict=True)) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    return [f"{label:<{widths[0]}}  {got:>{widths[1]}}  {right:>{widths[2]}}" for label, got, right in cells]


def _number(value: float | None) -> str:
    return f"{value:.6g}" if value is not None else "no number"
