"""What is left of a graded class, read back by parsers that nobody here wrote."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from junitparser import JUnitXml
from read_only import read_only
from referencing import Registry, Resource
from reports import MIXED, NOT_ATTEMPTED, PASSED, VARIANCE

from grader.classroom.batch import gradebooks
from grader.classroom.batch.outputs import write
from grader.classroom.batch.record import Record, Results
from grader.course import built_in
from grader.errors import UnusableInput
from grader.report import CheckResult, Report

COURSE = built_in()
FIRST, SECOND = COURSE.exercises[:2]
SEED = 20261121
ALL = ("results.csv", "results.json", "junit.xml", "canvas.csv", "moodle.csv", "insights.json", "insights.html")
# What a spreadsheet would run, what breaks a row, and what leads out of a folder.
HOSTILE = (
    '=HYPERLINK("http://example.org","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "＝1+1",
    "'quoted",
    "a;=1+1",
    'say "hi", twice',
    "Zoë Müller",
    "..",
    "<script>alert(1)</script>",
)


def record(student: str, *checks: CheckResult, exercise: str = FIRST.name, **changes: object) -> Record:
    report = Report(exercise, "A title", checks, 0.5, ("landlock", "seccomp"), SEED) if checks else None
    found = Record(student, exercise, f"{student}/{exercise}.py", "0" * 64, SEED, "1" * 64, report=report, seconds=0.5)
    return replace(found, **changes)


def results(*records: Record, students: Sequence[str] = ()) -> Results:
    names = sorted({*students, *(one.student for one in records)})
    return Results(
        course=COURSE,
        exercises=(FIRST, SECOND),
        max_points={FIRST.name: 13, SECOND.name: 30},
        students=tuple(names),
        records={(one.student, one.exercise): one for one in records},
        seed=SEED,
    )


CLASS = results(
    record("ada", PASSED),
    record("ada", *MIXED, exercise=SECOND.name),
    record("ben", problem="exercise1.py, line 3: it is not Python."),
    record("cleo", fault="the machine's memory was full"),
    students=["ada", "ben", "cleo", "dan"],
)
"""One of every kind; Dan has handed in nothing that is graded."""


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def table(path: Path) -> list[dict[str, str]]:
    head, *body = rows(path)
    return [dict(zip(head, row, strict=True)) for row in body]


def text_of(cell: str) -> str:
    """What was in a cell before a spreadsheet was kept from running it."""
    return cell.removeprefix("'")


# --- tables -------------------------------------------------------------------------------------------------


def test_everything_is_written_and_said(tmp_path: Path) -> None:
    written = write(CLASS, tmp_path / "new" / "out")
    assert written == [tmp_path / "new" / "out" / name for name in ALL]
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == sorted(ALL)


def test_a_row_for_each_student_and_exercise(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    found = table(tmp_path / "results.csv")
    assert [(row["student"], row["exercise"], row["status"], row["points"], row["max_points"]) for row in found] == [
        ("ada", FIRST.name, "passed", "2", "13"),
        ("ada", SECOND.name, "failed", "2", "30"),
        ("ben", FIRST.name, "unusable", "0", "13"),
        ("ben", SECOND.name, "missing", "", "30"),
        ("cleo", FIRST.name, "ungraded", "", "13"),
        ("cleo", SECOND.name, "missing", "", "30"),
        ("dan", FIRST.name, "missing", "", "13"),
        ("dan", SECOND.name, "missing", "", "30"),
    ]
    assert (found[1]["passed_checks"], found[1]["misconceptions"]) == ("test_shape", "variance_as_std")
    assert found[1]["file"] == f"ada/{SECOND.name}.py"
    assert found[2]["problem"] == "exercise1.py, line 3: it is not Python."
    assert found[4]["problem"] == "the machine's memory was full"


def test_the_same_marks_are_the_same_bytes(tmp_path: Path) -> None:
    """However long it took this time."""
    slower = replace(
        CLASS,
        records={
            key: replace(
                one,
                seconds=77.7,
                report=one.report and replace(
                    one.report, seconds=66.6, checks=tuple(replace(check, seconds=5.5) for check in one.report.checks)
                ),
            )
            for key, one in CLASS.records.items()
        },
    )  # fmt: skip
    for folder, graded in (("first", CLASS), ("second", slower)):
        write(graded, tmp_path / folder)
    for name in ("results.csv", "canvas.csv", "moodle.csv", "junit.xml"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_canvas(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    head, points, *students = rows(tmp_path / "canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", FIRST.name, SECOND.name]
    assert points == ["    Points Possible", "", "", "", "", "13", "30"]
    assert students == [
        ["ada", "", "", "ada", "", "2", "2"],
        ["ben", "", "", "ben", "", "0", ""],
        ["cleo", "", "", "cleo", "", "", ""],
        ["dan", "", "", "dan", "", "", ""],
    ]


def test_canvas_knows_its_own_students_by_their_numbers(tmp_path: Path) -> None:
    ada = record("lovelaceada_123", PASSED, file="class/lovelaceada_LATE_123_4567_exercise1-1.py")
    ben = record("Ben_55", PASSED, file="Ben_55_assignsubmission_file_exercise1.py")  # Moodle's number
    team = record("team_7", PASSED)  # a folder's name
    write(results(ada, ben, team), tmp_path)
    assert [row[:5] for row in rows(tmp_path / "canvas.csv")[2:]] == [
        ["Ben_55", "", "", "Ben_55", ""],
        ["lovelaceada_123", "123", "", "", ""],
        ["team_7", "", "", "team_7", ""],
    ]


def test_moodle(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    assert rows(tmp_path / "moodle.csv") == [
        ["student", FIRST.name, SECOND.name],
        ["ada", "2", "2"],
        ["ben", "0", "-"],
        ["cleo", "-", "-"],
        ["dan", "-", "-"],
    ]


@example("=1")
@example("'=1")
@example("''")
@example("\t=1")
@given(st.text(min_size=1, max_size=30))
def test_no_cell_begins_a_formula_and_the_id_comes_back(name: str) -> None:
    cell = gradebooks.defused(name)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    if " ".join(name.split()) == name and name.isprintable() and gradebooks.one_line(name) == name:
        assert text_of(cell) == name


@pytest.mark.parametrize("name", ["results.csv", "canvas.csv", "moodle.csv"])
def test_hostile_names_in_tables(tmp_path: Path, name: str) -> None:
    graded = results(*(record(student, PASSED, file=f"{student}/=x.py") for student in HOSTILE))
    write(graded, tmp_path)
    found = rows(tmp_path / name)
    assert {len(row) for row in found} == {len(found[0])}
    cells = [cell for row in found for cell in row if cell != "-"]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    body = found[2:] if name == "canvas.csv" else found[1:]
    assert {text_of(row[0]) for row in body} == set(HOSTILE)
    # Where a spreadsheet splits at semicolons, only quotes keep a cell together.
    assert '"a;=1+1"' in (tmp_path / name).read_text(encoding="utf-8")


def test_pandas_reads_the_tables(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    write(results(*(record(student, PASSED) for student in HOSTILE)), tmp_path)
    frame = pandas.read_csv(tmp_path / "results.csv")
    assert list(frame.columns) == list(gradebooks.COLUMNS)
    assert {text_of(name) for name in frame["student"]} == set(HOSTILE)
    assert frame["points"].sum() == 2 * len(HOSTILE)


def test_a_real_spreadsheet_runs_nothing(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not here")
    write(results(*(record(student, PASSED) for student in HOSTILE)), tmp_path)
    there_and_back = ["--headless", "--convert-to", "ods", "--outdir", str(tmp_path), str(tmp_path / "results.csv")]
    subprocess.run([office, *there_and_back], check=True, capture_output=True, timeout=120)
    back = ["--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(tmp_path / "results.ods")]
    subprocess.run([office, *back], check=True, capture_output=True, timeout=120)
    assert "table:formula" not in (tmp_path / "results.fods").read_text(encoding="utf-8")


# --- JSON, JUnit, insights ------------------------------------------------------------------------------------


def test_json_follows_its_schema_and_brings_the_records_back(tmp_path: Path) -> None:
    graded = results(*CLASS.records.values(), record("\udc80bad", VARIANCE), students=CLASS.students)
    write(graded, tmp_path)
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    schemas = {
        name: json.loads(files("grader").joinpath(f"schema/{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("report", "results")
    }
    registry = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in schemas.values()])
    jsonschema.Draft202012Validator(schemas["results"], registry=registry).validate(found)
    records = [Record.from_json(one) for one in found["records"]]
    assert {one for one in records if one.student != "?bad"} == set(CLASS.records.values())
    assert found["seed"] == SEED
    assert found["exercises"][0] == {"name": FIRST.name, "title": FIRST.title, "max_points": 13}


def test_junit_has_a_suite_for_everything_that_was_handed_in(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    suites = list(JUnitXml.fromfile(str(tmp_path / "junit.xml")))
    assert [(suite.name, suite.tests, suite.failures, suite.errors) for suite in suites] == [
        (f"ada/{FIRST.name}", 1, 0, 0),
        (f"ada/{SECOND.name}", 5, 2, 1),
        (f"ben/{FIRST.name}", 1, 0, 1),
        (f"cleo/{FIRST.name}", 1, 0, 1),
    ]


def test_insights_are_there(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    assert json.loads((tmp_path / "insights.json").read_text(encoding="utf-8"))["schema"] == "reparam.insights/1"
    assert "σ² was used where σ belongs" in (tmp_path / "insights.html").read_text(encoding="utf-8")


# --- pages for students -------------------------------------------------------------------------------------


def test_feedback_is_a_page_for_each_submission(tmp_path: Path) -> None:
    written = write(CLASS, tmp_path, feedback=True)
    assert written[-1] == tmp_path / "feedback"
    pages = {str(path.relative_to(tmp_path / "feedback")): path for path in (tmp_path / "feedback").rglob("*.html")}
    assert set(pages) == {f"ada/{FIRST.name}.html", f"ada/{SECOND.name}.html", f"ben/{FIRST.name}.html"}
    told = pages[f"ada/{SECOND.name}.html"].read_text(encoding="utf-8")
    assert "σ² was used where σ belongs" in told
    assert "<strong>2</strong> of 13 points" in told
    refused = pages[f"ben/{FIRST.name}.html"].read_text(encoding="utf-8")
    assert "exercise1.py, line 3: it is not Python." in refused
    assert "<strong>0</strong> of 13 points" in refused


def test_feedback_shows_no_seed_and_nobody_else(tmp_path: Path) -> None:
    write(CLASS, tmp_path, feedback=True)
    for path in (tmp_path / "feedback").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert str(SEED) not in text
        others = {"ada", "ben", "cleo", "dan"} - {path.parent.name}
        assert not [name for name in others if f"· {name}<" in text]


def test_feedback_stays_in_its_folder_whatever_a_student_is_called(tmp_path: Path) -> None:
    names = [*HOSTILE, "../../up", "a/b", ".hidden", "\udc80"]
    write(results(*(record(name, NOT_ATTEMPTED) for name in names)), tmp_path / "out", feedback=True)
    pages = [path for path in tmp_path.rglob("*.html") if path.name != "insights.html"]
    assert len(pages) == len(names)
    assert {path.parent.parent for path in pages} == {tmp_path / "out" / "feedback"}


# --- writing ------------------------------------------------------------------------------------------------


def test_again_into_the_same_folder(tmp_path: Path) -> None:
    write(CLASS, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write(results(record("zoe", PASSED)), tmp_path)
    assert [row["student"] for row in table(tmp_path / "results.csv")] == ["zoe", "zoe"]
    assert {path.name for path in tmp_path.iterdir()} == {*ALL, "notes.txt"}


def test_an_empty_class(tmp_path: Path) -> None:
    write(results(), tmp_path)
    assert table(tmp_path / "results.csv") == []
    assert list(JUnitXml.fromfile(str(tmp_path / "junit.xml"))) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        write(CLASS, out)
        before = (out / "results.csv").read_bytes()
        with read_only(out), pytest.raises(UnusableInput, match=r"results\.csv cannot be written"):
            write(results(record("zoe", PASSED)), out)
        assert (out / "results.csv").read_bytes() == before
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableInput, match="a file is in the way"):
        write(CLASS, tmp_path / "file")


def test_a_large_class_is_written_record_by_record(tmp_path: Path) -> None:
    students = [f"student{number:05}" for number in range(2000)]
    write(results(*(record(name, PASSED, VARIANCE) for name in students)), tmp_path)
    assert len(table(tmp_path / "results.csv")) == 4000
    assert len(json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["records"]) == 2000
