"""What `grade --watch` does: finds the exercise, and lives until the learner leaves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from grader import jobs, output, workspace
from grader.course import Course
from grader.errors import UnusableInput
from grader.jobs import Files
from grader.text import one_line
from grader.watch.choice import Request, following, require_checks


def run(word: str | None, request: Request) -> int:
    """Watch one exercise, the next open one when none is named; the exit code.

    Raises:
        UnusableInput: there is no terminal, or no such exercise, check or file.
    """
    _require_terminal(word)
    if word is None and request.submission is not None:
        raise UnusableInput("Which exercise does the file answer? `grade EXERCISE --watch --submission FILE`")
    course = jobs.open_course(request.course)
    home = workspace.around()
    files = Files(request.submission, request.folder, home)
    place = jobs.locate(course, word or _open_exercise(course, home), files)
    require_checks(place.exercise, request.checks)
    from grader.watch.events import Event
    from grader.watch.runner import Runner
    from grader.watch.terminal import Bell, Terminal

    bell: Bell[Event] = Bell()
    runner = Runner(bell.put)
    try:
        # Imported while the sandbox imports torch in its own process.
        from grader.watch.loop import Loop

        with bell.signals():
            loop = Loop(course, home, files, request, bell, runner)
            code = loop.run(place, Terminal())
    finally:
        runner.close()
    output.to_stdout(loop.last_words())
    return code


def _require_terminal(word: str | None) -> None:
    if word == "all":
        raise UnusableInput("--watch follows one exercise: name it, or leave the name out for the next open one.")
    once = one_line(f"grade {word or 'EXERCISE'}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UnusableInput(f"--watch needs a terminal for its screen and its keys. `{once}` grades once.")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UnusableInput(f"--watch needs a terminal that can move its cursor. `{once}` grades once.")


def _open_exercise(course: Course, home: Path | None) -> str:
    found = following(course, home)
    if found is None:
        again = course.command(f"{course.exercises[0].short} --watch")
        raise UnusableInput(f"You have passed every exercise. Name one to watch it all the same: `{again}`.")
    return found.short
