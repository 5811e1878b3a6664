"""The front's end of the sandbox: starts the supervising process and talks to it. Imports no torch."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from grader.errors import GraderError
from grader.text import one_line

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client
    from grader.submission import Submission

GRADING_SECONDS = 600.0
"""No grading takes longer; each call of the learner's code has its own, much shorter limit."""

START_SECONDS = 120.0
MEMORY = 2 << 30
LINE_LIMIT = 8 << 20
ENVIRONMENT = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "TMPDIR",
    "VIRTUAL_ENV",
)
"""All that a sandbox inherits: the rest of the environment may hold secrets."""

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
    """

    def __init__(self, *, backend: Backend | None = None, without: Collection[str] = (), memory: int = MEMORY) -> None:
        backend = backend or system_backend().name
        module = "grader.sandbox.zygote" if backend == "fork" else "grader.sandbox.oneshot"
        options = ["--memory", str(memory), *(part for layer in without for part in ("--without", layer))]
        try:
            self._process, self._control, self._errors = _start(module, options)
        except OSError as error:
            raise GraderError(f"The sandbox could not be started: {error.strerror}.") from None
        self._replies = _Lines(self._control)
        self._ready = False
        self._busy = False
        self._line: socket.socket | None = None

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

    def close(self) -> None:
        """End the sandbox with everything that runs in it."""
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
        if not self._ready:
            self._next_reply(START_SECONDS)
            self._ready = True

    def attend(self, submission: Submission) -> Client:
        """A submission for a judge that is this very process (pytest run by an author).

        One at a time: the client must hang up before the next grading or the next client.
        """
        from grader.sandbox.judge_side import Client
        from grader.sandbox.spawner import Spawner

        ours, theirs = socket.socketpair()
        self._start("attend", theirs)
        self._busy = True
        return Client(Spawner(ours), submission.name, submission.source)

    def judge(self, task: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Start a judge on a task; its events as they come.

        Raises:
            GraderError: the sandbox or the judge died, or took too long.
        """
        ours, theirs = socket.socketpair()
        self._start("judge", theirs)
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

    def _start(self, operation: str, end: socket.socket) -> None:
        self.warm_up()
        if self._busy:  # the verdict did not wait for the last grading's processes to be gone
            self._next_reply(START_SECONDS)
            self._busy = False
        try:
            socket.send_fds(self._control, [json.dumps({"op": operation}).encode() + b"\n"], [end.fileno()])
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


def _start(module: str, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start a supervising process: itself, the socket that controls it, and a pipe with what it has to complain of."""
    ours, theirs = socket.socketpair()
    errors, write = os.pipe()
    for end in (errors, write):
        os.set_blocking(end, False)  # what does not fit into the pipe is lost; nobody waits for it
    try:
        # A session of its own: Ctrl-C in a terminal reaches the front alone, which then ends the sandbox.
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", module, str(theirs.fileno()), *options],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=write,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            start_new_session=True,
        )
    except OSError:
        ours.close()
        os.close(errors)
        raise
    finally:
        theirs.close()
        os.close(write)
    return process, ours, errors


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
