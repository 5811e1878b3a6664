"""Values as short text for messages. Imports torch only where a tensor comes in."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

SHOWN = 8
"""How many elements of a value a message shows."""


def is_beyond_floats(value: float) -> bool:
    """Whether a whole number has no float at all."""
    return isinstance(value, int) and value.bit_length() > 1000


def number(value: float) -> str:
    """A number in at most six significant digits, without a trailing ``.0`` of noise."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        if is_beyond_floats(value):
            return "a whole number beyond 10³⁰⁰"  # no float holds it, and its digits would fill the screen
        return str(value) if abs(value) < 10**12 else f"{value:.6g}"
    if math.isnan(value) or math.isinf(value):
        return str(value)
    return f"{value:.6g}"


def describe(value: Any, limit: int = SHOWN) -> str:
    """One line for any value that crossed the boundary; never runs code of the value itself."""
    torch = sys.modules.get("torch")
    numpy = sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        return _array(value.detach(), limit)
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return _array(value, limit)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:60] + "…")
    if isinstance(value, Mapping):
        inner = [f"{describe(key)}: {describe(item)}" for key, item in list(value.items())[:limit]]
        return "{" + ", ".join(inner) + (", …" if len(value) > limit else "") + "}"
    if isinstance(value, list | tuple | set | frozenset):
        left, right = ("(", ")") if isinstance(value, tuple) else ("[", "]") if isinstance(value, list) else ("{", "}")
        inner = [describe(item, limit) for item in list(value)[:limit]]
        return left + ", ".join(inner) + (", …" if len(value) > limit else "") + right
    if value is None:
        return "None"
    # Where an object lies in memory is another place each time, and nobody's business.
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    return text if len(text) <= 80 else text[:80] + "…"


def _array(value: Any, limit: int) -> str:
    shape = tuple(value.shape)
    size = math.prod(shape)
    if size == 0:
        return f"an empty tensor of shape {shape}"
    flat = value.reshape(-1)
    items = [number(item) for item in flat[:limit].tolist()] if not _is_complex(value) else [str(flat[:limit].tolist())]
    if not shape:
        return items[0]
    inner = ", ".join(items) + (", …" if size > limit else "")
    return f"[{inner}]" if len(shape) == 1 else f"[{inner}] (shape {'×'.join(map(str, shape))})"


def _is_complex(value: Any) -> bool:
    return "complex" in str(value.dtype)
