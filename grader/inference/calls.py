"""A function that returned wrong numbers: the edited formula that gives them, on what the check asked and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader.formulas.edits import detachments
from grader.formulas.evaluation import evaluate
from grader.formulas.notation import shown
from grader.formulas.samples import as_tensor, equal, fresh, rounding, slopes, tensors, which_equal
from grader.formulas.tree import Tree
from grader.formulas.variants import Stack, Variant, Variants
from grader.inference.common import Deadline, NothingToSayError, bound_arguments, sentence
from grader.learner import Call, Learner
from grader.suite import Suite

RIGHT = 1e-4
"""A relative difference from the right values that needs no explanation: checks allow as much."""

CONFIRMATIONS = 3
"""Fresh calls that must give the numbers of the edited formula too."""

COMPARISONS = 5
"""Fresh numbers on which several edited formulas must agree, to be the same one."""

CANDIDATES = 50
"""Where more formulas than that fit the recorded numbers, those numbers (zeros, mostly) tell none from another."""

ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Sample:
    """Arguments of a learner's function and what it returned for them, one tensor for each tree of the formula."""

    values: dict[str, Tensor]
    results: list[Tensor]


class Witness:
    """A learner's function as a recorded call shows it, and as it can be asked again.

    Args:
        suite: the exercise's check file.
        call: the recorded call.
        learner: whom to ask again.
        deadline: when to give up.
    """

    def __init__(self, suite: Suite, call: Call, learner: Learner, deadline: Deadline) -> None:
        self._call = call
        self._learner = learner
        self._deadline = deadline
        self._formula = suite.formulas[call.function]
        self._arguments = bound_arguments(suite, call.function, call.args, call.kwargs)
        self._trees = self._formula.trees(self._arguments)
        names = {variable.name for variable in self._formula.variables}
        others = [value for name, value in self._arguments.items() if name not in names]
        if not all(value is None or isinstance(value, bool | int | float | str) for value in others):
            raise NothingToSayError  # a generator or a model: no formula foresees what they do
        self._generator = torch.Generator().manual_seed(0)
        self._recorded = Sample(tensors(self._arguments, self._formula.variables), self._parts(call.result))
        self._confirming: list[Sample] = []

    def told(self, found: dict[int, Variant]) -> str:
        """What :meth:`found` gave, in words."""
        single = len(self._trees) == 1
        return " ".join(
            sentence(variant, "your numbers" if single else f"the numbers of your {ORDINALS[place]} value")
            for place, variant in found.items()
        )

    def found(self) -> dict[int, Variant]:
        """The edited formula for each result that is not right, by its place among several.

        Raises:
            NothingToSayError: one of them equals none for sure.
        """
        search = Variants(self._recorded.values, self._formula.variables, self._deadline.left)
        right = [search.unchanged(tree)[0] for tree in self._trees]
        if not all(value.isfinite().all() for value in (*right, *self._recorded.results)):
            raise NothingToSayError
        return {
            place: self._edited(search, place)
            for place, value in enumerate(self._recorded.results)
            if not equal(value, right[place], RIGHT)
        }

    def _edited(self, search: Variants, place: int) -> Variant:
        """The smallest change that gives the recorded and the fresh results."""
        returned = self._recorded.results[place]
        precision = rounding([*self._recorded.values.values(), returned])
        for stage in search.stages(self._trees[place]):
            fitting = list(_fitting(stage, returned, precision))
            if len(fitting) > CANDIDATES:
                raise NothingToSayError
            confirmed = [variant for variant in fitting if self._confirmed(variant.tree, place, precision)]
            if confirmed:
                return self._same(confirmed)
        raise NothingToSayError

    def _confirmed(self, tree: Tree, place: int, precision: float) -> bool:
        if not self._confirming:
            self._confirming = [self._asked_again() for _ in range(CONFIRMATIONS)]
        return all(equal(each.results[place], evaluate(tree, each.values), precision) for each in self._confirming)

    def _same(self, confirmed: list[Variant]) -> Variant:
        """The one that reads best of several that are one and the same function."""
        for _ in range(COMPARISONS):
            drawn = {v.name: fresh(self._arguments[v.name], v, self._generator) for v in self._formula.variables}
            values = tensors(drawn, self._formula.variables)
            first, *others = (evaluate(variant.tree, values) for variant in confirmed)
            if not all(equal(other, first, rounding([first])) for other in others):
                raise NothingToSayError
        return min(confirmed, key=lambda variant: (len(variant.edits), len(shown(variant.tree))))

    def _asked_again(self, *, gradients: bool = False) -> Sample:
        """What the learner's function makes of fresh numbers of the same shapes."""
        arguments = dict(self._arguments)
        for variable in self._formula.variables:
            old = arguments[variable.name]
            arguments[variable.name] = fresh(old, variable, self._generator)
            if gradients and isinstance(old, Tensor):
                arguments[variable.name].requires_grad_(old.requires_grad)
        args = tuple(arguments.values())[: len(self._call.args)]
        kwargs = {name: arguments[name] for name in self._call.kwargs}
        result = self._learner.again(self._call.function, args, kwargs, self._deadline.left())
        return Sample(tensors(arguments, self._formula.variables), self._parts(result))

    def _parts(self, result: Any) -> list[Tensor]:
        """What a call returned, one tensor for each tree of the formula."""
        count = len(self._trees)
        parts = [result] if count == 1 else list(result)
        if len(parts) != count:
            raise NothingToSayError
        return [as_tensor(part) for part in parts]

    def detached(self) -> str:
        """Which part is cut from the graph, where the values are right and that explains the gradients.

        Raises:
            NothingToSayError: none for sure.
        """
        inputs = [name for name, value in self._recorded.values.items() if value.requires_grad]
        if not inputs or len(self._trees) > 1:
            raise NothingToSayError
        samples = [self._asked_again(gradients=True) for _ in range(CONFIRMATIONS)]
        weights = [torch.rand(each.results[0].shape, generator=self._generator).double() for each in samples]

        def slopes_of(results: list[Tensor]) -> list[list[Tensor]]:
            return [
                slopes([result], [weight], [each.values[name] for name in inputs])
                for result, weight, each in zip(results, weights, samples, strict=True)
            ]

        found = slopes_of([each.results[0] for each in samples])

        def fits(tree: Tree, precision: float) -> bool:
            others = slopes_of([evaluate(tree, each.values) for each in samples])
            pairs = [pair for one, other in zip(found, others, strict=True) for pair in zip(one, other, strict=True)]
            return all(equal(one, other, precision) for one, other in pairs)

        if fits(self._trees[0], RIGHT) or not any(slope.any() for each in found for slope in each):
            raise NothingToSayError  # the gradients are right, or there are none at all, which the check itself says
        precision = rounding(slope for each in found for slope in each)
        for edit in detachments(self._trees[0], self._formula.variables):
            if fits(edit.tree, precision):
                return f"the values are right, but the gradient is not: {edit.says}."
        raise NothingToSayError


def _fitting(stage: Iterable[Stack], value: Tensor, precision: float) -> Iterable[Variant]:
    """The variants that have a value."""
    for stack in stage:
        if stack.values.shape[1:] == value.shape:
            for row in which_equal(value, stack.values, precision).nonzero().flatten().tolist()[: CANDIDATES + 1]:
                yield stack.variant(row)
