"""Small GANs on a ring of Gaussians, several at once.

The runs are stacked along the first dimension of every tensor, and one matrix product serves them all. Nothing mixes
them: each has weights, noise and optimizer state of its own, so a run ends as it would have ended alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

Tensor = torch.Tensor

LATENT, HIDDEN = 2, 32
KERNELS, KERNEL_SIZE = 4, 2
"""Shape of the minibatch features: B kernels of C numbers."""

ADAM_BETA2 = 0.9
LOGGED = 40
"""Entries in a log, whatever the number of steps."""


@dataclass(frozen=True)
class Ring:
    """Equally likely Gaussians, their centers (K, 2) on a circle around the origin."""

    centers: Tensor
    std: float

    @classmethod
    def of(cls, modes: int, std: float, *, radius: float = 1.0, turn: float = 0.0) -> Ring:
        """A ring of this radius, turned by an angle in radians."""
        angles = torch.arange(modes) * (2 * math.pi / modes) + turn
        return cls(radius * torch.stack([angles.cos(), angles.sin()], 1), std)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, 2) float32 points of the data."""
        mode = torch.randint(len(self.centers), (n,), generator=generator)
        return self.centers[mode] + self.std * torch.randn(n, 2, generator=generator)


@dataclass(frozen=True)
class Run:
    """What may differ between runs that are trained together."""

    seed: int
    g_lr: float
    d_lr: float
    beta1: float
    r1_weight: float = 0.0
    non_saturating: bool = True


@dataclass(frozen=True)
class Logs:
    """What a training writes down, 40 times: each (runs, 40)."""

    d_loss: Tensor
    g_loss: Tensor
    d_real: Tensor
    d_fake: Tensor
    g_grad: Tensor


class Perceptrons:
    """One perceptron with two hidden layers for each run, all their weights in one tensor (runs, parameters)."""

    def __init__(self, generators: Sequence[torch.Generator], inputs: int, outputs: int, kernels: int = 0) -> None:
        sizes = [(inputs, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN + kernels, outputs)]
        shapes = [shape for rows, columns in sizes for shape in ((rows, columns), (1, columns))]
        bounds = [1 / math.sqrt(rows) for rows, _ in sizes for _ in range(2)]
        if kernels:
            shapes.append((HIDDEN, kernels * KERNEL_SIZE))
            bounds.append(1 / math.sqrt(HIDDEN))
        drawn = [
            torch.cat(
                [
                    ((2 * torch.rand(shape, generator=g) - 1) * b).flatten()
                    for shape, b in zip(shapes, bounds, strict=True)
                ]
            )
            for g in generators
        ]
        self.flat = torch.stack(drawn)
        ends = torch.tensor([math.prod(shape) for shape in shapes]).cumsum(0).tolist()
        parts = self.flat.tensor_split(ends[:-1], dim=1)
        # Views: one update of the long tensor moves them all.
        self.weights = [part.view(-1, *shape).requires_grad_() for part, shape in zip(parts, shapes, strict=True)]

    def __call__(self, points: Tensor) -> Tensor:
        """(runs, B, inputs) → (runs, B, outputs)."""
        first, bias1, second, bias2, last, bias3, *kernels = self.weights
        hidden = F.leaky_relu(torch.baddbmm(bias1, points, first), 0.2)
        hidden = F.leaky_relu(torch.baddbmm(bias2, hidden, second), 0.2)
        if kernels:
            hidden = torch.cat([hidden, minibatch_features(hidden, kernels[0])], 2)
        return torch.baddbmm(bias3, hidden, last)


def minibatch_features(features: Tensor, kernels: Tensor) -> Tensor:
    """Mean similarity to the other samples of the batch: (runs, N, A), (runs, A, B·C) → (runs, N, B)."""
    runs, count, _ = features.shape
    # One (count, count) table for each number of a kernel: torch is slow along a last dimension of two.
    seen = torch.bmm(features, kernels).view(runs, count, KERNEL_SIZE, KERNELS).permute(2, 0, 3, 1)
    distance = (seen[..., :, None] - seen[..., None, :]).abs().sum(0)
    return ((-distance).exp().sum(-1) - 1).mT / (count - 1)


