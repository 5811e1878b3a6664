"""The fresh numbers of a numeric card, and numbers as text."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flashcards.card import Card, Wrong
from flashcards.expression import evaluate

ATTEMPTS = 100

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Numbers:
    """One draw of a numeric card.

    Args:
        values: drawn and worked-out numbers by name.
        right: the right answer.
        wrong: foreseen wrong answers by their value; those without a finite one are left out.
        separated: every wrong answer can be told from the right one and from each other.
    """

    values: Mapping[str, float]
    right: float
    wrong: tuple[tuple[float, Wrong], ...]
    separated: bool


def drawn(card: Card, rng: random.Random) -> Numbers:
    """Fresh numbers, drawn again up to 100 times until wrong answers differ from the right one."""
    for _ in range(ATTEMPTS if card.draw else 1):
        numbers = draw_once(card, rng)
        if numbers.separated:
            break
    return numbers


def draw_once(card: Card, rng: random.Random) -> Numbers:
    """Fresh numbers, whatever they are."""
    values = {name: rng.choice(among) for name, among in card.draw.items()}
    for name, expression in card.let.items():
        values[name] = evaluate(expression, values)
    right = evaluate(card.answer, values)
    valued = [(evaluate(wrong.expression, values), wrong) for wrong in card.wrong]
    wrong = tuple((value, wrong) for value, wrong in valued if math.isfinite(value))
    return Numbers(
        values, right, wrong, math.isfinite(right) and _separated(card, right, [value for value, _ in wrong])
    )


def _separated(card: Card, right: float, wrong: list[float]) -> bool:
    # A learner's answer may be off by the tolerance, and so may their wrong one.
    apart = 2 * slack(card, right)
    every = sorted([right, *wrong])
    return all(above - below > apart for below, above in itertools.pairwise(every))


def slack(card: Card, right: float) -> float:
    """How far from the right answer counts as right: the tolerance, and what floats and their printing lose."""
    return card.tolerance * (1 + 1e-9) + 1e-9 * abs(right) + 1e-12


def shown(value: float, digits: int = 4) -> str:
    """A number as text: significant digits, no trailing zeros, − for minus, a power of ten instead of many zeros."""
    if not math.isfinite(value):
        return "undefined"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if value == int(value) and abs(value) < 1e9:
        text = str(int(value))
    elif -4 <= exponent < 9:
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}·10{str(int(power)).translate(_SUPERSCRIPTS)}"
    return text.replace("-", "−")


def shown_answer(card: Card, value: float) -> str:
    """A number with as many digits as its card's tolerance asks for, at least four."""
    if value == 0 or not math.isfinite(value):
        return shown(value)
    within = card.tolerance / 4 if card.tolerance else abs(value) * 1e-9
    return shown(value, max(4, math.floor(math.log10(abs(value))) + 1 + math.ceil(-math.log10(within))))


def worded(text: str, values: Mapping[str, str]) -> str:
    """A text with its places filled: ``{mu}`` by the number's text, ``{{`` by a brace; unknown names stay."""

    def fill(place: re.Match[str]) -> str:
        if place[1] is None:
            return place[0][0]
        return values.get(place[1], place[0])

    return _PLACE.sub(fill, text)


def places(text: str) -> set[str]:
    """The names that stand in a text's places."""
    return {found[1] for found in _PLACE.finditer(text) if found[1]}
