"""Cards and answers for other programs, and back: nothing is lost on the way, and nothing overwritten."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from decks import BASIC, CHOICE, CLOZE, NUMERIC, deck_text, guide_deck, library, written
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import ANSWERS, NOW, lived

from flashcards.anki import export_anki
from flashcards.anki_text import notes_of, slug
from flashcards.deck import Library, load
from flashcards.document import parse
from flashcards.errors import Unusable
from flashcards.exchange import export_csv, export_jsonl, export_tsv, notes
from flashcards.importing import Imported, import_jsonl, import_tsv
from flashcards.markup import back_html, front_html
from flashcards.reading import parsed_deck
from flashcards.store import Store
from flashcards.writing import card_yaml, deck_yaml, note_fields

NOTHING = Library(())


def rewritten(cards: Library) -> Library:
    """The cards, written out as YAML and read again."""
    decks = []
    for deck in cards.decks:
        text = deck_yaml(deck.name, deck.title, [note_fields(note) for note in notes(deck)])
        found, problems = parsed_deck(deck.path, parse(deck.path, text.encode()))
        assert found is not None, (problems, text)
        decks.append(found)
    return Library(tuple(decks))


def test_further_examples_differ(tmp_path: Path) -> None:
    few = NUMERIC.replace("[-1, -0.5, 0.5]", "[1]").replace("{range: [0.1, 3, 0.1]}", "{choice: [2, 3, 4]}")
    found = library(tmp_path, few).cards["kl-1d"]
    shown = front_html(found, str) + back_html(found, str)
    asked = re.findall(r"N\(1, (.)²\)", shown)
    assert sorted(asked) == ["2", "3", "4"]
    one = library(tmp_path, few.replace("[2, 3, 4]", "[2]")).cards["kl-1d"]
    assert "<details>" not in back_html(one, str)


def test_texts_are_escaped(tmp_path: Path) -> None:
    text = "- {id: x, front: '<b>p</b> & q', back: 'a < b', source: '<i>', tex: 'a < b'}\n"
    found = library(tmp_path, text).cards["x"]
    assert front_html(found, str) == "&lt;b&gt;p&lt;/b&gt; &amp; q"
    assert back_html(found, str) == r'a &lt; b<div>\(a &lt; b\)</div><div class="source">&lt;i&gt;</div>'


# YAML.


def test_written_cards_are_the_cards(tmp_path: Path) -> None:
    (tmp_path / "guide.yaml").write_text(guide_deck(), encoding="utf-8")
    cards = load([tmp_path])
    assert rewritten(cards).cards == cards.cards


TEXTS = st.text(
    st.characters(
        exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"], exclude_characters="\u3164\u115f\u1160\uffa0"
    )
    | st.sampled_from("\n:#'\"{}[]-&*!|>%@` ,?\\"),
    min_size=1,
    max_size=60,
).filter(str.strip)


@given(front=TEXTS, back=TEXTS, name=TEXTS)
@settings(deadline=None)
def test_any_text_survives_the_yaml(front: str, back: str, name: str) -> None:
    text = deck_yaml("x", name, [{"id": "a", "front": front, "back": back, "source": "s", "tags": ["no", "1"]}])
    deck, problems = parsed_deck(Path("x"), parse(Path("x"), text.encode()))
    assert deck is not None, problems
    (card,) = deck.cards
    # Blanks at the ends of a text mean nothing to us.
    assert (card.front, card.back, deck.title) == (front.strip(), back.strip(), name.strip())
    assert card.tags == ("no", "1")


def test_a_card_is_written_as_people_write_it() -> None:
    fields = {"id": "a", "front": "Why?\nReally?", "back": "Because: yes", "tags": ["x"], "source": "s"}
    assert card_yaml(fields) == (
        "  - id: a\n    front: |-\n      Why?\n      Really?\n"
        "    back: 'Because: yes'\n    tags:\n      - x\n    source: s\n"
    )


# JSONL.


def test_a_backup_brings_everything_back(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks")
    events = lived(tmp_path / "store.sqlite3")
    assert export_jsonl(cards, events, tmp_path / "all.jsonl") == (6, len(events))
    found = import_jsonl(tmp_path / "all.jsonl", tmp_path / "new", NOTHING)
    assert (found.cards, found.known, found.left_out, found.events) == (6, 0, (), events)
    assert [path.name for path in found.paths] == ["small.yaml"]
    again = load([tmp_path / "new"])
    assert again.cards == cards.cards
    assert again.decks[0].title == cards.decks[0].title
    with Store.open(tmp_path / "other.sqlite3", "desktop") as store, Store.open(tmp_path / "store.sqlite3") as first:
        assert store.add(found.events) == len(events)
        assert store.states() == first.states()
        assert store.add(found.events) == 0


def test_a_backup_leaves_known_cards_alone(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks")
    export_jsonl(cards, (), tmp_path / "all.jsonl")
    mine = tmp_path / "mine"
    path = written(
        mine,
        BASIC.replace("How is z drawn?", "Mine"),
        CHOICE + "  was: [mask-a]\n",
        name="small",
        more="retired: [history]\n",
    )
    before = path.read_bytes()
    found = import_jsonl(tmp_path / "all.jsonl", mine, load([mine]))
    assert (found.cards, found.known) == (2, 4), "known, renamed and retired ids are left"
    assert [path.name for path in found.paths] == ["small-2.yaml"]
    assert path.read_bytes() == before
    assert set(load([mine]).cards) == {"formula", "first-mask", "gan-paper#c1", "gan-paper#c2", "kl-1d"}
    assert import_jsonl(tmp_path / "all.jsonl", mine, load([mine])) == Imported((), 0, 6, ())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "line 2"),
        ("[" * 100_000, "line 2: it is nested too deeply"),
        ('{"type": "card", "deck": "x", "card": {"id": "a", "front": "?"}}', "'a': the field `back`"),
        (
            '{"type": "card", "deck": "x", "card": {"id": ["a"], "front": "?", "back": "!", "source": "s"}}',
            "should be a text",
        ),
        (
            '{"type": "card", "deck": "x", "card": {"id": "a", "front": "\\u202e", "back": "b", "source": "s"}}',
            "invisible",
        ),
        (
            '{"type": "card", "deck": "x", "card": {"id": "a", "front": "\\ud800", "back": "b", "source": "s"}}',
            "Unicode",
        ),
        ('{"type": "card", "deck": "x", "card": {"id": "a", "front": null, "back": 1.5, "source": true}}', ""),
        ('{"type": "card", "deck": "x", "card": [1]}', "line 2: no deck, card or event"),
        ('{"type": "event", "event": {"uid": 3}}', "line 2: kind"),
        ('{"type": "song"}', "line 2: no deck, card or event"),
        ("17", "line 2: no deck, card or event"),
    ],
)
def test_lines_that_cannot_be_used(tmp_path: Path, line: str, why: str) -> None:
    head = '{"type": "reparam flashcards", "version": 1}\n'
    (tmp_path / "a.jsonl").write_text(f"{head}{line}\n")
    found = import_jsonl(tmp_path / "a.jsonl", tmp_path / "new", NOTHING)
    if why:
        assert found.paths == ()
        assert why in found.left_out[0]
    else:
        assert load([tmp_path / "new"]).cards["a"].back == "1.5"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no export of ours"),
        (b"front\tback\n", "no export of ours"),
        (b'{"type": "card"}\n', "no export of ours"),
        (b'{"type": "reparam flashcards", "version": 2}\n', "newer reparam"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_files_that_are_no_backup(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(Unusable, match=message):
        import_jsonl(tmp_path / "a.jsonl", tmp_path / "new", NOTHING)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "My Deck!", "", "x" * 300, "ñandú"])
def test_a_deck_s_name_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    lines = [
        {"type": "reparam flashcards", "version": 1},
        {"type": "deck", "deck": name, "title": ""},
        {"type": "card", "deck": name, "card": {"id": "a", "front": "?", "back": "!", "source": "s"}},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (path,) = import_jsonl(tmp_path / "a.jsonl", tmp_path / "new", NOTHING).paths
    assert path.parent == tmp_path / "new"
    assert list(load([tmp_path / "new"]).cards) == ["a"]


# Tables.


def test_our_own_table_is_known(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks")
    export_tsv(cards, tmp_path / "cards.txt")
    assert import_tsv(tmp_path / "cards.txt", tmp_path / "new", cards) == Imported((), 0, 6, ())
    found = import_tsv(tmp_path / "cards.txt", tmp_path / "new", NOTHING)
    again = load([tmp_path / "new"])
    assert (found.cards, {card.note_id for card in again.cards.values()}) == (
        6,
        {card.note_id for card in cards.cards.values()},
    )
    assert again.cards["gan-paper#c1"].front == cards.cards["gan-paper#c1"].front
    assert again.cards["formula"].front == "How is z drawn?"


ANKI = """\
#separator:tab
#html:true
#guid column:1
#notetype column:2
#deck column:3
#tags column:6
aB3$x\tBasic\tVAE::Loss\t"What is<br>the <b>ELBO</b>?&nbsp;"\t"A ""bound"" on log&nbsp;p(x)"\tvae loss::bound
q9\tCloze\tVAE::Loss\tGANs, {{c1::2014::year}}\t<img src=""a.png"">\t
z0\tBasic\tOther\t[sound:a.mp3]\tback\t
"""


def test_a_table_of_anki_s(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(ANKI)
    found = import_tsv(tmp_path / "notes.txt", tmp_path / "new", NOTHING)
    assert found.left_out == ("note 3: has no text on the front",)
    (path,) = found.paths
    assert path.name == "vae-loss.yaml"
    (deck,) = load([tmp_path / "new"]).decks
    assert deck.title == "VAE::Loss"
    basic, cloze = deck.cards
    assert (basic.front, basic.back) == ("What is\nthe ELBO?", 'A "bound" on log p(x)')
    assert basic.tags == ("vae", "loss-bound")
    assert basic.source == "imported from notes.txt"
    assert (cloze.front, cloze.answer) == ("GANs, [year]", "2014")
    (tmp_path / "notes.txt").write_text(ANKI.replace("ELBO", "bound"))
    again = import_tsv(tmp_path / "notes.txt", tmp_path / "new", load([tmp_path / "new"]))
    assert (again.cards, again.known) == (0, 2), "ids come from guids"


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("front\tback\n", [("front", "back")]),
        ("front,back\r\n", [("front", "back")]),
        ("#separator:;\na <b>;c\n", [("a <b>", "c")]),
        ("#separator:semicolon\n#html:true\n<i>a</i>;b;more\n", [("a", "b\n\nmore")]),
        ("#separator:tab\n#guid column:99\na\tb\n", [("a", "b")]),
        ("#separator:tab\n#guid column:x\na\tb\n", [("a", "b")]),
        ('a\t"b\nc"\n', [("a", "b\nc")]),
        ("\n\t\n", []),
        ("", []),
        ("a\tb\u202e\x1b[31m\n", [("a", "b[31m")]),
    ],
)
def test_other_tables(text: str, cards: list[tuple[str, str]]) -> None:
    found = [note.card for note in notes_of(text, "x") if note.card]
    assert [(card["front"], card["back"]) for card in found] == cards


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from('#\t\n",;:{}<>&c1'), max_size=200))
@settings(deadline=None)
def test_no_table_stumbles(text: str) -> None:
    for note in notes_of(text, "x"):
        assert (note.card is None) == bool(note.why)


@given(st.text(max_size=80))
def test_slugs_are_ids(text: str) -> None:
    assert slug(text) == slug(slug(text))
    assert parsed_deck(Path("x"), parse(Path("x"), deck_text(BASIC, name=slug(text)).encode()))[0] is not None


# CSV.


def test_answers_for_the_optimizer(tmp_path: Path) -> None:
    events = lived(tmp_path / "store.sqlite3")
    count = export_csv(events, tmp_path / "log.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text())))
    assert count == len(rows) == len(ANSWERS), "an undone answer is not an answer"
    assert list(rows[0]) == ["card_id", "review_time", "review_rating", "review_state", "review_duration"]
    formula = [row for row in rows if row["card_id"] == "formula"]
    assert [row["review_state"] for row in formula] == ["0", "1", "2", "2"]
    assert [row["review_rating"] for row in formula] == ["3", "3", "3", "1"]
    times = [int(row["review_time"]) for row in rows]
    assert times == sorted(times)


# Packages, as far as they can be seen without Anki; test_anki_package.py asks Anki itself.


def test_a_package_is_whole(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks")
    events = lived(tmp_path / "store.sqlite3")
    path = tmp_path / "a.apkg"
    assert export_anki(cards, path, now=NOW, events=events) == 6
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        assert list(json.loads(package.read("media"))) == ["0"]
        assert package.read("0").startswith(b"<svg")
        (tmp_path / "c").write_bytes(package.read("collection.anki2"))
    database = sqlite3.connect(tmp_path / "c")
    assert [row[0] for row in database.execute("SELECT guid FROM notes ORDER BY guid")] == [
        *(
            "reparam:first-mask",
            "reparam:formula",
            "reparam:gan-paper",
            "reparam:history",
            "reparam:kl-1d",
            "reparam:mask-a",
        )
    ]
    conf = json.loads(database.execute("SELECT conf FROM col").fetchone()[0])
    assert (conf["schedVer"], conf["creationOffset"]) == (2, -60)
    assert database.execute("SELECT count(*), count(DISTINCT id) FROM revlog").fetchone() == (13, 13)
    database.close()


def test_a_package_without_genanki(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "genanki", None)
    with pytest.raises(Unusable, match=r"pip install 'reparam\[anki\]'"):
        export_anki(library(tmp_path / "decks"), tmp_path / "a.apkg", now=NOW)


EXPORTS: list[Callable[[Library, Path], object]] = [
    export_tsv,
    lambda cards, path: export_jsonl(cards, (), path),
    lambda cards, path: export_csv((), path),  # noqa: ARG005  it exports answers only
    lambda cards, path: export_anki(cards, path, now=NOW),
]


@pytest.mark.parametrize("export", EXPORTS)
def test_a_file_that_cannot_be_written(tmp_path: Path, export: Callable[[Library, Path], object]) -> None:
    cards = library(tmp_path / "decks", NUMERIC, CLOZE)
    with pytest.raises(Unusable, match="cannot be written: No such file or directory"):
        export(cards, tmp_path / "none" / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unusable, match="cannot be written: Is a directory"):
        export(cards, tmp_path / "folder")
    export(cards, tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["decks", "file", "folder"], "no half-written file stays"
