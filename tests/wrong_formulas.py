"""Wrong results to explain: edits of the declared formulas, changes of code that know nothing of edits, and others."""

from __future__ import annotations

import ast
import copy
import inspect
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from suites import EXERCISES, suite_of
from torch import Tensor

from grader.checking import Misconception
from grader.formulas.declared import Formula
from grader.formulas.edits import edits_anywhere
from grader.formulas.evaluation import evaluate
from grader.formulas.samples import equal, fresh, tensors
from grader.formulas.tree import Tree
from grader.inference.calls import Witness
from grader.inference.common import Deadline, NothingToSayError
from grader.learner import LocalLearner
from grader.suite import Suite

PATIENT = 60.0
"""Seconds: what is named must not depend on how busy the machine is. A test of its own measures the time."""

SHAPES: dict[str, tuple[int, ...]] = {
    "x": (3, 1, 4, 5),
    "logits": (3, 1, 4, 5),
    "beta": (),
    "real_logits": (9, 1),
} | dict.fromkeys(("p_data", "p_g"), (6,))
"""Shapes of arguments that are not (3, 4)."""


@dataclass(frozen=True)
class Declared:
    """A function with a declared formula."""

    name: str
    suite: Suite

    @property
    def formula(self) -> Formula:
        return self.suite.formulas[self.name]

    @property
    def trees(self) -> tuple[Tree, ...]:
        return self.formula.trees(dict.fromkeys(self.formula.flags, True))

    def arguments(self, seed: int) -> dict[str, Any]:
        """Fresh arguments of the shapes that checks use, in the order of the signature; β is a Python number."""
        generator = torch.Generator().manual_seed(1000 + seed)
        drawn: dict[str, Any] = {}
        for variable in self.formula.variables:
            shape = SHAPES.get(variable.name, (3, 4))
            like = torch.zeros(shape, dtype=torch.float64) if shape else 1.0
            drawn[variable.name] = fresh(like, variable, generator)
        order = inspect.signature(self.suite.references[self.name]).parameters
        return {name: drawn[name] for name in order if name in drawn}

    def with_tree(self, place: int, tree: Tree) -> Callable[..., Any]:
        """A learner's function that computes another formula."""
        signature = inspect.signature(self.suite.references[self.name])

        def wrong(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            trees = list(self.formula.trees(bound.arguments))
            trees[place] = tree
            results = [evaluate(each, tensors(bound.arguments, self.formula.variables)) for each in trees]
            return tuple(results) if len(results) > 1 else results[0]

        return wrong

    def learner(self, wrong: Callable[..., Any]) -> LocalLearner:
        """A learner who wrote this."""
        return LocalLearner(self.suite, Misconception("", self.name, "", "", "", "", True, "", wrong))

    def named(self, wrong: Callable[..., Any], seed: int = 0) -> dict[int, Tree]:
        """The formulas that are found for a wrong function."""
        learner = self.learner(wrong)
        getattr(learner, self.name)(*self.arguments(seed).values())
        found = Witness(self.suite, learner.calls[-1], learner, Deadline(PATIENT)).found()
        return {place: variant.tree for place, variant in found.items()}

    def gives(self, wrong: Callable[..., Any], seed: int) -> list[Tensor]:
        """What a function returns for fresh arguments."""
        result = wrong(*self.arguments(seed).values())
        return [torch.as_tensor(part) for part in (result if isinstance(result, tuple) else (result,))]

    def is_an_error(self, wrong: Callable[..., Any]) -> bool:
        """Whether a function returns numbers, and other ones than the right function."""
        try:
            pairs = list(zip(self.gives(wrong, 0), self.gives(self.suite.references[self.name], 0), strict=True))
        except Exception:  # noqa: BLE001  changed code may fail in any way; then there is nothing to explain
            return False
        return all(one.isfinite().all() for one, _ in pairs) and not all(equal(*pair, 1e-4) for pair in pairs)

    def misnamed(self, named: Mapping[int, Tree], wrong: Callable[..., Any]) -> bool:
        """Whether what was named is another function than the wrong one, by twenty fresh probes."""
        for seed in range(50, 70):
            values = tensors(self.arguments(seed), self.formula.variables)
            results = self.gives(wrong, seed)
            for place, tree in named.items():
                value = evaluate(tree, values)
                if results[place].isfinite().all() and not equal(value, results[place], 1e-5):
                    return True
        return False


DECLARED = [Declared(name, suite_of(exercise)) for exercise in EXERCISES for name in suite_of(exercise).formulas]


@dataclass
class Tally:
    """How often wrong functions were named, and which were misnamed."""

    errors: int = 0
    named: int = 0
    misnamed: int = 0

    def count(self, declared: Declared, wrong: Callable[..., Any]) -> None:
        """Look at one wrong function."""
        if not declared.is_an_error(wrong):
            return
        self.errors += 1
        try:
            found = declared.named(wrong)
        except NothingToSayError:
            return
        self.named += 1
        self.misnamed += declared.misnamed(found, wrong)

    @property
    def share(self) -> float:
        return self.named / self.errors


def choices(seed: int) -> random.Random:
    """The same choices in every run."""
    return random.Random(seed)  # noqa: S311  nothing here is secret


def edited(declared: Declared, edits: int, count: int, choose: random.Random) -> Iterator[Callable[..., Any]]:
    """Functions whose formula is the declared one after some edits."""
    for _ in range(count):
        place = choose.randrange(len(declared.trees))
        tree = declared.trees[place]
        for _ in range(edits):
            tree = choose.choice(list(edits_anywhere(tree, declared.formula.variables))).tree
        yield declared.with_tree(place, tree)


# --- changes of code ----------------------------------------------------------------------------------------

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
METHODS = ("exp", "square", "abs", "sigmoid", "tanh", "sin")


def mutated(source: str, choose: random.Random) -> str:
    """A function's text with one operator, number, name or method changed, as a tool for mutation testing would."""
    tree = ast.parse(source)
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    places = [node for node in ast.walk(function) if _mutable(node, names)]
    node = choose.choice(places)
    if isinstance(node, ast.BinOp):
        if choose.random() < 0.3:
            kept = copy.deepcopy(choose.choice((node.left, node.right)))
            node.left, node.op, node.right = kept, ast.Mult(), ast.Constant(1)
        else:
            node.op = choose.choice([op for op in OPERATORS if not isinstance(node.op, op)])()
    elif isinstance(node, ast.Constant):
        node.value = choose.choice([2 * node.value, node.value / 2, node.value + 1, 3.7])
    elif isinstance(node, ast.Name):
        node.id = choose.choice([name for name in names if name != node.id])
    elif isinstance(node, ast.Attribute):
        node.attr = choose.choice([method for method in METHODS if method != node.attr])
    return ast.unparse(tree)


def _mutable(node: ast.AST, names: list[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in METHODS
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    if isinstance(node, ast.Name):
        return node.id in names and isinstance(node.ctx, ast.Load) and len(names) > 1
    return isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS)


def run(source: str, name: str) -> Callable[..., Any]:
    """The function of this name out of our own text."""
    space: dict[str, Any] = {"torch": torch}
    exec(source, space)  # noqa: S102  text of this repository, mutated
    function: Callable[..., Any] = space[name]
    return function


def solution_text(name: str) -> str | None:
    """The text of a function as the solution has it, where it needs nothing else of its file."""
    for exercise in EXERCISES:
        for node in ast.parse(Path(exercise.solution).read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                node.returns = None
                node.body = [part for part in node.body if not _is_docstring(part)]
                used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                return ast.unparse(node) if not used & {"F", "kl_standard_normal", "reparameterize"} else None
    return None


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
