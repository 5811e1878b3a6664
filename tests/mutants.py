"""Wrong submissions made from the check files themselves: a solution with one misconception in place, a constant."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path

from grader.checking import Misconception
from grader.course import Exercise, built_in
from grader.portable import portable_source
from grader.suite import Suite

EXERCISES = built_in().exercises


@functools.cache
def suite_of(exercise: Exercise) -> Suite:
    """The marks of an exercise's check file. (Tests may import it: no learner's code is in this process.)"""
    return Suite.load(exercise.checks)


def mutant(exercise: Exercise, misconception: Misconception) -> str:
    """The solution, with the misconception where it belongs."""
    suite = suite_of(exercise)
    wrong = misconception.wrong.__name__
    text = exercise.solution.read_text() + "\n\n" + portable_source(misconception.wrong, secrets=True)
    if misconception.target in suite.answers:
        return (
            f"{text}\nimport types as _types\n{misconception.target} = {wrong}(_types.SimpleNamespace(**globals()))\n"
        )
    return f"{text}\n{misconception.target} = {wrong}\n"


def constant(exercise: Exercise, value: str) -> str:
    """A submission that answers everything with one value, whatever it is asked."""
    suite = suite_of(exercise)
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


def submissions(exercise: Exercise) -> Path:
    """The folder of an exercise's hand-written submissions."""
    return Path(__file__).parent / "submissions" / exercise.name
