"""Everything in plain loops."""

import torch
import torch.nn.functional as F
from torch import nn

ones_in_mask = {("A", 3): 4, ("B", 3): 5, ("A", 5): 12, ("B", 5): 13, ("A", 7): 24, ("B", 7): 25}
center_response = {"A": 10, "B": 15, "none": 45}

def make_mask(kernel_size, kind, in_channels=1, out_channels=1, colors=1):
    middle = (kernel_size - 1) // 2
    rows = []
    for o in range(out_channels):
        for i in range(in_channels):
            for r in range(kernel_size):
                for c in range(kernel_size):
                    here = (r, c, i * colors // in_channels)
                    me = (middle, middle, o * colors // out_channels)
                    rows.append(1.0 if here < me or (kind == "B" and here == me) else 0.0)
    return torch.tensor(rows).reshape(out_channels, in_channels, kernel_size, kernel_size)


class MaskedConv2d(nn.Conv2d):
    def __init__(self, kind, in_channels, out_channels, kernel_size, colors=1, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2, **kwargs)
        self.register_buffer("mask", make_mask(kernel_size, kind, in_channels, out_channels, colors))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


def image_nll(logits, x):
    results = []
    for a, image in zip(logits, x):
        total = 0
        for logit, pixel in zip(a.reshape(-1), image.reshape(-1)):
            p = torch.sigmoid(logit)
            total = total - (torch.log(p) if pixel == 1 else torch.log(1 - p))
        results.append(total)
    return torch.stack(results)


def blind_spot(kernel_size, height, width, row, column):
    reach = (kernel_size - 1) // 2
    return torch.tensor(
        [[r < row and c > column + reach * (row - r) for c in range(width)] for r in range(height)]
    )


@torch.no_grad()
def sample_images(model, n, height, width, generator=None):
    x = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = model(x)[:, 0, i, j].sigmoid()
            x[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return x
