"""Pictures that a check draws: tensors on its side, plain numbers on the way to whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from grader.report import Picture

POINTS = 500
"""As many points as a terminal can tell apart."""


@dataclass(frozen=True)
class Scatter:
    """Points of a plane over the centers of its modes.

    Args:
        title: what is to be seen.
        points: (N, 2).
        centers: (K, 2).
        radius: distance from a center within which a point belongs to its mode.
    """

    title: str
    points: torch.Tensor
    centers: torch.Tensor
    radius: float

    def picture(self) -> Picture:
        """Its plain form: at most 500 of the points; those that are not finite are left out."""
        points = self.points.detach().double()
        points = points[torch.isfinite(points).all(dim=1)]
        # Not every k-th point: points that stand in the order of their modes would lose whole modes.
        chosen = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:POINTS]
        return Picture(self.title, _pairs(points[chosen]), _pairs(self.centers), round(float(self.radius), 4))


def _pairs(points: torch.Tensor) -> tuple[tuple[float, float], ...]:
    return tuple((round(x, 4), round(y, 4)) for x, y in points.detach().double().tolist())
