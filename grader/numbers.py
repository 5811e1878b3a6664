"""By-hand numbers of a student's own: what a check file declares of them, and how they stand in its texts. No torch."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Draw:
    """Draws that depend on one number alone, and are the same on every machine and under every Python."""

    def __init__(self, seed: int) -> None:
        # Of all that `random` offers only `random()` is promised to stay what it is.
        self._random = random.Random(seed)  # noqa: S311  the seed is the secret, not the generator

    def choice(self, options: Sequence[T]) -> T:
        """One of some values."""
        return options[int(self._random.random() * len(options))]

    def several(self, options: Sequence[T], count: int) -> list[T]:
        """Different ones of some values, in random order.

        Args:
            options: at least ``count`` values.
            count: how many.
        """
        left = list(options)
        return [left.pop(int(self._random.random() * len(left))) for _ in range(count)]


@dataclass(frozen=True)
class Numbers:
    """The numbers that the by-hand answers of an exercise are about.

    Args:
        printed: name → what the course's files print.
        places: where they stand there: the words in print, and those with a student's own numbers.
        draw: draws others, by the same names.
    """

    printed: Mapping[str, Any]
    places: tuple[tuple[str, str], ...]
    draw: Callable[[Draw], Mapping[str, Any]]

    def phrases(self, own: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Each place as it is printed, and as it reads with other numbers."""
        return [(_filled(before, self.printed), _filled(after, own)) for before, after in self.places]


def numbers(*places: str | tuple[str, str], **printed: Any) -> Callable[[F], F]:
    """The decorated function draws a student's own numbers; without a student they are the printed ones.

    By-hand answers find them as ``functions.numbers``. A draw counts only when it tells the misconceptions apart as
    well as the printed numbers do; then another is made, so every draw must depend on ``rng`` alone.

    Args:
        places: where the numbers stand in the solution file, with names in braces: ``"Your numbers are μ = {mu}."``.
            With the printed numbers in it, each must be found there exactly once. A pair where the sentence itself is
            another for a student with numbers of their own. ``{counts:plain}`` leaves the brackets out.
        printed: name → the printed number; or a list (``[0.2, −0.3]``) or tuple (``(0.5, 0.5)``) of numbers.
    """
    pairs = tuple((place, place) if isinstance(place, str) else place for place in places)

    def mark(draw: F) -> F:
        draw.__numbers__ = Numbers(printed, pairs, draw)  # type: ignore[attr-defined]  # a mark; read in suite.py
        return draw

    return mark


class _Shown:
    """A number, or several, as a text has them."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, place: int) -> _Shown:
        return _Shown(self._value[place])

    def __format__(self, how: str) -> str:
        if not isinstance(self._value, list | tuple):
            return str(self._value).replace("-", "−")
        inside = ", ".join(format(_Shown(part)) for part in self._value)
        if how == "plain":
            return inside
        return f"({inside})" if isinstance(self._value, tuple) else f"[{inside}]"


def _filled(place: str, values: Mapping[str, Any]) -> str:
    return place.format(**{name: _Shown(value) for name, value in values.items()})
