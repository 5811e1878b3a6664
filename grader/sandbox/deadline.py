"""How long a learner's code may take: by the clock on the wall, and longer where the machine gave it no time."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable

LONGEST = 10
"""A call may take so many times its limit where the machine is busy with other things."""

WAITS = 0.01
"""Who uses less than this part of a processor waits for something that is not a processor, and gets no more time."""


def processor_seconds(pid: int) -> float | None:
    """The processor time that a process has used; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        # The kernel's number of another process's clock (MAKE_PROCESS_CPUCLOCK in its headers): asks no /proc.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


class Deadline:
    """The end of a call's time. A limit is there to end loops that never end, not to fail right code on a slow day.

    Once the time is up by the clock on the wall, a process that was kept from running gets what is missing of its limit
    as processor time; one that ran all the time, or waits, gets nothing.

    Args:
        seconds: the limit.
        used: processor seconds of the process that the time is for; None where nobody knows.
        clock: seconds that always pass.
        longest: of the wall's seconds that it may take in all.
    """

    def __init__(
        self,
        seconds: float,
        used: Callable[[], float | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        longest: float = float("inf"),
    ) -> None:
        self._seconds = min(seconds, longest)
        self._used = used
        self._clock = clock
        self._began = clock()
        self._before = used()
        self._end = self._began + self._seconds
        self._last = self._began + min(LONGEST * seconds, longest)

    @classmethod
    def of(cls, process: int, seconds: float, longest: float = float("inf")) -> Deadline:
        """The deadline of a call to a process.

        Args:
            process: its id.
            seconds: the limit.
            longest: of the wall's seconds that it may take in all.
        """
        return cls(seconds, functools.partial(processor_seconds, process), longest=longest)

    def left(self) -> float:
        """Seconds that are left before somebody must look again; 0 when the time is up."""
        left = self._end - self._clock()
        return left if left > 0 else self._more()

    def _more(self) -> float:
        now, used = self._clock(), self._used()
        if used is None or self._before is None:
            return 0.0
        had = used - self._before
        if had < WAITS * (now - self._began):
            return 0.0
        owed = min(self._seconds - had, self._last - now)
        # Two clocks never agree to the last digit: a twentieth of the limit is not worth another look.
        if owed <= self._seconds / 20:
            return 0.0
        self._end = now + owed
        return owed
