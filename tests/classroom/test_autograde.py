"""The whole cycle with the real nbgrader: what a class hands in, the marks in the gradebook, the feedback returned."""

from __future__ import annotations

import html
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from classes import SECRET, Classroom, classroom
from submitted import SCRIPT, attacks, heavy, honest, tampered, unusable, update_of

from grader.classroom.marking import probe_seed
from grader.classroom.plan import grade_cells
from grader.core import Sandbox, grade
from grader.course import built_in
from grader.submission import read_submission

pytestmark = pytest.mark.xdist_group("nbgrader")

EXERCISE = built_in().find("exercise1")
SEED = probe_seed(SECRET, EXERCISE.name)
CELLS = {cell.id: cell for cell in grade_cells(EXERCISE)}
FULL = {name: float(cell.points) for name, cell in CELLS.items()}
NOTHING = dict.fromkeys(CELLS, 0.0)

LOOP = "def recover_epsilon(z, mu, sigma):\n    while True:\n        pass"


@dataclass(frozen=True)
class Graded:
    """A class whose work was autograded in one run, and given its feedback.

    Args:
        room: the course.
        log: what autograde logged.
        marks: student → graded cell → points.
        kinds: what kind of student each one is.
    """

    room: Classroom
    log: str
    marks: dict[str, dict[str, float]]
    kinds: dict[str, list[str]]

    def feedback(self, student: str) -> str:
        return self.room.file("feedback", student, ".html").read_text(encoding="utf-8")

    def messages(self, student: str) -> str:
        """All that stands below the graded cells, as words."""
        cells = self.room.read("autograded", student)["cells"]
        shown = [output["data"] for cell in cells for output in cell.get("outputs", ())]
        return " ".join("".join(data.get("text/html", "")) for data in shown)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    room = classroom(tmp_path_factory.mktemp("class"), EXERCISE.name)
    work = {
        "honest": honest(room),
        "attack": attacks(room, EXERCISE.solution),
        "tampered": tampered(room),
        "unusable": unusable(room),
    }
    looping = honest(room)["right"]
    for cell in looping["cells"]:
        if "def recover_epsilon" in "".join(cell["source"]):
            cell["source"] = LOOP
    for students in work.values():
        for student, notebook in students.items():
            room.hand_in(student, notebook)
    room.hand_in("loop", looping)
    room.hand_in("heavy", heavy(room))
    log = room.nbgrader("autograde", EXERCISE.name)
    room.nbgrader("generate_feedback", EXERCISE.name)
    kinds = {kind: list(students) for kind, students in work.items()}
    return Graded(room, log, room.marks(), kinds)


def own_marks(room: Classroom, student: str, sandbox: Sandbox) -> dict[str, float]:
    """What `grade --seed` gives for the very file that was handed in."""
    submission = read_submission(room.file("submitted", student))
    report = grade(EXERCISE, submission, sandbox=sandbox, seed=SEED)
    points = {check.name: check.points for check in report.checks}
    return {name: float(sum(points[check] for check in cell.checks)) for name, cell in CELLS.items()}


def test_the_marks_are_those_of_grade(graded: Graded, warm: Sandbox) -> None:
    for student in (*graded.kinds["honest"], *graded.kinds["attack"]):
        if student != "syntax":
            assert graded.marks[student] == own_marks(graded.room, student, warm), student


def test_honest_work_earns_what_it_is_worth(graded: Graded) -> None:
    marks = graded.marks
    assert marks["right"] == marks["loud"] == marks["heavy"] == FULL
    assert marks["unattempted"] == marks["syntax"] == NOTHING
    assert marks["partly"] == {**NOTHING, "z": FULL["z"], "reparameterize": FULL["reparameterize"]}
    for student in ("variance", "logvar", "shared", "byhand"):
        assert 0 < sum(marks[student].values()) < sum(FULL.values()), student
    assert marks["loop"] == {**FULL, "recover-epsilon": marks["loop"]["recover-epsilon"]}
    assert marks["loop"]["recover-epsilon"] < FULL["recover-epsilon"]


def test_attacks_earn_nothing(graded: Graded) -> None:
    for student in graded.kinds["attack"]:
        for cell in ("z", "reparameterize", "sample-latent"):
            assert graded.marks[student][cell] == 0, (student, cell)


