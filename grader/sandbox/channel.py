"""Frames over a stream socket, with deadlines."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from typing import Any

import torch

from grader.sandbox.deadline import Deadline
from grader.sandbox.decoder import decode
from grader.sandbox.encoder import Encoder
from grader.sandbox.wire import HEADER_LIMIT, MAGIC, PAYLOAD_LIMIT, PREFIX, REPLY_PAYLOAD_LIMIT, WireError

PARTS_PER_WRITE = 512
OUTPUT_KEPT = 64 << 10
READS_AT_ONCE = 32
"""Times that printed text is read before anything else is looked at: threads can print as fast as one can read."""


class Closed(Exception):  # noqa: N818  the other side is gone; not an error of this one
    """The other side is gone."""


class TimedOut(Exception):  # noqa: N818  as above
    """The deadline passed."""


class Channel:
    """Sends and receives messages, by the calls for files: a submission has no others (see ``syscall_table``).

    Args:
        end: one end of a socket pair.
        output: a pipe with what the other side prints; it is drained while waiting, so that printing megabytes
            never blocks. Only the first 64 KiB are kept. Whoever has it is the judge, None makes this the
            submission's end.
        process: id of the process at the other end; 0 where nobody asks.
    """

    def __init__(self, end: socket.socket, output: int | None = None, process: int = 0) -> None:
        self.process = process
        self._end = end
        self._output = output
        self._printed = bytearray()
        self._poll = select.poll()
        self._sends, self._receives = PAYLOAD_LIMIT, REPLY_PAYLOAD_LIMIT
        if output is None:
            self._sends, self._receives = self._receives, self._sends
        end.setblocking(output is None)
        if output is not None:
            os.set_blocking(output, False)
            self._poll.register(output, select.POLLIN)

    def close(self) -> None:
        """Close both descriptors."""
        self._end.close()
        if self._output is not None:
            os.close(self._output)
            self._output = None

    def send(
        self,
        message: dict[str, Any],
        deadline: Deadline | None = None,
        on_unknown: Callable[[Any], Any] | None = None,
        on_tensor: Callable[[torch.Tensor], int | None] | None = None,
    ) -> None:
        """Send one message.

        Raises:
            WireError: it cannot travel; nothing was sent.
            Closed, TimedOut: the other side is gone or does not read.
        """
        views = [memoryview(part).cast("B") for part in Encoder(on_unknown, on_tensor).frame(message, self._sends)]
        while views:
            try:
                sent = os.writev(self._end.fileno(), views[:PARTS_PER_WRITE])
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except OSError:
                raise Closed from None
            while views and sent >= views[0].nbytes:
                sent -= views.pop(0).nbytes
            if sent:
                views[0] = views[0][sent:]

    def receive(
        self, deadline: Deadline | None = None, on_tensor: Callable[[torch.Tensor, int], Any] | None = None
    ) -> dict[str, Any]:
        """Receive one message.

        Raises:
            WireError: the bytes are no message of ours.
            Closed, TimedOut: the other side is gone or silent.
        """
        prefix = bytearray(PREFIX.size)
        self._fill(memoryview(prefix), deadline)
        magic, header, payload = PREFIX.unpack(prefix)
        if magic != MAGIC or header > HEADER_LIMIT or payload > self._receives or header % 16 or payload % 16:
            raise WireError("bad frame")
        body = bytearray(header + payload)
        view = memoryview(body)
        self._fill(view, deadline)
        return decode(view[:header], view[header:], on_tensor)

    def printed(self) -> bytes:
        """What the other side printed since the last call."""
        self._drain()
        taken = bytes(self._printed)
        self._printed.clear()
        return taken

    def _fill(self, view: memoryview, deadline: Deadline | None) -> None:
        if deadline is not None and deadline.left() <= 0:
            raise TimedOut  # said here too: who never has to wait would never be told
        while view:
            try:
                count = os.readv(self._end.fileno(), [view])
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError:
                raise Closed from None
            if count == 0:
                raise Closed
            view = view[count:]

    def _wait(self, event: int, deadline: Deadline | None) -> None:
        """Wait until the socket is ready, draining the other side's output meanwhile."""
        self._poll.register(self._end, event)
        while True:
            left = None if deadline is None else deadline.left()
            if left is not None and left <= 0:
                raise TimedOut
            ready = self._poll.poll(None if left is None else left * 1000 + 1)
            if any(descriptor == self._end.fileno() for descriptor, _ in ready):
                return
            if ready:
                self._drain()

    def _drain(self) -> None:
        for _ in range(READS_AT_ONCE):
            if self._output is None:
                return
            try:
                data = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self._poll.unregister(self._output)
                os.close(self._output)
                self._output = None
                return
            self._printed += data[: max(0, OUTPUT_KEPT - len(self._printed))]
