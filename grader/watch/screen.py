"""What a session shows: lines that fit the window, the important ones first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from grader.render.page import COLOURS, WORDS, Look, Page, plural
from grader.render.terminal import check_line
from grader.report import Status
from grader.text import one_line
from grader.watch.panel import KEYS, body
from grader.watch.session import Row, State

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
_PER_SECOND = 10
_NOTE_LINES = 3
_FOLDING = (Status.PASSED, Status.SKIPPED, Status.NOT_ATTEMPTED)
_LEAST_TEXT = 5
"""Lines that the text below the checks gets before each check has a line of its own."""


class Shown(NamedTuple):
    """Lines from the top of the window, and how far the text can be moved."""

    lines: list[str]
    scroll: int


def compose(state: State, look: Look, height: int, now: float) -> Shown:
    """The screen.

    Args:
        state: what is known.
        look: what the terminal can show; its width is that of the lines.
        height: rows of the window.
        now: seconds of the session's clock, for what takes time.
    """
    head, foot = _head(state, look), [*_news(state, look), *_note(state, look), _status(state, look, now), _keys(look)]
    room = max(height - len(head) - len(foot) - 1, 1)
    text = body(state, look)
    rows = _fitting(_lists(state, look), room, len(text))
    room -= len(rows) + bool(rows)
    part, most = _part(text, max(room, 1), state.scroll, look)
    lines = [*head, *rows, *([""] if rows else []), *part]
    # The foot stays at the bottom: the eye finds it there whatever the verdict is.
    above = max(height - len(foot), 0)
    lines += [""] * (above - len(lines))
    return Shown([*lines[:above], *foot[-height:]], most)


def last_words(state: State, look: Look, command: str) -> str:
    """What stays on the terminal after a session: the verdict on each check, the points, and what next.

    Args:
        state: what was known at the end.
        look: what the terminal can show.
        command: what to type next.
    """
    page = Page(look)
    page.line("")
    page.line(_title(state))
    for row in state.rows:
        if row.result is not None:
            check_line(page, row.result)
    if state.problem:
        page.paragraph(state.problem.replace("\n", " "), first=Text("  ! ", style="yellow"), hang=4)
    page.blank()
    if points := _points(state).replace("/", " of "):
        page.line("  ", (f"{points} points", "bold"))
    page.line("  next: " if state.passed else "  again: ", (command, "bold"))
    return page.text()


def _fitting(lists: Sequence[list[str]], room: int, text: int) -> list[str]:
    """The fullest list that leaves room for the text; where none does, the text matters more."""
    found = next((rows for rows in lists if len(rows) + 1 + text <= room), lists[-1])
    return found if len(found) + 1 + min(text, _LEAST_TEXT) <= room else []


# --- above ------------------------------------------------------------------------------------------------


def _head(state: State, look: Look) -> list[str]:
    return [_line(look, _title(state), _points(state), "green" if state.passed else ""), ""]


def _title(state: State) -> Text:
    exercise = state.exercise
    return Text.assemble(("  ", ""), (f"Exercise {exercise.number} · ", "dim"), (one_line(exercise.title), "bold"))


def _points(state: State) -> str:
    results = [row.result for row in state.rows if row.result is not None]
    return f"{sum(result.points for result in results)}/{sum(row.plan.points for row in state.rows)}" if results else ""


def _lists(state: State, look: Look) -> list[list[str]]:
    """The checks in fewer and fewer lines: each has one; those that pass share one; …; one line for all."""
    if not state.rows:
        return [[]]
    folded = (_FOLDING[:count] for count in range(len(_FOLDING) + 1))
    return [*(_list(state, set(statuses), look) for statuses in folded), [_line(look, _counts(state, look))]]


def _list(state: State, folded: set[Status], look: Look) -> list[str]:
    """A line for each check, but one for all of a status that is folded, where its first stands."""
    lines: list[str] = []
    told: set[Status] = set()
    for row in state.rows:
        status = row.result.status if row.result is not None else None
        if status not in folded:
            lines.append(_row(state, row, look))
        elif status is not None and status not in told:
            told.add(status)
            several = [row.result for row in state.rows if row.result is not None and row.result.status is status]
            words = f"{plural(len(several), 'check')} {WORDS[status]}"
            points = f"{sum(one.points for one in several)}/{sum(one.max_points for one in several)}"
            mark = (f"  {look.mark(status)} ", COLOURS[status])
            lines.append(_line(look, Text.assemble(mark, words), points, "green" if status is Status.PASSED else "dim"))
    return lines


def _row(state: State, row: Row, look: Look) -> str:
    working = state.doing == row.plan.name
    title = one_line(row.plan.title)
    if row.result is None:
        return _line(
            look, Text.assemble(("  > " if working else "    ", "cyan"), (title, "dim")), f"{row.plan.points}", "dim"
        )
    mark = ("  > ", "cyan") if working else (f"  {look.mark(row.result.status)} ", COLOURS[row.result.status])
    quiet = "dim" if row.result.status is Status.SKIPPED or (state.grading and not row.fresh) else ""
    earned = f"{row.result.points}/{row.result.max_points}"
    return _line(look, Text.assemble(mark, (title, quiet)), earned, "green" if row.result.points else "dim")


def _counts(state: State, look: Look) -> Text:
    line = Text(" ")
    for status in Status:
        count = sum(row.result is not None and row.result.status is status for row in state.rows)
        if count:
            line.append(f" {look.mark(status)} ", COLOURS[status])
            line.append(f"{count} {WORDS[status]} ")
    return line


# --- the text ---------------------------------------------------------------------------------------------


def _part(text: Sequence[str], room: int, scroll: int, look: Look) -> tuple[list[str], int]:
    """What of the text is in view, and how far it can be moved."""
    if len(text) <= room:
        return list(text), 0
    visible = max(room - 1, 1)
    most = len(text) - visible
    scroll = min(scroll, most)
    below = most - scroll
    arrows = ("↑", "↓") if look.unicode else ("up", "down")
    more = f"{plural(below, 'more line')} below: {arrows[1]}" if below else f"the end; back: {arrows[0]}"
    part = list(text[scroll : scroll + visible])
    return [*part, _line(look, Text(f"  … {more}", style="dim"))][:room], most


# --- below ------------------------------------------------------------------------------------------------


def _news(state: State, look: Look) -> list[str]:
    """What the last save changed."""
    change = state.change
    if change is None or state.grading or state.problem:
        return []
    parts: list[Text] = []
    if change.passes:
        parts.append(Text(f"now {_pass(change.passes)} {_titles(change.passes)}", style="green"))
    if change.broken:
        parts.append(Text(f"no longer {_pass(change.broken)} {_titles(change.broken)}", style="red"))
    points = f"{change.points:+d} {'point' if abs(change.points) == 1 else 'points'}".replace("-", "−")
    return [_line(look, Text.assemble("  ", (points if number == 0 else " " * cell_len(points), "bold"), "  ", part))
            for number, part in enumerate(parts or [Text()])]  # fmt: skip


def _pass(titles: Sequence[str]) -> str:
    return "passes:" if len(titles) == 1 else "pass:"


def _titles(titles: Sequence[str]) -> str:
    first = one_line(titles[0]).rstrip(".")
    return first if len(titles) == 1 else f"{len(titles)} checks ({first}, …)"


def _note(state: State, look: Look) -> list[str]:
    """What was said once, until the next key or save."""
    if not state.note:
        return []
    page = Page(look)
    page.paragraph(one_line(state.note, 400), hang=2, style="yellow")
    return page.text().rstrip("\n").split("\n")[:_NOTE_LINES]


def _status(state: State, look: Look, now: float) -> str:
    """What is going on."""
    if state.grading:
        return _progress(state, look, now)
    if state.submission is None and not state.problem:
        words = "starting"
    elif state.report is None or state.problem or state.fault:
        words = "waiting for the next save"
    else:
        words = f"graded in {state.report.seconds:.1f} s; save to grade again"
    return _line(look, Text(f"  {words}", style="dim"))


def _progress(state: State, look: Look, now: float) -> str:
    """Which check is at work, and since when."""
    frames = _FRAMES if look.unicode else _PLAIN_FRAMES
    frame = frames[int(now * _PER_SECOND) % len(frames)]
    done = sum(row.fresh for row in state.rows)
    count = f" {min(done + 1, len(state.rows))}/{len(state.rows)}" if state.rows else ""
    titles = {row.plan.name: row.plan.title for row in state.rows}
    doing = one_line(titles.get(state.doing, "")) or ("" if done else "starting")
    seconds = f"{max(now - state.since, 0):.0f} s" if state.doing else ""
    return _line(look, Text.assemble("  ", (f"{frame}{count}", "cyan"), f"  {doing}"), seconds, "dim")


def _keys(look: Look) -> str:
    """The keys in one line; in a narrow window it is closer."""
    wide = sum(len(key) + len(word) + 4 for key, word, _ in KEYS) <= look.width
    line = Text(" ")
    for key, word, _ in KEYS:
        line.append(f" {key}", "bold")
        # What ? does, everybody guesses.
        line.append(f" {word} " if wide else f" {word}" if key != "?" else "", "dim")
    return _line(look, line)


def _line(look: Look, text: Text, right: str = "", style: str = "") -> str:
    """One line: what is too long is cut, a short text stands at the right end."""
    text = text.copy()
    text.truncate(look.width - (len(right) + 2 if right else 0), overflow="ellipsis")
    page = Page(look)
    page.line(text)
    if right:
        page.right(right, style)
    return page.text().rstrip("\n")
