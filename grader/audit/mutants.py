"""Wrong submissions made from a check file itself: the solution with one misconception in place, and constants."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

import torch

from grader.checking import Misconception
from grader.portable import portable_source
from grader.suite import Suite

CONSTANTS = ("0.0", "1", "torch.zeros(3)", "torch.ones(())", "[0.5, 0.5, 0.5]", "'right'", "True")
"""What a submission that answers everything with one value may try."""


class NoMutantError(ValueError):
    """A misconception cannot be put into the solution's place; the message says why."""


def mutant(solution: str, suite: Suite, misconception: Misconception) -> str:
    """What a learner with this misconception, and no other, hands in.

    The wrong function stands in the place of the right one, and the by-hand answers are what it gives: whoever takes
    σ² for σ does so on paper too.

    Args:
        solution: the text of the solution.
        suite: the exercise's check file.
        misconception: one of its misconceptions.

    Raises:
        NoMutantError: its source cannot travel, or what came out is not Python.
    """
    parts = [solution]
    if misconception.target in suite.references:
        try:
            parts.append(portable_source(misconception.wrong, secrets=True))
        except (ValueError, OSError) as error:
            raise NoMutantError(str(error)) from None
        parts.append(f"{misconception.target} = {misconception.name}")
    parts.append("from math import inf, nan")
    parts += [f"{name} = {value}" for name in suite.answers if (value := _by_hand(suite, misconception, name))]
    text = "\n\n".join(parts) + "\n"
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise NoMutantError(f"line {error.lineno} of the solution with it in place: {error.msg}") from None
    return text


def constant(suite: Suite, value: str) -> str:
    """A submission that answers everything with one value, whatever it is asked.

    Args:
        suite: the exercise's check file.
        value: Python source of the value, one of ``CONSTANTS``.
    """
    lines = ["import torch", "from torch import nn", *(f"{name} = {value}" for name in suite.answers)]
    for name, reference in suite.references.items():
        if inspect.isclass(reference):
            lines += [
                f"class {name}(nn.Module):",
                "    def __init__(self, *args, **kwargs): super().__init__()",
                f"    def forward(self, *args): return {value}",
            ]
        else:
            lines += [f"def {name}(*args, **kwargs): return {value}"]
    return "\n".join(lines) + "\n"


def _by_hand(suite: Suite, misconception: Misconception, name: str) -> str:
    """Source text of a by-hand answer as this misconception gives it; empty when it gives none."""
    functions = suite.functions()
    compute = suite.answers[name]
    if misconception.target == name:
        compute = misconception.wrong
    elif misconception.target in suite.references:
        setattr(functions, misconception.target, misconception.wrong)
    torch.default_generator.manual_seed(0)
    try:
        return repr(_plain(compute(functions)))
    except Exception:  # noqa: BLE001  a wrong function may fail in any way; then nobody gets to a number with it
        return ""


def _plain(value: Any) -> Any:
    """Tensors as numbers and lists."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
