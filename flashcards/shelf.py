"""Decks as they were read last time: the same files, read by the same program, hold the same cards.

Reading 400 cards of YAML takes as long as everything else before the first card. What is kept is found by the content
of the files and of the modules that read them, never by a date, so it cannot be out of date; whatever is wrong with it,
the decks are read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from flashcards.card import Card, Deck, Kind, Wrong

FILE = "decks.cache.json"
"""Its name inside the data folder."""

_READERS = ("card", "cloze", "deck", "document", "expression", "nodes", "reading", "shelf", "values", "yaml_nodes")
_NAMES = tuple(field.name for field in fields(Card))
_TUPLES = ("after", "was", "tags", "accept", "options", "items")
_IMAGES = ("image", "back_image")


def key_of(files: Sequence[Path]) -> str | None:
    """What these files and our own modules are recognised by; None where one of them cannot be read."""
    found = hashlib.blake2b(digest_size=20)
    ours = [Path(__file__).with_name(f"{name}.py") for name in _READERS]
    try:
        for path in (*ours, *files):
            content = path.read_bytes()
            found.update(f"{path}\0{len(content)}\0".encode(errors="surrogateescape"))
            found.update(content)
    except OSError:
        return None
    return found.hexdigest()


def recall(shelf: Path, key: str) -> tuple[Deck, ...] | None:
    """The decks that were kept under a key; None when there are none."""
    try:
        kept = json.loads(shelf.read_bytes())
        return tuple(map(_deck, kept["decks"])) if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def keep(shelf: Path, key: str, decks: Sequence[Deck]) -> None:
    """Keep decks for next time, in place of those kept before; where that cannot be, nothing is lost."""
    kept = {"key": key, "decks": [_row(deck) for deck in decks]}
    beside = shelf.with_name(f".{shelf.name}.{os.getpid()}")
    try:
        shelf.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(kept, default=_plain), encoding="ascii")
        beside.replace(shelf)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()


def _row(deck: Deck) -> list[Any]:
    cards = [[getattr(card, name) for name in _NAMES if name != "path"] for card in deck.cards]
    return [deck.name, deck.title, str(deck.path), deck.retired, cards]


def _plain(value: Any) -> Any:
    assert isinstance(value, Wrong)
    return [value.expression, value.says]


def _deck(row: list[Any]) -> Deck:
    name, title, path, retired, cards = row
    place = Path(path)
    return Deck(name, title, place, tuple(_card(card, place) for card in cards), tuple(retired))


def _card(row: list[Any], path: Path) -> Card:
    values = dict(zip((name for name in _NAMES if name != "path"), row, strict=True))
    values["kind"] = Kind(values["kind"])
    values["draw"] = {name: tuple(among) for name, among in values["draw"].items()}
    values["wrong"] = tuple(Wrong(*wrong) for wrong in values["wrong"])
    for name in _TUPLES:
        values[name] = tuple(values[name])
    for name in _IMAGES:
        values[name] = tuple(map(tuple, values[name]))
    return Card(**values, path=path)
