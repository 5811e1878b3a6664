"""Anki's text files of notes: headers that begin with ``#``, then a table with quotes as in CSV."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flashcards import cloze
from flashcards.document import INVISIBLE
from flashcards.likeness import GREEK
from flashcards.values import ID
from flashcards.writing import Fields

_HEADER = re.compile(r"#([a-z ]+):\s*(.*?)\s*")
_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":"}
_LINE_END = re.compile(r"<br\s*/?>|</(?:div|p|li|tr|h[1-6])>|<hr[^>]*>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->|\[sound:[^\]]*\]", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_FIELD_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Note:
    """One note of a file.

    Args:
        card: as the YAML of a deck says it; None when it cannot be one of our cards.
        deck: Anki's name of its deck; may be empty.
        why: why it cannot be one of our cards.
    """

    card: Fields | None
    deck: str
    why: str


def notes_of(text: str, name: str) -> Iterator[Note]:
    """The notes of a file.

    Args:
        text: its content.
        name: its name, which becomes the cards' source.
    """
    headers, table = _headers(text.replace("\r\n", "\n").replace("\x00", ""))
    separator = headers.get("separator", "")
    delimiter = _SEPARATORS.get(separator.lower(), separator[:1]) or ("\t" if "\t" in table else ",")
    csv.field_size_limit(_FIELD_LIMIT)
    rows = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Note(None, "", f"cannot be read: {error}")
            continue
        if any(field.strip() for field in row):
            yield _note(row, headers, name)


def slug(text: str) -> str:
    """A text as a name of small letters, digits and hyphens; ``imported`` where nothing of it can stay."""
    named = "".join(GREEK.get(letter, letter) for letter in unicodedata.normalize("NFKD", text.lower()))
    plain = named.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "imported"


def _headers(text: str) -> tuple[dict[str, str], str]:
    headers = {}
    while text.startswith("#"):
        line, _, rest = text.partition("\n")
        if (found := _HEADER.fullmatch(line)) is None:
            break
        headers[found[1]] = found[2]
        text = rest
    return headers, text


def _note(row: Sequence[str], headers: Mapping[str, str], name: str) -> Note:
    places = {word: _column(headers, word) for word in ("guid", "notetype", "deck", "tags")}
    special = {word: row[place].strip() for word, place in places.items() if place is not None and place < len(row)}
    deck = _plain(special.get("deck") or headers.get("deck", ""), markup=False)
    plain = [
        _plain(field, markup=headers.get("html", "false") == "true")
        for place, field in enumerate(row)
        if place not in places.values()
    ]
    front, back = (plain or [""])[0], "\n\n".join(field for field in plain[1:] if field)
    guid = special.get("guid", "")
    ours = guid.removeprefix("reparam:")
    identity = ours if guid != ours and ID.fits(ours) else _identity(guid or front)
    tags = [word for word in dict.fromkeys(map(slug, special.get("tags", "").split())) if word != "imported"]
    card = {"id": identity, "source": f"imported from {_plain(name, markup=False)}", "tags": tags}
    if cloze.numbers(front):
        card |= {"kind": "cloze", "text": front} | ({"back": back} if back else {})
    elif not front or not back:
        return Note(None, deck, "has no text on the front" if not front else "has no text on the back")
    else:
        card |= {"front": front, "back": back}
    return Note({key: value for key, value in card.items() if value}, deck, "")


def _column(headers: Mapping[str, str], word: str) -> int | None:
    number = headers.get(f"{word} column", "")
    return int(number) - 1 if number.isdecimal() and len(number) < 4 else None


def _identity(text: str) -> str:
    """An id that the same note has in every import."""
    return f"anki-{hashlib.blake2b(text.encode(errors='replace'), digest_size=6).hexdigest()}"


def _plain(field: str, *, markup: bool) -> str:
    """A field as text."""
    if markup:
        field = _LINE_END.sub("\n", _HIDDEN.sub("", field.replace("\n", " ")))
        field = html.unescape(_TAG.sub("", field))
    field = INVISIBLE.sub("", field.replace("\xa0", " "))
    lines = [" ".join(line.split()) for line in field.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
