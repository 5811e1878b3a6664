"""The texts of an exercise with a student's own numbers: solution and stub. Imports no torch: another process draws."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader import author, listing
from grader.course import Exercise
from grader.errors import CheckFileError, GraderError
from grader.text import one_line
from grader.wording import Wording, worded

_SECONDS = 600

_known: dict[tuple[Exercise, int], Wording] = {}
"""What was drawn in this process: a student's numbers never change, and asking for them takes seconds."""


def has_numbers(exercise: Exercise) -> bool:
    """Whether the check file declares by-hand numbers, so that each student can have others.

    Raises:
        UnusableInput: it cannot be read.
    """
    return listing.has_numbers(exercise.checks)


def draw(wanted: Iterable[tuple[Exercise, int]]) -> None:
    """Draw many students' numbers at once: what is asked for one by one later is known then.

    Raises:
        CheckFileError: a check file is at fault.
        GraderError: the process that draws gave no answer.
    """
    missing: dict[Exercise, list[int]] = {}
    for exercise, variant in wanted:
        if (exercise, variant) not in _known and has_numbers(exercise):
            missing.setdefault(exercise, []).append(variant)
    if not missing:
        return
    requests = [{"checks": str(exercise.checks.absolute()), "variants": some} for exercise, some in missing.items()]
    for (exercise, variants), told in zip(missing.items(), _asked(requests), strict=True):
        if "fault" in told:
            raise CheckFileError(f"{exercise.name} has no numbers for a student: {told['fault']}")
        for variant, one in zip(variants, told["wordings"], strict=True):
            _known[exercise, variant] = Wording([(before, after) for before, after in one["phrases"]], one["answers"])


def solution(exercise: Exercise, variant: int | None) -> str:
    """The text of an exercise's solution.

    Args:
        exercise: which one.
        variant: what the student's numbers are drawn from; None for the printed ones.

    Raises:
        UnusableInput: it cannot be read, or lacks a place that its check file declares.
        CheckFileError, GraderError: as :func:`draw`.
    """
    source = author.read_source(exercise)
    return source if variant is None else worded(source, wording(exercise, variant), exercise.solution.name)


def wording(exercise: Exercise, variant: int) -> Wording:
    """What differs from the printed texts for one student; nothing where the exercise declares no numbers.

    Raises:
        UnusableInput, CheckFileError, GraderError: as :func:`draw`.
    """
    draw([(exercise, variant)])
    return _known.get((exercise, variant), Wording((), {}))


def stub(exercise: Exercise, variant: int) -> str:
    """What a student gets to fill, with numbers of their own; raises as :func:`solution`."""
    return author.stub(solution(exercise, variant), exercise.solution.name)


def _asked(requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "grader.wordings"],
            input=json.dumps(requests).encode(),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        told: list[dict[str, Any]] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise GraderError(f"The students' numbers were not drawn within {_SECONDS} seconds.") from None
    except OSError as error:
        raise GraderError(f"The students' numbers cannot be drawn: {error.strerror}.") from None
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        reason = one_line(last) or f"their process ended with code {done.returncode}."
        raise GraderError(f"The students' numbers cannot be drawn: {reason}") from None
    return told
