"""One notebook for each student, with numbers of their own: `grade release nbgrader --variants STUDENTS_FILE`."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grader import author, own_texts, student, variants
from grader.classroom.plan import plan
from grader.classroom.release_notebook import check_source
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line
from grader.wording import Wording, worded

FOLDER = "variants"
_COLUMNS = ("student", "student_id", "id")
_LIMIT = 4 << 20
_BETWEEN = "\0"


def students_in(path: Path) -> list[str]:
    """The ids in a file: one a line, or a CSV file with a column ``id`` or ``student``; in the file's order.

    Raises:
        UnusableInput: the file cannot be read, or an id cannot be used; the message names the line.
    """
    shown = one_line(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnusableInput(f"{shown} is not UTF-8 text. Export it as CSV in UTF-8.") from None
    if len(content) > _LIMIT:
        raise UnusableInput(f"{shown} is longer than {_LIMIT >> 20} MB: is it a list of students?")
    found: dict[str, tuple[str, int]] = {}
    for line, cell in _ids(text, shown):
        try:
            name = student.valid(cell)
        except UnusableInput as error:
            raise UnusableInput(f"{shown}, line {line}: {error}") from None
        # Folders are named after them, and not every file system tells a from A.
        same = name.casefold()
        if same in found:
            raise UnusableInput(f"{shown}, line {line}: {name} is {found[same][0]} of line {found[same][1]} again.")
        found[same] = name, line
    if not found:
        raise UnusableInput(f"{shown} names no student. Write one id on each line.")
    return [name for name, _ in found.values()]


def _ids(text: str, shown: str) -> Iterator[tuple[int, str]]:
    """Each id with its line."""
    # Spreadsheets put what their country is used to between two cells.
    first = text.lstrip().partition("\n")[0]
    mark = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    column: int | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if column is None:
                head = [cell.strip().casefold() for cell in row]
                column = next((head.index(name) for name in _COLUMNS if name in head), None)
                if column is not None:
                    continue
                if len(row) > 1:
                    raise UnusableInput(f"{shown}, line {reader.line_num}: no column is named id or student.")
                column = 0
            if len(row) <= column:
                raise UnusableInput(f"{shown}, line {reader.line_num}: the column of the id is missing.")
            yield reader.line_num, row[column]
    except csv.Error as error:
        raise UnusableInput(f"{shown}, line {reader.line_num}: {one_line(str(error))}.") from None


def secret_of(seed: str, where: str) -> str:
    """The secret that a configuration's seed is, given as text of Python.

    Raises:
        UnusableInput: it is no plain number or text.
    """
    try:
        value = ast.literal_eval(seed)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, int | str) or value == "":
        raise UnusableInput(f"{where}: with --variants the seed should stand there as a plain number or text.")
    return str(value)


def student_notebooks(
    exercises: Sequence[Exercise], sources: Sequence[str], course: Course, students: Sequence[str], secret: str
) -> Iterator[tuple[Path, str]]:
    """Every student's notebook of every exercise that has numbers: where, seen from the course's folder, and its text.

    Args:
        exercises: which ones.
        sources: the source notebook of each, as instructors keep it.
        course: the exercises'.
        students: ids.
        secret: what the numbers are drawn from, with the id.

    Raises:
        UnusableInput: a source notebook lacks a place where the numbers belong, or is none.
    """
    asked = [(e, source) for e, source in zip(exercises, sources, strict=True) if own_texts.has_numbers(e)]
    drawn = {(name, e): variants.variant(secret, name, e) for name in students for e, _ in asked}
    own_texts.draw([(e, variant) for (_, e), variant in drawn.items()])
    for exercise, source in asked:
        checks = plan(exercise).grades
        for name in students:
            variant = drawn[name, exercise]
            calls = {cell.id: check_source(cell, exercise, course, variant) for cell in checks}
            text = _own(source, own_texts.wording(exercise, variant), calls, f"{exercise.name}.ipynb")
            yield Path(FOLDER) / name / exercise.name / f"{exercise.name}.ipynb", text


def _own(source: str, wording: Wording, calls: dict[str, str], name: str) -> str:
    """A source notebook as one student gets it: without answers, with other numbers."""
    try:
        notebook = json.loads(source)
        cells: list[dict[str, Any]] = notebook["cells"]
        texts = ["".join(cell["source"]) for cell in cells]
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnusableInput(f"source/{name} is no notebook that can be read.") from None
    for place, (cell, mark) in enumerate(zip(cells, marks, strict=True)):
        cell_id = mark.get("grade_id")
        if mark.get("solution") and cell["cell_type"] == "code" and author.BEGIN in texts[place]:
            texts[place] = author.stub(texts[place], f"{name}, cell {cell_id}")
        elif cell_id in calls and not mark.get("solution"):
            texts[place] = calls[cell_id]
    own = worded(_BETWEEN.join(texts), Wording(wording.phrases, {}), f"source/{name}").split(_BETWEEN)
    for cell, mark, text in zip(cells, marks, own, strict=True):
        cell["source"] = text.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if mark.get("locked"):
            cell["metadata"].update(deletable=False, editable=False)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