def test_the_gradebook_could_be_changed_without_a_sandbox(graded: Graded, tmp_path: Path) -> None:
    copy = tmp_path / "gradebook.db"
    copy.write_bytes((graded.room.folder / "gradebook.db").read_bytes())
    subprocess.run([sys.executable, "-c", update_of(copy)], check=True)
    with closing(sqlite3.connect(copy)) as base:
        assert base.execute("select count(*) from grade where manual_score = 100").fetchone()[0] > 0


def test_tampering_costs_nobody_a_point_and_earns_none(graded: Graded) -> None:
    found = {student: graded.marks[student] for student in graded.kinds["tampered"]}
    assert found == dict.fromkeys(found, FULL)


def test_an_unusable_file_is_one_students_zero_with_a_reason(graded: Graded) -> None:
    for student in graded.kinds["unusable"]:
        assert graded.marks[student] == NOTHING, student
        assert re.search("not a notebook|binary|empty|old format|no code cells", graded.messages(student)), student
        assert str(graded.room.folder) not in graded.feedback(student)


def test_every_repair_is_said_in_the_feedback(graded: Graded) -> None:
    said = {
        "deleted": "Missing, and put back: `z`, `reparameterize`",
        "prose": "Missing, though yours to fill: `answer_z`, ",
        "duplicated": "There more than once; the copies count as ordinary cells: `z`, `answer_reparameterize`, ",
        "edited": "Edited, and set back; what you wrote there was not graded: `z`, `sample-latent`",
        "renamed": "marked again: `z`, `answer_reparameterize`",
        "forged": "Marked for nbgrader, though not handed out",
        "torn": "This notebook could not be read",
    }
    for student, words in said.items():
        assert words.replace("`", "") in re.sub(r"</?code>", "", graded.feedback(student)), student
    assert "put right before grading" not in graded.feedback("right")


def test_feedback_names_the_misconception(graded: Graded) -> None:
    for student in ("variance", "logvar", "shared"):
        report = re.sub(r"<[^>]*>", "", graded.feedback(student))
        assert "σ" in report
        assert 'class="named"' in graded.messages(student), student
        assert 'class="hint"' in graded.messages(student), student


def test_feedback_shows_no_right_answer_and_no_seed(graded: Graded) -> None:
    right = {"0.695", "-0.25", "−0.25", "0.0325"}
    for student in ("byhand", "allclose", "unattempted", "exit"):
        words = html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", graded.messages(student), flags=re.DOTALL))
        own = " ".join("".join(cell["source"]) for cell in graded.room.read("autograded", student)["cells"])
        assert not {value for value in right if value in words and value not in own}, student
    for student in graded.marks:
        page = graded.feedback(student)
        assert str(SEED) not in page
        assert str(SECRET) not in page
        assert "BEGIN SOLUTION" not in page


def test_nothing_of_a_students_runs_in_the_instructors_browser(graded: Graded) -> None:
    for student in ("scripted", "garbage"):
        page = graded.feedback(student)
        assert SCRIPT not in page
        assert "onerror=alert(1)>" not in page.replace("&lt; img src=x onerror=alert(1)&gt;", "")
        assert 'href="javascript:' not in page


def test_no_kernel_starts_and_nothing_fails(graded: Graded) -> None:
    assert "Executing notebook with kernel" not in graded.log
    assert "Traceback" not in graded.log


def test_grading_again_gives_the_same_marks_and_touches_nobody_else(graded: Graded) -> None:
    graded.room.nbgrader("autograde", EXERCISE.name, "--student", "variance", "--force")
    assert graded.room.marks() == graded.marks


def test_another_notebook_of_the_course_is_executed_by_nbgrader(graded: Graded) -> None:
    room = Classroom(graded.room.folder, graded.room.home, "homework")
    metadata = {"grade": True, "grade_id": "sum", "locked": True, "points": 2, "schema_version": 3, "solution": False}
    cell = {"cell_type": "code", "metadata": {"nbgrader": {**metadata, "task": False}}, "source": "assert 1 + 1 == 3"}
    cell |= {"outputs": [], "execution_count": None, "id": "sum"}
    notebook = {"cells": [cell], "metadata": room_metadata(graded.room), "nbformat": 4, "nbformat_minor": 5}
    source = room.file("source")
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(notebook))
    room.nbgrader("generate_assignment", "homework")
    room.hand_in("right", Path(room.file("release")).read_bytes())
    log = room.nbgrader("autograde", "homework")
    assert "nbgrader executes it" in log
    assert room.marks()["right"] == {"sum": 0.0}


def room_metadata(room: Classroom) -> dict[str, object]:
    return {"kernelspec": room.read("release")["metadata"]["kernelspec"]}
