"""The learner's day, at home and on the road."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards.clock import DAY_MS, FIRST_DAY, FIRST_MS, LAST_DAY, LAST_MS, day_begins_ms, learner_day, now

moments = st.integers(FIRST_MS, LAST_MS)
offsets = st.integers(-18 * 60, 18 * 60)
hours = st.integers(0, 23)


def at(text: str, zone: str) -> tuple[int, int]:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    offset = local.utcoffset()
    assert offset is not None
    return round(local.timestamp() * 1000), round(offset.total_seconds() / 60)


@pytest.mark.parametrize(
    ("local", "zone", "day"),
    [
        ("2026-11-21 03:59", "Europe/Berlin", "2026-11-20"),
        ("2026-11-21 04:00", "Europe/Berlin", "2026-11-21"),
        ("2026-11-22 01:00", "Asia/Kathmandu", "2026-11-21"),
        ("2026-03-29 03:30", "Europe/Berlin", "2026-03-28"),  # the night in which the clock jumps from 2 to 3
        ("2026-10-25 12:00", "America/St_Johns", "2026-10-25"),
        ("2026-01-01 00:00", "Pacific/Kiritimati", "2025-12-31"),
    ],
)
def test_the_day_begins_at_four(local: str, zone: str, day: str) -> None:
    assert date.fromordinal(learner_day(*at(local, zone))) == date.fromisoformat(day)


@given(moments, offsets, hours)
def test_the_same_day_as_the_calendar_says(at_ms: int, offset: int, hour: int) -> None:
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms, minutes=offset, hours=-hour)
    assert learner_day(at_ms, offset, hour) == local.toordinal()
    assert FIRST_DAY <= local.toordinal() <= LAST_DAY


@given(moments, offsets, hours)
def test_a_day_begins_where_it_begins(at_ms: int, offset: int, hour: int) -> None:
    day = learner_day(at_ms, offset, hour)
    begins = day_begins_ms(day, offset, hour)
    assert begins <= at_ms < begins + DAY_MS
    assert learner_day(begins, offset, hour) == day
    assert learner_day(begins - 1, offset, hour) == day - 1


@pytest.mark.parametrize(("zone", "minutes"), [("UTC", 0), ("Asia/Kathmandu", 345), ("XYZ+3:30", -210)])
def test_the_clock_knows_where_we_are(zone: str, minutes: int) -> None:
    code = "from flashcards.clock import now; print(now()[1])"
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
    )
    assert int(said.stdout) == minutes


def test_the_clock_tells_milliseconds() -> None:
    before = datetime.now(UTC).timestamp() * 1000
    assert before - 1 <= now()[0] <= datetime.now(UTC).timestamp() * 1000 + 1
