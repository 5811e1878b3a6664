"""Streaks and time at work, from moments alone: the clock and whose midnights count are arguments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.practice import PAUSE, Practice, streak, time_spent
from grader.progress import Attempt

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def attempt(at: datetime, exercise: str = "exercise1_a") -> Attempt:
    return Attempt(at, exercise, 1, 2, False, 0.5, 1, ())


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        ([], (0, False)),
        ([0], (1, True)),
        ([0, 0, 0], (1, True)),
        ([0, 1, 2], (3, True)),
        ([1, 2], (2, False)),  # today is still open
        ([2, 3, 4], (0, False)),  # yesterday was missed
        ([0, 2, 3], (1, True)),
        ([-1], (0, False)),  # the clock was set back since
    ],
)
def test_days_in_a_row(ago: list[int], expected: tuple[int, bool]) -> None:
    assert streak([NOON - days * DAY for days in reversed(ago)], NOON, UTC) == expected


def test_a_day_is_the_learners() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert streak([late, late + timedelta(hours=1)], NOON, UTC) == (2, True)
    assert streak([late, late + timedelta(hours=1)], NOON, timezone(timedelta(hours=5))) == (1, True)


def test_days_with_23_and_25_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for change in (datetime(2026, 3, 29, tzinfo=berlin), datetime(2026, 10, 25, tzinfo=berlin)):
        days = [change.replace(day=change.day + offset, hour=0, minute=5) for offset in (-2, -1, 0, 1)]
        assert streak([day.astimezone(UTC) for day in days], days[-1], berlin) == (4, True)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that moves this computer to another zone."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_without_a_zone_it_is_this_computers(zone: Callable[[str], None]) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    for name, days in (("UTC", 2), ("ABC-5", 1)):
        zone(name)
        assert streak([late, late + timedelta(hours=1)], NOON)[0] == days


@given(st.lists(st.integers(0, 40)), st.integers(0, 40))
def test_a_streak_is_the_longest_run_that_ends_now(ago: list[int], more: int) -> None:
    days, graded_today = streak([NOON - number * DAY for number in ago], NOON, UTC)
    first = 0 if graded_today else 1
    assert all(number in ago for number in range(first, first + days))
    assert first + days not in ago
    assert streak([NOON - number * DAY for number in [*ago, more]], NOON, UTC)[0] >= days


def minutes(*moments: float, exercise: str = "exercise1_a") -> list[Attempt]:
    return [attempt(NOON + timedelta(minutes=moment), exercise) for moment in moments]


def test_short_gaps_are_work_and_long_ones_are_not() -> None:
    assert timedelta(minutes=15) == PAUSE
    assert time_spent([]) == {}
    assert time_spent(minutes(0)) == {"exercise1_a": timedelta()}
    assert time_spent(minutes(0, 5, 20))["exercise1_a"] == timedelta(minutes=20)
    assert time_spent(minutes(0, 5, 20.1))["exercise1_a"] == timedelta(minutes=5)
    assert time_spent(minutes(0, 5, 300, 310))["exercise1_a"] == timedelta(minutes=15)


def test_a_gap_belongs_to_the_exercise_after_it() -> None:
    both = [*minutes(0, 10), *minutes(4, 6, exercise="exercise2_b")]
    assert time_spent(both) == {"exercise1_a": timedelta(minutes=4), "exercise2_b": timedelta(minutes=6)}


@given(st.lists(st.floats(0, 3000)))
def test_time_is_at_most_what_went_by_whatever_the_order(moments: list[float]) -> None:
    spent = sum(time_spent(minutes(*moments)).values(), timedelta())
    assert timedelta() <= spent <= timedelta(minutes=max(moments, default=0) - min(moments, default=0))
    assert time_spent(minutes(*reversed(moments))) == time_spent(minutes(*moments))


def test_both_together() -> None:
    attempts = [*minutes(0, 10), *minutes(14, exercise="exercise2_b")]
    assert Practice.of(attempts, NOON, UTC) == Practice(1, True, timedelta(minutes=14))
