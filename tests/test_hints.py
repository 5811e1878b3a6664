"""`grade hint`: three tiers for a check, counted, and shown whatever happens to the count."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from courses import COURSE, small_course
from read_only import read_only
from reports import PASSED, VARIANCE, report
from rich.cells import cell_len

from grader import progress, progress_file
from grader.course import built_in
from grader.progress import ProgressUnavailable
from grader.render.hint import hint_page
from grader.render.overview import overview
from grader.render.page import Look

NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)
FIRST, SECOND = built_in().exercises[:2]
CHECKS = list(FIRST.hints)

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
    """Exit code, output and messages of a command line, as one line of words each."""

    def run(*words: str) -> tuple[int, str, str]:
        code, out, err = grade_command(*words)
        return code, " ".join(out.split()), " ".join(err.split())

    return run


def tried(home: Path, *open_checks: str, exercise: str = FIRST.name) -> None:
    """Record an attempt in which all checks but these passed."""
    results = [replace(VARIANCE if name in open_checks else PASSED, name=name) for name in CHECKS]
    progress.record(home, report(*results, exercise=exercise), NOON)


def text(check: str, tier: int) -> str:
    return " ".join(FIRST.hints[check][tier - 1].split())


# --- tiers ------------------------------------------------------------------------------------------------


def test_each_call_gives_the_next_tier_and_after_the_third_all(home: Path, grade: Run) -> None:
    for tier in (1, 2, 3):
        code, out, err = grade("hint", "1")
        assert (code, err) == (0, "")
        assert f"hint {tier} of 3 for test_z" in out
        assert [text("test_z", other) in out for other in (1, 2, 3)] == [other == tier for other in (1, 2, 3)]
        assert "again: grade hint exercise1 " in out
        assert ("It gives the next tier" in out) == (tier < 3)
    for _ in range(2):
        _, out, _ = grade("hint", "1")
        assert all(text("test_z", tier) in out for tier in (1, 2, 3))
        assert "There are no more" in out
    assert progress.hints_taken(home) == {(FIRST.name, "test_z"): 3}


def test_again_takes_none(home: Path, grade: Run) -> None:
    code, out, err = grade("hint", "1", "--again")
    assert (code, out) == (2, "")
    assert err == "You have taken no hint for test_z yet. `grade hint exercise1` gives the first."
    grade("hint", "1")
    grade("hint", "1")
    for _ in range(2):
        _, out, _ = grade("hint", "1", "--again")
        assert [text("test_z", tier) in out for tier in (1, 2, 3)] == [True, True, False]
    assert progress.hints_taken(home) == {(FIRST.name, "test_z"): 2}


def test_a_named_check(home: Path, grade: Run) -> None:
    _, out, _ = grade("hint", "reparam", "--check", "test_values")
    assert text("test_values", 1) in out
    assert "again: grade hint exercise1 --check test_values " in out
    assert progress.hints_taken(home) == {(FIRST.name, "test_values"): 1}


def test_it_helps_with_the_first_check_that_the_last_attempt_did_not_pass(home: Path, grade: Run) -> None:
    tried(home)
    tried(home, "test_values", "test_dloss_dmu")
    tried(home, "test_z", exercise=SECOND.name)
    _, out, _ = grade("hint", "1")
    assert text("test_dloss_dmu", 1) in out
    assert "the first check that your last attempt did not pass" in out


def test_nothing_is_open(home: Path, grade: Run) -> None:
    tried(home, "test_z")
    tried(home)
    code, out, err = grade("hint", "1")
    assert (code, err) == (0, "")
    assert out.startswith("Your last attempt passed every check of exercise1.")
    assert "test_z" in out
    assert progress.hints_taken(home) == {}


def test_a_course_of_ones_own(tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = "    hints:\n      test_values: [Which?, There., Like this.]\n"
    small_course(tmp_path, course=COURSE + hints)
    monkeypatch.chdir(tmp_path)
    _, out, _ = grade("hint", "1", "--course", ".")
    assert out.startswith("Exercise 1 · double doubles")
    assert "→ Which?" in out
    assert "again: grade hint exercise1 --course . " in out
    (tmp_path / "checks" / "exercise1_double.py").unlink()
    assert "Exercise 1 · test_values" in grade("hint", "1", "--course", ".")[1]


def test_a_course_without_hints(tmp_path: Path, grade: Run) -> None:
    small_course(tmp_path)
    assert grade("hint", "1", "--course", str(tmp_path)) == (2, "", "exercise1 has no hints.")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exercize1"], 'There is no exercise "exercize1". Did you mean exercise1?'),
        (["1", "--check", "test_zz"], 'exercise1 has no hints for a check "test_zz". Did you mean test_z?'),
        (["1", "--check", "\x1b[2J"], 'exercise1 has no hints for a check "". It has hints for test_z, '),
        (["1", "2"], "Got unexpected extra argument"),
        ([], "Missing argument 'EXERCISE'"),
        (["1", "--course", "nowhere"], "nowhere: there is no such folder."),
    ],
)
def test_what_cannot_be_used(home: Path, grade: Run, words: list[str], says: str) -> None:
    code, out, err = grade("hint", *words)
    assert (code, out) == (2, "")
    assert err.startswith(says)
    assert not (home / progress.FILE).exists()


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for exercise in built_in().exercises:
        for check in exercise.hints:
            page = hint_page(exercise, check, check, range(3), Look(width), why="Why it is this check.", again="grade")
            assert max(map(cell_len, page.splitlines())) <= width


# --- counting ---------------------------------------------------------------------------------------------


def test_outside_a_workspace_it_is_shown_and_not_counted(
    tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        code, out, err = grade("hint", "1")
        assert code == 0
        assert text("test_z", 1) in out
        assert "again:" not in out
        assert err.startswith("this hint was not counted: there are no exercises in this folder or above it")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", ["in the way", "damaged", "newer"])
def test_a_count_that_cannot_be_kept(home: Path, grade: Run, spoil: str) -> None:
    if spoil == "in the way":
        (home / ".reparam").write_text("")
    else:
        tried(home, "test_values")
        if spoil == "damaged":
            (home / progress.FILE).write_bytes(b"no database" * 1000)
        else:
            with sqlite3.connect(home / progress.FILE) as database:
                database.execute("PRAGMA user_version = 99")
    code, out, err = grade("hint", "1")
    assert code == 0
    assert text("test_z", 1) in out
    assert err.startswith("this hint was not counted: ")


def test_a_read_only_disk(grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "exercises").mkdir()
        (folder / "exercises" / "exercise1_a.py").touch()
        tried(folder, "test_values")
        progress.take_hint(folder, FIRST.name, "test_values")
        with read_only(folder), monkeypatch.context() as here:
            here.chdir(folder)
            assert len(progress.attempts(folder)) == 1
            for _ in range(2):
                code, out, err = grade("hint", "1")
                assert code == 0
                assert text("test_values", 2) in out
                assert err.startswith("this hint was not counted: ")
            assert "(1 hint) 32/" in grade()[1]


def test_two_terminals_at_once(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        before = list(pool.map(lambda _: progress.take_hint(home, "exercise1_a", "test_z"), range(20)))
    assert sorted(before) == [0, 1, 2] + [3] * 17


# --- older files ------------------------------------------------------------------------------------------

OLD = """
CREATE TABLE attempts (id INTEGER PRIMARY KEY, at TEXT NOT NULL, exercise TEXT NOT NULL, points INTEGER NOT NULL,
    max_points INTEGER NOT NULL, passed INTEGER NOT NULL, seconds REAL NOT NULL, seed INTEGER NOT NULL,
    misconceptions TEXT NOT NULL);
