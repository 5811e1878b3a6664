"""Improvements of an exercise brought into a learner's file, cell by cell: what they wrote always stays."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from grader.percent import Cell, subject
from grader.text import one_line

_MARK = re.compile(r"# ?%%(?=\s|$)(.*)")
_MARKDOWN = re.compile(r"\[(markdown|md)\]")
_HEADING = re.compile(r"# #+ (.*)")


@dataclass(frozen=True)
class Conflict:
    """A cell that both sides changed, or that only ours still has; the learner's side was kept.

    Args:
        name: what the cell is about.
        line: where our version of it begins in the new file, from 1; 0 where the new file has none.
    """

    name: str
    line: int


@dataclass(frozen=True)
class Merged:
    """A learner's file with our improvements.

    Args:
        text: the file.
        improved: what the cells are about in which our changes were taken over, cells added or taken away too.
        conflicts: those in which they were not.
    """

    text: str
    improved: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class _Part:
    """A cell with its lines as they are, the mark and the blank lines below included."""

    name: str
    label: str
    text: str
    line: int

    def same(self, other: _Part) -> bool:
        return self.text.rstrip() == other.text.rstrip()


def nearest(mine: str, versions: Sequence[str]) -> str | None:
    """The version that a learner's file was most likely made from; None where there is none."""

    def likeness(version: str) -> float:
        return SequenceMatcher(None, version.splitlines(), mine.splitlines(), autojunk=False).ratio()

    return max(versions, key=likeness, default=None)


def merge(base: str, mine: str, ours: str) -> Merged:
    r"""Bring what changed between ``base`` and ``ours`` into ``mine``.

    A cell that is as it was given is replaced. In a cell that the learner changed, our changes are taken over where
    theirs do not touch them; otherwise theirs stays as it is and the cell is a conflict.

    Args:
        base: the percent file that the learner was given.
        mine: what they have made of it; its lines end in ``\n``, as those of the others.
        ours: the percent file of today.
    """
    olds, news = ({part.name: part for part in _parts(text)} for text in (base, ours))
    kept: list[_Part] = []
    improved: list[str] = []
    conflicts: list[Conflict] = []
    for part in _parts(mine):
        old, new = olds.get(part.name), news.get(part.name)
        if old is None:
            kept.append(part)  # a cell of the learner's own
        elif new is None and part.same(old):
            improved.append(part.label)  # ours is gone, and nothing of theirs was in it
        else:
            found = _cell(old, part, new)
            kept.append(found or part)
            if found is None:
                conflicts.append(Conflict(part.label, new.line if new is not None else 0))
            elif found.text != part.text and not found.same(part):
                improved.append(new.label if new is not None else part.label)
    _insert_new(kept, list(news.values()), olds, improved)
    there = {part.name for part in kept}
    # Cells that the learner took away stay away.
    away = [news[name] for name in olds.keys() & news.keys() - there if not olds[name].same(news[name])]
    conflicts += [Conflict(part.label, part.line) for part in away]
    conflicts.sort(key=lambda conflict: conflict.line)
    return Merged("".join(_ended(part.text) for part in kept), tuple(improved), tuple(conflicts))


def _cell(old: _Part, mine: _Part, new: _Part | None) -> _Part | None:
    """The merged cell; None for a conflict."""
    if new is None:
        return None
    if mine.text == old.text:
        return new
    if new.same(old) or new.same(mine):
        return mine
    if mine.same(old):  # but for blank lines
        return new
    text = _lines(old.text, mine.text, new.text)
    return replace(mine, text=text) if text is not None and _fits(mine.text, text) else None


def _fits(mine: str, merged: str) -> bool:
    """Whether a merged cell of code means what the learner meant: other names of arguments would not."""
    before, after = _signatures(mine), _signatures(merged)
    return before is None or (after is not None and all(after[name] == before[name] for name in before.keys() & after))


def _signatures(text: str) -> dict[str, list[str]] | None:
    try:
        nodes = ast.walk(ast.parse(text))
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError):
        return None
    return {node.name: [name.arg for name in ast.walk(node.args) if isinstance(name, ast.arg)] for node in functions}


def _lines(old: str, mine: str, new: str) -> str | None:
    """Line by line; None where both sides changed the same or neighbouring lines."""
    before, theirs, ours = (text.rstrip().splitlines() for text in (old, mine, new))
    changes = [(change, theirs) for change in _changes(before, theirs)]
    changes += [(change, ours) for change in _changes(before, ours)]
    changes.sort(key=lambda change: change[0][:2])
    merged: list[str] = []
    position = 0
    last: tuple[int, list[str]] | None = None
    for (first, end, start, stop), side in changes:
        if last is not None and last[1] is not side and first <= last[0]:
            return None
        merged += before[position:first] + side[start:stop]
        position, last = end, (end, side)
    return "\n".join(merged + before[position:]) + mine[len(mine.rstrip()) :]


def _changes(before: list[str], after: list[str]) -> list[tuple[int, int, int, int]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [codes[1:] for codes in matcher.get_opcodes() if codes[0] != "equal"]


def _insert_new(kept: list[_Part], news: list[_Part], olds: dict[str, _Part], improved: list[str]) -> None:
    """Put the cells that are new in the exercise behind those that they follow there."""
    names = [part.name for part in kept]
    for number, part in enumerate(news):
        if part.name in olds or part.name in names:
            continue
        before = next((earlier.name for earlier in reversed(news[:number]) if earlier.name in names), None)
        place = names.index(before) + 1 if before is not None else 0
        kept.insert(place, part)
        names.insert(place, part.name)
        improved.append(part.label)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _parts(text: str) -> list[_Part]:
    """The cells of a percent file, lossless; of two about the same thing the second is `name-2`."""
    parts: list[_Part] = []
    taken: dict[str, int] = {}
    lines = text.splitlines(keepends=True)
    starts = [0, *(number for number, line in enumerate(lines) if number and _MARK.match(line)), len(lines)]
    for first, end in pairwise(starts):
        cell = "".join(lines[first:end])
        if not cell:
            continue
        kind, label = _subject(lines[first:end])
        name = f"{kind}:{label}"
        taken[name] = taken.get(name, 0) + 1
        number = f"-{taken[name]}" if taken[name] > 1 else ""
        parts.append(_Part(f"{name}{number}", label, cell, first + 1))
    return parts


def _subject(lines: list[str]) -> tuple[str, str]:
    """The kind of a cell, and its heading or the first name that it defines."""
    mark = _MARK.match(lines[0])
    body = [line.rstrip("\r\n") for line in (lines[1:] if mark is not None else lines)]
    if mark is None or not _MARKDOWN.search(mark[1]):
        return "code", subject(Cell("code", "\n".join(body)))
    heading = next((found[1] for found in map(_HEADING.match, body) if found is not None), "")
    return "markdown", one_line(heading) or "text"
