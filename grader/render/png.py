"""Small grey images as one PNG file inside an address, so that a page needs no other file."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence

_GAP = bytes((0, 0))  # grey 0, and nothing of it


def contact_sheet(images: Sequence[Sequence[Sequence[float]]], columns: int) -> tuple[str, int, int]:
    """The images side by side, a transparent pixel apart.

    Args:
        images: each H×W, values from 0 (paper, white) to 1 (ink, black); at least one, all of one size.
        columns: how many stand in a row, at least 1.

    Returns:
        a ``data:`` address, and the sheet's width and height in pixels.
    """
    high, wide = len(images[0]), len(images[0][0])
    across, down = min(columns, len(images)), math.ceil(len(images) / columns)
    width, height = across * (wide + 1) - 1, down * (high + 1) - 1
    rows = [bytearray(_GAP * width) for _ in range(height)]
    for place, image in enumerate(images):
        top, left = (place // columns) * (high + 1), (place % columns) * (wide + 1)
        for number, line in enumerate(image):
            rows[top + number][2 * left : 2 * (left + wide)] = b"".join(map(_pixel, line))
    return f"data:image/png;base64,{base64.b64encode(_png(rows, width)).decode()}", width, height


def _pixel(value: float) -> bytes:
    ink = min(max(0.0, value), 1.0)  # in this order, what is not a number becomes paper
    return bytes((255 - round(255 * ink), 255))


def _png(rows: Sequence[bytearray], width: int) -> bytes:
    """Grey with transparency, 8 bits each, no filter."""
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 4, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
