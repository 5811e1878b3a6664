"""What `grade release nbgrader` does: notebooks, configuration and README of a course for nbgrader.

Nobody's work is lost: what an instructor has changed is kept, and whatever is replaced is kept in `.reparam/backups`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from grader import given, jobs, output, workspace
from grader.classroom import release_texts as texts
from grader.classroom.plan import plan
from grader.classroom.release_block import split
from grader.classroom.release_notebook import source_notebook
from grader.classroom.release_variants import FOLDER as VARIANTS
from grader.classroom.release_variants import secret_of, student_notebooks, students_in
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

SOURCE = "source"
BACKUPS = Path(".reparam") / "backups"
_EDITED = "you have changed it; for ours, move it out of source and run this again"


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        folder: the course's folder; it is made if it is not there.
        course: the folder of a course that is not ours, or None.
        seed: what autograde draws from; None for the one that is there, or a new one.
        variants: a file of students who get notebooks with by-hand numbers of their own; None for no such notebooks.
    """

    folder: Path
    course: Path | None
    seed: int | None
    variants: Path | None = None


@dataclass(frozen=True)
class Step:
    """What is to be done with one file.

    Args:
        path: the file, seen from the course's folder.
        does: what.
        text: what is to be in it.
        before: what is in it.
        why: said beside the file.
    """

    path: Path
    does: Literal["written", "updated", "kept", "unchanged"]
    text: str = ""
    before: str = ""
    why: str = ""


def run(words: Sequence[str], request: Request) -> int:
    """Release some exercises, or all; the exit code.

    Args:
        words: the exercises as somebody names them; all when empty, or ``all``.
        request: the options.

    Raises:
        UnusableInput: an exercise or a file cannot be used; nothing has been written then. Or a file cannot be written.
    """
    course = jobs.open_course(request.course)
    chosen = course.chosen(words)
    students = students_in(request.variants) if request.variants is not None else []
    steps = _steps(request, course, chosen)
    own = _own_notebooks(request, course, chosen, steps, students) if students else []
    workspace.make_folder(request.folder)
    for step in steps:
        _take(step, request.folder)
        why = f" ({step.why})" if step.why else ""
        output.to_stdout(f"{step.does:9} {one_line(str(step.path), 4000)}{why}\n")
    for step in own:
        _take(step, request.folder)
    if students:
        output.to_stdout(_told(own, len(students)))
    changed = [e for e, step in zip(chosen, steps, strict=False) if step.does in ("written", "updated")]
    if changed:
        output.to_stdout("\nnext: " + "\n      ".join(_next(request.folder, changed[0])) + "\n")
    elif all(step.does in ("kept", "unchanged") for step in [*steps, *own]):
        output.to_stdout("\nnothing to do: everything is there already\n")
    return 0


def _steps(request: Request, course: Course, chosen: Sequence[Exercise]) -> list[Step]:
    """Everything that is to be done; nothing is written yet."""
    folder = request.folder
    if folder.exists() and not folder.is_dir():
        raise UnusableInput(f"{one_line(str(folder))} is a file. Name the folder of a course, or a new one.")
    plans = {exercise: plan(exercise) for exercise in chosen}
    steps = [_notebook(folder, exercise, source_notebook(exercise, course, plans[exercise])) for exercise in chosen]
    present = [e for e in course.exercises if e in plans or (folder / _source(e)).exists()]
    released = [(exercise, (plans.get(exercise) or plan(exercise)).points) for exercise in present]
    return [*steps, _config(request, course), _readme(folder, texts.readme(course, released))]


def _own_notebooks(
    request: Request, course: Course, chosen: Sequence[Exercise], steps: Sequence[Step], students: Sequence[str]
) -> list[Step]:
    """A notebook for each student and exercise, made of the source notebook as it is or will be."""
    texts_of = {step.path: step.text for step in steps if step.text}
    sources = [texts_of.get(_source(e)) or _read(request.folder / _source(e)) or "" for e in chosen]
    config = texts_of.get(Path(texts.CONFIG)) or _read(request.folder / texts.CONFIG) or ""
    secret = secret_of(texts.Settings.of(config).seed, texts.CONFIG)
    own = []
    for path, text in student_notebooks(chosen, sources, course, students, secret):
        old = _read(request.folder / path)
        own.append(_marked(path, old, text))
    return own


