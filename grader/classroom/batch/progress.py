"""How far a batch is: one line that moves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from grader.classroom.batch.record import Record
from grader.render.live import begun
from grader.render.page import Look, duration

if TYPE_CHECKING:
    from rich.live import Live

_RECENT = 200
"""Gradings whose pace counts: the first minute of three hours tells nothing about the last."""

_OFTEN, _AT_LEAST = 10.0, 60.0
"""Seconds between plain lines: for each tenth that is done, and when nothing else is said."""

_BAR = 30


class Pace:
    """How fast it goes. Times are seconds on any clock.

    Args:
        total: gradings that there are to do.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def note(self, now: float) -> None:
        """One is done."""
        self.done += 1
        self._recent.append(now)

    def rate(self, now: float) -> float:
        """Gradings per second lately; 0 as long as nobody knows."""
        # From the first end to now: the start of the workers does not count, a stall does.
        since = now - self._recent[0] if self._recent else 0.0
        return (len(self._recent) - 1) / since if since > 0 else 0.0

    def left(self, now: float) -> float | None:
        """Seconds that the rest takes at this pace; None as long as nobody knows."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate > 0 else None


class Progress:
    """A context manager that is told of each record.

    Args:
        look: what ``stream`` can show.
        stream: where to write; what goes wrong there stops no batch.
        total: gradings that there are to do.
        clock: seconds.
    """

    def __init__(self, look: Look, stream: TextIO, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._stream = stream
        self._clock = clock
        self._pace = Pace(total)
        self._unusable = self._faulty = 0
        self._live: Live | None = None
        self._last, self._tenths = clock(), 0

    def __enter__(self) -> Progress:
        if self._look.live:
            self._live = begun(self, self._look, self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()

    def note(self, record: Record) -> None:
        """One more is graded."""
        now = self._clock()
        self._pace.note(now)
        self._unusable += bool(record.problem)
        self._faulty += bool(record.fault)
        if self._live is None:
            tenths = 10 * self._pace.done // self._pace.total
            waited = now - self._last
            if waited >= _AT_LEAST or (waited >= _OFTEN and tenths > self._tenths):
                self._last, self._tenths = now, tenths
                with suppress(OSError):
                    self._stream.write(f"{' · '.join(self.words(now))}\n")
                    self._stream.flush()

    def words(self, now: float) -> list[str]:
        """What can be said, the most important first."""
        pace = self._pace
        said = [f"{pace.done:,} of {pace.total:,} graded" if pace.done else f"{pace.total:,} to grade: starting"]
        if rate := pace.rate(now):
            said.append(f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute")
        if (left := pace.left(now)) is not None:
            spent = timedelta(seconds=left)
            said.append(f"{duration(spent) or f'{left:.0f} s'} left")
        said += [f"{self._unusable:,} unusable"] if self._unusable else []
        said += [f"{self._faulty:,} not graded"] if self._faulty else []
        return said

    def __rich__(self) -> Text:
        """The line as it is now, with a bar if there is room for one."""
        words = " · ".join(self.words(self._clock()))
        width = min(_BAR, self._look.width - len(words) - 6)
        full, empty = ("━", "─") if self._look.unicode else ("#", "-")
        text = Text("  ", no_wrap=True, overflow="ellipsis")
        if width >= 10:
            filled = width * self._pace.done // max(self._pace.total, 1)
            text.append(full * filled, "cyan").append(empty * (width - filled), "dim").append("  ")
        return text.append(words)
