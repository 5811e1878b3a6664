"""What checks a check file has, read from its text: nothing is imported, so that it costs no torch and no trust."""

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
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else error.msg if isinstance(error, SyntaxError) else error
        )
        raise UnusableInput(f"{one_line(path.name)} cannot be read: {one_line(str(reason))}.") from None
    # Of two functions of one name Python keeps the last.
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [_listed(node) for name, node in found.items() if name.startswith("test_")]


def _listed(node: ast.FunctionDef) -> Listed:
    title = (ast.get_docstring(node) or "").partition("\n")[0]
    marks = [mark.attr if isinstance(mark, ast.Attribute) else getattr(mark, "id", "") for mark in node.decorator_list]
    return Listed(node.name, one_line(title), "training" in marks)
