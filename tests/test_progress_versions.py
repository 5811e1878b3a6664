"""Files that older versions of reparam really wrote: read as they are, upgraded by the next grading."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from read_only import read_only
from reports import MIXED, PASSED, VARIANCE, report

from grader import progress, progress_file
from grader.progress import ProgressUnavailable, attempts, latest_reports, record

FILES = Path(__file__).parent / "progress_files"
"""Written by the code of their time, with the reports of `reports.py`."""
NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)
FIRST = "exercise1_reparameterization"


@pytest.fixture(params=[1, 2])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workspace with the progress file of an older version."""
    (tmp_path / progress.FILE).parent.mkdir()
    shutil.copy(FILES / f"version{request.param}.sqlite3", tmp_path / progress.FILE)
    return tmp_path


def version(home: Path) -> int:
    with sqlite3.connect(home / progress.FILE) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_reading_changes_nothing(old: Path) -> None:
    content, before = (old / progress.FILE).read_bytes(), version(old)
    first, second, third = attempts(old)
    assert (first.points, first.max_points, first.misconceptions) == (2, 13, ("variance_as_std",))
    assert (first.at, second.at - first.at) == (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), timedelta(minutes=7))
    assert third.passed
    assert third.open_checks == (None if before == 1 else ())
    assert {attempt.passed_checks for attempt in (first, second, third)} == {None}
    assert latest_reports(old) == {}
    assert progress.hints_taken(old) == ({} if before == 1 else {(FIRST, "test_z"): 2})
    assert (old / progress.FILE).read_bytes() == content


def test_the_next_grading_upgrades(old: Path) -> None:
    before, hints = attempts(old), progress.hints_taken(old)
    record(old, report(*MIXED), NOON)
    assert version(old) == progress_file.VERSION == 3
    *kept, added = attempts(old)
    assert tuple(kept) == tuple(
        replace(attempt, open_checks=now.open_checks) for attempt, now in zip(before, kept, strict=True)
    )
    assert added.passed_checks == ("test_shape",)
    assert latest_reports(old) == {FIRST: (NOON, report(*MIXED))}
    assert progress.hints_taken(old) == hints


def test_an_older_reparam_is_told_to_update(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(old, report(PASSED), NOON)
    content = (old / progress.FILE).read_bytes()
    monkeypatch.setattr(progress_file, "VERSION", 2)
    with pytest.raises(ProgressUnavailable, match="newer reparam; update with pip"):
        record(old, report(PASSED), NOON)
    assert (old / progress.FILE).read_bytes() == content


# --- the latest report of each exercise -------------------------------------------------------------------


def test_nothing_graded_yet(tmp_path: Path) -> None:
    assert latest_reports(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_the_latest_report_is_whole_and_the_last_one_recorded(tmp_path: Path) -> None:
    other = report(PASSED, exercise="exercise2_gaussian_kl")
    record(tmp_path, report(*MIXED), NOON)
    record(tmp_path, other, NOON)
    # The clock was set back meanwhile: what was graded last is the latest all the same.
    record(tmp_path, report(PASSED, VARIANCE), NOON - timedelta(hours=1))
    assert latest_reports(tmp_path) == {
        FIRST: (NOON - timedelta(hours=1), report(PASSED, VARIANCE)),
        "exercise2_gaussian_kl": (NOON, other),
    }


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"checks": [1]}', "[" * 100_000, "{'of': 'another time'}"])
def test_a_report_that_cannot_be_read_is_left_out_until_the_next(tmp_path: Path, text: str) -> None:
    record(tmp_path, report(PASSED), NOON)
    record(tmp_path, report(PASSED, exercise="exercise2_gaussian_kl"), NOON)
    with sqlite3.connect(tmp_path / progress.FILE) as database:
        database.execute("UPDATE latest_reports SET report = ? WHERE exercise = ?", (text, FIRST))
    assert list(latest_reports(tmp_path)) == ["exercise2_gaussian_kl"]
    record(tmp_path, report(PASSED), NOON)
    assert len(latest_reports(tmp_path)) == 2


def test_a_folder_that_cannot_be_written() -> None:
    home = Path(tempfile.mkdtemp())  # not tmp_path: nobody else may look into that
    record(home, report(*MIXED), NOON)
    with read_only(home):
        assert latest_reports(home)[FIRST][1] == report(*MIXED)
        with pytest.raises(ProgressUnavailable):
            record(home, report(PASSED), NOON)
    assert len(attempts(home)) == 1
    shutil.rmtree(home)


def test_what_is_kept_is_the_published_form(tmp_path: Path) -> None:
    record(tmp_path, report(*MIXED), NOON)
    with sqlite3.connect(tmp_path / progress.FILE) as database:
        (text,) = database.execute("SELECT report FROM latest_reports").fetchone()
    assert json.loads(text) == json.loads(json.dumps(report(*MIXED).to_json()))
