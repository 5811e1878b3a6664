"""One line that shows the check at work, above it what the check draws; both go without a trace."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from grader.render.page import Look
from grader.text import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from grader.core import Event
    from grader.report import Picture

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
_PER_SECOND = 10


def begun(drawn: RenderableType, look: Look, stream: TextIO | None = None) -> Live:
    """Begin to draw something again and again, in the place where the terminal's cursor is.

    Args:
        drawn: what knows how it looks at each moment.
        look: what the terminal can show.
        stream: the terminal; None for standard output.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, highlight=False, markup=False, emoji=False, no_color=not look.colour)
    # Output is not redirected: nothing else prints while it is there.
    live = Live(
        drawn, console=console, transient=True, refresh_per_second=_PER_SECOND, redirect_stdout=False,
        redirect_stderr=False,
    )  # fmt: skip
    live.start()
    return live


class LiveLine:
    """A context manager to be called with the events of a grading; does nothing where no line can be drawn.

    Args:
        look: what the terminal can show.
        title: what is graded.
    """

    def __init__(self, look: Look, title: str) -> None:
        self._look = look
        self._titles: dict[str, str] = {}
        self._doing = f"{title}: starting"
        self._done = 0
        self._since = time.monotonic()
        self._live: Live | None = None
        self._drawing: list[str] = []

    def __enter__(self) -> LiveLine:
        if self._look.live:
            self._live = begun(self, self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind == "begin":
            self._titles = {check.name: one_line(check.title) for check in event.checks}
        elif event.kind == "start":
            self._doing = self._titles.get(event.name, event.name)
            self._since = time.monotonic()
        elif event.kind == "picture":
            self._drawing = self._fitting(event.pictures)
        else:
            self._done += 1
            self._drawing = []

    def _fitting(self, pictures: Sequence[Picture]) -> list[str]:
        """The pictures that fit above the line, on a screen of this height."""
        from grader.render.drawing import draw  # few checks draw

        left = shutil.get_terminal_size().lines - 2
        lines: list[str] = []
        for drawing in (draw(picture, self._look) for picture in pictures):
            if len(drawing) <= left:
                lines += drawing
                left -= len(drawing)
        return lines

    def __rich__(self) -> Text:
        """The drawing and the line as they are now."""
        seconds = time.monotonic() - self._since
        frames = _FRAMES if self._look.unicode else _PLAIN_FRAMES
        frame = frames[int(time.monotonic() * _PER_SECOND) % len(frames)]
        count = f" {min(self._done + 1, len(self._titles))}/{len(self._titles)}" if self._titles else ""
        drawing = "".join(f"{line}\n" for line in self._drawing)
        text = Text.assemble(
            drawing, "  ", (f"{frame}{count}", "cyan"), f"  {self._doing}  ", (f"{seconds:.0f} s", "dim")
        )
        text.no_wrap = True
        text.overflow = "ellipsis"
        return text
