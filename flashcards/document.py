"""A deck's file as texts, lists and fields that know their line; and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flashcards.errors import Unusable
from flashcards.nodes import Node, NotOurYaml

SIZE_LIMIT = 1024 * 1024

# What is drawn as nothing, or reorders what is drawn: it could make a card say what its file does not. Control
# characters come in through escapes, "\\e[2J".
INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
    "]"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that cannot be used, or should not stay.

    Args:
        path: the file.
        line: its line, from 1; 0 for the file as a whole.
        field: how the place is reached, ``vae-kl-1d.draw.mu``; may be empty.
        message: what is wrong and what mends it.
    """

    path: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}, line {self.line}" if self.line else str(self.path)
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class DeckError(Unusable):
    """A deck that cannot be used. The message names file, line, field and the mend.

    Args:
        problem: the first one.
        more: how many others the file has.
    """

    def __init__(self, problem: Problem, more: int = 0) -> None:
        rest = f"\n{more} more in this file: `flashcards check` lists them." if more else ""
        super().__init__(f"{problem}{rest}")
        self.problem = problem


def read(path: Path) -> Node:
    """Read one YAML document.

    Raises:
        DeckError: it is missing, too large, not UTF-8, not YAML, or uses aliases, tags or deep nesting.
    """
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise _error(path, 0, f"cannot be read: {error.strerror}.") from None
    if len(content) > SIZE_LIMIT:
        raise _error(path, 0, "is larger than 1 MiB; make two decks of it.")
    return parse(path, content)


def parse(path: Path, content: bytes) -> Node:
    """The document that the bytes are, as :func:`read`; ``path`` is what messages name."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _error(path, line, "this is not UTF-8 text; save the file as UTF-8.") from None
    # Late: decks that were read before need no YAML, and importing it takes as long as reading a hundred cards.
    from flashcards.yaml_nodes import build

    try:
        return build(text)
    except NotOurYaml as error:
        raise _error(path, error.line, str(error)) from None


def _error(path: Path, line: int, message: str) -> DeckError:
    return DeckError(Problem(path, line, "", message))
