"""A card in the learner's own editor: its progress belongs to its id, so every text may change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from flashcards.deck import OWN_DECKS
from flashcards.errors import Unusable

if TYPE_CHECKING:
    from flashcards.card import Card
    from flashcards.keys import Lines, Terminal

# Editors that take the line with the file; most others know +LINE, and the rest gets the file alone.
_COLON = {"code", "code-insiders", "codium", "cursor", "subl", "hx", "helix", "zed", "micro"}
_GOTO = {"code", "code-insiders", "codium", "cursor"}
_PLUS = {"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "kak", "joe", "ne", "mg", "gedit", "kate"}


def command(editor: str, path: Path, line: int) -> list[str]:
    """What opens a file at a line.

    Args:
        editor: ``$VISUAL`` or ``$EDITOR``; may carry options.
        path: the file.
        line: from 1.

    Raises:
        ValueError: the editor's words have an open quote.
    """
    import shlex

    words = shlex.split(editor)
    name = Path(words[0]).name if words else ""
    if name in _COLON:
        return [*words, *(["--goto"] if name in _GOTO else []), f"{path}:{line}"]
    return [*words, *([f"+{line}"] if name in _PLUS else []), str(path)]


def chosen_editor() -> str:
    """``$VISUAL`` or ``$EDITOR``.

    Raises:
        Unusable: neither is set.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not editor.strip():
        raise Unusable("No editor is set; put `export EDITOR=nano` into your shell's start-up file.")
    return editor


def run_editor(path: Path, line: int) -> None:
    """Open a file in the learner's editor, and wait until it is closed.

    Raises:
        Unusable: no editor is set, or it could not be started.
    """
    import subprocess  # who edits nothing does not wait for it

    editor = chosen_editor()
    try:
        subprocess.run(command(editor, path, line), check=False)  # noqa: S603  the learner's own
    except (OSError, ValueError) as error:
        raise Unusable(f"{editor} could not be started: {error}. $EDITOR names it.") from None


class Editor:
    """Opens cards while the terminal is lent to the editor."""

    def __init__(self, keys: Terminal | Lines) -> None:
        self._keys = keys

    def __call__(self, card: Card) -> str:
        """Open a card; what is to be said about it afterwards."""
        if not os.access(card.path, os.W_OK):
            return f"{card.path} cannot be written, so this card cannot be edited."
        before = _content(card.path)
        try:
            with self._keys.aside():
                run_editor(card.path, card.line)
        except Unusable as error:
            return f"{error} The card: {card.path}, line {card.line}"
        if _content(card.path) == before:
            return "Nothing was changed."
        if card.path.is_relative_to(OWN_DECKS):
            return "Edited. This deck comes with reparam: its next version replaces your edit."
        return "Edited; the card's progress stays."


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
