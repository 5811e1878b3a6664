"""Cards of one's own: added to a file that somebody writes by hand, so that nothing of it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from decks import ALL, BASIC, CLOZE, deck_text, library, written
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.adding import TEMPLATE, Added, add_card, compose
from flashcards.deck import DeckError, Library, load
from flashcards.errors import Unusable
from flashcards.writing import Fields

NOTHING = Library(())
CARD = {"front": "What is ε?", "back": "Noise: N(0, I)"}

HAND_WRITTEN = """\
# My deck, with everything that people do to files.
deck:   own     # short
title: "Mine"

cards:

- {id: one, front: a, back: b, source: s}   # in one line

-   id: two
    front: |
      several

      lines
    back: 'x'
    source: s
    # the end of two
"""


def test_the_first_card_makes_the_deck(tmp_path: Path) -> None:
    added = add_card(tmp_path / "decks", CARD, NOTHING)
    assert added == Added("own-what-is-epsilon", tmp_path / "decks" / "own.yaml")
    (card,) = load([tmp_path / "decks"]).cards.values()
    assert (card.id, card.front, card.back, card.source) == (added.id, "What is ε?", "Noise: N(0, I)", "my own card")


def test_what_stands_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(HAND_WRITTEN, encoding="utf-8")
    add_card(tmp_path, CARD, load([tmp_path]))
    add_card(tmp_path, CARD, load([tmp_path]))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HAND_WRITTEN)
    assert list(load([tmp_path]).cards) == ["one", "two", "own-what-is-epsilon", "own-what-is-epsilon-2"]
    assert "\n\n- id: own-what-is-epsilon\n  front: What is ε?\n" in text


@pytest.mark.parametrize(
    "text",
    [
        deck_text(BASIC, name="own"),
        deck_text(BASIC, name="own").rstrip("\n"),
        deck_text(BASIC, name="own").replace("\n", "\r\n"),
        "\ufeff" + deck_text(BASIC, name="own"),
        deck_text(BASIC, name="own") + "\n\n\n# more to come\n",
        deck_text(*ALL, name="own") + "retired: [gone]\n# end\n",
        "cards:\n- {id: a, front: b, back: c, source: d}\ntitle: t\ndeck: own\n",
    ],
)
def test_every_way_to_end_a_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(text.encode())
    before = load([tmp_path])
    add_card(tmp_path, CARD, before)
    after = load([tmp_path])
    assert {key: card.rev for key, card in after.cards.items() if key in before.cards} == {
        key: card.rev for key, card in before.cards.items()
    }
    assert len(after.cards) == len(before.cards) + 1
    kept = [line for line in path.read_bytes().decode().splitlines() if "own-" not in line]
    assert [line for line in text.splitlines() if line not in kept] == []
    assert (b"\r\n" in path.read_bytes()) == ("\r\n" in text)
    assert b"\r\n" not in path.read_bytes() or path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_ids_that_were_ever_used_are_not_used_again(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    former = BASIC + "  was: [own-what-is-epsilon]\n"
    path.write_text(deck_text(former, name="own", more="retired: [own-what-is-epsilon-2]\n"))
    assert add_card(tmp_path, CARD, load([tmp_path])).id == "own-what-is-epsilon-3"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"front": "?"}, "the field `back` of basic cards is missing"),
        ({"front": "?", "back": "!", "colour": "red"}, "colour: there is no such field"),
        ({"id": "formula", "front": "?", "back": "!"}, "formula"),
        ({"front": "?", "back": "a\u202eb"}, "invisible character"),
        ({"kind": "cloze", "text": "no gap"}, "has no gap"),
    ],
)
def test_a_card_that_cannot_be_used_changes_nothing(tmp_path: Path, fields: Fields, message: str) -> None:
    path = written(tmp_path, BASIC, name="own")
    before = path.read_bytes()
    with pytest.raises(DeckError, match=message):
        add_card(tmp_path, fields, load([tmp_path]))
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["own.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deck: own\ntitle: t\ncards: [{id: a, front: b, back: c, source: d}]\n", "add yours by hand"),
        ("deck: own\ntitle: t\ncards: []\n", "no list of cards"),
        ("just text\n", "no list of cards"),
        ("deck: [\n", "not YAML"),
        ("", "is empty"),
    ],
)
def test_files_to_which_nothing_can_be_added_stay(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(Unusable, match=message):
        add_card(tmp_path, CARD, NOTHING)
    assert path.read_text() == text


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unusable, match="Permission denied"):
        add_card(tmp_path / "decks", CARD, NOTHING)


def test_a_file_in_the_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "decks").write_text("")
    with pytest.raises(Unusable, match="cannot be"):
        add_card(tmp_path / "decks", CARD, NOTHING)


def test_the_file_keeps_its_rights(tmp_path: Path) -> None:
    path = written(tmp_path, BASIC, name="own")
    path.chmod(0o640)
    add_card(tmp_path, CARD, load([tmp_path]))
    assert path.stat().st_mode & 0o777 == 0o640


@given(front=st.text(min_size=1, max_size=50), back=st.text(min_size=1, max_size=50))
@settings(deadline=None)
def test_any_text_is_added_whole_or_refused(tmp_path_factory: pytest.TempPathFactory, front: str, back: str) -> None:
    folder = tmp_path_factory.mktemp("decks")
    written(folder, BASIC, CLOZE, name="own")
    before = (folder / "own.yaml").read_bytes()
    try:
        added = add_card(folder, {"front": front, "back": back}, load([folder]))
    except Unusable:
        assert (folder / "own.yaml").read_bytes() == before
    else:
        card = load([folder]).cards[added.id]
        assert (card.front, card.back) == (front.strip(), back.strip())


# In an editor.


class Editor:
    """An editor in which somebody writes these texts, one a time it opens."""

    def __init__(self, *texts: str) -> None:
        self.seen: list[str] = []
        self._texts = list(texts)

    def __call__(self, draft: Path) -> None:
        self.seen.append(draft.read_text(encoding="utf-8"))
        if self._texts:
            draft.write_text(self._texts.pop(0), encoding="utf-8")


def kept_in(folder: Path) -> object:
    def keep(fields: Fields) -> Added:
        return add_card(folder, fields, load([folder]))

    return keep


def test_a_card_is_written_in_an_editor(tmp_path: Path) -> None:
    editor = Editor(TEMPLATE.replace("front:", "front: Why?").replace("back:", "back: Because.\ntags: [vae]"))
    added = compose(tmp_path / "draft.yaml", editor, kept_in(tmp_path / "decks"))  # type: ignore[arg-type]
    assert editor.seen == [TEMPLATE]
    assert added is not None
    card = load([tmp_path / "decks"]).cards[added.id]
    assert (card.front, card.back, card.tags) == ("Why?", "Because.", ("vae",))
    assert not (tmp_path / "draft.yaml").exists()


@pytest.mark.parametrize("text", [TEMPLATE, "", "# nothing\n", "front:\nback: x\n"])
def test_without_a_question_there_is_no_card(tmp_path: Path, text: str) -> None:
    assert compose(tmp_path / "draft.yaml", Editor(text), kept_in(tmp_path / "decks")) is None  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_editor_opens_again_with_what_is_wrong(tmp_path: Path) -> None:
    editor = Editor("front: Why?\nbakc: Because.\n", "front: a: b\nback: c\n", "front: 'a: b'\nback: c\n")
    added = compose(tmp_path / "draft.yaml", editor, kept_in(tmp_path / "decks"))  # type: ignore[arg-type]
    assert added is not None
    assert editor.seen[1].startswith("#! bakc: there is no such field. Did you mean `back`?\nfront: Why?\n")
    assert editor.seen[2].startswith("#! this is not YAML: mapping values are not allowed in this context.")
    assert editor.seen[2].count("#!") == 1


def test_who_gives_up_keeps_the_draft(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    with pytest.raises(Unusable, match=r"`back` of basic cards is missing.*it is kept in .*draft\.yaml"):
        compose(draft, Editor("front: long thoughts\n"), kept_in(tmp_path / "decks"))  # type: ignore[arg-type]
    assert "long thoughts" in draft.read_text()
    assert not (tmp_path / "decks").exists()


def test_every_kind_can_be_composed(tmp_path: Path) -> None:
    cards = library(tmp_path / "shown", *ALL).cards
    for number, text in enumerate(ALL):
        body = text.replace("- ", "  ", 1)
        assert compose(tmp_path / "draft.yaml", Editor(body), kept_in(tmp_path / "decks")), number  # type: ignore[arg-type]
    assert {key: card.rev for key, card in load([tmp_path / "decks"]).cards.items()} == {
        key: card.rev for key, card in cards.items()
    }
