"""Formulas as small trees: evaluated with torch, changed by ``edits``, printed by ``notation``.

An author writes one as torch code on named arguments (``lambda mu, sigma, epsilon: mu + sigma * epsilon``); it is
called with variables in place of tensors, and the tree is what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

Domain = Literal["real", "positive", "binary", "probability", "distribution"]
"""The values of an argument: any; above 0; 0 or 1; between 0 and 1; probabilities whose last dimension adds up to 1."""


class ShapeError(ValueError):
    """A formula cannot be evaluated on tensors of these shapes."""


@dataclass(frozen=True)
class Tree:
    """A node of a formula.

    Args:
        parts: the nodes below it.
    """

    parts: tuple[Tree, ...] = ()

    def apply(self, *values: Tensor) -> Tensor:
        """The value of this node from those of its parts; the first dimension counts batched variants."""
        raise NotImplementedError

    def over(self, *parts: Tree) -> Tree:
        """The same node over other parts."""
        return replace(self, parts=parts)

    def with_part(self, place: int, part: Tree) -> Tree:
        """The same node with one other part."""
        return self.over(*self.parts[:place], part, *self.parts[place + 1 :])

    def __add__(self, other: Tree | float) -> Tree:
        return plus(self, tree(other))

    def __radd__(self, other: float) -> Tree:
        return plus(tree(other), self)

    def __sub__(self, other: Tree | float) -> Tree:
        return plus(self, negated(tree(other)))

    def __rsub__(self, other: float) -> Tree:
        return plus(tree(other), negated(self))

    def __mul__(self, other: Tree | float) -> Tree:
        return times(self, tree(other))

    def __rmul__(self, other: float) -> Tree:
        return times(tree(other), self)

    def __truediv__(self, other: Tree | float) -> Tree:
        # A half of something is a factor ½, which can be forgotten as such.
        return Over((self, other)) if isinstance(other, Tree) else times(Constant(value=1 / other), self)

    def __rtruediv__(self, other: float) -> Tree:
        return Over((tree(other), self))

    def __neg__(self) -> Tree:
        return negated(self)

    def __pow__(self, exponent: float) -> Tree:
        return Power((self,), float(exponent))

    def exp(self) -> Tree:
        """The exponential."""
        return Function((self,), "exp")

    def log(self) -> Tree:
        """The natural logarithm."""
        return Function((self,), "log")

    def sqrt(self) -> Tree:
        """The square root."""
        return Power((self,), 0.5)

    def abs(self) -> Tree:
        """The absolute value."""
        return Function((self,), "abs")

    def sigmoid(self) -> Tree:
        """1/(1 + e^−x)."""
        return Function((self,), "sigmoid")

    def log_sigmoid(self) -> Tree:
        """The logarithm of the sigmoid, also where the sigmoid itself is 0 in floating point."""
        return Function((self,), "log_sigmoid")

    def sum(self, axes: Axes = "all") -> Tree:
        """The sum over the last dimension (−1), all but the first ("rest"), or all of them."""
        return Reduce((self,), "sum", axes)

    def mean(self, axes: Axes = "all") -> Tree:
        """The mean, as :meth:`sum`."""
        return Reduce((self,), "mean", axes)


@dataclass(frozen=True)
class Variable(Tree):
    """An argument of the learner's function.

    Args:
        name: of the parameter.
        shown: what a learner reads.
        domain: the values it has.
        log_of: for the logarithm of a variance, the name of the standard deviation.
    """

    name: str = ""
    shown: str = ""
    domain: Domain = "real"
    log_of: str = ""


@dataclass(frozen=True)
class Constant(Tree):
    """A number, at least 0: a sign stands in front of it."""

    value: float = 1.0

    def apply(self, *values: Tensor) -> Tensor:  # noqa: ARG002  it has no parts
        """A batch of one."""
        return torch.full((1,), self.value, dtype=torch.float64)


@dataclass(frozen=True)
class Plus(Tree):
    """A sum of terms; what is taken away stands as :class:`Minus`."""

    def apply(self, *values: Tensor) -> Tensor:
        """Term by term."""
        total, *others = aligned(values)
        for other in others:
            total = total + other
        return total

    def over(self, *parts: Tree) -> Tree:
        """Without brackets inside."""
        return plus(*parts)


@dataclass(frozen=True)
class Minus(Tree):
    """−x."""

    def apply(self, *values: Tensor) -> Tensor:
        """−x."""
        return -values[0]

    def over(self, *parts: Tree) -> Tree:
        """Two signs are none."""
        return negated(parts[0])


@dataclass(frozen=True)
class Times(Tree):
    """A product, elementwise."""

    def apply(self, *values: Tensor) -> Tensor:
        """Factor by factor."""
        product, *others = aligned(values)
        for other in others:
            product = product * other
        return product

    def over(self, *parts: Tree) -> Tree:
        """Without brackets inside."""
        return times(*parts)


@dataclass(frozen=True)
class Over(Tree):
    """A quotient."""

    def apply(self, *values: Tensor) -> Tensor:
        """The first over the second."""
        top, bottom = aligned(values)
        return top / bottom


@dataclass(frozen=True)
class Power(Tree):
    """A part to a fixed power; ½ is the square root."""

    exponent: float = 2.0

    def apply(self, *values: Tensor) -> Tensor:
        """Elementwise."""
        return values[0] ** self.exponent


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "log": torch.log,
    "log2": torch.log2,
    "log10": torch.log10,
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": torch.nn.functional.logsigmoid,
}


@dataclass(frozen=True)
class Function(Tree):
    """A function of one part, elementwise."""

    name: str = ""

    def apply(self, *values: Tensor) -> Tensor:
        """As its name says."""
        return FUNCTIONS[self.name](values[0])


Axes = Literal[-1, 0, "rest", "all"]


@dataclass(frozen=True)
class Reduce(Tree):
    """A sum or a mean over dimensions.

    Args:
        parts: what is summed.
        how: sum or mean.
        axes: the last dimension, the first, all but the first, or all.
        note: the axes in words, where they are not those of the right formula.
    """

    how: Literal["sum", "mean"] = "sum"
    axes: Axes = "all"
    note: str = ""

    def apply(self, *values: Tensor) -> Tensor:
        """The reduced part."""
        value = values[0]
        if self.axes != "all" and value.dim() < 2:
            raise ShapeError("a single number has no dimension to sum over")
        if self.axes == "all":
            value = value.reshape(len(value), -1)
        elif self.axes == "rest":
            value = value.reshape(*value.shape[:2], -1)
        dim = 1 if self.axes == 0 else -1
        return value.sum(dim) if self.how == "sum" else value.mean(dim)


@dataclass(frozen=True)
class Detached(Tree):
    """The same value, through which no gradient flows."""

    def apply(self, *values: Tensor) -> Tensor:
        """Cut from the graph."""
        return values[0].detach()


def aligned(values: tuple[Tensor, ...]) -> list[Tensor]:
    """Batches whose elements broadcast with each other, as torch would broadcast the single ones."""
    rank = max(value.dim() for value in values)
    return [value.reshape(len(value), *(1,) * (rank - value.dim()), *value.shape[1:]) for value in values]


def tree(value: Tree | float) -> Tree:
    """A number as a node."""
    if isinstance(value, Tree):
        return value
    return negated(Constant(value=-value)) if value < 0 else Constant(value=float(value))


def plus(*terms: Tree) -> Tree:
    """A sum without sums directly inside."""
    flat = tuple(part for term in terms for part in (term.parts if isinstance(term, Plus) else (term,)))
    return flat[0] if len(flat) == 1 else Plus(flat)


def times(*factors: Tree) -> Tree:
    """A product without products directly inside, with at most one constant, in front, and the sign before all."""
    signed = [factor.parts[0] if isinstance(factor, Minus) else factor for factor in factors]
    flat = [part for factor in signed for part in (factor.parts if isinstance(factor, Times) else (factor,))]
    value = math.prod(factor.value for factor in flat if isinstance(factor, Constant))
    rest = [factor for factor in flat if not isinstance(factor, Constant)]
    if value != 1.0 or not rest:
        rest.insert(0, Constant(value=value))
    product = rest[0] if len(rest) == 1 else Times(tuple(rest))
    return negated(product) if sum(isinstance(factor, Minus) for factor in factors) % 2 else product


def negated(part: Tree) -> Tree:
    """Minus a part."""
    return part.parts[0] if isinstance(part, Minus) else Minus((part,))
