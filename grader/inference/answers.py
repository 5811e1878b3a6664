"""A by-hand answer of wrong numbers: the one edited formula of the function it practises that gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grader.formulas.declared import Formula
from grader.formulas.edits import edits_anywhere
from grader.formulas.evaluation import evaluate
from grader.formulas.local_edits import Edit
from grader.formulas.notation import shown
from grader.formulas.samples import equal, fresh, tensors
from grader.formulas.tree import ShapeError, Tree
from grader.formulas.variants import Variant
from grader.inference.common import Deadline, NothingToSayError, bound_arguments, sentence
from grader.suite import Suite

LEAST_NUMBERS = 3
"""A by-hand answer of fewer numbers equals too many formulas by chance."""


@dataclass
class StandIn:
    """A formula in the place of the function that a by-hand answer practises.

    Args:
        suite: the exercise's check file.
        function: the function's name.
        changed: by place among several, what it computes in the place of the declared formula.
    """

    suite: Suite
    function: str
    changed: Mapping[int, Tree] = field(default_factory=dict)
    asked: dict[str, Tensor] = field(default_factory=dict)
    trees: tuple[Tree, ...] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The formula's value; the arguments are remembered."""
        formula = self.suite.formulas[self.function]
        arguments = bound_arguments(self.suite, self.function, args, kwargs)
        values = tensors(arguments, formula.variables)
        self.asked = {name: value.detach() for name, value in values.items()}
        self.trees = formula.trees(arguments)
        results = tuple(evaluate(self.changed.get(place, tree), values) for place, tree in enumerate(self.trees))
        return results if len(results) > 1 else results[0]

    def answer(self, name: str) -> Tensor | None:
        """A by-hand answer that is made with this function; None where an edit leaves no such answer."""
        try:
            value = self.suite.answers[name](self.suite.functions(**{self.function: self}))
        except (ShapeError, RuntimeError):  # another shape than the answer's, or no gradient to follow
            return None
        return value.detach().double() if isinstance(value, Tensor) else None


@dataclass(frozen=True)
class Suspect:
    """An edit of one tree of a formula that gives the learner's answer."""

    formula: Formula
    place: int
    edit: Edit
    asked: dict[str, Tensor]

    def same_as(self, other: Suspect) -> bool:
        """Whether both are one and the same function, by fresh numbers."""
        if self.formula is not other.formula or self.place != other.place:
            return False
        generator = torch.Generator().manual_seed(0)
        values = {v.name: fresh(self.asked[v.name], v, generator) for v in self.formula.variables}
        return equal(evaluate(self.edit.tree, values), evaluate(other.edit.tree, values), 1e-9)


def by_hand(suite: Suite, name: str, got: Any, deadline: Deadline) -> str:
    """The one edited formula that gives the numbers of a by-hand answer."""
    if not isinstance(got, Tensor) or got.numel() < LEAST_NUMBERS:
        raise NothingToSayError
    margin = suite.tolerance(name) / 5
    suspects = []
    for function, formula in suite.formulas.items():
        probe = StandIn(suite, function)
        probe.answer(name)
        if not probe.asked:
            continue  # the answer is made without it
        for place, tree in enumerate(probe.trees):
            for edit in edits_anywhere(tree, formula.variables):
                deadline.left()
                answer = StandIn(suite, function, {place: edit.tree}).answer(name)
                if answer is not None and answer.shape == got.shape and bool(((answer - got).abs() <= margin).all()):
                    suspects.append(Suspect(formula, place, edit, probe.asked))
    if not suspects or not all(suspects[0].same_as(other) for other in suspects[1:]):
        raise NothingToSayError
    edit = min((suspect.edit for suspect in suspects), key=lambda edit: len(shown(edit.tree)))
    return sentence(Variant(edit.tree, (edit,)), "your numbers")
