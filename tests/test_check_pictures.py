"""What the checks of the exercises draw: every training with its floor, every leak marked, nothing given away."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from gradings import Grade
from suites import EXERCISES, submissions, suite_of

from grader.course import Exercise, built_in
from grader.learner import LocalLearner
from grader.pictures import Curves as DrawnCurves
from grader.report import CheckResult, Comparison, Curves, Grid, Images, Picture, Scatter, Status

LN_16 = math.log(16)


def pictures(exercise: str, source: str, check: str, grade_text: Grade) -> tuple[Picture, ...]:
    return result(exercise, source, check, grade_text).pictures


def result(exercise: str, source: str, check: str, grade_text: Grade) -> CheckResult:
    report = grade_text(exercise, source, seed=3, checks=[check])
    return next(found for found in report.checks if found.name == check)


def solution(exercise: str) -> str:
    return built_in().find(exercise).solution.read_text()


def wrong(exercise: str, name: str) -> str:
    return (submissions(built_in().find(exercise)) / "wrong" / f"{name}.py").read_text()


# --- trainings --------------------------------------------------------------------------------------------


def test_a_fit_comes_down_to_its_target(grade_text: Grade) -> None:
    (curve,) = pictures("exercise1", solution("exercise1"), "test_fit", grade_text)
    assert isinstance(curve, Curves)
    assert [floor.value for floor in curve.floors] == [0.0]
    (line,) = curve.series
    assert line.y[0] > 5
    assert 0 <= line.y[-1] < 0.02


def test_a_linear_vae_comes_down_to_the_exact_likelihood(grade_text: Grade) -> None:
    (curve,) = pictures("exercise2", solution("exercise2"), "test_reaches_maximum_likelihood", grade_text)
    assert isinstance(curve, Curves)
    (floor,) = curve.floors
    late = curve.series[0].y[-50:]
    assert abs(sum(late) / len(late) - floor.value) < 0.1


def test_a_vae_shows_its_draws_its_curve_and_its_manifold(grade_text: Grade) -> None:
    draws, curve, manifold = pictures("exercise2", solution("exercise2"), "test_trains_vae", grade_text)
    assert isinstance(curve, Curves)
    assert [floor.value for floor in curve.floors] == [pytest.approx(LN_16, abs=1e-4)]
    assert min(curve.series[0].y) > LN_16
    assert isinstance(draws, Images)
    assert isinstance(manifold, Images)
    assert len(manifold.images) == manifold.columns**2 == 64
    # Along a plane of the latent space something changes.
    assert len(set(manifold.images)) > 8


def test_a_pixelcnn_shows_its_samples_and_its_curve(grade_text: Grade) -> None:
    samples, curve = pictures("exercise3", solution("exercise3"), "test_pixelcnn", grade_text)
    assert isinstance(samples, Images)
    bars = sum(_is_bar(image) for image in samples.images)
    assert bars >= 0.4 * len(samples.images)
    assert isinstance(curve, Curves)
    assert [floor.value for floor in curve.floors] == [pytest.approx(LN_16, abs=1e-4)]
    assert LN_16 < curve.series[0].y[-1] < 3.5


def _is_bar(image: tuple[tuple[float, ...], ...]) -> bool:
    inked = {(row, column) for row, line in enumerate(image) for column, value in enumerate(line) if value}
    rows, columns = ({place[axis] for place in inked} for axis in (0, 1))
    return len(inked) == 8 and 1 in (len(rows), len(columns))


def test_a_net_that_peeks_is_drawn_below_the_entropy(grade_text: Grade) -> None:
    found = result("exercise3", wrong("exercise3", "mask_never_used"), "test_pixelcnn", grade_text)
    assert found.status is Status.FAILED
    (curve,) = [picture for picture in found.pictures if isinstance(picture, Curves)]
    assert curve.series[0].y[-1] < curve.floors[0].value - 1


def test_gan_losses_are_drawn_by_where_they_pull_the_samples(grade_text: Grade) -> None:
    (curve,) = pictures("exercise4", solution("exercise4"), "test_saturation", grade_text)
    assert isinstance(curve, Curves)
    stuck, moved = curve.series
    assert (stuck.name, moved.name) == ("minimax", "non-saturating")
    assert abs(stuck.y[-1]) < 0.1 < 1 < moved.y[-1] < curve.floors[0].value == 4


def test_a_gan_is_drawn_beside_its_data(grade_text: Grade) -> None:
    (curve,) = pictures("exercise4", solution("exercise4"), "test_gan", grade_text)
    assert isinstance(curve, Curves)
    for line in curve.series:
        assert sum(line.y) * 0.2 == pytest.approx(1, abs=1e-3)  # a density over bins of 0.2
        assert line.x[max(range(30), key=lambda place: line.y[place])] == pytest.approx(2, abs=0.6)


def test_a_rescued_gan_is_drawn_over_its_modes_and_over_time(grade_text: Grade) -> None:
    points, curve = pictures("exercise5", solution("exercise5"), "test_rescue", grade_text)
    assert isinstance(points, Scatter)
    assert isinstance(curve, Curves)
    assert [floor.value for floor in curve.floors] == [6]
    assert len(curve.series) == 3
    assert sorted(line.y[-1] for line in curve.series)[1] >= 6
    assert all(line.y[0] <= 3 and line.x[-1] == 1500 for line in curve.series)


def test_a_run_that_was_misread_is_drawn(grade_text: Grade) -> None:
    found = result("exercise5", wrong("exercise5", "low_loss"), "test_diagnose", grade_text)
    (points,) = found.pictures
    assert isinstance(points, Scatter)
    assert len(points.points) == 500
    _, true, _, said, _ = re.split("[“”]", points.title)
    assert f"“{true}” were called “{said}”" in found.message


# --- masks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "marked", "legend"),
    [
        ("kinds_swapped", {(1, 1)}, "open, and must be hidden"),
        ("slice_one_too_far", {(1, 1), (1, 2)}, "open, and must be hidden"),
        ("row_above_forgotten", {(0, 0), (0, 1), (0, 2)}, "not open, and should be"),
    ],
)
def test_exactly_the_wrong_taps_are_marked(
    name: str, marked: set[tuple[int, int]], legend: str, grade_text: Grade
) -> None:
    (grid,) = pictures("exercise3", wrong("exercise3", name), "test_mask", grade_text)
    assert isinstance(grid, Grid)
    assert grid.title == "make_mask(3, 'A')"
    assert (set(grid.marked), grid.legend) == (marked, legend)


@pytest.mark.parametrize("name", ["kinds_swapped", "mask_never_used", "slice_one_too_far"])
def test_exactly_the_leaking_inputs_are_marked(name: str, grade_text: Grade) -> None:
    (grid,) = pictures("exercise3", wrong("exercise3", name), "test_layer_reads", grade_text)
    assert isinstance(grid, Grid)
    assert grid.title == "What output (2, 2) of MaskedConv2d('A', 1, 1, 5) reads"
    places = itertools.product(range(5), repeat=2)
    assert set(grid.marked) == {(r, c) for r, c in places if (r, c) >= (2, 2) and grid.values[r][c]}
    assert grid.legend == "read, and must not be"


# --- comparisons ------------------------------------------------------------------------------------------


def test_wrong_slopes_stand_beside_the_right_ones(grade_text: Grade) -> None:
    source = (
        solution("exercise2")
        + "\n_right = kl_gradients\ndef kl_gradients(mu, logvar):\n    a, b = _right(mu, logvar)\n    return a, 2 * b\n"
    )
    found = result("exercise2", source, "test_kl_gradients", grade_text)
    (table,) = found.pictures
    assert isinstance(table, Comparison)
    assert all(got == pytest.approx(2 * expected, rel=1e-4) for _, got, expected in table.rows if got and expected)
    # The same numbers as the evidence has, and not one more.
    assert len(table.rows) <= found.evidence.expected.count(", ") + 1
    assert all(f"{expected:g}" in found.evidence.expected for _, _, expected in table.rows if expected is not None)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)
def test_no_picture_gives_a_by_hand_answer_away(exercise: Exercise, grade_text: Grade) -> None:
    suite = suite_of(exercise)
    zeros = "".join(f"{name} = 0.123\n" for name in suite.answers)
    by_hand = [f"test_{name}" for name in suite.answers if f"test_{name}" in suite.checks]
    if not by_hand:
        assert exercise.short == "exercise6"
        return
    report = grade_text(exercise, solution(exercise.short) + "\n" + zeros, checks=by_hand)
    assert all(check.status is not Status.PASSED for check in report.checks)
    assert [check.pictures for check in report.checks] == [()] * len(by_hand)


# --- lies -------------------------------------------------------------------------------------------------

LIES = (
    "'a text'",
    "object()",
    "None",
    "{}",
    "[[1.0], [2.0, 'x']]",
    "_real([_torch.full((2, 3), float('nan'))] * 400)",
    "_torch.full((150, 2, 3), 1e308, dtype=_torch.float64)",
    "_torch.zeros(150, 2, 3, dtype=_torch.complex64)",
    "_torch.zeros(4_000_000)",
)


@pytest.mark.parametrize("lie", LIES)
def test_a_learner_who_lies_about_the_way_changes_no_verdict(lie: str, grade_text: Grade) -> None:
    source = f"""{solution("exercise1")}
import torch as _torch
_real = _torch.stack
def _lying(parts, *args, **kwargs):
    return {lie} if len(parts) == 400 else _real(parts, *args, **kwargs)
_torch.stack = _lying
"""
    found = result("exercise1", source, "test_fit", grade_text)
    assert (found.status, found.message) == (Status.PASSED, "")
    for picture in found.pictures:
        assert isinstance(picture, Curves)
        assert all(abs(value) <= 1e30 for line in picture.series for value in line.y)
        assert all(len(line.y) <= 200 for line in picture.series)


def test_a_replay_draws_nothing() -> None:
    class Unseen(DrawnCurves):
        def picture(self) -> Curves:
            raise AssertionError("it was drawn")

    LocalLearner(suite_of(EXERCISES[0])).show(Unseen("", {}))
