"""A limit ends loops that never end; it never fails code that the machine kept from running."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.deadline import LONGEST, Deadline, processor_seconds

LIMIT = 10.0


def ends(share: float, *, limit: float = LIMIT, longest: float = float("inf"), known: bool = True) -> float:
    """When the time of a process is up that gets a share of a processor, looking whenever it is told to."""
    now = 0.0

    def used() -> float | None:
        return share * now if known else None

    deadline = Deadline(limit, used, lambda: now, longest)
    while (left := deadline.left()) > 0:
        now += left
    return now


@given(st.floats(0.12, 1))
def test_who_is_kept_from_running_gets_its_processor_time(share: float) -> None:
    assert share * ends(share) >= 0.94 * LIMIT


@given(st.floats(0, 4), st.floats(0.1, 100), st.floats(1, 100))
def test_it_always_ends(share: float, limit: float, longest: float) -> None:
    assert min(limit, longest) <= ends(share, limit=limit, longest=longest) * 1.000001
    assert ends(share, limit=limit, longest=longest) <= min(LONGEST * limit, longest) * 1.000001


@pytest.mark.parametrize("share", [0.0, 0.005, 0.96, 1.0, 3.0], ids=["sleeps", "dozes", "runs", "loops", "threads"])
def test_who_runs_or_waits_gets_no_more(share: float) -> None:
    assert ends(share) == LIMIT


def test_where_nobody_knows_the_walls_clock_counts() -> None:
    assert ends(0.3, known=False) == LIMIT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes")
@pytest.mark.parametrize(
    ("code", "fits"),
    [("sum(range(3 * 10**7))", lambda used: used > 0.1), ("", lambda used: used < 5)],
    ids=["works", "ends"],
)
def test_the_kernel_tells_what_another_process_used(code: str, fits: Callable[[float], bool]) -> None:
    program = f"{code}\nprint('done', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        used = processor_seconds(process.pid)
        process.communicate(b"\n")
    assert used is not None
    assert fits(used)
    assert processor_seconds(process.pid) is None
