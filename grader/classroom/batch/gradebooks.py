"""A graded class as tables: one of our own, and what Canvas and Moodle import.

The same marks are the same bytes: nothing in a table tells when or how fast something was graded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from grader.classroom.batch.names import canvas_id
from grader.classroom.batch.record import Record, Results
from grader.course import Exercise
from grader.report import Status
from grader.text import one_line

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else and garbles names; Canvas, Moodle and pandas pass over it."""

COLUMNS = (
    "student",
    "exercise",
    "status",
    "points",
    "max_points",
    "passed_checks",
    "misconceptions",
    "file",
    "problem",
)

CANVAS_STUDENT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_POINTS = "    Points Possible"
"""How Canvas knows the row with the maxima; the spaces are its own."""

MOODLE_STUDENT = "student"
MOODLE_NOTHING = "-"
"""What Moodle takes for no grade; an empty cell of a new column would become 0."""

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_QUOTE = "'"

Cell = str | int


def status(record: Record | None) -> str:
    """How a submission ended: ``passed``, ``failed``, ``unusable``, ``ungraded`` (our fault) or ``missing``."""
    if record is None:
        return "missing"
    if record.report is None:
        return "unusable" if record.problem else "ungraded"
    return "passed" if record.report.passed else "failed"


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before whatever could begin one.

    One stands before an apostrophe too: whoever removes the first apostrophe of a cell, if there is one, has the text.
    """
    shown = one_line(text, 4000)
    return f"{_QUOTE}{shown}" if shown.startswith((*_FORMULA, _QUOTE)) else shown


def results_csv(results: Results) -> Iterator[str]:
    """A row for each student and exercise, also for what was not handed in; line by line."""
    rows = (_row(results, student, exercise) for student in results.students for exercise in results.exercises)
    return _csv(COLUMNS, rows)


def canvas_csv(results: Results) -> Iterator[str]:
    """What Canvas' gradebook imports; a cell is empty where there is no mark to give."""
    head = [*CANVAS_STUDENT, *(exercise.name for exercise in results.exercises)]
    empty = [""] * (len(CANVAS_STUDENT) - 1)
    most: list[Cell] = [CANVAS_POINTS, *empty, *(results.max_points[exercise.name] for exercise in results.exercises)]
    rows = ([*_canvas_student(results, student), *_marks(results, student, "")] for student in results.students)
    return _csv(head, _after(most, rows))


def moodle_csv(results: Results) -> Iterator[str]:
    """What Moodle's gradebook imports; a cell is ``-`` where there is no mark to give."""
    head = [MOODLE_STUDENT, *(exercise.name for exercise in results.exercises)]
    rows = ([student, *_marks(results, student, MOODLE_NOTHING)] for student in results.students)
    return _csv(head, rows)


def _row(results: Results, student: str, exercise: Exercise) -> list[Cell]:
    record = results.records.get((student, exercise.name))
    ended = status(record)
    checks = record.report.checks if record is not None and record.report is not None else ()
    named = sorted({check.misconception for check in checks if check.misconception})
    return [
        student,
        exercise.name,
        ended,
        # What we owe a verdict is nobody's 0.
        "" if ended == "ungraded" or record is None else record.points,
        results.max_points[exercise.name],
        " ".join(check.name for check in checks if check.status is Status.PASSED),
        " ".join(named),
        record.file if record is not None else "",
        (record.problem or record.fault) if record is not None else "",
    ]


def _canvas_student(results: Results, student: str) -> list[Cell]:
    """By Canvas' own number, where the files were downloaded from there; else by what a student logs in with."""
    records = [results.records.get((student, exercise.name)) for exercise in results.exercises]
    numbers = {canvas_id(PurePath(record.file).name) for record in records if record is not None}
    number = numbers.pop() if len(numbers) == 1 else ""
    return [student, number, "", "" if number else student, ""]


def _marks(results: Results, student: str, nothing: str) -> Iterator[Cell]:
    for exercise in results.exercises:
        record = results.records.get((student, exercise.name))
        yield nothing if record is None or status(record) == "ungraded" else record.points


def _after(first: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield first
    yield from rows


def _csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Every text in quotes: where a spreadsheet splits at semicolons, a quoted cell stays one."""
    yield BYTE_ORDER_MARK
    for row in _after(head, rows):
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow([_cell(cell) for cell in row])
        yield line.getvalue()


def _cell(cell: Cell) -> Cell:
    # Moodle's dash and Canvas' spaces are ours, and begin no formula.
    return defused(cell) if isinstance(cell, str) and cell not in (MOODLE_NOTHING, CANVAS_POINTS) else cell