INSERT INTO attempts VALUES (1, '2026-11-01T12:00:00+00:00', 'exercise1_reparameterization', 7, 30, 0, 1.5, 3, '["m"]');
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(home: Path) -> Path:
    """A workspace with the progress of an older reparam."""
    (home / ".reparam").mkdir()
    with sqlite3.connect(home / progress.FILE) as database:
        database.executescript(OLD)
    return home


def version(home: Path) -> int:
    with sqlite3.connect(home / progress.FILE) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_reading_an_older_file_leaves_it_as_it_is(old: Path) -> None:
    content = (old / progress.FILE).read_bytes()
    (attempt,) = progress.attempts(old)
    assert (attempt.points, attempt.misconceptions, attempt.open_checks) == (7, ("m",), None)
    assert progress.hints_taken(old) == {}
    assert (old / progress.FILE).read_bytes() == content


def test_writing_upgrades_an_older_file(old: Path, grade: Run) -> None:
    assert "hint 1 of 3 for test_z" in grade("hint", "1")[1]
    assert version(old) == progress_file.VERSION
    tried(old, "test_values")
    first, second = progress.attempts(old)
    assert (first.points, first.open_checks, second.open_checks) == (7, None, ("test_values",))
    assert progress.hints_taken(old) == {(FIRST.name, "test_z"): 1}


