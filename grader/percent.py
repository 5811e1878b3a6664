"""A notebook from a percent file (``# %%`` before each cell), written by hand: no library has to be imported."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_MARK = re.compile(r"# ?%%(?=\s|$)(.*)")
_MARKDOWN = re.compile(r"\[(markdown|md)\]")
_NO_ID = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 48
_WIDTH = 100


@dataclass(frozen=True)
class Cell:
    """One cell: its kind and its text, without blank lines around it."""

    kind: Literal["code", "markdown"]
    source: str


def cells(text: str) -> list[Cell]:
    """The cells of a percent file; what stands above the first mark is a cell of code."""
    found: list[Cell] = []
    kind: Literal["code", "markdown"] = "code"
    lines: list[str] = []
    for line in text.splitlines():
        mark = _MARK.match(line)
        if mark is None:
            lines.append(line)
            continue
        found.append(_cell(kind, lines))
        kind, lines = "markdown" if _MARKDOWN.search(mark[1]) else "code", []
    found.append(_cell(kind, lines))
    return [cell for cell in found if cell.source]


def _cell(kind: Literal["code", "markdown"], lines: list[str]) -> Cell:
    if kind == "markdown":
        lines = [line.removeprefix("# ") if line != "#" else "" for line in lines]
    return Cell(kind, "\n".join(lines).strip("\n"))


def check_call(exercise: str, course: Path | None, checks: Sequence[str] = (), numbers: int | None = None) -> str:
    """What grades an exercise, or some checks of it, in a notebook: ``check("exercise3", "test_mask")``.

    Args:
        exercise: its short name.
        course: the folder of a course that is not ours, or None.
        checks: names of checks; all when empty.
        numbers: what a student's own by-hand numbers are drawn from; None where nothing need be said of them.
    """
    words = [f'"{word}"' for word in (exercise, *checks)]
    where = [f"course={str(course.resolve())!r}"] if course is not None else []
    where += [f"numbers={numbers}"] if numbers is not None else []
    call = f"check({', '.join([*words, *where])})"
    if len(call) <= _WIDTH:
        return call
    # A line must not end inside of a quoted path.
    one = ", ".join(word.replace(" ", "\0") for word in [*words, *where])
    lines = textwrap.fill(one, _WIDTH, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
    return f"check(\n{textwrap.indent(lines, '    ')}\n)"


def learner_notebook(stub: str, check: str) -> str:
    """The notebook of an exercise.

    Args:
        stub: its stub, a percent file.
        check: the call that grades it.
    """
    says = (
        "## Check your answers\n\n"
        "Run the next cell as often as you like. It grades what is written in the cells above, and takes a few seconds "
        "the first time.\n"
        "In a terminal, `grade hint` gives a hint and `grade reset` begins an exercise anew."
    )
    ending = [Cell("markdown", says), Cell("code", f"from grader import check\n\n{check}")]
    return notebook([*cells(stub), *ending])


def notebook(cells: Sequence[Cell]) -> str:
    """A notebook as text, in the very form in which nbformat writes it.

    Each cell has an id that tells what it is about and stays when its text is improved: the name that a cell of code
    defines, or the heading of one of markdown.
    """
    return assembled([as_json(cell, name) for cell, name in zip(cells, names(cells), strict=True)])


def assembled(cells: Sequence[Mapping[str, Any]], **metadata: Any) -> str:
    """A notebook as text.

    Args:
        cells: as :func:`as_json` makes them.
        metadata: of the notebook, beside what tells its language.
    """
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def as_json(cell: Cell, name: str, **metadata: Any) -> dict[str, Any]:
    """A cell as a notebook holds it.

    Args:
        cell: its text.
        name: its id.
        metadata: of the cell.
    """
    fields: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": name,
        "metadata": metadata,
        "source": cell.source.splitlines(keepends=True),
    }
    return {**fields, "execution_count": None, "outputs": []} if cell.kind == "code" else fields


def names(cells: Iterable[Cell]) -> list[str]:
    """For each cell the name that is its id in the notebook: its subject, and a number where that is taken."""
    taken: dict[str, None] = {}
    for cell in cells:
        name = base = subject(cell)
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken[name] = None
    return list(taken)


def subject(cell: Cell) -> str:
    """What a cell is about, as a name for it: its heading, or the first name that it defines."""
    if cell.kind == "markdown":
        heading = re.search(r"^#+ (.*)$", cell.source, re.MULTILINE)
        return _slug(heading[1]) or "text" if heading else "text"
    body = _body(cell)
    names = defined(cell)
    if names:
        return _slug(names[0]) or "code"
    return "imports" if body and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body) else "code"


def defined(cell: Cell) -> list[str]:
    """The names that a cell of code defines, in their order; none where it is not Python."""
    return [name for node in _body(cell) for name in _defined(node)]


def _body(cell: Cell) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body
    except SyntaxError:
        return []


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _slug(text: str) -> str:
    return _NO_ID.sub("-", text.casefold())[:_LONGEST_ID].strip("-")
