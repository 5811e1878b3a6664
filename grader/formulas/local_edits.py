"""What a slip makes of one node of a formula, its parts left as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grader.formulas.notation import shown
from grader.formulas.tree import (
    Axes,
    Constant,
    Function,
    Minus,
    Over,
    Plus,
    Power,
    Reduce,
    Times,
    Tree,
    Variable,
    negated,
    plus,
    times,
)

STANDS = "{} stands where {} belongs"
AXES: dict[Axes, str] = {
    -1: "over the last dimension",
    0: "over the batch",
    "rest": "over everything but the batch",
    "all": "over everything",
}


@dataclass(frozen=True)
class Edit:
    """A formula with one thing changed.

    Args:
        tree: the changed formula, or part of one.
        words: what was done, with a place for each of ``about``.
        about: parts that the words mention.
    """

    tree: Tree
    words: str
    about: tuple[Tree, ...] = ()

    @property
    def says(self) -> str:
        """What was done, in words; written only on demand, as hardly any edit is ever shown."""
        return self.words.format(*map(shown, self.about))


def local_edits(node: Tree, variables: Sequence[Variable]) -> Iterator[Edit]:
    """Edits of a node itself, its parts left as they are."""
    match node:
        case Variable():
            yield from _of_variable(node, variables)
        case Plus():
            yield from _of_terms(node)
            yield from _wider_brackets(node)
        case Times():
            yield from _of_factors(node)
            yield from _narrower_brackets(node)
        case Over():
            yield from _of_quotient(node)
        case Power():
            yield from _of_power(node)
        case Function():
            yield from _of_function(node)
        case Reduce():
            yield from _of_reduction(node)


def shapes_of(variable: Variable) -> Iterator[Tree]:
    """What an argument is mistaken for."""
    yield variable**2
    yield variable.abs()
    yield variable.sqrt()
    yield variable.exp()
    yield (0.5 * variable).exp()
    yield variable.log()
    yield 2 * variable
    yield 0.5 * variable
    yield -variable
    yield variable.sigmoid()
    yield 1 - variable
    yield 1 / variable


def _of_variable(node: Variable, variables: Sequence[Variable]) -> Iterator[Edit]:
    for other in variables:
        if other != node:
            yield Edit(other, STANDS, (other, node))
    for shape in shapes_of(node):
        yield Edit(shape, STANDS, (shape, node))
    if node.log_of:
        for base in (2, 10):
            yield Edit(
                times(Constant(value=1 / math.log(base)), node), f"the logarithm in {{}} has base {base}", (node,)
            )


def _of_terms(node: Plus) -> Iterator[Edit]:
    for place, term in enumerate(node.parts):
        bare = _bare(term)
        others = node.parts[:place] + node.parts[place + 1 :]
        yield Edit(plus(*others), "the term {} is missing", (term,))
        yield Edit(node.with_part(place, negated(term)), "the sign of {} is wrong", (bare,))
        for factor, words in ((2.0, "the term {} is doubled"), (0.5, "the term {} is halved")):
            scaled = times(Constant(value=factor), bare)
            changed = node.with_part(place, _signed_as(term, scaled))
            if isinstance(bare, Constant):
                yield Edit(changed, STANDS, (scaled, bare))
            else:
                yield Edit(changed, words, (bare,))


def _wider_brackets(node: Plus) -> Iterator[Edit]:
    """Read a + b·c as (a + b)·c, a + b/c as (a + b)/c."""
    for place, term in enumerate(node.parts):
        bare = _bare(term)
        if isinstance(bare, Times):
            for spot, factor in enumerate(bare.parts):
                left = node.with_part(place, _signed_as(term, _without(bare, spot)))
                yield Edit(times(factor, left), "the factor {} multiplies the whole sum", (factor,))
        if isinstance(bare, Over):
            left = node.with_part(place, _signed_as(term, bare.parts[0]))
            yield Edit(Over((left, bare.parts[1])), "{} divides the whole sum", (bare.parts[1],))


def _of_factors(node: Times) -> Iterator[Edit]:
    for place, factor in enumerate(node.parts):
        yield Edit(_without(node, place), "the factor {} is missing", (factor,))
        if isinstance(factor, Constant):
            for value in (1 / factor.value, factor.value**2):
                other = Constant(value=value)
                yield Edit(node.with_part(place, other), STANDS, (other, factor))
        else:
            yield Edit(Over((_without(node, place), factor)), "{} divides where it should multiply", (factor,))
    varying = [factor for factor in node.parts if not isinstance(factor, Constant)]
    if len(varying) == 2:
        constants = [factor for factor in node.parts if isinstance(factor, Constant)]
        words = "{} and {} are added where they should be multiplied"
        yield Edit(times(*constants, plus(*varying)), words, tuple(varying))


def _narrower_brackets(node: Times) -> Iterator[Edit]:
    """Read a·(b + c) as a·b + c; also with the brackets under a sum sign."""
    for place, factor in enumerate(node.parts):
        rest = _without(node, place)
        inner = factor.parts[0] if isinstance(factor, Reduce) else factor
        if not isinstance(inner, Plus):
            continue
        for spot, term in enumerate(inner.parts):
            changed = inner.with_part(spot, _signed_as(term, times(rest, _bare(term))))
            if isinstance(factor, Reduce):
                changed = factor.with_part(0, changed)
            yield Edit(changed, "the factor {} multiplies {} alone", (rest, _bare(term)))


def _of_quotient(node: Over) -> Iterator[Edit]:
    top, bottom = node.parts
    yield Edit(top, "the division by {} is missing", (bottom,))
    yield Edit(times(top, bottom), "{} multiplies where it should divide", (bottom,))
    yield Edit(Over((bottom, top)), "the quotient {} is upside down", (node,))
    yield Edit(Over((Constant(), bottom)), "the numerator of {} is missing", (node,))
    if isinstance(top, Plus):
        for place, term in enumerate(top.parts):
            changed = top.with_part(place, _signed_as(term, Over((_bare(term), bottom))))
            yield Edit(changed, "{} divides {} alone", (bottom, _bare(term)))
    if isinstance(bottom, Plus):
        for place, term in enumerate(bottom.parts):
            others = bottom.parts[:place] + bottom.parts[place + 1 :]
            yield Edit(
                plus(_signed_as(term, Over((top, _bare(term)))), *others), "{} is divided by {} alone", (top, term)
            )


def _of_power(node: Power) -> Iterator[Edit]:
    base = node.parts[0]
    others = [base, base.abs(), 2 * base, 0.5 * base]
    others += [base**exponent for exponent in (1.5, 2, 3, 0.5, -1) if exponent != node.exponent]
    for other in others:
        yield Edit(other, STANDS, (other, node))
    if isinstance(base, Plus):
        single = plus(*(_signed_as(term, node.with_part(0, _bare(term))) for term in base.parts))
        yield Edit(single, STANDS, (single, node))
        positive = plus(*(node.with_part(0, _bare(term)) for term in base.parts))
        yield Edit(positive, STANDS, (positive, node))


def _of_function(node: Function) -> Iterator[Edit]:
    (inner,) = node.parts
    others = [inner, node.with_part(0, negated(inner)), node**2, 1 - node]
    others += [node.with_part(0, times(Constant(value=factor), inner)) for factor in (2.0, 0.5)]
    if node.name in ("log", "log_sigmoid"):
        others += [times(Constant(value=1 / math.log(base)), node) for base in (2, 10)]
    if node.name == "log_sigmoid":
        others += [inner.sigmoid(), inner.log(), inner.sigmoid().log_sigmoid()]
    if node.name == "sigmoid":
        others.append(node.sigmoid())
    for other in others:
        yield Edit(other, STANDS, (other, node))
    if isinstance(inner, Reduce):
        yield Edit(inner.with_part(0, node.with_part(0, inner.parts[0])), "the function was taken before the sum")


def _of_reduction(node: Reduce) -> Iterator[Edit]:
    (body,) = node.parts
    if node.how == "sum":
        yield Edit(replace(node, how="mean"), "the mean stands where the sum belongs")
    else:
        yield Edit(replace(node, how="sum"), "the sum stands where the mean belongs")
    for axes, words in AXES.items():
        if axes != node.axes:
            yield Edit(replace(node, axes=axes, note=words), f"the {node.how} runs {words}")
    yield Edit(body, f"the {node.how} is missing")
    if isinstance(body, Plus):
        for place, term in enumerate(body.parts):
            if isinstance(_bare(term), Constant):
                others = plus(*body.parts[:place], *body.parts[place + 1 :])
                yield Edit(plus(node.with_part(0, others), term), "{} stands outside the sum", (term,))
    if isinstance(body, Function | Power):
        changed = body.with_part(0, node.with_part(0, body.parts[0]))
        yield Edit(changed, STANDS, (changed, node))


def _bare(term: Tree) -> Tree:
    """A term without its sign."""
    return term.parts[0] if isinstance(term, Minus) else term


def _signed_as(term: Tree, changed: Tree) -> Tree:
    """What replaces a term, with that term's sign."""
    return negated(changed) if isinstance(term, Minus) else changed


def _without(node: Times, place: int) -> Tree:
    """A product without one of its factors."""
    return times(*node.parts[:place], *node.parts[place + 1 :])
