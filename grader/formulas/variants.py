"""The values of all small edits of a formula at once.

Every edit is a formula of its own, and two edits make tens of thousands. They are evaluated from the leaves up, with
the variants of each part stacked into one tensor, so that torch does the work; a tree and its words are built only for
a variant that somebody asks for.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader.formulas.edits import everywhere_edits, whole_edits
from grader.formulas.local_edits import Edit, local_edits
from grader.formulas.tree import ShapeError, Tree, Variable

LARGEST = 3_000_000
"""Numbers in one stack of variants; a larger one would take longer than a failure is worth."""


@dataclass(frozen=True)
class Variant:
    """A formula with edits: the changed tree, and the edits in the order in which they were made."""

    tree: Tree
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Stack:
    """Variants whose values have one shape.

    Args:
        values: (number of variants, *shape).
        variant: builds the variant of a row.
    """

    values: Tensor
    variant: Callable[[int], Variant]


class Variants:
    """Edits of formulas on one set of arguments.

    Args:
        values: the arguments, by name.
        variables: the arguments of the formula.
        on_step: called again and again meanwhile; what it raises ends the search.
    """

    def __init__(
        self, values: Mapping[str, Tensor], variables: Sequence[Variable], on_step: Callable[[], Any] = lambda: None
    ) -> None:
        self._values = {name: value.detach().double()[None] for name, value in values.items()}
        self._variables = variables
        self._on_step = on_step
        # By identity: edits share most of their parts. The part itself is kept, so that no other gets its identity.
        self._unchanged: dict[int, tuple[Tree, Tensor]] = {}
        self._once: dict[int, tuple[Tree, list[Stack]]] = {}

    def stages(self, formula: Tree) -> Iterator[Iterable[Stack]]:
        """One edit, then two; what is likelier and quicker comes first."""
        whole, everywhere = list(whole_edits(formula)), list(everywhere_edits(formula, self._variables))
        yield [*self.once(formula), *self._edited(whole), *self._edited(everywhere)]
        yield self._twice(formula)
        for edit in (*whole, *everywhere):
            yield [_prefixed(edit, stack) for stack in [*self.once(edit.tree), *self._edited(whole_edits(edit.tree))]]

    def once(self, node: Tree) -> list[Stack]:
        """One edit anywhere in a part of a formula."""
        if id(node) not in self._once:
            stacks = self._edited(local_edits(node, self._variables))
            for place, part in enumerate(node.parts):
                stacks += self._lifted(node, place, self.once(part))
            self._once[id(node)] = node, _merged(stacks)
        return self._once[id(node)][1]

    def _twice(self, node: Tree) -> list[Stack]:
        stacks = []
        for edit in local_edits(node, self._variables):
            stacks += [_prefixed(edit, stack) for stack in self.once(edit.tree)]
        for place, part in enumerate(node.parts):
            stacks += self._lifted(node, place, self._twice(part))
        for one, other in itertools.combinations(range(len(node.parts)), 2):
            for left, right in itertools.product(self.once(node.parts[one]), self.once(node.parts[other])):
                stacks += self._paired(node, (one, other), (left, right))
        return _merged(stacks)

    def _edited(self, edits: Iterable[Edit]) -> list[Stack]:
        stacks = []
        for edit in edits:
            self._on_step()
            try:
                stacks.append(Stack(self.unchanged(edit.tree), _single(edit)))
            except (ShapeError, RuntimeError):  # shapes that do not go together
                continue
        return _merged(stacks)

    def unchanged(self, node: Tree) -> Tensor:
        """The value of a formula, as a stack of one."""
        if isinstance(node, Variable):
            return self._values[node.name]
        if id(node) not in self._unchanged:
            self._unchanged[id(node)] = node, node.apply(*map(self.unchanged, node.parts))
        return self._unchanged[id(node)][1]

    def _lifted(self, node: Tree, place: int, stacks: Iterable[Stack]) -> list[Stack]:
        """Variants of a part as variants of the whole."""
        lifted = []
        for stack in stacks:

            def variant(row: int, stack: Stack = stack) -> Variant:
                inner = stack.variant(row)
                return Variant(node.with_part(place, inner.tree), inner.edits)

            lifted += self._applied(node, {place: stack.values}, len(stack.values), variant)
        return lifted

    def _paired(self, node: Tree, places: tuple[int, int], stacks: tuple[Stack, Stack]) -> list[Stack]:
        """One edit in each of two parts."""
        left, right = (stack.values for stack in stacks)
        count = len(left) * len(right)
        if count * max(left[0].numel(), right[0].numel()) > LARGEST:
            return []
        parts = {
            places[0]: left.repeat_interleave(len(right), 0),
            places[1]: right.repeat(len(left), *(1,) * (right.dim() - 1)),
        }

        def variant(row: int) -> Variant:
            one, other = (stack.variant(i) for stack, i in zip(stacks, divmod(row, len(right)), strict=True))
            changed = dict(zip(places, (one.tree, other.tree), strict=True))
            tree = node.over(*(changed.get(place, part) for place, part in enumerate(node.parts)))
            return Variant(tree, one.edits + other.edits)

        return self._applied(node, parts, count, variant)

    def _applied(
        self, node: Tree, changed: Mapping[int, Tensor], count: int, variant: Callable[[int], Variant]
    ) -> list[Stack]:
        """A node over parts of which some are stacks; nothing where an edit's shape does not fit the other parts."""
        self._on_step()
        try:
            parts = [changed[i] if i in changed else self.unchanged(part) for i, part in enumerate(node.parts)]
            values = node.apply(*parts)
        except (ShapeError, RuntimeError):
            return []
        return [Stack(values, variant)] if len(values) == count else []


def _single(edit: Edit) -> Callable[[int], Variant]:
    return lambda _: Variant(edit.tree, (edit,))


def _prefixed(edit: Edit, stack: Stack) -> Stack:
    """Variants of a formula that is edited already."""

    def variant(row: int) -> Variant:
        later = stack.variant(row)
        return Variant(later.tree, (edit, *later.edits))

    return Stack(stack.values, variant)


def _merged(stacks: list[Stack]) -> list[Stack]:
    """One stack for each shape: fewer and larger operations from here up."""
    by_shape: dict[tuple[int, ...], list[Stack]] = {}
    for stack in stacks:
        by_shape.setdefault(tuple(stack.values.shape[1:]), []).append(stack)
    return [_joined(group) for group in by_shape.values()]


def _joined(stacks: list[Stack]) -> Stack:
    if len(stacks) == 1:
        return stacks[0]
    starts = [0, *itertools.accumulate(len(stack.values) for stack in stacks)]

    def variant(row: int) -> Variant:
        group = bisect.bisect_right(starts, row) - 1
        return stacks[group].variant(row - starts[group])

    return Stack(torch.cat([stack.values for stack in stacks]), variant)
