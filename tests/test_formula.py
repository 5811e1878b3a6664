"""Formulas as trees: declared ones equal their references, print as mathematics, and all their edits are evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from wrong_formulas import DECLARED, Declared

from grader.formulas.declared import Formula
from grader.formulas.edits import detachments, edits_anywhere, everywhere_edits, whole_edits
from grader.formulas.evaluation import evaluate
from grader.formulas.notation import shown
from grader.formulas.samples import equal, tensors
from grader.formulas.tree import Tree, Variable
from grader.formulas.variants import Variants

declared_formulas = pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared.name)


# --- declared formulas ----------------------------------------------------------------------------------------


@declared_formulas
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("flag", [True, False])
def test_a_declared_formula_equals_its_reference(declared: Declared, seed: int, flag: bool) -> None:
    arguments = declared.arguments(seed)
    flags = dict.fromkeys(declared.formula.flags, flag)
    right = declared.suite.references[declared.name](**arguments, **flags)
    right = right if isinstance(right, tuple) else (right,)
    trees = declared.formula.trees(flags)
    assert len(trees) == len(right)
    for tree, value in zip(trees, right, strict=True):
        assert equal(evaluate(tree, tensors(arguments, declared.formula.variables)), value, 1e-7)


def test_an_unknown_domain_or_argument_is_refused() -> None:
    for domains in ({"x": "whole"}, {"y": "real"}):
        with pytest.raises(ValueError, match="no such"):
            Formula.of(lambda x: x, domains)


# --- notation -------------------------------------------------------------------------------------------------

WRITTEN: list[tuple[Callable[..., Any], str]] = [
    (lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1), "½·Σ(μ² + σ² − 1 − ln σ²)"),
    (lambda mu, sigma, epsilon: mu + sigma * epsilon, "μ + σ·ε"),
    (lambda z, mu, sigma: (z - mu) / sigma, "(z − μ)/σ"),
    (lambda mu1, mu2: -((mu1 - mu2) ** 2), "−(μ₁ − μ₂)²"),
    (lambda logvar: (logvar / 2).exp() + (-logvar).exp() + (3 * logvar).exp(), "σ + 1/σ² + σ⁶"),
    (lambda logvar: (0.7 * logvar).exp() * logvar**2, "e^(0.7·ln σ²)·(ln σ²)²"),
    (
        lambda logits: logits.log_sigmoid().mean() + (-logits).log_sigmoid(),
        "mean(ln(sigmoid(logits))) + ln(1 − sigmoid(logits))",
    ),
    (lambda x, y: x / (x + y) + 2 / (x * y), "x/(x + y) + 2/(x·y)"),
    (lambda x, y: x * (1 / y) * -y.abs(), "−x·(1/y)·|y|"),
    (lambda x: 1 - (x - 1) - x.sqrt() + (x + 1).sqrt().log(), "1 − (x − 1) − √x + ln(√(x + 1))"),
    (lambda x: x**-1 + x**1.5, "x^(-1) + x^(1.5)"),
]


@pytest.mark.parametrize(("written", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_formulas_read_as_mathematics(written: Callable[..., Any], text: str) -> None:
    (tree,) = Formula.of(written, {}).trees({})
    assert shown(tree) == text


X, Y = Variable((), "x", "x"), Variable((), "y", "y")
TREES = st.recursive(
    st.sampled_from([X, Y]) | st.integers(1, 5).map(float),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] - pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] / (abs_of(pair[1]) + 1)),
        inner.map(lambda one: abs_of(one) ** 2),
        inner.map(lambda one: -one),
    ),
    max_leaves=8,
)


def abs_of(value: Any) -> Any:
    return value.abs() if isinstance(value, Tree) else abs(value)


def read(text: str, x: Tensor, y: Tensor) -> Tensor:
    """A formula's text as Python reads it, once its signs are Python's."""
    for sign, python in (
        ("−", "-"),
        ("·", "*"),
        ("²", "**2"),
        ("½", "0.5"),
        ("¼", "0.25"),
        ("⅛", "0.125"),
        ("¾", "0.75"),
    ):
        text = text.replace(sign, python)
    while "|" in text:
        text = text.replace("|", "abs(", 1).replace("|", ")", 1)
    return torch.as_tensor(eval(text, {"x": x, "y": y, "abs": torch.abs}), dtype=torch.float64)  # noqa: S307  our text


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_what_is_shown_is_what_is_computed(tree: Any) -> None:
    if not isinstance(tree, Tree) or "||" in (text := shown(tree)) or "|(" in text or text.count("|") > 2:
        return  # nested bars have one reading for people and none for this test
    x, y = torch.tensor([0.7, -1.3], dtype=torch.float64), torch.tensor([2.1, 0.4], dtype=torch.float64)
    if any(character.isdigit() and len(part) > 5 for part in text.split() for character in part[:1]):
        return  # a number was rounded for the eye
    assert torch.allclose(evaluate(tree, {"x": x, "y": y}).expand(2), read(text, x, y).expand(2), rtol=1e-4)


# --- edits ----------------------------------------------------------------------------------------------------


@declared_formulas
def test_every_edit_has_words_and_changes_the_formula(declared: Declared) -> None:
    for tree in declared.trees:
        edits = list(edits_anywhere(tree, declared.formula.variables))
        assert len(edits) >= 20
        for edit in edits:
            assert edit.says
            assert "{" not in edit.says
            assert edit.tree != tree, edit.says


@declared_formulas
def test_all_edits_are_evaluated_at_once(declared: Declared) -> None:
    """A stack of variants holds the values of its trees."""
    values = tensors(declared.arguments(1), declared.formula.variables)
    for tree in declared.trees:
        for number, stage in enumerate(Variants(values, declared.formula.variables).stages(tree)):
            for stack in list(stage) if number < 3 else []:
                for row in range(0, len(stack.values), 1 + len(stack.values) // 40):
                    variant = stack.variant(row)
                    assert len(variant.edits) == (1 if number == 0 else 2)
                    value = evaluate(variant.tree, values)
                    assert torch.allclose(stack.values[row], value, equal_nan=True, rtol=1e-6), shown(variant.tree)


@declared_formulas
def test_the_first_stage_holds_every_single_edit(declared: Declared) -> None:
    values = tensors(declared.arguments(2), declared.formula.variables)
    tree = declared.trees[0]
    first = next(iter(Variants(values, declared.formula.variables).stages(tree)))
    words = {stack.variant(row).edits[0].says for stack in first for row in range(len(stack.values))}
    for edit in edits_anywhere(tree, declared.formula.variables):
        try:
            evaluate(edit.tree, values)
        except ValueError:
            continue
        assert edit.says in words


def test_edits_of_the_whole_and_of_an_argument_everywhere() -> None:
    (tree,) = Formula.of(lambda mu, sigma: sigma * mu + sigma, {}).trees({})
    variables = (Variable((), "mu", "μ"), Variable((), "sigma", "σ"))
    assert {"the whole is doubled", "the result was averaged over the batch"} <= {e.says for e in whole_edits(tree)}
    texts = {edit.says: shown(edit.tree) for edit in everywhere_edits(tree, variables)}
    assert texts["μ and σ are swapped"] == "μ·σ + μ"
    assert texts["σ² stands where σ belongs, everywhere"] == "σ²·μ + σ²"


def test_a_detached_part_keeps_its_value_and_loses_its_gradient() -> None:
    (tree,) = Formula.of(lambda x, y: x * y, {}).trees({})
    x, y = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (2.0, 3.0))
    (edit,) = (edit for edit in detachments(tree, (X, Y)) if edit.says == "x is detached")
    value = evaluate(edit.tree, {"x": x, "y": y})
    assert value.item() == 6
    assert torch.autograd.grad(value, [x, y], allow_unused=True) == (None, torch.tensor(2.0, dtype=torch.float64))
