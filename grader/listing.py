"""What a check file has, read from its text: nothing is imported, so that it costs no torch and no trust."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UnusableInput
from grader.text import one_line

_POINTS = 1
"""What an unmarked check earns, as `suite` has it; that module cannot be imported without torch."""

_OURS = frozenset({"reference", "by_hand", "misconception", "advice", "free_text", "numbers"})
"""Marks of what a check compares with, as against what it asks for."""


@dataclass(frozen=True)
class Listed:
    """One check as its text tells of it.

    Args:
        name: of the function, ``test_values``.
        title: the first line of its docstring, or empty.
        training: whether it is marked as one that trains a model.
        points: what it earns; None where that is no plain number.
        needs: the checks without which it earns nothing, by name.
    """

    name: str
    title: str
    training: bool
    points: int | None
    needs: tuple[str, ...]


def checks_in(path: Path) -> list[Listed]:
    """The checks of a file, in their order.

    Raises:
        UnusableInput: the file cannot be read, or is not Python.
    """
    # Of two functions of one name Python keeps the last.
    found = {node.name: node for node in _tree(path).body if isinstance(node, ast.FunctionDef)}
    return [_listed(node) for name, node in found.items() if name.startswith("test_")]


def sayings_in(path: Path) -> dict[str, str]:
    """Misconception → what its mark says was done (``σ² was used where σ belongs``), where that is a plain text.

    A file may have marks of its own, which fill in what several misconceptions share; those take it first, or as
    ``says`` too. So what is marked in another way may be in there as well.

    Raises:
        UnusableInput: as :func:`checks_in`.
    """
    found: dict[str, str] = {}
    for node in _definitions(path).values():
        for mark in _called(node):
            says = [word.value for word in mark.keywords if word.arg == "says"]
            if not says and _name(mark.func) not in _OURS:
                says = mark.args[:1]
            for text in map(_value, says):
                if isinstance(text, str):
                    found[node.name] = one_line(text)
    return found


def texts_in(path: Path) -> list[str]:
    """The learner's variables that a person grades.

    Raises:
        UnusableInput: as :func:`checks_in`.
    """
    return [node.name for node in _definitions(path).values() if "free_text" in _marks(node)]


def has_numbers(path: Path) -> bool:
    """Whether the file declares how by-hand numbers are drawn.

    Raises:
        UnusableInput: as :func:`checks_in`.
    """
    return any("numbers" in _marks(node) for node in _definitions(path).values())


def mentions_in(path: Path) -> dict[str, set[str]]:
    """Check → every name that it, or a helper of it, may ask the submission for: ``learner.kl``, ``answer("z")``.

    What is mentioned for another reason is in there too; what our own references call is not.

    Raises:
        UnusableInput: as :func:`checks_in`.
    """
    helpers = {name: node for name, node in _definitions(path).items() if not _OURS.intersection(_marks(node))}
    return {name: _mentions(name, helpers) for name in helpers if name.startswith("test_")}


def _mentions(start: str, helpers: Mapping[str, ast.AST]) -> set[str]:
    found: set[str] = set()
    seen = {start}
    waiting = [start]
    while waiting:
        for node in ast.walk(helpers[waiting.pop()]):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Name) and node.id in helpers and node.id not in seen:
                seen.add(node.id)
                waiting.append(node.id)
    return found


def _definitions(path: Path) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    return {node.name: node for node in _tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _tree(path: Path) -> ast.Module:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else error.msg if isinstance(error, SyntaxError) else error
        )
        raise UnusableInput(f"{one_line(path.name)} cannot be read: {one_line(str(reason))}.") from None


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _listed(node: ast.FunctionDef) -> Listed:
    title = (ast.get_docstring(node) or "").partition("\n")[0]
    marks = _marks(node)
    points = [_value(argument) for argument in marks.get("points", ())] or [_POINTS]
    needs = [_value(argument) for mark in ("requires", "counts_with") for argument in marks.get(mark, ())]
    return Listed(
        node.name,
        one_line(title),
        "training" in marks,
        points[0] if type(points[0]) is int else None,
        tuple(name for name in needs if isinstance(name, str)),
    )


def _marks(node: ast.FunctionDef | ast.ClassDef) -> dict[str, list[ast.expr]]:
    """The marks above a function or class, with what is handed to each."""
    bare: dict[str, list[ast.expr]] = {_name(mark): [] for mark in node.decorator_list}
    return bare | {_name(mark.func): [*mark.args, *(word.value for word in mark.keywords)] for mark in _called(node)}


def _called(node: ast.FunctionDef | ast.ClassDef) -> list[ast.Call]:
    return [mark for mark in node.decorator_list if isinstance(mark, ast.Call)]


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _name(mark: ast.expr) -> str:
    return mark.attr if isinstance(mark, ast.Attribute) else str(getattr(mark, "id", ""))
