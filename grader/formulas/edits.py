"""Small edits of a formula: what a slip of the pen, or of the mind, makes of it, each with its words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from grader.formulas.local_edits import AXES, STANDS, Edit, local_edits, shapes_of
from grader.formulas.tree import Constant, Detached, Function, Over, Reduce, Tree, Variable, negated, times


def whole_edits(formula: Tree) -> Iterator[Edit]:
    """Edits of a formula as a whole."""
    yield Edit(times(Constant(value=2.0), formula), "the whole is doubled")
    yield Edit(times(Constant(value=0.5), formula), "the whole is halved")
    yield Edit(negated(formula), "the sign of the whole is wrong")
    yield Edit(Over((formula, Function((Constant(value=2.0),), "log"))), "the whole is divided by ln 2")
    yield Edit(Over((formula, Function((Constant(value=10.0),), "log"))), "the whole is divided by ln 10")
    for axes, words in AXES.items():
        yield Edit(Reduce((formula,), "sum", axes, words), f"the result was summed {words}")
        yield Edit(Reduce((formula,), "mean", axes, words), f"the result was averaged {words}")


def edits_anywhere(formula: Tree, variables: Sequence[Variable]) -> Iterator[Edit]:
    """All single edits of a formula."""
    yield from _edits_inside(formula, variables)
    yield from whole_edits(formula)
    yield from everywhere_edits(formula, variables)


def _edits_inside(node: Tree, variables: Sequence[Variable]) -> Iterator[Edit]:
    yield from local_edits(node, variables)
    for place, part in enumerate(node.parts):
        for edit in _edits_inside(part, variables):
            yield replace(edit, tree=node.with_part(place, edit.tree))


def detachments(formula: Tree, variables: Sequence[Variable]) -> Iterator[Edit]:
    """The formula with one argument, or one part, cut from autograd's graph."""
    for variable in variables:
        yield Edit(_replaced(formula, {variable: Detached((variable,))}), "{} is detached", (variable,))
    yield from _detached_inside(formula)


def _detached_inside(node: Tree) -> Iterator[Edit]:
    for place, part in enumerate(node.parts):
        for edit in _detached_inside(part):
            yield replace(edit, tree=node.with_part(place, edit.tree))
        if not isinstance(part, Constant):
            yield Edit(node.with_part(place, Detached((part,))), "the part {} is detached", (part,))


def everywhere_edits(formula: Tree, variables: Sequence[Variable]) -> Iterator[Edit]:
    """Edits of an argument wherever it stands."""
    for one, other in itertools.combinations(variables, 2):
        yield Edit(_replaced(formula, {one: other, other: one}), "{} and {} are swapped", (one, other))
    firsts = {v.name[:-1]: v for v in variables if v.name.endswith("1")}
    pairs = [(firsts[v.name[:-1]], v) for v in variables if v.name.endswith("2") and v.name[:-1] in firsts]
    if len(pairs) > 1:
        turned = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
        yield Edit(_replaced(formula, turned), "the first and the second are swapped")
    for variable in variables:
        if _count(formula, variable) > 1:
            for shape in shapes_of(variable):
                words = f"{STANDS}, everywhere"
                yield Edit(_replaced(formula, {variable: shape}), words, (shape, variable))


def _replaced(node: Tree, by: Mapping[Variable, Tree]) -> Tree:
    if isinstance(node, Variable):
        return by.get(node, node)
    return node.over(*(_replaced(part, by) for part in node.parts))


def _count(node: Tree, variable: Variable) -> int:
    return int(node == variable) + sum(_count(part, variable) for part in node.parts)
