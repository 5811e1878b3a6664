"""docs/performance.md: a table for each part, so that one can be measured anew without the others."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = tuple[str, str, str, str]
"""What, measured, ratio, promised."""

MACHINE = f"{os.cpu_count()} × {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
HEAD = f"""# Performance

Made by `make bench`; `make bench PARTS="nbgrader batch"` measures some parts anew. A table holds medians of whole runs,
side by side in one run. Ratios are what to compare; absolute figures belong to the machine and its hour, for which see
each table's first row. The machine was {MACHINE}.
"""


def table(title: str, rows: Sequence[Row]) -> str:
    """One part in Markdown."""
    lines = ["| what | measured | ratio (against) | promised |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"## {title}", "", *lines, ""])


def write(path: Path, titles: Sequence[str], measured: Mapping[str, str]) -> None:
    """Put what was measured into the page; other parts stay as they are.

    Args:
        path: the page.
        titles: of all parts, in their order.
        measured: title → what :func:`table` made.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = {part.split("\n")[0]: f"## {part.rstrip()}\n" for part in re.split("^## ", text, flags=re.MULTILINE)[1:]}
    parts = {**kept, **measured}
    path.write_text("\n".join([HEAD, *(parts[title] for title in titles if title in parts)]), encoding="utf-8")
