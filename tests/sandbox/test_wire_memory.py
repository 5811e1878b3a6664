"""What a frame may cost whoever decodes it: memory and comparisons, however cleverly it is made."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_wire import VALUES, split

from grader.sandbox.decoder import decode
from grader.sandbox.encoder import Encoder
from grader.sandbox.faults import GarbageReply, raised
from grader.sandbox.graph import NO_MODULE, RemoteModule
from grader.sandbox.proxy import defined_in
from grader.sandbox.wire import (
    ARRAY,
    BIG_INT,
    BUFFER_LIMIT,
    COMPLEX,
    ITEM_LIMIT,
    KEY_LIMIT,
    MODULE_LIMIT,
    NUMPY_CODES,
    SET,
    TORCH_TYPES,
    TUPLE,
    ModuleHandle,
    WireError,
    padding,
)

MODULUS = 2**61 - 1
"""Of Python's hashes of numbers."""

HEADROOM = 96 << 20
"""Bytes that decoding may take beside twice the payload; the header has 2 MiB at most."""

# Decodes frames, each in a child of its own under a limit of memory, and says how that ended.
DECODES = """
import json, os, resource, sys
import torch
from grader.sandbox.decoder import decode
from grader.sandbox.wire import WireError
for line in sys.stdin:
    frame, size, headroom = json.loads(line)
    if os.fork() == 0:
        header, payload = bytes.fromhex(frame), memoryview(bytearray(size))
        pages = int(open("/proc/self/statm").read().split()[0])
        room = pages * resource.getpagesize() + size + headroom
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        try:
            print("read", len(decode(memoryview(header), payload)), flush=True)
        except WireError as error:
            print("refused:", error, flush=True)
        os._exit(0)
    if os.wait()[1]:
        print("died", flush=True)
"""


def header(table: Any, *message: bytes) -> bytes:
    body: bytes = msgpack.packb(table) + b"".join(message)
    return body + b"\0" * padding(len(body))


def rows(count: int, size: int) -> list[Any]:
    return [["t", "b1", [size], None, size]] * count


def reference(row: int) -> msgpack.ExtType:
    return msgpack.ExtType(ARRAY, struct.pack("<I", row))


EMPTY = b"\xdc\xff\xff" + b"\x90" * 65535
MAPS = b"\xdc\xff\xff" + b"\x80" * 65535


