"""Fresh probes: what a check feeds to a learner's function."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import torch


class Rng:
    """Fresh probes: every draw depends only on the seed of the grading and on the check's name."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self._generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Standard normal values."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64).to(dtype)

    def uniform(self, low: float, high: float, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Uniform values in [low, high)."""
        unit = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return (low + (high - low) * unit).to(dtype)

    def integer(self, low: int, high: int) -> int:
        """One whole number, low ≤ n < high."""
        return int(torch.randint(low, high, (), generator=self._generator))

    def permutation(self, n: int) -> torch.Tensor:
        """The numbers 0 … n−1 in random order."""
        return torch.randperm(n, generator=self._generator)

    def seed(self) -> int:
        """A seed for something else that draws."""
        return self.integer(0, 2**31 - 1)

    def generator(self) -> torch.Generator:
        """A new generator, to be handed to the learner's function."""
        return torch.Generator().manual_seed(self.seed())


def separated(
    draw: Callable[[], tuple[torch.Tensor, ...]], answers: Sequence[Callable[..., Any]], minimum: float = 0.02
) -> tuple[torch.Tensor, ...]:
    """Draw probes until all ``answers`` (the right one and the wrong ones) differ on them by ≥ ``minimum``.

    Raises:
        RuntimeError: no draw of 200 separates them; two of the answers are the same function.
    """
    for _ in range(200):
        probe = draw()
        values = [torch.as_tensor(answer(*probe)).detach().double() for answer in answers]
        if all(_apart(a, b, minimum) for i, a in enumerate(values) for b in values[:i]):
            return probe
    raise RuntimeError("no probe separates the answers: are two misconceptions the same function?")


def _apart(a: torch.Tensor, b: torch.Tensor, minimum: float) -> bool:
    if a.shape != b.shape:
        return True
    difference = (a - b).abs().max() if a.numel() else torch.zeros(())
    return not bool(difference < minimum)
