"""Starts, replaces and ends the processes of a grading. Knows no source, no check and no result.

The front asks over a control socket (one JSON line and its descriptors a request); a judge asks over its own
socket for submission processes. Two ways to start a process share all of this: a fork (``zygote.py``) and a fresh
interpreter (``oneshot.py``). A judge may stay for further gradings with the same check file (``staying.py``).
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from grader.sandbox.isolation import Budget
from grader.sandbox.staying import FREE, JOB_LIMIT, Job
from grader.sandbox.waiting import Judge, Pair, waits

REQUEST_LIMIT = JOB_LIMIT
QUIET_SECONDS = 0.05
SOCKET_BUFFER = 1 << 20
GRACE = (1, 5, 20, 100)
"""Milliseconds to look again whether a process that hung up has ended, so that its own ending is what is told."""
FREE_SECONDS = 2.0
"""A judge that stays and is not free by then, after its copy has hung up, is ended."""


class Supervisor(ABC):
    """Serves one front; ends with it.

    Args:
        control: the socket to the front.
        layers: the isolation layers to use where they are available.
        budget: what a submission may use.
    """

    def __init__(self, control: socket.socket, layers: Collection[str], budget: Budget) -> None:
        self._control = control
        self._layers = tuple(layers)
        self._budget = budget
        self._submission: int | None = None
        self._ahead: Pair | None = None
        self._stayed: Judge | None = None

    @abstractmethod
    def _start_submission(self, wire: socket.socket, output: int) -> int:
        """Start an isolated process that answers on ``wire`` and prints to ``output``; its process id."""

    @abstractmethod
    def _start_judge(self, inbox: socket.socket) -> int:
        """Start a judge that gets its jobs from ``inbox``; its process id."""

    def _another(self, control: socket.socket) -> None:
        """Start one more supervisor for the front, if that is cheaper than what the front can do by itself."""
        control.close()

    def serve(self) -> None:
        """Answer the front until it hangs up."""
        try:
            self._control.sendall(json.dumps({"ready": True, "pid": os.getpid()}).encode() + b"\n")
        except BrokenPipeError:
            return  # the front went away while we were importing
        try:
            self._answer()
        finally:
            self._dismiss()

    def _answer(self) -> None:
        while True:
            # Between two saves of a file nobody waits: the next grading shall find its processes running. When the next
            # request, or the end, follows at once, there is no time to gain.
            if self._ahead is None and not select.select([self._control], [], [], QUIET_SECONDS)[0]:
                self._ahead = self._start_pair()
            try:
                line, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_LIMIT, 1)
            except ConnectionError:
                return  # the front went away without reading our last reply
            if not line:
                return
            # A cancel that came too late may stand before the next request; the descriptor is that one's.
            request = json.loads(line.splitlines()[-1])
            if request["op"] == "cancel":
                continue
            end = socket.socket(fileno=descriptors[0])
            if request["op"] == "another":
                self._another(end)
            elif request["op"] == "judge":
                self._judge(end, Path(request["checks"]), request["version"])
            else:
                self._attend(end)
                self._tell_ended()

    def _start_pair(self) -> Pair:
        """Both processes of a grading. The submission's comes first: before any check can be loaded."""
        wire, output, submission = self._started()
        judge, self._stayed = self._stayed, None
        if judge is not None and not waits(judge.process):  # something killed it
            self._end_judge(judge)
            judge = None
        return Pair(submission, wire, output, judge or self._new_judge())

    def _new_judge(self) -> Judge:
        inbox, its_inbox = socket.socketpair()
        process = self._start_judge(its_inbox)
        its_inbox.close()
        return Judge(process, inbox)

    def _dismiss(self) -> None:
        """End the processes that wait for a grading."""
        pair, self._ahead = self._ahead, None
        if pair is not None:
            _close((pair.wire, pair.output))
            self._end(pair.submission)
            self._end_judge(pair.judge)
        judge, self._stayed = self._stayed, None
        if judge is not None:
            self._end_judge(judge)

    def _judge(self, line: socket.socket, checks: Path, version: str) -> None:
        """Run one grading to its end.

        Args:
            line: the judge's to the front.
            checks: the check file.
            version: of the check file; where it is empty, the judge cannot stay.
        """
        if self._ahead is not None and not self._ahead.alive():
            self._dismiss()  # something killed it while it waited
        pair, self._ahead = self._ahead or self._start_pair(), None
        judge = pair.judge
        if judge.version and judge.version != version:
            self._end_judge(judge)
            judge = self._new_judge()
        self._submission = pair.submission
        requests, its_requests = socket.socketpair()
        with suppress(OSError):  # the judge is gone, and so is the other end of the requests
            Job(line, its_requests, checks).send(judge.inbox)
        orderly = self._attend(requests, (pair.wire, pair.output))
        if version and orderly and self._free(judge):
            self._stayed = Judge(judge.process, judge.inbox, version)
        else:
            self._end_judge(judge, GRACE if orderly else ())
        self._tell_ended()

    def _free(self, judge: Judge) -> bool:
        """Whether a judge stays, once its copy has hung up."""
        try:
            return bool(select.select([judge.inbox], [], [], FREE_SECONDS)[0]) and judge.inbox.recv(len(FREE)) == FREE
        except ConnectionError:
            return False

    def _end_judge(self, judge: Judge, grace: tuple[int, ...] = ()) -> None:
        judge.inbox.close()
        self._end(judge.process, grace)

    def _tell_ended(self) -> None:
        """No process of the grading is left."""
        with suppress(OSError):
            self._control.sendall(b'{"ended": true}\n')

    def _attend(self, requests: socket.socket, prepared: tuple[socket.socket, int] | None = None) -> bool:
        """Serve a judge's requests until it is done, then end the submission; whether nobody cancelled."""
        poll = select.poll()
        poll.register(requests, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        orderly = True
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if self._control.fileno() in ready:
                # The front cancels, or it hung up; then the next read of it says so again.
                line, descriptors = b"", list[int]()
                with suppress(ConnectionError):
                    line, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_LIMIT, 1)
                if descriptors:  # nothing else comes with one while a grading is under way
                    self._another(socket.socket(fileno=descriptors[0]))
                    if len(line.splitlines()) == 1:  # a cancel may stand before it
                        continue
                orderly = False
                break
            asked = requests.recv(REQUEST_LIMIT)
            if not asked:
                break
            if asked == b"spawn\n":
                ends = prepared or self._new_submission()
                prepared = None
                told = json.dumps({"pid": self._submission}).encode() + b"\n"
                socket.send_fds(requests, [told], [ends[0].fileno(), ends[1]])
                _close(ends)
            elif asked == b"reap\n":
                requests.sendall(json.dumps(self._end_submission(GRACE)).encode() + b"\n")
        if prepared is not None:
            _close(prepared)
        requests.close()
        self._end_submission()
        return orderly

    def _new_submission(self) -> tuple[socket.socket, int]:
        """A fresh submission process in place of the last one; the judge's ends of its wire and of its output."""
        self._end_submission()
        wire, output, self._submission = self._started()
        return wire, output

    def _started(self) -> tuple[socket.socket, int, int]:
        """A fresh submission process: the judge's ends of its wire and of its output, its process id."""
        ours, theirs = pair()
        read, write = os.pipe()
        submission = self._start_submission(theirs, write)
        theirs.close()
        os.close(write)
        return ours, read, submission

    def _end_submission(self, grace: tuple[int, ...] = ()) -> dict[str, Any]:
        pid, self._submission = self._submission, None
        return self._end(pid, grace) if pid is not None else {}

    def _end(self, pid: int, grace: tuple[int, ...] = ()) -> dict[str, Any]:
        """Kill a process with its group, unless it ends by itself within the grace; how it ended, what it used."""
        ended = 0
        for milliseconds in grace:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            time.sleep(milliseconds / 1000)
        for kill in (os.killpg, os.kill):
            # After its end too: it may have left something in its session. A reaped number is not reused that fast.
            with suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        if not ended:
            _, status, usage = os.wait4(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return {
            "signal": -code if code < 0 else None,
            "code": code if code >= 0 else None,
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 4),
        }


def _close(ends: tuple[socket.socket, int]) -> None:
    ends[0].close()
    os.close(ends[1])


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets with buffers large enough for a batch of images."""
    ends = socket.socketpair()
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
    return ends
