"""Hints as a learner reads them: which check they are about, which of how many, and what comes next."""

from __future__ import annotations

from rich.text import Text

from grader.course import HINT_TIERS, Exercise
from grader.render.page import Look, Page
from grader.text import one_line

TIERS = ("a question", "a pointer", "a worked neighbour")


def hint_page(
    exercise: Exercise, check: str, title: str, tiers: range, look: Look, *, why: str = "", again: str = ""
) -> str:
    """Some hints of one check.

    Args:
        exercise: whose hints.
        check: the check's name.
        title: what the check says of itself.
        tiers: which hints, from 0.
        look: what the terminal can show.
        why: why it is this check; may be empty.
        again: the command that goes on; empty where it would give the same hint.
    """
    page = Page(look)
    page.blank()
    head = Text.assemble((f"Exercise {exercise.number} · ", "dim"), (one_line(title).rstrip("."), "bold"))
    page.paragraph(head, first="  ", hang=2)
    if why:
        page.paragraph(why, hang=2, style="dim")
    arrow = "→ " if look.unicode else "> "
    for tier in tiers:
        page.blank()
        page.paragraph(f"hint {tier + 1} of {HINT_TIERS} for {check}: {TIERS[tier]}", hang=2, style="dim")
        hint = exercise.hints[check][tier]
        page.paragraph(hint, first=Text(f"  {arrow}", style="cyan"), hang=4, style="cyan")
    if again:
        page.blank()
        # Never wrapped, so that it can be copied.
        page.line(("  again: ", "dim"), (again, "bold"))
        page.paragraph(_what_next(tiers), hang=2, style="dim")
    return page.text()


def _what_next(tiers: range) -> str:
    if tiers.stop < HINT_TIERS:
        return f"It gives the next tier: {TIERS[tiers.stop]}. With --again it shows those that you have."
    return "There are no more; it shows all three."
