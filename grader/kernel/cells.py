"""What is written in a notebook's cells, out of what is known: the saved file and what ran since it was saved."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from grader.notebook import CodeCell, joined, parsed

# What nbformat allows. VS Code names its cells in another way, which its files do not hold.
_FILE_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What a line at the left edge defines, in a text that is no Python yet.
_DEFINES = re.compile(r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """Code that the kernel ran.

    Args:
        number: of its ``In [7]``.
        source: its text.
        cell: what the front end calls the cell; empty where it says nothing, or where it ran before anybody listened.
        at: seconds since the epoch; None where it ran before anybody listened.
    """

    number: int
    source: str
    cell: str = ""
    at: float | None = None


@dataclass(frozen=True)
class Saved:
    """The notebook's file.

    Args:
        cells: its code cells.
        at: when it was saved, in seconds since the epoch.
        fresh: whether it was saved since the kernel started, so that its ``In [7]`` are this kernel's.
    """

    cells: tuple[CodeCell, ...]
    at: float
    fresh: bool

    def is_newer(self, cell: CodeCell, run: Run) -> bool:
        """Whether the cell was saved after it had run."""
        if run.at is not None:
            return self.at > run.at
        return self.fresh and cell.count == run.number


@dataclass(frozen=True)
class Written:
    """The code to grade.

    Args:
        sources: the text of each code cell.
        edited: cells that were edited after the kernel had run them: what each defines, or which it is.
        unsaved: whether a text is of a run and not of the file.
    """

    sources: tuple[str, ...]
    edited: tuple[str, ...] = ()
    unsaved: bool = False


def as_saved(saved: Saved, runs: Sequence[Run]) -> Written:
    """The file's cells, each with the text of its latest run where it ran after the file was saved.

    A cell that is not in the file, because it is new, comes after the others.
    """
    latest: dict[int, Run] = {}
    strays: dict[str, Run] = {}
    definitions = [defined(cell.source) for cell in saved.cells]
    for run in runs:
        position = _position(saved.cells, definitions, run)
        if position is not None:
            latest[position] = run
        elif _may_be_new(saved, run):
            strays[run.cell or str(run.number)] = run
    sources, edited = [], []
    unsaved = bool(strays)
    for number, cell in enumerate(saved.cells):
        ran = latest.get(number)
        differs = ran is not None and ran.source.strip() != cell.source.strip()
        if ran is not None and differs and not saved.is_newer(cell, ran):
            sources.append(ran.source)
            unsaved = True
        else:
            sources.append(cell.source)
            edited += [", ".join(sorted(definitions[number])) or f"code cell {number + 1}"] if differs else []
    return Written((*sources, *(run.source for run in strays.values())), tuple(edited), unsaved)


def as_run(runs: Sequence[Run]) -> Written:
    """What ran, where there is no file to be seen: of a cell that ran often its latest text, in its first place."""
    cells = {run.cell or str(run.number): run.source for run in runs}
    # IPython ran none of what is no Python; it was mended in a later run.
    return Written(tuple(source for source in cells.values() if names_in(source).parsed))


def _position(cells: Sequence[CodeCell], definitions: Sequence[set[str]], run: Run) -> int | None:
    """The saved cell that a run is of: by its id, by its very text, or by the names that it defines."""
    if _FILE_ID.fullmatch(run.cell) and any(cell.id for cell in cells):
        return next((place for place, cell in enumerate(cells) if cell.id == run.cell), None)
    same = next((place for place, cell in enumerate(cells) if cell.source.strip() == run.source.strip()), None)
    if same is not None:
        return same
    names = defined(run.source)
    shared = [len(names & definition) for definition in definitions]
    return shared.index(max(shared)) if max(shared, default=0) else None


def _may_be_new(saved: Saved, run: Run) -> bool:
    """Whether a run that fits no saved cell is of a cell that defines something and was added after the last save."""
    if not defined(run.source):
        return False
    if run.at is not None:
        return run.at > saved.at
    counts = [cell.count for cell in saved.cells if cell.count is not None]
    return not saved.fresh or run.number > max(counts, default=0)


# --- names -----------------------------------------------------------------------------------------------------


@dataclass
class Names:
    """The names in a text: those it binds anywhere, those it uses, and those it defines at its top level."""

    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    parsed: bool = False


def defined(source: str) -> set[str]:
    """What a cell defines for the others: functions, classes and variables, but no imports."""
    return names_in(source).defined


def only_in_kernel(sources: Iterable[str], wanted: Iterable[str], held: Collection[str]) -> tuple[str, ...]:
    """Names that are wanted or used, that no cell binds (any more), and that the kernel still holds.

    Args:
        sources: of the cells.
        wanted: what the exercise asks for.
        held: the names in the kernel.
    """
    bound: set[str] = set(dir(builtins))
    used: dict[str, None] = dict.fromkeys(wanted)
    for names in map(names_in, sources):
        bound |= names.bound
        used |= dict.fromkeys(sorted(names.used))
    if "*" in bound:  # `from torch import *`: nobody can tell
        return ()
    return tuple(name for name in used if name in held and name not in bound)


def names_in(source: str) -> Names:
    """The names of a cell; of one that is not Python yet only those that it seems to define."""
    found = Names()
    tree = parsed(joined([source]).source)
    if tree is None:
        found.defined = {name for match in _DEFINES.findall(source) for name in match if name}
        return found
    found.parsed = True
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                found.used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                found.bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.bound.add(name)
            case ast.alias(name=name, asname=alias):
                found.bound.add((alias or name).partition(".")[0])
    for statement in tree.body:
        found.defined |= _defined_by(statement)
    return found


def _defined_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
