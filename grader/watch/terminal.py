"""The terminal of a session: a screen of our own, keys one by one, and the signals that come with a terminal."""

from __future__ import annotations

import codecs
import contextlib
import copy
import os
import queue
import select
import signal
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, Generic, TypeVar

from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

T = TypeVar("T")

ESCAPE_SECONDS = 0.05
"""A lone Escape is one when nothing follows in this time; arrow keys begin with the same byte."""

SIGNALS = (
    signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
)  # fmt: skip

# The alternate screen keeps what was on the terminal before, and its scroll-back. No cursor, no wrapping (what is too
# wide is cut, and the layout holds), and pasted text comes in brackets, so that it is no keys.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
_LEAVE = "\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
# Terminals that know synchronized output show the frame in one piece; others ignore it.
_BEGIN_FRAME, _END_FRAME = "\x1b[?2026h", "\x1b[?2026l"

_NAMES: Mapping[str, str] = {
    Keys.Up: "up", Keys.Down: "down", Keys.PageUp: "pageup", Keys.PageDown: "pagedown", Keys.Escape: "escape",
    Keys.ControlC: "quit", Keys.ControlD: "quit",
}  # fmt: skip


class Bell(Generic[T]):
    """Wakes whoever waits in ``select``: for what threads put into it, and for signals."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        self._queue: queue.SimpleQueue[T] = queue.SimpleQueue()

    def fileno(self) -> int:
        """What to wait for."""
        return self._read

    def put(self, item: T) -> None:
        """Hand something over, from any thread."""
        self._queue.put(item)
        with contextlib.suppress(BlockingIOError):  # full: then it rings already
            os.write(self._write, b"\0")

    def answer(self) -> tuple[list[T], list[int]]:
        """What was handed over, and the signals that came."""
        rung = b""
        with contextlib.suppress(BlockingIOError):
            rung = os.read(self._read, 1 << 16)
        items = []
        with contextlib.suppress(queue.Empty):
            while True:
                items.append(self._queue.get_nowait())
        return items, [number for number in rung if number]

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Ring for signals meanwhile, in place of what they would do."""
        before = {number: signal.signal(number, _only_ring) for number in SIGNALS}
        old = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)


def _only_ring(number: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has told already."""


class Terminal:
    """The terminal on standard input and output.

    Keys come one by one, but Ctrl-C and Ctrl-Z stay signals: they reach the whole job, as its shell expects.
    """

    def __init__(self) -> None:
        self._input, self._output = sys.stdin.fileno(), sys.stdout
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pressed: list[KeyPress] = []
        self._parser = Vt100Parser(self._pressed.append)
        self._before: list[Any] | None = None
        self._shown = ""
        self.pending = False  # whether part of a key may be held back
        self.gone = False  # whether the terminal has been closed

    def fileno(self) -> int:
        """What to wait for: a key."""
        return self._input

    def enter(self) -> None:
        """Take the terminal; to be called again when it may have been set otherwise (SIGCONT)."""
        try:
            # What is given back is what was there at first, however an editor that crashed has left it.
            self._before = self._before or termios.tcgetattr(self._input)
            modes = copy.deepcopy(self._before)
            # No IXON: a Ctrl-S that was meant for the editor would freeze the screen.
            modes[0] &= ~termios.IXON
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._input, termios.TCSADRAIN, modes)
        except termios.error:
            self.gone = True
        self._send(_ENTER)
        self.redraw()

    def leave(self) -> None:
        """Give the terminal back as it was."""
        self._send(_LEAVE)
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    def redraw(self) -> None:
        """Draw the next frame even if it is the same: somebody else may have written to the terminal."""
        self._shown = ""

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """The terminal as it was before, for another program."""
        self.leave()
        try:
            yield
        finally:
            self.enter()

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        try:
            size = os.get_terminal_size(self._output.fileno())
        except OSError:
            return 80, 24
        return size.columns or 80, size.lines or 24

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines from the top, in one write; nothing at all when they are there already."""
        # Each line is erased before it is written: afterwards, that would take the last column's character with it.
        text = "\r\n".join(f"\x1b[2K{line}" for line in lines) + "\x1b[J" * (len(lines) < self.size()[1])
        if text != self._shown:
            self._shown = text
            self._send(f"{_BEGIN_FRAME}\x1b[H{text}{_END_FRAME}")

    def keys(self) -> list[str]:
        """The keys that were pressed, by the names of ``session.Pressed``; pasted text is none."""
        try:
            data = os.read(self._input, 4096)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.gone = True
        self._parser.feed(self._decoder.decode(data))
        self.pending = True
        return self._taken()

    def flush(self) -> list[str]:
        """What was held back in case more followed: a lone Escape."""
        self.pending = False
        self._parser.flush()
        return self._taken()

    def _taken(self) -> list[str]:
        pressed, self._pressed[:] = list(self._pressed), []
        names = [_NAMES.get(press.key, press.key if len(press.key) == 1 else "") for press in pressed]
        return [name.lower() for name in names if name]

    def _send(self, text: str) -> None:
        try:
            self._output.write(text)
            self._output.flush()
        except OSError:
            self.gone = True


def wait(terminal: Terminal, bell: Bell[Any], seconds: float | None) -> bool:
    """Wait for a key, the bell, or the time; whether a key was pressed."""
    if terminal.pending:
        seconds = min(seconds, ESCAPE_SECONDS) if seconds is not None else ESCAPE_SECONDS
    ready = select.select([terminal.fileno(), bell.fileno()], [], [], seconds)[0]
    return terminal.fileno() in ready
