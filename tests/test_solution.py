"""`grade solution`: closed before a pass, and then the code that differs, without the statement around it."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from courses import SOLUTION, small_course
from hypothesis import given
from hypothesis import strategies as st
from reports import PASSED, VARIANCE, report

from grader import author, difference, progress
from grader.course import Exercise, built_in
from grader.difference import Hunk
from grader.render.difference import side_by_side
from grader.render.page import Look

FIRST = built_in().exercises[0]
NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, which is the current folder."""
    (tmp_path / "exercises").mkdir()
    shutil.copy(FIRST.stub, tmp_path / "exercises")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def grade(grade_command: Run) -> Run:
    return grade_command


def mine(home: Path) -> Path:
    return home / "exercises" / FIRST.stub.name


def answered(exercise: Exercise = FIRST) -> str:
    return author.answered(author.read_source(exercise), exercise.name)


def signs(text: str) -> list[str]:
    """The changed lines of a diff that are not empty."""
    return [line for line in text.splitlines() if re.match(r"[+-](?![+-]{2}).", line)]


# --- when it opens ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_before_the_first_grading(grade: Run) -> None:
    code, out, err = grade("solution", "1")
    assert (code, out) == (2, "")
    assert err.startswith("The solution of exercise1 opens when you have passed it, and it has not been graded yet.")
    assert "`grade exercise1` grades it. To see it all the same: `grade solution exercise1 --give-up`." in err


def test_before_a_pass_it_says_what_is_missing(home: Path, grade: Run) -> None:
    progress.record(home, report(VARIANCE), NOON)
    progress.record(home, report(PASSED, VARIANCE), NOON)
    progress.record(home, report(VARIANCE), NOON)
    code, out, err = grade("solution", "1")
    assert (code, out) == (2, "")
    assert "2 of 5 points are yours, 3 are missing. `grade hint exercise1` gives a hint." in err


def test_after_a_pass_even_if_the_file_has_changed_since(home: Path, grade: Run) -> None:
    progress.record(home, report(PASSED), NOON)
    progress.record(home, report(VARIANCE), NOON)
    code, out, err = grade("solution", "1")
    assert (code, err) == (0, "")
    assert "+z = [0.6, 0.65, -0.2]\n" in out


def test_a_check_without_points_may_fail(home: Path, grade: Run) -> None:
    progress.record(home, report(PASSED, replace(VARIANCE, max_points=0)), NOON)
    assert grade("solution", "1")[0] == 0


def test_giving_up_needs_no_progress(home: Path, grade: Run) -> None:
    (home / ".reparam").write_text("in the way")
    assert grade("solution", "1", "--give-up")[0] == 0


def test_progress_that_cannot_be_read(home: Path, grade: Run) -> None:
    (home / ".reparam").mkdir()
    (home / progress.FILE).write_bytes(b"no database" * 1000)
    code, out, err = grade("solution", "1")
    assert (code, out) == (2, "")
    assert err.startswith("Nobody can tell whether you have passed exercise1: ")
    assert "--give-up" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exercize1"], 'There is no exercise "exercize1". Did you mean exercise1?'),
        (["all"], 'There is no exercise "all".'),
        (["2", "--give-up"], "{home}/exercises has no exercise2_gaussian_kl.py. `grade init DIR` copies"),
        (["1", "--give-up", "--out", "."], ". is a folder."),
        (["1", "--give-up", "--out", "nowhere/x"], "nowhere/x cannot be written: there is no folder nowhere."),
        (["1", "--give-up", "--out", "exercises/exercise1_reparameterization.py"], "exercises/exercise1_"),
        (["1", "--give-up", "--out", "/dev/full"], "/dev/full cannot be written: No space left on device."),
    ],
)
def test_what_cannot_be_used(home: Path, grade: Run, words: list[str], says: str) -> None:
    before = mine(home).read_text()
    code, out, err = grade("solution", *words)
    assert (code, out) == (2, "")
    assert err.startswith(says.format(home=home))
    assert mine(home).read_text() == before


