"""What cannot be: values that no right computation has, whatever the numbers it began with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from grader.assertions import CheckFailure, as_tensor
from grader.formatting import is_beyond_floats, number

IMPOSSIBLE = "This cannot be"
"""How a verdict begins to speak of such a value."""

ROUNDING = 1e-6
"""How far beyond its bound, relatively, a value may be computed by right code."""


@dataclass(frozen=True)
class Range:
    """The values that a quantity can have at all.

    Args:
        low: its lower bound, or None.
        high: its upper bound, or None.
        because: a clause that says why, ``a probability lies between 0 and 1``.
    """

    low: float | None
    high: float | None
    because: str

    def broken_by(self, value: Any) -> float | None:
        """The first number outside the range, or None. What is no number, and NaN, breaks nothing."""
        if isinstance(value, bool | int | float) and not is_beyond_floats(value):
            value = torch.tensor(float(value), dtype=torch.float64)
        if not isinstance(value, torch.Tensor) or value.is_complex():
            return None
        values = value.detach().double().reshape(-1)
        outside = torch.zeros_like(values, dtype=torch.bool)
        if self.low is not None:
            outside |= values < self.low - ROUNDING * (1 + abs(self.low))
        if self.high is not None:
            outside |= values > self.high + ROUNDING * (1 + abs(self.high))
        return float(values[outside][0]) if outside.any() else None


def assert_possible(got: Any, low: float | None, high: float | None, what: str, *, because: str, so: str = "") -> None:
    """Fail on a result that cannot be, and say so.

    Args:
        got: one number.
        low: what it cannot be below, with whatever slack its computation needs; None for no bound.
        high: what it cannot be above.
        what: what the number is, ``the loss that your code reported``.
        because: why the bound holds, with the exact bound: ``the entropy of the data is ln 16 = 2.7726 nats``.
        so: what follows for the code: ``the model sees what it predicts``.
    """
    value = float(as_tensor(got, what))
    # NaN is not impossible, only useless; another check speaks of it.
    below, above = low is not None and value < low, high is not None and value > high
    if below or above:
        verb = "too low" if below else "too high"
        message = f"{IMPOSSIBLE}: {what} is {number(value)}, and that is {verb}, because {because}."
        raise CheckFailure(f"{message} So {so}." if so else message, got=value)
