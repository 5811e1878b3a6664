"""The text below the checks: what is wrong and why, hints, the keys, a question, or a moment of joy. Pure."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from grader.course import HINT_TIERS
from grader.render import summary
from grader.render.hint import TIERS
from grader.render.page import COLOURS, WORDS, Look, Page
from grader.render.terminal import failure_details
from grader.report import Status
from grader.text import clean, one_line
from grader.watch.session import State

KEYS = (
    ("h", "hint", "the next hint for the first check that is not passed: a question, a pointer, a worked neighbour"),
    ("n", "next", "go on to the next exercise"),
    ("r", "rerun", "grade again, with new numbers"),
    ("o", "open", "open $VISUAL or $EDITOR at the code in question"),
    ("?", "help", "these lines"),
    ("q", "quit", "leave (Ctrl-C, Ctrl-D)"),
)
_MORE_KEYS = (
    ("↑ ↓", "", "move the text where it is longer than the window (space: by a page)"),
    ("Esc", "", "back to the verdict"),
)


def body(state: State, look: Look) -> list[str]:
    """The lines below the checks, however many they are."""
    page = Page(look)
    if state.asking:
        _question(page, state)
    elif state.help:
        _help(page)
    elif state.problem or state.fault:
        _problem(page, state)
    else:
        if state.hint is not None:
            _hint(page, state)
        _verdict(page, state)
    lines = page.text().split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _question(page: Page, state: State) -> None:
    words = f"Exercise {state.exercise.number} has not passed as it is now. Go on to the next one all the same?"
    page.paragraph(Text(words, style="bold"), hang=2)
    page.paragraph("y goes on; any other key stays. What you have written is kept, and you can come back.", hang=2)


def _help(page: Page) -> None:
    for key, _, says in (*KEYS, *_MORE_KEYS):
        page.paragraph(says, first=Text(f"  {key:4}", style="bold"), hang=6)
    page.paragraph("Save the file, and it is graded: nothing has to be pressed.", hang=2, style="dim")


def _problem(page: Page, state: State) -> None:
    page.paragraph(Text("not graded", style="bold"), first=Text("  ! ", style="yellow"), hang=4)
    for line in clean(state.problem or state.fault).split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        page.paragraph(line.lstrip(" "), hang=4 + indent)
    then = "The checks above are as they were before." if any(row.result for row in state.rows) else ""
    if state.fault and not state.problem:
        then = "r grades again."
    page.paragraph(then, hang=4, style="dim")


def _hint(page: Page, state: State) -> None:
    assert state.hint is not None
    hints, tiers = state.exercise.hints[state.hint.check], state.hint.tiers
    arrow = "→ " if page.look.unicode else "> "
    # The newest first: it is what was asked for, and the window may be low.
    for tier in reversed(range(tiers)):
        page.paragraph(f"hint {tier + 1} of {HINT_TIERS}: {TIERS[tier]}", hang=2, style="dim")
        page.paragraph(hints[tier], first=Text(f"  {arrow}", style="cyan"), hang=4, style="cyan")
    if tiers < HINT_TIERS:
        page.paragraph(f"h once more: {TIERS[tiers]}", hang=2, style="dim")
    page.line("")


def _verdict(page: Page, state: State) -> None:
    row = state.focus
    if state.passed:
        _joy(page, state)
    elif row is not None and row.result is not None:
        before = replace(row.result, title=f"{row.result.title} (before this save)")
        result = before if state.grading and not row.fresh else row.result
        if state.hint is not None and result.hint in state.exercise.hints[state.hint.check]:
            result = replace(result, hint="")  # it is on the screen already
        if result.status in (Status.FAILED, Status.ERROR):
            failure_details(page, summary.Failure(result, (result,)), "")
        else:
            mark = Text(f"  {page.look.mark(result.status)} ", style=COLOURS[result.status])
            page.paragraph(Text(f"{WORDS[result.status]}: {one_line(result.title)}", style="bold"), first=mark, hang=4)
            page.paragraph(result.message, hang=4)
    elif state.submission is None:
        page.paragraph("reading your file …", hang=2, style="dim")
    if state.drawing:
        from grader.render.drawing import draw  # few checks draw

        for picture in state.drawing:
            for line in draw(picture, page.look, 4):
                page.line(line)


def _joy(page: Page, state: State) -> None:
    assert state.report is not None
    report = state.report
    points = f"{report.points} of {report.max_points} points"
    words = f"Every check passes: {points}. Well done!" if state.whole else f"What --check names passes: {points}."
    mark = Text(f"  {page.look.mark(Status.PASSED)} ", style="green")
    page.paragraph(Text(words, style="bold"), first=mark, hang=4)
    if not state.whole:
        page.paragraph("Without --check, all checks of the exercise are graded.", hang=4)
    elif state.exercise.concepts:
        page.paragraph(f"Behind you now: {', '.join(state.exercise.concepts)}.", hang=4)
    if state.whole:
        page.paragraph("n goes on to the next exercise.", hang=4)
    for remark in summary.remarks(report.checks):
        page.blank()
        page.paragraph(f"right, and could be better: {remark}", first=Text("  * ", style="cyan"), hang=4)
