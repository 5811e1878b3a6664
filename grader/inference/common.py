"""What both searches share: the time they have, giving up, and the sentence at the end."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.formulas.notation import shown
from grader.formulas.variants import Variant
from grader.suite import Suite

SECONDS = 0.5
"""No failure is worth a longer wait; without a formula found by then, nothing is said."""

LONGEST = 110
"""A formula of more characters is not shown: the edit says enough."""


class NothingToSayError(Exception):
    """No formula explains the failure for sure."""


@dataclass
class Deadline:
    """The time that is left for an explanation.

    Args:
        seconds: the time that there is.
        clock: tells the time in seconds.
    """

    seconds: float = SECONDS
    clock: Callable[[], float] = time.monotonic
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.clock()

    def left(self) -> float:
        """Seconds left.

        Raises:
            NothingToSayError: there are none.
        """
        left = self._start + self.seconds - self.clock()
        if left <= 0:
            raise NothingToSayError
        return left


def bound_arguments(suite: Suite, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a call by name, in the order of the signature."""
    bound = inspect.signature(suite.references[function]).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def sentence(variant: Variant, numbers: str) -> str:
    """What the numbers equal, and what sets that apart from the right formula."""
    formula, says = shown(variant.tree), ", and ".join(edit.says for edit in variant.edits)
    if len(formula) > LONGEST:
        return f"{numbers} are those of the right formula but for this: {says}."
    return f"{numbers} equal {formula}: {says}."
