"""Small grey images, drawn with half blocks: two pixels to a character."""

from __future__ import annotations

from grader.render.page import Look
from grader.report import Images

LINES = 11
_INK = 0.5


def images(picture: Images, look: Look, width: int) -> tuple[list[str], str]:
    """As many images as fit into eleven lines, at least one row of them, each in a frame; and what is left out.

    Args:
        picture: what to draw; a pixel is ink from 0.5 on.
        look: half blocks where the terminal can show them, else quotes, underscores and number signs.
        width: columns that there are.
    """
    height, across = len(picture.images[0]), len(picture.images[0][0])
    side, line = "│─" if look.unicode else "|-"
    columns = max(min(picture.columns, (width - 1) // (across + 1), len(picture.images)), 1)
    rows = max((LINES - 1) // ((height + 1) // 2 + 1), 1)
    shown = picture.images[: rows * columns]
    rule = line * (columns * (across + 1) + 1)
    lines = [rule]
    for first in range(0, len(shown), columns):
        drawn = [_drawn(image, look) for image in shown[first : first + columns]]
        lines += [f"{side}{side.join(parts)}{side}" for parts in zip(*drawn, strict=True)]
        lines.append(rule)
    return lines, f"{len(shown)} of {len(picture.images)} images" if len(shown) < len(picture.images) else ""


def _drawn(image: tuple[tuple[float, ...], ...], look: Look) -> list[str]:
    blank, below, above, both = " ▄▀█" if look.unicode else ' _"#'
    signs = {(False, False): blank, (False, True): below, (True, False): above, (True, True): both}
    paper = (0.0,) * len(image[0])
    pairs = [(image[row], image[row + 1] if row + 1 < len(image) else paper) for row in range(0, len(image), 2)]
    return ["".join(signs[one >= _INK, other >= _INK] for one, other in zip(*pair, strict=True)) for pair in pairs]
