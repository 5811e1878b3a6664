"""What `check()` grades: the cells of the notebook that calls it, the script that calls it, or the learner's file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import author, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.kernel.cells import Run, as_run, as_saved, defined, names_in, only_in_kernel
from grader.kernel.shell import Shell, saved
from grader.submission import Submission, from_cells, read_submission
from grader.text import one_line

_JUST_NOW = 10.0
"""Seconds since a save within which nobody has to be told what a save is for."""


@dataclass(frozen=True)
class Source:
    """What to grade.

    Args:
        submission: the code.
        remarks: where the cells and the kernel differ.
        unseen: for a verdict that is no pass: what may be written that nobody can see.
        file: whether it has a file of its own, and is not only what ran.
    """

    submission: Submission
    remarks: tuple[str, ...] = ()
    unseen: str = ""
    file: bool = True


def find(exercise: Exercise, course: Course, script: str | None, shell: Shell | None) -> Source:
    """The code that `check()` means.

    Args:
        exercise: what it answers.
        course: the exercise's.
        script: the file of the module that calls; None in a notebook and in an interactive Python.
        shell: IPython's, or None.

    Raises:
        UnusableInput: there is nothing to grade, or it cannot be used.
    """
    if script is not None:
        return Source(read_submission(Path(script)))
    path = shell.file() if shell is not None else None
    runs = shell.runs() if shell is not None else []
    wanted = _wanted(exercise)
    if shell is not None and path is not None:
        return _notebook(path, runs, wanted, shell)
    if any(wanted & defined(run.source) for run in runs):
        return _session(exercise, runs)
    try:
        own = workspace.file_of(exercise, workspace.around(), course.command("init DIR"))
    except UnusableInput as error:
        raise UnusableInput(f"Nothing that ran here defines {', '.join(sorted(wanted))}. {error}") from None
    return Source(read_submission(own), (f"Graded: {one_line(str(own))}.",))


def _notebook(path: Path, runs: Sequence[Run], wanted: set[str], shell: Shell) -> Source:
    file = saved(path)
    written = as_saved(file, runs)
    if not any(source.strip() for source in written.sources):
        raise UnusableInput(f"{one_line(path.name)} has no code cells yet. Save the notebook (Ctrl+S) and check again.")
    remarks = []
    if written.edited:
        several = len(written.edited) > 1
        remarks.append(
            f"{one_line(', '.join(written.edited), 200)}: edited since the kernel ran "
            f"{'these cells' if several else 'this cell'}. What is written was graded; the kernel holds the older."
        )
    if lost := only_in_kernel(written.sources, sorted(wanted), shell.held()):
        names = ", ".join(one_line(name, 60) for name in lost[:5])
        remarks.append(
            f"{names}: no cell defines {'this' if len(lost) == 1 else 'these'} any more, only the kernel still holds "
            f"{'it' if len(lost) == 1 else 'them'}. What no cell says is not graded."
        )
    unseen = ""
    if time.time() - file.at > _JUST_NOW:
        since = ", with what ran since" if written.unsaved else ""
        unseen = (
            f"Graded: the notebook as it was saved at {time.strftime('%H:%M', time.localtime(file.at))}{since}. "
            "A cell that you edited and did not run is seen when you save (Ctrl+S)."
        )
    return Source(from_cells(written.sources, path), tuple(remarks), unseen)


def _session(exercise: Exercise, runs: Sequence[Run]) -> Source:
    """What ran, where no file is known: in IPython, and in a notebook that a program runs."""
    return Source(from_cells(as_run(runs).sources, Path(f"{exercise.name}.ipynb")), file=False)


def _wanted(exercise: Exercise) -> set[str]:
    """The names that a learner is to fill."""
    return names_in(author.read_stub(exercise) or "").defined
