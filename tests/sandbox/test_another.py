"""Sandboxes that share the libraries' memory share nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.core import Sandbox, grade
from grader.course import built_in
from grader.errors import GraderError
from grader.report import Report
from grader.submission import Submission

EXERCISE = built_in().find("exercise1")
CHECKS = ("test_z",)
RIGHT = "z = [0.6, 0.65, -0.2]"
ENDLESS = "while True: pass"

pytestmark = pytest.mark.xdist_group("another")


def graded(sandbox: Sandbox, source: str = RIGHT, seed: int = 0) -> Report:
    submission = Submission(Path("work.py"), "work.py", source)
    return grade(EXERCISE, submission, sandbox=sandbox, seed=seed, checks=CHECKS)


@pytest.fixture
def first() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def gone(pid: int) -> bool:
    """Whether a process has ended, or ends within ten seconds; one that nobody has waited for counts."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_each_lives_as_long_as_it_is_wanted(first: Sandbox) -> None:
    second, third = first.another(), first.another()
    assert len({first.pid, second.pid, third.pid}) == 3
    assert all(graded(sandbox).passed for sandbox in (third, first, second))
    second.close()
    assert gone(second.pid)
    assert not second.running
    assert graded(third).passed
    first.close()
    assert gone(first.pid)
    assert graded(third).passed
    fourth = third.another()
    assert graded(fourth).passed
    third.close()
    fourth.close()
    assert gone(third.pid)
    assert gone(fourth.pid)


def test_one_killed_is_told_and_spares_the_others(first: Sandbox) -> None:
    with first.another() as second:
        os.kill(second.pid, signal.SIGKILL)
        assert gone(second.pid)
        assert not second.running
        with pytest.raises(GraderError, match="sandbox is gone"):
            graded(second)
        assert graded(first).passed
    with first.another() as third:
        os.kill(first.pid, signal.SIGKILL)
        assert gone(first.pid)
        with pytest.raises(GraderError, match="sandbox is gone"):
            first.another()
        assert graded(third).passed


def test_one_may_be_asked_for_during_a_grading(first: Sandbox) -> None:
    submission = Submission(Path("work.py"), "work.py", ENDLESS)
    started = threading.Event()

    def endless() -> Report:
        return grade(EXERCISE, submission, sandbox=first, seed=0, on_event=lambda _: started.set())

    with ThreadPoolExecutor() as pool:
        running = pool.submit(endless)
        assert started.wait(60)
        with first.another() as second:
            assert graded(second).passed
            assert not running.done()
            first.cancel()
            with pytest.raises(GraderError):
                running.result(60)
            assert graded(second).passed
    assert graded(first).passed


def test_gradings_at_the_same_time_do_not_disturb_each_other(first: Sandbox) -> None:
    with first.another() as second, ThreadPoolExecutor() as pool:
        submissions = [RIGHT, "z = [1.0, 0.65, -0.2]", "import os; os._exit(3)", RIGHT] * 3

        def both(sandbox: Sandbox) -> list[int]:
            return [graded(sandbox, source).points for source in submissions]

        marks = [pool.submit(both, sandbox) for sandbox in (first, second)]
        assert [found.result(120) for found in marks] == [[2, 0, 0, 2] * 3] * 2


def test_an_unused_one_ends_with_its_front(first: Sandbox) -> None:
    second = first.another()
    second.close()
    assert gone(second.pid)
