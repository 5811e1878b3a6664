"""A process of its own for `grade doctor`: it speaks to a real sandbox as a judge does, which takes torch."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.errors import GraderError
from grader.health import Examination, Layer
from grader.listing import checks_in
from grader.report import Status
from grader.sandbox.front import Backend, system_backend
from grader.sandbox.isolation import LAYERS
from grader.submission import Submission, read_submission
from grader.text import one_line

PINGS = 50
_SEED = 0
_SUBMISSION = """
import torch

def threads():
    return torch.get_num_threads()

def ping():
    return None
"""


def examine(exercise: Exercise | None, *, backend: Backend | None = None, without: Collection[str] = ()) -> Examination:
    """Start a sandbox and look at what it is, as far as it comes.

    Args:
        exercise: whose solution is graded to see how long it takes; None for no grading.
        backend: instead of the system's own.
        without: layers to leave out.
    """
    choice = system_backend()
    found = Examination(choice.name, choice.because)
    if backend is not None and backend != choice.name:
        found = replace(found, backend=backend, because="it was asked for")
    started = time.perf_counter()
    try:
        with Sandbox(backend=backend, without=without) as sandbox:
            # Before torch is imported here, so that nothing takes the processor from what is measured.
            sandbox.warm_up()
            found = replace(found, cold_start=time.perf_counter() - started)
            found = _asked(sandbox, found)
            return found if exercise is None else _graded(sandbox, exercise, found)
    except Exception as error:  # noqa: BLE001  whatever it is, it is what was found
        # The advice of a grading is none here.
        words = str(error).removesuffix(" Run the command again.") or type(error).__name__
        return replace(found, fault=one_line(words, 500))


def _asked(sandbox: Sandbox, found: Examination) -> Examination:
    """What a submission in the sandbox answers."""
    client = sandbox.attend(Submission(Path("doctor.py"), "doctor.py", _SUBMISSION))
    try:
        threads = client.call("threads", (), {})
        found = replace(found, threads=int(threads), layers=_layers(client.layers, client.missing))
        seconds = []
        for _ in range(PINGS):
            before = time.perf_counter()
            client.call("ping", (), {})
            seconds.append(time.perf_counter() - before)
        return replace(found, ping=statistics.median(seconds))
    finally:
        client.hang_up()


def _layers(active: Collection[str], missing: Mapping[str, str]) -> tuple[Layer, ...]:
    """All of them in the order of reports."""
    names = [name for name in active if name not in LAYERS] + list(LAYERS)
    return tuple(Layer(name, name in active, one_line(missing.get(name, ""))) for name in names)


def _graded(sandbox: Sandbox, exercise: Exercise, found: Examination) -> Examination:
    """How long the solution's grading takes; it must earn everything."""
    names = [check.name for check in checks_in(exercise.checks) if not check.training]
    report = grade(exercise, read_submission(exercise.solution), sandbox=sandbox, seed=_SEED, checks=names)
    if not report.passed:
        failed = ", ".join(check.name for check in report.checks if check.status is not Status.PASSED)
        raise GraderError(f"The solution of {exercise.short} does not pass its own checks here: {failed}.")
    return replace(found, grading=report.seconds, graded=exercise.short)


def main(arguments: list[str]) -> None:
    """Print an examination as one line of JSON; the argument names the exercise to grade, if one is given."""
    exercise = built_in().find(arguments[0]) if arguments else None
    print(json.dumps(asdict(examine(exercise))))  # noqa: T201  it is read by whoever started this process


if __name__ == "__main__":
    main(sys.argv[1:])
