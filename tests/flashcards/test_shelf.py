"""What was read before is known again, and never out of date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from decks import ALL, BASIC, written

from flashcards import shelf as shelf_module
from flashcards.deck import OWN_DECKS, DeckError, load, read_deck


def test_the_same_cards_without_reading_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "decks"
    written(folder, *ALL)
    shelf = tmp_path / "data" / "shelf.json"
    fresh = load([folder, OWN_DECKS], shelf)
    monkeypatch.setattr("flashcards.deck.read_deck", lambda path: pytest.fail(f"{path} was read"))
    again = load([folder, OWN_DECKS], shelf)
    assert again == fresh
    for one, other in zip(fresh.cards.values(), again.cards.values(), strict=True):
        assert (one.path, one.line, type(one.kind)) == (other.path, other.line, type(other.kind))
        assert repr(one) == repr(other)


def test_yaml_is_not_even_imported(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf.json"
    load([OWN_DECKS], shelf)
    code = f"""
import sys
from pathlib import Path
from flashcards.deck import OWN_DECKS, load
from flashcards.question import ask
for card in load([OWN_DECKS], Path({str(shelf)!r})).cards.values():
    ask(card, 1)
sys.exit("yaml" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_edit_is_seen_whatever_its_date(tmp_path: Path) -> None:
    folder, shelf = tmp_path / "decks", tmp_path / "shelf.json"
    path = written(folder, BASIC)
    load([folder], shelf)
    then = path.stat()
    path.write_text(path.read_text().replace("drawn", "DRAWN"))
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert load([folder], shelf).cards["formula"].front == "How is z DRAWN?"


def test_files_that_come_and_go_are_seen(tmp_path: Path) -> None:
    folder, shelf = tmp_path / "decks", tmp_path / "shelf.json"
    path = written(folder, BASIC)
    load([folder], shelf)
    path.rename(folder / "renamed.yaml")
    assert load([folder], shelf).cards["formula"].path.name == "renamed.yaml"
    written(folder, BASIC.replace("id: formula", "id: other"), name="other")
    assert set(load([folder], shelf).cards) == {"formula", "other"}
    (folder / "other.yaml").unlink()
    assert set(load([folder], shelf).cards) == {"formula"}


def test_another_program_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, shelf = tmp_path / "decks", tmp_path / "shelf.json"
    path = written(folder, BASIC)
    before = shelf_module.key_of([path])
    ours = tmp_path / "flashcards"
    ours.mkdir()
    for name in shelf_module._READERS:
        source = Path(shelf_module.__file__).with_name(f"{name}.py").read_bytes()
        (ours / f"{name}.py").write_bytes(source + (b"# edited\n" if name == "values" else b""))
    monkeypatch.setattr(shelf_module, "__file__", str(ours / "shelf.py"))
    assert shelf_module.key_of([path]) not in (before, None)
    assert load([folder], shelf).cards


def test_every_module_that_makes_cards_counts() -> None:
    """What reading imports, of ours, is part of the key."""
    code = "import sys, flashcards.reading, flashcards.deck, flashcards.yaml_nodes; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name.removeprefix("flashcards.") for name in done.stdout.split() if name.startswith("flashcards.")}
    assert ours - {"errors"} == set(shelf_module._READERS)


def cut(text: str) -> str:
    return text[: len(text) // 2]


def of_another_kind(text: str) -> str:
    return text.replace('"basic"', '"essay"')


def without(text: str) -> str:
    return json.dumps({"key": json.loads(text)["key"]})


def with_a_short_row(text: str) -> str:
    return json.dumps({"key": json.loads(text)["key"], "decks": [["a", "b", "c", [], [[1, 2]]]]})


@pytest.mark.parametrize(
    "spoil", [cut, of_another_kind, without, with_a_short_row, "", "null", "[" * 100_000, "\udcff"]
)
def test_a_spoilt_shelf_is_read_over(tmp_path: Path, spoil: Callable[[str], str] | str) -> None:
    folder, shelf = tmp_path / "decks", tmp_path / "shelf.json"
    written(folder, *ALL)
    fresh = load([folder], shelf)
    shelf.write_text(spoil if isinstance(spoil, str) else spoil(shelf.read_text()), errors="surrogateescape")
    assert load([folder], shelf) == fresh
    assert json.loads(shelf.read_text())["decks"], "and mended"


def test_what_is_wrong_is_told_every_time(tmp_path: Path) -> None:
    folder, shelf = tmp_path / "decks", tmp_path / "shelf.json"
    written(folder, BASIC.replace("back:", "bakc:"))
    for _ in range(2):
        with pytest.raises(DeckError):
            load([folder], shelf)
    assert not shelf.exists()
    path = written(folder, BASIC)
    assert load([folder], shelf).decks == (read_deck(path)[0],)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    written(tmp_path / "decks", BASIC)
    data = tmp_path / "data"
    data.mkdir(0o500)
    assert load([tmp_path / "decks"], data / "shelf.json").cards


def test_a_file_in_the_folder_s_place(tmp_path: Path) -> None:
    written(tmp_path / "decks", BASIC)
    (tmp_path / "data").write_text("")
    assert load([tmp_path / "decks"], tmp_path / "data" / "shelf.json").cards


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xffcks"))
    written(folder, BASIC)
    fresh = load([folder], tmp_path / "shelf.json")
    assert load([folder], tmp_path / "shelf.json") == fresh
    assert load([folder], tmp_path / "shelf.json").cards["formula"].path.exists()
