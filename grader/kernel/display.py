"""What `check()` shows while it works and when it is done: HTML in a notebook, words in a terminal."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from grader.core import Event
from grader.report import Report
from grader.text import clean, one_line


class View(Protocol):
    """A place to show a grading."""

    def at_work(self, title: str) -> AbstractContextManager[Callable[[Event], None]]:
        """While a grading goes on: what is to be called with its events."""

    def result(self, report: Report, remarks: Sequence[str], footnote: str, command: str) -> None:
        """Show the verdict, with remarks above it and a quiet word below; ``command`` is what grades the file again."""

    def message(self, text: str) -> None:
        """Show why there is no verdict."""


class Notebook:
    """Shows everything in one place below the cell, which changes as the grading goes on.

    Args:
        updates: whether the front end can change what it has shown; otherwise only the end is shown.
    """

    def __init__(self, *, updates: bool) -> None:
        self._updates = updates
        self._handle: Any = None

    @contextmanager
    def at_work(self, title: str) -> Iterator[Callable[[Event], None]]:
        """Count the checks."""
        titles: dict[str, str] = {}
        done = 0

        def listen(event: Event) -> None:
            nonlocal done
            if event.kind == "begin":
                titles.update((check.name, one_line(check.title)) for check in event.checks)
            elif event.kind == "start":
                self._progress(titles.get(event.name, event.name), done, len(titles))
            elif event.kind == "result":
                done += 1

        self._progress(f"{one_line(title)}: starting", 0, 0)
        yield listen

    def _progress(self, doing: str, done: int, most: int) -> None:
        if not self._updates:
            return
        said = f"{min(done + 1, most)} of {most} · {doing} …" if most else f"{doing} …"
        bar = f'<progress max="{most}" value="{done}"></progress> ' if most else ""
        self._show(f'<div role="status">{bar}{html.escape(said)}</div>', said)

    def result(self, report: Report, remarks: Sequence[str], footnote: str, command: str) -> None:
        """Show the verdict, with remarks above it and a quiet word below; ``command`` is what grades the file again."""
        from grader.render.html import fragment
        from grader.render.page import Look
        from grader.render.terminal import render

        above = "".join(f"<p>{html.escape(remark)}</p>" for remark in remarks)
        below = f"<p><small>{html.escape(footnote)}</small></p>" if footnote else ""
        words = _words(remarks) + render(report, Look(), command=command) + _words([footnote])
        self._show(above + fragment(report, command=command) + below, words)

    def message(self, text: str) -> None:
        """Show why there is no verdict."""
        # A caret below a line of code needs every character to be as wide as the next.
        kind = "pre" if "\n" in text else "p"
        self._show(f"<{kind}>{html.escape(clean(text))}</{kind}>", clean(text))

    def _show(self, markup: str, text: str) -> None:
        from IPython.display import display

        bundle = {"text/html": markup, "text/plain": text}
        if self._handle is not None:
            self._handle.update(bundle, raw=True)
        else:
            self._handle = display(bundle, raw=True, display_id=True if self._updates else None)  # type: ignore[no-untyped-call]


class Terminal:
    """Shows words on standard output."""

    def __init__(self) -> None:
        from grader.render.page import Look

        self._look = Look.of(sys.stdout, os.environ)

    def at_work(self, title: str) -> AbstractContextManager[Callable[[Event], None]]:
        """One line that shows the check at work."""
        from grader.render.live import LiveLine

        return LiveLine(self._look, title)

    def result(self, report: Report, remarks: Sequence[str], footnote: str, command: str) -> None:
        """Show the verdict, with remarks above it and a quiet word below; ``command`` is what grades the file again."""
        from grader.render.terminal import render

        sys.stdout.write(_words(remarks) + render(report, self._look, command=command) + _words([footnote]))

    def message(self, text: str) -> None:
        """Show why there is no verdict."""
        sys.stdout.write(f"{clean(text)}\n")


def _words(remarks: Sequence[str]) -> str:
    return "".join(f"  {clean(remark)}\n" for remark in remarks if remark)
