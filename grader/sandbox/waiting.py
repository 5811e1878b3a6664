"""The processes that wait for a grading, as their supervisor holds them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Judge:
    """A judge that waits for a job.

    Args:
        process: its id.
        inbox: where it waits for the sockets of its job.
        version: of the check file that it has collected, as the front says; empty before its first job.
    """

    process: int
    inbox: socket.socket
    version: str = ""


@dataclass(frozen=True)
class Pair:
    """The processes of one grading, waiting for its job.

    Args:
        submission: process id; nothing is loaded in it yet.
        wire: the judge's end of the line to it.
        output: where to read what it prints.
        judge: that one.
    """

    submission: int
    wire: socket.socket
    output: int
    judge: Judge

    def alive(self) -> bool:
        """Whether both still wait."""
        return waits(self.submission) and waits(self.judge.process)


def waits(process: int) -> bool:
    """Whether a child has not ended; if it has, that is still to be collected."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
