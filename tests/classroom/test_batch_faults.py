"""A batch of which everything is killed with −9 at random moments: its marks are those that it has in peace.

A submission's process is killed once at most in a grading: that may be the system's choice when memory is short, and
costs nothing. Killed twice in one check, it has used too much memory, for all that anybody can tell.

`REPARAM_KILLS=200` kills so often; otherwise it is fewer.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from clusters import SECONDS, wait_for

from grader.classroom.batch.record import Record
from grader.course import built_in

SUBMISSIONS = Path(__file__).parent.parent / "submissions"
TALK, TRICKS = built_in().find("exercise6"), built_in().find("exercise1")
ASKED = int(os.environ.get("REPARAM_KILLS", "60"))
SHARES = {"front": 0.05, "first zygote": 0.025, "forked zygote": 0.125, "judge": 0.35, "submission": 0.45}
KILLS = {role: math.ceil(share * ASKED) for role, share in SHARES.items()}
LONGEST_WAIT = 0.2
"""Seconds between two deaths, at most."""

EARLY = 0.3
"""How many fronts see a death before anything is graded."""

LIVES = 100
"""Fronts that may be started: a run ends with exit code 1 when something has no verdict, and the next one grades it."""


@dataclass(frozen=True)
class Process:
    """One of a batch's processes."""

    pid: int
    parent: int
    born: str
    role: str


def processes(front: int, mark: str) -> list[Process]:
    """The processes of a batch. (Only root may look: they are undumpable.)

    Args:
        front: the one that was started.
        mark: what is in its environment, and in nobody else's; submissions have none, so their parents tell.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):  # it has ended meanwhile
                parent, session, born = stat(entry)
                role = _role(entry, front, parent, session, mark.encode())
                found += [Process(int(entry.name), parent, born, role)] if role else []
    zygotes = {one.pid for one in found if one.role.endswith("zygote")}
    return [one for one in found if one.role != "submission" or one.parent in zygotes]


def stat(entry: Path) -> tuple[int, int, str]:
    """The parent of a process that runs, its session, and when it began: numbers of processes are used again."""
    fields = (entry / "stat").read_text().rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError
    return int(fields[1]), int(fields[3]), fields[19]


def _role(entry: Path, front: int, parent: int, session: int, mark: bytes) -> str:
    """What a process is for; nothing for one that is not ours, or is only being born."""
    pid = int(entry.name)
    if pid == front:
        return "front"
    if b"grader.sandbox.zygote" not in (entry / "cmdline").read_bytes():
        return ""
    if "Uid:\t0" not in (entry / "status").read_text():
        return "submission"
    if mark not in (entry / "environ").read_bytes() or session != pid:
        return ""
    if parent == front:
        return "first zygote"
    return "judge" if str((entry / "fd" / "2").readlink()) == os.devnull else "forked zygote"


def living(those: set[Process]) -> set[Process]:
    """Those of them that still run."""
    found = set()
    for one in those:
        with suppress(OSError, ValueError):
            found |= {one} if stat(Path(f"/proc/{one.pid}"))[2] == one.born else set()
    return found


@dataclass
class Killer:
    """Kills what it finds, until it has had enough.

    Args:
        mark: see :func:`processes`.
        moments: when, and whom.
        left: role → how many are still to be killed.
        done: role → how many were.
    """

    mark: str
    moments: random.Random
    left: Counter[str] = field(default_factory=lambda: Counter(KILLS))
    done: Counter[str] = field(default_factory=Counter)
    _spared: set[int] = field(default_factory=set)

    def harass(self, front: subprocess.Popen[bytes]) -> None:
        """Kill until the front ends, by itself or otherwise; then nothing that it started may live."""
        seen: set[Process] = set()
        # Nobody would ever grade anything if whatever begins were killed at once; but some shall be.
        early = self.moments.random() < EARLY
        due = time.monotonic() + early * self.moments.random()
        while front.poll() is None:
            found = processes(front.pid, self.mark)
            seen |= set(found)
            if time.monotonic() >= due and (early or any(one.role == "judge" for one in found)):
                self._kill(found)
                early = False
                due = time.monotonic() + self.moments.random() * LONGEST_WAIT
            time.sleep(0.005)
        wait_for(lambda: not processes(0, self.mark), lambda: processes(0, self.mark))
        wait_for(lambda: not living(seen), lambda: living(seen))

    def _kill(self, found: list[Process]) -> None:
        judges = {one.parent: one.pid for one in found if one.role == "judge"}
        targets = [
            one
            for one in found
            if self.left[one.role] and (one.role != "submission" or judges.get(one.parent, 0) not in {0, *self._spared})
        ]
        if not targets:
            return
        roles = sorted({one.role for one in targets})
        # A front has one of them, and then only such as were forked.
        weights = [self.left[role] * (4 if role == "first zygote" else 1) for role in roles]
        (role,) = self.moments.choices(roles, weights)
        target = self.moments.choice([one for one in targets if one.role == role])
        with suppress(ProcessLookupError):
            os.kill(target.pid, signal.SIGKILL)
            self.left[role] -= 1
            self.done[role] += 1
            if role == "submission":
                self._spared.add(judges[target.parent])


def hand_in(folder: Path) -> int:
    """A class of cheap submissions; how many."""
    right = sorted((SUBMISSIONS / TALK.name).glob("*/*.py"))
    wrong = sorted((SUBMISSIONS / TRICKS.name / "wrong").glob("*.py"))
    for number, path in enumerate([*right, *wrong]):
        place = folder / f"student {number:02}" / f"{path.parent.parent.name}.py"
        place.parent.mkdir(parents=True)
        place.write_bytes(path.read_bytes())
    return len(right) + len(wrong)


def records(out: Path) -> list[Record]:
    return [Record.from_json(json.loads(line)) for line in (out / "results.jsonl").read_bytes().splitlines()]


def marks(out: Path) -> dict[str, Any]:
    """Student → what each check gave; nobody is there twice, and nobody without a verdict."""
    found = records(out)
    assert len({one.student for one in found}) == len(found)
    verdicts = {}
    for one in found:
        assert one.report is not None, one
        verdicts[one.student] = [(check.name, check.status, check.points) for check in one.report.checks]
    return verdicts


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may look into these processes")
def test_kills_of_everything_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    size = hand_in(tmp_path / "class")
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    log = tmp_path / "log"

    def start(out: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-P", "-m", "grader.cli", "batch", str(tmp_path / "class"), "--out", str(out)]
        with log.open("ab") as file:
            return subprocess.Popen(
                [*words, "--jobs", "2", "--seed", "5"], stdout=file, stderr=file, env=environment, cwd=tmp_path
            )

    assert start(tmp_path / "calm").wait(SECONDS * 5) == 0, log.read_text()
    killer = Killer(str(tmp_path / "tmp"), random.Random(20261121))  # noqa: S311  no secret
    lives = count(1)
    for number in count(1):
        out = tmp_path / f"class {number}"
        code = -1
        while code != 0:
            assert next(lives) <= LIVES
            front = start(out)
            killer.harass(front)
            code = front.wait()
            assert code in (-signal.SIGKILL, 0, 1), log.read_text()
        assert len(marks(out)) == size
        assert marks(out) == marks(tmp_path / "calm")
        assert (out / "results.csv").read_bytes() == (tmp_path / "calm" / "results.csv").read_bytes()
        assert [path.name for path in out.glob(".*")] == [".lock"]
        if not killer.left.total():
            break
    assert killer.done == KILLS
    assert not list((tmp_path / "tmp").iterdir())
