"""How regularly and how long somebody has practised, told from the moments of the attempts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from grader.progress import Attempt

PAUSE = timedelta(minutes=15)
"""Whoever grades nothing for longer than this has been away; that time is not counted as work."""


@dataclass(frozen=True)
class Practice:
    """How regularly and how long.

    Args:
        days: days in a row with an attempt, up to today or yesterday; 0 when the last one is older.
        graded_today: whether today is one of them; else it is still open.
        spent: time at work, see :func:`time_spent`.
    """

    days: int
    graded_today: bool
    spent: timedelta

    @classmethod
    def of(cls, attempts: Sequence[Attempt], now: datetime, zone: tzinfo | None = None) -> Practice:
        """Tell it from all attempts.

        Args:
            attempts: in any order.
            now: the time now.
            zone: whose days count; None for this computer's.
        """
        days, graded_today = streak([attempt.at for attempt in attempts], now, zone)
        return cls(days, graded_today, sum(time_spent(attempts).values(), timedelta()))


NONE_YET = Practice(0, False, timedelta())


def streak(moments: Sequence[datetime], now: datetime, zone: tzinfo | None = None) -> tuple[int, bool]:
    """Days in a row with a grading, and whether today is one of them.

    A day without one ends the streak only when it is over: until then yesterday's streak stands and today is open.

    Args:
        moments: of the gradings, with time zones.
        now: the time now.
        zone: whose midnights count; None for this computer's.
    """
    days = {moment.astimezone(zone).date() for moment in moments}
    today = now.astimezone(zone).date()
    graded_today = today in days
    day = today if graded_today else today - timedelta(days=1)
    length = 0
    while day in days:
        length += 1
        day -= timedelta(days=1)
    return length, graded_today


def time_spent(attempts: Sequence[Attempt]) -> dict[str, timedelta]:
    """Exercise name → time at work on it.

    The time between two attempts is work if it is no longer than :data:`PAUSE`, and none of it otherwise. It belongs to
    the exercise of the later attempt, towards which the work went. Whatever came before the first attempt of a session
    is unknown and not counted, so the true time is a little longer.

    Args:
        attempts: at all exercises, in any order.
    """
    found: dict[str, timedelta] = {attempt.exercise: timedelta() for attempt in attempts}
    for before, after in pairwise(sorted(attempts, key=lambda attempt: attempt.at)):
        gap = after.at - before.at
        if gap <= PAUSE:
            found[after.exercise] += gap
    return found