def test_many_upgrade_at_once(old: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: progress.take_hint(old, "e", f"test_{number}"), range(16)))
    assert len(progress.hints_taken(old)) == 16
    assert len(progress.attempts(old)) == 1


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (*progress_file._UPGRADES[:1], (*progress_file._UPGRADES[1], "NO SQL"))
    monkeypatch.setattr(progress_file, "_UPGRADES", steps)
    with pytest.raises(ProgressUnavailable):
        progress.take_hint(old, "e", "test_z")
    assert version(old) == 1
    assert len(progress.attempts(old)) == 1


def test_a_full_disk_in_the_middle_of_an_upgrade(old: Path) -> None:
    script = (
        "ulimit -f 0; exec python - <<'E'\n"
        "import signal; from pathlib import Path; from grader import progress\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: progress.take_hint(Path(), 'e', 'test_z')\n"
        "except progress.ProgressUnavailable as error: print(error)\nE"
    )
    place = {
        "PATH": f"{Path(os.sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    result = subprocess.run(["bash", "-c", script], cwd=old, env=place, capture_output=True, text=True, check=False)
    assert "progress.sqlite3: " in result.stdout, result.stderr
    assert version(old) == 1
    assert len(progress.attempts(old)) == 1


@pytest.mark.parametrize("taken", ["'many'", "-1", "4", "x'00'", "1.5e300"])
def test_a_count_that_was_changed_by_hand(home: Path, grade: Run, taken: str) -> None:
    progress.take_hint(home, FIRST.name, "test_z")
    with sqlite3.connect(home / progress.FILE) as database:
        database.execute(f"UPDATE hints SET taken = {taken}")  # noqa: S608  a constant of this test
    code, out, err = grade("hint", "1")
    assert code == 0
    assert text("test_z", 1) in out
    assert "holds an entry that reparam did not write" in err
    code, _, err = grade("hint", "1", "--again")
    assert (code, err.partition(":")[0]) == (2, "the hints that you took could not be read")


# --- the overview -----------------------------------------------------------------------------------------


def test_the_overview_counts_hints_of_what_is_still_open(home: Path, grade: Run) -> None:
    grade("hint", "1")
    assert "(1 hint) 30 min" in grade()[1]
    grade("hint", "1", "--check", "test_values")
    tried(home, "test_z")
    assert "(2 hints) 32/" in grade()[1]
    tried(home)
    assert "hint" not in grade()[1]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_overview_with_hints_fits(width: int, unicode: bool) -> None:
    hints = {exercise.name: 51 for exercise in built_in().exercises}
    page = overview(built_in(), {}, Look(width, unicode=unicode), has_files=True, hints=hints)
    assert max(map(cell_len, page.splitlines())) <= width
    assert " ".join(page.split()).count("(51 hints)") == len(hints)
    assert page.isascii() or unicode
