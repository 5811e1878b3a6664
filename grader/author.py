"""From one source to what learners get: a solution in percent format becomes a stub. `python -m grader.author`."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass

from grader.course import Course, Exercise, built_in
from grader.errors import UnusableInput
from grader.text import one_line

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
_MARK = re.compile(r"#+\s*(BEGIN|END)\s+SOLUTION\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Region:
    """The lines of one solution, marks included, numbered from 0."""

    first: int
    last: int
    indent: str


def stub(source: str, name: str) -> str:
    """The solution's text without its answers.

    An indented region becomes ``raise NotImplementedError("write …")``; a region at the top level goes, and what
    stands above it (``z = [None, None, None]``) is the place to fill.

    Args:
        source: a percent file with ``### BEGIN SOLUTION`` … ``### END SOLUTION``.
        name: its name, for messages.

    Raises:
        UnusableInput: a mark without its partner, inside another region, or misspelt; or a stub that is not Python.
    """
    lines = source.split("\n")
    owners = _owners(source, name)
    kept: list[str] = []
    position = 0
    for region in _regions(lines, name):
        kept += lines[position : region.first]
        if region.indent:
            kept.append(f'{region.indent}raise NotImplementedError("write {owners.get(region.first + 1, "this")}")')
        position = region.last + 1
    text = "\n".join(kept + lines[position:])
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise UnusableInput(f"{name}: its stub is not Python at line {error.lineno}: {error.msg}.") from None
    return text


def _regions(lines: list[str], name: str) -> list[Region]:
    regions = []
    begun: int | None = None
    for number, line in enumerate(lines):
        mark = line.strip()
        if not _MARK.fullmatch(mark):
            continue
        if mark not in (BEGIN, END):
            raise UnusableInput(f'{name}, line {number + 1}: "{one_line(mark)}" should be written {BEGIN} or {END}')
        if (mark == BEGIN) == (begun is not None):
            other = f"the region begun in line {begun + 1} has no end" if begun is not None else "no region is open"
            raise UnusableInput(f"{name}, line {number + 1}: {mark}, but {other}")
        if mark == BEGIN:
            begun = number
        elif begun is not None:
            regions.append(_region(lines, begun, number, name))
            begun = None
    if begun is not None:
        raise UnusableInput(f"{name}, line {begun + 1}: {BEGIN} without {END}")
    return regions


def _region(lines: list[str], first: int, last: int, name: str) -> Region:
    indent = lines[first][: lines[first].index("#")]
    if lines[last][: lines[last].index("#")] != indent:
        raise UnusableInput(f"{name}, line {last + 1}: {END} is indented otherwise than its {BEGIN}")
    return Region(first, last, indent)


def _owners(source: str, name: str) -> dict[int, str]:
    """Line of each region's BEGIN, from 1 → the name of the function around it, ``MaskedConv2d.forward``."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UnusableInput(f"{name}, line {error.lineno}: {error.msg}.") from None
    owners: dict[int, str] = {}

    def visit(node: ast.AST, above: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = above
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inside = f"{above}.{child.name}" if above else child.name
                # Inner definitions come later and overwrite the lines they hold.
                owners.update(dict.fromkeys(range(child.lineno, (child.end_lineno or child.lineno) + 1), inside))
            visit(child, inside)

    visit(tree, "")
    return owners


def read_source(exercise: Exercise) -> str:
    """The text of an exercise's solution.

    Raises:
        UnusableInput: it cannot be read.
    """
    try:
        return exercise.solution.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableInput(f"{exercise.solution} cannot be read: {reason}.") from None


def stale(course: Course) -> list[Exercise]:
    """The exercises whose stub is missing or differs from what its solution makes."""
    return [exercise for exercise in course.exercises if _current(exercise) != _fresh(exercise)]


def write_stubs(course: Course) -> list[Exercise]:
    """Write every stub that is not fresh, and say which."""
    written = stale(course)
    for exercise in written:
        exercise.stub.write_text(_fresh(exercise), encoding="utf-8")
    return written


def _fresh(exercise: Exercise) -> str:
    return stub(read_source(exercise), exercise.solution.name)


def _current(exercise: Exercise) -> str | None:
    try:
        return exercise.stub.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def main(arguments: list[str]) -> int:
    """Write all stubs, or with ``--check`` only say which are not fresh. The exit code."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m grader.author [--check]", file=sys.stderr)  # noqa: T201  a command line
        return 2
    check = bool(arguments)
    try:
        course = built_in()
        changed = stale(course) if check else write_stubs(course)
    except (UnusableInput, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201  as above
        return 2
    for exercise in changed:
        verdict = "is not fresh: run `make exercises`" if check else "written"
        print(f"{exercise.stub.name} {verdict}")  # noqa: T201  as above
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
