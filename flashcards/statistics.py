"""`flashcards stats`: what the answers tell, for a terminal or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from flashcards import stats
from flashcards.page import Look, Page, one_line, plural
from flashcards.screen import front_of

if TYPE_CHECKING:
    from flashcards.deck import Deck, Library
    from flashcards.events import Event
    from flashcards.fold import State
    from flashcards.schedule import Scheduler

SCHEMA = "reparam.flashcards.stats/1"
FORECAST_DAYS = 14
MONTH = 30
_HARDEST = 5
_WEEKDAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")
_SHADES, _PLAIN_SHADES = " ·▪■", " .o#"
_BAR, _DECK_BAR = 30, 16


@dataclass(frozen=True)
class Statistics:
    """Everything that is shown.

    Args:
        today: the learner's day, an ordinal.
        by_day: day → answers.
        streak: days in a row.
        forecast: reviews of today and the days after it.
        month: true retention of the last 30 days.
        young: of cards with intervals below 21 days, ever.
        mature: of the others, ever.
        calibration: what was promised against what happened.
        hardest: cards that are forgotten again and again.
        fronts: card id → question, for those.
        decks: how far each has come.
        minutes: time spent answering, ever.
    """

    today: int
    by_day: Counter[int]
    streak: stats.Streak
    forecast: list[int]
    month: stats.Retention
    young: stats.Retention
    mature: stats.Retention
    calibration: list[stats.Bin]
    hardest: list[stats.Hard]
    fronts: dict[str, str]
    decks: list[stats.DeckProgress]
    minutes: float


def gather(
    library: Library,
    decks: Sequence[Deck],
    events: Sequence[Event],
    states: Mapping[str, State],
    today: int,
    scheduler: Scheduler,
) -> Statistics:
    """Work everything out for some decks.

    Args:
        library: all decks, for questions by id.
        decks: those that count; answers to cards that no deck holds any more count when all of them do.
        events: all of the learner's events.
        states: card id → state.
        today: the learner's day.
        scheduler: what promised.
    """
    from flashcards.fold import replay

    everything = len(decks) == len(library.decks)
    ids = {card.id for deck in decks for card in deck.cards}
    steps = [step for step in replay(events, scheduler) if everything or step.card_id in ids]
    by_day = Counter(step.event.day for step in steps)
    hardest = stats.hardest(steps, _HARDEST)
    return Statistics(
        today=today,
        by_day=by_day,
        streak=stats.streak(by_day, today),
        forecast=stats.forecast((s for i, s in states.items() if i in ids), today, FORECAST_DAYS),
        month=stats.retention(steps, today - MONTH + 1),
        young=stats.retention(steps, mature=False),
        mature=stats.retention(steps, mature=True),
        calibration=stats.calibration(steps, scheduler),
        hardest=hardest,
        fronts={h.card_id: front_of(library.cards[h.card_id]) for h in hardest if h.card_id in library.cards},
        decks=[stats.deck_progress(d.name, d.title, [card.id for card in d.cards], states) for d in decks],
        minutes=sum(step.event.duration_ms for step in steps) / 60_000,
    )


def to_json(found: Statistics) -> str:
    """The published form; days are dates."""
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "today": _date(found.today),
        "answers": {_date(day): count for day, count in sorted(found.by_day.items())},
        "minutes": round(found.minutes, 1),
        "streak": asdict(found.streak),
        "forecast": found.forecast,
        "retention": {
            name: {"remembered": kept.remembered, "answers": kept.answers, "share": kept.share}
            for name, kept in (("month", found.month), ("young", found.young), ("mature", found.mature))
        },
        "calibration": [asdict(part) for part in found.calibration],
        "hardest": [asdict(hard) | {"front": found.fronts.get(hard.card_id, "")} for hard in found.hardest],
        "decks": [asdict(deck) | {"cards": deck.cards} for deck in found.decks],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def render(found: Statistics, look: Look) -> str:
    """The page for a terminal."""
    page = Page(look)
    total = sum(found.by_day.values())
    page.blank()
    page.say(Text(f"{plural(total, 'answer')} on {plural(len(found.by_day), 'day')}", "bold"))
    if found.streak.longest:
        page.say(f"{plural(found.streak.days, 'day')} in a row now, {found.streak.longest} at most")
    if total:
        _heat_map(page, found)
    _decks(page, found)
    _forecast(page, found)
    if total:
        _retention(page, found)
        _calibration(page, found)
        _hardest(page, found)
    return page.text()


def _heading(page: Page, text: str) -> None:
    page.blank()
    page.say(text, "bold")


def _heat_map(page: Page, found: Statistics) -> None:
    """A column a week, a row a weekday; the darkest third of the days is the fullest."""
    if page.look.plain:
        return
    weeks = min((page.look.width - 8) // 2, 26)
    monday = found.today - date.fromordinal(found.today).weekday()
    first = monday - 7 * (weeks - 1)
    most = max((count for day, count in found.by_day.items() if day >= first), default=0)
    if not most:
        return
    _heading(page, f"Answers a day, {weeks} weeks")
    shades = _SHADES if page.look.unicode else _PLAIN_SHADES
    page.say(Text(_months(first, weeks), "dim"))
    for weekday in range(7):
        marks = ""
        for week in range(weeks):
            day = first + 7 * week + weekday
            count = found.by_day[day]
            level = 1 + min(2 * count // most, 1) + (3 * count > 2 * most) if count else 0
            marks += f"{shades[min(level, 3)] if day <= found.today else ' '} "
        page.as_is(Text.assemble((f"{_WEEKDAYS[weekday]:4}", "dim"), (marks, "green")))


def _months(first: int, weeks: int) -> str:
    """The months' names above the first whole week of each."""
    line, month = "    ", 0
    for week in range(weeks):
        begins = date.fromordinal(first + 7 * week)
        column = 4 + 2 * week
        if begins.month != month and len(line) <= column:
            line = f"{line.ljust(column)}{begins:%b} "
        month = begins.month
    return line.rstrip()


