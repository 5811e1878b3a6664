"""Lines of text for a terminal of any size, with or without colour, or for a pipe or a screen reader."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

NARROWEST, WIDEST = 20, 88
LOW = 10
"""Rows below which only the most important is shown."""
_MARGIN = 2
_MARKED = 5
"""Rows from which on two of them may say what is not shown."""


@dataclass(frozen=True)
class Look:
    """What the place we write to can show.

    Args:
        width: columns that are used.
        height: rows.
        colour: whether escape sequences are welcome.
        unicode: whether it can show characters beyond ASCII.
        plain: no clearing, boxes or bars: for pipes and screen readers.
    """

    width: int = 80
    height: int = 24
    colour: bool = False
    unicode: bool = True
    plain: bool = True

    @property
    def dot(self) -> str:
        """What stands between things in one line."""
        return " · " if self.unicode else " | "

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] = os.environ, *, plain: bool = False) -> Look:
        """Ask a stream and the environment (NO_COLOR, FORCE_COLOR, TERM, COLUMNS)."""
        terminal = stream.isatty() and environ.get("TERM") != "dumb" and not plain
        columns, lines = _size(stream, environ)
        return cls(
            width=min(max(columns, NARROWEST), WIDEST),
            height=lines,
            colour=not plain and not environ.get("NO_COLOR") and (terminal or bool(environ.get("FORCE_COLOR"))),
            unicode="utf" in (stream.encoding or "").lower(),
            plain=not terminal,
        )


class Page:
    """Lines that are collected, wrapped, and turned into one text. Markup is never read: E[log p] stays as it is."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._lines: list[Text] = []
        self._console = Console(
            file=io.StringIO(),
            width=look.width,
            color_system="256" if look.colour else None,
            force_terminal=look.colour,
            force_jupyter=False,
            no_color=not look.colour,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def room(self) -> int:
        """Columns between the margins."""
        return self.look.width - 2 * _MARGIN

    def add(self, other: Page) -> None:
        """The lines of another page after these."""
        self._lines += other._lines

    def blank(self) -> None:
        """An empty line; two of them never follow one another."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def say(self, text: str | Text, style: str = "", *, first: str = "", hang: int = 0) -> None:
        """Wrapped text, line breaks kept.

        Args:
            text: what to say; a plain string is cleaned of control characters.
            style: of a plain string.
            first: what stands before its first line.
            hang: by how many columns more its other lines are indented.
        """
        words = text if isinstance(text, Text) else Text(printable(text), style=style)
        lead = " " * _MARGIN
        for line in words.split("\n", allow_blank=True):
            wrapped = line.wrap(self._console, self.look.width - _MARGIN - hang, overflow="fold", tab_size=4)
            for part in wrapped or [Text()]:
                part.rstrip()
                self._lines.append(Text.assemble(lead, (first.ljust(hang), style), part))
                first = ""

    def as_is(self, line: str | Text, style: str = "") -> None:
        """One line that is never wrapped: a formula, a picture."""
        body = line if isinstance(line, Text) else Text(line, style=style)
        self._lines.append(Text.assemble(" " * _MARGIN, body))

    def right(self, text: str, style: str = "dim") -> None:
        """Put a short text at the right end of the last line, or on a line of its own where it does not fit."""
        room = self.look.width - cell_len(self._lines[-1].plain) - cell_len(text)
        if self.look.plain or room < 2:
            self.say(text, style)
            return
        self._lines[-1].append(" " * room)
        self._lines[-1].append(text, style=style)

    def rule(self) -> None:
        """A thin line from side to side; nothing for a screen reader."""
        if not self.look.plain:
            self.as_is(("─" if self.look.unicode else "-") * (self.room), "dim")

    def fill(self, rows: int) -> None:
        """Empty lines up to so many rows, so that what follows stands at the bottom."""
        if not self.look.plain:
            self._lines.extend(Text() for _ in range(rows - len(self._lines)))

    def part(self, place: int, rows: int) -> None:
        """Keep so many rows from a place on, and say how many lines are above and below."""
        above, below = place, len(self._lines) - place - rows
        self._lines = self._lines[place : place + rows]
        arrows = ("↑", "↓") if self.look.unicode else ("^", "v")
        if rows >= _MARKED:
            for at, count, arrow in ((0, above, arrows[0]), (-1, below, arrows[1])):
                if count > 0:
                    self._lines[at] = Text(f"{' ' * _MARGIN}{arrow} {plural(count + 1, 'line')} more", style="dim")

    def text(self) -> str:
        """Everything, with a line break at the end of each line."""
        if not self.look.colour:
            text = "".join(f"{line.plain.rstrip()}\n" for line in self._lines)
        else:
            with self._console.capture() as captured:
                for line in self._lines:
                    self._console.print(line, soft_wrap=True)
            text = captured.get()
        return text


def _size(stream: TextIO, environ: Mapping[str, str]) -> tuple[int, int]:
    """As `shutil.get_terminal_size`, without its import."""
    try:
        found: tuple[int, int] = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        found = (80, 24)
    columns, lines = (
        environ.get(name, "") if environ.get(name, "").isdecimal() else "" for name in ("COLUMNS", "LINES")
    )
    # A terminal that was never told its size says 0.
    return int(columns or 0) or found[0] or 80, int(lines or 0) or found[1] or 24


def printable(text: str) -> str:
    """The text without control and format characters (decks of other people may hold them); line breaks stay."""
    return "".join(c if c == "\n" or c.isprintable() else " " if c == "\t" else "" for c in text)


def plural(count: int, word: str) -> str:
    """``1 card``, ``2 cards``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def one_line(text: str, most: int = 70) -> str:
    """A text in one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
