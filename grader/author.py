"""From one source to what learners get: a solution in percent format becomes a stub. `python -m grader.author`."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

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
    around = owners(source, name)
    kept: list[str] = []
    position = 0
    for region in _regions(lines, name):
        kept += lines[position : region.first]
        if region.indent:
            kept.append(f'{region.indent}raise NotImplementedError("write {around.get(region.first + 1, "this")}")')
        position = region.last + 1
    text = "\n".join(kept + lines[position:])
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise UnusableInput(f"{name}: its stub is not Python at line {error.lineno}: {error.msg}.") from None
    return text


def answered(source: str, name: str) -> str:
    """The solution's text as a learner would have written it: without the marks and the places that it fills.

    Args:
        source: as for :func:`stub`.
        name: its name, for messages.

    Raises:
        UnusableInput: as :func:`stub`.
    """
    lines = source.split("\n")
    regions = _regions(lines, name)
    dropped = {line for region in regions for line in (region.first, region.last)}
    # The line above a BEGIN, numbered from 1.
    above = {region.first for region in regions if not region.indent}
    for place, answer in pairwise(_parsed(source, name).body):
        if place.end_lineno in above and _assigned(place) and _assigned(place) == _assigned(answer):
            dropped.update(range(place.lineno - 1, place.end_lineno))
    return "\n".join(line for number, line in enumerate(lines) if number not in dropped)


def _assigned(node: ast.stmt) -> str:
    return " = ".join(map(ast.unparse, node.targets)) if isinstance(node, ast.Assign) else ""


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


def owners(source: str, name: str) -> dict[int, str]:
    """Line, from 1 → the name of the function or class around it, ``MaskedConv2d.forward``.

    Args:
        source: Python text.
        name: its name, for messages.

    Raises:
        UnusableInput: it is not Python.
    """
    found: dict[int, str] = {}

    def visit(node: ast.AST, above: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = above
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inside = f"{above}.{child.name}" if above else child.name
                # Inner definitions come later and overwrite the lines they hold.
                found.update(dict.fromkeys(range(child.lineno, (child.end_lineno or child.lineno) + 1), inside))
            visit(child, inside)

    visit(_parsed(source, name), "")
    return found


def _parsed(source: str, name: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise UnusableInput(f"{name}, line {error.lineno}: {error.msg}.") from None


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


def read_stub(exercise: Exercise) -> str | None:
    """The text of an exercise's stub; None when there is none that can be read."""
    try:
        return exercise.stub.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def is_fresh(exercise: Exercise) -> bool:
    """Whether the stub is what the solution makes."""
    return read_stub(exercise) == _fresh(exercise)


def stale(course: Course) -> list[Exercise]:
    """The exercises whose stub is missing or differs from what its solution makes."""
    return [exercise for exercise in course.exercises if not is_fresh(exercise)]


def write_stubs(course: Course) -> list[Exercise]:
    """Write every stub that is not fresh, and say which."""
    written = stale(course)
    for exercise in written:
        exercise.stub.write_text(_fresh(exercise), encoding="utf-8")
    return written


def _fresh(exercise: Exercise) -> str:
    return stub(read_source(exercise), exercise.solution.name)


def _data(course: Course, *, check: bool) -> list[str]:
    """The same for our course's data files, which are made with torch; the names of those that are not fresh."""
    if course.folder is not None:
        return []
    from grader import datafiles

    folder = course.exercises[0].stub.parent / "data"
    return [f"data/{path.name}" for path in (datafiles.stale(folder) if check else datafiles.write(folder))]


def command(course: Course) -> str:
    """What writes the stubs of a course."""
    return f"python -m grader.author{course.option}" if course.folder is not None else "make exercises"


def main(arguments: list[str]) -> int:
    """Write all stubs and our data files, or with ``--check`` only say which are not fresh. The exit code."""
    parser = argparse.ArgumentParser(prog="python -m grader.author", description="Write the stubs from the solutions.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a stub is not fresh")
    parser.add_argument("--course", type=Path, metavar="DIR", help="a course that is not ours")
    options = parser.parse_args(arguments)
    try:
        course = Course.open(options.course) if options.course is not None else built_in()
        changed = [exercise.stub.name for exercise in (stale(course) if options.check else write_stubs(course))]
        changed += _data(course, check=options.check)
    except (UnusableInput, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201  a command line
        return 2
    for name in changed:
        verdict = f"is not fresh: run `{command(course)}`" if options.check else "written"
        print(f"{name} {verdict}")  # noqa: T201  as above
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