def _decks(page: Page, found: Statistics) -> None:
    _heading(page, "Decks: cards that you have learnt")
    widest = max((cell_len(deck.title) for deck in found.decks), default=0)
    beside = widest + _DECK_BAR + 20 <= page.room
    for deck in found.decks:
        known = deck.young + deck.mature
        words = [f"{known} of {deck.cards} learnt" if page.look.plain else f"{known} of {deck.cards}"]
        words += [f"{deck.learning} in learning"] if deck.learning else []
        words += [f"{deck.suspended} suspended"] if deck.suspended else []
        if page.look.plain:
            page.say(f"{deck.title}: {', '.join(words)}")
            continue
        full = _DECK_BAR * known // deck.cards if deck.cards else 0
        marks = "━─" if page.look.unicode else "#."
        bar = Text.assemble((marks[0] * full, "green"), (marks[1] * (_DECK_BAR - full), "dim"))
        if not beside:
            page.say(deck.title)
            page.say(Text.assemble(bar, f"  {', '.join(words)}"))
            continue
        gap = " " * (widest - cell_len(deck.title) + 2)
        page.say(Text.assemble(deck.title, gap, bar, f"  {', '.join(words)}"))


def _forecast(page: Page, found: Statistics) -> None:
    most = max(found.forecast)
    if not most:
        return
    _heading(page, f"Reviews of the next {FORECAST_DAYS} days")
    for place, count in enumerate(found.forecast):
        day = date.fromordinal(found.today + place)
        name = "today" if place == 0 else f"{day:%a} {day.day:2}"
        length = min(_BAR, page.look.width - 16) * count // most
        bar = "" if page.look.plain else ("━" if page.look.unicode else "#") * length
        page.as_is(Text.assemble((f"{name:7}", "dim"), f"{count:4} ", (bar, "cyan")))


def _retention(page: Page, found: Statistics) -> None:
    kept = [("30 days", found.month), ("young cards", found.young), ("mature cards", found.mature)]
    shown = [(name, part) for name, part in kept if part.share is not None]
    if not shown:
        return
    _heading(page, "Remembered when it was due")
    for name, part in shown:
        page.as_is(f"{name:13} {100 * (part.share or 0):3.0f} %  of {part.answers}")


def _calibration(page: Page, found: Statistics) -> None:
    if not found.calibration:
        return
    _heading(page, "Promised and kept")
    for part in found.calibration:
        promised, kept = f"{100 * part.predicted:3.0f} %", f"{100 * part.remembered:3.0f} %"
        page.say(f"promised {promised}, remembered {kept} of {part.answers}")


def _hardest(page: Page, found: Statistics) -> None:
    if not found.hardest:
        return
    _heading(page, "Hardest cards")
    for hard in found.hardest:
        times = f"{hard.again}{'×' if page.look.unicode else 'x'}"
        page.say(one_line(found.fronts.get(hard.card_id, hard.card_id), 64), first=times, hang=5)


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()
