"""Mutations of trees (JSON, msgpack): a byte changed at random mostly spoils the syntax, and reaches nothing deeper."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgpack

Tree = Any

_LEAVES: tuple[Tree, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**64 - 1, 0.5, float("inf"), float("nan"), -0.0, "", "x", "a.b",
    "\u202e", "\U0001f600", "f64", "t", "n", "?", b"", b"\0", b"\0\0\0\0", b"0x10", "on", "2026-03-01T00:00:00+00:00",
    "0001-01-01T00:00:00+23:59", "9" * 5000, "[" * 3000,
)  # fmt: skip
_CODES = range(12)


def mutated(tree: Tree, chance: random.Random, *, extensions: bool) -> Tree:
    """The tree with one to three changes.

    Args:
        tree: lists, dicts and leaves.
        chance: where all choices come from.
        extensions: whether msgpack's extension types may come in.
    """
    for _ in range(chance.randint(1, 3)):
        places = list(_places(tree, ()))
        tree = _at(tree, chance.choice(places), lambda old: _changed(old, tree, places, chance, extensions))  # noqa: B023  used at once
    return tree


def _places(tree: Tree, path: tuple[Any, ...]) -> Any:
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))


def _get(tree: Tree, path: tuple[Any, ...]) -> Tree:
    for key in path:
        tree = tree[key]
    return tree


def _at(tree: Tree, path: tuple[Any, ...], change: Callable[[Tree], Tree]) -> Tree:
    if not path:
        return change(tree)
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = _at(tree[path[0]], path[1:], change)
    return copy


def _changed(old: Tree, tree: Tree, places: list[tuple[Any, ...]], chance: random.Random, extensions: bool) -> Tree:
    kinds = ["leaf", "graft", "wrap", "grow", "drop", "number"] + ["extend", "open"] * extensions
    match chance.choice(kinds):
        case "leaf":
            return chance.choice(_LEAVES)
        case "graft":
            return _get(tree, chance.choice(places))
        case "wrap":
            return [old] if chance.random() < 0.5 else {"x": old}
        case "grow" if isinstance(old, list):
            return [*old, *[chance.choice([*old, *_LEAVES])] * chance.choice([1, 1, 2, 100])]
        case "grow" if isinstance(old, dict):
            return {**old, chance.choice(["x", "error", "frames", "cells", "", "é"]): chance.choice(_LEAVES)}
        case "drop" if isinstance(old, list) and old:
            place = chance.randrange(len(old))
            return [*old[:place], *old[place + 1 :]]
        case "drop" if isinstance(old, dict) and old:
            gone = chance.choice(list(old))
            return {key: value for key, value in old.items() if key != gone}
        case "number" if type(old) is int:
            return old + chance.choice([-1, 1, 16, -16, 256]) if abs(old) < 2**62 else 0
        case "extend":
            return _extension(chance.choice(_CODES), old)
        case "open" if isinstance(old, msgpack.ExtType):
            return _extended(old, tree, places, chance)
    return chance.choice(_LEAVES)


def _extension(code: int, content: Tree) -> Tree:
    return msgpack.ExtType(code, content if isinstance(content, bytes) else msgpack.packb(content))


def _extended(old: Any, tree: Tree, places: list[tuple[Any, ...]], chance: random.Random) -> Tree:
    try:
        inside = msgpack.unpackb(old.data, strict_map_key=False)
    except Exception:  # noqa: BLE001  its content is no tree: then it is raw bytes
        return _extension(old.code, chance.choice([b"", b"\0\0\0\0", b"\1\0\0\0", b"0x" + b"f" * 9, old.data * 2]))
    return _extension(old.code, _changed(inside, tree, places, chance, extensions=True))


# --- as bytes -----------------------------------------------------------------------------------------------


def wire_mutator(data: bytes, chance: random.Random) -> bytes | None:
    """Another input of the wire's fuzzer; None where this one is no tree."""
    unpacker = msgpack.Unpacker(strict_map_key=False, unicode_errors="replace")
    try:
        unpacker.feed(data[2:])
        both = [unpacker.unpack(), unpacker.unpack()]
        table, message = mutated(both, chance, extensions=True)
        header: bytes = msgpack.packb(table) + msgpack.packb(message)
    except Exception:  # noqa: BLE001  half a tree, or one that msgpack cannot write
        return None
    size = int.from_bytes(data[:2], "little")
    if isinstance(table, list) and chance.random() < 0.5:  # else the payload hardly ever fits
        sizes = [row[4] for row in table if isinstance(row, list) and len(row) == 5 and type(row[4]) is int]
        size = sum(-(-max(0, given) // 16) for given in sizes)
    return (size % 65536).to_bytes(2, "little") + header


def json_mutator(data: bytes, chance: random.Random) -> bytes | None:
    """Another text of JSON; None where this one is none."""
    try:
        return json.dumps(mutated(json.loads(data), chance, extensions=False)).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        return None
