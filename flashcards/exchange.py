"""Cards and answers for other programs: TSV for Anki, CSV for FSRS's optimizer, JSONL for ourselves."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from flashcards.card import Card, Deck, Image, Kind
from flashcards.deck import Library
from flashcards.errors import Unusable
from flashcards.events import Event
from flashcards.fold import replay
from flashcards.markup import back_html, front_html
from flashcards.pictures import svg
from flashcards.schedule import Phase, Scheduler
from flashcards.writing import note_fields

VERSION = 1
"""Of our JSONL; raised when an older program could not read it."""

# The states that FSRS's optimizer tells apart.
_STATES = {Phase.NEW: 0, Phase.LEARNING: 1, Phase.REVIEW: 2, Phase.RELEARNING: 3}


def notes(deck: Deck) -> Iterator[list[Card]]:
    """The cards of a deck, those of one note together."""
    for _, cards in groupby(deck.cards, key=lambda card: card.note_id):
        yield list(cards)


def guid(card: Card) -> str:
    """What Anki knows a note by, for ever: made of the oldest id, so that a renamed card stays the same note."""
    oldest = card.was[0].partition("#")[0] if card.was else card.note_id
    return f"reparam:{oldest}"


def tags(card: Card) -> list[str]:
    """What a note is tagged with in Anki."""
    return ["reparam", *card.tags, *([card.exercise] if card.exercise else [])]


def export_tsv(library: Library, path: Path) -> int:
    """Write all notes for Anki's File → Import, which updates notes that it has. Gives how many there are.

    Raises:
        Unusable: the file cannot be written.
    """
    text = io.StringIO()
    for header in (
        "separator:tab",
        "html:true",
        "guid column:1",
        "notetype column:2",
        "deck column:3",
        "tags column:6",
    ):
        text.write(f"#{header}\n")
    rows = csv.writer(text, delimiter="\t", lineterminator="\n")
    count = 0
    for deck in library.decks:
        for cards in notes(deck):
            card = cards[0]
            kind = "Cloze" if card.kind is Kind.CLOZE else "Basic"
            sides = front_html(card, _inline), back_html(card, _inline)
            rows.writerow([guid(card), kind, f"reparam::{deck.title}", *sides, " ".join(tags(card))])
            count += 1
    write(path, text.getvalue().encode())
    return count


def export_csv(events: Iterable[Event], path: Path, *, scheduler: Scheduler | None = None) -> int:
    """Write the answers as FSRS's optimizer reads them: `python -m fsrs_optimizer FILE`. Gives how many there are.

    Raises:
        Unusable: the file cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["card_id", "review_time", "review_rating", "review_state", "review_duration"])
    steps = sorted(replay(events, scheduler or Scheduler()), key=lambda step: step.event.order)
    for step in steps:
        event = step.event
        assert event.rating is not None
        state = _STATES[step.before.phase]
        rows.writerow([step.card_id, event.at_ms, int(event.rating), state, event.duration_ms])
    write(path, text.getvalue().encode())
    return len(steps)


def export_jsonl(library: Library, events: Iterable[Event], path: Path) -> tuple[int, int]:
    """Write everything, for a backup or another computer. Gives how many notes and events there are.

    Raises:
        Unusable: the file cannot be written.
    """
    lines: list[dict[str, object]] = [{"type": "reparam flashcards", "version": VERSION}]
    for deck in library.decks:
        lines.append({"type": "deck", "deck": deck.name, "title": deck.title})
        lines += [{"type": "card", "deck": deck.name, "card": note_fields(cards)} for cards in notes(deck)]
    cards = sum(line["type"] == "card" for line in lines)
    before = len(lines)
    lines += [{"type": "event", "event": asdict(event)} for event in events]
    write(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())
    return cards, len(lines) - before


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        Unusable: it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets nobody else read; an export has the rights of any new file, a replaced one keeps its own.
            umask = os.umask(0)
            os.umask(umask)
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}.") from None


def _inline(image: Image) -> str:
    data = base64.b64encode(svg(image).encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}">'
