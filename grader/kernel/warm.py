"""A warm sandbox that is kept from one grading to the next; one of them is the process's own."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from grader.core import Sandbox
from grader.errors import UnusableInput


class Keeper:
    """Starts a sandbox when it is first asked for, and ends it with the process.

    Args:
        kin: keepers, itself among them, whose sandboxes share memory.
    """

    def __init__(self, kin: Sequence[Keeper] = ()) -> None:
        self._kin = kin
        self.forget()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """In a forked child: the sandbox is its parent's, who may hold the lock too."""
        self.lock = threading.RLock()
        self.sandbox: Sandbox | None = None

    def start(self) -> None:
        """Start a sandbox, from that of a keeper of its kin where there is one.

        Raises:
            GraderError: it could not be started.
        """
        if not self._kin:  # and no lock, which a fork of this process could find taken for ever
            self.sandbox = Sandbox()
            return
        with _starting:  # else two of a kin would both start from nothing
            for sandbox in [keeper.sandbox for keeper in self._kin]:
                if sandbox is not None and sandbox.running:
                    self.sandbox = sandbox.another()
                    return
            self.sandbox = Sandbox()

    def close(self) -> None:
        """End the sandbox; the next who asks gets a new one."""
        sandbox, self.sandbox = self.sandbox, None
        if sandbox is not None:
            sandbox.close()


_starting = threading.Lock()
_keeper = Keeper()


@contextmanager
def warm_sandbox(keeper: Keeper = _keeper) -> Iterator[Sandbox]:
    """The sandbox, for one grading at a time.

    Whatever goes wrong inside but a bad input, Ctrl-C too, ends it, so that the next grading begins with a new one.

    Args:
        keeper: whose; otherwise that of the process.

    Raises:
        GraderError: it could not be started.
    """
    with keeper.lock:
        try:
            if keeper.sandbox is not None and not keeper.sandbox.running:  # it was killed meanwhile
                keeper.close()
            if keeper.sandbox is None:
                keeper.start()
            assert keeper.sandbox is not None
            yield keeper.sandbox
        except UnusableInput:
            raise
        except BaseException:
            keeper.close()
            raise
