"""Rows out of a damaged SQLite file, page by page: what is intact is found even where nothing leads to it any more.

The layout is that of https://www.sqlite.org/fileformat2.html. Nothing is trusted: who gets the rows must check them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

Value = int | float | str | bytes | None

_LEAF_OF_TABLE = 0x0D
_FILE_HEADER = 100
_WAL_HEADER = 32
_FRAME_HEADER = 24
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_PAYLOAD_LIMIT = 1 << 20


def rows(path: Path) -> Iterator[tuple[Value, ...]]:
    """Every row of every table that can still be read, older versions of a row too, in any order.

    Args:
        path: the database; the write-ahead log beside it is read as well.
    """
    content = path.read_bytes()
    size = int.from_bytes(content[16:18])
    if size not in (512, 1024, 2048, 8192, 16384, 32768):
        size = 65536 if size == 1 else 4096
    pages = {number + 1: content[place : place + size] for number, place in enumerate(range(0, len(content), size))}
    found = list(pages.values())
    log = path.with_name(f"{path.name}-wal")
    ahead = log.read_bytes() if log.exists() else b""
    for place in range(_WAL_HEADER, len(ahead), _FRAME_HEADER + size):
        page = ahead[place + _FRAME_HEADER : place + _FRAME_HEADER + size]
        pages[int.from_bytes(ahead[place : place + 4])] = page
        found.append(page)
    for page in found:
        yield from _rows(page, pages)


def _rows(page: bytes, pages: Mapping[int, bytes]) -> Iterator[tuple[Value, ...]]:
    """The rows of one page, if it is a leaf of a table."""
    header = _FILE_HEADER if page.startswith(b"SQLite format 3\x00") else 0
    if len(page) < header + 8 or page[header] != _LEAF_OF_TABLE:
        return
    for cell in range(int.from_bytes(page[header + 3 : header + 5])):
        pointer = header + 8 + 2 * cell
        try:
            yield _row(_payload(page, int.from_bytes(page[pointer : pointer + 2]), pages))
        except (IndexError, ValueError):
            continue


def _payload(page: bytes, place: int, pages: Mapping[int, bytes]) -> bytes:
    """What a cell holds, together with its overflow pages."""
    length, place = _varint(page, place)
    _, place = _varint(page, place)
    size = len(page)
    if length > _PAYLOAD_LIMIT:
        raise ValueError("longer than anything of ours")
    if length <= size - 35:
        return page[place : place + length]
    least = (size - 12) * 32 // 255 - 23
    local = least + (length - least) % (size - 4)
    local = local if local <= size - 35 else least
    payload = page[place : place + local]
    following = int.from_bytes(page[place + local : place + local + 4])
    while len(payload) < length:
        if following not in pages or len(pages[following]) < 5:
            raise ValueError("its overflow page is gone")
        payload += pages[following][4:]
        following = int.from_bytes(pages[following][:4])
    return payload[:length]


def _row(payload: bytes) -> tuple[Value, ...]:
    end, place = _varint(payload, 0)
    kinds = []
    while place < end:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, place = _value(payload, place, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, place: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], place
    length = _INTEGER_BYTES.get(kind, 8 if kind == 7 else (kind - 12) // 2)
    piece = payload[place : place + length]
    if len(piece) < length:
        raise ValueError("cut off")
    if kind in _INTEGER_BYTES:
        return int.from_bytes(piece, signed=True), place + length
    # Fractions stand in the states only, which are worked out anew.
    return (piece.decode() if kind >= 13 and kind % 2 else piece), place + length


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """SQLite's integer of one to nine bytes, and where it ends."""
    value = 0
    for step in range(8):
        byte = content[place + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + step + 1
    return value << 8 | content[place + 8], place + 9
