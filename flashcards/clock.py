"""The learner's day: it begins at four in the morning where the learner is, as in Anki."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], tuple[int, int]]
"""What `now` is: a function that gives the moment and the local offset."""

ROLLOVER_HOUR = 4
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

FIRST_MS = 0
"""1970. A clock that says less is broken, and so is a file."""

LAST_MS = 221_845_392_000_000
"""The year 9000: a century-long interval after it is still a date that Python knows."""

_EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC).toordinal()

FIRST_DAY = _EPOCH_DAY - 2
LAST_DAY = _EPOCH_DAY + LAST_MS // DAY_MS + 2


def now() -> tuple[int, int]:
    """The moment in milliseconds since 1970 (UTC), and how many minutes local time is ahead of UTC."""
    at_ms = min(max(time.time_ns() // 1_000_000, FIRST_MS), LAST_MS)
    offset = datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone().utcoffset()
    assert offset is not None
    return at_ms, round(offset.total_seconds() / 60)


def learner_day(at_ms: int, tz_offset_min: int, rollover_hour: int = ROLLOVER_HOUR) -> int:
    """The learner's day as an ordinal (`date.fromordinal` gives the date).

    Who learns at one in the morning is still in yesterday.

    Args:
        at_ms: milliseconds since 1970, UTC.
        tz_offset_min: minutes that local time is ahead of UTC (daylight saving included).
        rollover_hour: the local hour at which a day begins, 0 to 23.
    """
    local_ms = at_ms + tz_offset_min * MINUTE_MS - rollover_hour * HOUR_MS
    return _EPOCH_DAY + local_ms // DAY_MS


def day_begins_ms(day: int, tz_offset_min: int, rollover_hour: int = ROLLOVER_HOUR) -> int:
    """The moment at which a learner's day begins, in milliseconds since 1970 (UTC)."""
    return (day - _EPOCH_DAY) * DAY_MS + rollover_hour * HOUR_MS - tz_offset_min * MINUTE_MS
