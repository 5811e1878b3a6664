"""The value of a formula."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from grader.formulas.tree import ShapeError, Tree, Variable


def evaluate(formula: Tree, values: Mapping[str, Tensor]) -> Tensor:
    """The value of a formula, in float64 and as part of autograd's graph.

    Raises:
        ShapeError: the shapes do not go together.
    """

    def value_of(node: Tree) -> Tensor:
        if isinstance(node, Variable):
            return values[node.name].double()[None]
        return node.apply(*map(value_of, node.parts))

    try:
        return value_of(formula)[0]
    except RuntimeError as error:
        raise ShapeError(str(error)) from None
