"""The wire: whatever plain value goes in comes out; whatever bytes come in, nothing but a WireError comes out."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox.channel import Channel, Closed, TimedOut
from grader.sandbox.deadline import Deadline
from grader.sandbox.decoder import decode
from grader.sandbox.encoder import Encoder
from grader.sandbox.supervisor import pair
from grader.sandbox.wire import ARRAY, MAGIC, PREFIX, TUPLE, CallbackHandle, ModuleHandle, ObjectHandle, WireError

KEYS = st.one_of(st.text(max_size=8), st.integers(-5, 5), st.tuples(st.text(max_size=3), st.integers(0, 9)))
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(st.integers(), max_size=4),
    ),
    max_leaves=20,
)
DTYPES = st.sampled_from([torch.float64, torch.float32, torch.float16, torch.int64, torch.uint8, torch.bool])


def split(frame: bytes) -> tuple[memoryview, memoryview]:
    _, header, _ = PREFIX.unpack(frame[: PREFIX.size])
    body = memoryview(bytearray(frame[PREFIX.size :]))
    return body[:header], body[header:]


def through(value: Any) -> Any:
    frame = b"".join(bytes(part) for part in Encoder().frame({"value": value}))
    return decode(*split(frame))["value"]


@given(VALUES)
def test_plain_values_survive(value: Any) -> None:
    assert through(value) == value
    assert type(through(value)) is (frozenset if type(value) is set else type(value))


@given(st.lists(st.integers(0, 4), max_size=4), DTYPES, st.integers(0, 2**31))
def test_tensors_survive(shape: list[int], dtype: torch.dtype, seed: int) -> None:
    tensor = (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 9).to(dtype)
    for one in (tensor, tensor.transpose(0, -1) if tensor.dim() > 1 else tensor):
        back = through([one, {"again": one}])
        assert torch.equal(back[0], one)
        assert torch.equal(back[1]["again"], one)
        assert back[0].dtype == one.dtype


@given(st.lists(st.integers(0, 4), max_size=3), st.sampled_from(["f8", "f4", "i8", "u1", "?", ">f8", ">i4"]))
def test_arrays_survive(shape: list[int], dtype: str) -> None:
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 7).astype(dtype)
    np.testing.assert_array_equal(through(array), array)


def test_views_of_any_stride_survive() -> None:
    for view in (torch.ones(()).expand(1), torch.ones(1).expand(3, 4), torch.arange(6.0)[::2], torch.ones(2, 3)[:, :1]):
        assert torch.equal(through(view), view)


def test_subclasses_travel_as_their_plain_type() -> None:
    class Name(str):
        __slots__ = ()

    class Pair(tuple[int, int]):
        __slots__ = ()

    assert type(through(Name("x"))) is str
    assert type(through(Pair((1, 2)))) is tuple
    assert type(through(torch.Size([2, 3]))) is tuple
    assert through(np.float32(0.5)) == np.float32(0.5)


def test_handles_survive() -> None:
    handles = [
        ObjectHandle(3, "Box", "<Box>"),
        CallbackHandle(4),
        ModuleHandle(5, "Net", True, [["w", torch.ones(2), True]], []),
    ]
    back = through(handles)
    assert back[:2] == handles[:2]
    assert back[2].parameters[0][0] == "w"


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 1, torch.nn.Linear(1, 1), np.array(["text"]), np.array([object()])],
)
def test_what_cannot_travel_is_refused(value: Any) -> None:
    with pytest.raises(WireError):
        Encoder().frame({"value": value})


# --- hostile bytes ------------------------------------------------------------------------------------------


@settings(max_examples=500)
@given(st.binary(max_size=300), st.binary(max_size=64))
def test_any_header_is_a_message_or_a_wire_error(header: bytes, payload: bytes) -> None:
    with suppress(WireError):
        assert isinstance(decode(memoryview(header), memoryview(bytearray(payload))), dict)


@settings(max_examples=500)
@given(st.data())
def test_a_changed_frame_is_a_message_or_a_wire_error(data: st.DataObject) -> None:
    value = {"x": torch.ones(2, 3), "t": (1, [2.0, {"k": b"b"}]), "n": np.ones(2), "big": 10**40}
    header, payload = split(b"".join(bytes(part) for part in Encoder().frame(value)))
    changed = bytearray(header)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WireError):
        assert isinstance(decode(memoryview(changed), payload), dict)


def crafted(table: Any, message: Any) -> tuple[memoryview, memoryview]:
    header = msgpack.packb(table) + msgpack.packb(message)
    return memoryview(header + b"\0" * (-len(header) % 16)), memoryview(bytearray(64))


ROW = ["t", "f64", [8], None, 64]
HERE = msgpack.ExtType(ARRAY, struct.pack("<I", 0))


def nested_tuple(depth: int) -> msgpack.ExtType:
    data = msgpack.packb([])
    for _ in range(depth):
        data = msgpack.packb([msgpack.ExtType(TUPLE, data)])
    return msgpack.ExtType(TUPLE, data)


def test_the_crafted_frame_is_valid_before_it_is_spoilt() -> None:
    assert torch.equal(decode(*crafted([ROW], {"x": HERE}))["x"], torch.zeros(8, dtype=torch.float64))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([["t", "f64", [9], None, 64]], {"x": HERE}),
        ([["t", "f64", [1 << 50], None, 64]], {"x": HERE}),
        ([["t", "f64", [-8], None, 64]], {"x": HERE}),
        ([["t", "f64", [True] * 17, None, 64]], {"x": HERE}),
        ([["t", "object", [8], None, 64]], {"x": HERE}),
        ([["n", "O", [8], None, 64]], {"x": HERE}),
        ([["x", "f64", [8], None, 64]], {"x": HERE}),
        ([["t", "f64", [8], "flag", 64]], {"x": HERE}),
        ([["t", "f64", [8], None, 1 << 40]], {"x": HERE}),
        ([["t", "f64", [8], None, -64]], {"x": HERE}),
        ([["t", "f64", "8", None, 64]], {"x": HERE}),
        ([ROW, ROW], {"x": HERE}),
        ([ROW], {"x": msgpack.ExtType(ARRAY, struct.pack("<I", 7))}),
        ([ROW], {"x": msgpack.ExtType(ARRAY, b"")}),
        ([ROW], {"x": msgpack.ExtType(99, b"")}),
        ([ROW], {"x": nested_tuple(60)}),
        ([ROW], {"x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}),
        ([ROW], [HERE]),
        ("table", {"x": 1}),
    ],
)  # fmt: skip
def test_a_lying_header_is_refused(table: Any, message: Any) -> None:
    with pytest.raises(WireError):
        decode(*crafted(table, message))


@pytest.mark.parametrize(
    "prefix", [b"x" * 16, PREFIX.pack(MAGIC, 1 << 30, 0), PREFIX.pack(MAGIC, 16, 1 << 62), PREFIX.pack(MAGIC, 7, 0)]
)
def test_a_lying_prefix_is_refused_before_anything_is_allocated(prefix: bytes) -> None:
    ours, theirs = pair()
    theirs.sendall(prefix)
    with pytest.raises(WireError):
        Channel(ours).receive()


def test_silence_and_hanging_up_are_told_apart() -> None:
    ours, theirs = pair()
    read, write = os.pipe()
    channel = Channel(ours, read)
    with pytest.raises(TimedOut):
        channel.receive(Deadline(0.05))
    theirs.close()
    os.close(write)
    with pytest.raises(Closed):
        channel.receive(Deadline(5))
    channel.close()
