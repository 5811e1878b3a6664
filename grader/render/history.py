"""The history of a learner's attempts: how the points grew, and what each attempt changed. Newest last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo

from rich.text import Text

from grader.course import HINT_TIERS, Course, Exercise
from grader.past import History, Step
from grader.progress import Attempt
from grader.render.page import COLOURS, Look, Page, duration, plural
from grader.report import Status
from grader.text import one_line

SHOWN = 20
"""Attempts that are shown one by one."""

_NAMES = 5
_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", "._-=+*%#"
_WIDEST = 30


def history_page(
    course: Course,
    exercise: Exercise | None,
    history: History,
    steps: Sequence[Step],
    look: Look,
    *,
    says: Mapping[tuple[str, str], str],
    zone: tzinfo | None = None,
) -> str:
    """The history of one exercise, or of all.

    Args:
        course: the exercises.
        exercise: the one to tell of; None for all.
        history: what the workspace remembers of it.
        steps: its attempts, oldest first.
        look: what the place we write to can show.
        says: (exercise name, misconception) → what was done, in words.
        zone: whose clock to show; None for this computer's.
    """
    page = Page(look)
    page.blank()
    title = exercise.title if exercise is not None else course.title
    number = f"Exercise {exercise.number} · " if exercise is not None else ""
    page.paragraph(Text.assemble((number, "dim"), (one_line(title), "bold")), first="  ", hang=2)
    page.blank()
    first = (exercise or course.exercises[0]).short
    if not steps:
        page.line("  No attempts yet. The first: ", (course.command(first), "bold"))
        _hints(page, history)
        return page.text()
    _summaries(page, history, steps)
    _hints(page, history)
    page.blank()
    if len(steps) > SHOWN:
        everything = course.command(f"history {exercise.short + ' ' if exercise is not None else ''}--format json")
        # Never wrapped, so that it can be copied.
        page.line(("  before: ", "dim"), (everything, "bold"))
        page.paragraph(f"It shows {plural(len(steps) - SHOWN, 'earlier attempt')} too.", hang=2, style="dim")
        page.blank()
    for step in steps[-SHOWN:]:
        _step(page, step, says, zone, named=exercise is None)
    return page.text()


def sparkline(attempts: Sequence[Attempt], width: int, *, unicode: bool = True) -> str:
    """The points of attempts as a row of bars, the newest at the right.

    Args:
        attempts: oldest first.
        width: columns at most; of more attempts, each column shows the last of as many as it stands for.
        unicode: whether blocks can be shown.
    """
    bars = _BARS if unicode else _PLAIN_BARS
    count = min(len(attempts), width)
    chosen = [attempts[len(attempts) * (column + 1) // count - 1] for column in range(count)]
    shares = [attempt.points / max(attempt.max_points, 1) for attempt in chosen]
    # The highest bar is for everything, the lowest for nothing: neither is reached by rounding.
    return "".join(bars[0 if share <= 0 else 7 if share >= 1 else 1 + int(share * 6)] for share in shares)


def _summaries(page: Page, history: History, steps: Sequence[Step]) -> None:
    tried: dict[str, list[Attempt]] = {}
    for step in steps:
        tried.setdefault(step.attempt.exercise, []).append(step.attempt)
    names = {name: _short(name) for name in tried} if len(tried) > 1 else dict.fromkeys(tried, "")
    width = max(map(len, names.values()))
    columns = min(_WIDEST, max(len(attempts) for attempts in tried.values()), page.look.width // 3)
    for name, attempts in tried.items():
        best = max(attempts, key=lambda attempt: (attempt.passed, attempt.points))
        bars = sparkline(attempts, columns, unicode=page.look.unicode).ljust(columns)
        told = [plural(len(attempts), "attempt"), f"best {best.points}/{best.max_points}"]
        if spent := duration(history.spent.get(name, timedelta())):
            told.append(spent)
        lead = Text.assemble("  ", (names[name].ljust(width + 2) if width else "", "bold"), (bars, "cyan"), "  ")
        page.paragraph(" · ".join(told), first=lead, hang=lead.cell_len)


def _hints(page: Page, history: History) -> None:
    several = len({exercise for exercise, _ in history.hints}) > 1
    taken = [
        f"{f'{_short(exercise)} ' if several else ''}{one_line(check)} {count} of {HINT_TIERS}"
        for (exercise, check), count in sorted(history.hints.items())
    ]
    if taken:
        page.paragraph(f"hints taken: {', '.join(taken)}", hang=2, style="dim")


def _step(page: Page, step: Step, says: Mapping[tuple[str, str], str], zone: tzinfo | None, *, named: bool) -> None:
    attempt = step.attempt
    status = Status.PASSED if attempt.passed else Status.FAILED
    when = attempt.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    points = f"{attempt.points}/{attempt.max_points}"
    name = f"  {_short(attempt.exercise)}" if named else ""
    page.line("  ", (when, "dim"), name, "  ", (f"{page.look.mark(status)} {points}", COLOURS[status]))
    if step.gained:
        page.paragraph(f"now passes: {_list(step.gained)}", hang=4)
    if step.lost:
        page.paragraph(f"no longer passes: {_list(step.lost)}", hang=4, style="yellow")
    for misconception in dict.fromkeys(attempt.misconceptions):
        words = says.get((attempt.exercise, misconception), "")
        shown = one_line(misconception)
        page.paragraph(f"named: {words} ({shown})" if words else f"named: {shown}", hang=4)


def _list(names: Sequence[str]) -> str:
    shown = [one_line(name) for name in names[:_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _short(exercise: str) -> str:
    return one_line(exercise.split("_")[0], 40)
