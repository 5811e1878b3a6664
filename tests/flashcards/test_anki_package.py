"""Our packages in a real Anki: what arrives, what an update changes, and what it leaves alone.

Anki is AGPL and no dependency of ours: install it beside us, or into an environment of its own,
`python3 -m venv /tmp/anki && /tmp/anki/bin/pip install anki`, named in REPARAM_ANKI_PYTHON=/tmp/anki/bin/python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from decks import ALL, BASIC, CLOZE, library
from lives import ANSWERS, NOW, lived

from flashcards.anki import export_anki
from flashcards.clock import DAY_MS, learner_day
from flashcards.deck import Library
from flashcards.exchange import export_tsv
from flashcards.fold import fold
from flashcards.schedule import Phase, Scheduler

PYTHON = os.environ.get("REPARAM_ANKI_PYTHON")
if PYTHON is None:
    pytest.importorskip("anki")
    PYTHON = sys.executable
pytest.importorskip("genanki")

TYPES = {Phase.NEW: 0, Phase.LEARNING: 1, Phase.REVIEW: 2, Phase.RELEARNING: 3}


def anki(*steps: tuple[object, ...]) -> list[Any]:
    """What a fresh collection says to some steps."""
    script = Path(__file__).with_name("anki_collection.py")
    words = json.dumps([[str(word) if isinstance(word, Path) else word for word in step] for step in steps])
    done = subprocess.run([str(PYTHON), script], input=words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def package(path: Path, cards: Library, **options: Any) -> Path:
    export_anki(cards, path, now=options.pop("now", NOW), **options)
    return path


def test_all_kinds_arrive(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks", *ALL)
    counts, found = anki(("import", package(tmp_path / "a.apkg", cards)), ("dump",))
    assert counts == {"new": 6, "updated": 0, "duplicate": 0, "conflicting": 0}
    notes = found["notes"]
    assert {card["deck"] for note in notes.values() for card in note["cards"]} == {"reparam::Deck small"}
    assert all(card["type"] == 0 and card["log"] == [] for note in notes.values() for card in note["cards"])
    formula = notes["reparam:formula"]
    assert formula["tags"] == ["exercise1", "reparam", "vae"]
    assert r"\(z = \mu + \sigma \odot \epsilon\)" in formula["cards"][0]["answer"]
    first, second = notes["reparam:gan-paper"]["cards"]
    assert "[who]</span> et al., " in first["question"]
    assert "Goodfellow</span> et al., " in second["question"]
    assert "It began in a bar." in first["answer"]
    assert "3.401 nats" in notes["reparam:kl-1d"]["cards"][0]["answer"]
    assert notes["reparam:first-mask"]["cards"][0]["question"].count("<li>") == 3
    (picture,) = found["media"]
    assert f'<img src="{picture}">' in notes["reparam:mask-a"]["cards"][0]["question"]


def test_history_arrives(tmp_path: Path) -> None:
    cards = library(tmp_path / "decks", *ALL)
    events = lived(tmp_path / "store.sqlite3")
    path = package(tmp_path / "a.apkg", cards, events=events)
    _, found = anki(("import", path), ("dump",))
    rows = {f"{guid}#c{card['ord'] + 1}": card for guid, note in found["notes"].items() for card in note["cards"]}
    rows |= {guid: note["cards"][0] for guid, note in found["notes"].items() if len(note["cards"]) == 1}
    states = fold(events, Scheduler())
    # Anki counts from its own clock's day, which in this process is the machine's.
    today = learner_day(round(Path(path).stat().st_mtime * 1000), 0)
    for card_id, state in states.items():
        row, memory = rows[f"reparam:{card_id}"], state.memory
        assert row["type"] == TYPES[memory.phase], card_id
        assert (row["reps"], row["lapses"]) == (memory.reps, memory.lapses)
        if memory.phase is Phase.NEW:
            continue
        assert row["stability"] == pytest.approx(memory.stability, abs=1e-4)
        assert row["difficulty"] == pytest.approx(memory.difficulty, abs=1e-3)
        if memory.phase is Phase.REVIEW:
            assert row["interval"] == memory.interval
            assert abs(row["due"] - (memory.due_day - today)) <= 1  # the machine's time zone may be in another day
        else:
            assert row["due"] == memory.due_ms // 1000
    assert rows["reparam:kl-1d"]["flag"] == 1
    assert rows["reparam:first-mask"]["queue"] == -1
    for card_id in {card for card, *_ in ANSWERS}:
        log = [entry for entry in rows[f"reparam:{card_id}"]["log"] if entry[1]]
        given = sorted(((round(NOW[0] - days * DAY_MS), rating) for card, rating, days in ANSWERS if card == card_id))
        # Two answers of the same millisecond part by one: the moment is Anki's key of an answer.
        assert [at for at, *_ in log] == pytest.approx([at for at, _ in given], abs=1)
        assert [ease for _, ease, *_ in log] == [rating for _, rating in given], "a 3 stays a 3, also while learning"
    assert [entry[1] for entry in rows["reparam:first-mask"]["log"]] == [3, 0], "a reset is in the log"
    assert [entry[2] for entry in rows["reparam:formula"]["log"]][:2] == [-600, 2]


def test_a_rebuilt_package_updates_in_place(tmp_path: Path) -> None:
    """Again in the same second, to the same file: texts change, guids and Anki's progress stay."""
    folder = tmp_path / "decks"
    path = tmp_path / "a.apkg"
    old = package(path, library(folder, *ALL)).read_bytes()
    (tmp_path / "old.apkg").write_bytes(old)
    edited = [text.replace("How is z drawn?", "How does one draw z?").replace("a bar", "a pub") for text in ALL]
    renamed = [
        text.replace("id: kl-1d", "id: kl-of-one").replace("  kind: numeric", "  was: [kl-1d]\n  kind: numeric")
        for text in edited
    ]
    package(path, library(folder, *renamed))
    first, updated, found = anki(
        ("import", tmp_path / "old.apkg"),
        ("answer", "reparam:formula", 0, 4),
        ("answer", "reparam:gan-paper", 1, 3),
        ("import", path),
        ("dump",),
    )
    assert first["new"] == 6
    assert updated == {"new": 0, "updated": 6, "duplicate": 0, "conflicting": 0}
    notes = found["notes"]
    assert len(notes) == 6
    assert notes["reparam:formula"]["fields"]["Front"] == "How does one draw z?"
    assert "a pub" in notes["reparam:gan-paper"]["fields"]["Back Extra"]
    formula = notes["reparam:formula"]["cards"][0]
    assert (formula["reps"], formula["type"], len(formula["log"])) == (1, 2, 1)
    assert [card["reps"] for card in notes["reparam:gan-paper"]["cards"]] == [0, 1]


