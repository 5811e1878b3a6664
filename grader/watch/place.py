"""Where in a learner's file the code of a check is; from texts alone, nothing is imported."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from grader.report import CheckResult

_LINE = re.compile(r"\bline (\d+)")
_NAME = re.compile(r"[A-Za-z_]\w*")


def line_of(result: CheckResult | None, checks: Path, source: str, message: str = "") -> int | None:
    """The line, from 1, to look at first.

    Args:
        result: the verdict in question, or None.
        checks: the check file.
        source: the learner's text.
        message: why the file cannot be graded, if it cannot: a line that it names goes before all else.

    Returns:
        A line that the message names, else where the function that the check called begins, else where the first
        name of the check's text is defined that the learner's file defines; None when nothing is found.
    """
    last = source.count("\n") + 1
    said = message or (result.message if result is not None else "")
    if (named := _LINE.search(said)) and 1 <= int(named[1]) <= last:
        return int(named[1])
    if result is None:
        return None
    defined = _defined(source)
    called = _NAME.match(result.evidence.call)
    wanted = [*([called[0]] if called else []), *_mentioned(checks, result.name)]
    return next((defined[name] for name in wanted if name in defined), None)


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _defined(source: str) -> dict[str, int]:
    """Name → line of its definition at the top level; of several the last one, which is what Python keeps."""
    found: dict[str, int] = {}
    for node in _parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            found.update({target.id: node.lineno for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node.lineno
    return found


def _mentioned(checks: Path, check: str) -> Iterator[str]:
    """Names that a check asks its learner for, in the order of its text: ``learner.kl``, ``(learner, "z")``."""
    try:
        text = checks.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    function = next((n for n in _parsed(text).body if isinstance(n, ast.FunctionDef) and n.name == check), None)
    if function is None:
        return
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Attribute | ast.Constant)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
