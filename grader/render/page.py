"""Lines of text for a terminal of any width, with or without colour, or for a pipe."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from grader.report import Status
from grader.text import clean

NARROWEST, WIDEST = 40, 100

COLOURS = {
    Status.PASSED: "green",
    Status.FAILED: "red",
    Status.ERROR: "red",
    Status.SKIPPED: "dim",
    Status.NOT_ATTEMPTED: "yellow",
}
WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.SKIPPED: "skipped",
    Status.NOT_ATTEMPTED: "not attempted",
}
_SYMBOLS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.ERROR: "!",
    Status.SKIPPED: "–",
    Status.NOT_ATTEMPTED: "·",
}
_PLAIN_SYMBOLS = {
    Status.PASSED: "+",
    Status.FAILED: "x",
    Status.ERROR: "!",
    Status.SKIPPED: "-",
    Status.NOT_ATTEMPTED: ".",
}


@dataclass(frozen=True)
class Look:
    """What the place we write to can show.

    Args:
        width: columns.
        colour: whether escape sequences are welcome.
        unicode: whether it can show marks beyond ASCII.
        live: whether a line may be drawn and taken away again.
    """

    width: int = 80
    colour: bool = False
    unicode: bool = True
    live: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Look:
        """Ask a stream and the environment (NO_COLOR, FORCE_COLOR, TERM, COLUMNS)."""
        terminal = stream.isatty() and environ.get("TERM") != "dumb"
        colour = not environ.get("NO_COLOR") and (terminal or bool(environ.get("FORCE_COLOR")))
        width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
        return cls(width, colour, "utf" in (stream.encoding or "").lower(), terminal)

    def mark(self, status: Status) -> str:
        """The mark of a status, one column wide."""
        return (_SYMBOLS if self.unicode else _PLAIN_SYMBOLS)[status]


class Page:
    """Lines that are collected, wrapped, and turned into one text."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._lines: list[Text] = []
        self._console = Console(
            file=io.StringIO(),
            width=look.width,
            color_system="standard" if look.colour else None,
            force_terminal=look.colour,
            force_jupyter=False,
            no_color=not look.colour,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def blank(self) -> None:
        """An empty line; two of them never follow one another."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def line(self, *parts: str | Text | tuple[str, str]) -> None:
        """One line as it is, never wrapped: texts, or (text, style)."""
        self._lines.append(Text.assemble(*parts))

    def paragraph(
        self, text: str | Text, *, first: str | Text = "", hang: int = 0, style: str = "", margin: int = 0
    ) -> None:
        """Wrapped text.

        Args:
            text: what to say; a plain string is cleaned first.
            first: what stands before its first line, for example a mark.
            hang: by how many columns the other lines (and a first one without ``first``) are indented.
            style: its style.
            margin: columns to leave free on the right.
        """
        words = text if isinstance(text, Text) else Text(clean(text), style=style)
        wrapped = words.wrap(self._console, max(self.look.width - hang - margin, 8), overflow="fold", tab_size=4)
        for number, part in enumerate(wrapped):
            part.rstrip()
            lead = first if number == 0 and first else " " * hang
            self._lines.append(Text.assemble(lead, part))

    def right(self, text: str, style: str = "") -> None:
        """Put a short text at the right end of the last line."""
        line = self._lines[-1]
        line.append(" " * max(self.look.width - cell_len(line.plain) - cell_len(text), 1))
        line.append(text, style=style)

    def text(self) -> str:
        """Everything, with a line break at the end of each line."""
        if not self.look.colour:
            return "".join(f"{line.plain.rstrip()}\n" for line in self._lines)
        with self._console.capture() as captured:
            for line in self._lines:
                self._console.print(line, soft_wrap=True)
        return captured.get()


def plural(count: int, word: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def duration(time: timedelta) -> str:
    """``2 h 5 min``; empty for less than a minute."""
    hours, minutes = divmod(int(time.total_seconds() // 60), 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part)
