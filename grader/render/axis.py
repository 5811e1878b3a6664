"""An axis of a diagram: where a number lies on it, and which round numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SPREAD, _WIDEST = 8.0, 1e30
"""A range whose ends differ by a factor between these is drawn logarithmically: near its floor a loss would look flat.
Beyond, the small end is a zero that was rounded."""

_FLAT = 1e-9
"""Numbers that differ by less, relatively, are one number: rounding is no curve."""


@dataclass(frozen=True)
class Tick:
    """A round number: where it lies from 0 to 1, and how it is written."""

    place: float
    label: str


@dataclass(frozen=True)
class Axis:
    """A range of numbers, laid out evenly or by their logarithms.

    Args:
        low: its lower end.
        high: its upper end, above ``low``.
        logarithmic: only for ranges above 0.
    """

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def around(cls, values: Sequence[float], *, margin: float = 0.0, may_be_logarithmic: bool = False) -> Axis:
        """The axis that shows all values.

        Args:
            values: finite numbers; none at all give an axis from 0 to 1.
            margin: how much of it is left free at each end.
            may_be_logarithmic: whether a wide range of positive numbers is drawn logarithmically.
        """
        low, high = min(values, default=0.0), max(values, default=1.0)
        if high - low <= _FLAT * max(abs(low), abs(high)):
            half = abs(low) / 2 or 0.5
            low, high = low - half, high + half
        if may_be_logarithmic and low > 0 and _SPREAD <= high / low <= _WIDEST:
            stretch = (high / low) ** margin
            return cls(low / stretch, high * stretch, logarithmic=True)
        room = (high - low) * margin
        return cls(low - room, high + room)

    def place(self, value: float) -> float:
        """Where a number lies: 0 at the lower end, 1 at the upper end."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int = 5) -> list[Tick]:
        """Round numbers, about so many."""
        values = self._powers(about) if self.logarithmic else self._steps(about)
        return [Tick(self.place(value), written(value)) for value in values]

    def _steps(self, about: int) -> list[float]:
        rough = (self.high - self.low) / about
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]

    def _powers(self, about: int) -> list[float]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
        for factors in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = [10.0**decade * factor for decade in decades for factor in factors]
            found = [value for value in found if self.low <= value <= self.high]
            if len(found) <= about + 1:
                return found
        return found[:: math.ceil(len(found) / about)]


def written(value: float) -> str:
    """A number of at most four digits, with a true minus sign: ``−0.25``, ``1.2·10⁶``."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    text = f"{value:.4g}"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        mantissa = f"10{power}" if mantissa == "1" else f"{mantissa}·10{power}"
    return mantissa.replace("-", "−")
