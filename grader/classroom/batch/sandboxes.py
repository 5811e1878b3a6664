"""The warm sandboxes of one process: as many as gradings run at a time, for the memory of one torch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from grader.core import Sandbox
from grader.errors import CheckFileError, UnusableInput


class Sandboxes:
    """Lends warm sandboxes, each to one grading at a time. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Sandbox] = []
        self._free: list[Sandbox] = []
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[Sandbox]:
        """A sandbox; one in which anything goes wrong is ended, so that the next grading gets another.

        Raises:
            GraderError: it could not be started.
            CancelledError: they are closed.
        """
        sandbox = self._taken()
        try:
            yield sandbox
        except (CheckFileError, UnusableInput):  # nothing is wrong with the sandbox
            self._give_back(sandbox)
            raise
        except BaseException:
            self._end(sandbox)
            if self._closed:  # what went wrong is that we ended it
                raise CancelledError from None
            raise
        self._give_back(sandbox)

    def _give_back(self, sandbox: Sandbox) -> None:
        with self._lock:
            if not self._closed:
                self._free.append(sandbox)
                return
        self._end(sandbox)

    def _taken(self) -> Sandbox:
        with self._lock:
            for sandbox in [free for free in self._free if not free.running]:  # something killed it
                self._free.remove(sandbox)
                self._all.remove(sandbox)
                sandbox.close()
            if self._closed:
                raise CancelledError
            if self._free:
                return self._free.pop()
            running = next((sandbox for sandbox in self._all if sandbox.running), None)
            if running is None:
                sandbox = Sandbox()
                self._all.append(sandbox)
                return sandbox
        # It may take as long as an import of torch; nobody else shall wait for that.
        sandbox = running.another()
        with self._lock:
            if not self._closed:
                self._all.append(sandbox)
                return sandbox
        sandbox.close()
        raise CancelledError

    def _end(self, sandbox: Sandbox) -> None:
        with self._lock:
            self._all.remove(sandbox)
        sandbox.close()

    def close(self) -> None:
        """End them, and the gradings that run in them; who waits for one of those gets CancelledError."""
        with self._lock:
            self._closed = True
            lent = [sandbox for sandbox in self._all if sandbox not in self._free]
            free, self._free = self._free, []
        for sandbox in free:
            self._end(sandbox)
        for sandbox in lent:
            # Who has it reads from it in another thread, and closes it: here only its processes are ended.
            sandbox.kill()
