"""Source text that can run elsewhere: a function of a check file with everything of that file it needs.

Trials travel to the learner's process this way, and so do misconceptions when a test turns them into mutants.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

PREAMBLE = """\
from typing import Any
import math
import itertools
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
"""

SECRET_MARKS = ("reference", "by_hand", "misconception")


class NotPortableError(ValueError):
    """A trial uses something that must not, or cannot, leave the judge."""


def portable_source(function: Callable[..., Any], *, secrets: bool = False) -> str:
    """The source of ``function`` and of the names at the top of its file that it uses, without decorators.

    Args:
        function: a function or class at the top level of a module.
        secrets: whether references, by-hand answers and misconceptions may come along (mutants need them).

    Raises:
        NotPortableError: it uses a name marked as secret while ``secrets`` is False.
    """
    module = inspect.getmodule(function)
    if module is None:
        raise NotPortableError(f"{function!r} has no module")
    definitions = _definitions(module)
    wanted: dict[str, ast.stmt] = {}
    _collect(function.__name__, definitions, wanted)
    if not secrets:
        for name, statement in wanted.items():
            if _marks(statement) & set(SECRET_MARKS):
                raise NotPortableError(f"{function.__name__} uses {name}, which must stay with the judge")
    order = [name for name in definitions if name in wanted]
    return PREAMBLE + "\n\n" + "\n\n\n".join(_undecorated(wanted[name]) for name in order) + "\n"


def _definitions(module: ModuleType) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found[name.id] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
    return found


def _collect(name: str, definitions: dict[str, ast.stmt], wanted: dict[str, ast.stmt]) -> None:
    if name in wanted or name not in definitions:
        return
    statement = definitions[name]
    wanted[name] = statement
    bare = _bare(statement)
    hidden = _bound_inside(bare)
    for node in ast.walk(bare):
        if isinstance(node, ast.Name) and node.id not in hidden:
            _collect(node.id, definitions, wanted)


def _bound_inside(statement: ast.stmt) -> set[str]:
    """Arguments and local variables of a function: they hide what has the same name at the top of the file."""
    if not isinstance(statement, ast.FunctionDef):
        return set()
    stored = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}


def _bare(statement: ast.stmt) -> ast.stmt:
    """A copy without decorators, so that a mark's arguments are not taken for needs."""
    copy = ast.parse(ast.unparse(statement)).body[0]
    if isinstance(copy, ast.FunctionDef | ast.ClassDef):
        copy.decorator_list = []
    return copy


def _undecorated(statement: ast.stmt) -> str:
    return ast.unparse(_bare(statement))


def _marks(statement: ast.stmt) -> set[str]:
    if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return set()
    calls = [d.func if isinstance(d, ast.Call) else d for d in statement.decorator_list]
    return {call.id for call in calls if isinstance(call, ast.Name)}