def test_outside_a_workspace(tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = grade("solution", "1", "--give-up")
    assert code == 2
    assert "so there is no code to compare with. `grade init DIR` copies them" in err


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0", b"z = 1\n" * 6000, b"a\0b"])
def test_a_file_that_cannot_be_compared(home: Path, grade: Run, content: bytes) -> None:
    mine(home).write_bytes(content)
    code, out, err = grade("solution", "1", "--give-up")
    assert (code, out) == (2, "")
    assert mine(home).name in err


def test_a_link_is_refused(home: Path, grade: Run) -> None:
    mine(home).unlink()
    mine(home).symlink_to(FIRST.solution)
    assert "is a symbolic link" in grade("solution", "1", "--give-up")[2]


# --- what it shows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_a_solution_without_marks_and_places(exercise: Exercise) -> None:
    text = answered(exercise)
    ast.parse(text)
    assert "SOLUTION" not in text
    assigned = [ast.unparse(node.targets[0]) for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    assert len(assigned) == len(set(assigned))


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_a_stub_beside_the_solution(exercise: Exercise) -> None:
    """Every answer, and nothing of the statement."""
    ours = answered(exercise)
    found = difference.difference(author.read_stub(exercise) or "", ours, author.owners(ours, exercise.name))
    lines = [line for hunk in found for line in hunk.lines]
    assert not [line for line in lines if line.text.startswith("# ")]
    assert sum("NotImplementedError" in line.text for line in lines) >= sum(bool(hunk.inside) for hunk in found) > 0
    assert all(line.sign == "-" for line in lines if "NotImplementedError" in line.text)


def test_the_same_code(home: Path, grade: Run) -> None:
    mine(home).write_text(answered() + "\n\n# %% [markdown]\n# # My own notes\n")
    code, out, _ = grade("solution", "1", "--give-up")
    assert (code, signs(out)) == (0, [])
    assert "Your code is ours, line for line." in out


def test_one_function_differs(home: Path, grade: Run) -> None:
    mine(home).write_text(answered().replace("return mu + sigma * epsilon", "return sigma * epsilon + mu"))
    out = grade("solution", "1", "--give-up")[1]
    assert signs(out) == ["-    return sigma * epsilon + mu", "+    return mu + sigma * epsilon"]
    assert "--- exercises/exercise1_reparameterization.py\n+++ our solution\n@@ -" in out
    assert " @@ reparameterize\n" in out


def test_in_a_file(home: Path, grade: Run) -> None:
    shown = grade("solution", "1", "--give-up")[1]
    code, out, err = grade("solution", "1", "--give-up", "--out", "ours.diff")
    assert (code, out, err) == (0, "the solution is in ours.diff\n", "")
    assert (home / "ours.diff").read_text() == shown


def test_a_broken_file_can_be_compared(home: Path, grade: Run) -> None:
    mine(home).write_text(answered().replace("return mu + sigma * epsilon", "return mu + (sigma"))
    assert signs(grade("solution", "1", "--give-up")[1])[0] == "-    return mu + (sigma"


def test_a_notebook_and_a_file_without_the_statement(home: Path, grade: Run) -> None:
    code_lines = [line for line in answered().split("\n") if not line.startswith("#")]
    bare = "\n".join(code_lines).replace("0.65, -0.2]", "0.65, 0.2]", 1)
    mine(home).write_text(bare)
    expected = ["-z = [0.6, 0.65, 0.2]", "+z = [0.6, 0.65, -0.2]"]
    assert signs(grade("solution", "1", "--give-up")[1]) == expected
    mine(home).rename(home / "exercises" / built_in().exercises[1].stub.name)
    cells = [{"cell_type": "markdown", "source": "# Notes"}, {"cell_type": "code", "source": bare}]
    mine(home).with_suffix(".ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    out = grade("solution", "1", "--give-up")[1]
    assert [line for line in signs(out) if "code cell" not in line] == expected
    assert "--- exercises/exercise1_reparameterization.ipynb\n" in out


def test_what_a_learner_wrote_cannot_move_the_cursor(home: Path, grade: Run) -> None:
    mine(home).write_text("x = '\x1b[2J\u202e\x07'\n\tz = 1\n")
    out = grade("solution", "1", "--give-up")[1]
    assert "-x = ''\n" in out
    assert not {"\x1b", "\u202e", "\x07", "\t"} & set(out)


def test_colour_and_signs() -> None:
    ours = answered()
    found = difference.difference(author.read_stub(FIRST) or "", ours, {})
    plain = side_by_side("A title", "mine.py", found, Look())
    coloured = side_by_side("A title", "mine.py", found, Look(colour=True))
    assert "\x1b[31m-z = [None, None, None]" in coloured
    assert "\x1b[32m+z = [0.6, 0.65, -0.2]" in coloured
    assert "\x1b" not in plain
    assert len(plain.splitlines()) == len(coloured.splitlines())


def test_a_course_of_ones_own(tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    small_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, out, _ = grade("solution", "1", "--give-up", "--course", ".")
    assert (code, signs(out)[:2]) == (0, ["-six = None", "+six = 6.0"])
    assert "--give-up --course .`" in grade("solution", "1", "--course", ".")[2]
    (tmp_path / "solutions" / "exercise1_double.py").write_text(SOLUTION.replace("### END", "### END END"))
    code, out, err = grade("solution", "1", "--give-up", "--course", ".")
    assert (code, out) == (2, "")
    assert "exercise1_double.py, line 9: ### BEGIN SOLUTION, but the region begun in line 2 has no end" in err


LINES = st.lists(
    st.sampled_from(["", "# %%", "# %% [markdown]", "# text", "x = 1", "def f():", "    return 1", "y = 2"])
)


def rebuilt(hunks: list[Hunk], side: str) -> list[tuple[int, str]]:
    """Number and text of every line that the hunks show of one side."""
    found = []
    for hunk in hunks:
        number, count = hunk.mine if side == "-" else hunk.ours
        lines = [line.text for line in hunk.lines if line.sign in (" ", side)]
        assert len(lines) == count
        found += [(number + offset, text) for offset, text in enumerate(lines)]
    return found


@given(LINES, LINES)
def test_every_hunk_shows_what_stands_there(left: list[str], right: list[str]) -> None:
    hunks = difference.difference("\n".join(left), "\n".join(right), {})
    left, right = left or [""], right or [""]
    for side, lines in (("-", left), ("+", right)):
        shown = rebuilt(hunks, side)
        assert len({number for number, _ in shown}) == len(shown)
        assert all(lines[number - 1] == text for number, text in shown)
        assert not [text for _, text in shown if text.startswith("# %%")]


@given(LINES)
def test_the_same_text_differs_nowhere(lines: list[str]) -> None:
    assert difference.difference("\n".join(lines), "\n".join(lines), {}) == []


def test_long_files_take_no_time() -> None:
    ours = answered()
    for line in ("", "x = 1", "    return z"):
        difference.difference(f"{line}\n" * difference.LONGEST, ours, {})
