"""What `grade audit` does: audit some exercises or all, show what came out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, output
from grader.audit.exercise import audit
from grader.course import Course, Exercise
from grader.crew import Crew
from grader.findings import Audit, ExerciseAudit


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        course: the folder of a course that is not ours, or None.
        form: ``text`` or ``json``.
        out: a file for the audit; None for standard output.
        seed: what the probes are drawn from.
        jobs: how many gradings run side by side.
    """

    course: Path | None
    form: str
    out: Path | None
    seed: int
    jobs: int


def run(words: Sequence[str], request: Request) -> int:
    """Audit some exercises, or all; the exit code.

    Raises:
        UnusableInput: an exercise, or a file of its, cannot be used.
        GraderError: our own fault.
    """
    course = jobs.open_course(request.course)
    chosen = _chosen(course, words)
    for exercise in chosen:
        exercise.require_checks()
    with Crew.of(request.jobs) as crew:
        from grader.render.live import LiveLine
        from grader.render.matrix import matrix, summary
        from grader.render.page import Look

        look = Look.of(sys.stdout, os.environ)
        shown = Look() if request.out else look
        texts: list[str] = []
        found: list[ExerciseAudit] = []
        for exercise in chosen:
            with LiveLine(look, exercise.title) as line:
                found.append(audit(course, exercise, crew, request.seed, line))
            texts.append(matrix(found[-1], shown))
            if request.form == "text" and request.out is None:
                output.to_stdout(texts[-1])
    whole = Audit(course.title, request.seed, tuple(found))
    again = course.command(" ".join(["audit", *(exercise.short for exercise in chosen if words)]))
    _deliver(whole, "".join(texts), summary(whole, shown, again), request)
    return 1 if whole.holes else 0


def _chosen(course: Course, words: Sequence[str]) -> list[Exercise]:
    if not words or "all" in words:
        return list(course.exercises)
    return list(dict.fromkeys(course.find(word) for word in words))


# --- showing ----------------------------------------------------------------------------------------------


def _deliver(whole: Audit, text: str, last: str, request: Request) -> None:
    if request.form == "json":
        from grader.render.exchange import audit_to_json

        text = audit_to_json(whole)
    elif request.out is None:
        text = last  # the matrices have been shown already, each when it was ready
    else:
        text += last
    if request.out is None:
        output.to_stdout(text)
    else:
        output.deliver(request.out, text, f"{whole.verdict}; the audit is in {request.out}")
