"""A judge's line to whoever started it: asks for submission processes, and how they ended."""

from __future__ import annotations

import json
import socket
from typing import Any

from grader.errors import GraderError
from grader.sandbox.channel import Channel

_REPLY_LIMIT = 4096


class Spawner:
    """Asks whoever started this judge for submission processes, over a socket that passes descriptors."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def spawn(self) -> Channel:
        """A new process, isolated, with nothing loaded.

        Raises:
            GraderError: there is none.
        """
        self._end.sendall(b"spawn\n")
        reply, descriptors, _, _ = socket.recv_fds(self._end, _REPLY_LIMIT, 2)
        if len(descriptors) != 2:
            raise GraderError("the sandbox could not start a process for the submission")
        return Channel(socket.socket(fileno=descriptors[0]), descriptors[1], json.loads(reply)["pid"])

    def reap(self) -> dict[str, Any]:
        """End the current process and learn how it ended."""
        self._end.sendall(b"reap\n")
        reply = self._end.recv(_REPLY_LIMIT)
        return dict(json.loads(reply))

    def hang_up(self) -> None:
        """No more requests will come."""
        self._end.close()
