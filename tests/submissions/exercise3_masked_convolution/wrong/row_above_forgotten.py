"""An uncatalogued mistake: the row directly above is hidden."""

import torch
import torch.nn.functional as F
from torch import nn

ones_in_mask = {("A", 3): 4, ("B", 3): 5, ("A", 5): 12, ("B", 5): 13, ("A", 7): 24, ("B", 7): 25}
center_response = {"A": 10, "B": 15, "none": 45}

def make_mask(kernel_size, kind, in_channels=1, out_channels=1, colors=1):
    c = kernel_size // 2
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, : c - 1] = 1
    mask[:, :, c, :c] = 1
    go = torch.arange(out_channels) // (out_channels // colors)
    gi = torch.arange(in_channels) // (in_channels // colors)
    mask[:, :, c, c] = (gi[None] < go[:, None] if kind == "A" else gi[None] <= go[:, None]).float()
    return mask


class MaskedConv2d(nn.Conv2d):
    def __init__(self, kind, in_channels, out_channels, kernel_size, colors=1, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2, **kwargs)
        self.register_buffer("mask", make_mask(kernel_size, kind, in_channels, out_channels, colors))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


def image_nll(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=(1, 2, 3))


def blind_spot(kernel_size, height, width, row, column):
    found = torch.zeros(height, width, dtype=torch.bool)
    for r in range(row):
        first = column + kernel_size // 2 * (row - r) + 1
        found[r, first:] = True
    return found


@torch.no_grad()
def sample_images(model, n, height, width, generator=None):
    x = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = model(x)[:, 0, i, j].sigmoid()
            x[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return x
