"""Got above expected, element under element, so that the eye finds the one that differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

_LIST = re.compile(r"[\[(](?P<items>[^\[\](){}]*)[\])](?P<rest>[^\[\]]*)")
_ROUNDING = 1e-4
"""Numbers that differ by less, relatively, are not marked: the eye should go to what is plainly wrong."""


@dataclass(frozen=True)
class Pair:
    """An element got, the one expected, and whether the eye should go to it."""

    got: str
    expected: str
    differs: bool


@dataclass(frozen=True)
class Row:
    """One line of the comparison."""

    label: str
    text: Text


def compare(got: str, expected: str, width: int) -> list[Row]:
    """The rows for got and expected: aligned lists when both are lists of one length, else both as they are.

    Args:
        got: one line, as :func:`grader.formatting.describe` writes it.
        expected: likewise; may be empty.
        width: columns for the values.
    """
    found = pairs(got, expected)
    if not found:
        return [Row(label, Text(text)) for label, text in (("got", got), ("expected", expected)) if text]
    ours, theirs = [pair.got for pair in found], [pair.expected for pair in found]
    columns = [max(cell_len(pair.got), cell_len(pair.expected)) for pair in found]
    differ = [pair.differs for pair in found]
    rows: list[Row] = []
    for begin, end in _chunks(columns, width):
        rows.append(Row("got", _aligned(ours, columns, differ, begin, end, "bold red")))
        rows.append(Row("expected", _aligned(theirs, columns, differ, begin, end, "bold green")))
        if any(differ[begin:end]) and not all(differ):
            rows.append(Row("", _carets(columns, differ, begin, end)))
    if rest := _rest(got):
        rows[0].text.append(rest, style="dim")
    return rows


def pairs(got: str, expected: str) -> list[Pair]:
    """Element beside element when both are lists of one length; else nothing."""
    ours, theirs = _elements(got), _elements(expected)
    if len(ours) != len(theirs):
        return []
    return [Pair(one, other, not _same(one, other)) for one, other in zip(ours, theirs, strict=True)]


def _elements(text: str) -> list[str]:
    match = _LIST.fullmatch(text)
    return match["items"].split(", ") if match and match["items"] else []


def _rest(text: str) -> str:
    match = _LIST.fullmatch(text)
    return match["rest"] if match else ""


def _same(one: str, other: str) -> bool:
    try:
        left, right = float(one), float(other)
    except ValueError:
        return one == other
    return one == other or alike(left, right)


def alike(got: float, expected: float) -> bool:
    """Whether two numbers differ by no more than rounding."""
    return abs(got - expected) <= _ROUNDING * abs(expected)


def _chunks(columns: Sequence[int], width: int) -> list[tuple[int, int]]:
    """Runs of elements that fit one line each: an element takes its column and two more for ", " or a bracket."""
    chunks = []
    begin = used = 0
    for place, column in enumerate(columns):
        if place > begin and used + column + 2 > width:
            chunks.append((begin, place))
            begin, used = place, 0
        used += column + 2
    chunks.append((begin, len(columns)))
    return chunks


def _aligned(items: list[str], columns: list[int], differ: list[bool], begin: int, end: int, style: str) -> Text:
    text = Text("[" if begin == 0 else " ")
    for place in range(begin, end):
        text.append(items[place], style=style if differ[place] else "")
        text.append(" " * (columns[place] - cell_len(items[place])))
        text.append("]" if place == len(items) - 1 else ", ")
    return text


def _carets(columns: list[int], differ: list[bool], begin: int, end: int) -> Text:
    marks = [("^" if differ[place] else " ") * columns[place] for place in range(begin, end)]
    return Text(" " + "  ".join(marks), style="red")
