"""By-hand answers: compare a learner's numbers with the right ones without giving those away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from grader.assertions import CheckFailure, NotAttempted, as_tensor, elementwise_within
from grader.formatting import describe


def assert_answer(learner: Any, name: str) -> None:
    """Fail unless the learner's variable ``name`` holds the right numbers.

    The message says which places are wrong, never the right value.

    Raises:
        NotAttempted: the variable is missing or still None.
        CheckFailure: a value is wrong, missing, or no number.
    """
    got, suite = learner.answer(name), learner.suite
    try:
        compare_answer(name, got, suite.right_answer(name), suite.tolerance(name))
    except CheckFailure as error:
        if suite.own is None or not _is_printed(suite, name, got):
            raise
        raise CheckFailure(f"{error.message}. {_PRINTED}", got=error.got, noise=error.noise) from None


_PRINTED = "They answer the question with the numbers that are printed in the course, and yours are others"
"""What may be said of them: everybody can read the printed question."""


def _is_printed(suite: Any, name: str, got: Any) -> bool:
    """Whether an answer is right for the printed numbers."""
    try:
        compare_answer(name, got, suite.printed.right_answer(name), suite.tolerance(name))
    except CheckFailure:
        return False
    return True


def compare_answer(name: str, got: Any, expected: Any, tolerance: float) -> None:
    """Compare one by-hand answer (a number, a list of numbers, or a dict of numbers) with the right one."""
    if got is None:
        raise NotAttempted(f"{name} is still None: put your numbers there", got=None)
    if isinstance(expected, Mapping):
        _compare_mapping(name, got, expected, tolerance)
        return
    wanted = torch.as_tensor(expected).detach().double()
    parts = list(got) if isinstance(got, list | tuple) else None
    if parts is not None and parts and all(part is None for part in parts):
        raise NotAttempted(f"{name} still holds None: put your numbers there", got=None)
    if parts is not None and any(part is None for part in parts):
        place = next(i for i, part in enumerate(parts) if part is None)
        raise CheckFailure(f"{name}[{place}] is still None", got=got)
    actual = as_tensor(got, name).detach().double()
    if actual.shape != wanted.shape:
        count = "one number" if wanted.dim() == 0 else f"{wanted.numel()} numbers"
        raise CheckFailure(f"{name} should be {count}, got {describe(got)}", got=actual)
    right = elementwise_within(actual, wanted, torch.full_like(wanted, tolerance))
    if not right.all():
        raise CheckFailure(_places(name, actual, right), got=actual, noise=tolerance / 5)


def _places(name: str, actual: torch.Tensor, right: torch.Tensor) -> str:
    if right.dim() == 0:
        return f"{name} = {describe(actual)} is not right"
    wrong = [f"{name}[{i}] = {describe(actual[i])}" for i in range(len(right)) if not right[i].all()]
    kept = [f"{name}[{i}]" for i in range(len(right)) if right[i].all()]
    verb = "is" if len(wrong) == 1 else "are"
    tail = f"; {', '.join(kept)} {'is' if len(kept) == 1 else 'are'} right" if kept else ""
    return f"{', '.join(wrong)} {verb} not right{tail}"


def _compare_mapping(name: str, got: Any, expected: Mapping[Any, Any], tolerance: float) -> None:
    if not isinstance(got, Mapping):
        raise CheckFailure(
            f"{name} should be a dict with the keys {describe(list(expected))}, got {describe(got)}", got=got
        )
    if got and all(value is None for value in got.values()):
        raise NotAttempted(f"{name} still holds None: put your numbers there", got=None)
    missing = [key for key in expected if got.get(key) is None]
    if missing:
        raise CheckFailure(f"{name} has no value for {', '.join(map(repr, missing))}", got=got)
    values = torch.stack(
        [as_tensor(got[key], f"{name}[{key!r}]").detach().double().reshape(-1)[:1].squeeze() for key in expected]
    )
    wanted = torch.tensor([float(value) for value in expected.values()], dtype=torch.float64)
    right = elementwise_within(values, wanted, torch.full_like(wanted, tolerance))
    if not right.all():
        wrong = [f"{name}[{key!r}] = {describe(got[key])}" for key, ok in zip(expected, right, strict=True) if not ok]
        verb = "is" if len(wrong) == 1 else "are"
        raise CheckFailure(f"{', '.join(wrong)} {verb} not right", got=values, noise=tolerance / 5)
