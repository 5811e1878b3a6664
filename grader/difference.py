"""A learner's code beside the solution, as hunks of a unified diff; the statement around the code is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

CONTEXT = 3
LONGEST = 5000
"""Lines of a learner's file that are compared: a solution has a few hundred."""

_CELL = re.compile(r"# ?%%|# code cell \d+$")
_MARKDOWN = re.compile(r"# ?%% \[(markdown|md)\]")


@dataclass(frozen=True)
class Line:
    """A line of a diff: ``-`` is only the learner's, ``+`` only ours, a space both."""

    sign: str
    text: str


@dataclass(frozen=True)
class Hunk:
    """Lines that differ, with what stands around them.

    Args:
        mine: the first line in the learner's file, from 1, and how many lines of it are shown.
        ours: the same of the solution.
        inside: the function or class that it is about, or empty.
        lines: what to show.
    """

    mine: tuple[int, int]
    ours: tuple[int, int]
    inside: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Step:
    """A line on the way through both files: the numbers are those of the next line in each, from 1."""

    sign: str
    text: str
    mine: int
    ours: int

    @property
    def differs(self) -> bool:
        """Whether it tells anything: an empty line more or less does not."""
        return self.sign != " " and bool(self.text.strip())


def difference(mine: str, ours: str, owners: Mapping[int, str]) -> list[Hunk]:
    """Where the code differs.

    Args:
        mine: the learner's text, at most ``LONGEST`` lines of it; with the statement or without, as from a notebook.
        ours: the solution.
        owners: line of the solution, from 1 → the function or class around it.
    """
    left, right = _lines(mine)[:LONGEST], _lines(ours)
    said = {*_statement(right), *_statement(left)}
    hunks = []
    # The statement is a wall: a hunk never goes through it, so it shows code alone.
    for is_statement, steps in groupby(_steps(left, right), key=lambda step: step.text in said):
        if not is_statement:
            hunks += [_hunk(part, owners) for part in _parts(list(steps))]
    return hunks


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n")]


def _statement(lines: Sequence[str]) -> Iterator[str]:
    """The lines between which the code stands: marks of cells, and the comments in cells of text."""
    in_text = False
    for line in lines:
        if _CELL.match(line):
            in_text = bool(_MARKDOWN.match(line))
            yield line
        elif in_text and line.startswith("#"):
            yield line


def _steps(left: Sequence[str], right: Sequence[str]) -> Iterator[_Step]:
    """Both files from the beginning to the end. Empty lines mislead, so only the others are matched."""
    full_left, full_right = ([number for number, line in enumerate(lines) if line] for lines in (left, right))
    matcher = SequenceMatcher(None, [left[n] for n in full_left], [right[n] for n in full_right], autojunk=False)
    begin = start = 0
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            end, stop = full_left[block.a + offset], full_right[block.b + offset]
            yield from _gap(left, right, (begin, end), (start, stop))
            yield _Step(" ", left[end], end + 1, stop + 1)
            begin, start = end + 1, stop + 1
    yield from _gap(left, right, (begin, len(left)), (start, len(right)))


def _gap(left: Sequence[str], right: Sequence[str], mine: tuple[int, int], ours: tuple[int, int]) -> Iterator[_Step]:
    """What lies between two matches: empty lines that both begin or end with, and between them what differs."""
    (begin, end), (start, stop) = mine, ours
    while begin < end and start < stop and left[begin] == right[start]:
        yield _Step(" ", left[begin], begin + 1, start + 1)
        begin, start = begin + 1, start + 1
    tail = 0
    while tail < min(end - begin, stop - start) and left[end - 1 - tail] == right[stop - 1 - tail]:
        tail += 1
    for number in range(begin, end - tail):
        yield _Step("-", left[number], number + 1, start + 1)
    for number in range(start, stop - tail):
        yield _Step("+", right[number], end - tail + 1, number + 1)
    for offset in range(tail, 0, -1):
        yield _Step(" ", left[end - offset], end - offset + 1, stop - offset + 1)


def _parts(steps: Sequence[_Step]) -> Iterator[Sequence[_Step]]:
    """The stretches around what differs; two with less than their context between them are one."""
    places = [number for number, step in enumerate(steps) if step.differs]
    while places:
        first = last = places.pop(0)
        while places and places[0] - last <= 2 * CONTEXT + 1:
            last = places.pop(0)
        begin, end = max(first - CONTEXT, 0), min(last + CONTEXT, len(steps) - 1)
        while begin < first and not steps[begin].text:
            begin += 1
        while end > last and not steps[end].text:
            end -= 1
        yield steps[begin : end + 1]


def _hunk(steps: Sequence[_Step], owners: Mapping[int, str]) -> Hunk:
    change = next(step for step in steps if step.differs)
    return Hunk(
        (steps[0].mine, sum(step.sign != "+" for step in steps)),
        (steps[0].ours, sum(step.sign != "-" for step in steps)),
        owners.get(change.ours, ""),
        tuple(Line(step.sign, step.text) for step in steps),
    )
