"""One card, from its question to a rating or a command: keys come in, screens go out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from flashcards import keys
from flashcards.card import Kind
from flashcards.keys import Lines, Pasted
from flashcards.question import LETTERS
from flashcards.schedule import Rating
from flashcards.screen import render
from flashcards.view import Screen

if TYPE_CHECKING:
    from flashcards.clock import Clock
    from flashcards.keys import Terminal
    from flashcards.page import Look
    from flashcards.question import Question
    from flashcards.view import View

_LONGEST_TYPED = 200


class Command(Enum):
    """What a learner may want instead of an answer."""

    UNDO = "u"
    EDIT = "e"
    FLAG = "f"
    SUSPEND = "s"
    QUIT = "q"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a learner gave.

    Args:
        rating: how it went.
        typed: what was typed.
        judged: whether that was right; None where nothing was typed.
        seed: what the question was drawn from.
        duration_ms: from the question to the rating.
    """

    rating: Rating
    typed: str
    judged: bool | None
    seed: int
    duration_ms: int


@dataclass(frozen=True)
class Desk:
    """What a learner sits at.

    Args:
        keys: where keys come from.
        write: shows a text.
        look: what the terminal is like now.
        now: the clock.
    """

    keys: Terminal | Lines
    write: Callable[[str], None]
    look: Callable[[], Look]
    now: Clock


class Asking:
    """A card on the desk."""

    def __init__(self, desk: Desk, view: View, buttons: Callable[[], dict[Rating, str]]) -> None:
        self._desk = desk
        self._view = view
        self._buttons = buttons
        self._typed = ""
        self._judged: bool | None = None
        self._since = desk.now()[0]
        self._screen = Screen("")

    @property
    def _question(self) -> Question:
        return self._view.question

    def run(self) -> Answer | Command:
        """Ask until there is a rating or a command; called again after a command, it goes on where it was."""
        if not self._view.shown:
            found = self._ask()
            if found is not None:
                return found
            self._reveal()
        return self._rate()

    def tell(self, notes: tuple[str, ...], notice: str) -> None:
        """Say something else beside the card."""
        self._view = replace(self._view, notes=notes, notice=notice)

    def _ask(self) -> Command | None:
        """Show the question until its answer may be shown."""
        lines = self._desk.keys
        if self._question.typed and isinstance(lines, Lines):
            return self._type_line(lines)
        if self._question.typed and self._question.card.kind is not Kind.CHOICE:
            return self._type_keys()
        while True:
            self._show()
            key = self._key()
            if key in (" ", keys.ENTER):
                self._judged = False if self._question.typed else None
                return None
            if len(key) == 1 and key.lower() in LETTERS[: len(self._question.options)]:
                self._typed = key.lower()
                self._hand_in(self._typed)
                return None
            if (command := self._command(key)) is not None:
                return command

    def _type_keys(self) -> Command | None:
        """Take an answer key by key; Escape makes the next key a command."""
        while True:
            self._show(typed=self._typed)
            key = self._desk.keys.key()
            if key == keys.EOF:
                return Command.QUIT
            if key == keys.ESCAPE:
                self._show(typed=self._typed, notice="u undo, e edit, f flag, s suspend, q quit, ? help")
                if (command := self._command(self._key())) is not None:
                    return command
            elif key == keys.ENTER:
                if self._hand_in(self._typed):
                    return None
            elif key == keys.BACKSPACE:
                self._typed = self._typed[:-1]
            elif key == keys.CLEAR:
                self._typed = ""
            elif isinstance(key, Pasted):
                first = next(iter(key.strip().splitlines()), "")
                self._typed = (self._typed + "".join(filter(str.isprintable, first)))[:_LONGEST_TYPED]
            elif len(key) == 1 and len(self._typed) < _LONGEST_TYPED:
                self._typed += key
            else:
                self._move(key)

    def _type_line(self, lines: Lines) -> Command | None:
        """Take an answer as a line; ``:u`` and its like are commands."""
        while True:
            self._show(typed="")
            line = lines.line("> ")
            if line is None:
                return Command.QUIT
            if line.startswith(":"):
                if (command := self._command(line[1:2])) is not None:
                    return command
                continue
            self._typed = line[:_LONGEST_TYPED]
            if self._hand_in(self._typed):
                return None

    def _hand_in(self, typed: str) -> bool:
        """Judge an answer; False when it cannot be read as one. Nothing typed means: I do not know."""
        if not typed.strip():
            self._judged = False
            return True
        verdict = self._question.judge(typed)
        if not verdict.understood:
            self._view = replace(self._view, notice=verdict.says)
            return False
        self._judged = verdict.right
        self._view = replace(self._view, verdict=verdict)
        return True

    def _reveal(self) -> None:
        suggested = Rating.AGAIN if self._judged is False else Rating.GOOD
        # The scheduler is imported now: until here nobody waited for it.
        self._view = replace(
            self._view,
            shown=True,
            typed=self._typed,
            buttons=self._buttons(),
            suggested=suggested,
            notice="",
            place=None,
        )

    def _rate(self) -> Answer | Command:
        while True:
            self._show(typed=self._typed)
            key = self._key()
            if key in (" ", keys.ENTER):
                return self._answer(self._view.suggested)
            if key in "1234" and len(key) == 1 and Rating(int(key)) in self._view.buttons:
                return self._answer(Rating(int(key)))
            if (command := self._command(key)) is not None:
                return command

    def _answer(self, rating: Rating) -> Answer:
        return Answer(rating, self._typed, self._judged, self._question.seed, self._desk.now()[0] - self._since)

    def _key(self) -> str:
        """A key; what is pasted is none."""
        while isinstance(key := self._desk.keys.key(), Pasted):
            pass
        return key

    def _command(self, key: str) -> Command | None:
        """The command of a key; help is given here, and a long page moved."""
        if key == "?":
            while key in ("?", keys.REDRAW):
                self._show(typed=self._typed, asks_help=True)
                key = self._key()
            return None
        if key == keys.EOF:
            return Command.QUIT
        self._move(key)
        return next((command for command in Command if command.value == key.lower()), None)

    def _move(self, key: str) -> None:
        """Scroll a page that is longer than the screen."""
        page = max(self._screen.rows - 2, 1)
        step = {keys.UP: -1, keys.DOWN: 1, keys.PAGE_UP: -page, keys.PAGE_DOWN: page}.get(key)
        if step is not None:
            place = min(max(self._screen.place + step, 0), self._screen.last)
            self._view = replace(self._view, place=place)

    def _show(self, **changes: object) -> None:
        view = replace(self._view, **changes)  # type: ignore[arg-type]  # names and types are View's own
        self._screen = render(view, self._desk.look())
        self._desk.write(self._screen.text)
