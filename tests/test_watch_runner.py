"""A grading that nobody wants any more ends at once, and the newest text gets its verdict."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.core import Event, Sandbox, grade
from grader.course import built_in
from grader.errors import GraderError
from grader.report import Status
from grader.submission import Submission
from grader.watch import events
from grader.watch.runner import Runner, Task, Told

EXERCISE = built_in().find("exercise1")
CHECKS = ("test_values",)
ENDLESS = "import time\n\n\ndef reparameterize(mu, sigma, epsilon):\n    time.sleep(1e6)\n"
RIGHT = "def reparameterize(mu, sigma, epsilon):\n    return mu + sigma * epsilon\n"
SECONDS = 120.0


def submission(source: str) -> Submission:
    return Submission(Path("f.py"), "f.py", source)


def test_a_grading_that_is_cancelled_gives_no_result_and_leaves_the_sandbox_usable(warm: Sandbox) -> None:
    seen: list[str] = []

    def cancel(event: Event) -> None:
        seen.append(event.kind)
        if event.kind == "start":
            threading.Thread(target=warm.cancel).start()

    with pytest.raises(GraderError):
        grade(EXERCISE, submission(ENDLESS), sandbox=warm, seed=0, checks=CHECKS, on_event=cancel)
    assert seen == ["begin", "start"]
    assert grade(EXERCISE, submission(RIGHT), sandbox=warm, seed=0, checks=CHECKS).passed
    warm.cancel()  # there is nothing to cancel
    assert grade(EXERCISE, submission(RIGHT), sandbox=warm, seed=0, checks=CHECKS).passed


@pytest.fixture
def told() -> Iterator[tuple[Runner, queue.SimpleQueue[Told]]]:
    heard: queue.SimpleQueue[Told] = queue.SimpleQueue()
    runner = Runner(heard.put)
    yield runner, heard
    runner.close()


def task(run: int, source: str) -> Task:
    return Task(run, EXERCISE, submission(source), 0, CHECKS)


def test_of_many_saves_the_newest_is_graded(told: tuple[Runner, queue.SimpleQueue[Told]]) -> None:
    runner, heard = told
    runner.grade(task(1, ENDLESS))
    while not isinstance(heard.get(timeout=SECONDS), events.Started):
        pass
    for run in range(2, 20):  # a storm of saves
        runner.grade(task(run, ENDLESS))
    runner.grade(task(20, RIGHT))
    while not isinstance(event := heard.get(timeout=SECONDS), events.Finished | events.Broke):
        pass
    assert isinstance(event, events.Finished)
    assert event.run == 20
    assert [check.status for check in event.report.checks] == [Status.PASSED]


def test_a_grading_without_verdict_is_told_and_the_next_one_works(
    told: tuple[Runner, queue.SimpleQueue[Told]],
) -> None:
    runner, heard = told
    runner.grade(Task(1, EXERCISE, submission(RIGHT), 0, ("test_no_such",)))
    event = heard.get(timeout=SECONDS)
    assert isinstance(event, events.Broke)
    assert "no check" in event.message
    runner.grade(task(2, RIGHT))
    while not isinstance(last := heard.get(timeout=SECONDS), events.Finished):
        pass
    assert last.report.passed
