"""Machines that lack something or misbehave: the verdict comes all the same, and says what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import progress, workspace
from grader.course import built_in

GRADE = [sys.executable, "-m", "grader.cli"]
ROOT = Path(__file__).parent.parent
CLOCKS = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
WRONG = "z = [0.36, 0.695, -0.25]  # σ² for σ\n"
QUICK = ("exercise1", "--seed", "7")

pytestmark = pytest.mark.xdist_group("machine")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace whose first exercise is answered with σ² for σ."""
    workspace.init(tmp_path, built_in())
    (tmp_path / "exercises" / built_in().exercises[0].stub.name).write_text(WRONG)
    return tmp_path


def run(home: Path, *words: str, before: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """`grade`, in a mount namespace of its own where a shell does something ``before``."""
    command = [*GRADE, *words]
    if before:
        command = ["unshare", "--mount", "sh", "-ec", f'{before}\nexec "$@"', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=300)


def points_of_history(home: Path) -> list[int]:
    return [attempt.points for attempt in progress.attempts(home)]


def mounts() -> bool:
    """Whether this process may have a mount namespace of its own."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


may_mount = pytest.mark.skipif(not mounts(), reason="only root may mount here")


@may_mount
def test_without_proc_the_layers_that_need_it_are_left_out_of_the_report(home: Path) -> None:
    done = run(home, *QUICK, "--format", "json", before="mount -t tmpfs none /proc")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["checks"][0]["misconception"] == "variance_as_std"
    assert "rlimits" not in report["sandbox"]
    assert {"landlock", "seccomp", "uid"} <= set(report["sandbox"])
    doctor = run(home, "doctor", before="mount -t tmpfs none /proc")
    assert doctor.returncode == 0
    assert "rlimits     missing" in doctor.stdout


@may_mount
def test_a_disk_that_nobody_may_write_to_costs_the_memory_and_not_the_verdict(home: Path, tmp_path: Path) -> None:
    read_only = f"mount --bind {tmp_path} {tmp_path}; mount -o remount,ro,bind {tmp_path}; cd {tmp_path}"
    done = run(home, *QUICK, before=read_only, HOME=str(tmp_path), REPARAM_DATA=str(tmp_path / "data"))
    assert done.returncode == 1, done.stderr
    assert "σ² was used where σ belongs" in done.stdout
    assert "not be" in done.stderr  # what could not be kept, in words
    assert "Traceback" not in done.stderr
    assert points_of_history(home) == []
    assert run(home, *QUICK).returncode == 1
    assert points_of_history(home) == [0]


@pytest.mark.skipif(not CLOCKS, reason="libfaketime is not installed")
def test_a_clock_that_jumps_loses_no_attempt(home: Path) -> None:
    def at(moment: str) -> None:
        # The sandbox inherits no LD_PRELOAD: it lives by the machine's own clock, a year away from its front's.
        done = run(home, *QUICK, LD_PRELOAD=str(CLOCKS[0]), FAKETIME=moment)
        assert done.returncode == 1, done.stderr
        assert "σ² was used where σ belongs" in done.stdout

    at("+0")
    at("-366d")
    at("+3660d")
    assert points_of_history(home) == [0, 0, 0]
    history = run(home, "history", "--format", "json")
    assert history.returncode == 0
    assert len(json.loads(history.stdout)["attempts"]) == 3
    assert run(home).returncode == 0
