"""The blind spot by breadth-first search along the taps of the mask."""

from collections import deque

import torch
import torch.nn.functional as F
from torch import nn

ones_in_mask = {("A", 3): 4, ("B", 3): 5, ("A", 5): 12, ("B", 5): 13, ("A", 7): 24, ("B", 7): 25}
center_response = {"A": 10, "B": 15, "none": 45}

def make_mask(kernel_size, kind, in_channels=1, out_channels=1, colors=1):
    c = kernel_size // 2
    mask = torch.zeros(out_channels, in_channels, kernel_size, kernel_size)
    mask[:, :, :c] = 1
    mask[:, :, c, :c] = 1
    for o in range(out_channels):
        for i in range(in_channels):
            asking, asked = o // (out_channels // colors), i // (in_channels // colors)
            if asked < asking or (kind == "B" and asked == asking):
                mask[o, i, c, c] = 1
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
    reach = kernel_size // 2
    taps = [(dr, dc) for dr in range(-reach, 1) for dc in range(-reach, reach + 1) if (dr, dc) < (0, 0)]
    seen, queue = {(row, column)}, deque([(row, column)])
    while queue:
        r, c = queue.popleft()
        for dr, dc in taps:
            place = (r + dr, c + dc)
            if place not in seen and 0 <= place[0] and 0 <= place[1] < width:
                seen.add(place)
                queue.append(place)
    earlier = [(r, c) for r in range(height) for c in range(width) if (r, c) < (row, column)]
    blind = torch.zeros(height, width).bool()
    for place in earlier:
        if place not in seen:
            blind[place] = True
    return blind


@torch.no_grad()
def sample_images(model, n, height, width, generator=None):
    x = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = model(x)[:, 0, i, j].sigmoid()
            x[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return x
