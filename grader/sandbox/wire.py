"""Values as bytes between two processes that do not trust each other. Nothing is ever unpickled.

A frame is a 16-byte prefix (magic, u32 header length, u64 payload length), a msgpack header padded to 16 bytes, and
raw buffers, each padded to 16. The header is a table ``[kind, dtype, shape, flag, nbytes]`` of the buffers, then the
message; a tensor in the message is an extension that holds its row's number.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

PREFIX = struct.Struct("<4sIQ")
MAGIC = b"RPM1"
ALIGNMENT = 16

HEADER_LIMIT = 2 << 20
PAYLOAD_LIMIT = 256 << 20
REPLY_PAYLOAD_LIMIT = 32 << 20
"""What a submission may send at once. A judge that looks for the mistake in a tensor copies it as float64 several times
over, so that a byte that came is up to thirty in its memory."""

BUFFER_LIMIT = 20_000
ITEM_LIMIT = 200_000
TEXT_LIMIT = 1 << 20
DEPTH_LIMIT = 24
DIMENSION_LIMIT = 16

KEY_LIMIT = 4_000
"""Keys and members of sets whose hash is arithmetic on what they hold: tuples, complex and very large numbers, … Their
sender can give all of them the same hash, and then each costs a comparison with every other one."""

MODULE_LIMIT = 2_000
"""Modules within a module."""

ARRAY, TUPLE, OBJECT, BIG_INT, COMPLEX, SET, CALLBACK, SCALAR, MODULE, GENERATOR = range(1, 11)

NUMPY_TYPES = {code: np.dtype(code) for code in "?bBhHiIlLqQefdFD"}
NUMPY_CODES = {dtype.str: code for code, dtype in NUMPY_TYPES.items()}
TORCH_TYPES = {
    "f32": torch.float32,
    "f64": torch.float64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "i64": torch.int64,
    "i32": torch.int32,
    "i16": torch.int16,
    "i8": torch.int8,
    "u8": torch.uint8,
    "b1": torch.bool,
    "c64": torch.complex64,
    "c128": torch.complex128,
}
TORCH_CODES = {dtype: code for code, dtype in TORCH_TYPES.items()}

INDEX = struct.Struct("<I")
PAIR = struct.Struct("<dd")


class WireError(Exception):
    """Bytes that are no frame of ours, or a value that cannot travel."""


@dataclass(frozen=True, slots=True)
class ObjectHandle:
    """Something that stays on the submission's side: a number, and what to call it in a message."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ModuleHandle:
    """An ``nn.Module`` that stays on the submission's side, with what a mirror of it needs."""

    number: int
    kind: str
    training: bool
    parameters: list[Any]
    buffers: list[Any]


@dataclass(frozen=True, slots=True)
class CallbackHandle:
    """A function or module of the judge that the learner's code may call."""

    number: int


def padding(length: int) -> int:
    """Bytes that bring a length to the next multiple of the alignment."""
    return -length % ALIGNMENT


class TableRows:
    """How many lists a table may hold: a row and its shape for each buffer. An empty one is a byte, in memory 56."""

    def __init__(self) -> None:
        self._left = 2 * BUFFER_LIMIT + 1

    def counted(self, value: list[Any]) -> list[Any]:
        """The list, if it is one that a table may have."""
        self._left -= 1
        if self._left < 0:
            raise WireError("bad buffer table")
        return value


def refuse_deep(value: Any) -> None:
    """A value nested deeper than the limit would exhaust Python's stack in whoever walks it."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return
    raise WireError("nested too deeply")


def _parts(value: Any) -> list[Any]:
    if type(value) is dict:
        return [part for part in (*value.keys(), *value.values()) if type(part) in (list, tuple, dict)]
    if type(value) in (list, tuple):
        return [part for part in value if type(part) in (list, tuple, dict)]
    return []
