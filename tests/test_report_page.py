"""`grade report` and `--format html`: the page of what was graded, and which files it may replace."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from courses import small_course
from pages import check_rules
from reports import PASSED, VARIANCE, report
from terminals import terminal

from grader import progress
from grader.course import built_in
from grader.render.html import page
from grader.report import Report
from grader.workspace import init

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Run = Callable[..., tuple[int, str, str]]
SECOND = "exercise2_gaussian_kl"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which two exercises were graded, which is the current folder."""
    init(tmp_path, built_in())
    for one in (report(PASSED), report(VARIANCE), report(PASSED, exercise=SECOND)):
        progress.record(tmp_path, one, NOON)
    progress.take_hint(tmp_path, report().exercise, "test_z")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(path: Path) -> list[list[str]]:
    """The overview: title, points, attempts and hints of each exercise."""
    tree = check_rules(path.read_text())
    rows = tree.classed("overview")[0].every("tbody")[0].every("tr")
    return [[cell.text() for cell in row.every("a", "td")[:4]] for row in rows]


def test_the_latest_verdict_of_every_exercise(home: Path, grade_command: Run) -> None:
    code, said, complaint = grade_command("report")
    assert (code, complaint) == (0, "")
    assert said == f"2 of 5 points; the report is in {home / 'report.html'}\n"
    title = report().title
    assert table(home / "report.html") == [[title, "0/3", "2", "1"], [title, "2/2", "1", "0"]]


def test_from_a_folder_inside_the_workspace(home: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "exercises")
    assert grade_command("report", "2")[0] == 0
    assert [row[1] for row in table(home / "report.html")] == ["2/2"]


def test_some_exercises_or_all(home: Path, grade_command: Run) -> None:
    for words, count in ((("all",), 2), (("2", "exercise1"), 2), (("1",), 1)):
        assert grade_command("report", *words)[0] == 0
        assert len(table(home / "report.html")) == count


def test_an_exercise_that_was_not_graded(home: Path, grade_command: Run) -> None:
    code, said, complaint = grade_command("report", "exercise3")
    assert (code, said) == (2, "")
    assert complaint == "No verdict on exercise3 is kept yet. `grade exercise3` grades it.\n"
    assert not (home / "report.html").exists()