PROMISED = b"\xdd" + struct.pack(">I", ITEM_LIMIT)
CASES = {
    "empty lists": (header([], b"\x81\xa1x\x92\x9f", EMPTY * 15, b"\x9f", EMPTY * 15), 0, "refused: too many items"),
    "empty maps": (header([], b"\x81\xa1x\x92\x9f", MAPS * 15, b"\x9f", MAPS * 15), 0, "refused: too many items"),
    "promised lists": (header([], b"\x81\xa1x", PROMISED * 500), 0, "refused: bad header"),
    "rows of rows": (header([[[]] * 99] * BUFFER_LIMIT), 0, "refused: bad buffer table"),
    "one often": (header(rows(1, 8 << 20), msgpack.packb({"x": [reference(0)] * 99})), 8 << 20, "refused: a buffer"),
    "many": (header(rows(9, 1 << 20), msgpack.packb({"x": [reference(row) for row in range(9)]})), 9 << 20, "read 1"),
    "texts": (header([], msgpack.packb({"x": ["\u0100" + "a" * 60_000] * 33})), 0, "read 1"),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux holds a process to RLIMIT_AS")
def test_decoding_takes_no_more_memory_than_it_may() -> None:
    frames = [json.dumps([frame.hex(), payload, payload + HEADROOM]) for frame, payload, _ in CASES.values()]
    words = [sys.executable, "-c", DECODES]
    done = subprocess.run(words, input="\n".join(frames), capture_output=True, text=True, timeout=600, check=True)
    ended = dict(zip(CASES, done.stdout.splitlines(), strict=True))
    assert {name: said for name, said in ended.items() if not said.startswith(CASES[name][2])} == {}


def number(place: int) -> msgpack.ExtType:
    return msgpack.ExtType(BIG_INT, hex((place + 9) * MODULUS).encode())


def pair(place: int) -> msgpack.ExtType:
    return msgpack.ExtType(COMPLEX, struct.pack("<dd", -1000003.0 * place, float(place)))


@pytest.mark.parametrize("made", [number, pair, lambda place: msgpack.ExtType(TUPLE, msgpack.packb([place]))])
def test_keys_that_can_collide_are_few(made: Any) -> None:
    few, many = ([made(place) for place in range(count)] for count in (KEY_LIMIT, KEY_LIMIT + 1))
    for members, fits in ((few, True), (many, False)):
        as_set = header([], msgpack.packb({"x": msgpack.ExtType(SET, msgpack.packb(members))}))
        as_keys = header([], msgpack.packb({"x": dict.fromkeys(members)}))
        for frame in (as_set, as_keys):
            if fits:
                assert len(decode(memoryview(frame), memoryview(b""))["x"]) == KEY_LIMIT
            else:
                with pytest.raises(WireError, match="too many keys"):
                    decode(memoryview(frame), memoryview(b""))


def test_texts_and_ordinary_numbers_may_be_many() -> None:
    members = {f"mode {place}" for place in range(30_000)} | set(range(30_000))
    assert through({"x": members, "y": dict.fromkeys(members, 1)})["x"] == members


def through(message: dict[str, Any]) -> dict[str, Any]:
    return decode(*split(b"".join(bytes(part) for part in Encoder().frame(message))))


# --- what is believed of what was decoded -------------------------------------------------------------------


def test_a_module_of_endless_modules_is_refused() -> None:
    one = torch.zeros(1)
    names = [f"{place}.a.b.c.d.e.f.g.h" for place in range(MODULE_LIMIT // 8)]
    built = RemoteModule(None, ModuleHandle(0, "Net", False, [[name, one, False] for name in names], []))  # type: ignore[arg-type]  it calls nobody
    assert len(list(built.parameters())) == len(names)
    more = [[f"{place}.a.b.c.d.e.f.g.h", one, False] for place in range(MODULE_LIMIT // 8 + 1)]
    with pytest.raises(NO_MODULE):
        RemoteModule(None, ModuleHandle(0, "Net", False, more, []))  # type: ignore[arg-type]  as above


def test_a_parameter_that_can_have_no_gradient_is_no_parameter() -> None:
    whole = torch.zeros(2, dtype=torch.int64)
    for wants in (True, torch.zeros(2)):
        with pytest.raises(NO_MODULE):
            RemoteModule(None, ModuleHandle(0, "Net", False, [["w", whole, wants]], []))  # type: ignore[arg-type]  as above


@given(VALUES)
def test_any_error_report_is_a_fault_of_the_learner(report: Any) -> None:
    for one in (report, {"type": "E", "text": "t", "builtin": [], "frames": report}, {"type": report, "text": report}):
        str(raised(one))


def test_an_error_report_of_arrays_is_garbage() -> None:
    for value in (np.zeros(3), torch.zeros(3), torch.zeros(())):
        for report in (value, {"type": "E", "text": "t", "builtin": [], "frames": [[value, "f"]]}):
            assert isinstance(raised(report), GarbageReply)


@pytest.mark.parametrize("result", [5, None, [], {"z": 1}, {1: "function"}, "text"])
def test_what_a_submission_defines_is_texts_or_garbage(result: Any) -> None:
    with pytest.raises(GarbageReply):
        defined_in({"result": result, "operation": 0})
    assert defined_in({"result": {"z": "list"}}) == {"z": "list"}


# --- everything that may travel ------------------------------------------------------------------------------

SHAPES = st.lists(st.integers(0, 3), max_size=4)


@given(st.sampled_from(sorted(TORCH_TYPES)), SHAPES, st.data())
def test_tensors_of_every_type_survive_bit_by_bit(code: str, shape: list[int], data: st.DataObject) -> None:
    dtype = TORCH_TYPES[code]
    size = math.prod(shape) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if dtype is torch.bool:
        raw = bytes(byte & 1 for byte in raw)
    tensor = torch.frombuffer(bytearray(raw), dtype=dtype).view(shape) if raw else torch.empty(shape, dtype=dtype)
    back = through({"x": [tensor]})["x"][0]
    assert (back.dtype, back.shape) == (dtype, tensor.shape)
    assert back.reshape(-1).view(torch.uint8).tolist() == list(raw) if raw else back.numel() == 0


@given(st.sampled_from(sorted(NUMPY_CODES)), SHAPES, st.data())
def test_arrays_and_scalars_of_every_type_survive_bit_by_bit(code: str, shape: list[int], data: st.DataObject) -> None:
    dtype = np.dtype(code)
    size = math.prod(shape) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    if dtype == np.bool_:
        raw = bytes(byte & 1 for byte in raw)
    array = np.frombuffer(raw, dtype).reshape(shape)
    back = through({"x": [array, *array.reshape(-1)[:1]]})["x"]
    assert (back[0].dtype, back[0].shape, back[0].tobytes()) == (dtype, array.shape, raw)
    assert all(one.tobytes() == raw[: dtype.itemsize] for one in back[1:])


@given(st.integers(0, 2**62), st.integers(0, 9))
def test_a_generator_goes_on_where_it_was(seed: int, drawn: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    torch.rand(drawn, generator=generator)
    back = through({"x": generator})["x"]
    assert torch.equal(torch.rand(3, generator=back), torch.rand(3, generator=generator))


# --- frames cut, joined and bent -----------------------------------------------------------------------------


@settings(max_examples=200)
@given(VALUES, VALUES, st.data())
def test_a_cut_joined_or_bent_frame_is_a_message_or_a_wire_error(one: Any, other: Any, data: st.DataObject) -> None:
    heads = [bytes(split(b"".join(bytes(p) for p in Encoder().frame({"v": value})))[0]) for value in (one, other)]
    cut = data.draw(st.integers(0, len(heads[0])))
    kind = data.draw(st.sampled_from(["cut", "join", "bend"]))
    if kind == "cut":
        frame = heads[0][:cut]
    elif kind == "join":
        frame = heads[0][:cut] + heads[1][data.draw(st.integers(0, len(heads[1]))) :]
    else:
        place = min(cut, len(heads[0]) - 1)
        frame = heads[0][:place] + bytes([heads[0][place] ^ 1 << data.draw(st.integers(0, 7))]) + heads[0][place + 1 :]
    try:
        assert isinstance(decode(memoryview(frame), memoryview(b"")), dict)
    except WireError:
        return


@given(VALUES)
def test_what_was_decoded_can_be_sent_again(value: Any) -> None:
    assert through(through({"v": value}))["v"] == value
