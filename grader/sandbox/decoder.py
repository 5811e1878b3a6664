"""Messages on their way in, from a process that may send anything: every size is checked before it is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import msgpack
import numpy as np
import torch

from grader.sandbox.wire import (
    ALIGNMENT,
    ARRAY,
    BIG_INT,
    BUFFER_LIMIT,
    CALLBACK,
    COMPLEX,
    DEPTH_LIMIT,
    DIMENSION_LIMIT,
    GENERATOR,
    HEADER_LIMIT,
    INDEX,
    ITEM_LIMIT,
    KEY_LIMIT,
    MODULE,
    NUMPY_TYPES,
    OBJECT,
    PAIR,
    SCALAR,
    SET,
    TEXT_LIMIT,
    TORCH_TYPES,
    TUPLE,
    CallbackHandle,
    ModuleHandle,
    ObjectHandle,
    TableRows,
    WireError,
    padding,
    refuse_deep,
)

_SAFE_KEYS = (str, bytes, int, float, bool, type(None))
_SMALL = 1 << 64
"""The hashes of texts are secret, and of ordinary numbers only a few dozen can share one."""


class Decoder:
    """One message on its way in. Every size is checked before anything is allocated for it.

    Args:
        table: the buffer table of the header.
        payload: the raw buffers; tensors share its memory.
        on_tensor: called with each tensor that carries a graph number, and that number.
    """

    def __init__(
        self, table: Any, payload: memoryview, on_tensor: Callable[[torch.Tensor, int], Any] | None = None
    ) -> None:
        if type(table) is not list or len(table) > BUFFER_LIMIT:
            raise WireError("bad buffer table")
        self._payload = payload
        self._on_tensor = on_tensor
        self._items = ITEM_LIMIT
        self._keys = KEY_LIMIT
        self._depth = 0
        self._rows: list[tuple[Any, int] | None] = []
        offset = 0
        for row in table:
            if type(row) is not list or len(row) != 5 or type(row[4]) is not int or row[4] < 0:
                raise WireError("bad buffer table")
            self._rows.append((row, offset))
            offset += row[4] + padding(row[4])
        if offset != len(payload):
            raise WireError("the buffers do not fill the payload")

    def message(self, data: memoryview) -> dict[str, Any]:
        """Decode the message that follows the table in the header."""
        unpacker = self._unpacker(len(data))
        try:
            unpacker.feed(data)
            value = unpacker.unpack()
        except WireError:
            raise
        except Exception as error:  # noqa: BLE001  msgpack raises many kinds on hostile bytes
            raise WireError(f"bad header: {type(error).__name__}") from None
        if any(data[unpacker.tell() :]) or len(data) - unpacker.tell() >= ALIGNMENT:
            raise WireError("bytes after the message")
        if type(value) is not dict:
            raise WireError("a message must be a map")
        refuse_deep(value)
        return value

    def _unpacker(self, size: int) -> msgpack.Unpacker:
        return msgpack.Unpacker(
            max_buffer_size=size + 1,
            raw=False,
            strict_map_key=False,
            ext_hook=self._extension,
            list_hook=self._list,
            object_pairs_hook=self._map,
            max_str_len=TEXT_LIMIT,
            max_bin_len=TEXT_LIMIT,
            max_array_len=ITEM_LIMIT,
            max_map_len=ITEM_LIMIT,
            max_ext_len=HEADER_LIMIT,
            unicode_errors="replace",
        )

    def _nested(self, data: bytes) -> Any:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise WireError("nested too deeply")
        unpacker = self._unpacker(len(data))
        unpacker.feed(data)
        value = unpacker.unpack()
        self._depth -= 1
        return value

    def _spend(self, items: int) -> None:
        self._items -= items
        if self._items < 0:
            raise WireError("too many items")

    def _list(self, value: list[Any]) -> list[Any]:
        self._spend(1 + len(value))
        return value

    def _map(self, pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
        self._spend(1 + 2 * len(pairs))
        self._check_hashes(key for key, _ in pairs)
        return dict(pairs)

    def _check_hashes(self, keys: Iterable[Any]) -> None:
        for key in keys:
            if type(key) in _SAFE_KEYS and not (type(key) is int and abs(key) > _SMALL):
                continue
            self._keys -= 1
            if self._keys < 0:
                raise WireError("too many keys that are no texts or numbers")

    def _extension(self, code: int, data: bytes) -> Any:
        self._spend(1)
        reader = _READERS.get(code)
        if reader is None:
            raise WireError("unknown extension")
        return reader(self, data)

    def _array(self, data: bytes) -> Any:
        if len(data) != INDEX.size or INDEX.unpack(data)[0] >= len(self._rows):
            raise WireError("bad buffer number")
        number = INDEX.unpack(data)[0]
        row, self._rows[number] = self._rows[number], None
        if row is None:
            # What is made of a row may be a copy of it: a few bytes could ask for any number of them.
            raise WireError("a buffer is used twice")
        (kind, code, shape, flag, nbytes), offset = row
        count = _count(shape)
        if type(code) is not str or (flag is not None and type(flag) is not int):
            raise WireError("bad buffer row")
        if kind == "t" and code in TORCH_TYPES:
            tensor = self._tensor(TORCH_TYPES[code], shape, count, nbytes, offset)
            return self._on_tensor(tensor, flag) if self._on_tensor is not None and flag is not None else tensor
        if kind == "n" and code in NUMPY_TYPES:
            return self._numpy(NUMPY_TYPES[code], shape, count, nbytes, offset)
        raise WireError("bad dtype")

    def _tensor(self, dtype: torch.dtype, shape: list[int], count: int, nbytes: int, offset: int) -> torch.Tensor:
        if count * dtype.itemsize != nbytes:
            raise WireError("shape and bytes do not agree")
        if not count:
            return torch.empty(shape, dtype=dtype)
        if dtype is torch.bool:
            # A bool byte other than 0 or 1 is undefined behaviour in kernels.
            raw = torch.frombuffer(self._payload, dtype=torch.uint8, count=count, offset=offset)
            return (raw != 0).view(shape)
        return torch.frombuffer(self._payload, dtype=dtype, count=count, offset=offset).view(shape)

    def _numpy(self, dtype: np.dtype[Any], shape: list[int], count: int, nbytes: int, offset: int) -> Any:
        if count * dtype.itemsize != nbytes:
            raise WireError("shape and bytes do not agree")
        if not count:
            return np.empty(shape, dtype)
        if dtype == np.bool_:
            return (np.frombuffer(self._payload, np.uint8, count, offset) != 0).reshape(shape)
        return np.frombuffer(self._payload, dtype, count, offset).reshape(shape)

    def _tuple(self, data: bytes) -> tuple[Any, ...]:
        value = self._nested(data)
        if type(value) is not list:
            raise WireError("bad tuple")
        return tuple(value)

    def _set(self, data: bytes) -> frozenset[Any]:
        members = self._tuple(data)
        self._check_hashes(members)
        try:
            return frozenset(members)
        except TypeError:
            raise WireError("bad set") from None

    def _scalar(self, data: bytes) -> Any:
        value = self._nested(data)
        if type(value) is list and len(value) == 2 and type(value[0]) is str and value[0] in NUMPY_TYPES:
            dtype = NUMPY_TYPES[value[0]]
            if type(value[1]) is bytes and len(value[1]) == dtype.itemsize:
                return np.frombuffer(value[1], dtype)[0]
        raise WireError("bad scalar")

    def _big_int(self, data: bytes) -> int:
        if len(data) > 4096:
            raise WireError("number too long")
        try:
            return int(data, 16)
        except ValueError:
            raise WireError("bad number") from None

    def _complex(self, data: bytes) -> complex:
        if len(data) != PAIR.size:
            raise WireError("bad complex number")
        return complex(*PAIR.unpack(data))

    def _object(self, data: bytes) -> ObjectHandle:
        value = self._nested(data)
        if type(value) is list and [type(part) for part in value] == [int, str, str]:
            return ObjectHandle(*value)
        raise WireError("bad handle")

    def _module(self, data: bytes) -> ModuleHandle:
        value = self._nested(data)
        if type(value) is list and [type(part) for part in value] == [int, str, bool, list, list]:
            return ModuleHandle(*value)
        raise WireError("bad module")

    def _callback(self, data: bytes) -> CallbackHandle:
        value = self._nested(data)
        if type(value) is int:
            return CallbackHandle(value)
        raise WireError("bad callback")

    def _generator(self, data: bytes) -> torch.Generator:
        state = self._nested(data)
        try:
            generator = torch.Generator()
            generator.set_state(state)
        except (TypeError, RuntimeError):
            raise WireError("bad generator") from None
        return generator


_READERS: dict[int, Callable[[Decoder, bytes], Any]] = {
    ARRAY: Decoder._array,
    TUPLE: Decoder._tuple,
    OBJECT: Decoder._object,
    BIG_INT: Decoder._big_int,
    COMPLEX: Decoder._complex,
    SET: Decoder._set,
    CALLBACK: Decoder._callback,
    SCALAR: Decoder._scalar,
    MODULE: Decoder._module,
    GENERATOR: Decoder._generator,
}


def _count(shape: Any) -> int:
    if type(shape) is not list or len(shape) > DIMENSION_LIMIT:
        raise WireError("bad shape")
    if any(type(size) is not int or not 0 <= size <= 1 << 40 for size in shape):
        raise WireError("bad shape")
    return math.prod(shape)


def decode(
    header: memoryview, payload: memoryview, on_tensor: Callable[[torch.Tensor, int], Any] | None = None
) -> dict[str, Any]:
    """The message of one frame.

    Raises:
        WireError: it breaks any rule of the format; nothing of it is kept.
    """
    unpacker = msgpack.Unpacker(
        max_buffer_size=len(header) + 1,
        raw=False,
        list_hook=TableRows().counted,
        max_array_len=BUFFER_LIMIT,
        max_str_len=8,
        max_bin_len=0,
        max_map_len=0,
        max_ext_len=0,
    )
    try:
        unpacker.feed(header)
        table = unpacker.unpack()
    except WireError:
        raise
    except Exception as error:  # noqa: BLE001  msgpack raises many kinds on hostile bytes
        raise WireError(f"bad header: {type(error).__name__}") from None
    return Decoder(table, payload, on_tensor).message(header[unpacker.tell() :])
