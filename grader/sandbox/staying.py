"""A judge that stays: it has collected a check file, and forks a copy of itself for each grading.

So a class is graded without starting pytest and importing the checks for each submission. The judge that stays reads
no task: it knows its check file and what its copies told of replays (`grader.replays`), nothing of a submission.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

JOB_LIMIT = 1 << 15
FREE = b"free\n"
TOLD_LIMIT = 8 << 20
"""Bytes that a copy may tell at its end; what is longer is not heard."""


class Job(NamedTuple):
    """One grading, before anything of it has been read.

    Args:
        line: to the front, with the task on it.
        requests: to the supervisor, for submission processes; its end is the grading's end.
        checks: the check file.
    """

    line: socket.socket
    requests: socket.socket
    checks: Path

    def send(self, inbox: socket.socket) -> None:
        """Give it to the judge at the other end; it is no longer ours."""
        try:
            socket.send_fds(inbox, [os.fsencode(self.checks)], [self.line.fileno(), self.requests.fileno()])
        finally:
            self.close()

    @classmethod
    def receive(cls, inbox: socket.socket) -> Job | None:
        """The next one; None when there will be none."""
        checks, descriptors, _, _ = socket.recv_fds(inbox, JOB_LIMIT, 2)
        if len(descriptors) != 2:
            return None
        line, requests = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        return cls(line, requests, Path(os.fsdecode(checks)))

    def close(self) -> None:
        """Close our ends."""
        self.line.close()
        self.requests.close()


def version(checks: Path) -> str:
    """What changes when a check file or a module beside it is saved: a judge that stays must not outlive it.

    Empty where that cannot be told.
    """
    with suppress(OSError):  # whoever collects the file says what is wrong with it
        found = sorted(
            (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
            for entry in os.scandir(checks.parent)
            if entry.name.endswith(".py")
        )
        return sha256(repr((str(checks), found)).encode()).hexdigest()
    return ""


def copy_for_each(
    inbox: socket.socket, job: Job, settle: Callable[[int], None], hear: Callable[[bytes], None]
) -> tuple[Job, int]:
    """Fork for this job and for each that follows. Returns in the copies only, which have one job each.

    Args:
        inbox: where the jobs come from.
        job: the first one.
        settle: called in a copy, with the process id of the one that stays.
        hear: called in the one that stays, with what a copy told.

    Returns:
        The job, and the descriptor to tell something over.
    """
    gc.collect()
    gc.freeze()  # so that the copies' collections leave the pages alone that they share
    stays = os.getpid()
    while True:
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            inbox.close()
            settle(stays)
            return job, theirs
        os.close(theirs)
        job.close()  # so that the copy's end is the grading's end, whatever it leaves behind
        told = _read(ours)
        os.waitpid(pid, 0)
        hear(told)
        job = _following(inbox)


def _following(inbox: socket.socket) -> Job:
    """The next job; without one this process ends."""
    with suppress(OSError):
        inbox.sendall(FREE)
        job = Job.receive(inbox)
        if job is not None:
            return job
    os._exit(0)


def single_threaded() -> bool:
    """Whether this process may fork: a thread that a check file has started would be missing in the copies."""
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:  # no /proc: nobody knows
        return False


def _read(descriptor: int) -> bytes:
    """All that comes until the other end is closed; nothing where it is too much."""
    told = bytearray()
    with open(descriptor, "rb", buffering=0) as pipe:
        while data := pipe.read(1 << 16):
            told += data
            if len(told) > TOLD_LIMIT:
                return b""
    return bytes(told)
