"""`grade audit` finds the holes that are there, and none that are not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from courses import CHECKS, COURSE, SOLUTION, small_course

from grader.audit.exercise import audit
from grader.crew import Crew
from grader.findings import Audit, Column, ExerciseAudit, Hole, Outcome, Row, holes_between
from grader.render.matrix import matrix, summary
from grader.render.page import Look
from grader.report import Status

SCHEMA = json.loads(files("grader").joinpath("schema/audit.schema.json").read_text(encoding="utf-8"))
Auditing = Callable[..., ExerciseAudit]

MISCONCEPTION = '@misconception("double", fails="{fails}", says="{says}", why="b", look="c")\n'


@pytest.fixture
def audited(tmp_path: Path, crew: Crew) -> Auditing:
    """A function that writes a small course, with some texts changed, and audits it."""

    def run(**texts: str) -> ExerciseAudit:
        course = small_course(tmp_path, **texts)
        return audit(course, course.exercises[0], crew, seed=3)

    return run


def wrong(name: str, body: str, *, fails: str = "test_values", says: str = "a") -> str:
    """A misconception about ``double``, to be put at the end of the checks."""
    return f"\n{MISCONCEPTION.format(fails=fails, says=says)}def {name}(x):\n    {body}\n"


# --- a whole matrix ---------------------------------------------------------------------------------------


def test_a_sound_exercise_has_no_hole(audited: Auditing) -> None:
    found = audited()
    assert found.holes == ()
    assert [column.name for column in found.columns] == ["test_six", "test_values"]
    assert {row.name: {check: outcome.named for check, outcome in row.outcomes.items()} for row in found.rows} == {
        "squared": {"test_six": "squared", "test_values": "squared"},
        "same": {"test_six": "same", "test_values": "same"},
    }
    assert [found.caught_by(column.name) for column in found.columns] == [2, 2]


def test_by_hand_answers_follow_the_misconception_and_one_of_their_own_is_about_them_alone(audited: Auditing) -> None:
    mark = '\n@misconception("six", fails="test_six", says="a", why="b", look="c")\ndef added(f):\n    return 5.0\n'
    found = audited(checks=CHECKS + mark)
    assert found.holes == ()
    (row,) = [row for row in found.rows if row.name == "added"]
    assert [outcome.status for outcome in row.outcomes.values()] == [Status.FAILED, Status.PASSED]


def test_the_variable_of_a_loop_is_no_second_misconception(audited: Auditing) -> None:
    found = audited(checks=CHECKS + "\nfor _function in (squared, same):\n    pass\n")
    assert [row.name for row in found.rows] == ["squared", "same"]


def test_a_training_is_no_column(audited: Auditing) -> None:
    checks = CHECKS + '\n@training\ndef test_train(learner, rng):\n    """It trains."""\n' + (
        "    assert_close(learner.double(torch.ones(())), torch.tensor(2.0))\n"
    )  # fmt: skip
    found = audited(checks=checks)
    assert found.holes == ()
    assert len(found.checks) == 3
    assert [column.name for column in found.columns] == ["test_six", "test_values"]


# --- holes ------------------------------------------------------------------------------------------------


def check(name: str, body: str, mark: str = "@points(1)") -> str:
    """A check, to be put at the end of the checks."""
    return f'\n{mark}\ndef {name}(learner, rng):\n    """A title."""\n    {body}\n'


def with_checks(more: str) -> dict[str, str]:
    return {"checks": CHECKS + more}


def changed(old: str, new: str) -> dict[str, str]:
    assert CHECKS.count(old) == 1
    return {"checks": CHECKS.replace(old, new)}


SQUARED = '"double", fails="test_values", says="x was squared"'
HOLES = [
    ("uncaught", "late passes test_values.", with_checks(wrong("late", "return 2 * x"))),
    (
        "uncaught",
        "test_values takes lazy for a place that is still empty: ",
        with_checks(wrong("lazy", "raise NotImplementedError")),
    ),
    (
        "uncaught",
        "test_more never runs on tripled: Fix “double doubles” (test_values) first.",
        with_checks(
            check(
                "test_more",
                "assert_close(learner.double(torch.ones(9)), torch.full((9,), 2.0))",
                "@requires('test_values')",
            )
            + wrong("tripled", "return 3 * x", fails="test_more")
        ),
    ),
    ("misnamed", "test_values takes again for squared.", with_checks(wrong("again", "return x**2"))),
    (
        "unnamed",
        "test_values catches helped but does not name it. It says: Your code raised NameError",
        with_checks("\nfrom statistics import fmean as helper\n" + wrong("helped", "return 3 * helper([x])")),
    ),
    (
        "unproven",
        "No misconception fails test_nothing: nothing proves that it can tell wrong from right.",
        with_checks(check("test_nothing", "learner.double(rng.normal(2))")),
    ),
    (
        "constant",
        "A submission that answers everything with 0.0 passes test_zero.",
        with_checks(check("test_zero", "assert_close(learner.double(torch.zeros(())), torch.zeros(()))")),
    ),
    ("stub", "On the stub, test_free is passed, not “not attempted”.", with_checks(check("test_free", "pass"))),
    (
        "solution",
        "The solution does not pass test_six: six = 7 is not right.",
        {"solution": SOLUTION.replace("6.0", "7.0")},
    ),
    (
        "solution",
        "The solution gets the advice multiplied from test_values.",
        with_checks(
            "\n@advice('double', check='test_values', says='a')\ndef multiplied(code): return mentions(code, 'x')\n"
        ),
    ),
    (
        "fault",
        "On the solution, the constant 0.0, the constant 1 and ",
        changed("    assert_close(learner.double(x), 2 * x)", '    learner.double(x)\n    {}["a"]'),
    ),
    (
        "mutant",
        "No submission can be made of odd: SECRET has no source",
        with_checks("\nfor SECRET in (object(),): pass\n" + wrong("odd", "return SECRET or x")),
    ),
    (
        "catalogue",
        "squared says that it fails test_valuse, and there is no such check.",
        changed(SQUARED, SQUARED.replace("values", "valuse")),
    ),
    (
        "catalogue",
        "squared says that it fails test_values, a training, ",
        changed("@points(2)", "@points(2)\n@training"),
    ),
    (
        "catalogue",
        "squared is about dobule, which is neither a reference nor a by-hand answer.",
        changed(SQUARED, SQUARED.replace("double", "dobule")),
    ),
    (
        "catalogue",
        "test_values needs test_sixx, which is not there.",
        changed("@points(2)", '@points(2)\n@requires("test_sixx")'),
    ),
    (
        "catalogue",
        "test_six needs test_values, which runs after it",
        changed("@points(1)", '@points(1)\n@requires("test_values")'),
    ),
    (
        "catalogue",
        "test_six needs test_sixx, which is not there.",
        changed("@points(1)", '@points(1)\n@counts_with("test_sixx")'),
    ),
    ("catalogue", "blank has an empty `says`.", with_checks(wrong("blank", "return 3 * x", says=" "))),
    (
        "catalogue",
        f"exercise1_double.py defines same twice, in lines {CHECKS.count(chr(10)) - 1} and ",
        with_checks(wrong("same", "return x + 2")),
    ),
    (
        "catalogue",
        "course.yaml has hints for test_sux, and there is no such check.",
        {"course": COURSE + "    hints: {test_sux: [a, b, c]}\n"},
    ),
    (
        "catalogue",
        "The advice loops is about tripel, which is not there.",
        with_checks("\n@advice('tripel', check='test_six', says='a')\ndef loops(code): return False\n"),
    ),
    ("catalogue", "exercise1_double.py has no check.", {"checks": "import torch\n"}),
]


@pytest.mark.parametrize(("kind", "says", "texts"), HOLES, ids=[f"{kind}-{says[:30]}" for kind, says, _ in HOLES])
def test_a_hole_is_found(audited: Auditing, kind: str, says: str, texts: dict[str, str]) -> None:
    holes = audited(**texts).holes
    assert [(hole.kind, hole.says[: len(says)]) for hole in holes].count((kind, says)) == 1, holes
    assert all(hole.mend for hole in holes)


def test_a_stub_that_is_not_fresh(tmp_path: Path, crew: Crew) -> None:
    course = small_course(tmp_path)
    course.exercises[0].stub.write_text("six = None\ndef double(x): raise NotImplementedError\n")
    (hole,) = audit(course, course.exercises[0], crew, seed=3).holes
    assert (hole.kind, hole.mend) == ("stub", f"Run `python -m grader.author --course {tmp_path}`.")


def test_what_a_check_that_another_catches_is_told() -> None:
    outcomes = {
        "test_a": Outcome(Status.PASSED),
        "test_b": Outcome(Status.FAILED, "m"),
        "test_c": Outcome(Status.ERROR),
    }
    columns = [Column(name, name, 1, False) for name in outcomes]
    hole, *rest = holes_between(columns, [Row("m", "f", "test_a", outcomes)])
    assert hole.mend.endswith("name in `fails` a check that catches it (test_b and test_c do).")
    assert [one.kind for one in rest] == ["unproven"]


# --- the table --------------------------------------------------------------------------------------------


def large(rows: int, columns: int, name: str = "the_square_root_of_the_variance_{}") -> ExerciseAudit:
    checks = tuple(Column(f"test_number_{n}", "A title", 2, False) for n in range(columns))
    statuses = [
        ("m", Status.FAILED),
        ("other", Status.FAILED),
        ("", Status.ERROR),
        ("", Status.PASSED),
        ("", Status.SKIPPED),
    ]
    made = []
    for number in range(rows):
        own = name.format(number)
        outcomes = {}
        for place, check in enumerate(checks):
            named, status = statuses[(number + place) % len(statuses)]
            outcomes[check.name] = Outcome(status, own if named == "m" else named)
        made.append(Row(own, "f", f"test_number_{number % columns}", outcomes))
    holes = (Hole("uncaught", "It passes. " * 20, "Mend it. " * 20, made[0].name),)
    return ExerciseAudit("exercise1_x", "A title", checks, tuple(made), holes, 1.0)


@pytest.mark.parametrize(
    ("rows", "columns", "width"), [(90, 15, 80), (60, 16, 80), (5, 3, 40), (20, 30, 80), (4, 50, 80), (3, 12, 40)]
)
@pytest.mark.parametrize("unicode", [True, False])
def test_the_table_fits(rows: int, columns: int, width: int, unicode: bool) -> None:
    found = large(rows, columns)
    look = Look(width=width, unicode=unicode)
    text = matrix(found, look) + summary(Audit("A course", 7, (found,)), look, "grade audit")
    assert max(map(len, text.splitlines())) <= width
    if not unicode:
        assert text.isascii()


def test_every_mark_stands_in_its_column_and_is_explained() -> None:
    look = Look()
    found = large(5, 15, "name_{}")
    lines = matrix(found, look).splitlines()
    (first,) = [line for line in lines if "name_0" in line]
    assert first == "  ✗ name_0            1 ● ◐ ○ · – ● ◐ ○ · – ● ◐ ○ · –"
    tens, ones = (line for line in lines if line.endswith((" 1 1 1 1 1 1", " 1 2 3 4 5")))
    assert len(tens) == len(ones) == len(first)
    explained = summary(Audit("A course", 7, (found,)), look, "grade audit")
    assert all(f"{mark} " in explained for mark in "●◐○·–")


def test_colours_carry_no_meaning_of_their_own() -> None:
    found = large(5, 5)
    coloured = matrix(found, Look(colour=True))
    assert "\x1b[" in coloured
    assert {mark for mark in matrix(found, Look()) if mark in "●◐○·–✗"} == set("●◐○·–✗")


# --- the command ------------------------------------------------------------------------------------------


def command(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "grader.cli", "audit", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_sound_course_as_text_and_json(tmp_path: Path) -> None:
    small_course(tmp_path / "mine")
    result = command("--course", "mine", "--seed", "3", "--jobs", "2", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "    squared           2 ● ●\n" in result.stdout
    assert "  ✓ 2 misconceptions against 2 checks in 1 exercise: no hole\n" in result.stdout
    assert "again: grade audit --course mine --seed 3" in result.stdout
    data = json.loads(command("double", "--course", "mine", "--format", "json", cwd=tmp_path).stdout)
    jsonschema.validate(data, SCHEMA)
    assert (data["passed"], data["course"], len(data["exercises"])) == (True, "A small course", 1)


def test_holes_are_exit_code_one_and_data(tmp_path: Path) -> None:
    small_course(tmp_path / "mine", checks=CHECKS + "\nprint('a word')\n" + wrong("late", "return 2 * x"))
    out = tmp_path / "audit.json"
    result = command("all", "--course", "mine", "--format", "json", "--out", out, "--jobs", "1", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, f"1 hole; the audit is in {out}\n")
    data = json.loads(out.read_text())
    jsonschema.validate(data, SCHEMA)
    assert [(hole["kind"], hole["misconception"], hole["check"]) for hole in data["exercises"][0]["holes"]] == [
        ("uncaught", "late", "test_values")
    ]
    shown = command("--course", "mine", cwd=tmp_path).stdout
    assert "  ✗ late              2 · ·\n" in shown
    assert "    1. late passes test_values.\n       → Give test_values a probe" in shown


def test_nobody_is_left_when_the_schema_is_wrong() -> None:
    found = Audit("A course", 7, (large(3, 3),))
    jsonschema.validate(found.to_json(), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(replace(found, seed=-1).to_json(), SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--course", "nowhere"], "nowhere: there is no such folder.\n"),
        (["--course", "."], ". is no course: it has no exercises/course.yaml.\n"),
        (["9", "--course", "mine"], 'There is no exercise "9". `grade --course mine` alone lists the exercises.\n'),
        (["--course", "mine", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["--course", "mine", "--out", "."], ". is a folder."),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, arguments: list[str], says: str) -> None:
    small_course(tmp_path / "mine")
    result = command(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "mine/checks/exercise1_double.py: no such file. The checks of exercise1_double belong there.\n"),
        ("import torch\nx = tensor(1)\n", "mine/checks/exercise1_double.py, line 2: NameError: name 'tensor' is not"),
        ("x = 1\ndef f(:\n", "mine/checks/exercise1_double.py, line 2: SyntaxError: invalid syntax\n"),
        ("import torhc\n", "mine/checks/exercise1_double.py, line 1: ModuleNotFoundError: No module named 'torhc'\n"),
    ],
)
def test_a_check_file_that_cannot_be_used(tmp_path: Path, text: str | None, says: str) -> None:
    course = small_course(tmp_path / "mine")
    path = course.exercises[0].checks
    path.unlink() if text is None else path.write_text(text)
    result = command("--course", "mine", "--jobs", "1", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(says)
