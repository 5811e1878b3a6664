"""Source text that can run elsewhere: a function of a check file with everything of that file it needs.

Trials travel to the learner's process this way, and so do misconceptions when an audit turns them into mutants.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import torch

PREAMBLE = """\
from typing import Any
import math
import itertools
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
"""

SECRET_MARKS = ("__reference__", "__by_hand__", "__misconception__")


class NotPortableError(ValueError):
    """A trial uses something that must not, or cannot, leave the judge."""


@functools.cache
def portable_source(function: Callable[..., Any], *, secrets: bool = False) -> str:
    """The source of ``function`` and of the names at the top of its file that it uses, without decorators.

    Functions and classes of the same file travel as source, plain values and tensors as literals; what the file
    imports is left to the preamble.

    Args:
        function: a function or class at the top level of a module.
        secrets: whether references, by-hand answers and misconceptions may come along (mutants need them).

    Raises:
        NotPortableError: it uses a name marked as secret while ``secrets`` is False, or a value that has no literal.
    """
    module = inspect.getmodule(function)
    if module is None:
        raise NotPortableError(f"{function!r} has no module")
    wanted: dict[str, str] = {}
    _collect(function.__name__, module, wanted, secrets)
    # Each name follows what it needs: a class after its base, a function after the constants of its defaults.
    return PREAMBLE + "\n\n" + "\n\n\n".join(wanted.values()) + "\n"


def _collect(name: str, module: ModuleType, wanted: dict[str, str], secrets: bool) -> None:
    value = vars(module).get(name)
    if name in wanted or name not in vars(module) or isinstance(value, ModuleType):
        return
    if isinstance(value, FunctionType | type):
        if value.__module__ != module.__name__:
            return  # imported; the preamble has what a trial may use
        if not secrets and any(mark in vars(value) for mark in SECRET_MARKS):
            raise NotPortableError(f"{name} must stay with the judge: a trial cannot use it")
    elif (literal := _literal(value)) is not None:
        wanted[name] = f"{name} = {literal}"
        return
    statement = _statement(name, value, module)
    wanted[name] = ""  # its place is kept for what calls itself, and moved behind its needs below
    hidden = _bound_inside(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id not in hidden:
            _collect(node.id, module, wanted, secrets)
    del wanted[name]
    wanted[name] = ast.unparse(statement)


def _statement(name: str, value: Any, module: ModuleType) -> ast.stmt:
    """The statement that defines a name, without decorators."""
    if isinstance(value, FunctionType):
        # Much quicker than to parse the whole file, and a grading that trains does this every time.
        (statement,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    else:
        found = [node for node in ast.parse(inspect.getsource(module)).body if name in _defined(node)]
        if not found:
            raise NotPortableError(f"{name} has no source: a trial cannot take it along")
        statement = found[-1]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        statement.decorator_list = []
    return statement


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _literal(value: Any) -> str | None:
    """Source text of a plain value or a tensor; None where there is none."""
    if isinstance(value, torch.Tensor):
        return f"torch.tensor({value.tolist()!r}, dtype={value.dtype})"
    text = repr(value)
    try:
        return text if ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError):
        return None


def _bound_inside(statement: ast.stmt) -> set[str]:
    """Arguments and local variables of a function: they hide what has the same name at the top of the file."""
    if not isinstance(statement, ast.FunctionDef):
        return set()
    stored = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
