"""The front's end of the sandbox: starts the supervising process and talks to it. Imports no torch."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Generator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from grader.errors import GraderError
from grader.sandbox.staying import version
from grader.sandbox.supervising import Forked, Started, start
from grader.text import one_line

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client
    from grader.submission import Submission

GRADING_SECONDS = 600.0
"""No grading takes longer; each call of the learner's code has its own, much shorter limit."""

START_SECONDS = 120.0
MEMORY = 2 << 30
LINE_LIMIT = 8 << 20

Backend = Literal["fork", "spawn"]


class Choice(NamedTuple):
    """The way to start processes that suits a system, and why."""

    name: Backend
    because: str


def system_backend(platform: str = sys.platform) -> Choice:
    """How a sandbox starts its processes where nobody says otherwise."""
    if platform == "linux":
        return Choice("fork", "on Linux a single-threaded process can fork after it has imported torch")
    return Choice(
        "spawn", f"forking after importing torch is not safe on {platform}, so each process is started afresh"
    )


class Sandbox:
    """A process that starts and ends the processes of gradings, warm after the first moment.

    Starting it returns at once; it imports torch in the background until the first grading.

    Args:
        backend: ``fork`` (a zygote; Linux) or ``spawn`` (fresh interpreters; elsewhere). Chosen by the system if None.
        without: isolation layers to leave out; for tests.
        memory: bytes that a submission may use beyond what the libraries take.
        started: the process that is to do it; for :meth:`another`.
    """

    def __init__(
        self,
        *,
        backend: Backend | None = None,
        without: Collection[str] = (),
        memory: int = MEMORY,
        started: Started | None = None,
    ) -> None:
        self._backend = backend or system_backend().name
        self._without = tuple(without)
        self._memory = memory
        self._process, self._control, self._errors = started or self._started()
        self._replies = _Lines(self._control)
        self._warming = threading.Lock()
        self._ready = False
        self._busy = False
        self._line: socket.socket | None = None

    def _started(self) -> Started:
        module = "grader.sandbox.zygote" if self._backend == "fork" else "grader.sandbox.oneshot"
        without = [part for layer in self._without for part in ("--without", layer)]
        try:
            return start(module, ["--memory", str(self._memory), *without])
        except OSError as error:
            raise GraderError(f"The sandbox could not be started: {error.strerror}.") from None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The supervising process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the supervising process is there."""
        return self._process.poll() is None

    def cancel(self) -> None:
        """Stop the grading under way, if there is one: its :meth:`judge` ends early. May be called from any thread."""
        line = self._line
        if line is not None:
            with suppress(OSError):  # it may have ended in this very moment
                line.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End its processes at once: a :meth:`judge` under way raises. May be called from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End the sandbox with everything that runs in it; once is enough."""
        if self._control.fileno() < 0:
            return
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._errors)

    def warm_up(self) -> None:
        """Wait until the sandbox has imported what gradings need; without it, the first grading waits.

        Raises:
            GraderError: it died, or took too long.
        """
        with self._warming:  # a thread may grade while another asks for one more
            if not self._ready:
                self._next_reply(START_SECONDS)
                self._ready = True

    def another(self) -> Sandbox:
        """One more sandbox, for gradings at the same time, which costs no second import and little memory.

        It shares the libraries' memory with this one, and nothing else: each may end before the other. May be called
        from any thread. Where processes are not forked, it is a fresh one.

        Raises:
            GraderError: this one died, or took too long to start.
        """
        self.warm_up()
        ours, theirs = socket.socketpair()
        self._send({"op": "another"}, theirs)
        ready = _Lines(ours).next(time.monotonic() + START_SECONDS)
        started = None
        if ready is not None:
            with suppress(AttributeError, OSError):  # else this system could not tell us when it ends
                started = Started(Forked(json.loads(ready)["pid"]), ours, os.dup(self._errors))
        if started is None:
            ours.close()
        sibling = Sandbox(backend=self._backend, without=self._without, memory=self._memory, started=started)
        sibling._ready = started is not None
        return sibling

    def attend(self, submission: Submission) -> Client:
        """A submission for a judge that is this very process (pytest run by an author).

        One at a time: the client must hang up before the next grading or the next client.
        """
        from grader.sandbox.judge_side import Client
        from grader.sandbox.spawner import Spawner

        ours, theirs = socket.socketpair()
        self._start({"op": "attend"}, theirs)
        self._busy = True
        return Client(Spawner(ours), submission.name, submission.source)

    def judge(self, task: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        """Start a judge on a task; its events as they come.

        Raises:
            GraderError: the sandbox or the judge died, or took too long.
        """
        ours, theirs = socket.socketpair()
        checks = Path(task["checks"])
        self._start({"op": "judge", "checks": str(checks), "version": version(checks)}, theirs)
        done = False
        try:
            self._line = ours
            ours.sendall(json.dumps(task).encode() + b"\n")
            deadline = time.monotonic() + GRADING_SECONDS
            lines = _Lines(ours)
            while not done and (line := lines.next(deadline)) is not None:
                event = json.loads(line)
                done = event["event"] == "end"
                yield event
        except OSError:
            raise GraderError("The grading process went away. Run the command again.") from None
        finally:
            self._line = None
            ours.close()
            if not done:  # who asked lost interest, or the time is up
                with suppress(OSError):
                    self._control.sendall(b'{"op": "cancel"}\n')
            self._busy = True

    def _start(self, request: dict[str, str], end: socket.socket) -> None:
        self.warm_up()
        if self._busy:  # the verdict did not wait for the last grading's processes to be gone
            self._next_reply(START_SECONDS)
            self._busy = False
        self._send(request, end)

    def _send(self, request: dict[str, str], end: socket.socket) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(request).encode() + b"\n"], [end.fileno()])
        except OSError:
            raise GraderError(f"The sandbox is gone{self._ending()}. Run the command again.") from None
        finally:
            end.close()

    def _next_reply(self, seconds: float) -> dict[str, Any]:
        line = self._replies.next(time.monotonic() + seconds)
        if line is None:
            raise GraderError(f"The sandbox is gone{self._ending()}. Run the command again.")
        return dict(json.loads(line))

    def _ending(self) -> str:
        """How the sandbox's process ended, and the last words it wrote."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=2)
            if code < 0:
                return f" (it was killed by signal {-code})"
        try:
            written = os.read(self._errors, 1 << 16)
        except BlockingIOError:
            return ""
        words = written.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f" ({one_line(words)})" if words else ""


class _Lines:
    """Lines of JSON from a socket, with a deadline for each."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = bytearray()

    def next(self, deadline: float) -> bytes | None:
        """The next line; None once the other side has hung up.

        Raises:
            GraderError: the deadline passed, or the line has no end.
        """
        while b"\n" not in self._rest:
            # What has come already counts whatever the time: the front may have been stopped (Ctrl-Z) meanwhile.
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self._end], [], [], left)[0]:
                raise GraderError("The grading took too long and was stopped. Run the command again.")
            try:
                data = self._end.recv(1 << 16)
            except OSError:
                return None
            if not data:
                return None
            self._rest += data
            if len(self._rest) > LINE_LIMIT:
                raise GraderError("The grading process sent too much and was stopped")
        line, _, self._rest = self._rest.partition(b"\n")
        return bytes(line)
