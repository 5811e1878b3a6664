"""A frame of the wire as a judge takes it: decoded, and every handle in it believed as far as a judge does."""

from __future__ import annotations

from typing import Any

import msgpack
import torch

from grader.sandbox.decoder import decode
from grader.sandbox.encoder import Encoder
from grader.sandbox.faults import raised
from grader.sandbox.graph import NO_MODULE, RemoteModule
from grader.sandbox.wire import PREFIX, ModuleHandle, WireError, padding

STATE = bytes(torch.Generator().manual_seed(1).get_state().tolist())
"""What payloads of the fuzzer begin with, so that a generator can come of them."""


def split(frame: bytes) -> tuple[memoryview, memoryview]:
    """Header and payload of a whole frame."""
    _, header, _ = PREFIX.unpack(frame[: PREFIX.size])
    body = memoryview(bytearray(frame[PREFIX.size :]))
    return body[:header], body[header:]


def framed(message: dict[str, Any]) -> bytes:
    """A message as one frame."""
    return b"".join(bytes(part) for part in Encoder().frame(message))


def crafted(table: Any, message: Any) -> bytes:
    """A header that no encoder of ours would write."""
    header: bytes = msgpack.packb(table) + msgpack.packb(message)
    return header + b"\0" * padding(len(header))


def decoded_and_believed(header: bytes, payload: int) -> None:
    """Decode a header over so many bytes of payload, and do with it what a judge does with a reply."""
    content = bytearray(payload)
    content[: len(STATE)] = STATE[:payload]
    try:
        message = decode(memoryview(header + b"\0" * padding(len(header))), memoryview(content))
    except WireError:
        return
    for value in message.values():
        _believed(value)
    if "error" in message:
        str(raised(message["error"]))
    try:
        frame = framed(message)
    except WireError:
        return
    assert len(framed(decode(*split(frame)))) == len(frame)


def _believed(value: Any) -> None:
    if isinstance(value, ModuleHandle):
        try:
            RemoteModule(None, value)  # type: ignore[arg-type]  it calls nobody until it is called itself
        except NO_MODULE:
            return
    if type(value) in (list, tuple):
        for part in value:
            _believed(part)
