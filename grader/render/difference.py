"""A learner's code beside our solution: a unified diff whose signs tell as much as its colours."""

from __future__ import annotations

from collections.abc import Sequence

from grader.difference import Hunk
from grader.render.page import Look, Page
from grader.text import clean, one_line

_STYLES = {"-": "red", "+": "green", " ": ""}
_LONGEST_LINE = 1000


def side_by_side(title: str, name: str, hunks: Sequence[Hunk], look: Look) -> str:
    """The whole diff.

    Args:
        title: of the exercise.
        name: of the learner's file.
        hunks: where the code differs; may be empty.
        look: what the terminal can show.
    """
    page = Page(look)
    page.line((f"{one_line(title)}: our solution beside your code", "bold"))
    if not hunks:
        page.line("Your code is ours, line for line.")
        return page.text()
    page.paragraph("Lines with - are yours, lines with + are ours. There is more than one right way.", style="dim")
    page.blank()
    page.line((f"--- {one_line(name)}", "red"))
    page.line(("+++ our solution", "green"))
    for hunk in hunks:
        page.line((f"@@ -{_range(hunk.mine)} +{_range(hunk.ours)} @@ {hunk.inside}".rstrip(), "cyan"))
        for line in hunk.lines:
            page.line((f"{line.sign}{clean(line.text.expandtabs(4), _LONGEST_LINE)}", _STYLES[line.sign]))
    return page.text()


def _range(place: tuple[int, int]) -> str:
    """As `diff -u` writes it: of no lines at all, the line before."""
    first, count = place
    return f"{first if count else first - 1},{count}"
