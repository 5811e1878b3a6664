"""The library: every deck of the deck folders."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flashcards.card import Card, Deck, Kind, Wrong
from flashcards.document import DeckError, Problem
from flashcards.shelf import keep, key_of, recall

__all__ = [
    "OWN_DECKS",
    "Card",
    "Deck",
    "DeckError",
    "Kind",
    "Library",
    "Problem",
    "Wrong",
    "clashes",
    "deck_files",
    "load",
    "read_deck",
]

OWN_DECKS = Path(__file__).parent / "decks"
"""The decks that come with reparam."""


@dataclass(frozen=True)
class Library:
    """All decks.

    Args:
        decks: those that come with reparam first.
    """

    decks: tuple[Deck, ...]

    @functools.cached_property
    def cards(self) -> dict[str, Card]:
        """Every card by its id, in the decks' order."""
        return {card.id: card for deck in self.decks for card in deck.cards}

    @functools.cached_property
    def aliases(self) -> dict[str, str]:
        """Former id → id of today."""
        return {old: card.id for card in self.cards.values() for old in card.was}


def load(folders: Sequence[Path], shelf: Path | None = None) -> Library:
    """Read all decks of some folders; one that does not exist has none.

    Args:
        folders: :data:`OWN_DECKS`, then the learner's.
        shelf: a file in which decks are kept as they were read, for a quick start; None to read them in any case.

    Raises:
        DeckError: the first problem that was found; the message names file, line, field and the mend.
    """
    files = deck_files(folders)
    key = key_of(files) if shelf is not None else None
    if shelf is not None and key is not None and (kept := recall(shelf, key)) is not None:
        return Library(kept)
    decks = []
    for path in files:
        deck, problems = read_deck(path)
        if deck is None:
            raise DeckError(problems[0], len(problems) - 1)
        decks.append(deck)
    library = Library(tuple(decks))
    if problems := clashes(library):
        raise DeckError(problems[0])
    # Not what was read while a file was being changed.
    if shelf is not None and key is not None and key_of(files) == key:
        keep(shelf, key, library.decks)
    return library


def deck_files(folders: Sequence[Path]) -> list[Path]:
    """The files of decks in some folders, each once.

    Raises:
        DeckError: a folder cannot be read.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if _is_deck(path.name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise DeckError(Problem(folder, 0, "", f"cannot be read: {error.strerror}.")) from None
        for path in paths:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _is_deck(name: str) -> bool:
    # Editors keep locks and copies beside a file, under names that begin with a dot.
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def read_deck(path: Path) -> tuple[Deck | None, list[Problem]]:
    """One file's deck, or None and all of its problems in the file's order."""
    from flashcards.reading import deck_of  # late: decks from the shelf need no reader

    try:
        return deck_of(path)
    except DeckError as error:
        return None, [error.problem]


def clashes(library: Library) -> list[Problem]:
    """What several files, or an id and a former one, claim at once."""
    found: list[Problem] = []
    names: dict[str, Path] = {}
    notes: dict[str, tuple[Path, int]] = {}
    taken: dict[str, Path] = {}
    for deck in library.decks:
        if (other := names.setdefault(deck.name, deck.path)) != deck.path:
            found.append(Problem(deck.path, 1, "deck", f"`{deck.name}` is the name of {other} too; choose another."))
        taken.update(dict.fromkeys(deck.retired, deck.path))
        for card in deck.cards:
            place = (card.path, card.line)
            if notes.setdefault(card.note_id, place) != place:
                path, line = notes[card.note_id]
                message = f"this id is taken by the card in {path}, line {line}; choose another."
                found.append(Problem(card.path, card.line, card.note_id, message))
    for card in library.cards.values():
        if card.note_id in taken:
            message = f"{taken[card.note_id]} lists this id as retired, so progress may hang on it; choose another."
            found.append(Problem(card.path, card.line, card.note_id, message))
        found += [
            Problem(card.path, card.line, f"{card.note_id}.was", f"`{old}` is the id of a card that exists.")
            for old in card.was
            if old in library.cards
        ]
        if claims := [old for old in card.was if library.aliases[old] != card.id]:
            message = f"`{claims[0]}` is a former id of {library.aliases[claims[0]]} too; only one can inherit."
            found.append(Problem(card.path, card.line, f"{card.note_id}.was", message))
    return found
