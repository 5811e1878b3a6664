"""A batch whose front is killed with −9 at random moments, again and again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from clusters import SECONDS, alive, descendants, wait_for
from courses import CHECKS, SOLUTION, small_course

pytestmark = pytest.mark.xdist_group("batch kills")

KILLS = 10
STUDENTS = 40
RIGHT = SOLUTION.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")
MARKS = {"right": (RIGHT, 3), "wrong": ("six = 6.0\n\ndef double(x):\n    return x * x\n", 1), "torn": ("def (", 0)}


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command line of a class in a small course."""
    small_course(tmp_path / "course", checks=CHECKS)
    for number in range(STUDENTS):
        kind = list(MARKS)[number % len(MARKS)]
        path = tmp_path / "class" / f"{kind} {number}" / "exercise1_double.py"
        path.parent.mkdir(parents=True)
        path.write_text(MARKS[kind][0])
    program = [sys.executable, "-P", "-m", "grader.cli", "batch", str(tmp_path / "class"), "--jobs", "1"]
    return [*program, "--out", str(tmp_path / "out"), "--course", str(tmp_path / "course"), "--seed", "5"]


def whole_lines(path: Path) -> list[bytes]:
    """The lines that are complete by now: what a front has told of is among them."""
    with suppress(FileNotFoundError):
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    return []


def has_lines(path: Path, count: int) -> bool:
    return len(whole_lines(path)) >= count


def killed(words: list[str], ripe: Callable[[], bool], delay: float) -> None:
    """Start a batch, wait until it is ripe and a random moment longer, and kill its front; nothing of it lives on."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS
    while not ripe() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(delay)  # the moment of death is random, not synchronised
    children = descendants(process.pid)
    process.kill()
    assert process.wait() in (-signal.SIGKILL, 0)
    wait_for(lambda: not alive(children))


def test_kill_9_loses_nothing_and_doubles_nothing(words: list[str], tmp_path: Path) -> None:
    moments = random.Random(20261121)  # noqa: S311  no secret
    path = tmp_path / "out" / "results.jsonl"
    kept: dict[str, bytes] = {}
    interrupted = 0
    for number in range(KILLS):
        # Some before the first grading, most in the middle, the last ones when all is graded and is being summed up.
        more = (0, 1, 2, 3)[number % 4] if number < KILLS - 2 else STUDENTS
        wanted = min(len(kept) + more, STUDENTS)
        delay = moments.random() / (2 if more == 0 else 40)
        killed(words, partial(has_lines, path, wanted), delay)
        found = whole_lines(path)
        now = {json.loads(line)["student"]: line for line in found}
        assert len(now) == len(found), "somebody is there twice"
        assert now.items() >= kept.items(), "somebody was lost, or graded again"
        interrupted += len(now) < STUDENTS
        kept = now
    assert interrupted >= 5
    # As after a power cut in the middle of a line.
    path.write_bytes(path.read_bytes()[:-20])
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert "torn off" in done.stderr
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["student"] for line in lines] == sorted(line["student"] for line in lines)
    marks = {line["student"]: line["report"]["points"] if line["report"] else 0 for line in lines}
    assert len(lines) == len(marks) == STUDENTS
    assert all(points == MARKS[student.split()[0]][1] for student, points in marks.items())
    assert [path.name for path in (tmp_path / "out").glob(".*")] == [".lock"]
    assert len(json.loads((tmp_path / "out" / "results.json").read_text())["records"]) == STUDENTS
