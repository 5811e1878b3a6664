"""What a check file holds, read off its marks: checks, references, by-hand answers, misconceptions."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from grader.checking import ByHand, Misconception, Range, Reference
from grader.formulas.declared import Formula
from grader.numbers import Numbers
from grader.remarks import Remark
from grader.text import clean

DEFAULT_POINTS = 1


@dataclass(frozen=True)
class Check:
    """One check as its marks describe it."""

    name: str
    title: str
    points: int
    requires: tuple[str, ...]
    counts_with: tuple[str, ...]
    training: bool
    run: Callable[..., None]

    @property
    def needs(self) -> tuple[str, ...]:
        """The checks without which this one earns nothing."""
        return (*self.requires, *self.counts_with)


@dataclass(frozen=True)
class Suite:
    """The contents of one check file; ``own`` are a student's own by-hand numbers, None where the printed count."""

    checks: Mapping[str, Check]
    references: Mapping[str, Any]
    formulas: Mapping[str, Formula]
    answers: Mapping[str, Callable[[Any], Any]]
    misconceptions: tuple[Misconception, ...]
    remarks: tuple[Remark, ...]
    trials: tuple[Callable[..., Any], ...]
    texts: Mapping[str, str]
    numbers: Numbers | None
    own: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, module: ModuleType) -> Suite:
        """Collect a check file's marks."""
        references = _marked(module, "__reference__")
        return cls(
            checks={check.name: check for check in _checks(module)},
            references=references,
            formulas={name: f.__formula__ for name, f in _marked(module, "__formula__").items()},
            answers=_marked(module, "__by_hand__"),
            misconceptions=tuple(f.__misconception__ for f in _marked(module, "__misconception__").values()),
            remarks=tuple(f.__remark__ for f in _marked(module, "__remark__").values()),
            trials=tuple(_marked(module, "__trial__").values()),
            texts={name: _title(f) for name, f in _marked(module, "__free_text__").items()},
            numbers=next((f.__numbers__ for f in _marked(module, "__numbers__").values()), None),
        )

    @classmethod
    def load(cls, path: Path) -> Suite:
        """Import a check file; for tests and tools, in a process that holds no learner's code.

        Raises:
            Exception: whatever the file raises; :func:`import_fault` puts it into words.
        """
        spec = importlib.util.spec_from_file_location(f"checks_of_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # inspect finds a function's module, and so its source, through this table
        share_folder(path)
        spec.loader.exec_module(module)
        return cls.of(module)

    def with_numbers(self, own: Mapping[str, Any]) -> Suite:
        """The same with by-hand numbers of a student's own."""
        return replace(self, own=own)

    @property
    def printed(self) -> Suite:
        """The same with the printed numbers."""
        return replace(self, own=None)

    def functions(self, **others: Any) -> SimpleNamespace:
        """What by-hand answers are computed with: the references and the given numbers, some of them replaced."""
        if self.numbers is not None:
            numbers = self.own if self.own is not None else self.numbers.printed
            others = {"numbers": SimpleNamespace(**numbers), **others}
        return SimpleNamespace(**{**self.references, **others})

    def right_answer(self, name: str) -> Any:
        """The right value of a by-hand variable."""
        return self.answers[name](self.functions())

    def tolerance(self, name: str) -> float:
        """How far a by-hand value may lie from the right one."""
        mark: ByHand = vars(self.answers[name])["__by_hand__"]
        return mark.tolerance

    def reference_mark(self, name: str) -> Reference:
        """How a learner's function of this name is used."""
        mark: Reference = vars(self.references[name])["__reference__"]
        return mark

    def possible(self, name: str) -> Range | None:
        """The values that a learner's function or by-hand variable of this name can have at all."""
        mark: ByHand | Reference
        mark = vars(self.answers[name])["__by_hand__"] if name in self.answers else self.reference_mark(name)
        return mark.possible

    def required_by(self, check: Check) -> set[str]:
        """The checks that passed before this one ran: its prerequisites, and theirs."""
        above = [self.checks[name] for name in check.requires]
        return {one.name for one in above}.union(*map(self.required_by, above))

    def misconceptions_about(self, names: set[str]) -> list[Misconception]:
        """The misconceptions whose target was used; one about a function concerns every by-hand answer made with it."""
        by_hand = any(name in self.answers for name in names)
        return [m for m in self.misconceptions if m.target in names or (by_hand and m.target in self.references)]


def share_folder(path: Path) -> None:
    """Let a check file import the modules that lie beside it. Last in line: none of them can hide another package."""
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)


def import_fault(error: BaseException, path: Path) -> str:
    """Why a check file does not import: ``checks/exercise1_a.py, line 12: NameError: name 'tensor' is not defined``."""
    while error.__cause__ is not None:  # pytest wraps what the file raised
        error = error.__cause__
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == path.name]
    reason = f"{type(error).__name__}: {clean(str(error), 500)}"
    if isinstance(error, SyntaxError) and Path(error.filename or path.name).name == path.name:
        lines, reason = [error.lineno], f"SyntaxError: {error.msg}"
    return f"{path}, line {lines[-1]}: {reason}" if lines else f"{path}: {reason}"


def _checks(module: ModuleType) -> list[Check]:
    found = []
    for name, function in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(function):
            marks = vars(function)
            points = marks.get("__points__", DEFAULT_POINTS)
            required, counted = (marks.get(mark, ()) for mark in ("__requires__", "__counts_with__"))
            found.append(Check(name, _title(function), points, required, counted, "__training__" in marks, function))
    return found


def _title(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or function.__name__).splitlines()[0].rstrip(".")


def _marked(module: ModuleType, mark: str) -> dict[str, Any]:
    """The functions and classes of a check file that carry a mark, in the order of the file, each once."""
    found: dict[str, Any] = {}
    for name, value in vars(module).items():
        marked = (inspect.isfunction(value) or inspect.isclass(value)) and mark in vars(value)
        # The variable of a loop is left behind as a second name of its last value.
        if marked and not any(value is other for other in found.values()):
            found[name] = value
    return found