class Adam:
    """Adam with a rate and a β₁ for each run."""

    def __init__(self, nets: Perceptrons, rates: Tensor, beta1: Tensor) -> None:
        self._nets, self._rates, self._beta1 = nets, rates, beta1
        self._mean, self._square = torch.zeros_like(nets.flat), torch.zeros_like(nets.flat)
        self._steps = 0

    def step(self, losses: Tensor, rate: float) -> Tensor:
        """One step on the loss of each run, (runs,), with a share of the full rate; the gradient's norm, (runs,)."""
        parts = torch.autograd.grad(losses.sum(), self._nets.weights)
        gradient = torch.cat([part.flatten(1) for part in parts], 1)
        self._steps += 1
        with torch.no_grad():
            self._mean.mul_(self._beta1).addcmul_(gradient, 1 - self._beta1)
            self._square.mul_(ADAM_BETA2).addcmul_(gradient, gradient, value=1 - ADAM_BETA2)
            scale = (self._square / (1 - ADAM_BETA2**self._steps)).sqrt_().add_(1e-8)
            self._nets.flat.addcdiv_(self._mean * (-rate * self._rates / (1 - self._beta1**self._steps)), scale)
        norm: Tensor = gradient.norm(dim=1)
        return norm


class Training:
    """GANs in training on one ring.

    Args:
        runs: one setting for each.
        ring: the data.
        batch_size: samples in a batch, at least 2.
        minibatch: whether D compares the samples of a batch.
    """

    def __init__(self, runs: Sequence[Run], ring: Ring, batch_size: int, *, minibatch: bool = False) -> None:
        self._ring, self._batch, self._minibatch = ring, batch_size, minibatch
        self._noise = [torch.Generator().manual_seed(run.seed) for run in runs]
        self._generator = Perceptrons(self._noise, LATENT, 2)
        self._discriminator = Perceptrons(self._noise, 2, 1, KERNELS if minibatch else 0)
        rates = torch.tensor([[run.g_lr, run.d_lr, run.beta1] for run in runs]).T[..., None]
        self._g_adam = Adam(self._generator, rates[0], rates[2])
        self._d_adam = Adam(self._discriminator, rates[1], rates[2])
        self._penalty = torch.tensor([run.r1_weight / 2 for run in runs])
        self._non_saturating = torch.tensor([run.non_saturating for run in runs])[:, None]

    def sample(self, n: int, seed: int) -> Tensor:
        """(runs, n, 2) points from the generators as they are now; the noise of the training is left alone."""
        noise = torch.randn(len(self._noise), n, LATENT, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return self._generator(noise)

    def train(self, steps: int, watch: Callable[[int], None] = lambda _: None) -> Logs:
        """Train for a number of steps, the rates falling to 0 over the second half.

        Args:
            steps: at least 40.
            watch: called with the number of each step that is done.
        """
        logs = []
        for step in range(steps):
            entry = self._step(min(1.0, 2 - 2 * step / steps))
            if (step + 1) * LOGGED // steps > step * LOGGED // steps:
                logs.append(torch.stack(entry))
            watch(step + 1)
        return Logs(*torch.stack(logs, 2))

    def _step(self, rate: float) -> tuple[Tensor, ...]:
        latent = torch.stack([torch.randn(2, self._batch, LATENT, generator=g) for g in self._noise], 1)
        real = torch.stack([self._ring.draw(self._batch, g) for g in self._noise])
        with torch.no_grad():
            fake = self._generator(latent[0])
        on_real, on_fake, slope = self._judge(real, fake)
        d_loss = F.softplus(-on_real).mean(1) + F.softplus(on_fake).mean(1)
        self._d_adam.step(d_loss + self._penalty * slope, rate)
        logits = self._discriminator(self._generator(latent[1]))[..., 0]
        loss = torch.where(self._non_saturating, F.softplus(-logits), -F.softplus(logits)).mean(1)
        norm = self._g_adam.step(loss, rate)
        seen = [logit.detach().sigmoid().mean(1) for logit in (on_real, on_fake)]
        return d_loss.detach(), loss.detach(), *seen, norm

    def _judge(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor | float]:
        """Logits of real and generated points, and E‖∇D‖² at the real ones where a run asks for it."""
        penalized = bool(self._penalty.any())
        real.requires_grad_(penalized)
        if self._minibatch:  # a batch is compared with itself, so the two cannot share one
            on_real, on_fake = self._discriminator(real)[..., 0], self._discriminator(fake)[..., 0]
        else:
            both = self._discriminator(torch.cat([real, fake], 1))[..., 0]
            on_real, on_fake = both[:, : self._batch], both[:, self._batch :]
        if not penalized:
            return on_real, on_fake, 0.0
        (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
        return on_real, on_fake, slope.square().sum(2).mean(1)
