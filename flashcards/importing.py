"""Cards from elsewhere, into the learner's own decks: our JSONL, and Anki's text files. Nothing is ever overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flashcards.anki_text import notes_of, slug
from flashcards.deck import Library
from flashcards.document import DeckError, parse
from flashcards.errors import Unusable
from flashcards.events import Event, from_mapping
from flashcards.exchange import VERSION, write
from flashcards.reading import parsed_deck
from flashcards.values import ID
from flashcards.writing import Fields, deck_yaml

FILE_LIMIT = 256 * 1024 * 1024
"""Bytes of a file that is imported."""

_DECK_LIMIT = 500
"""Cards of one new deck file: far below the megabyte that is read."""

_NAME_LIMIT = 60

Decks = Mapping[str, tuple[str, Sequence[Fields]]]
"""Name of a deck → its title and its cards."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Args:
        paths: the deck files that it made.
        cards: how many notes are in them.
        known: how many notes were there already, and were left as they are.
        left_out: what could not be used, and why, one line each.
        events: the answers that the file holds, for the store to take in.
    """

    paths: tuple[Path, ...]
    cards: int
    known: int
    left_out: tuple[str, ...]
    events: tuple[Event, ...] = ()


def import_jsonl(path: Path, folder: Path, library: Library) -> Imported:
    """Take in what ``export_jsonl`` wrote: cards that no deck has go into new decks; events are given back.

    Args:
        path: the file.
        folder: the learner's own decks.
        library: all decks there are.

    Raises:
        Unusable: the file cannot be read or is not ours, or a deck cannot be written.
    """
    decks: dict[str, tuple[str, list[Fields]]] = {}
    events: list[Event] = []
    left_out: list[str] = []
    lines = _text(path).split("\n")
    _check_head(path, lines[0])
    for number, line in enumerate(lines[1:], 2):
        try:
            match _json(line) if line.strip() else {}:
                case {"type": "event", "event": dict() as event}:
                    events.append(from_mapping(event))
                case {"type": "deck", "deck": str() as name, "title": str() as title}:
                    decks.setdefault(name, (title, []))
                case {"type": "card", "deck": str() as name, "card": dict() as card}:
                    decks.setdefault(name, (name, []))[1].append(card)
                case found if found != {}:
                    left_out.append(f"line {number}: no deck, card or event")
        except ValueError as error:
            left_out.append(f"line {number}: {error}")
    return _kept(decks, folder, library, left_out, events)


def import_tsv(path: Path, folder: Path, library: Library) -> Imported:
    """Take in a text file that Anki exported (Notes in Plain Text), or any table of front and back.

    A note keeps its id in every later import: its guid says it, or else its text.

    Args:
        path: the file.
        folder: the learner's own decks.
        library: all decks there are.

    Raises:
        Unusable: the file cannot be read, or a deck cannot be written.
    """
    decks: dict[str, tuple[str, list[Fields]]] = {}
    left_out: list[str] = []
    for place, note in enumerate(notes_of(_text(path), path.name), 1):
        if note.card:
            title = note.deck or path.stem
            decks.setdefault(slug(title), (title, []))[1].append(note.card)
        else:
            left_out.append(f"note {place}: {note.why}")
    return _kept(decks, folder, library, left_out, [])


def _kept(decks: Decks, folder: Path, library: Library, left_out: list[str], events: Sequence[Event]) -> Imported:
    """Write the cards that no deck has into new deck files."""
    known = _ids(library)
    names = {deck.name for deck in library.decks}
    paths: list[Path] = []
    count = skipped = 0
    for name, (title, cards) in decks.items():
        good = []
        for card in cards:
            if str(card.get("id")) in known:
                skipped += 1
            elif why := _mistake(card):
                left_out.append(f"{str(card.get('id', 'a card'))[:60]!r}: {why}")
            else:
                good.append(card)
                known.add(card["id"])
        for start in range(0, len(good), _DECK_LIMIT):
            path = _fresh(folder, name, names)
            names.add(path.stem)
            _write(path, deck_yaml(path.stem, title.strip() or path.stem, good[start : start + _DECK_LIMIT]))
            paths.append(path)
        count += len(good)
    return Imported(tuple(paths), count, skipped, tuple(left_out), tuple(events))


def _mistake(card: Fields) -> str:
    """Why a deck would not accept a card; empty when it would."""
    here = Path("card")
    try:
        _, problems = parsed_deck(here, parse(here, deck_yaml("imported", "imported", [card]).encode()))
    except (DeckError, UnicodeEncodeError) as error:
        return error.problem.message if isinstance(error, DeckError) else "holds characters that no file can"
    return problems[0].message if problems else ""


def _ids(library: Library) -> set[str]:
    """Every id of a note that there is, was, or must not be again."""
    cards = library.cards.values()
    named = {name.partition("#")[0] for card in cards for name in (card.id, *card.was)}
    return named | {name for deck in library.decks for name in deck.retired}


def _fresh(folder: Path, name: str, taken: set[str]) -> Path:
    """A deck file whose name neither a deck nor a file has."""
    wanted = name if ID.fits(name) and len(name) <= _NAME_LIMIT else slug(name)
    numbers = (f"{wanted}-{number}" if number > 1 else wanted for number in range(1, 1_000_000))
    fresh = (folder / f"{free}.yaml" for free in numbers if free not in taken)
    return next(path for path in fresh if not path.exists())


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{path.parent} cannot be made: {error.strerror}.") from None
    write(path, text.encode())


def _check_head(path: Path, line: str) -> None:
    """Raise unless a file begins as ours do, and is not of a time after ours."""
    try:
        head = _json(line)
    except ValueError:
        head = None
    match head:
        case {"type": "reparam flashcards", "version": int() as version} if version <= VERSION:
            return
        case {"type": "reparam flashcards"}:
            raise Unusable(f"{path} was written by a newer reparam: pip install --upgrade reparam.")
    raise Unusable(f"{path} is no export of ours; `flashcards export --jsonl FILE` writes one.")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > FILE_LIMIT:
        raise Unusable(f"{path} is larger than 256 MiB; import it in parts.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(
            f"{path} is not UTF-8 text. An .apkg is not imported; let Anki export Notes in Plain Text."
        ) from None


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
