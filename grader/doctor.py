"""What `grade doctor` does: look at versions, folders, files and a real sandbox, and say whether grading works here."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grader import __version__, author, output, progress, workspace
from grader.course import Course, Exercise, built_in
from grader.errors import UnusableInput
from grader.health import Examination, Folder, Health, private, without_layers
from grader.listing import checks_in
from grader.sandbox.front import system_backend
from grader.text import one_line

EXAMINATION_SECONDS = 300.0
PACKAGES = ("torch", "numpy", "pytest")


def run(form: str) -> int:
    """Examine this machine and print what came out; the exit code.

    Args:
        form: ``text`` or ``json``.

    Raises:
        UnusableInput: the current folder is gone, or the result cannot be printed.
    """
    home = workspace.around()
    from grader.render.live import LiveLine
    from grader.render.page import Look

    look = Look.of(sys.stdout, os.environ)
    with LiveLine(look if form == "text" else Look(), "grade doctor"):
        health = examine(home)
    if form == "json":
        from grader.render.exchange import health_to_json

        output.to_stdout(health_to_json(health))
    else:
        from grader.render.health import health_text

        output.to_stdout(health_text(health, look))
    return 0 if health.works else 1


def examine(home: Path | None) -> Health:
    """Look at everything.

    Args:
        home: the workspace around the current folder, if there is one.
    """
    problems: list[str] = []
    warnings: list[str] = []
    versions = _versions()
    problems += [f"{name} is not installed." for name in PACKAGES if name not in versions]
    course = _course(problems)
    complete = _complete(course, problems, warnings) if course is not None else []
    folders = list(_folders(home))
    warnings += [f"The folder {one.name} cannot be written: {one.reason}." for one in folders if not one.writable]
    warnings += _of_workspace(home, course)
    sandbox = _examination(complete[0] if complete else None)
    if sandbox.fault:
        problems.append(sandbox.fault)
    warnings += without_layers(sandbox.layers)
    return Health(
        versions,
        sandbox,
        tuple(folders),
        len(course.exercises) if course is not None else 0,
        len(complete),
        tuple(private(one_line(problem, 600)) for problem in problems),
        tuple(private(one_line(warning, 600)) for warning in warnings),
    )


def _versions() -> dict[str, str]:
    """Programs and their versions; a package that is not there is left out. Nothing is imported for it."""
    found = {"reparam": __version__, "Python": f"{platform.python_version()} ({platform.python_implementation()})"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    library = " ".join(part for part in platform.libc_ver() if part)
    found["platform"] = " ".join(part for part in (platform.system(), platform.machine(), library) if part)
    return found | {"kernel": platform.release()}


# --- the course -------------------------------------------------------------------------------------------


def _course(problems: list[str]) -> Course | None:
    try:
        return built_in()
    except UnusableInput as error:
        problems.append(f"The course cannot be read: {error}")
        return None


def _complete(course: Course, problems: list[str], warnings: list[str]) -> list[Exercise]:
    """The exercises whose files are all there and can be read; what is wrong with the others is said."""
    sound = []
    for exercise in course.exercises:
        try:
            exercise.require_checks()
            if not checks_in(exercise.checks):
                raise UnusableInput(f"{exercise.checks.name} has no check.")
            if author.read_stub(exercise) is None:
                raise UnusableInput(f"{exercise.stub.name}, which `grade init` copies, is missing or no text.")
            fresh = author.is_fresh(exercise)
        except (UnusableInput, OSError) as error:
            problems.append(f"{exercise.short}: {error}")
            continue
        sound.append(exercise)
        if not fresh:
            warnings.append(
                f"{exercise.stub.name} is not what its solution makes: `{author.command(course)}` mends it."
            )
    return sound


# --- folders ----------------------------------------------------------------------------------------------


def _folders(home: Path | None) -> Iterator[Folder]:
    if home is not None:
        yield _folder("workspace", home)
        kept = (home / progress.FILE).parent
        if kept.exists():
            yield _folder(kept.name, kept)
    try:
        yield _folder("temporary", Path(tempfile.gettempdir()))
    except OSError:
        yield Folder("temporary", "", writable=False, reason="there is none that can be")


def _folder(name: str, path: Path) -> Folder:
    try:
        # A file without a name: nothing is left of it, whatever happens.
        with tempfile.TemporaryFile(dir=path):
            return Folder(name, private(str(path)), writable=True)
    except OSError as error:
        return Folder(name, private(str(path)), writable=False, reason=error.strerror or type(error).__name__)


def _of_workspace(home: Path | None, course: Course | None) -> Iterator[str]:
    """What is wrong with the learner's own files."""
    if home is None:
        return
    try:
        progress.attempts(home)
    except progress.ProgressUnavailable as error:
        yield f"Your progress cannot be read: {error}."
    for exercise in course.exercises if course is not None else ():
        try:
            workspace.file_of(exercise, home)
        except UnusableInput:
            yield f"The workspace lacks {exercise.name}: `grade init .` in it copies what is missing."


# --- the sandbox ------------------------------------------------------------------------------------------


def _examination(exercise: Exercise | None) -> Examination:
    """What a process that may import torch finds out about a real sandbox."""
    words = [exercise.short] if exercise is not None else []
    fault = "The sandbox could not be examined: "
    try:
        # A session of its own: Ctrl-C reaches us alone, and its sandbox ends with it.
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", "grader.examiner", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=EXAMINATION_SECONDS,
            start_new_session=True,
        )
        found = Examination.from_json(json.loads(done.stdout))
        return replace(found, fault=private(found.fault))
    except subprocess.TimeoutExpired:
        fault += f"no answer within {EXAMINATION_SECONDS:.0f} seconds."
    except OSError as error:
        fault += f"{error.strerror}."
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        fault += one_line(last) or f"its process ended with code {done.returncode}."
    choice = system_backend()
    return Examination(choice.name, choice.because, fault=private(fault))
