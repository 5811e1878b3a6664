"""The folder in which a learner works: `exercises/` with the stubs, and a short README."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from grader import author
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

FOLDER = "exercises"


@dataclass(frozen=True)
class Copied:
    """What ``init`` did: paths relative to the workspace."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def find(start: Path) -> Path | None:
    """The nearest folder, from ``start`` upwards, with ``exercises/exercise*_*.py`` in it."""
    for folder in (start, *start.parents):
        if any((folder / FOLDER).glob("exercise*_*.py")):
            return folder
    return None


def around() -> Path | None:
    """The workspace that the current folder belongs to.

    Raises:
        UnusableInput: the current folder does not exist any more.
    """
    try:
        return find(Path.cwd())
    except FileNotFoundError:
        raise UnusableInput("This folder is gone: it was deleted or moved. Change to another with cd.") from None


def required(init: str, so: str) -> Path:
    """The workspace that this folder lies in.

    Args:
        init: the command that makes one.
        so: what cannot be done without one, ``there is nothing to reset``.

    Raises:
        UnusableInput: there is none.
    """
    home = around()
    if home is None:
        raise UnusableInput(f"There are no exercises in this folder or above it, so {so}. `{init}` copies them to DIR.")
    return home


INIT = "grade init DIR"


def file_of(exercise: Exercise, workspace: Path | None, init: str = INIT) -> Path:
    """The learner's file for an exercise: the ``.py`` file, or a notebook of that name.

    Args:
        exercise: which one.
        workspace: the learner's folder, or None where there is none.
        init: the command that a message names.

    Raises:
        UnusableInput: there is no workspace, or it lacks this exercise.
    """
    if workspace is None:
        raise UnusableInput(
            f"There are no exercises in this folder or above it. `{init}` copies them to DIR; "
            "or name your file with --submission FILE."
        )
    return in_folder(exercise, workspace / FOLDER, init)


def in_folder(exercise: Exercise, folder: Path, init: str = INIT) -> Path:
    """``folder/<exercise>.py``, or the ``.ipynb`` beside it when that is all there is.

    Raises:
        UnusableInput: neither is there.
    """
    script, notebook = (folder / f"{exercise.name}{suffix}" for suffix in (".py", ".ipynb"))
    if os.path.lexists(script):
        return script
    if os.path.lexists(notebook):
        return notebook
    shown = one_line(str(folder))
    if not folder.is_dir():
        raise UnusableInput(f"{shown}: there is no such folder.")
    raise UnusableInput(f"{shown} has no {script.name}. `{init}` copies what is missing to DIR.")


def init(target: Path, course: Course) -> Copied:
    """Copy the stubs and a README to ``target``; a file that is there already is kept as it is.

    Raises:
        UnusableInput: a folder cannot be made or a file cannot be written. No half-written file stays.
    """
    files = {Path(FOLDER) / exercise.stub.name: stub_text(course, exercise) for exercise in course.exercises}
    files[Path("README.md")] = _readme(course)
    _make_folder(target)
    _make_folder(target / FOLDER)
    written: list[Path] = []
    kept: list[Path] = []
    for path, text in files.items():
        (written if _write_new(target / path, text) else kept).append(path)
    return Copied(tuple(written), tuple(kept))


def stub_text(course: Course, exercise: Exercise) -> str:
    """The fresh stub of an exercise.

    Raises:
        UnusableInput: it is missing or cannot be read.
    """
    try:
        return exercise.stub.read_text(encoding="utf-8")
    except OSError as error:
        shown = one_line(str(exercise.stub))
        if course.folder is None:
            raise UnusableInput(f"{shown} is missing from the installation: {error.strerror}.") from None
        mend = f"`{author.command(course)}` writes it."
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}. {mend}") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UnusableInput(f"{one_line(str(folder))}: a file is in the way of this folder.") from None
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{one_line(str(folder))} cannot be made: {_reason(error)}.") from None


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False when something of that name is there."""
    try:
        # "x" refuses links too, even those that point nowhere.
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        return False
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be written: {_reason(error)}.") from None
    try:
        with file:
            file.write(text)
    except OSError as error:
        path.unlink()
        raise UnusableInput(f"{one_line(str(path))} cannot be written: {_reason(error)}.") from None
    return True


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _readme(course: Course) -> str:
    if course.folder is not None:  # the learner may call `grade` from anywhere
        course = replace(course, folder=course.folder.resolve())
    first = course.exercises[0]
    commands = {
        course.command(first.short): "one exercise: what is right, what is wrong, and why",
        course.command(f"hint {first.short}"): "one hint more for what is still open",
        course.command("all"): "every exercise",
        course.command(): "what you have passed, and what comes next",
    }
    width = max(map(len, commands))
    shown = "\n".join(f"    {command:{width}}  # {says}" for command, says in commands.items())
    rows = "\n".join(f"| `{e.short}` | {e.title} | {e.minutes} min |" for e in course.exercises)
    return f"""# {course.title}

Open a file in `exercises/`, read it from the top, and fill the places that hold `None` or raise
`NotImplementedError`. Then let it be graded, as often as you like:

{shown}

| | | takes about |
|---|---|---|
{rows}

Your answers never leave this computer. What you have tried is kept in `.reparam/`.
"""
