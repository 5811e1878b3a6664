"""Assertions that tell a learner what came and what was expected, and leave evidence for the diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from grader.formatting import describe

Returns = Literal["tensor", "scalar", "tensors", "module", "any"]


class CheckFailure(AssertionError):  # noqa: N818  a verdict, not an error of the program
    """A check found something wrong in a submission.

    Args:
        message: one sentence for the learner.
        got: what came, for the element-by-element view and to match misconceptions.
        expected: what was expected; None where showing it would give a by-hand answer away.
        noise: standard error of ``got`` where it is a statistic of random draws.
    """

    def __init__(
        self, message: str, *, got: Any = None, expected: Any = None, noise: torch.Tensor | float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.expected = expected
        self.noise = noise


class NotAttempted(CheckFailure):
    """The place to fill still holds None, or the function still raises NotImplementedError."""


def fail(message: str, **evidence: Any) -> None:
    """Fail the check with a sentence; ``evidence`` as in :class:`CheckFailure`."""
    raise CheckFailure(message, **evidence)


def assert_true(condition: Any, message: str, **evidence: Any) -> None:
    """Fail with ``message`` unless ``condition`` holds."""
    if not bool(condition):
        raise CheckFailure(message, **evidence)


def assert_equal(got: Any, expected: Any, what: str = "the result") -> None:
    """Fail unless two plain values (ints, strings, sets, bools) are equal."""
    if got != expected:
        raise CheckFailure(f"{what} is {describe(got)}, expected {describe(expected)}", got=got, expected=expected)


_TOLERANCES = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (2e-5, 2e-6),
    torch.float16: (5e-3, 5e-3),
    torch.bfloat16: (2e-2, 2e-2),
}


def assert_close(
    got: Any, expected: Any, what: str = "the result", *, rtol: float | None = None, atol: float | None = None
) -> None:
    """Fail unless ``got`` has the shape of ``expected`` and equals it within the tolerance of the coarser dtype.

    Both may be tensors, numbers, or (nested) sequences of tensors. NaN never equals anything; infinities of
    one sign are equal.
    """
    if isinstance(expected, list | tuple):
        assert_true(
            isinstance(got, list | tuple) and len(got) == len(expected),
            f"{what} should be {len(expected)} values, got {describe(got)}",
            got=got,
        )
        for number, (one, other) in enumerate(zip(got, expected, strict=True)):
            assert_close(one, other, f"{what}[{number}]", rtol=rtol, atol=atol)
        return
    if got is None:
        raise CheckFailure(f"{what} is None: nothing came back", got=None, expected=expected)
    actual, wanted = as_tensor(got, what), as_tensor(expected, "the expected value")
    if actual.shape != wanted.shape:
        raise CheckFailure(
            f"{what} has shape {tuple(actual.shape)}, expected {tuple(wanted.shape)}", got=actual, expected=wanted
        )
    default_rtol, default_atol = max(_TOLERANCES.get(t.dtype, (0.0, 0.0)) for t in (actual, wanted))
    tolerance = (rtol if rtol is not None else default_rtol) * wanted.double().abs()
    tolerance = tolerance + (atol if atol is not None else default_atol)
    if not elementwise_within(actual, wanted, tolerance).all():
        raise CheckFailure(_summary(actual, what), got=actual, expected=wanted)


def elementwise_within(got: torch.Tensor, expected: torch.Tensor, tolerance: torch.Tensor) -> torch.Tensor:
    """Where two tensors of one shape differ by at most the tolerance, or are the same infinity."""
    got, expected = got.detach().double(), expected.detach().double()
    # "not (difference <= tolerance)" would be true for NaN too; this form is False for NaN, so NaN never passes.
    return ((got - expected).abs() <= tolerance) | (got == expected)


def _summary(got: torch.Tensor, what: str) -> str:
    values = got.detach().double()
    if values.isnan().any():
        return f"{what} has NaN in it"
    if values.isinf().any():
        return f"{what} has an infinite value in it"
    return f"{what} is not right"


def assert_statistic(got: torch.Tensor, expected: Any, standard_error: Any, what: str, *, limit: float = 5.0) -> None:
    """Fail unless a statistic of random draws lies within ``limit`` standard errors of its expectation."""
    got = as_tensor(got, what)
    wanted = torch.as_tensor(expected, dtype=torch.float64).expand(got.shape)
    error = torch.as_tensor(standard_error, dtype=torch.float64).expand(got.shape)
    if not elementwise_within(got, wanted, limit * error).all():
        raise CheckFailure(f"{what} is not right", got=got, expected=wanted, noise=error)


def assert_within(
    got: Any, low: float | None, high: float | None, what: str, *, below: str = "", above: str = ""
) -> None:
    """Fail unless low ≤ got ≤ high; ``below`` and ``above`` say what a value outside means."""
    value = float(as_tensor(got, what))
    if low is not None and not value >= low:
        raise CheckFailure(f"{what} is {value:.4g}, below {low:.4g}. {below}".strip(), got=value)
    if high is not None and not value <= high:
        raise CheckFailure(f"{what} is {value:.4g}, above {high:.4g}. {above}".strip(), got=value)


def assert_shape(got: torch.Tensor, shape: Sequence[int], what: str = "the result") -> None:
    """Fail unless a tensor has this shape."""
    if tuple(got.shape) != tuple(shape):
        raise CheckFailure(f"{what} has shape {tuple(got.shape)}, expected {tuple(shape)}", got=list(got.shape))


def assert_dtype(got: torch.Tensor, dtype: torch.dtype, what: str = "the result") -> None:
    """Fail unless a tensor has this dtype."""
    if got.dtype != dtype:
        raise CheckFailure(f"{what} is {got.dtype}, expected {dtype} as in the input", got=str(got.dtype))


def assert_finite(got: torch.Tensor, what: str = "the result") -> None:
    """Fail on NaN or an infinity."""
    if not torch.isfinite(got).all():
        raise CheckFailure(_summary(got, what), got=got)


def gradients(output: torch.Tensor, inputs: Mapping[str, torch.Tensor], what: str = "the result") -> list[torch.Tensor]:
    """∂output/∂input for each named input; fails, naming the input, where no gradient arrives.

    Args:
        output: a scalar tensor.
        inputs: name → leaf tensor that requires a gradient.
        what: what the message calls the output.
    """
    if not output.requires_grad:
        names = ", ".join(inputs)
        raise CheckFailure(f"no gradient reaches {names}: {what} is cut off from the graph", got="no graph")
    found = torch.autograd.grad(output, list(inputs.values()), allow_unused=True)
    for name, gradient in zip(inputs, found, strict=True):
        if gradient is None:
            raise CheckFailure(f"no gradient reaches {name}", got=f"no gradient to {name}")
    return list(found)


def as_tensor(value: Any, what: str) -> torch.Tensor:
    """A tensor from a learner's tensor, array, number or list of them; fails with words on anything else."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, str | bytes) or value is None:
        raise CheckFailure(f"{what} should be numbers, got {describe(value)}", got=repr(value)[:80])
    try:
        if isinstance(value, list | tuple) and any(isinstance(part, torch.Tensor) for part in value):
            return torch.stack([torch.as_tensor(part) for part in value])
        tensor = torch.as_tensor(value)
        # A list of Python floats means float64: float32 would cost a by-hand answer its last digits.
        return torch.as_tensor(value, dtype=torch.float64) if isinstance(value, list | tuple | float) else tensor
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise CheckFailure(f"{what} should be numbers, got {describe(value)}", got=repr(value)[:80]) from None


def returned(value: Any, function: str, returns: Returns) -> Any:
    """Check the kind of a value that a learner's function returned, and make it what the check expects."""
    if returns == "any":
        return value
    if value is None:
        raise CheckFailure(f"{function} returned None: is a `return` missing?", got=None)
    if returns == "module":
        assert_true(isinstance(value, torch.nn.Module), f"{function} should give an nn.Module, got {describe(value)}")
        return value
    if returns == "tensors":
        ok = isinstance(value, list | tuple)
        assert_true(ok, f"{function} should return a tuple of tensors, got {describe(value)}", got=repr(value)[:80])
        return tuple(as_tensor(part, f"{function}(…)[{number}]") for number, part in enumerate(value))
    tensor = as_tensor(value, f"what {function} returned")
    if returns == "scalar" and tensor.numel() == 1:
        return tensor.reshape(())
    return tensor
