"""One grading, remembered once: as an attempt in the workspace, and as misconceptions for the flashcards."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from reports import MIXED, PASSED, VARIANCE, report

from flashcards.met import latest
from grader import met, progress
from grader.remember import remember
from grader.report import Report

EVENING = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
NAME = "exercise1_reparameterization"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, which is not there yet."""
    monkeypatch.setenv("REPARAM_DATA", str(tmp_path / "σ data" / "reparam"))
    return tmp_path / "σ data" / "reparam"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with one exercise."""
    file = tmp_path / "home" / "exercises" / f"{NAME}.py"
    file.parent.mkdir(parents=True)
    file.write_text("")
    return tmp_path / "home"


def own(home: Path) -> Path:
    return home / "exercises" / f"{NAME}.py"


def lines(data: Path) -> list[dict[str, str]]:
    text = (data / met.FILE).read_text() if (data / met.FILE).exists() else ""
    # An empty line is no loss: who reads while another's write is half done cannot know that its end is coming.
    return [json.loads(line) for line in text.splitlines() if line]


def named(*names: str) -> Report:
    return report(*(replace(VARIANCE, name=f"test_{name}", misconception=name) for name in names))


def test_a_grading_of_the_workspace_is_kept_twice(home: Path, data: Path) -> None:
    assert remember(home, own(home), report(*MIXED), EVENING) == ""
    assert len(progress.attempts(home)) == 1
    assert lines(data) == [
        {
            "id": "exercise1.variance_as_std",
            "at": "2026-11-21T23:30:00+00:00",
            "exercise": NAME,
            "check": "test_z",
        }
    ]


def test_part_of_a_grading_is_no_attempt_but_its_misconceptions_were_met(home: Path, data: Path) -> None:
    assert remember(home, own(home), report(VARIANCE), EVENING, whole=False) == ""
    assert progress.attempts(home) == ()
    assert len(lines(data)) == 1


def test_a_file_elsewhere_is_nobodys(home: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert remember(home, home / "other.py", report(VARIANCE), EVENING) == ""
    assert remember(None, own(home), report(VARIANCE), EVENING) == ""
    assert progress.attempts(home) == ()
    assert not data.exists()
    monkeypatch.chdir(home / "exercises")
    remember(home, Path(f"{NAME}.py"), report(VARIANCE), EVENING)
    assert len(progress.attempts(home)) == len(lines(data)) == 1


def test_nothing_is_written_where_nothing_was_met(home: Path, data: Path) -> None:
    remember(home, own(home), report(PASSED), EVENING)
    assert not data.exists()


def test_once_a_day_in_utc(data: Path) -> None:
    met.note(named("a", "b", "a"), EVENING)
    met.note(named("b"), EVENING.astimezone(timezone(timedelta(hours=5))))
    met.note(named("b", "c"), EVENING + timedelta(minutes=10))
    met.note(named("b", "c"), EVENING + timedelta(minutes=40))
    assert [(line["id"], line["at"][:10]) for line in lines(data)] == [
        ("exercise1.a", "2026-11-21"),
        ("exercise1.b", "2026-11-21"),
        ("exercise1.c", "2026-11-21"),
        ("exercise1.b", "2026-11-22"),
        ("exercise1.c", "2026-11-22"),
    ]


@pytest.mark.parametrize("torn", [b'{"id": "exercise1.a", "at": "2026', b"\xff\xfe", b"3", b"[" * 100_000])
def test_a_line_that_is_none_does_not_swallow_ours(data: Path, torn: bytes) -> None:
    data.mkdir(parents=True)
    (data / met.FILE).write_bytes(torn)
    met.note(named("a"), EVENING)
    met.note(named("a"), EVENING)
    *before, last = (data / met.FILE).read_bytes().splitlines()
    assert before == [torn]
    assert json.loads(last)["id"] == "exercise1.a"


def test_a_long_file_is_searched_from_its_end(data: Path) -> None:
    data.mkdir(parents=True)
    (data / met.FILE).write_text('{"id": "exercise1.a", "at": "2026-11-20T00:00:00+00:00"}\n' * 20_000)
    met.note(named("a"), EVENING)
    met.note(named("a"), EVENING)
    assert len(lines(data)) == 20_001


def test_many_terminals_write_whole_lines(data: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: met.note(named(*(f"m{number}_{i}" for i in range(9))), EVENING), range(40)))
    assert len({line["id"] for line in lines(data)}) == 360
    assert len(latest(data)) == 360


# --- what stands in the way never disturbs a verdict ------------------------------------------------------


@pytest.fixture(params=["file", "folder", "fifo", "device", "gone"])
def blocked(request: pytest.FixtureRequest, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in the place of the file or its folder."""
    if request.param == "file":
        data.parent.mkdir()
        data.write_text("in the way")
    elif request.param == "gone":
        monkeypatch.setenv("REPARAM_DATA", "/proc/nowhere")
    else:
        data.mkdir(parents=True)
        path = data / met.FILE
        if request.param == "folder":
            path.mkdir()
        elif request.param == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/full")


@pytest.mark.usefixtures("blocked")
def test_what_is_in_the_way_costs_nothing(home: Path) -> None:
    assert remember(home, own(home), report(VARIANCE), EVENING) == ""
    assert len(progress.attempts(home)) == 1


def test_a_progress_file_that_cannot_be_written_is_told_and_the_meeting_kept(home: Path, data: Path) -> None:
    (home / ".reparam").write_text("in the way")
    remark = remember(home, own(home), report(VARIANCE), EVENING)
    assert remark.startswith("your progress could not be saved: ")
    assert remark.endswith("; the verdict above stands")
    assert len(lines(data)) == 1


def test_a_full_disk_while_a_meeting_is_written(data: Path) -> None:
    """The limit on the size of files stands for it; what fitted is a torn line, and the next one is whole."""
    met.note(named("a" * 900), EVENING)
    script = (
        "import resource, signal, sys; from datetime import datetime, UTC\n"
        "from grader import met; from grader.report import CheckResult, Report, Status\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\n"
        "check = CheckResult('test_x', 'x', Status.FAILED, 0, 1, misconception='m' * 5000)\n"
        "met.note(Report('exercise1_a', 'a', (check,), 1.0, (), 1), datetime.now(UTC)); print('still here')"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "still here\n"
    assert (data / met.FILE).stat().st_size == 2048
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 2048
    met.note(named("b"), EVENING)
    first, _, last = (data / met.FILE).read_bytes().splitlines()
    assert [json.loads(line)["id"][-1] for line in (first, last)] == ["a", "b"]


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert met.data_folder({"REPARAM_DATA": str(tmp_path)}) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    place = met.data_folder({})
    assert place.is_relative_to(tmp_path)
    assert place.name == "reparam"
