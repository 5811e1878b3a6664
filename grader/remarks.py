"""Remarks on correct code that is wasteful or fragile, read off the learner's text. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from grader.notebook import parsed

CodeTest = Callable[[ast.AST], bool]


@dataclass(frozen=True)
class Remark:
    """A remark and how to see that it applies.

    Args:
        name: its id.
        target: the learner's function or class that it is about.
        check: the check that must have passed before the remark is worth making.
        says: one or two sentences.
        applies: looks at the target's syntax tree.
    """

    name: str
    target: str
    check: str
    says: str
    applies: CodeTest


def definition(source: str, name: str) -> ast.AST | None:
    """The last function or class of this name at the top of a learner's file, or None."""
    tree = parsed(source)
    if tree is None:
        return None  # a notebook may hold such a cell; what cannot be read gets no remark
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
    ]
    return found[-1] if found else None


def calls(code: ast.AST, name: str) -> bool:
    """Whether a function or method of this name is called anywhere inside: ``f(…)`` or ``x.f(…)``."""
    return any(isinstance(node, ast.Call) and _name_of(node.func) == name for node in ast.walk(code))


def mentions(code: ast.AST, name: str) -> bool:
    """Whether a name or an attribute of this name stands anywhere inside."""
    return any(_name_of(node) == name for node in ast.walk(code))


def loops_over(code: ast.AST, argument: str) -> bool:
    """Whether Python loops over the rows of an argument.

    True for ``for row in x``, ``for i in range(len(x))``, ``range(x.shape[0])``, ``range(x.size(0))``, and
    for a number ``range(n)``; with or without ``enumerate`` and ``zip``, in a statement or a comprehension.
    """
    loops = [node.iter for node in ast.walk(code) if isinstance(node, ast.For | ast.comprehension)]
    return any(_rows_of(loop, argument) for loop in loops)


def _rows_of(loop: ast.expr, argument: str) -> bool:
    if isinstance(loop, ast.Name):
        return loop.id == argument
    if not isinstance(loop, ast.Call):
        return False
    kind = _name_of(loop.func)
    if kind in ("enumerate", "zip"):
        return any(_rows_of(part, argument) for part in loop.args)
    return kind == "range" and any(_length_of(part, argument) for part in loop.args)


def _length_of(size: ast.expr, argument: str) -> bool:
    """``len(x)``, ``x.shape[0]``, ``x.size(0)``, or a number ``x`` itself."""
    match size:
        case ast.Name(id=name):
            return name == argument
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return name == argument
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant(value=0)):
            return name == argument
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="size"), args=[ast.Constant(value=0)]):
            return name == argument
    return False


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
