"""What is left of a graded class: tables, JSON, JUnit, insights, and pages for students."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader import output, student, workspace
from grader.classroom.batch import gradebooks
from grader.classroom.batch.record import Record, Results
from grader.errors import UnusableInput
from grader.render import exchange
from grader.report import CheckResult, Report, Status

SCHEMA = "reparam.results/1"
FEEDBACK = "feedback"


def write(results: Results, out: Path, *, feedback: bool = False) -> list[Path]:
    """Write all files about a class; each is complete or as it was before.

    Args:
        results: the graded class.
        out: the folder; it is made if it is not there.
        feedback: whether to write a page for each submission too.

    Returns:
        What was written, the pages for students as their folder.

    Raises:
        UnusableInput: a file cannot be written; those that had been written stay.
    """
    from grader.classroom.insights import insights
    from grader.classroom.insights_page import page

    workspace.make_folder(out)
    seen = insights(results)
    texts: dict[str, Iterator[str]] = {
        "results.csv": gradebooks.results_csv(results),
        "results.json": _json(results),
        "junit.xml": exchange.junit_parts(_entries(results), times=False),
        "canvas.csv": gradebooks.canvas_csv(results),
        "moodle.csv": gradebooks.moodle_csv(results),
        "insights.json": iter([_dumped(seen.to_json(), indent=2) + "\n"]),
        "insights.html": iter([page(seen)]),
    }
    for name, parts in texts.items():
        output.to_file(out / name, parts)
    return [out / name for name in texts] + ([_feedback(results, out)] if feedback else [])


def _json(results: Results) -> Iterator[str]:
    """`results.json`, a record a line: a large class is never one text in memory."""
    head = {
        "schema": SCHEMA,
        "course": results.course.title,
        "seed": results.seed,
        "exercises": [
            {"name": one.name, "title": one.title, "max_points": results.max_points[one.name]}
            for one in results.exercises
        ],
        "students": list(results.students),
    }
    text = _dumped(head, indent=2)
    yield f'{text.removesuffix("}").rstrip()},\n  "records": ['
    comma = "\n"
    for record in _records(results):
        yield f"{comma}    {_dumped(record.to_json())}"
        comma = ",\n"
    yield "\n  ]\n}\n"


def _dumped(data: Any, indent: int | None = None) -> str:
    # A file's name may hold what UTF-8 cannot: half of a surrogate pair.
    return json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False).encode(errors="replace").decode()


def _records(results: Results) -> Iterator[Record]:
    """By student, and for each in the order of the course."""
    for name in results.students:
        for exercise in results.exercises:
            if (record := results.records.get((name, exercise.name))) is not None:
                yield record


def _entries(results: Results) -> list[Report | exchange.Ungraded]:
    """What JUnit XML tells of: everything that was handed in."""
    return [_entry(record, results.max_points[record.exercise]) for record in _records(results)]


def _entry(record: Record, max_points: int) -> Report | exchange.Ungraded:
    if record.report is None:
        return exchange.Ungraded(record.exercise, max_points, record.problem or record.fault, record.student)
    return replace(record.report, student=record.student)


def _feedback(results: Results, out: Path) -> Path:
    """A page for each submission, ``feedback/<student>/<exercise>.html``: to be sent to its student."""
    from grader.render.html import page

    folder = out / FEEDBACK
    titles = {exercise.name: exercise.title for exercise in results.exercises}
    for record in _records(results):
        if record.report is None and not record.problem:
            continue  # what we failed to grade is nothing to tell a student
        place = folder / _folder_name(record.student)
        workspace.make_folder(place)
        # No command: a student's own file lies elsewhere; and no seed, with which hidden numbers could be drawn.
        title, most = titles[record.exercise], results.max_points[record.exercise]
        report = replace(record.report or _refused(record, title, most), student=record.student)
        output.to_file(place / f"{record.exercise}.html", page([report], title=title, commands={record.exercise: ""}))
    return folder


def _refused(record: Record, title: str, max_points: int) -> Report:
    """A file that cannot be graded, as a report: what its student is shown."""
    check = CheckResult("submission", "The file that was handed in", Status.ERROR, 0, max_points, record.problem)
    return Report(record.exercise, title, (check,), 0.0, (), record.seed)


def _folder_name(name: str) -> str:
    """The student's id; what is none gets a name that leads to no other folder."""
    try:
        if student.valid(name) == name and not name.startswith("."):
            return name
    except UnusableInput:
        pass
    return f"student-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"
