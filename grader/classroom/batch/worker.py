"""One piece of a batch's work, and its way to a record: the same code in a thread of ours and on another machine."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path

from grader.classroom.batch.record import Record
from grader.classroom.batch.sandboxes import Sandboxes
from grader.classroom.in_time import grade_in_time
from grader.course import Course, Exercise
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.jobs import open_course
from grader.report import Report
from grader.sandbox.front import GRADING_SECONDS
from grader.submission import Submission, from_bytes
from grader.text import one_line

LIMIT = GRADING_SECONDS - 10
"""Seconds for one submission: less than the sandbox's own limit, which would not tell its fault from ours."""

_parsing = threading.Lock()  # CPython 3.11 raises SystemError when two threads parse at the same time


@dataclass(frozen=True)
class Piece:
    """One submission to grade, with all that its marks depend on: plain values, which travel to any machine.

    Args:
        student: who handed it in.
        exercise: the exercise's name.
        file: where it was found, from the batch's folder or archive; its suffix says what it is.
        content: its bytes.
        digest: SHA-256 of them, in hexadecimal.
        seed: what the probes are drawn from.
        checks: SHA-256 of the check file, in hexadecimal (:func:`checks_digest`).
        variant: what this student's by-hand numbers are drawn from; None for the printed ones.
        only: names of checks to run; all when empty.
        course: the course's folder, absolute; None for the course that comes with reparam.
    """

    student: str
    exercise: str
    file: str
    content: bytes
    digest: str
    seed: int
    checks: str
    variant: int | None = None
    only: tuple[str, ...] = ()
    course: str | None = None

    def ended(self, *, report: Report | None = None, problem: str = "", fault: str = "", seconds: float = 0) -> Record:
        """The record of its end."""
        return Record(
            self.student, self.exercise, self.file, self.digest, self.seed, self.checks, self.variant,
            report=report, problem=problem, fault=fault, seconds=seconds,
        )  # fmt: skip


def checks_digest(exercise: Exercise) -> str:
    """SHA-256 of an exercise's check file, in hexadecimal.

    Raises:
        UnusableInput: there is none.
    """
    exercise.require_checks()
    return hashlib.sha256(exercise.checks.read_bytes()).hexdigest()


def graded(piece: Piece, sandboxes: Sandboxes, *, limit: float = LIMIT) -> Record:
    """Grade one piece; may run in several threads.

    A file that cannot be read is a record with a problem. What is nobody's fault but ours is tried once more in another
    sandbox; then the record has a fault.

    Args:
        piece: what is to be graded.
        sandboxes: where its code runs.
        limit: seconds after which checks that have not ended earn nothing.

    Raises:
        UnusableInput: the course here is not the one that the piece is for, or no check has a name of ``only``.
        CheckFileError: the check file is broken.
        CancelledError: the sandboxes were closed.
    """
    started = time.perf_counter()
    exercise = _exercise(piece)
    problem, fault, report = "", "", None
    try:
        with _parsing:
            submission = from_bytes(piece.content, Path(piece.file))
    except UnusableInput as error:
        problem = str(error)
    else:
        report, fault = _tried_twice(piece, exercise, submission, sandboxes, limit)
    return piece.ended(report=report, problem=problem, fault=fault, seconds=time.perf_counter() - started)


def _tried_twice(
    piece: Piece, exercise: Exercise, submission: Submission, sandboxes: Sandboxes, limit: float
) -> tuple[Report | None, str]:
    """The verdict; or none, and what went wrong the second time."""
    fault = ""
    for _ in range(2):
        try:
            with sandboxes.one() as sandbox:
                report = grade_in_time(
                    exercise, submission, sandbox=sandbox, seed=piece.seed, seconds=limit, checks=piece.only,
                    variant=piece.variant,
                )  # fmt: skip
                return report, ""
        except (CheckFileError, UnusableInput, CancelledError):
            raise
        except GraderError as error:
            fault = str(error)
        except Exception as error:  # noqa: BLE001  a slip of ours in one of 100,000 must not cost the others
            fault = f"{type(error).__name__}: {one_line(str(error))}"
    return None, fault


def _exercise(piece: Piece) -> Exercise:
    if piece.course is None:
        course = open_course(None)
    else:
        folder = Path(piece.course)
        course = _course(folder, _changed(folder / "exercises" / "course.yaml"))
    exercise = course.find(piece.exercise)
    if checks_digest(exercise) != piece.checks:
        raise UnusableInput(
            f"{one_line(str(exercise.checks))} is not the check file that this batch began with: it was changed, or it "
            "is another one on another machine. Give every machine the same, and run the command again."
        )
    return exercise


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # what is wrong is said when the course is opened
        return 0


@functools.lru_cache(maxsize=4)
def _course(folder: Path, _changed: int) -> Course:
    """A course of somebody's own, read once for each time that it is changed: a worker may live for weeks."""
    return open_course(folder)
