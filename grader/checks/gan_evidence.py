"""What a GAN leaves behind, with its true state: drawn cases, and runs trained on the spot.

The states, and what tells them apart, are those of exercise 5. Evidence is a dict of float64 tensors: ``samples``
(600, 2), ``earlier`` (4, 300, 2), ``train`` (400, 2), ``centers`` (K, 2), ``std`` (), and five logs (40,).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields

import torch

from grader.checks.ring_gan import Logs, Ring, Run, Training

Tensor = torch.Tensor
Evidence = dict[str, Tensor]

STATES = ("healthy", "mode_collapse", "mode_dropping", "oscillation", "vanishing_gradient", "diverged", "memorised")
MODES = (6, 8, 10, 25)

SAMPLES, EARLIER, TRAIN = 600, 300, 400

# --- drawn cases --------------------------------------------------------------------------------------------


class Case:
    """Draws the evidence of one run in a known state; no log alone gives the state away.

    Args:
        modes: number of Gaussians, 25 for the grid, anything else for a ring.
        generator: source of everything.
    """

    def __init__(self, modes: int, generator: torch.Generator) -> None:
        self._random = generator
        if modes == 25:
            axis = torch.arange(-2.0, 3.0, dtype=torch.float64)
            self.centers, self.std = torch.cartesian_prod(axis, axis), self._uniform(0.06, 0.15)
        else:
            ring = Ring.of(modes, 0.0, radius=self._uniform(0.8, 2.0), turn=self._uniform(0, 6))
            self.centers, self.std = ring.centers.double(), self._uniform(0.02, 0.05)

    def evidence(self, state: str) -> Evidence:
        """Evidence of a run in this state."""
        train = self._points(range(len(self.centers)), TRAIN, stray=0)
        samples, earlier = self._clouds(state, train)
        logs = self._logs(state)
        named = {"samples": samples, "earlier": torch.stack(earlier), "train": train, "centers": self.centers}
        return named | {"std": torch.tensor(self.std, dtype=torch.float64)} | logs

    def _clouds(self, state: str, train: Tensor) -> tuple[Tensor, list[Tensor]]:
        every = range(len(self.centers))
        learning = [self._points(every, EARLIER, width=1.5, stray=0.2) for _ in range(4)]
        if state == "healthy":
            return self._points(every, SAMPLES, self._uniform(0.8, 1.2), self._uniform(0.03, 0.4)), learning
        if state == "memorised":
            copied = train[torch.randint(TRAIN, (SAMPLES,), generator=self._random)]
            return copied + 0.005 * self.std * self._normal(SAMPLES, 2), learning
        if state == "diverged":
            return self._far(), learning
        if state == "vanishing_gradient":
            place, width = 0.3 * self._normal(2), self._uniform(0.05, 0.3)
            return place + width * self._normal(SAMPLES, 2), [
                place + width * self._normal(EARLIER, 2) for _ in range(4)
            ]
        kept = self._kept_modes(state)
        width, stray = self._uniform(0.4, 1.1), self._uniform(0.0, 0.1)
        return self._points(kept[4], SAMPLES, width, stray), [
            self._points(kept[i], EARLIER, width, stray) for i in range(4)
        ]

    def _kept_modes(self, state: str) -> list[list[int]]:
        """The modes that the four snapshots and the final samples lie on."""
        count = len(self.centers)
        order = torch.randperm(count, generator=self._random).tolist()
        if state == "oscillation":
            size = 1 if count < 15 else 3
            return [order[size * i : size * (i + 1)] for i in range(5)]
        if state == "mode_collapse":
            return [order[: 1 + int(self._uniform(0, count // 4))]] * 5
        return [order[: max(3, int(count * self._uniform(0.45, 0.75)))]] * 5

    def _far(self) -> Tensor:
        if self._uniform(0, 1) < 0.25:
            return torch.full((SAMPLES, 2), math.nan, dtype=torch.float64)
        scale = self._uniform(30, 300)
        return scale * (2 + self._normal(SAMPLES, 2))

    def _logs(self, state: str) -> Evidence:
        time = torch.linspace(0, 1, 40, dtype=torch.float64)
        d_fake = self._uniform(0.1, 0.48) + 0.03 * self._normal(40)
        d_real = self._uniform(0.55, 0.9) + 0.03 * self._normal(40)
        g_grad = self._uniform(0.15, 3) * (1 + 0.3 * self._normal(40)).abs().clamp(min=0.4)
        if state == "oscillation":
            d_fake = d_fake + 0.08 * torch.sin(self._uniform(15, 40) * time)
        if state == "vanishing_gradient":
            d_fake, d_real = 0.004 * self._small(), 1 - 0.004 * self._small()
            g_grad = 1e-3 * self._small()
        d_fake, d_real = d_fake.clamp(0.001, 0.999), d_real.clamp(0.001, 0.999)
        d_loss, g_loss = -d_real.log() - (1 - d_fake).log(), -d_fake.log()
        if state == "vanishing_gradient" or self._uniform(0, 1) < 0.2:
            g_loss = (1 - d_fake).log()
        if state == "diverged":
            grown = torch.exp(self._uniform(5, 8) * time)
            d_loss, g_loss, g_grad = d_loss * grown, g_loss * grown * (1.5 + self._normal(40).abs()), g_grad * grown
        return {"d_loss": d_loss, "g_loss": g_loss, "d_real": d_real, "d_fake": d_fake, "g_grad": g_grad}

    def _points(self, modes: Sequence[int], n: int, width: float = 1.0, stray: float = 0.06) -> Tensor:
        """Points around some of the centers, some of them astray anywhere on the plane."""
        mode = torch.tensor(list(modes))[torch.randint(len(modes), (n,), generator=self._random)]
        points = self.centers[mode] + width * self.std * self._normal(n, 2)
        reach = 1.3 * float(self.centers.norm(dim=1).max())
        anywhere = reach * (2 * torch.rand(n, 2, generator=self._random, dtype=torch.float64) - 1)
        astray = torch.rand(n, generator=self._random) < stray
        return torch.where(astray[:, None], anywhere, points)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self._random, dtype=torch.float64)

    def _uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self._random, dtype=torch.float64))

    def _small(self) -> Tensor:
        """A log of 40 values between a tenth of the unit and the unit."""
        return 0.1 + 0.9 * torch.rand(40, generator=self._random, dtype=torch.float64)


def drawn_cases(seed: int) -> list[tuple[str, Evidence]]:
    """Every state twice with every number of modes, in random order: 56 pairs of state and evidence."""
    generator = torch.Generator().manual_seed(seed)
    kinds = [(state, modes) for state in STATES for modes in MODES for _ in range(2)]
    order = torch.randperm(len(kinds), generator=generator).tolist()
    return [(kinds[i][0], Case(kinds[i][1], generator).evidence(kinds[i][0])) for i in order]


# --- trained runs -------------------------------------------------------------------------------------------

RATES = (
    (2, 2e-3, 4e-3, True),  # healthy
    (4, 1e-4, 2e-2, False),  # mode_collapse
    (4, 2e-4, 2e-2, True),  # mode_dropping or mode_collapse
    (3, 1e-2, 1e-3, True),  # oscillation
    (3, 1e-6, 1e-2, False),  # vanishing_gradient
    (2, 5e-2, 1e-5, False),  # diverged
)
"""(runs, rate of G, rate of D, non-saturating), with what they mostly end in. Where a run does end is looked up."""

STEPS, BATCH = 400, 64
SNAPSHOTS = (240, 280, 320, 360, 400)


def trained_runs(seed: int, kept: int = 2) -> list[tuple[str, Evidence]]:
    """Train GANs together; pairs of state and evidence, at most ``kept`` of every state that is beyond doubt."""
    generator = torch.Generator().manual_seed(seed)
    turn = float(6 * torch.rand((), generator=generator))
    ring = Ring.of(8, 0.1, turn=turn)
    settings = [rates for count, *rates in RATES for _ in range(count)]
    seeds = torch.randint(2**31, (len(settings),), generator=generator).tolist()
    runs = [
        Run(run_seed, g_lr, d_lr, 0.5, non_saturating=bool(kind))
        for run_seed, (g_lr, d_lr, kind) in zip(seeds, settings, strict=True)
    ]
    training = Training(runs, ring, BATCH)
    clouds: list[Tensor] = []
    logs = training.train(STEPS, lambda step: clouds.append(training.sample(2000, step)) if step in SNAPSHOTS else None)
    train = ring.draw(TRAIN, generator).double()
    found: list[tuple[str, Evidence]] = []
    for number in range(len(runs)):
        state = true_state([cloud[number] for cloud in clouds], logs, number, ring)
        if state and sum(state == other for other, _ in found) < kept:
            found.append((state, _evidence([cloud[number] for cloud in clouds], logs, number, ring, train)))
    return found


def _evidence(clouds: list[Tensor], logs: Logs, number: int, ring: Ring, train: Tensor) -> Evidence:
    seen = {
        "samples": clouds[-1][:SAMPLES].double(),
        "earlier": torch.stack([cloud[:EARLIER] for cloud in clouds[:-1]]).double(),
        "train": train,
        "centers": ring.centers.double(),
        "std": torch.tensor(ring.std, dtype=torch.float64),
    }
    return seen | {field.name: getattr(logs, field.name)[number].double() for field in fields(logs)}


def true_state(clouds: list[Tensor], logs: Logs, number: int, ring: Ring) -> str:
    """The state of a trained run, from many more samples than its evidence holds; empty where there is a doubt."""
    typical = float(clouds[-1].norm(dim=1).median().nan_to_num(nan=math.inf))
    fooled, gradient = logs.d_fake[number, -10:], logs.g_grad[number, -10:]
    if typical > 3:  # in radii of the ring; the definition says 5
        return "diverged" if typical > 10 else ""
    if fooled.max() < 0.03 and gradient.max() < 0.03:
        return "vanishing_gradient"
    if fooled.min() < 0.1 and gradient.median() < 0.1:
        return ""
    return _state_of_modes([_covered(cloud, ring) for cloud in clouds])


def _state_of_modes(covered: list[set[int] | None]) -> str:
    if covered[-1] is not None and len(covered[-1]) == 8:
        return "healthy"  # whatever it was before
    sets = [modes for modes in covered if modes]
    if len(sets) < len(covered):
        return ""
    now, union = sets[-1], set().union(*sets)
    same = all(modes == now for modes in sets)
    if len(now) <= 2 and not same:
        moving = len(union) >= max(4, 3 * len(now)) and all(len(modes) <= 2 for modes in sets)
        return "oscillation" if moving and sum(not modes & now for modes in sets) >= 2 else ""
    if not same or len(now) == 7:
        return ""
    return "mode_collapse" if len(now) <= 2 else "mode_dropping"


def _covered(cloud: Tensor, ring: Ring) -> set[int] | None:
    """The modes with a share clearly above 20 % of the fair one; None if any mode's share is near that."""
    hits = (torch.cdist(cloud, ring.centers) <= 3 * ring.std).double().mean(0) * len(ring.centers)
    if ((hits > 0.08) & (hits < 0.35)).any():
        return None
    return set((hits >= 0.35).nonzero().flatten().tolist())
