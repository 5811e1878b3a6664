"""The loop of a batch: files → pieces of work → whoever is free → records, each told as soon as it is there."""

from __future__ import annotations

import hashlib
import queue
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from grader.classroom.batch.due import Due, due
from grader.classroom.batch.executors import Workers
from grader.classroom.batch.find import Handed
from grader.classroom.batch.ledger import Key, Ledger
from grader.classroom.batch.record import Record, Results
from grader.classroom.batch.worker import Piece
from grader.course import Course, Exercise
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.listing import checks_in
from grader.submission import NOTEBOOK_LIMIT, read_bytes
from grader.text import one_line

_ASIDE = 4
"""Pieces that wait, beside twice as many as are graded at a time: a network takes its time too."""

_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Common:
    """What all pieces of a batch have in common.

    Args:
        seed: what probes are drawn from.
        checks: exercise name → digest of its check file.
        variant: what a student's numbers are drawn from; None for the printed ones.
        course: the course's folder, absolute; None for the course that comes with reparam.
    """

    seed: int
    checks: Mapping[str, str]
    variant: Callable[[Handed], int | None]
    course: str | None = None

    def piece(self, handed: Handed, only: tuple[str, ...] = ()) -> Piece:
        """A submission with its bytes as they are now; without any if it cannot be read.

        Args:
            handed: the submission.
            only: names of checks; all when empty.

        Raises:
            UnusableInput: it cannot be read; the message is for its student.
        """
        return self._about(handed, _content(handed), only)

    def unreadable(self, handed: Handed, problem: str) -> Record:
        """The end of a submission that cannot even be read."""
        return self._about(handed, None, ()).ended(problem=problem)

    def _about(self, handed: Handed, content: bytes | None, only: tuple[str, ...]) -> Piece:
        name = handed.exercise.name
        return Piece(
            handed.student, name, handed.file, content or b"", _digest(content), self.seed, self.checks[name],
            self.variant(handed), only, self.course,
        )  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """A class and what is known of it.

    Args:
        course: where the exercises are from.
        exercises: what was asked for, in the order of the course.
        handed: what was handed in.
        common: what all gradings have in common.
        ledger: what is graded.
    """

    course: Course
    exercises: tuple[Exercise, ...]
    handed: tuple[Handed, ...]
    common: Common
    ledger: Ledger

    def due(self) -> Due:
        """What is to be graded."""
        return due(
            self.handed,
            self.ledger.entries,
            asked=[exercise.name for exercise in self.exercises],
            seed=self.common.seed,
            checks=self.common.checks,
            digest=digest,
            variant=self.common.variant,
        )

    def results(self, keys: Collection[Key]) -> Results:
        """What every summary reads.

        Args:
            keys: student and exercise of what is graded as it was handed in.
        """
        records = self.ledger.only(keys)
        return Results(
            self.course,
            self.exercises,
            {exercise.name: _max_points(exercise, records) for exercise in self.exercises},
            tuple(sorted({one.student for one in self.handed})),
            records,
            self.common.seed,
        )


def _max_points(exercise: Exercise, records: Mapping[Key, Record]) -> int:
    """What an exercise can earn: as its check file says, or as reports have it where that is worked out in code."""
    points = [check.points for check in checks_in(exercise.checks)]
    said = [one for one in points if one is not None]
    if len(said) == len(points):
        return sum(said)
    of_exercise = (records[key].report for key in records if key[1] == exercise.name)
    return max((report.max_points for report in of_exercise if report is not None), default=0)


def digest(handed: Handed) -> str:
    """SHA-256 of what is in the file now, in hexadecimal; empty where nothing can be read."""
    try:
        return _digest(_content(handed))
    except UnusableInput:
        return _digest(None)


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def _content(handed: Handed) -> bytes:
    try:
        return read_bytes(handed.path, NOTEBOOK_LIMIT)
    except UnusableInput as error:
        # Its student knows neither our folders nor the one into which an archive was unpacked.
        raise UnusableInput(str(error).replace(one_line(str(handed.path)), one_line(handed.file))) from None


def _everything(_: Handed) -> tuple[str, ...]:
    return ()


def records(
    work: Iterable[Handed],
    common: Common,
    workers: Workers,
    stopped: Callable[[], bool],
    only: Callable[[Handed], tuple[str, ...]] = _everything,
) -> Iterator[Record]:
    """Grade submissions side by side; each record as soon as it is there, in whatever order.

    A few more than can be graded at a time are read ahead: 100,000 need no more memory than 100.

    Args:
        work: what to grade.
        common: what they have in common.
        workers: who grades.
        stopped: asked again and again; once it is true, what is ready by then is all that comes.
        only: names of the checks to run of a submission; all when empty.

    Raises:
        UnusableInput: the whole batch cannot go on.
        GraderError: as above, and through no fault of what was handed in.
    """
    ready: queue.SimpleQueue[Future[Record]] = queue.SimpleQueue()
    flying: dict[Future[Record], Piece] = {}
    waiting = iter(work)
    handed: Handed | None = None
    more = True
    while not stopped():
        while more and len(flying) < 2 * workers.size + _ASIDE and not stopped():
            handed = next(waiting, None)
            if handed is None:
                more = False
                break
            try:
                piece = common.piece(handed, only(handed))
            except UnusableInput as error:
                yield common.unreadable(handed, str(error))
                continue
            future = workers.submit(piece)
            flying[future] = piece
            future.add_done_callback(ready.put)
        if not flying:
            return
        try:
            future = ready.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        yield _ended(future, flying.pop(future))
    for future in flying:
        future.cancel()
    for future, piece in flying.items():
        if future.done() and not future.cancelled():
            yield _ended(future, piece)


def _ended(future: Future[Record], piece: Piece) -> Record:
    try:
        return future.result()
    except CheckFileError as error:  # one exercise's; the others can be graded
        return piece.ended(fault=str(error))
    except CancelledError:
        raise GraderError("The workers went away. Run the same command again.") from None


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Whether somebody asked us to stop (Ctrl-C, SIGTERM), in the place of an exception anywhere.

    Who asks a second time does not want to wait: that raises KeyboardInterrupt.
    """
    asked = threading.Event()

    def note(_: int, __: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
