"""From a deck's file to its cards, with every problem on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flashcards import cloze
from flashcards.card import Card, Deck, Kind, Wrong
from flashcards.document import Problem, read
from flashcards.expression import RESERVED
from flashcards.nodes import Node
from flashcards.values import EXERCISE, ID, MISCONCEPTION, VARIABLE, Values

_COMMON = ("kind", "tex", "exercise", "after", "was", "tags", "image", "back_image")
_REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.BASIC: ("front", "back"),
    Kind.CLOZE: ("text",),
    Kind.NUMERIC: ("front", "answer", "tolerance"),
    Kind.CHOICE: ("front", "right", "wrong"),
    Kind.ORDER: ("front", "items"),
    Kind.IMAGE: ("front", "back"),
}
_OPTIONAL: dict[Kind, tuple[str, ...]] = {
    Kind.BASIC: (),
    Kind.CLOZE: ("back", "accept"),
    Kind.NUMERIC: ("draw", "let", "unit", "wrong", "back"),
    Kind.CHOICE: ("back",),
    Kind.ORDER: ("back",),
    Kind.IMAGE: (),
}


def deck_of(path: Path) -> tuple[Deck | None, list[Problem]]:
    """A file's deck, or None and every problem of the file.

    Raises:
        DeckError: the file is no YAML that we read.
    """
    return parsed_deck(path, read(path))


def parsed_deck(path: Path, top: Node) -> tuple[Deck | None, list[Problem]]:
    """As :func:`deck_of`, of a document that was parsed already; ``path`` is what messages name."""
    return _Reader(path).deck(top)


class _Reader(Values):
    """One file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._deck = ""

    def deck(self, top: Node) -> tuple[Deck | None, list[Problem]]:
        fields = self.fields(top, ("deck", "title", "cards"), ("retired",))
        self._deck = self.matching(fields.get("deck"), "deck", ID)
        title = self.text(fields.get("title"), "title")
        retired = self.words(fields.get("retired"), "retired", ID)
        cards: list[Card] = []
        nodes = self.entries(fields.get("cards"), "cards", 1, 5000)
        lines: dict[str, int] = {}
        for place, node in enumerate(nodes, 1):
            found = self._card(node, place)
            if found and lines.setdefault(found[0].note_id, node.line) != node.line:
                self.fail(node, "id", f"the card in line {lines[found[0].note_id]} has this id; choose another.")
            cards += found
        if self.problems:
            return None, sorted(self.problems, key=lambda problem: problem.line)
        return Deck(self._deck, title, self.path, tuple(cards), retired), []

    def _card(self, node: Node, place: int) -> list[Card]:
        before = len(self.problems)
        self.about = f"cards[{place}]"
        value = node.value
        if isinstance(value, dict) and "id" in value and isinstance(value["id"].value, str):
            self.about = value["id"].value[:60]
        kind = Kind.BASIC
        if isinstance(value, dict) and "kind" in value:
            name = value["kind"].value
            if name not in list(Kind):
                self.fail(value["kind"], "kind", f"should be one of {', '.join(Kind)}.")
                return []
            kind = Kind(name)
        required = ("id", *_REQUIRED[kind], "source")
        fields = self.fields(node, required, (*_OPTIONAL[kind], *_COMMON), f" of {kind} cards")
        if kind is Kind.IMAGE and not {"image", "back_image"} & set(fields):
            self.fail(node, "", "has no picture: the field `image` or `back_image` is missing.")
        card = self._common(node, kind, fields)
        content: dict[str, Any] = _KINDS[kind](self, fields)
        if len(self.problems) > before:
            return []
        return [_stamped(card | content)] if kind is not Kind.CLOZE else _siblings(card, content)

    def _common(self, node: Node, kind: Kind, fields: dict[str, Node]) -> dict[str, Any]:
        identity = self.matching(fields.get("id"), "id", ID)
        if len(identity) > 60:
            self.fail(fields["id"], "id", "is longer than 60 characters.")
        return {
            "id": identity,
            "deck": self._deck,
            "kind": kind,
            "tex": self.text(fields.get("tex"), "tex"),
            "source": self.text(fields.get("source"), "source"),
            "exercise": self.matching(fields.get("exercise"), "exercise", EXERCISE),
            "after": self.words(fields.get("after"), "after", MISCONCEPTION),
            "was": self.words(fields.get("was"), "was", ID),
            "tags": self.words(fields.get("tags"), "tags", ID),
            "image": self.image(fields.get("image"), "image"),
            "back_image": self.image(fields.get("back_image"), "back_image"),
            "path": self.path,
            "line": node.line,
        }

    # What each kind has of its own.

    def _plain(self, fields: dict[str, Node]) -> dict[str, Any]:
        return {"front": self.text(fields.get("front"), "front"), "back": self.text(fields.get("back"), "back")}

    def _cloze(self, fields: dict[str, Node]) -> dict[str, Any]:
        text = self.text(fields.get("text"), "text")
        if "text" in fields and (mistake := cloze.mistake(text)):
            self.fail(fields["text"], "text", f"{mistake}.")
        gaps = [f"c{number}" for number in cloze.numbers(text)]
        accept: dict[str, tuple[str, ...]] = {}
        for name, node in self.mapping(fields.get("accept"), "accept").items():
            if name not in gaps:
                self.fail(node, f"accept.{name}", f"there is no such gap; there are {', '.join(gaps)}.")
            accept[name] = self.texts(node, f"accept.{name}", 1, 20)
        return {"cloze": text, "back": self.text(fields.get("back"), "back"), "accept": accept}

    def _numeric(self, fields: dict[str, Node]) -> dict[str, Any]:
        draw = {name: self.drawn_from(node, name) for name, node in self.mapping(fields.get("draw"), "draw").items()}
        let: dict[str, str] = {}
        for name, node in self.mapping(fields.get("let"), "let").items():
            let[name] = self.expression(node, f"let.{name}", [*draw, *let])
        known = [*draw, *let]
        for name in known:
            if not VARIABLE.fits(name) or name in RESERVED or name == "answer" or (name in draw and name in let):
                field = "draw" if name in draw else "let"
                taken = "`e`, `pi`, `answer`, functions and names above are taken"
                self.fail(fields[field], f"{field}.{name[:60]}", f"should be another name: {VARIABLE.means}; {taken}.")
        wrong = []
        for number, node in enumerate(self.entries(fields.get("wrong"), "wrong", 0, 20), 1):
            of = f"wrong[{number}]"
            parts = self.fields(node, ("answer", "says"), (), f" of {of}")
            expression = self.expression(parts.get("answer"), f"{of}.answer", known)
            wrong.append(Wrong(expression, self.text(parts.get("says"), f"{of}.says")))
        tolerance = self.number(fields.get("tolerance"), "tolerance")
        if tolerance < 0:
            self.fail(fields["tolerance"], "tolerance", "should be 0 or more.")
        return self._plain(fields) | {
            "draw": draw,
            "let": let,
            "answer": self.expression(fields.get("answer"), "answer", known),
            "tolerance": tolerance,
            "unit": self.text(fields.get("unit"), "unit"),
            "wrong": tuple(wrong),
        }

    def _choice(self, fields: dict[str, Node]) -> dict[str, Any]:
        options = [self.text(fields.get("right"), "right")]
        wrong = []
        for place, node in enumerate(self.entries(fields.get("wrong"), "wrong", 2, 6), 1):
            if isinstance(node.value, dict):
                parts = self.fields(node, ("answer", "says"), (), f" of wrong[{place}]")
                option = self.text(parts.get("answer"), f"wrong[{place}].answer")
                wrong.append(Wrong(option, self.text(parts.get("says"), f"wrong[{place}].says")))
            else:
                option = self.text(node, f"wrong[{place}]")
            options.append(option)
        if "wrong" in fields:
            self.different(fields["wrong"], "wrong", options)
        return self._plain(fields) | {"options": tuple(options), "wrong": tuple(wrong)}

    def _order(self, fields: dict[str, Node]) -> dict[str, Any]:
        items = self.texts(fields.get("items"), "items", 3, 7)
        if "items" in fields:
            self.different(fields["items"], "items", items)
        return self._plain(fields) | {"items": items}


