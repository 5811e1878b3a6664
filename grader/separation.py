"""A student's own by-hand numbers: drawn until they tell right from wrong as well as the printed ones do."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from grader.checking import Misconception
from grader.errors import GraderError
from grader.learner import LocalLearner
from grader.numbers import Draw
from grader.suite import Suite

TRIES = 1000

APART = 2.4567
"""Two answers are told apart by this multiple of the tolerance. No few decimals give a multiple so crooked: a distance
that is just at the limit might be rounded otherwise by the next machine, and a student's numbers must not depend on it.
"""


def varied(suite: Suite, variant: int | None) -> Suite:
    """A check file with a student's own by-hand numbers, where it declares how they are drawn.

    Args:
        suite: the check file with the printed ones.
        variant: what a student's numbers are drawn from; None for the printed ones.

    Raises:
        GraderError: in a thousand draws none tells the misconceptions apart.
    """
    if suite.numbers is None or variant is None:
        return suite
    printed = _Answers(suite)
    draw = Draw(variant)
    for _ in range(TRIES):
        other = suite.with_numbers(suite.numbers.draw(draw))
        if printed.told_apart_by(_Answers(other)):
            return other
    raise GraderError(
        f"none of {TRIES} draws of by-hand numbers tells the misconceptions apart as the printed ones do: "
        f"let {suite.numbers.draw.__name__} draw from more numbers"
    )


class _Answers:
    """What everybody answers by hand: who is right, in the first row, and who has one of the misconceptions."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._given: dict[tuple[str, Misconception | None], Tensor] = {}

    def told_apart_by(self, other: _Answers) -> bool:
        """Whether other numbers tell apart whatever these do, and right answers to these are wrong with the others."""
        return all(self._tells(other, name, *rivals) for name, rivals in self._rivals.items())

    def _tells(self, other: _Answers, name: str, everybody: Sequence[Misconception | None], distances: Tensor) -> bool:
        limit = APART * self.suite.tolerance(name)
        if not _distances([self.given_by(name, None), other.given_by(name, None)])[0, 1] >= limit:
            return False
        # Right from wrong first: most draws end here.
        for misconception in everybody[1:]:
            pair = [other.given_by(name, None), other.given_by(name, misconception)]
            if not _distances(pair)[0, 1] >= limit:
                return False
        found = _distances([other.given_by(name, one) for one in everybody])
        return bool(((found >= limit) | (distances < limit)).all())

    def given_by(self, name: str, misconception: Misconception | None) -> Tensor:
        """An answer of who has this misconception, or none; empty where that leads to no numbers."""
        key = name, misconception
        if key not in self._given:
            torch.default_generator.manual_seed(0)  # torch.manual_seed takes ten times as long
            try:
                self._given[key] = _flat(LocalLearner(self.suite, misconception).answer(name))
            except Exception:  # noqa: BLE001  a wrong function may fail in any way; then nobody gets to a number with it
                self._given[key] = torch.empty(0)
        return self._given[key]

    @functools.cached_property
    def _rivals(self) -> dict[str, tuple[list[Misconception | None], Tensor]]:
        """Answer that the numbers have to do with → none, and the misconceptions that change it; how far apart."""
        found: dict[str, tuple[list[Misconception | None], Tensor]] = {}
        for name, answer in self.suite.answers.items():
            asked = _Asked(vars(self.suite.functions()))
            answer(asked)
            if "numbers" in asked.names:
                limit = APART * self.suite.tolerance(name)
                about = [m for m in self.suite.misconceptions if m.target == name or m.target in asked.names]
                apart = _distances([self.given_by(name, one) for one in (None, *about)])[0, 1:] >= limit
                rivals = [None, *(m for m, is_apart in zip(about, apart.tolist(), strict=True) if is_apart)]
                found[name] = rivals, _distances([self.given_by(name, one) for one in rivals])
        return found


class _Asked:
    """Functions and numbers, and the names of those that were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name not in self._values:
            raise AttributeError(name)
        self.names.add(name)
        return self._values[name]


def _distances(values: Sequence[Tensor]) -> Tensor:
    """The largest difference of each two answers, (N, N); infinite where they have not as many numbers."""
    most = max(value.numel() for value in values)
    rows = torch.stack([torch.nn.functional.pad(value, (0, most - value.numel()), value=math.nan) for value in values])
    # Two that are infinite, or no numbers, are alike; from any other number they are far.
    rows = rows.nan_to_num(nan=3e200, posinf=1e200, neginf=-1e200)
    return torch.cdist(rows, rows, p=math.inf)


def _flat(value: Any) -> Tensor:
    if isinstance(value, Mapping):
        value = [float(part) for part in value.values()]
    return torch.as_tensor(value).detach().double().reshape(-1)
