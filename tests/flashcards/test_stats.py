"""What the answers tell."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards import stats
from flashcards.card import Card, Deck, Kind
from flashcards.clock import DAY_MS, learner_day
from flashcards.deck import Library
from flashcards.events import Event, EventKind
from flashcards.fold import fold, replay
from flashcards.page import Look
from flashcards.schedule import Rating, Scheduler
from flashcards.statistics import gather, render, to_json

START_MS = 1_760_000_000_000
SCHEDULER = Scheduler()


def answer(number: int, card_id: str, day: int, rating: Rating, **facts: object) -> Event:
    at_ms = START_MS + day * DAY_MS + number
    base = {"duration_ms": 30_000, **facts}
    return Event(f"u{number}", "d", EventKind.REVIEW, card_id, at_ms, 0, learner_day(at_ms, 0), rating, **base)  # type: ignore[arg-type]  # test data


def history(days: int = 60, cards: int = 12) -> list[Event]:
    """Somebody who answers every card that is due each day, and forgets a tenth."""
    rng = random.Random(1)  # noqa: S311  a learner's luck, no secret
    events: list[Event] = []
    for day in range(days):
        states = fold(events, SCHEDULER)
        for number in range(cards):
            name = f"card{number}"
            at_ms = START_MS + day * DAY_MS
            today = learner_day(at_ms, 0)
            if name not in states or states[name].memory.due(at_ms + DAY_MS // 2, today):
                rating = Rating.AGAIN if rng.random() < 0.1 else Rating.GOOD
                events.append(answer(len(events), name, day, rating))
    return events


def library(cards: int = 12) -> Library:
    made = tuple(Card(f"card{n}", "deck", Kind.BASIC, f"question {n}", "back") for n in range(cards))
    return Library((Deck("deck", "A deck", Path("deck.yaml"), made),))


@pytest.mark.parametrize(
    ("days", "current", "longest", "today"),
    [
        ([], 0, 0, False),
        ([100], 1, 1, True),
        ([98, 99], 2, 2, False),  # today is still open
        ([97, 98], 0, 2, False),
        ([90, 91, 92, 99, 100], 2, 3, True),
        ([100, 101, 102], 1, 1, True),  # a wrong clock
    ],
)
def test_the_streak_is_days_in_a_row(days: list[int], current: int, longest: int, today: bool) -> None:
    assert stats.streak(days, 100) == stats.Streak(current, longest, today)


@given(st.lists(st.integers(0, 60)))
def test_the_streak_is_what_counting_gives(days: list[int]) -> None:
    seen = {day for day in days if day <= 50}
    start = 50 if 50 in seen else 49
    count = 0
    while start - count in seen:
        count += 1
    assert stats.streak(days, 50).days == count


def test_undone_answers_do_not_count() -> None:
    first = answer(1, "a", 0, Rating.GOOD)
    undo = Event("u2", "d", EventKind.UNDO, "a", first.at_ms + 1, 0, first.day, value="u1")
    assert stats.answers_by_day([first, undo]) == {}
    assert stats.answers_by_day([first]) == {first.day: 1}


def test_true_retention_asks_each_card_once_a_day_and_only_in_review() -> None:
    events = history()
    steps = list(replay(events, SCHEDULER))
    found = stats.retention(steps)
    reviewed = [s for s in steps if s.before.phase == "review"]
    assert found.answers == len({(s.card_id, s.event.day) for s in reviewed})
    assert found.share is not None
    assert 0.8 < found.share < 1
    young, mature = stats.retention(steps, mature=False), stats.retention(steps, mature=True)
    assert young.answers + mature.answers == found.answers


def test_a_month_leaves_out_what_is_older() -> None:
    steps = list(replay(history(), SCHEDULER))
    last = max(step.event.day for step in steps)
    assert stats.retention(steps, last + 1) == stats.Retention(0, 0)
    assert stats.retention(steps, last + 1).share is None


def test_calibration_has_every_review_once() -> None:
    steps = list(replay(history(), SCHEDULER))
    bins = stats.calibration(steps, SCHEDULER)
    assert sum(part.answers for part in bins) == sum(step.before.phase == "review" for step in steps)
    assert all(0 <= part.predicted <= 1 and 0 <= part.remembered <= 1 for part in bins)


def test_the_forecast_counts_each_card_on_its_day() -> None:
    events = history()
    states = fold(events, SCHEDULER)
    today = max(event.day for event in events) + 3
    found = stats.forecast(states.values(), today, 10_000)
    assert sum(found) == len(states)
    assert found[0] == sum(state.memory.due_day <= today for state in states.values())


def test_the_hardest_card_is_the_one_forgotten_most() -> None:
    events = [answer(n, "hard", n, Rating.AGAIN) for n in range(3)] + [answer(9, "easy", 0, Rating.GOOD)]
    assert stats.hardest(list(replay(events, SCHEDULER)), 5) == [stats.Hard("hard", 3, 3)]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("plain", [False, True])
def test_the_page_fits_every_terminal(width: int, plain: bool) -> None:
    events = history()
    today = max(event.day for event in events)
    found = gather(library(), library().decks, events, fold(events, SCHEDULER), today, SCHEDULER)
    text = render(found, Look(width=width, height=24, colour=False, unicode=True, plain=plain))
    assert all(len(line) <= width for line in text.split("\n"))
    assert "A deck" in text
    assert "Hardest cards" in text


def test_the_json_form_agrees_with_the_events() -> None:
    events = history()
    today = max(event.day for event in events)
    found = gather(library(), library().decks, events, fold(events, SCHEDULER), today, SCHEDULER)
    data = json.loads(to_json(found))
    assert sum(data["answers"].values()) == len(events)
    assert data["decks"][0]["cards"] == 12
    assert data["minutes"] == pytest.approx(len(events) / 2)


def test_a_learner_without_answers_has_a_page_too() -> None:
    text = render(gather(library(), library().decks, [], {}, 739_000, SCHEDULER), Look())
    assert "0 of 12 learnt" in text


def test_in_a_wide_terminal_a_deck_takes_a_line_and_the_heat_map_names_its_months() -> None:
    events = history()
    today = max(event.day for event in events)
    found = gather(library(), library().decks, events, fold(events, SCHEDULER), today, SCHEDULER)
    lines = render(found, Look(width=80, height=24, plain=False)).split("\n")
    (deck,) = [line for line in lines if line.startswith("  A deck")]
    assert deck.split()[2].strip("━─") == ""
    assert deck.rstrip().endswith("of 12")
    months = lines[lines.index(next(line for line in lines if "Answers a day" in line)) + 1].split()
    assert {"Sep", "Oct", "Nov"} <= set(months)