def test_the_same_package_twice_changes_nothing(tmp_path: Path) -> None:
    path = package(tmp_path / "a.apkg", library(tmp_path / "decks", *ALL), events=lived(tmp_path / "store.sqlite3"))
    _, before, again, after = anki(("import", path), ("dump",), ("import", path), ("dump",))
    assert again == {"new": 0, "updated": 0, "duplicate": 6, "conflicting": 0}
    assert after == before


def test_a_table_arrives(tmp_path: Path) -> None:
    path = tmp_path / "cards.txt"
    export_tsv(library(tmp_path / "decks", *ALL), path)
    counts, found = anki(("import-text", path), ("dump",))
    assert counts["new"] == 6
    notes = found["notes"]
    assert notes["reparam:formula"]["fields"]["Front"] == "How is z drawn?"
    assert notes["reparam:formula"]["tags"] == ["exercise1", "reparam", "vae"]
    assert notes["reparam:gan-paper"]["type"] == "Cloze"
    assert len(notes["reparam:gan-paper"]["cards"]) == 2
    assert "data:image/svg+xml" in notes["reparam:mask-a"]["fields"]["Front"]
    assert {card["deck"] for note in notes.values() for card in note["cards"]} == {"reparam::Deck small"}


def test_a_new_gap_joins_its_note(tmp_path: Path) -> None:
    folder = tmp_path / "decks"
    old = package(tmp_path / "old.apkg", library(folder, CLOZE, BASIC))
    more = CLOZE.replace("text: GANs", "text: The {{c3::GANs}}")
    new = package(tmp_path / "new.apkg", library(folder, more, BASIC), now=(NOW[0] + 5000, NOW[1]))
    _, _, found = anki(("import", old), ("import", new), ("dump",))
    assert [card["ord"] for card in found["notes"]["reparam:gan-paper"]["cards"]] == [0, 1, 2]
