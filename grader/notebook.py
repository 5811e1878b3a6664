"""The Python text of a Jupyter notebook, read with ``json`` alone: nbformat would take a second to import."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grader.errors import UnusableInput

PARSED_LIMIT = 256 * 1024
"""Characters; longer texts are left to the sandbox to parse: a syntax tree takes up to 900 times the memory of its
text."""

PARTS_LIMIT = 4_000_000
"""Commas, colons and brackets that a notebook may hold. A list of two characters takes 60 bytes of memory, a picture of
a million characters a million."""

CELLS_LIMIT = 10_000

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can write it, and no file of text

# A line of IPython's own: %matplotlib, !pip, ?help, help?, files = !ls. A "%" or "!" that continues an expression
# is followed by a space or "=", so "% 3" and "!= x" are not taken for one.
_MAGIC = re.compile(r"\s*(%{1,2}[A-Za-z_]|!(?!=)|\?{1,2}\w|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*(!(?!=)|%[A-Za-z_]))")
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun")


@dataclass(frozen=True)
class CodeCell:
    """A cell of code as it was saved.

    Args:
        source: its text.
        id: what names it in its notebook, or empty: older formats have none.
        count: the number of its latest run, ``In [7]``, or None.
    """

    source: str
    id: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook as one text.

    Args:
        source: the code cells, each under a comment that names it.
        starts: for each code cell, the line of ``source`` above its first one.
    """

    source: str
    starts: tuple[int, ...]


def read_notebook(text: str, name: str) -> Notebook:
    """Join the code cells of a notebook; lines that only IPython understands become comments.

    Raises:
        UnusableInput: the text is no notebook, or one without code.
    """
    sources = [cell.source for cell in code_cells(text, name)]
    if not any(source.strip() for source in sources):
        raise UnusableInput(f"{name} has no code cells. Grade the notebook that holds your answers.")
    return joined(sources)


def joined(sources: Iterable[str]) -> Notebook:
    """Cells of code as one text; lines that only IPython understands become comments."""
    lines: list[str] = []
    starts = []
    for number, source in enumerate(sources, start=1):
        lines.append(f"# code cell {number}")
        starts.append(len(lines))
        lines.extend(_python_lines(source))
    return Notebook("\n".join(lines) + "\n", tuple(starts))


def load(text: str, name: str) -> dict[str, Any]:
    """What is in a notebook; ``cells`` is a list, of anything.

    Raises:
        UnusableInput: the text is no notebook.
    """
    if sum(map(text.count, ",:[{")) > PARTS_LIMIT:
        raise UnusableInput(f"{name} holds too much data. Clear its outputs in Jupyter, save it, and grade it again.")
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnusableInput(
            f"{name}, line {error.lineno}: this is not a notebook ({error.msg}). "
            "Open it in Jupyter, save it, and grade it again."
        ) from None
    except (RecursionError, ValueError):
        raise UnusableInput(f"{name} is nested too deeply to be a notebook.") from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise UnusableInput(f"{name} is JSON, but not a notebook. Save your work from Jupyter as .ipynb.")
    if not isinstance(notebook.get("cells"), list):
        raise UnusableInput(f"{name} is a notebook of an old format. Open it in Jupyter and save it once.")
    return notebook


def code_cells(text: str, name: str) -> list[CodeCell]:
    """The code cells of a notebook in their order.

    Raises:
        UnusableInput: the text is no notebook.
    """
    given_cells = load(text, name)["cells"]
    if len(given_cells) > CELLS_LIMIT:
        raise UnusableInput(f"{name} has more than {CELLS_LIMIT:,} cells. Grade the notebook that holds your answers.")
    cells: list[CodeCell] = []
    for cell in given_cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise UnusableInput(f"{name}: code cell {len(cells) + 1} holds no text. Save it again from Jupyter.")
        if _SURROGATE.search(source):
            raise UnusableInput(f"{name}: code cell {len(cells) + 1} holds half of a character. Delete it, and save.")
        source = source.replace("\r\n", "\n").replace("\r", "\n")
        given, count = cell.get("id"), cell.get("execution_count")
        cells.append(CodeCell(source, given if isinstance(given, str) else "", count if type(count) is int else None))
    return cells


def _python_lines(cell: str) -> list[str]:
    """The cell's lines, as many as before, with IPython's own turned into comments."""
    lines = cell.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_PYTHON_CELLS):
        return [f"# {line}" for line in lines]
    # A "%" that begins a line of a plain Python cell belongs to an expression or a text; leave such a cell alone.
    # In a cell too long to be looked at, what is IPython's own is refused by the sandbox, with its line.
    as_it_is = len(cell) > PARSED_LIMIT or parsed(cell) is not None
    return lines if as_it_is else _without_magics(lines)


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a learner's code; None where it is no Python, or too long to be parsed here."""
    if len(source) > PARSED_LIMIT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_magics(lines: list[str]) -> list[str]:
    kept = []
    continued = False
    for line in lines:
        if continued or _MAGIC.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            # `pass`, because the line may be the only one of its block.
            kept.append(f"{indent}pass  # {line.strip()}" if not continued else f"# {line}")
            continued = line.rstrip().endswith("\\")
        else:
            kept.append(line)
    return kept
