"""A training's points count only with the checks of what it is made of: it runs next to the learner's code."""

from __future__ import annotations

from gradings import Grade

from grader.course import built_in
from grader.report import Status

EXERCISE = built_in().find("exercise2")
TRAINING = "test_reaches_maximum_likelihood"
RIGHT_WHILE_IT_TRAINS = (
    EXERCISE.solution.read_text()
    + """
import sys

_right = kl_standard_normal

def kl_standard_normal(mu, logvar):
    trains = "descend" in sys._getframe(1).f_globals
    return _right(mu, logvar) + (0 if trains else 1)
"""
)


def test_a_training_that_goes_well_waits_for_its_checks(grade_text: Grade) -> None:
    for asked in ((), (TRAINING,)):  # by itself it brings them along
        report = grade_text(EXERCISE, RIGHT_WHILE_IT_TRAINS, seed=1, checks=asked)
        found = {check.name: check for check in report.checks}
        assert found["test_values"].status is Status.FAILED
        assert (found[TRAINING].status, found[TRAINING].points) == (Status.SKIPPED, 0)
        assert found[TRAINING].message.startswith("This went well, and counts as soon as “")
        assert "(test_values)" in found[TRAINING].message


def test_a_training_that_goes_ill_is_told_nevertheless(grade_text: Grade) -> None:
    source = EXERCISE.solution.read_text() + "\n_right = kl_standard_normal\n"
    source += "def kl_standard_normal(mu, logvar):\n    return _right(mu, logvar) / 2\n"
    (found,) = [check for check in grade_text(EXERCISE, source, seed=1).checks if check.name == TRAINING]
    assert found.status is Status.FAILED
