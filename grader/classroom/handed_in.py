"""A student's notebook as plain data: whatever the file holds, nbformat and nbgrader can work with what comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader import notebook
from grader.errors import UnusableInput
from grader.submission import SOURCE_LIMIT, read_text
from grader.text import clean, one_line

LIMIT = 32 << 20
"""Bytes that a notebook may have: more than in `grade`, because pictures among the outputs cost a class no marks."""

MOST_CELLS = 1000
TEXT_LIMIT = 100_000
"""Characters that are kept of a cell of markdown: turning it into HTML takes more than linear time."""

OURS = "reparam"
"""The entry of a notebook's metadata that says why it could not be read."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(path: Path) -> dict[str, Any]:
    """A notebook without outputs, and with no metadata but nbgrader's of each cell.

    What cannot be read becomes an empty notebook; :func:`problem` says what is wrong with it.
    """
    try:
        given = notebook.load(read_text(path, LIMIT), one_line(path.name))
        cells = _cells(given["cells"], one_line(path.name))
    except UnusableInput as error:
        # Where an instructor keeps the file is nobody else's business.
        said = str(error).replace(one_line(str(path)), one_line(path.name))
        return _notebook([], {OURS: {"unreadable": said}})
    said = problem(given.get("metadata"))
    return _notebook(cells, {OURS: {"unreadable": said}} if said else {})


def problem(metadata: object) -> str:
    """Why a notebook could not be read; empty where it could. A student who forges it harms nobody else."""
    ours = metadata.get(OURS) if isinstance(metadata, Mapping) else None
    said = ours.get("unreadable") if isinstance(ours, Mapping) else None
    return clean(said, 600) if isinstance(said, str) else ""


def new_cell(kind: str, source: str, nbgrader: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A cell of code or markdown, without an id."""
    cell = {"cell_type": kind, "metadata": {"nbgrader": dict(nbgrader)} if nbgrader else {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def numbered(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same cells, each with an id of its own."""
    return [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells, start=1)]


def _notebook(cells: list[dict[str, Any]], metadata: dict[str, Any]) -> dict[str, Any]:
    return {"cells": numbered(cells), "metadata": {**_METADATA, **metadata}, "nbformat": 4, "nbformat_minor": 5}


def _cells(given: list[Any], name: str) -> list[dict[str, Any]]:
    if len(given) > MOST_CELLS:
        raise UnusableInput(f"{name} has more than {MOST_CELLS} cells. Hand in the notebook that holds your answers.")
    cells = [_cell(cell, name, number) for number, cell in enumerate(given, start=1) if isinstance(cell, dict)]
    if sum(len(cell["source"]) for cell in cells if cell["cell_type"] == "code") > SOURCE_LIMIT:
        raise UnusableInput(f"{name} holds more than 1 MiB of Python. Keep data out of the file you hand in.")
    return cells


def _cell(given: dict[str, Any], name: str, number: int) -> dict[str, Any]:
    # A raw cell would enter the feedback page as HTML, just as it is.
    kind = "code" if given.get("cell_type") == "code" else "markdown"
    source = given.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise UnusableInput(f"{name}: cell {number} holds no text. Save it again from Jupyter.")
    # Half of a character can be written in JSON but in no file.
    source = _SURROGATE.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))
    metadata = given.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return new_cell(
        kind,
        source if kind == "code" else source[:TEXT_LIMIT],
        nbgrader if isinstance(nbgrader, dict) else None,
    )


_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\]\((?!\s*(?:https?://|#))")
_DEFINITION = re.compile(r"\]:(?!\s*https?://)")
_FORMULA_LINK = re.compile(r"\\(?=href\b)")


def harmless(text: str) -> str:
    """A student's markdown such that no HTML and no script comes of it, with as few blanks added as that takes.

    nbgrader shows it to instructors, in pages that may change everybody's marks, and returns it in feedback.
    """
    text = _TAG.sub("< ", text)
    text = _DEFINITION.sub("] :", _LINK.sub("] (", text))
    return _FORMULA_LINK.sub(r"\\ ", text)
