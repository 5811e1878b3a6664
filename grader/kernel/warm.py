"""The one warm sandbox of this process, kept from one check to the next."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from grader.core import Sandbox
from grader.errors import UnusableInput


class _Keeper:
    """Starts a sandbox when the first check asks, and ends it with the process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sandbox: Sandbox | None = None

    def close(self) -> None:
        sandbox, self.sandbox = self.sandbox, None
        if sandbox is not None:
            sandbox.close()

    def forget(self) -> None:
        """In a forked child: the sandbox is its parent's, who may hold the lock too."""
        self.__init__()  # type: ignore[misc]  # as new


_keeper = _Keeper()
atexit.register(_keeper.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keeper.forget)


@contextmanager
def warm_sandbox() -> Iterator[Sandbox]:
    """The sandbox, for one grading at a time.

    Whatever goes wrong inside but a bad input, Ctrl-C too, ends it, so that the next grading begins with a new one.

    Raises:
        GraderError: it could not be started.
    """
    with _keeper.lock:
        try:
            if _keeper.sandbox is not None and not _keeper.sandbox.running:  # it was killed meanwhile
                _keeper.close()
            if _keeper.sandbox is None:
                _keeper.sandbox = Sandbox()
            yield _keeper.sandbox
        except UnusableInput:
            raise
        except BaseException:
            _keeper.close()
            raise
