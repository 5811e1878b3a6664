"""A grading that ends in time, with a verdict whatever the submission does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from grader.core import CheckPlan, Event, Sandbox, grade
from grader.course import Exercise
from grader.errors import CheckFileError, GraderError
from grader.report import CheckResult, Report, Status
from grader.submission import Submission


def grade_in_time(
    exercise: Exercise,
    submission: Submission,
    *,
    sandbox: Sandbox,
    seed: int,
    seconds: float,
    checks: Sequence[str] = (),
    variant: int | None = None,
) -> Report:
    """As :func:`grader.core.grade`, but checks that have not ended after some seconds earn nothing, and say so.

    Args:
        exercise: what it answers.
        submission: what a learner handed in.
        sandbox: where its code runs; the time counts from when the first check begins.
        seed: what the probes are drawn from.
        seconds: how long it may take.
        checks: names of checks to run, with what they require; all when empty.
        variant: what a student's own by-hand numbers are drawn from; None for the printed ones.

    Raises:
        UnusableInput: no check has this name.
        CheckFileError: the check file does not import, or a check stumbles over its own reference.
        GraderError: our own fault; there is no verdict.
    """
    planned: list[CheckPlan] = []
    ended: dict[str, CheckResult] = {}
    rang = threading.Event()

    with ExitStack() as alarms:

        def listen(event: Event) -> None:
            nonlocal rang
            if event.kind == "begin":
                planned.extend(event.checks)
                rang = alarms.enter_context(alarm(sandbox, seconds))
            if event.result is not None:
                ended[event.result.name] = event.result

        try:
            return grade(
                exercise, submission, sandbox=sandbox, seed=seed, checks=checks, variant=variant, on_event=listen
            )
        except CheckFileError:
            raise
        except GraderError:
            if not rang.is_set():
                raise
    results = tuple(ended.get(plan.name) or _too_late(plan, seconds) for plan in planned)
    return Report(exercise.name, exercise.title, results, seconds, (), seed)


def _too_late(plan: CheckPlan, seconds: float) -> CheckResult:
    said = f"Grading was stopped after {seconds:g} s, before this check had ended. Is there a loop without an end?"
    return CheckResult(plan.name, plan.title, Status.ERROR, 0, plan.points, said)


@contextmanager
def alarm(sandbox: Sandbox, seconds: float) -> Iterator[threading.Event]:
    """Cancel the grading under way after some seconds; the event says whether that was done."""
    rang = threading.Event()

    def ring() -> None:
        rang.set()
        sandbox.cancel()

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield rang
    finally:
        timer.cancel()
