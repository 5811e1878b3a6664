"""Messages on their way out: plain values, tensors and arrays as bytes, everything else as a handle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import torch

from grader.sandbox.wire import (
    ARRAY,
    BIG_INT,
    BUFFER_LIMIT,
    CALLBACK,
    COMPLEX,
    DEPTH_LIMIT,
    GENERATOR,
    HEADER_LIMIT,
    INDEX,
    MAGIC,
    MODULE,
    NUMPY_CODES,
    NUMPY_TYPES,
    OBJECT,
    PAIR,
    PAYLOAD_LIMIT,
    PREFIX,
    SCALAR,
    SET,
    TORCH_CODES,
    TUPLE,
    CallbackHandle,
    ModuleHandle,
    ObjectHandle,
    WireError,
    padding,
)


class Encoder:
    """One message on its way out.

    Args:
        on_unknown: makes a handle of a value that cannot travel.
        on_tensor: the number under which a tensor takes part in the graph, or None.
    """

    def __init__(
        self,
        on_unknown: Callable[[Any], Any] | None = None,
        on_tensor: Callable[[torch.Tensor], int | None] | None = None,
    ) -> None:
        self._on_unknown = on_unknown
        self._on_tensor = on_tensor
        self._table: list[tuple[str, str, list[int], int | None, int]] = []
        self._buffers: list[memoryview] = []
        self._depth = 0

    def frame(self, message: dict[str, Any], payload_limit: int = PAYLOAD_LIMIT) -> list[bytes | memoryview]:
        """The frame as parts for one scatter-gather write.

        Raises:
            WireError: a value in it cannot travel, or it is too large or too deep.
        """
        body = self._pack(message)
        table = msgpack.packb(self._table, use_bin_type=True)
        header = table + body
        header += b"\0" * padding(len(header))
        parts: list[bytes | memoryview] = [b"", header]
        payload = 0
        for buffer in self._buffers:
            fill = padding(buffer.nbytes)
            parts += [buffer, b"\0" * fill] if fill else [buffer]
            payload += buffer.nbytes + fill
        if len(header) > HEADER_LIMIT or payload > payload_limit or len(self._table) > BUFFER_LIMIT:
            raise WireError(f"a message of {(len(header) + payload) >> 20} MiB is too large")
        parts[0] = PREFIX.pack(MAGIC, len(header), payload)
        return [b"".join(parts)] if payload < 1 << 18 else parts

    def _pack(self, value: Any) -> bytes:
        self._depth += 1
        try:
            if self._depth > DEPTH_LIMIT:
                raise WireError("a value is nested too deeply")
            return bytes(msgpack.packb(value, use_bin_type=True, strict_types=True, default=self._encode))
        except (ValueError, OverflowError, UnicodeEncodeError, RecursionError) as error:
            raise WireError(f"a value cannot travel: {error}") from None
        finally:
            self._depth -= 1

    def _encode(self, value: Any) -> Any:
        """What msgpack does not know: tensors, arrays, tuples, subclasses of plain types, and the rest as handles."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic) and value.dtype.str in NUMPY_CODES:
            code = NUMPY_CODES[value.dtype.str]
            return msgpack.ExtType(SCALAR, msgpack.packb([code, value.tobytes()]))
        plain = _plain(value)
        if plain is not value:
            return plain
        if isinstance(value, tuple):
            return msgpack.ExtType(TUPLE, self._pack(list(value)))
        if isinstance(value, set | frozenset):
            return msgpack.ExtType(SET, self._pack(list(value)))
        if isinstance(value, ObjectHandle):
            return msgpack.ExtType(OBJECT, self._pack([value.number, value.kind, value.text]))
        if isinstance(value, ModuleHandle):
            row = [value.number, value.kind, value.training, value.parameters, value.buffers]
            return msgpack.ExtType(MODULE, self._pack(row))
        if isinstance(value, CallbackHandle):
            return msgpack.ExtType(CALLBACK, self._pack(value.number))
        if isinstance(value, torch.Generator):
            return msgpack.ExtType(GENERATOR, self._pack(value.get_state()))
        if self._on_unknown is None:
            raise WireError(f"a {type(value).__name__} cannot travel")
        return self._encode(self._on_unknown(value))

    def _tensor(self, value: torch.Tensor) -> msgpack.ExtType:
        code = TORCH_CODES.get(value.dtype)
        if code is None:
            raise WireError(f"a tensor of {value.dtype} cannot travel")
        flag = self._on_tensor(value) if self._on_tensor is not None else None
        data = value.detach()
        if data.layout is not torch.strided:
            data = data.to_dense()
        data = data.cpu().resolve_conj().resolve_neg().contiguous()
        if data.numel() == 1:
            # One element counts as contiguous whatever its stride, but `view` refuses the 0 that expanding leaves.
            data = data.clone(memory_format=torch.contiguous_format)
        flat = data.reshape(-1).view(torch.uint8).numpy() if data.numel() else np.empty(0, np.uint8)
        return self._add("t", code, list(value.shape), flag, flat)

    def _array(self, value: np.ndarray[Any, Any]) -> msgpack.ExtType:
        code = NUMPY_CODES.get(value.dtype.newbyteorder("=").str)
        if code is None:
            raise WireError(f"a numpy array of {value.dtype} cannot travel")
        data = np.ascontiguousarray(np.asarray(value), dtype=NUMPY_TYPES[code])
        return self._add("n", code, list(value.shape), None, data.reshape(-1).view(np.uint8))

    def _add(self, kind: str, code: str, shape: list[int], flag: int | None, flat: np.ndarray[Any, Any]) -> Any:
        row = len(self._table)
        self._table.append((kind, code, shape, flag, flat.nbytes))
        self._buffers.append(flat.data)
        return msgpack.ExtType(ARRAY, INDEX.pack(row))


def _plain(value: Any) -> Any:
    """Subclasses of plain types as the plain type; ``value`` itself where there is none."""
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return int(value)
        return msgpack.ExtType(BIG_INT, hex(value).encode())
    if isinstance(value, float):
        return float(value)
    if isinstance(value, complex):
        return msgpack.ExtType(COMPLEX, PAIR.pack(value.real, value.imag))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return dict(value.items())
    if isinstance(value, list):
        return list(value)
    return value
