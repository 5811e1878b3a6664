r"""A formula's TeX as rows of text, drawn in two dimensions by texicode.

texicode is imported when the first formula is shown: a drill starts without it.
"""

from __future__ import annotations

import re

_CONTROL_WORD = re.compile(r"\\[A-Za-z]+")


def drawn_formula(tex: str, width: int) -> str | None:
    """The formula as text of several lines; None where it does not fit, or cannot be drawn.

    Args:
        tex: TeX without dollar signs.
        width: columns there are.
    """
    rows = _rows(tex)
    return "\n".join(rows) if rows and all(len(row) <= width for row in rows) else None


def mistake(tex: str) -> str:
    """Why a formula cannot be drawn; empty when it can."""
    rows = _rows(tex)
    if not rows:
        return "cannot be drawn; look at its braces and arguments"
    # texicode draws what it does not know as a question mark.
    if sum(row.count("?") for row in rows) > tex.count("?"):
        unknown = [word for word in dict.fromkeys(_CONTROL_WORD.findall(tex)) if "?" in "".join(_rows(f"{word} x"))]
        return f"uses {', '.join(unknown) or 'a macro'}, which cannot be drawn; write it otherwise"
    return ""


def _rows(tex: str) -> list[str]:
    from texicode.pipeline import render_tex

    try:
        drawing = str(render_tex(tex, False, False, "raw", {"fonts": "normal"}))
    except Exception:  # noqa: BLE001  it promises nothing about what an unknown macro raises
        return []
    if drawing.startswith("TeXicode:"):
        return []
    rows = [row.rstrip().replace("-", "−") for row in drawing.split("\n")]
    margin = min((len(row) - len(row.lstrip()) for row in rows if row), default=0)
    return [row[margin:] for row in rows if row]
