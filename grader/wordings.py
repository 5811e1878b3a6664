"""A process of its own for whoever writes a student's files: it imports check files, draws numbers, and says them."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from grader.answers import compare_answer
from grader.assertions import CheckFailure
from grader.errors import GraderError
from grader.separation import varied
from grader.suite import Suite, import_fault
from grader.wording import Wording

DECIMALS = 6
"""Of our answers, which learners may see after a pass."""


def wording(suite: Suite, variant: int) -> Wording:
    """What differs from an exercise's printed solution for one student; nothing where no numbers are declared.

    Raises:
        GraderError: no draw tells the misconceptions apart.
    """
    own = varied(suite, variant)
    if own.numbers is None or own.own is None:
        return Wording((), {})
    answers = {name: _literal(own.right_answer(name)) for name in own.answers if not _same(own, name)}
    return Wording(tuple(own.numbers.phrases(own.own)), answers)


def _same(own: Suite, name: str) -> bool:
    """Whether an answer is that of the printed numbers; then it stays as our solution writes it."""
    try:
        compare_answer(name, own.printed.right_answer(name), own.right_answer(name), own.tolerance(name))
    except CheckFailure:
        return False
    return True


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        items = (f"{key!r}: {_literal(part)}".replace("'", '"') for key, part in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    rounded = round(float(value), DECIMALS)
    return repr(int(rounded) if rounded.is_integer() else rounded)


def told(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request: the ``wordings``, or a ``fault``.

    Args:
        request: ``checks`` is the path of a check file, ``variants`` what students' numbers are drawn from.
    """
    path = Path(request["checks"])
    try:
        suite = Suite.load(path)
    except Exception as error:  # noqa: BLE001  whatever a check file raises
        return {"fault": f"its check file does not import: {import_fault(error, Path(path.name))}"}
    try:
        return {"wordings": [asdict(wording(suite, variant)) for variant in request["variants"]]}
    except GraderError as error:
        return {"fault": str(error)}
    except Exception as error:  # noqa: BLE001  as above
        return {"fault": f"its by-hand numbers cannot be drawn: {import_fault(error, Path(path.name))}"}


def main() -> None:
    """Read a list of check files and variants as JSON from standard input, and print the wordings as JSON."""
    torch.set_num_threads(1)
    requests = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):  # what a check file prints is no answer
        answers = [told(request) for request in requests]
    print(json.dumps(answers))  # noqa: T201  it is read by whoever started this process


if __name__ == "__main__":
    main()
