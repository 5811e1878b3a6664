"""What was told is kept: processes killed with −9 at random moments, two of them at once, and a disk that is full."""

from __future__ import annotations

import random
import selectors
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from reports import MIXED, PASSED, report
from small_disks import filled, small_disk

from grader import progress, workspace
from grader.course import built_in
from grader.progress import ProgressUnavailable, attempts, latest_reports, record
from grader.progress_file import written

__all__ = ["small_disk"]

TESTS = Path(__file__).parent
KILLS = 40
# A terminal that grades without end: each attempt is told when it is recorded, as `grade` tells its verdict.
TERMINAL = """
import sys; from datetime import UTC, datetime; from pathlib import Path
sys.path.insert(0, sys.argv[1])
from reports import MIXED, report
from grader.remember import remember
home, first = Path(sys.argv[2]), int(sys.argv[3])
for seed in range(first, first + 1_000_000):
    assert not remember(home, home / "exercises" / "x.py", report(*MIXED, seed=seed), datetime.now(UTC))
    sys.stdout.write(f"{seed}\\n"); sys.stdout.flush()
"""


def terminal(home: Path, first: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", TERMINAL, str(TESTS), str(home), str(first)]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


def killed(process: subprocess.Popen[bytes], after: int, delay: float) -> list[int]:
    """Read so many attempts, let a random moment pass, kill; every attempt that was told."""
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(after)]
    with selectors.DefaultSelector() as nothing:
        nothing.select(delay)  # the moment of death is random, not synchronised
    process.kill()
    told += process.stdout.read().splitlines(keepends=True)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    return [int(line) for line in told if line.endswith(b"\n")]


def test_kill_9_loses_no_attempt_that_was_told(tmp_path: Path) -> None:
    moments = random.Random(20261121)  # noqa: S311  no secret
    told: set[int] = set()
    for pair in range(KILLS // 2):
        both = [terminal(tmp_path, (2 * pair + number + 1) * 1_000_000) for number in range(2)]
        for process in both:
            told.update(killed(process, moments.randint(1, 4), moments.random() / 50))
        kept = [attempt.seed for attempt in attempts(tmp_path)]
        assert told <= set(kept)
        assert len(kept) == len(set(kept))
    assert len(told) >= KILLS
    # At most one attempt of each was recorded and not told any more.
    assert len(kept) <= len(told) + KILLS
    assert latest_reports(tmp_path)[report(*MIXED).exercise][1].seed in kept
    with sqlite3.connect(tmp_path / progress.FILE) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_real_grading_is_kept_once_its_verdict_shows(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    words = [sys.executable, "-m", "grader.cli", "exercise1"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    shown = next(line for line in process.stdout if "0/2" in line)
    process.kill()
    assert process.wait() in (-signal.SIGKILL, 1), shown
    process.stdout.close()
    assert [attempt.points for attempt in attempts(tmp_path)] == [0]


def test_every_attempt_is_on_the_disk_before_it_is_told(tmp_path: Path) -> None:
    with written(tmp_path) as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_disk_that_is_full(small_disk: Path) -> None:
    now = datetime.now(UTC)
    record(small_disk, report(PASSED), now)
    with filled(small_disk):
        with pytest.raises(ProgressUnavailable, match=r"full|disk I/O"):
            record(small_disk, report(*MIXED), now)
        # What was recorded before is there, while the disk is full and after.
        assert len(attempts(small_disk)) == 1
    record(small_disk, report(*MIXED), now)
    assert len(attempts(small_disk)) == 2
