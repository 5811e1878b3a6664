"""The notebook of an exercise as instructors keep it: solved, with the marks of nbgrader on its cells."""

from __future__ import annotations

from typing import Any

from grader import author, percent
from grader.classroom.plan import AnswerCell, GradeCell, Plan
from grader.course import Course, Exercise
from grader.percent import Cell

MARK = "reparam"
"""The field of a notebook's metadata that says whose it is."""

_SCHEMA = 3
_TEXT_POINTS = 0
"""What `grade` gives for a text that a person reads; an instructor may set another number in the notebook."""

_SAYS = """\
**How this is graded.** Fill a cell, then run the cell with `check(…)` below it, as often as you like: it says what is \
right, what is wrong and why. Your code runs in a process of its own, so the first check takes a few seconds. \
*Validate* runs them all. The final marks come from the same checks with other numbers."""


def source_notebook(exercise: Exercise, course: Course, plan: Plan) -> str:
    """The source notebook, `source/<exercise>/<exercise>.ipynb`, as text.

    Args:
        exercise: which one.
        course: the exercise's.
        plan: its cells.

    Raises:
        UnusableInput: a cell with an answer is no whole piece of Python, so that no stub can be made of it.
    """
    for answer in plan.answers:
        author.stub(plan.cells[answer.name].source, f"{exercise.solution.name}, cell {answer.name}")
    answers = {cell.name: cell for cell in plan.answers}
    grades: dict[str, list[GradeCell]] = {}
    for graded in plan.grades:
        grades.setdefault(graded.after, []).append(graded)
    cells: list[dict[str, Any]] = []
    for name, cell in plan.cells.items():
        cells.append(percent.as_json(cell, name, **(_answer(answers[name]) if name in answers else {})))
        cells += [_grade(graded, exercise, course) for graded in grades.get(name, ())]
    # Below the title, where there is one.
    cells.insert(cells[0]["cell_type"] == "markdown", percent.as_json(Cell("markdown", _SAYS), "how_this_is_graded"))
    return percent.assembled(cells, **{MARK: {"exercise": exercise.name}})


def _answer(cell: AnswerCell) -> dict[str, Any]:
    points = {"points": _TEXT_POINTS} if cell.by_person else {}
    return _nbgrader(cell.id, grade=cell.by_person, solution=True, **points)


def check_source(cell: GradeCell, exercise: Exercise, course: Course, variant: int | None = None) -> str:
    """The text of a cell that grades.

    Args:
        cell: which one.
        exercise: whose.
        course: the exercise's.
        variant: what the student's own by-hand numbers are drawn from, for the student's own checks; autograde goes by
            the id.
    """
    call = percent.check_call(exercise.short, course.folder, cell.checks, variant)
    return f"from grader import check\n\n{call}.grade()"


def _grade(cell: GradeCell, exercise: Exercise, course: Course) -> dict[str, Any]:
    source = check_source(cell, exercise, course)
    metadata = _nbgrader(cell.id, grade=True, solution=False, points=cell.points)
    return percent.as_json(Cell("code", source), f"check_{cell.id}", **metadata)


def _nbgrader(grade_id: str, *, grade: bool, solution: bool, **points: int) -> dict[str, Any]:
    return {
        "nbgrader": {
            "grade": grade,
            "grade_id": grade_id,
            "locked": not solution,
            "schema_version": _SCHEMA,
            "solution": solution,
            "task": False,
            **points,
        }
    }
