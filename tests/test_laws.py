"""The laws that every exercise keeps, through the real sandbox."""

from __future__ import annotations

import pytest
from gradings import Grade
from mutants import EXERCISES, constant, mutant, suite_of

from grader.checking import Misconception
from grader.course import Exercise
from grader.report import Status

by_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)
MISCONCEPTIONS = [(exercise, m) for exercise in EXERCISES for m in suite_of(exercise).misconceptions]


@by_exercise
@pytest.mark.parametrize("seed", [1, 2026])
def test_the_solution_earns_everything(exercise: Exercise, seed: int, grade_text: Grade) -> None:
    report = grade_text(exercise, exercise.solution.read_text(), seed=seed)
    assert [(c.name, c.message) for c in report.checks if c.status is not Status.PASSED] == []
    assert report.points == report.max_points == sum(check.points for check in suite_of(exercise).checks.values())
    assert [advice for check in report.checks for advice in check.advice] == []


@by_exercise
def test_the_stub_earns_nothing(exercise: Exercise, grade_text: Grade) -> None:
    report = grade_text(exercise, exercise.stub.read_text())
    assert report.points == 0
    assert {check.status for check in report.checks} <= {Status.NOT_ATTEMPTED, Status.SKIPPED}
    assert Status.NOT_ATTEMPTED in {check.status for check in report.checks}


@by_exercise
@pytest.mark.parametrize(
    "value", ["0.0", "1", "torch.zeros(3)", "torch.ones(())", "[0.5, 0.5, 0.5]", "'right'", "True"]
)
def test_a_constant_earns_nothing(exercise: Exercise, value: str, grade_text: Grade) -> None:
    report = grade_text(exercise, constant(exercise, value))
    assert [check.name for check in report.checks if check.points] == []


@pytest.mark.parametrize(
    ("exercise", "misconception"), MISCONCEPTIONS, ids=[f"{e.short}-{m.name}" for e, m in MISCONCEPTIONS]
)
def test_a_misconception_fails_its_check_and_is_named(
    exercise: Exercise, misconception: Misconception, grade_text: Grade
) -> None:
    report = grade_text(exercise, mutant(exercise, misconception), seed=7, checks=[misconception.fails])
    (result,) = [check for check in report.checks if check.name == misconception.fails]
    assert result.status in (Status.FAILED, Status.ERROR), result.message
    assert result.misconception == misconception.name, result.message
    assert result.hint
    assert report.points < report.max_points


@by_exercise
def test_every_check_has_hints_and_every_hint_a_check(exercise: Exercise) -> None:
    assert set(exercise.hints) == set(suite_of(exercise).checks)


@by_exercise
def test_prerequisites_stand_above(exercise: Exercise) -> None:
    checks = list(suite_of(exercise).checks.values())
    # Trainings run last, whatever their place in the file.
    order = [check.name for check in sorted(checks, key=lambda check: check.training)]
    for check in checks:
        for required in check.requires:
            assert order.index(required) < order.index(check.name)


@by_exercise
def test_catalogue_entries_are_complete(exercise: Exercise) -> None:
    suite = suite_of(exercise)
    for misconception in suite.misconceptions:
        assert misconception.fails in suite.checks
        assert not suite.checks[misconception.fails].training, "a training is never the only check of anything"
        assert misconception.target in {*suite.references, *suite.answers}
        assert all(text.strip() for text in (misconception.says, misconception.why, misconception.look))
    for remark in suite.remarks:
        assert remark.check in suite.checks
        assert remark.target in suite.references
