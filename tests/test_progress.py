"""What a learner has tried is remembered, and nothing that happens to the file costs a grading or a record."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from reports import MIXED, PASSED, VARIANCE, report

from grader import progress, progress_file
from grader.progress import ProgressUnavailable, attempts, best, record
from grader.report import Report

NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)


def refused(workspace: Path, verdict: Report | None = None) -> str:
    with pytest.raises(ProgressUnavailable) as caught:
        record(workspace, verdict or report(PASSED), NOON)
    return str(caught.value)


def test_an_attempt_comes_back_as_it_was(tmp_path: Path) -> None:
    verdict = report(*MIXED)
    record(tmp_path, verdict, NOON.astimezone(timezone(timedelta(hours=5))))
    (attempt,) = attempts(tmp_path)
    assert attempt == progress.Attempt(
        NOON, verdict.exercise, 2, 13, False, 0.841, verdict.seed, ("variance_as_std",),
        ("test_z", "test_values", "test_moments", "test_recover"), ("test_shape",),
    )  # fmt: skip


def test_nothing_yet(tmp_path: Path) -> None:
    assert attempts(tmp_path) == ()
    assert best(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_best_is_a_pass_then_the_most_points_then_the_earliest(tmp_path: Path) -> None:
    verdicts = [report(VARIANCE), report(PASSED), report(*MIXED), report(VARIANCE, exercise="exercise2_gaussian_kl")]
    for hour, verdict in enumerate(verdicts):
        record(tmp_path, verdict, NOON + timedelta(hours=hour))
    found = best(tmp_path)
    assert found["exercise1_reparameterization"].at == NOON + timedelta(hours=1)
    assert found["exercise1_reparameterization"].passed
    assert found["exercise2_gaussian_kl"].points == 0
    assert len(attempts(tmp_path)) == 4


def test_many_writers_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: record(tmp_path, report(PASSED), NOON), range(40)))
    assert len(attempts(tmp_path)) == 40


# --- when it cannot be saved ------------------------------------------------------------------------------


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / ".reparam").write_text("mine")
    assert "File exists" in refused(tmp_path)
    assert (tmp_path / ".reparam").read_text() == "mine"


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / progress.FILE).mkdir(parents=True)
    assert "unable to open database file" in refused(tmp_path)


def test_no_permission() -> None:
    assert "/proc/.reparam" in refused(Path("/proc"))


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_file_is_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / progress.FILE
    path.parent.mkdir()
    path.write_bytes(content)
    assert "is damaged. It was left as it is" in refused(tmp_path)
    with pytest.raises(ProgressUnavailable, match="is damaged"):
        best(tmp_path)
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_kept(tmp_path: Path) -> None:
    for _ in range(20):
        record(tmp_path, report(replace(VARIANCE, misconception="m" * 1000)), NOON)
    path = tmp_path / progress.FILE
    content = path.read_bytes()
    broken = content[:4096] + b"\x55" * 4096 + content[8192:]
    path.write_bytes(broken)
    with pytest.raises(ProgressUnavailable):
        best(tmp_path)
    assert path.read_bytes() == broken


def test_a_file_of_a_newer_version(tmp_path: Path) -> None:
    record(tmp_path, report(PASSED), NOON)
    with sqlite3.connect(tmp_path / progress.FILE) as database:
        database.execute("PRAGMA user_version = 99")
    assert "newer reparam" in refused(tmp_path)


@pytest.mark.parametrize(
    "change", ["misconceptions = '{'", "misconceptions = '3'", "at = 'noon'", "points = 'many'", "at = x'00'"]
)
def test_an_entry_that_was_changed_by_hand(tmp_path: Path, change: str) -> None:
    record(tmp_path, report(PASSED), NOON)
    with sqlite3.connect(tmp_path / progress.FILE) as database:
        database.execute(f"UPDATE attempts SET {change}")  # noqa: S608  a constant of this test
    with pytest.raises(ProgressUnavailable, match="did not write"):
        best(tmp_path)


def test_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, report(PASSED), NOON)
    monkeypatch.setattr(progress_file, "_WAIT", 0.1)
    with sqlite3.connect(tmp_path / progress.FILE) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in refused(tmp_path)
    assert len(attempts(tmp_path)) == 1


def test_a_full_disk(tmp_path: Path) -> None:
    """The limit on the size of files stands for it: SQLite meets the same failed writes."""
    record(tmp_path, report(PASSED), NOON)
    before = attempts(tmp_path)
    script = (
        "import resource, signal, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from grader import progress; from grader.report import CheckResult, Report, Status\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "check = CheckResult('test_x', 'x', Status.FAILED, 0, 1, misconception='m' * 50_000)\n"
        "try: progress.record(Path(sys.argv[1]), Report('e', 'e', (check,), 1.0, (), 1), datetime.now(UTC))\n"
        "except progress.ProgressUnavailable as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert "progress.sqlite3: " in result.stdout
    assert "full" in result.stdout or "I/O" in result.stdout
    assert attempts(tmp_path) == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


def test_many_misconceptions(tmp_path: Path) -> None:
    named = tuple(replace(VARIANCE, misconception=f"m{number}") for number in range(3))
    record(tmp_path, report(*named), NOON)
    assert attempts(tmp_path)[0].misconceptions == ("m0", "m1", "m2")
