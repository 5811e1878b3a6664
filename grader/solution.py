"""What `grade solution` does: our solution beside the learner's code, once the exercise is passed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from grader import author, jobs, output, own_numbers, own_texts, percent, progress, workspace
from grader.course import Course, Exercise
from grader.difference import LONGEST, difference
from grader.errors import UnusableInput
from grader.notebook import code_cells, joined
from grader.submission import read_unparsed
from grader.text import one_line


def run(word: str, folder: Path | None, *, give_up: bool, out: Path | None) -> int:
    """Show the solution of one exercise, or say what is missing; the exit code.

    Args:
        word: the exercise as the learner names it.
        folder: of a course that is not ours, or None.
        give_up: whether to show it before a pass.
        out: a file for the diff; None for standard output.

    Raises:
        UnusableInput: it is too early, or the exercise or its file cannot be used.
    """
    course = jobs.open_course(folder)
    exercise = course.find(word)
    home = workspace.required(course.command("init DIR"), "there is no code to compare with")
    path = workspace.file_of(exercise, home, course.command("init DIR"))
    if out is not None:
        _check_target(out, path)
    if not give_up:
        _require_pass(course, exercise, home)
    text = _difference(course, exercise, path, home, plain=out is not None)
    if out is None:
        output.to_stdout(text)
    else:
        output.to_file(out, text)
        output.to_stdout(f"the solution is in {one_line(str(out))}\n")
    return 0


def _check_target(out: Path, mine: Path) -> None:
    output.check_target(out)
    if out.exists() and mine.exists() and out.samefile(mine):
        raise UnusableInput(f"{one_line(str(out))} holds your own code. Give --out the name of another file.")


def _require_pass(course: Course, exercise: Exercise, home: Path) -> None:
    """Refuse, kindly, unless the best recorded attempt earned all points."""
    anyway = f"To see it all the same: `{course.command(f'solution {exercise.short} --give-up')}`."
    try:
        best = progress.best(home).get(exercise.name)
    except progress.ProgressUnavailable as error:
        raise UnusableInput(f"Nobody can tell whether you have passed {exercise.short}: {error}. {anyway}") from None
    if best is None:
        grade = course.command(exercise.short)
        raise UnusableInput(
            f"The solution of {exercise.short} opens when you have passed it, and it has not been graded yet. "
            f"`{grade}` grades it. {anyway}"
        )
    missing = best.max_points - best.points
    if best.passed or (missing == 0 and best.max_points):
        return
    hint = f"`{course.command(f'hint {exercise.short}')}` gives a hint. " if exercise.hints else ""
    verb = "is" if missing == 1 else "are"
    raise UnusableInput(
        f"The solution of {exercise.short} opens when you have passed it: {best.points} of {best.max_points} points "
        f"are yours, {missing} {verb} missing. {hint}{anyway}"
    )


def _as_notebook(ours: str, fresh: str, mine: str) -> str:
    """Our solution in the cells of a notebook, with the one that checks where the learner has it too."""
    sources = [cell.source for cell in percent.cells(ours) if cell.kind == "code"]
    check = code_cells(fresh, "the fresh notebook")[-1].source
    return joined([*sources, *([check] if check in mine else [])]).source


def _difference(course: Course, exercise: Exercise, path: Path, home: Path, *, plain: bool) -> str:
    mine = read_unparsed(path)
    if mine.source.count("\n") >= LONGEST:
        raise UnusableInput(f"{one_line(str(path))} has more than {LONGEST} lines: too long to compare.")
    variant = own_numbers.of(home).variant(exercise)
    ours = author.answered(own_texts.solution(exercise, variant), exercise.solution.name)
    if path.suffix == ".ipynb":
        ours = _as_notebook(ours, workspace.fresh(course, exercise, ".ipynb", variant), mine.source)
    hunks = difference(mine.source, ours, author.owners(ours, exercise.solution.name))
    # rich takes a while to import: not before it is needed.
    from grader.render.difference import side_by_side
    from grader.render.page import Look

    look = Look() if plain else Look.of(sys.stdout, os.environ)
    return side_by_side(exercise.title, str(path.relative_to(home)), hunks, look)
