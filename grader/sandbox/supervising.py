"""The supervising process as the front holds it: started afresh, or forked by one that is warm. Imports no torch."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

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


class Forked:
    """A supervising process that a sandbox forked: no child of ours, so it is watched through a descriptor of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def __del__(self) -> None:
        with suppress(AttributeError):
            os.close(self._descriptor)

    def poll(self) -> int | None:
        """None while it runs. How it ended only its parent knows; here it is 0."""
        return 0 if select.select([self._descriptor], [], [], 0)[0] else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if not select.select([self._descriptor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("the sandbox", timeout or 0)
        return 0

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


class Started(NamedTuple):
    """A supervising process: itself, the socket that controls it, and a pipe with what it has to complain of."""

    process: subprocess.Popen[bytes] | Forked
    control: socket.socket
    errors: int


def start(module: str, options: Sequence[str]) -> Started:
    """Start a supervising process."""
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
    return Started(process, ours, errors)
