"""The values of a deck's fields, read with every problem on the way: after one it reads on, to find the others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from flashcards.card import Image
from flashcards.document import INVISIBLE, Problem
from flashcards.expression import ExpressionError, names_in
from flashcards.nodes import Node


class Form(NamedTuple):
    """What a name looks like.

    Args:
        pattern: of the whole name.
        means: in words.
    """

    pattern: re.Pattern[str]
    means: str

    def fits(self, text: str) -> bool:
        """Whether a text is such a name."""
        return self.pattern.fullmatch(text) is not None


ID = Form(re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"), "small letters, digits and single hyphens")
EXERCISE = Form(re.compile(r"exercise[1-9][0-9]{0,3}"), "`exercise` and a number")
MISCONCEPTION = Form(re.compile(r"exercise[1-9][0-9]{0,3}\.[a-z_][a-z0-9_]*"), "like exercise1.variance_as_std")
VARIABLE = Form(re.compile(r"[a-z][a-z0-9_]*"), "small letters, digits and _")

TEXT_LIMIT = 4000
VALUES_LIMIT = 1000
SIDE_LIMIT = 32

_LEVELS = {".": 0.0, "#": 1.0} | {str(digit): digit / 9 for digit in range(10)}


class Values:
    """What reads nodes of one file; a field that is missing or wrong reads as an empty value.

    Args:
        path: the file that messages name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.about = ""
        """The card that is being read."""

    def fail(self, node: Node, field: str, message: str) -> None:
        """Keep a problem of the card that is being read."""
        name = f"{self.about}.{field}" if self.about and field else self.about or field
        self.problems.append(Problem(self.path, node.line, name, message))

    def fields(self, node: Node, required: Iterable[str], optional: Iterable[str], of: str = "") -> dict[str, Node]:
        """Fields with known names: all of ``required``, some of ``optional``, no others."""
        if not isinstance(node.value, dict):
            self.fail(node, "", "should be fields, one a line: `name: value`.")
            return {}
        known = dict.fromkeys((*required, *optional))
        meant = set()
        for name, value in node.value.items():
            if name not in known:
                near = _nearest(name, known)
                meant.add(near)
                hint = f"Did you mean `{near}`?" if near else f"The fields{of}: {', '.join(known)}."
                if not value.value:
                    hint = "Inside { } a text with a comma needs quotes."
                self.fail(value, name[:60], f"there is no such field. {hint}")
        for name in required:
            if name not in node.value and name not in meant:
                self.fail(node, "", f"the field `{name}`{of} is missing.")
        return {name: value for name, value in node.value.items() if name in known}

    def text(self, node: Node | None, field: str) -> str:
        """A text that is not empty."""
        if node is None:
            return ""
        if not isinstance(node.value, str):
            self.fail(node, field, "should be a text; put it in quotes.")
            return ""
        if not node.value:
            self.fail(node, field, "is empty.")
        if len(node.value) > TEXT_LIMIT:
            self.fail(node, field, f"is longer than {TEXT_LIMIT} characters.")
        # `isprintable` is quick, and sorts out nearly every text.
        if not node.value.isprintable() and (found := INVISIBLE.search(node.value)):
            self.fail(node, field, f"has an invisible character, U+{ord(found[0]):04X}; delete it.")
            return ""
        return node.value

    def expression(self, node: Node | None, field: str, known: Iterable[str]) -> str:
        """The text of an expression that can be evaluated when the ``known`` names have values."""
        text = self.text(node, field)
        if node is None or not text:
            return ""
        try:
            missing = sorted(names_in(text) - set(known))
        except ExpressionError as error:
            self.fail(node, field, f"{error}.")
            return ""
        if missing:
            self.fail(
                node, field, f"`{missing[0]}` is no drawn number; there are {', '.join(sorted(known)) or 'none'}."
            )
        return text

    def matching(self, node: Node | None, field: str, form: Form) -> str:
        """A name."""
        text = self.text(node, field)
        if node is not None and text and not form.fits(text):
            self.fail(node, field, f'"{text[:60]}" should be {form.means}.')
        return text

    def number(self, node: Node | None, field: str) -> float:
        """A finite number."""
        if node is None:
            return 0.0
        try:
            value = float(self.text(node, field))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fail(node, field, "should be a number, as 0.01.")
            return 0.0
        return value

    def entries(self, node: Node | None, field: str, low: int, high: int) -> list[Node]:
        """The nodes of a list of ``low`` to ``high`` entries."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.fail(node, field, "should be a list: [one, another], or a line with `- ` each.")
            return []
        if not low <= len(node.value) <= high:
            self.fail(node, field, f"has {len(node.value)} entries; {low} to {high} are allowed.")
        return node.value

    def texts(self, node: Node | None, field: str, low: int, high: int) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(
            self.text(item, f"{field}[{place}]") for place, item in enumerate(self.entries(node, field, low, high), 1)
        )

    def words(self, node: Node | None, field: str, form: Form) -> tuple[str, ...]:
        """A list of names."""
        return tuple(self.matching(item, field, form) for item in self.entries(node, field, 0, 1000))

    def mapping(self, node: Node | None, field: str) -> dict[str, Node]:
        """Fields with names of the author's choice."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.fail(node, field, "should be fields: {name: value}.")
            return {}
        return node.value

    def different(self, node: Node, field: str, texts: Iterable[str]) -> None:
        """Keep a problem if two of the texts are the same."""
        seen = [text.casefold() for text in texts]
        if len(set(seen)) < len(seen):
            self.fail(node, field, "holds the same text twice.")

    def drawn_from(self, node: Node, name: str) -> tuple[float, ...]:
        """The numbers among which one is drawn."""
        field = f"draw.{name}"
        spec = self.mapping(node, field)
        if set(spec) == {"choice"}:
            items = self.entries(spec["choice"], field, 1, VALUES_LIMIT)
            return tuple(self.number(item, field) for item in items)
        if set(spec) == {"range"}:
            items = self.entries(spec["range"], field, 3, 3)
            bounds = [self.number(item, field) for item in items]
            if len(bounds) != 3:
                return ()
            low, high, step = bounds
            count = math.floor((high - low) / step + 1e-9) + 1 if step > 0 else 0
            if not 1 <= count <= VALUES_LIMIT:
                self.fail(node, field, f"should be [low, high, step] with 1 to {VALUES_LIMIT} numbers.")
                return ()
            # Without rounding 0.1 + 2·0.1 would be shown as what it is.
            return tuple(round(low + place * step, 10) for place in range(count))
        self.fail(node, field, "should be {choice: [1, 2, 5]} or {range: [low, high, step]}.")
        return ()

    def image(self, node: Node | None, field: str) -> Image:
        """Rows of grey levels from 0 to 1."""
        if node is None:
            return ()
        rows = self.texts(node, field, 1, SIDE_LIMIT)
        if any(set(row) - set(_LEVELS) for row in rows):
            self.fail(node, field, 'should hold `.`, `#` and digits only, each row in quotes: "##..".')
        elif len({len(row) for row in rows}) > 1:
            self.fail(node, field, "has rows of different lengths.")
        elif rows and len(rows[0]) > SIDE_LIMIT:
            self.fail(node, field, f"is wider than {SIDE_LIMIT}.")
        else:
            return tuple(tuple(_LEVELS[mark] for mark in row) for row in rows)
        return ()


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # late: only a misspelt name pays for it

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.7)), None)
