"""Grades the newest text in one warm sandbox; what is out of date is stopped at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.core import Event, Sandbox, grade
from grader.course import Exercise
from grader.errors import GraderError, UnusableInput
from grader.report import Report
from grader.submission import Submission
from grader.watch.events import Began, Broke, Drew, Finished, Judged, Noted, Started

_LEAVE_SECONDS = 1.0
"""Who quits while torch is still being imported does not wait for that; the sandbox ends by itself then."""

Told = Began | Started | Drew | Judged | Finished | Broke | Noted


@dataclass(frozen=True)
class Task:
    """One grading to do.

    Args:
        run: its number.
        exercise: what is answered.
        submission: the text.
        seed: what the probes are drawn from.
        checks: names of checks; all when empty.
        variant: what the student's own by-hand numbers are drawn from; None for the printed ones.
    """

    run: int
    exercise: Exercise
    submission: Submission
    seed: int
    checks: Sequence[str]
    variant: int | None = None


class _OutOfDateError(Exception):
    """Nobody wants this grading any more."""


class Runner:
    """A thread that grades.

    Args:
        tell: called in the thread with what happens.
    """

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._sandbox = Sandbox()
        self._change = threading.Condition()
        self._task: Task | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="grading", daemon=True)
        self._thread.start()

    def grade(self, task: Task | None) -> None:
        """Grade this, and nothing else; with None nothing at all."""
        with self._change:
            self._task = task
            self._change.notify()
        # After that: whatever the thread is doing, it either sees the new task or has a line that ends here.
        self._sandbox.cancel()

    def close(self) -> None:
        """End the thread and the sandbox with everything in it."""
        self._closed = True
        self.grade(None)
        self._thread.join(_LEAVE_SECONDS)
        if not self._thread.is_alive():
            self._sandbox.close()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._task is not None or self._closed)
                task = self._task
            if task is None:
                return
            told = self._outcome(task)
            with self._change:
                if self._task is task:
                    self._task = None
                    self._tell(told)

    def _outcome(self, task: Task) -> Finished | Broke:
        try:
            try:
                return Finished(task.run, self._graded(task))
            except GraderError:
                if self._sandbox.running or self._task is not task:
                    raise
                self._restart()
                return Finished(task.run, self._graded(task))
        except (GraderError, UnusableInput) as error:
            return Broke(task.run, str(error))
        except _OutOfDateError:
            return Broke(task.run, "")

    def _restart(self) -> None:
        """Something killed the sandbox (memory ran out, maybe): another takes its place."""
        self._sandbox.close()
        self._sandbox = Sandbox()
        self._tell(Noted("The sandbox had died; a new one has been started."))

    def _graded(self, task: Task) -> Report:
        def on_event(event: Event) -> None:
            if self._task is not task:
                raise _OutOfDateError
            told = _told(task.run, event)
            self._tell(told)

        return grade(
            task.exercise,
            task.submission,
            sandbox=self._sandbox,
            seed=task.seed,
            checks=task.checks,
            variant=task.variant,
            on_event=on_event,
        )


def _told(run: int, event: Event) -> Told:
    match event.kind:
        case "begin":
            return Began(run, event.checks)
        case "start":
            return Started(run, event.name, time.monotonic())
        case "picture":
            return Drew(run, event.pictures)
    assert event.result is not None
    return Judged(run, event.result)
