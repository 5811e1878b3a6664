"""What cannot be is said to be impossible, and nothing else is."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.assertions import CheckFailure
from grader.possible import Range, assert_possible

PROBABILITY = Range(0, 1, "a probability lies between 0 and 1")
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(FINITE)
def test_a_range_is_broken_by_what_lies_outside_it(value: float) -> None:
    broken = PROBABILITY.broken_by(torch.tensor([0.5, value]))
    assert broken == (value if value < -1e-6 or value > 1 + 2e-6 else None)


@given(FINITE)
def test_without_a_bound_everything_can_be(value: float) -> None:
    assert Range(None, None, "").broken_by(value) is None


@pytest.mark.parametrize("value", [None, "0.3", [2.0], float("nan"), torch.tensor(2j), torch.zeros(0)])
def test_what_is_no_real_number_breaks_nothing(value: object) -> None:
    assert PROBABILITY.broken_by(value) is None


@pytest.mark.parametrize("value", [0, 1, True, -1e-7, 1 + 1e-6, torch.tensor([1.0000005])])
def test_rounding_breaks_nothing(value: object) -> None:
    assert PROBABILITY.broken_by(value) is None


def test_an_infinite_value_is_outside() -> None:
    assert PROBABILITY.broken_by(math.inf) == math.inf


def loss(value: float) -> None:
    assert_possible(
        value,
        2.77,
        100.0,
        "the loss",
        because="the entropy is ln 16 = 2.7726 nats",
        so="the model sees what it predicts",
    )


@pytest.mark.parametrize("value", [2.77, 5.0, 100.0, float("nan")])
def test_possible_results_pass(value: float) -> None:
    loss(value)


@pytest.mark.parametrize(("value", "verb"), [(0.12, "too low"), (-math.inf, "too low"), (101.0, "too high")])
def test_an_impossible_result_fails_with_its_reason(value: float, verb: str) -> None:
    with pytest.raises(
        CheckFailure, match=rf"^This cannot be: the loss is .* {verb}, because the entropy .* So the model"
    ):
        loss(value)
