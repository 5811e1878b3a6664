"""What a check file holds, read off its marks: checks, references, by-hand answers, misconceptions."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from grader.checking import ByHand, Misconception, Reference

DEFAULT_POINTS = 1


@dataclass(frozen=True)
class Check:
    """One check as its marks describe it."""

    name: str
    title: str
    points: int
    requires: tuple[str, ...]
    training: bool
    run: Callable[..., None]


@dataclass(frozen=True)
class Suite:
    """The contents of one check file."""

    checks: Mapping[str, Check]
    references: Mapping[str, Any]
    answers: Mapping[str, Callable[[Any], Any]]
    misconceptions: tuple[Misconception, ...]
    functions: SimpleNamespace = field(repr=False)

    @classmethod
    def of(cls, module: ModuleType) -> Suite:
        """Collect a check file's marks."""
        references = _marked(module, "__reference__")
        return cls(
            checks={check.name: check for check in _checks(module)},
            references=references,
            answers=_marked(module, "__by_hand__"),
            misconceptions=tuple(f.__misconception__ for f in _marked(module, "__misconception__").values()),
            functions=SimpleNamespace(**references),
        )

    @classmethod
    def load(cls, path: Path) -> Suite:
        """Import a check file; for tests and tools, in a process that holds no learner's code."""
        spec = importlib.util.spec_from_file_location(f"checks_of_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # inspect finds a function's module, and so its source, through this table
        spec.loader.exec_module(module)
        return cls.of(module)

    def right_answer(self, name: str) -> Any:
        """The right value of a by-hand variable."""
        return self.answers[name](self.functions)

    def tolerance(self, name: str) -> float:
        """How far a by-hand value may lie from the right one."""
        mark: ByHand = vars(self.answers[name])["__by_hand__"]
        return mark.tolerance

    def reference_mark(self, name: str) -> Reference:
        """How a learner's function of this name is used."""
        mark: Reference = vars(self.references[name])["__reference__"]
        return mark

    def misconceptions_about(self, names: set[str]) -> list[Misconception]:
        """The misconceptions whose target was used; one about a function concerns every by-hand answer made with it."""
        by_hand = any(name in self.answers for name in names)
        return [m for m in self.misconceptions if m.target in names or (by_hand and m.target in self.references)]


def _checks(module: ModuleType) -> list[Check]:
    found = []
    for name, function in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(function):
            marks = vars(function)
            title = (inspect.getdoc(function) or name).splitlines()[0].rstrip(".")
            points = marks.get("__points__", DEFAULT_POINTS)
            required = marks.get("__requires__", ())
            found.append(Check(name, title, points, required, "__training__" in marks, function))
    return found


def _marked(module: ModuleType, mark: str) -> dict[str, Any]:
    """The functions and classes of a check file that carry a mark, in the order of the file."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value)) and mark in vars(value)
    }
