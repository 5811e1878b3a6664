"""A file of results is complete or not there, and what was there before survives a failure."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grader import output
from grader.errors import UnusableInput
from grader.render.exchange import to_json
from grader.report import CheckResult, Curves, Report, Series, Status


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for text in ("σ first\n", "second\n"):
        output.to_file(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    output.to_file(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


def test_a_device_is_written_to_and_stays() -> None:
    output.to_file(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


def test_a_pipe_behind_a_name_is_written_to() -> None:
    script = "from pathlib import Path; from grader import output; output.to_file(Path('/dev/stdout'), 'text')"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "text"


def test_rows_of_numbers_are_a_line_each_and_texts_stay() -> None:
    text = "[\n  1,\n  2\n]"
    curve = Curves(text, "step", "nats", (Series("yours", (0.0, 1.0), (2.5e-7, -3.0)),), ())
    check = CheckResult("test_a", "a", Status.PASSED, 1, 1, message=text, pictures=(curve,))
    report = Report("exercise1_a", "t", (check,), 0.1, (), 1)
    written = to_json(report)
    assert Report.from_json(json.loads(written)) == report
    assert "[2.5e-07, -3.0]" in written


def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """The limit on the size of files stands for a full disk: the write fails half-way."""
    path = tmp_path / "report.json"
    path.write_text("old")
    script = (
        "import resource, signal, sys; from pathlib import Path; from grader import output\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: output.to_file(Path(sys.argv[1]), 'x' * 10_000)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    result = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert result.stdout == f"UnusableInput {path} cannot be written: File too large.\n"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_place_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="is a folder"):
        output.check_target(tmp_path)
    with pytest.raises(UnusableInput, match="there is no folder"):
        output.check_target(tmp_path / "a" / "b")
    output.check_target(tmp_path / "a")
    with pytest.raises(UnusableInput, match="/proc/report cannot be written"):
        output.to_file(Path("/proc/report"), "text")
