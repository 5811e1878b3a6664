"""Numbers on which formulas and functions are compared: those of a call, and fresh ones of the same shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from grader.formulas.tree import Variable


def tensors(arguments: Mapping[str, Any], variables: Iterable[Variable]) -> dict[str, Tensor]:
    """The arguments of a formula out of those of a call."""
    return {variable.name: as_tensor(arguments[variable.name]) for variable in variables}


def as_tensor(value: Any) -> Tensor:
    """A tensor as it is; Python's numbers in Python's precision.

    Raises:
        TypeError: it is no number, nor an array of them.
    """
    if isinstance(value, Tensor):
        return value
    tensor = torch.as_tensor(value)
    return tensor if tensor.dtype == torch.bool else tensor.double()


def fresh(value: Any, variable: Variable, generator: torch.Generator) -> Any:
    """Other numbers of an ordinary size in the place of an argument, of the same shape and type.

    Raises:
        TypeError: it is no number or tensor.
    """
    if isinstance(value, bool) or not isinstance(value, Tensor | int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    shape = value.shape if isinstance(value, Tensor) else ()
    unit = torch.rand(shape, generator=generator, dtype=torch.float64)
    match variable.domain:
        case "real":
            drawn = 1.5 * torch.randn(shape, generator=generator, dtype=torch.float64)
        case "positive":
            drawn = 0.3 + 1.5 * unit
        case "binary":
            drawn = unit.round()
        case "probability":
            drawn = 0.05 + 0.9 * unit
        case "distribution":
            drawn = (0.1 + unit) / (0.1 + unit).sum(-1, keepdim=True)
    return drawn.to(value.dtype) if isinstance(value, Tensor) else float(drawn)


def rounding(values: Iterable[Tensor]) -> float:
    """A relative difference that rounding explains."""
    return 3e-5 if any(value.is_floating_point() and value.dtype != torch.float64 for value in values) else 1e-6


def equal(value: Tensor, other: Tensor, precision: float) -> bool:
    """Whether two tensors have one shape and are close, relative to the largest entry."""
    return value.shape == other.shape and bool(which_equal(value, other[None], precision).all())


def which_equal(value: Tensor, others: Tensor, precision: float) -> Tensor:
    """Which of several stacked tensors are close to one of the same shape."""
    value, others = value.detach().double(), others.detach().double()
    scale = float(value.abs().max()) if value.numel() else 0.0
    near = (others - value).abs() <= precision * (scale + 0.01)
    return near.reshape(len(others), -1).all(-1)


def slopes(results: Sequence[Tensor], weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor]:
    """The gradient of the weighted sum of several results by each input; 0 where none arrives."""
    total = torch.zeros((), dtype=torch.float64)
    for result, weight in zip(results, weights, strict=True):
        total = total + (weight * result).sum()
    if not total.requires_grad:
        return [torch.zeros_like(each) for each in inputs]
    found = torch.autograd.grad(total, list(inputs), allow_unused=True)
    return [torch.zeros_like(each) if slope is None else slope for each, slope in zip(inputs, found, strict=True)]
