"""A card in the learner's editor."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from decks import BASIC, written

from flashcards.deck import load
from flashcards.editor import Editor, command
from flashcards.keys import Lines


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vim", ["vim", "+7", "cards.yaml"]),
        ("/usr/bin/nano -w", ["/usr/bin/nano", "-w", "+7", "cards.yaml"]),
        ("code --wait", ["code", "--wait", "--goto", "cards.yaml:7"]),
        ("hx", ["hx", "cards.yaml:7"]),
        ("my-own", ["my-own", "cards.yaml"]),
    ],
)
def test_editors_open_at_the_card(editor: str, words: list[str]) -> None:
    assert command(editor, Path("cards.yaml"), 7) == words


@pytest.mark.parametrize(
    ("editor", "says"),
    [
        ("true", "Nothing was changed."),
        ("sed -i s/drawn/made/", "Edited; the card's progress stays."),
        ("/nowhere/editor", "could not be started"),
        ("'open quote", "could not be started"),
        ("", "No editor is set"),
    ],
)
def test_what_an_edit_came_to_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, says: str) -> None:
    written(tmp_path, BASIC)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    card = load([tmp_path]).cards["formula"]
    assert says in Editor(Lines(io.StringIO(), print))(card)
