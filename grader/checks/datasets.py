"""Small data sets whose exact entropy is known; made, never downloaded."""

from __future__ import annotations

import math

import torch

BARS_ENTROPY = math.log(16)
"""Entropy in nats of the sixteen equally likely bar images: no model of them can have a lower mean −log p."""


def single_bars(size: int = 8) -> torch.Tensor:
    """All binary images with exactly one full row or one full column.

    Returns:
        float32 (2·size, 1, size, size): first the rows, then the columns.
    """
    images = torch.zeros(2 * size, 1, size, size)
    for k in range(size):
        images[k, 0, k, :] = 1
        images[size + k, 0, :, k] = 1
    return images
