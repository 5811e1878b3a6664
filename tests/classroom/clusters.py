"""Real Dask schedulers and workers on the loopback, as programs of their own that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SECONDS = 120.0
"""How long anything may take before a test gives up on it."""

_DASK = Path(sys.executable).parent / "dask"


class Program:
    """A program of dask's, in a session of its own; what it says goes to a file."""

    def __init__(self, log: Path, *words: str, **environment: str) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [str(_DASK), *words], cwd=log.parent, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, **environment}, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    @property
    def said(self) -> str:
        """All that it has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def end(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal and wait for its end."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        self._process.wait(SECONDS)


class Cluster:
    """A scheduler and its workers.

    Args:
        folder: for their files.
        allowed_failures: how many workers a task may outlive.
    """

    def __init__(self, folder: Path, *, allowed_failures: int = 3) -> None:
        self._folder = folder
        found = folder / "scheduler.json"
        self.scheduler = Program(
            folder / "scheduler.log", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--scheduler-file", str(found), DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=str(allowed_failures),
        )  # fmt: skip
        self.workers: dict[str, Program] = {}
        wait_for(found.is_file, lambda: self.scheduler.said)
        self.address = str(json.loads(found.read_text())["address"]).removeprefix("tcp://")

    @property
    def spec(self) -> str:
        """What ``--executor`` is given."""
        return f"dask://{self.address}"

    def work(self, name: str, *, threads: int = 1, **environment: str) -> Program:
        """Start a worker, and wait until the scheduler knows it."""
        worker = Program(
            self._folder / f"{name}.log", "worker", self.address, "--no-nanny", "--no-dashboard", "--name", name,
            "--nthreads", str(threads), "--local-directory", str(self._folder), **environment,
        )  # fmt: skip
        self.workers[name] = worker
        wait_for(lambda: "Registered to" in worker.said, lambda: worker.said)
        return worker

    def end(self) -> None:
        """Kill them all."""
        for program in (*self.workers.values(), self.scheduler):
            program.end()


@contextmanager
def cluster(folder: Path, *, allowed_failures: int = 3) -> Iterator[Cluster]:
    """A scheduler without workers, which ends with all of its workers."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Cluster(folder, allowed_failures=allowed_failures)
    try:
        yield found
    finally:
        found.end()


def wait_for(condition: Callable[[], object], said: Callable[[], object] = str) -> None:
    """Look again and again, until something is so."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)


def children(pid: int) -> set[int]:
    """The processes that one has started, whichever of its threads did."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            found |= set(map(int, path.read_text().split()))
    return found


def descendants(pid: int) -> set[int]:
    """The processes that come of one, itself not among them."""
    found = children(pid)
    return found | {other for one in found for other in descendants(one)}


def alive(pids: set[int]) -> set[int]:
    """Those that still run; one that nobody has asked how it ended does not."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            found |= {pid} if state != "Z" else set()
    return found
