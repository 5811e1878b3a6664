"""Cards and decks as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Image = tuple[tuple[float, ...], ...]


class Kind(StrEnum):
    """How a card asks."""

    BASIC = "basic"
    CLOZE = "cloze"
    NUMERIC = "numeric"
    CHOICE = "choice"
    ORDER = "order"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer that was foreseen.

    Args:
        expression: numeric: how it comes about; choice: the option's text.
        says: what to tell who gives it; may be empty for an option.
    """

    expression: str
    says: str


@dataclass(frozen=True, slots=True)
class Card:
    """One card; what a kind does not use stays empty.

    Args:
        id: unique and for ever; ``note#c1`` for a gap of a cloze note.
        deck: the name of its deck.
        kind: how it asks.
        front: the question; of a cloze card, its sentence with the gap; of a numeric card, with ``{name}``.
        back: the answer of basic and image cards, an explanation of the others; of a numeric card, with ``{name}``.
        tex: the answer's formula.
        source: where a doubting reader looks it up.
        exercise: ``exercise1``, which practises it.
        after: misconceptions after which it comes first, ``exercise1.variance_as_std``.
        was: former ids.
        tags: words.
        rev: 12 hexadecimal digits of what it says; another after an edit.
        draw: the values that each drawn number may take.
        let: names worked out from those, in order.
        answer: numeric: the expression of the right answer; cloze: the text of the gap.
        tolerance: numeric: how far a right answer may be off.
        unit: numeric: what may be typed behind the number.
        accept: cloze: other right answers to the gap.
        wrong: foreseen wrong answers with words to say.
        options: choice: the right one first.
        items: order: in the right order.
        cloze: the note's text with its marks, ``{{c1::…::hint}}``.
        image: grey levels from 0 to 1, shown with the question.
        back_image: as ``image``, shown with the answer.
        path: the file it stands in.
        line: where in it.
    """

    id: str
    deck: str
    kind: Kind
    front: str
    back: str
    tex: str = ""
    source: str = ""
    exercise: str = ""
    after: tuple[str, ...] = ()
    was: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rev: str = ""
    draw: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    let: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    tolerance: float = 0.0
    unit: str = ""
    accept: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    options: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    cloze: str = ""
    image: Image = ()
    back_image: Image = ()
    path: Path = field(default_factory=Path, compare=False)
    line: int = field(default=0, compare=False)

    @property
    def note_id(self) -> str:
        """The id in the file: cards of one cloze note share it."""
        return self.id.partition("#")[0]


@dataclass(frozen=True)
class Deck:
    """One file of cards.

    Args:
        name: small letters, digits, hyphens; unique.
        title: what learners read.
        path: its file.
        cards: in the file's order.
        retired: ids of deleted cards, which no card may take again.
    """

    name: str
    title: str
    path: Path
    cards: tuple[Card, ...]
    retired: tuple[str, ...] = ()
