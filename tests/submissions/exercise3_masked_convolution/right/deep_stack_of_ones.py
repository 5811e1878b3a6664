"""The blind spot by really running a deep stack, with all weights positive."""

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


class Likelihood:
    def __call__(self, logits, x):
        losses = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
        return losses.reshape(len(x), -1).sum(-1)


image_nll = Likelihood()


def blind_spot(kernel_size, height, width, row, column):
    first = make_mask(kernel_size, "A").double()
    other = make_mask(kernel_size, "B").double()
    pixels = torch.eye(height * width, dtype=torch.double).view(-1, 1, height, width)
    response = F.conv2d(pixels, first, padding=kernel_size // 2)
    for _ in range(height + width):
        response = F.conv2d(response, other, padding=kernel_size // 2).clamp(max=1)
    sees = response[:, 0, row, column].view(height, width) > 0
    index = torch.arange(height * width).view(height, width)
    return ~sees & (index < row * width + column)


@torch.no_grad()
def sample_images(model, n, height, width, generator=None):
    x = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = model(x)[:, 0, i, j].sigmoid()
            x[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return x
