"""Grade a submission: the way from an exercise and a file to a report. Imports no torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Literal, NamedTuple

from grader.course import Exercise
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.report import CheckResult, FreeText, Picture, Report, Status, picture_from_json
from grader.sandbox.front import Sandbox
from grader.submission import Submission
from grader.text import did_you_mean, one_line

__all__ = ["CheckPlan", "Event", "Sandbox", "grade", "unknown_check"]


class CheckPlan(NamedTuple):
    """A check that is about to run."""

    name: str
    title: str
    points: int


class Event(NamedTuple):
    """Something that happened in a grading: the plan is known, a check starts or draws, a check has its result.

    ``pictures`` replace those of the event before.
    """

    kind: Literal["begin", "start", "picture", "result"]
    checks: tuple[CheckPlan, ...] = ()
    name: str = ""
    result: CheckResult | None = None
    pictures: tuple[Picture, ...] = ()


def _ignore(_: Event) -> None:
    """What nobody listens to."""


def grade(
    exercise: Exercise,
    submission: Submission,
    *,
    sandbox: Sandbox,
    seed: int,
    checks: Sequence[str] = (),
    variant: int | None = None,
    on_event: Callable[[Event], None] = _ignore,
) -> Report:
    """Grade one submission.

    Args:
        exercise: what it answers.
        submission: what a learner handed in.
        sandbox: where its code runs.
        seed: what the probes are drawn from.
        checks: names of checks to run, with what they require; all when empty.
        variant: what a student's own by-hand numbers are drawn from, as `variants` says; None for the printed ones.
        on_event: called as checks start and end.

    Raises:
        UnusableInput: no check has this name.
        CheckFileError: the check file does not import, or a check stumbles over its own reference.
        GraderError: our own fault; there is no verdict.
    """
    started = time.perf_counter()
    task = {
        "checks": str(exercise.checks.absolute()),
        "name": submission.name,
        "source": submission.source,
        "cells": submission.cells,
        "seed": seed,
        "only": list(checks),
        "variant": variant,
    }
    results: list[CheckResult] = []
    layers: tuple[str, ...] | None = None
    texts: tuple[FreeText, ...] = ()
    # Closed at once, also when something is raised: whoever keeps the exception must not keep the sandbox busy.
    with closing(sandbox.judge(task)) as events:
        for event in events:
            match event["event"]:
                case "begin":
                    on_event(Event("begin", tuple(CheckPlan(*plan) for plan in event["checks"])))
                case "start":
                    on_event(Event("start", name=event["name"]))
                case "result":
                    result = _with_hint(CheckResult.from_json(event["result"]), exercise)
                    results.append(result)
                    on_event(Event("result", name=result.name, result=result))
                case "picture":
                    pictures = tuple(picture_from_json(picture) for picture in event["pictures"])
                    on_event(Event("picture", pictures=pictures))
                case "texts":
                    texts = tuple(FreeText(**text) for text in event["texts"])
                case "unknown":
                    raise UnusableInput(unknown_check(exercise, event["name"], event["known"]))
                case "fault":
                    raise CheckFileError(f"{exercise.name} could not be graded: {event['text']}")
                case "end":
                    layers = tuple(event["layers"])
    if layers is None:
        raise GraderError("The grading process was killed before it had finished. Run the command again.")
    seconds = time.perf_counter() - started
    return Report(exercise.name, exercise.title, tuple(results), seconds, layers, seed, texts)


def _with_hint(result: CheckResult, exercise: Exercise) -> CheckResult:
    """Where no misconception says what to look at, the exercise's first hint for this check does."""
    tiers = exercise.hints.get(result.name, ())
    if result.hint or not tiers or result.status in (Status.PASSED, Status.SKIPPED):
        return result
    return replace(result, hint=tiers[0])


def unknown_check(exercise: Exercise, name: str, known: Sequence[str]) -> str:
    """What to say of a check that the exercise does not have; it names the nearest."""
    suggestion = did_you_mean(name, known) or f" It has {', '.join(known)}."
    return f'{exercise.short} has no check "{one_line(name, 60)}".{suggestion}'
