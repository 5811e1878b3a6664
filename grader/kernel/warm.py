"""A warm sandbox that is kept from one grading to the next; one of them is the process's own."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from grader.core import Sandbox
from grader.errors import UnusableInput


class Keeper:
    """Starts a sandbox when it is first asked for, and ends it with the process."""

    def __init__(self) -> None:
        self.forget()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """In a forked child: the sandbox is its parent's, who may hold the lock too."""
        self.lock = threading.RLock()
        self.sandbox: Sandbox | None = None

    def close(self) -> None:
        """End the sandbox; the next who asks gets a new one."""
        sandbox, self.sandbox = self.sandbox, None
        if sandbox is not None:
            sandbox.close()


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
                keeper.sandbox = Sandbox()
            yield keeper.sandbox
        except UnusableInput:
            raise
        except BaseException:
            keeper.close()
            raise
