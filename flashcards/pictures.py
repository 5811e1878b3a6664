"""Small grey pictures: in a terminal, as plain rows, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from flashcards.card import Image

SQUARE_LIMIT = 12
"""Pictures of at most so many rows are drawn with two characters a pixel, larger ones with half blocks."""

_SHADES = "·░▒▓█"


def picture_height(image: Image) -> int:
    """How many lines of a terminal a picture takes."""
    return len(image) if len(image) <= SQUARE_LIMIT else (len(image) + 1) // 2


def picture_rows(image: Image) -> list[str]:
    """The picture as a deck writes it, for readers of text: ``#`` is white, ``.`` black, digits are greys."""
    return ["".join(_mark(level) for level in row) for row in image]


def picture_text(image: Image, *, colour: bool = True) -> Text:
    """The picture for a terminal.

    Args:
        image: grey levels from 0, black, to 1, white.
        colour: greys as colours, black and white on terminals of any background; without it as shades ``·░▒▓█``.
    """
    from rich.text import Text

    lines = []
    if len(image) <= SQUARE_LIMIT or not colour:
        for row in image:
            line = Text()
            for level in row:
                line.append("  ", f"on {_grey(level)}") if colour else line.append(2 * _shade(level))
            lines.append(line)
        return Text("\n").join(lines)
    for place in range(0, len(image), 2):
        line = Text()
        below = image[place + 1] if place + 1 < len(image) else (None,) * len(image[place])
        for upper, lower in zip(image[place], below, strict=True):
            line.append("▀", _grey(upper) + (f" on {_grey(lower)}" if lower is not None else ""))
        lines.append(line)
    return Text("\n").join(lines)


def svg(image: Image, *, pixel: int = 12) -> str:
    """The picture as an SVG document, with a hair of grey between pixels so that equal ones can be counted."""
    height, width = len(image), len(image[0])
    squares = "".join(
        f'<rect x="{column}" y="{row}" width="1" height="1" fill="{_grey(level)}"/>'
        for row, levels in enumerate(image)
        for column, level in enumerate(levels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * pixel}" height="{height * pixel}" '
        f'viewBox="0 0 {width} {height}" stroke="#888" stroke-width="0.04">{squares}</svg>'
    )


def _mark(level: float) -> str:
    return {0.0: ".", 1.0: "#"}.get(level) or str(round(level * 9))


def _shade(level: float) -> str:
    return _SHADES[min(len(_SHADES) - 1, int(level * len(_SHADES)))]


def _grey(level: float) -> str:
    # Not quite black and white: both stand off from the terminal's own background.
    value = round(24 + level * (238 - 24))
    return f"#{value:02x}{value:02x}{value:02x}"