def _told(own: Sequence[Step], students: int) -> str:
    """What became of the students' notebooks, in a line."""
    if not own:
        return f"{'kept':9} {VARIANTS}: no exercise of these has by-hand numbers to vary\n"
    does = next((does for does in ("updated", "written") if any(step.does == does for step in own)), "unchanged")
    return f"{does:9} {VARIANTS}/STUDENT/EXERCISE/EXERCISE.ipynb ({len(own)} notebooks, {students} students)\n"


def _source(exercise: Exercise) -> Path:
    return Path(SOURCE) / exercise.name / f"{exercise.name}.ipynb"


def _notebook(folder: Path, exercise: Exercise, fresh: str) -> Step:
    path = _source(exercise)
    old = _read(folder / path)
    if old is None:
        return Step(path, "written", fresh)
    content = _content(old)
    if content == _content(fresh):
        return Step(path, "unchanged")
    if content is not None and content in map(_content, given.versions(folder, path.name)):
        return Step(path, "updated", fresh, old)
    return Step(path, "kept", why=_EDITED)


def _content(text: str) -> list[Any] | None:
    """What somebody can have changed in a notebook: Jupyter writes the rest anew at every save. None if it is none."""
    try:
        cells = json.loads(text)["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("nbgrader")) for cell in cells]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _config(request: Request, course: Course) -> Step:
    path = Path(texts.CONFIG)
    old = _read(request.folder / path)
    found = split(old or "", texts.CONFIG_MARKS, texts.CONFIG)
    where = repr(str(course.folder.resolve())) if course.folder is not None else ""
    said, theirs = texts.Settings.of(found.inside or ""), texts.Settings.of(found.above + "\n" + found.below)
    if found.inside is not None and said.course != where:
        other = one_line(said.course) or "the one that comes with reparam"
        raise UnusableInput(
            f"{one_line(str(request.folder))} holds the exercises of another course, {other}: choose another folder. "
            f"If that course was moved, change its path in {texts.CONFIG}."
        )
    if request.seed is not None and theirs.seed:
        raise UnusableInput(f"{texts.CONFIG} sets a seed in your own lines: change it there, or leave out --seed.")
    # What the instructor's own lines say is not said again.
    seed = "" if theirs.seed else said.seed or str(secrets.randbits(31))
    settings = texts.Settings(
        seed=seed if request.seed is None else str(request.seed),
        course_id="" if theirs.course_id else said.course_id or f'"{_course_id(request.folder)}"',
        course=where,
        variants="" if theirs.variants else "True" if request.variants is not None else said.variants,
    )
    return _marked(path, old, found.filled(texts.CONFIG_MARKS, texts.config(settings)))


def _course_id(folder: Path) -> str:
    """What nbgrader calls the course: the name of its folder, as `nbgrader quickstart` has it."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", folder.resolve().name).strip("-") or "course"


def _readme(folder: Path, lines: str) -> Step:
    path = Path(texts.README)
    old = _read(folder / path)
    found = split(old or "", texts.README_MARKS, texts.README)
    if old is not None and found.inside is None:
        return Step(path, "kept", why="it is yours")
    return _marked(path, old, found.filled(texts.README_MARKS, lines))


def _marked(path: Path, old: str | None, text: str) -> Step:
    if old is None:
        return Step(path, "written", text)
    return Step(path, "unchanged") if old == text else Step(path, "updated", text, old)


def _read(path: Path) -> str | None:
    """What is in a file; None when there is none."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnusableInput(f"{one_line(str(path))} cannot be read: {reason}.") from None


def _take(step: Step, folder: Path) -> None:
    """Do what a step says; what was in the file is kept first."""
    path = folder / step.path
    if step.does in ("kept", "unchanged"):
        return
    if step.does == "updated":
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        workspace.make_folder(folder / BACKUPS)
        output.to_file(folder / BACKUPS / f"{path.stem}-{moment}{path.suffix}", step.before)
    workspace.make_folder(path.parent)
    output.to_file(path, step.text)
    if step.path.parts[0] == SOURCE:
        given.keep(folder, path.name, step.text)


def _next(folder: Path, first: Exercise) -> list[str]:
    missing = importlib.util.find_spec("nbgrader") is None
    again = " --force" if (folder / "release" / first.name).exists() else ""
    return [
        *(["pip install 'reparam[classroom]', which brings nbgrader"] if missing else []),
        *([f"cd {shlex.quote(str(folder))}"] if folder.resolve() != Path.cwd() else []),
        f"nbgrader generate_assignment {first.name}{again}",
        f"nbgrader validate source/{first.name}/{first.name}.ipynb",
        "README.md has the rest, up to the feedback",
    ]
