"""What `grade release gradescope` does: an autograder that can be uploaded, as a folder and as a zip file of it."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, listing, output, workspace
from grader.classroom import gradescope_texts as texts
from grader.classroom.own_wheel import NAME, wheel, zipped
from grader.classroom.release_files import Release, chosen, course_files, put
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

FOLDER = Path("autograder")
ZIP = Path("autograder.zip")
SETTINGS = FOLDER / "settings.json"
COURSE = "course"
_SCRIPTS = ("setup.sh", "run_autograder")


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        folder: where to write; it is made if it is not there.
        course: the folder of a course that is not ours, or None.
        seed: what the checks' numbers are drawn from; None for the one that is there, or a new one.
    """

    folder: Path
    course: Path | None
    seed: int | None


def run(words: Sequence[str], request: Request) -> int:
    """Release an autograder for some exercises, or all; the exit code.

    Args:
        words: the exercises as somebody names them; all when empty, or ``all``.
        request: the options.

    Raises:
        UnusableInput: an exercise or a file cannot be used, or a file cannot be written.
    """
    folder = request.folder
    course = jobs.open_course(request.course)
    exercises = chosen(course, words)
    name, content = wheel()
    files = [*_files(request, course, exercises, name), Release(FOLDER / name, content, generated=True)]
    workspace.make_folder(folder)
    put(folder, files)
    put(folder, [Release(ZIP, _zip(folder / FOLDER, name), generated=True)])
    shown = one_line(shlex.quote(str(folder / ZIP)), 4000)
    output.to_stdout(f"\nnext: upload {shown} as a programming assignment's autograder\n      README.md has the rest\n")
    return 0


def points_of(exercise: Exercise) -> int:
    """What an exercise earns.

    Raises:
        UnusableInput: its check file cannot be read, or computes the points of a check.
    """
    checks = listing.checks_in(exercise.checks)
    for check in checks:
        if check.points is None:
            raise UnusableInput(
                f"{one_line(exercise.checks.name)}: the points of {check.name} have to be a plain number."
            )
    return sum(check.points or 0 for check in checks)


def _files(request: Request, course: Course, exercises: Sequence[Exercise], wheel_name: str) -> list[Release]:
    settings = {
        "exercises": [exercise.name for exercise in exercises],
        "seed": _seed(request),
        "course": COURSE if course.folder is not None else None,
    }
    points = [(exercise, points_of(exercise)) for exercise in exercises]
    return [
        Release(FOLDER / "setup.sh", texts.SETUP.encode(), executable=True),
        Release(FOLDER / "run_autograder", texts.RUN.encode(), executable=True),
        Release(FOLDER / "requirements.txt", texts.requirements(wheel_name).encode()),
        Release(SETTINGS, (json.dumps(settings, indent=2) + "\n").encode(), generated=True),
        Release(Path("README.md"), texts.readme(course, points, wheel_name).encode()),
        *course_files(course, FOLDER / COURSE),
    ]


def _seed(request: Request) -> int:
    """The one that was asked for, the one of an earlier release, or a new one."""
    path = request.folder / SETTINGS
    if request.seed is not None:
        return request.seed
    if not path.exists():
        return secrets.randbits(31)
    try:
        seed = json.loads(path.read_bytes())["seed"]
        if isinstance(seed, int) and 0 <= seed < 2**63:
            return seed
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UnusableInput(f"{one_line(str(path))} has no seed that can be used. Give one with --seed N, or move it away.")


def _zip(folder: Path, wheel_name: str) -> bytes:
    """All that is in the folder, also what an instructor has put there; of our wheels the latest alone."""
    members: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        stale = name.startswith(f"{NAME}-") and name.endswith(".whl") and name != wheel_name
        if path.is_file() and not stale and "__pycache__" not in path.parts:
            members[name] = path.read_bytes()
    return zipped(members, executable=frozenset(_SCRIPTS))
