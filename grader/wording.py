"""A solution file with a student's own numbers in the places of the printed ones."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UnusableInput
from grader.text import one_line


@dataclass(frozen=True)
class Wording:
    """What differs from the printed file.

    Args:
        phrases: what is printed, and what stands there for this student.
        answers: by-hand variable → its right value with these numbers, as Python.
    """

    phrases: Sequence[tuple[str, str]]
    answers: Mapping[str, str]


def worded(source: str, wording: Wording, name: str) -> str:
    """The text of a solution with other numbers; everything else stays as it is.

    Args:
        source: the solution's text.
        wording: what differs.
        name: the file's name, for messages.

    Raises:
        UnusableInput: a phrase does not stand there exactly once, or two overlap.
    """
    changes: list[tuple[int, int, str]] = []
    for before, after in wording.phrases:
        if (times := source.count(before)) != 1:
            found = f"it stands there {times} times" if times else "it is not there"
            raise UnusableInput(
                f"{name}: the place “{one_line(before, 200)}”, which @numbers declares, should be there once; {found}."
            )
        start = source.index(before)
        changes.append((start, start + len(before), after))
    changes += _answers(source, wording.answers, name)
    text, end = [], 0
    for start, stop, after in sorted(changes):
        if start < end:
            raise UnusableInput(f"{name}: two places of @numbers overlap at “{one_line(source[start:stop], 200)}”.")
        text += [source[end:start], after]
        end = stop
    return "".join([*text, source[end:]])


def _answers(source: str, answers: Mapping[str, str], name: str) -> list[tuple[int, int, str]]:
    """The last assignment to each variable: the one above it is the place to fill."""
    if not answers:
        return []  # then it need not be Python
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise UnusableInput(f"{name}, line {error.lineno}: {error.msg}.") from None
    last = {ast.unparse(node.targets[0]): node for node in body if isinstance(node, ast.Assign)}
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    changes = []
    for variable, value in answers.items():
        if (node := last.get(variable)) is not None:
            # At the top level a statement begins its line and ends it.
            end = starts[node.end_lineno or node.lineno] - 1
            changes.append((starts[node.lineno - 1], end, f"{variable} = {value}"))
    return changes
