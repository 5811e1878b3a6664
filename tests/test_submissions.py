"""Hand-written submissions with pinned verdicts: many right ways that must earn everything, many wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from gradings import Grade
from suites import EXERCISES, submissions, suite_of

from grader.course import Exercise
from grader.report import Status

VERDICTS: dict[str, dict[str, Any]] = {
    exercise.name: yaml.safe_load((submissions(exercise) / "verdicts.yaml").read_text()) for exercise in EXERCISES
}
RIGHT = [(exercise, name) for exercise in EXERCISES for name in VERDICTS[exercise.name]["right"]]
WRONG = [(exercise, name) for exercise in EXERCISES for name in VERDICTS[exercise.name]["wrong"]]
WITHOUT_TRAINING = ["exercise6_tool_choice"]


def names(cases: list[tuple[Exercise, str]]) -> list[str]:
    return [f"{exercise.short}-{name.removesuffix('.py')}" for exercise, name in cases]


@pytest.mark.parametrize(("exercise", "name"), RIGHT, ids=names(RIGHT))
@pytest.mark.parametrize("seed", [3, 41])
def test_a_right_submission_earns_everything(exercise: Exercise, name: str, seed: int, grade_text: Grade) -> None:
    report = grade_text(exercise, (submissions(exercise) / "right" / name).read_text(), seed=seed)
    assert [(c.name, c.message) for c in report.checks if c.status is not Status.PASSED] == []
    remarks = [advice.name for check in report.checks for advice in check.advice]
    assert remarks == VERDICTS[exercise.name].get("advice", {}).get(name, [])


@pytest.mark.parametrize(("exercise", "name"), WRONG, ids=names(WRONG))
def test_a_wrong_submission_has_its_verdict(exercise: Exercise, name: str, grade_text: Grade) -> None:
    verdict = VERDICTS[exercise.name]["wrong"][name]
    report = grade_text(exercise, (submissions(exercise) / "wrong" / name).read_text(), seed=5)
    failed = {c.name: c.misconception for c in report.checks if c.status in (Status.FAILED, Status.ERROR)}
    assert failed == verdict["fails"]
    assert verdict.get("says", "") in "\n".join(check.message for check in report.checks)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)
def test_every_file_has_a_verdict(exercise: Exercise) -> None:
    for kind, least in (("right", 8), ("wrong", 10)):
        files = {path.name for path in (submissions(exercise) / kind).glob("*.py")}
        assert files == set(VERDICTS[exercise.name][kind])
        assert len(files) >= least
    assert VERDICTS[exercise.name]["demo"] in VERDICTS[exercise.name]["wrong"]


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)
def test_thresholds_hold_over_many_seeds(exercise: Exercise, grade_text: Grade) -> None:
    """A false rejection is the worst fault: fresh probes and fresh trainings, many times."""
    source = exercise.solution.read_text()
    trainings = [check.name for check in suite_of(exercise).checks.values() if check.training]
    for seed in range(100, 120):
        report = grade_text(exercise, source, seed=seed)
        assert report.passed, (seed, [(c.name, c.message) for c in report.checks if c.message])
    assert trainings or exercise.name in WITHOUT_TRAINING