_KINDS: dict[Kind, Callable[[_Reader, dict[str, Node]], dict[str, Any]]] = {
    Kind.BASIC: _Reader._plain,
    Kind.CLOZE: _Reader._cloze,
    Kind.NUMERIC: _Reader._numeric,
    Kind.CHOICE: _Reader._choice,
    Kind.ORDER: _Reader._order,
    Kind.IMAGE: _Reader._plain,
}


# An edit of these does not change what a card asks.
_NOT_CONTENT = {"id", "deck", "source", "exercise", "after", "was", "tags", "path", "line"}


def _stamped(fields: dict[str, Any]) -> Card:
    content = repr([(name, value) for name, value in fields.items() if value and name not in _NOT_CONTENT])
    return Card(**fields, rev=hashlib.blake2b(content.encode(), digest_size=6).hexdigest())


def _siblings(card: dict[str, Any], content: dict[str, Any]) -> list[Card]:
    text, note, accept = content["cloze"], card["id"], content["accept"]
    return [
        _stamped(
            card
            | {
                "id": f"{note}#c{number}",
                "was": tuple(f"{old}#c{number}" for old in card["was"]),
                "front": cloze.asked(text, number),
                "back": content["back"],
                "answer": cloze.hidden(text, number),
                "accept": accept.get(f"c{number}", ()),
                "cloze": text,
            }
        )
        for number in cloze.numbers(text)
    ]