def test_nothing_graded_and_no_workspace(tmp_path: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There are no exercises in this folder" in grade_command("report")[2]
    init(tmp_path, built_in())
    assert grade_command("report")[2] == "No verdict is kept here yet. `grade exercise1` grades the first exercise.\n"


def test_a_file_that_is_not_ours_is_kept(home: Path, grade_command: Run) -> None:
    theirs = home / "report.html"
    for content in ("<!doctype html><p>My homework", "", "\x00\xff"):
        theirs.write_text(content)
        code, _, complaint = grade_command("report")
        assert code == 2
        assert "was not made by reparam, so it is kept" in complaint
        assert theirs.read_text() == content
    assert grade_command("report", "--out", "report.html")[0] == 0
    assert grade_command("report")[0] == 0, "now it is ours"


def test_a_folder_or_a_link_in_the_way(
    home: Path, grade_command: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (home / "report.html").mkdir()
    assert "is a folder" in grade_command("report")[2]
    (home / "report.html").rmdir()
    precious = tmp_path_factory.mktemp("elsewhere") / "precious"
    precious.write_text("precious")
    (home / "report.html").symlink_to(precious)
    assert grade_command("report")[0] == 2
    assert precious.read_text() == "precious"


def test_a_learners_own_file_is_never_replaced(home: Path, grade_command: Run) -> None:
    mine = home / "exercises" / f"{SECOND}.py"
    before = mine.read_text()
    for name in (str(mine), f"exercises/../exercises/{SECOND}.py"):
        code, _, complaint = grade_command("report", "--out", name)
        assert code == 2
        assert "holds your own work" in complaint
    assert mine.read_text() == before


@pytest.mark.usefixtures("home")
def test_a_place_where_nothing_can_be_written(grade_command: Run) -> None:
    code, said, complaint = grade_command("report", "--out", "/proc/report.html")
    assert (code, said) == (2, "")
    assert "/proc/report.html cannot be written" in complaint
    assert "there is no folder" in grade_command("report", "--out", "no/where.html")[2]


def test_progress_that_cannot_be_read(home: Path, grade_command: Run) -> None:
    (home / progress.FILE).write_bytes(b"no database at all, but long enough to be looked at" * 50)
    code, _, complaint = grade_command("report")
    assert code == 2
    assert complaint.startswith("your progress could not be read: ")


def test_it_opens_in_the_browser(home: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`xdg-open` is what starts a browser on Linux; this one writes down what it was asked for."""
    if not sys.platform.startswith("linux"):
        pytest.skip("another program opens files here")
    programs = home / "programs"
    programs.mkdir()
    asked = home / "asked"
    opener = programs / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > {shlex.quote(str(asked))}.part && mv {asked}.part {asked}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    out = home / "σ report.html"
    assert grade_command("report", "--open", "--out", out.name)[0] == 0
    wait_for(asked)
    assert asked.read_text().strip() == str(out)
    monkeypatch.setenv("PATH", str(home))
    code, said, complaint = grade_command("report", "--open")
    assert (code, "2 of 5 points" in said) == (2, True)
    assert complaint.strip().endswith((home / "report.html").as_uri())


def wait_for(path: Path, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


# --- grade EXERCISE --format html -------------------------------------------------------------------------


def test_a_page_instead_of_text(tmp_path: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    init(tmp_path, built_in())
    file = tmp_path / "exercises" / "exercise1_reparameterization.py"
    file.write_text(file.read_text().replace("z = [None, None, None]", "z = [0.36, 0.695, -0.25]", 1))
    words = ("exercise1", "--check", "test_z", "--seed", "7", "--format", "html")
    code, said, _ = grade_command(*words)  # into a pipe
    assert code == 1
    tree = check_rules(said)
    assert tree.classed("named")[0].text().startswith("σ² was used where σ belongs.")
    assert tree.classed("again")[0].every("code")[0].text() == "grade exercise1 --check test_z"
    code, told, _ = grade_command(*words, "--out", "page.html")
    assert (code, told) == (1, "0 of 2 points; the report is in page.html\n")
    assert [node.text() for node in check_rules((tmp_path / "page.html").read_text()).classed("score")] == [
        "0 of 2 points"
    ]


def test_a_page_of_all_and_of_a_course_that_is_not_ours(
    tmp_path: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = small_course(tmp_path / "course")
    init(tmp_path / "home", course)
    monkeypatch.chdir(tmp_path / "home")
    shutil.copy(course.exercises[0].solution, "exercises")
    option = ("--course", "../course")
    code, told, _ = grade_command("all", *option, "--format", "html", "--out", "page.html")
    assert (code, told) == (0, "3 of 3 points; the report is in page.html\n")
    tree = check_rules(Path("page.html").read_text())
    assert [node.text() for node in tree.every("h1", "h2")] == ["A small course", "Doubling"]
    assert [row.every("td")[0].text() for row in tree.classed("overview")[0].every("tr")[1:]] == ["3/3"]
    assert grade_command("report", *option)[0] == 0
    assert table(Path("report.html")) == [["Doubling", "3/3", "1", "0"]]


def test_a_terminal_is_no_browser(tmp_path: Path) -> None:
    init(tmp_path, built_in())
    with terminal(tmp_path) as window:
        window.run("grade exercise1 --format html")
        window.wait("Give it a file: --format html --out")


def test_nothing_that_a_page_needs_is_lost_in_the_database() -> None:
    one = report(PASSED, VARIANCE)
    commands = {one.exercise: "grade exercise1"}
    back = Report.from_json(one.to_json())
    assert page([back], title="t", commands=commands) == page([one], title="t", commands=commands)
