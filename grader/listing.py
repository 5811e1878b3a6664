"""What a check file has, read from its text: nothing is imported, so that it costs no torch and no trust."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UnusableInput
from grader.text import one_line


@dataclass(frozen=True)
class Listed:
    """One check as its text tells of it.

    Args:
        name: of the function, ``test_values``.
        title: the first line of its docstring, or empty.
        training: whether it is marked as one that trains a model.
    """

    name: str
    title: str
    training: bool


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

    Raises:
        UnusableInput: as :func:`checks_in`.
    """
    found: dict[str, str] = {}
    for node in [node for node in _tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]:
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and _name(mark.func) == "misconception":
                for word in mark.keywords:
                    if word.arg == "says" and isinstance(word.value, ast.Constant):
                        found[node.name] = one_line(str(word.value.value))
    return found


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else error.msg if isinstance(error, SyntaxError) else error
        )
        raise UnusableInput(f"{one_line(path.name)} cannot be read: {one_line(str(reason))}.") from None


def _listed(node: ast.FunctionDef) -> Listed:
    title = (ast.get_docstring(node) or "").partition("\n")[0]
    return Listed(node.name, one_line(title), "training" in [_name(mark) for mark in node.decorator_list])


def _name(mark: ast.expr) -> str:
    return mark.attr if isinstance(mark, ast.Attribute) else str(getattr(mark, "id", ""))
