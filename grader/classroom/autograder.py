"""What a released autograder runs in Gradescope's container: one student's submission → `results/results.json`.

Where we fail, no results are written: Gradescope then says so to the instructor, and nobody has a 0 for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, output
from grader.classroom.batch.names import named, passed_over, readable
from grader.classroom.release_gradescope import points_of
from grader.core import Sandbox, grade
from grader.course import Course, Exercise
from grader.errors import GraderError, UnusableInput
from grader.health import FOR_STRANGERS
from grader.render.exchange import Ungraded, to_gradescope
from grader.report import Report
from grader.submission import read_submission
from grader.text import one_line

_FILES = 1000
"""More files than any submission needs; whoever uploads a tree of them does not keep us busy."""


@dataclass(frozen=True)
class Task:
    """What an autograder was released for.

    Args:
        course: where the exercises are from.
        exercises: those that are graded.
        seed: what the checks' numbers are drawn from.
    """

    course: Course
    exercises: tuple[Exercise, ...]
    seed: int


def task(root: Path) -> Task:
    """What `settings.json` says.

    Args:
        root: Gradescope's folder, which holds ``source``, ``submission`` and ``results``.

    Raises:
        UnusableInput: it cannot be used.
    """
    source = root / "source"
    try:
        settings = json.loads((source / "settings.json").read_bytes())
        course = jobs.open_course(source / settings["course"] if settings["course"] else None)
        exercises = tuple(course.find(name) for name in settings["exercises"])
        drawn = hashlib.sha256(f"{int(settings['seed'])}:{_submission_id(root)}".encode()).digest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        raise UnusableInput(f"source/settings.json cannot be used ({reason}). Release the autograder again.") from None
    return Task(course, exercises, int.from_bytes(drawn[:8]) >> 1)


def _submission_id(root: Path) -> str:
    """Gradescope's number of the submission: the same when it is graded again; empty where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        return str(json.loads((root / "submission_metadata.json").read_bytes())["id"])
    return ""


def results(root: Path, given: Task, sandbox: Sandbox) -> list[Report | Ungraded]:
    """The verdict on each exercise of a submission.

    Args:
        root: Gradescope's folder.
        given: what to grade.
        sandbox: where the submission's code runs.

    Raises:
        GraderError: our own fault; there is no verdict.
    """
    found = sorted(_files(root / "submission"))
    return [_graded(exercise, found, root / "submission", given, sandbox) for exercise in given.exercises]


def _graded(
    exercise: Exercise, found: Sequence[Path], folder: Path, given: Task, sandbox: Sandbox
) -> Report | Ungraded:
    path = _file_of(exercise, found, folder, given)
    try:
        if path is None:
            raise UnusableInput(_missing(exercise, found))
        try:
            submission = read_submission(path)
        except UnusableInput as error:
            # Students know their file, and not where Gradescope puts it.
            shown = one_line(str(path.relative_to(folder)))
            raise UnusableInput(str(error).replace(one_line(str(path)), shown)) from None
    except UnusableInput as error:
        return Ungraded(exercise.name, points_of(exercise), str(error))
    try:
        return grade(exercise, submission, sandbox=sandbox, seed=given.seed)
    except GraderError:  # a machine short of memory, say: once more, and then it is for the instructor
        return grade(exercise, submission, sandbox=sandbox, seed=given.seed)


def _files(folder: Path) -> Iterator[Path]:
    """What may be an answer; links to folders are not followed, and no file is opened."""
    left = _FILES
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not passed_over(name))
        for name in sorted(names):
            left -= 1
            if left < 0:
                return
            if readable(name) and not passed_over(name):
                yield Path(place) / name


def _file_of(exercise: Exercise, found: Sequence[Path], folder: Path, given: Task) -> Path | None:
    """The file that answers an exercise: the one named most like it, then the least deep, then .py before .ipynb."""
    ranked = []
    for path in found:
        name = named(path.stem, given.course)
        if name is not None and name.exercise == exercise:
            depth = len(path.relative_to(folder).parts)
            ranked.append((not name.exactly, depth, path.suffix.casefold() != ".py", -name.copy, str(path), path))
    if ranked:
        return min(ranked)[-1]
    # Where one exercise is asked for and one file came, there is no doubt, whatever it is called.
    alone = len(found) == 1 and len(given.exercises) == 1 and named(found[0].stem, given.course) is None
    return found[0] if alone else None


def _missing(exercise: Exercise, found: Sequence[Path]) -> str:
    names = ", ".join(one_line(path.name, 60) for path in found[:5])
    there = f" You handed in {names}." if names else ""
    return f"There is no file for {exercise.short}.{there} Hand in {exercise.name}.py, or {exercise.name}.ipynb."


def shut(root: Path) -> None:
    """Where we run as root, let nobody else look into the settings, and into our own package with its checks.

    A submission runs as a user of its own. Where the kernel has no Landlock, this is what keeps these files from it.
    """
    if os.geteuid() != 0:
        return
    package = Path(__file__).resolve().parents[1]
    for path in (root / "source", package):
        if path.resolve().is_relative_to(root.resolve()):
            with contextlib.suppress(OSError):
                path.chmod(0o700)


def main(root: Path) -> int:
    """Grade the submission in Gradescope's folder; the exit code."""
    output.prepare()
    try:
        shut(root)
        given = task(root)
        with Sandbox() as sandbox:
            entries = results(root, given, sandbox)
        (root / "results").mkdir(exist_ok=True)
        output.to_file(root / "results" / "results.json", to_gradescope(entries))
    except (UnusableInput, GraderError, OSError) as error:
        output.to_stdout(f"The autograder failed, and there are no results: {error}\n")
        return 2
    output.to_stdout("".join(f"{line}\n" for entry in entries for line in _log(entry)))
    return 0


def _log(entry: Report | Ungraded) -> Iterator[str]:
    """What the instructor reads in the log."""
    if isinstance(entry, Ungraded):
        yield f"{entry.exercise}: not graded. {one_line(entry.why, 400)}"
        return
    yield f"{entry.exercise}: {entry.points} of {entry.max_points} points; sandbox: {', '.join(entry.sandbox)}"
    if missing := [layer for layer in FOR_STRANGERS if layer not in entry.sandbox]:
        yield f"This system has no {' and no '.join(missing)}: docs/instructors.md says what that leaves."


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
