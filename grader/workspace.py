"""The folder in which a learner works: `exercises/` with the stubs, and what goes with them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader import author, given, output, own_texts, percent, starter
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.text import one_line

FOLDER = "exercises"
README = Path("README.md")
SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Copied:
    """What ``init`` did: paths relative to the workspace."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def find(start: Path) -> Path | None:
    """The nearest folder, from ``start`` upwards, with ``exercises/exercise*_*.py`` or ``.ipynb`` in it."""
    return next((folder for folder in (start, *start.parents) if has_exercises(folder)), None)


def has_exercises(folder: Path) -> bool:
    """Whether a folder is a workspace."""
    return any(path.suffix in SUFFIXES for path in (folder / FOLDER).glob("exercise*_*.*"))


def around() -> Path | None:
    """The workspace that the current folder belongs to.

    Raises:
        UnusableInput: the current folder does not exist any more, or may not be looked into.
    """
    try:
        return find(Path.cwd())
    except FileNotFoundError:
        raise UnusableInput("This folder is gone: it was deleted or moved. Change to another with cd.") from None
    except PermissionError:
        raise UnusableInput("You have no permission to look into this folder. Change to another with cd.") from None


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


def owns(home: Path, file: Path) -> bool:
    """Whether a file is one of the workspace's own answers, and not somebody's elsewhere."""
    return file.parent.resolve() == (home / FOLDER).resolve()


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


def printed(_: Exercise) -> int | None:
    """The numbers of who has none of their own: those that the course prints."""
    return None


def init(
    target: Path,
    course: Course,
    *,
    notebooks: bool = False,
    variant: Callable[[Exercise], int | None] = printed,
) -> Copied:
    """Copy the stubs and what goes with them to ``target``; a file that is there already is kept as it is.

    Args:
        target: the folder.
        course: what to copy.
        notebooks: whether to write notebooks. An exercise that is there in the other form is kept in that.
        variant: what the student's own numbers for an exercise are drawn from; None for the printed ones.

    Raises:
        UnusableInput: a folder cannot be made or a file cannot be written. No half-written file stays.
    """
    files: dict[Path, str] = {}
    pristine: dict[Path, tuple[str, str]] = {}
    for exercise in course.exercises:
        suffix = form(exercise, target / FOLDER, notebooks=notebooks)
        path = Path(FOLDER) / f"{exercise.name}{suffix}"
        files[path] = fresh(course, exercise, suffix, variant(exercise))
        # A notebook too is known by the stub that it was made from.
        pristine[path] = exercise.stub.name, stub_text(course, exercise, variant(exercise))
    files[README] = starter.readme(course)
    pristine[README] = README.name, files[README]
    files |= starter.data(course) | starter.settings(course)
    make_folder(target)
    written: list[Path] = []
    kept: list[Path] = []
    for path, text in files.items():
        make_folder((target / path).parent)
        (written if _write_new(target / path, text) else kept).append(path)
        if path in written and path in pristine:
            given.keep(target, *pristine[path])
    return Copied(tuple(written), tuple(kept))


def form(exercise: Exercise, folder: Path, *, notebooks: bool = False) -> str:
    """The suffix of an exercise's file in a folder, ``.py`` or ``.ipynb``; where it is missing, what the others have.

    Args:
        exercise: which one.
        folder: the folder of the learner's files.
        notebooks: whether a file that is missing is to be a notebook in any case.
    """
    for suffix in SUFFIXES:
        if os.path.lexists(folder / f"{exercise.name}{suffix}"):
            return suffix
    there = {path.suffix for path in folder.glob("exercise*_*.*")}.intersection(SUFFIXES)
    return ".ipynb" if notebooks or there == {".ipynb"} else ".py"


def fresh(course: Course, exercise: Exercise, suffix: str, variant: int | None = None) -> str:
    """The fresh file of an exercise: its stub, or for ``.ipynb`` the same as a notebook that can check itself.

    Raises:
        UnusableInput: the stub is missing or cannot be read.
    """
    stub = stub_text(course, exercise, variant)
    if suffix != ".ipynb":
        return stub
    return percent.learner_notebook(stub, percent.check_call(exercise.short, course.folder))


def notebook_steps(first: Exercise) -> list[str]:
    """What to do after notebooks were written, in the order in which to do it."""
    missing = importlib.util.find_spec("jupyterlab") is None
    return [
        *(["pip install jupyterlab, beside reparam (VS Code needs ipykernel alone)"] if missing else []),
        f"jupyter lab {FOLDER}/{first.name}.ipynb, or open it in VS Code",
        f'run its last cell, check("{first.short}"), as often as you like',
    ]


def stub_text(course: Course, exercise: Exercise, variant: int | None = None) -> str:
    """The fresh stub of an exercise.

    Args:
        course: the exercise's.
        exercise: which one.
        variant: what the student's own numbers are drawn from; None for the printed ones.

    Raises:
        UnusableInput: it is missing or cannot be read.
    """
    if variant is not None:
        return own_texts.stub(exercise, variant)
    try:
        return exercise.stub.read_text(encoding="utf-8")
    except OSError as error:
        shown = one_line(str(exercise.stub))
        if course.folder is None:
            raise UnusableInput(f"{shown} is missing from the installation: {error.strerror}.") from None
        mend = f"`{author.command(course)}` writes it."
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}. {mend}") from None


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; one that is there already is fine.

    Raises:
        UnusableInput: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UnusableInput(f"{one_line(str(folder))}: a file is in the way of this folder.") from None
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{one_line(str(folder))} cannot be made: {_reason(error)}.") from None


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False when something of that name is there."""
    try:
        return output.create(path, text.encode())
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be written: {_reason(error)}.") from None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
