"""Cards back into the YAML of a deck: for cards that were imported or typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from flashcards.card import Card, Kind
from flashcards.pictures import picture_rows

Fields = Mapping[str, Any]
"""A card as its YAML says it: names of fields to texts, lists and mappings."""


class _Dumper(yaml.SafeDumper):
    """YAML as a person would write it: a text of several lines is a block, and nothing is an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  as above
        # Lists inside a mapping are indented, as in our own decks.
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Other line breaks would be folded into blanks; between quotes they are escaped.
    style = '"' if re.search("[\r\x85\u2028\u2029]", text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def card_yaml(fields: Fields) -> str:
    """One card as an entry of a deck's `cards`, indented as there; ends with a line break."""
    text = _dumped([dict(fields)])
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def deck_yaml(name: str, title: str, cards: Sequence[Fields]) -> str:
    """A whole deck file."""
    head = _dumped({"deck": name, "title": title})
    return f"{head}cards:\n" + "\n".join(card_yaml(card) for card in cards)


def note_fields(cards: Sequence[Card]) -> dict[str, Any]:
    """The fields of the cards of one note: of a cloze note all of its gaps, otherwise one card."""
    card = cards[0]
    fields: dict[str, Any] = {"id": card.note_id}
    if card.kind is not Kind.BASIC:
        fields["kind"] = str(card.kind)
    fields |= _OF_KIND[card.kind](cards)
    fields |= {
        "tex": card.tex,
        "image": picture_rows(card.image),
        "back_image": picture_rows(card.back_image),
        "source": card.source,
        "exercise": card.exercise,
        "after": list(card.after),
        "was": [old.partition("#")[0] for old in card.was],
        "tags": list(card.tags),
    }
    return {name: value for name, value in fields.items() if value not in ("", [], {})}


def _cloze(cards: Sequence[Card]) -> dict[str, Any]:
    accept = {card.id.partition("#")[2]: list(card.accept) for card in cards if card.accept}
    return {"text": cards[0].cloze, "accept": accept, "back": cards[0].back}


def _numeric(cards: Sequence[Card]) -> dict[str, Any]:
    card = cards[0]
    return {
        "draw": {name: {"choice": [float(f"{value:.12g}") for value in values]} for name, values in card.draw.items()},
        "let": dict(card.let),
        "front": card.front,
        "answer": card.answer,
        "tolerance": f"{card.tolerance:.12g}",
        "unit": card.unit,
        "wrong": [{"answer": wrong.expression, "says": wrong.says} for wrong in card.wrong],
        "back": card.back,
    }


def _choice(cards: Sequence[Card]) -> dict[str, Any]:
    card = cards[0]
    says = {wrong.expression: wrong.says for wrong in card.wrong}
    wrong = [{"answer": option, "says": says[option]} if option in says else option for option in card.options[1:]]
    return {"front": card.front, "right": card.options[0], "wrong": wrong, "back": card.back}


def _order(cards: Sequence[Card]) -> dict[str, Any]:
    return {"front": cards[0].front, "items": list(cards[0].items), "back": cards[0].back}


def _plain(cards: Sequence[Card]) -> dict[str, Any]:
    return {"front": cards[0].front, "back": cards[0].back}


_OF_KIND = {
    Kind.BASIC: _plain,
    Kind.CLOZE: _cloze,
    Kind.NUMERIC: _numeric,
    Kind.CHOICE: _choice,
    Kind.ORDER: _order,
    Kind.IMAGE: _plain,
}


def _dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
