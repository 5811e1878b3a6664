"""A student's cells beside the released ones: what is missing, copied, renamed or edited is put right and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.classroom.handed_in import harmless, new_cell, numbered
from grader.kernel.cells import defined, names_in

Cell = dict[str, Any]
_TOLD = ("grade_id", "grade", "solution", "locked", "points", "schema_version", "task")
"""What nbgrader goes by, of what it writes into a cell."""

_PARSED_LIMIT = 100_000
"""Longer cells are not parsed, which would take 600 times the memory of their text; no answer is that long."""

_PUT_BACK = "Missing, and put back:"
_MISSING = "Missing, though yours to fill:"
_EDITED = "Edited, and set back; what you wrote there was not graded:"
_MARKED = "Not marked any more as nbgrader had marked them, and marked again:"
_COPIED = "There more than once; the copies count as ordinary cells:"
_FOREIGN = "Marked for nbgrader, though not handed out; they count as ordinary cells."


@dataclass(frozen=True)
class Released:
    """A cell of the released notebook that nbgrader knows.

    Args:
        id: its ``grade_id``.
        kind: ``code`` or ``markdown``.
        source: its text; of a cell that students fill, the stub.
        locked: whether students must not edit it.
        nbgrader: its metadata for nbgrader.
    """

    id: str
    kind: str
    source: str
    locked: bool
    nbgrader: Mapping[str, Any]

    @property
    def graded(self) -> bool:
        """Whether points depend on the cell itself."""
        return bool(self.nbgrader["grade"] or self.nbgrader["task"])


def restore(cells: Sequence[Cell], released: Sequence[Released]) -> tuple[list[Cell], list[str]]:
    """The notebook with each released cell once, as nbgrader needs it, and a sentence on each repair.

    No code of a student is lost or moved: what only claims to be a released cell stays as an ordinary one.

    Args:
        cells: the student's, as :func:`~grader.classroom.handed_in.read` gives them.
        released: in the order of the released notebook.
    """
    claims = _claims(cells, released)
    owner = {position: item for item in released if (position := claims.get(item.id)) is not None}
    restored = [_restored(cell, owner.get(position)) for position, cell in enumerate(cells)]
    # Backwards, so that positions in front of an inserted cell stay what they are.
    for number in range(len(released) - 1, -1, -1):
        item = released[number]
        if item.id not in claims and (item.locked or item.graded):
            place = max((claims[above.id] + 1 for above in released[:number] if above.id in claims), default=0)
            restored.insert(place, new_cell(item.kind, item.source, item.nbgrader))
    return numbered(restored), _repairs(cells, claims, released)


def _claims(cells: Sequence[Cell], released: Sequence[Released]) -> dict[str, int]:
    """Which of the student's cells each released one is: its ``grade_id`` → its position."""
    answers = set().union(*(defined(item.source) for item in released if item.kind == "code" and not item.locked))
    names = [_defined(cell) for cell in cells]
    claims: dict[str, int] = {}

    def free() -> list[int]:
        return [position for position in range(len(cells)) if position not in claims.values()]

    locked = [item for item in released if item.locked]
    for item in locked:  # by their very text, whatever the metadata say
        same = [place for place in free() if cells[place]["source"].strip() == item.source.strip()]
        if same:
            claims[item.id] = max(same, key=lambda place, item=item: (_id(cells[place]) == item.id, -place))  # type: ignore[misc]  # a default binds the loop's item
    for item in (item for item in locked if item.id not in claims):
        # Work that only calls itself a check cell must not be overwritten.
        edited = [place for place in free() if _id(cells[place]) == item.id and not names[place] & answers]
        if edited:
            claims[item.id] = edited[0]
    for item in (item for item in released if not item.locked):
        wanted = defined(item.source) if item.kind == "code" else set()
        ranks = {
            place: (len(wanted & names[place]), _id(cells[place]) == item.id, place)
            for place in free()
            # Prose made code would break the whole notebook.
            if cells[place]["cell_type"] == item.kind or item.kind == "markdown" or wanted & names[place]
        }
        best = max(ranks, key=lambda place: ranks[place], default=None)
        if best is not None and any(ranks[best][:2]):
            claims[item.id] = best
    return claims


def _defined(cell: Cell) -> set[str]:
    """What a cell defines, also one of code that was made markdown."""
    if len(cell["source"]) > _PARSED_LIMIT:
        return set()
    found = names_in(cell["source"])
    return found.defined if found.parsed or cell["cell_type"] == "code" else set()


def _id(cell: Cell) -> object:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _restored(cell: Cell, item: Released | None) -> Cell:
    if item is not None:
        source = item.source if item.locked else cell["source"]
        kind, nbgrader = item.kind, item.nbgrader
    else:
        source, kind, nbgrader = cell["source"], cell["cell_type"], None
    if kind == "markdown" and not (item and item.locked):
        source = harmless(source)
    return new_cell(kind, source, nbgrader)


def _repairs(cells: Sequence[Cell], claims: Mapping[str, int], released: Sequence[Released]) -> list[str]:
    """What was put right, each kind once, with the cells that it is about."""
    told: dict[str, list[str]] = {}
    for item in released:
        if item.id not in claims:
            told.setdefault(_PUT_BACK if item.locked or item.graded else _MISSING, []).append(item.id)
            continue
        cell = cells[claims[item.id]]
        if item.locked and cell["source"].strip() != item.source.strip():
            told.setdefault(_EDITED, []).append(item.id)
        found = cell["metadata"].get("nbgrader", {})
        changed = any(found.get(key, False) != item.nbgrader.get(key, False) for key in _TOLD)
        if changed or cell["cell_type"] != item.kind:
            told.setdefault(_MARKED, []).append(item.id)
    left = [_id(cell) for place, cell in enumerate(cells) if place not in claims.values() and _bears(cell)]
    copies = [name for name in left if isinstance(name, str) and name in claims]
    for name in dict.fromkeys(copies):
        told.setdefault(_COPIED, []).append(name)
    said = [f"{sentence} {', '.join(f'`{name}`' for name in names)}" for sentence, names in told.items()]
    return said if len(left) == len(copies) else [*said, _FOREIGN]


def _bears(cell: Cell) -> bool:
    found = cell["metadata"].get("nbgrader", {})
    return any(found.get(key) for key in ("grade_id", "grade", "solution", "locked"))


def note(problem: str, repairs: Sequence[str]) -> str:
    """The markdown that stands at the head of a repaired notebook; empty where there is nothing to say."""
    if problem:
        said = harmless(" ".join(problem.split()))
        return f"**This notebook could not be read, so it earned no points.**\n\n{said}"
    if not repairs:
        return ""
    head = "**Some cells were put right before grading.** Your own code was graded as you wrote it."
    return "\n".join([head, "", *(f"- {repair}" for repair in repairs)])
