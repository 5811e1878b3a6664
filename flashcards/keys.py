"""Keys as they are pressed: from a terminal one by one, from a pipe one line at a time."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, TextIO

REDRAW, EOF, ENTER, ESCAPE, BACKSPACE, CLEAR, OTHER = (
    "<redraw>", "<eof>", "<enter>", "<escape>", "<backspace>", "<clear>", "<other>",
)  # fmt: skip
UP, DOWN, PAGE_UP, PAGE_DOWN = "<up>", "<down>", "<page up>", "<page down>"
_NAMES = {"\n": ENTER, "\r": ENTER, "\x7f": BACKSPACE, "\x08": BACKSPACE, "\x04": EOF, "\x15": CLEAR}

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?")
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_LONGEST_PASTE = 4096
_MOVES = {
    "\x1b[A": UP, "\x1bOA": UP, "\x1b[B": DOWN, "\x1bOB": DOWN, "\x1b[5~": PAGE_UP, "\x1b[6~": PAGE_DOWN,
}  # fmt: skip
# The alternate screen, without a cursor: what stood in the terminal before the drill stands there afterwards.
_SCREEN_ON, _SCREEN_OFF = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_REST_OF_SEQUENCE = 0.05
"""Seconds in which the rest of an escape sequence follows its first byte; a bare Escape has no rest."""
_HELD = 0.08
"""Seconds: nobody presses a key twice in that time, but a key that is held down comes again."""
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Pasted(str):
    """What was pasted: no key press, but it may be part of an answer that is being typed."""

    __slots__ = ()


class Lines:
    """A pipe, or a screen reader's user (``--plain``): a line at a time; its first character is the key."""

    def __init__(self, source: TextIO, show: Callable[[str], object]) -> None:
        self._source = source
        self._show = show

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def key(self) -> str:
        """The first character of the next line; Enter for an empty one."""
        line = self.line("> ")
        return EOF if line is None else (line.strip()[:1] or ENTER)

    def line(self, prompt: str) -> str | None:
        """The next line."""
        self._show(prompt)
        line = self._source.readline()
        return line.rstrip("\r\n") if line else None

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Nothing was changed, so nothing has to be put back."""
        return contextlib.nullcontext()


class Terminal:
    """A terminal in cbreak mode on its alternate screen; as it was before once the context ends, however it ends."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._fd)
        self._handlers: dict[int, Any] = {}
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending = ""
        self._last = ("", 0.0)
        # A signal writes a byte here, so that waiting for a key ends.
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Terminal:
        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGWINCH: self._redraw,
            signal.SIGTSTP: self._suspend,
            signal.SIGCONT: self._resume,
            **dict.fromkeys(_ENDING, self._end),
        }
        self._handlers = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self._woken)
        os.close(self._wakes)

    def key(self) -> str:
        """Wait for a key, or for what is pasted. A held space or Enter would rate card after card: it counts once."""
        while True:
            while self._pending:
                found = self._first()
                if not self._held(found):
                    return found
            readable, _, _ = select.select([self._fd, self._woken], [], [])
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 1024)
                return REDRAW
            if not self._read():
                return EOF

    def _read(self) -> bool:
        """Take what has been typed; False at the end of the input."""
        try:
            data = os.read(self._fd, 4096)
        except OSError:  # the terminal is gone
            return False
        self._pending += self._decoder.decode(data)
        return bool(data)

    def _more(self) -> bool:
        """Take what follows at once, if something does."""
        ready, _, _ = select.select([self._fd], [], [], _REST_OF_SEQUENCE)
        return bool(ready) and self._read()

    def _held(self, key: str) -> bool:
        before, self._last = self._last, (key, time.monotonic())
        return key in (" ", ENTER) and key == before[0] and self._last[1] - before[1] < _HELD

    def _first(self) -> str:
        """Take one key from what has been read."""
        if self._pending[0] != "\x1b":
            first, self._pending = self._pending[0], self._pending[1:]
            return _NAMES.get(first, first if first.isprintable() else OTHER)
        while not (sequence := _SEQUENCE.match(self._pending)):
            if _BEGUN.fullmatch(self._pending) and self._more():
                continue
            # A bare Escape, or a sequence that breaks off; what follows are keys again.
            begun = _BEGUN.match(self._pending)
            assert begun is not None
            self._pending = self._pending[begun.end() :]
            return ESCAPE
        self._pending = self._pending[sequence.end() :]
        return self._paste() if sequence.group() == _PASTE_BEGINS else _MOVES.get(sequence.group(), OTHER)

    def _paste(self) -> Pasted:
        kept = ""
        while _PASTE_ENDS not in self._pending:
            # A paste may be long: of what comes later only what could be the beginning of the end is kept.
            kept = (kept + self._pending[: -len(_PASTE_ENDS)])[:_LONGEST_PASTE]
            self._pending = self._pending[-len(_PASTE_ENDS) :]
            if not self._read():
                return Pasted(kept)
        rest, self._pending = self._pending.split(_PASTE_ENDS, 1)
        return Pasted((kept + rest)[:_LONGEST_PASTE])

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """The terminal as it was before, for an editor."""
        self._give_back()
        # Ctrl-Z and Ctrl-C are the editor's own now, and `fg` must not take the terminal from it. A handler is not
        # inherited, "ignore" would be.
        ours: dict[int, Any] = {
            signal.SIGTSTP: signal.SIG_DFL, signal.SIGCONT: signal.SIG_DFL, signal.SIGINT: lambda *_: None,
        }  # fmt: skip
        before = {number: signal.signal(number, handler) for number, handler in ours.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._take()

    def _take(self) -> None:
        with contextlib.suppress(termios.error):  # the terminal may be gone
            tty.setcbreak(self._fd, termios.TCSADRAIN)
        _write(_SCREEN_ON + _PASTE_ON)

    def _give_back(self) -> None:
        _write(_PASTE_OFF + _SCREEN_OFF)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def _redraw(self, *_: object) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wakes, b"!")

    def _suspend(self, *_: object) -> None:
        # The shell gets its terminal back before we stop.
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self, *_: object) -> None:
        """After `fg`: the shell has put its own settings into the terminal, whatever stopped us."""
        self._take()
        self._redraw()

    @staticmethod
    def _end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text)
        sys.stdout.flush()
