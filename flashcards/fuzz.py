"""A little chance in the intervals, so that cards learnt together do not stay together; it can be replayed."""

from __future__ import annotations

import math


def unit_interval(card_id: str, reviews: int) -> float:
    """A number in [0, 1) that depends on the card and on how often it has been answered, and on nothing else."""
    from hashlib import blake2b  # late: the first card does not wait for OpenSSL

    digest = blake2b(f"{card_id}\n{reviews}".encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


def fuzz_bounds(interval: float) -> tuple[int, int]:
    """The shortest and the longest that an interval may become, in days; intervals below 2.5 days stay."""
    from fsrs.scheduler import FUZZ_RANGES  # late, as wherever `fsrs` is needed

    delta = 0.0
    if interval >= 2.5:
        spans = (r["factor"] * max(min(interval, r["end"]) - r["start"], 0.0) for r in FUZZ_RANGES)
        delta = 1.0 + sum(spans)
    return _nearest(interval - delta), _nearest(interval + delta)


def chosen(interval: float, unit: float | None, minimum: int, maximum: int) -> int:
    """Whole days between ``minimum`` and ``maximum`` for an exact interval.

    Args:
        interval: days.
        unit: what chooses within the bounds, in [0, 1); None for the nearest whole day.
        minimum: days, at least 1 and at most ``maximum``.
        maximum: days.
    """
    if unit is None:
        return min(max(_nearest(interval), minimum), maximum)
    lower, upper = (min(max(bound, minimum), maximum) for bound in fuzz_bounds(min(max(interval, minimum), maximum)))
    if lower == upper and 2 < upper < maximum:
        upper += 1  # where the minimum has eaten the whole range, there is still one day of choice
    # Adding first, as one would on paper, rounds a unit just below 1 up to a day too many.
    return min(lower + math.floor(unit * (1 + upper - lower)), upper)


def _nearest(days: float) -> int:
    return math.floor(days + 0.5)
