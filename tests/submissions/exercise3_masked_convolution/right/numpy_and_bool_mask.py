"""Masks from numpy, kept as a bool buffer that is not saved; answers as arrays."""

import numpy as np
import torch
from torch import nn

ones_in_mask = {(kind, k): np.float64((k * k - 1) / 2 + (kind == "B")) for kind in "AB" for k in (3, 5, 7)}
center_response = {"none": torch.tensor(45), "B": np.array(15), "A": 10.0}

def make_mask(kernel_size, kind, in_channels=1, out_channels=1, colors=1):
    flat = np.zeros((out_channels, in_channels, kernel_size**2), dtype=np.float32)
    middle = kernel_size**2 // 2
    flat[..., :middle] = 1
    out = np.repeat(np.arange(colors), out_channels // colors)
    inn = np.repeat(np.arange(colors), in_channels // colors)
    compare = np.greater if kind == "A" else np.greater_equal
    flat[..., middle] = compare.outer(out, inn)
    return flat.reshape(out_channels, in_channels, kernel_size, kernel_size)


class MaskedConv2d(nn.Conv2d):
    def __init__(self, kind, in_channels, out_channels, kernel_size, colors=1, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, padding="same", **kwargs)
        mask = torch.from_numpy(make_mask(kernel_size, kind, in_channels, out_channels, colors)) > 0
        self.register_buffer("visible", mask, persistent=False)

    def forward(self, input):
        weight = torch.where(self.visible, self.weight, torch.zeros_like(self.weight))
        return self._conv_forward(input, weight, self.bias)


def image_nll(logits, x):
    return (nn.functional.softplus(logits) - logits * x).sum((1, 2, 3))


def blind_spot(kernel_size, height, width, row, column):
    r, c = np.mgrid[:height, :width]
    return (r < row) & (c - column > (kernel_size // 2) * (row - r))


@torch.no_grad()
def sample_images(model, n, height, width, generator=None):
    x = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = model(x)[:, 0, i, j].sigmoid()
            x[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return x
