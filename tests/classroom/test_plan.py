"""Which checks are graded after which cell: all of them, once, and never before what they need is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from courses import CHECKS, SOLUTION, small_course
from gradings import Grade

from grader.classroom.plan import GradeCell, grade_cells, plan
from grader.course import Exercise, built_in
from grader.errors import UnusableInput
from grader.suite import Suite

EXERCISES = built_in().exercises
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)


@every_exercise
def test_each_check_is_in_one_cell_and_the_points_are_those_of_grade(exercise: Exercise) -> None:
    checks = Suite.load(exercise.checks).checks
    cells = grade_cells(exercise)
    assert Counter(name for cell in cells for name in cell.checks) == Counter(list(checks))
    for cell in cells:
        assert cell.points == sum(checks[name].points for name in cell.checks)
    assert plan(exercise).points == sum(check.points for check in checks.values())


@every_exercise
def test_ids_are_what_nbgrader_takes(exercise: Exercise) -> None:
    found = plan(exercise)
    ids = [cell.id for cell in (*found.grades, *found.answers)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_\-]+", name) for name in ids)
    assert [cell.after for cell in found.grades] == [
        name for name in found.cells if name in {c.after for c in found.grades}
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exercise", "cell"),
    [(exercise, cell) for exercise in EXERCISES for cell in grade_cells(exercise)],
    ids=lambda part: part.short if isinstance(part, Exercise) else part.id,
)
def test_whoever_has_solved_the_cells_above_has_all_points(
    exercise: Exercise, cell: GradeCell, grade_text: Grade
) -> None:
    """Nbgrader's own way runs a notebook from the top: nothing below the graded cell is there yet."""
    cells = plan(exercise).cells
    above = list(cells)[: list(cells).index(cell.after) + 1]
    source = "\n\n".join(cells[name].source for name in above if cells[name].kind == "code")
    report = grade_text(exercise, source, checks=cell.checks)
    assert {check.name: check.status.value for check in report.checks} == {c.name: "passed" for c in report.checks}
    assert set(cell.checks) <= {check.name for check in report.checks}


def test_cells_of_the_first_exercise() -> None:
    """These names are in gradebooks: they stay."""
    assert [(cell.id, cell.points) for cell in grade_cells(EXERCISES[0])] == [
        ("z", 2),
        ("dloss-dmu", 1),
        ("dloss-dsigma", 1),
        ("dloss-dlogvar", 2),
        ("reparameterize", 5),
        ("recover-epsilon", 3),
        ("sample-latent", 16),
    ]


def test_a_person_grades_one_cell_of_the_last_exercise() -> None:
    assert [cell.id for cell in plan(EXERCISES[5]).answers if cell.by_person] == ["justification"]
    assert not [cell for exercise in EXERCISES[:5] for cell in plan(exercise).answers if cell.by_person]


# --- courses of one's own -----------------------------------------------------------------------------------

TWO_CELLS = SOLUTION.replace("\n\n\ndef", "\n\n# %%\ndef")


def cells_of(folder: Path, checks: str, solution: str = TWO_CELLS) -> dict[str, tuple[str, ...]]:
    (exercise,) = small_course(folder, checks=checks, solution=solution).exercises
    return {cell.id: cell.checks for cell in grade_cells(exercise)}


def test_a_check_stands_after_the_cell_that_it_asks_for(tmp_path: Path) -> None:
    assert cells_of(tmp_path, CHECKS) == {"six": ("test_six",), "double": ("test_values",)}


def test_a_check_stands_after_what_it_requires(tmp_path: Path) -> None:
    moved = CHECKS.replace("@points(1)\ndef test_six", '@points(1)\n@requires("test_values")\ndef test_six')
    one, other = moved.index("@points(1)"), moved.index("@points(2)")
    below = moved.index("@misconception")
    checks = moved[:one] + moved[other:below] + moved[one:other] + moved[below:]
    assert cells_of(tmp_path, checks) == {"double": ("test_values", "test_six")}


def test_a_helper_asks_for_the_check(tmp_path: Path) -> None:
    helper = 'def both(learner):\n    learner.answer("six")\n    return learner.double\n\n@points(1)\ndef test_six'
    checks = CHECKS.replace("@points(1)\ndef test_six", helper).replace(
        'assert_answer(learner, "six")', "both(learner)"
    )
    assert cells_of(tmp_path, checks) == {"double": ("test_six", "test_values")}


def test_who_asks_for_nothing_that_can_be_seen_stands_at_the_end(tmp_path: Path) -> None:
    checks = CHECKS.replace('assert_answer(learner, "six")', 'assert_answer(learner, "s" + "ix")')
    assert cells_of(tmp_path, checks) == {"double": ("test_six", "test_values")}


def test_a_check_without_a_mark_has_one_point(tmp_path: Path) -> None:
    (exercise,) = small_course(tmp_path, checks=CHECKS.replace("@points(2)\n", "")).exercises
    assert plan(exercise).points == sum(check.points for check in Suite.load(exercise.checks).checks.values()) == 2


def test_what_cannot_be_released_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"exercise1_double\.py, test_values: write the points as a plain number"):
        cells_of(tmp_path, CHECKS.replace("@points(2)", "@points(TWO)"))
    with pytest.raises(UnusableInput, match="has no ### BEGIN SOLUTION"):
        cells_of(tmp_path, CHECKS, solution="six = 6.0\n")
    with pytest.raises(UnusableInput, match="cannot be read"):
        cells_of(tmp_path, CHECKS + "\ndef test_(:")
    (exercise,) = small_course(tmp_path).exercises
    exercise.checks.unlink()
    with pytest.raises(UnusableInput, match="no such file"):
        plan(exercise)
