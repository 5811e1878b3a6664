"""An Anki package of all decks, and of what the learner has done with them.

genanki writes notes and cards; the answers and the memories are added to its database, as Anki 2.1's scheduler keeps
them. A note keeps its guid for ever, so a rebuilt package updates notes in place and leaves Anki's progress alone.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashcards.anki_history import add_history
from flashcards.card import Deck, Image, Kind
from flashcards.deck import Library
from flashcards.errors import Unusable
from flashcards.events import Event
from flashcards.exchange import guid, notes, tags, write
from flashcards.markup import back_html, front_html
from flashcards.pictures import svg
from flashcards.schedule import Scheduler

if TYPE_CHECKING:
    import genanki

# Anki tells note types apart by these; they must never change.
_BASIC_ID, _CLOZE_ID = 1763742601, 1763742602
_STYLE = """.card { font-family: sans-serif; font-size: 20px; text-align: left; max-width: 40em; margin: 1em auto; }
ol { padding-left: 1.5em; } img { image-rendering: pixelated; margin: .6em 0; }
.source { font-size: 13px; opacity: .6; margin-top: 1.2em; } .cloze { font-weight: bold; }"""


def export_anki(
    library: Library,
    path: Path,
    *,
    now: tuple[int, int],
    events: Iterable[Event] | None = None,
    scheduler: Scheduler | None = None,
) -> int:
    """Write an ``.apkg``. Gives how many notes there are.

    Args:
        library: all decks.
        path: the file.
        now: as ``clock.now()`` gives it: milliseconds since 1970, and minutes that local time is ahead of UTC.
        events: what the learner did, to take along; None for the cards alone.
        scheduler: what turns answers into memories.

    Raises:
        Unusable: genanki is not installed, or the file cannot be written.
    """
    try:
        import genanki
    except ImportError:
        raise Unusable("Anki packages need genanki: pip install 'reparam[anki]'.") from None
    with tempfile.TemporaryDirectory(prefix="reparam-anki-") as folder:
        media = _Media(Path(folder))
        package = genanki.Package([_deck(genanki, deck, media) for deck in library.decks])
        database = Path(folder, "collection.anki2")
        connection = sqlite3.connect(database)
        try:
            # Anki updates a note only if the package's is newer, by whole seconds.
            seconds = max(now[0] // 1000, _written_at(path) + 1)
            package.write_to_db(connection.cursor(), seconds, itertools.count(seconds * 1000))
            if events is not None:
                add_history(connection, library, list(events), scheduler or Scheduler(), now)
            connection.commit()
        finally:
            connection.close()
        _zip(Path(folder, "package.zip"), database, media.files)
        write(path, Path(folder, "package.zip").read_bytes())
    return sum(1 for deck in library.decks for _ in notes(deck))


def _zip(path: Path, database: Path, media: list[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(database, "collection.anki2")
        package.writestr("media", json.dumps({str(place): file.name for place, file in enumerate(media)}))
        for place, file in enumerate(media):
            package.write(file, str(place))


def _written_at(path: Path) -> int:
    """When the package that is being replaced was built, in seconds; 0 where there is none."""
    try:
        with zipfile.ZipFile(path) as package, tempfile.TemporaryDirectory(prefix="reparam-anki-") as folder:
            package.extract("collection.anki2", folder)
            connection = sqlite3.connect(Path(folder, "collection.anki2"))
            try:
                return int(connection.execute("SELECT coalesce(max(mod), 0) FROM notes").fetchone()[0])
            finally:
                connection.close()
    except (OSError, KeyError, zipfile.BadZipFile, sqlite3.Error):
        return 0  # no package of ours; it is about to be replaced


class _Media:
    """The pictures of a package: a file each, named by its content, so that a changed one never meets an old one."""

    def __init__(self, folder: Path) -> None:
        self.files: list[Path] = []
        self._folder = folder

    def __call__(self, image: Image) -> str:
        content = svg(image).encode()
        file = self._folder / f"reparam-{hashlib.sha256(content).hexdigest()[:16]}.svg"
        if file not in self.files:
            file.write_bytes(content)
            self.files.append(file)
        return f'<img src="{file.name}">'


def _deck(genanki: Any, deck: Deck, media: _Media) -> genanki.Deck:
    basic, cloze = _models(genanki)
    made = genanki.Deck(_number(f"deck:{deck.name}"), f"reparam::{deck.title}")
    for place, cards in enumerate(notes(deck)):
        card = cards[0]
        model = cloze if card.kind is Kind.CLOZE else basic
        fields = [front_html(card, media), back_html(card, media)]
        made.add_note(genanki.Note(model, fields, guid=guid(card), tags=tags(card), due=place))
    return made


def _models(genanki: Any) -> tuple[genanki.Model, genanki.Model]:
    fields = [{"name": "Front"}, {"name": "Back"}]
    templates = [{"name": "Card", "qfmt": "{{Front}}", "afmt": '{{FrontSide}}<hr id="answer">{{Back}}'}]
    basic = genanki.Model(_BASIC_ID, "reparam", fields, templates, css=_STYLE)
    fields = [{"name": "Text"}, {"name": "Back Extra"}]
    templates = [{"name": "Cloze", "qfmt": "{{cloze:Text}}", "afmt": "{{cloze:Text}}<br>{{Back Extra}}"}]
    cloze = genanki.Model(_CLOZE_ID, "reparam cloze", fields, templates, css=_STYLE, model_type=genanki.Model.CLOZE)
    return basic, cloze


def _number(text: str) -> int:
    """A whole number that a text always gives."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:5]) + 1_000_000_000_000
