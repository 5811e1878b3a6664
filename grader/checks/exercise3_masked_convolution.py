"""Checks of exercise 3: masks in raster order, masked convolution, exact likelihood, sampling, a small PixelCNN."""
# ruff: noqa: ARG001  (every check takes both fixtures, and a misconception keeps the signature of the function)

from __future__ import annotations

import ast
import itertools
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from grader.checking import (
    Curves,
    Draw,
    Grid,
    Images,
    Range,
    Rng,
    advice,
    assert_answer,
    assert_close,
    assert_dtype,
    assert_possible,
    assert_shape,
    assert_statistic,
    assert_true,
    assert_within,
    by_hand,
    calls,
    counts_with,
    fail,
    formula,
    gradients,
    loops_over,
    mentions,
    misconception,
    numbers,
    points,
    reference,
    requires,
    separated,
    training,
    trial,
)
from grader.checks.datasets import BARS_ENTROPY, single_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.learner import Learner

Tensor = torch.Tensor

COLORS = ("red", "green", "blue")

NLL_LIMIT = 3.45
"""Nats: right nets end between 3.18 and 3.20, one that cannot look up and to the right at 3.51 or more."""

VALID_LIMIT = 0.5
"""Share of samples that are bars: right nets give the bars a probability between 0.72 and 0.73."""

# --- oracles ----------------------------------------------------------------------------------------------


def raster_mask(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """Each colour of each tap has a place in one long queue; an output reads what stands before it (B: and itself)."""
    group_in = torch.arange(in_channels) // (in_channels // colors)
    group_out = torch.arange(out_channels) // (out_channels // colors)
    taps = torch.arange(kernel_size**2).view(kernel_size, kernel_size)
    place_in = (taps * colors + group_in[:, None, None])[None]
    place_out = ((kernel_size**2 // 2) * colors + group_out)[:, None, None, None]
    return ((place_in < place_out) if kind == "A" else (place_in <= place_out)).float()


def support(kind: str, height: int, width: int, kernel_size: int, channels: int = 1, colors: int = 1) -> Tensor:
    """Which input unit one layer may read: bool [output unit, input unit], units ordered (row, column, channel)."""
    unit = torch.arange(height * width * channels)
    row, column, channel = unit // channels // width, unit // channels % width, unit % channels
    place = (row * width + column) * colors + channel // (channels // colors)
    near = ((row[:, None] - row).abs() <= kernel_size // 2) & ((column[:, None] - column).abs() <= kernel_size // 2)
    return near & ((place < place[:, None]) if kind == "A" else (place <= place[:, None]))


def stacked(*supports: Tensor) -> Tensor:
    """What a stack may read, its last layer first: wherever a path leads through every layer."""
    found = supports[0]
    for one in supports[1:]:
        found = (found.double() @ one.double()) > 0
    return found


@reference()
def make_mask(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """Float (out, in, k, k) of 0 and 1."""
    return raster_mask(kernel_size, kind, in_channels, out_channels, colors)


class RasterConv2d(nn.Conv2d):
    """A masked convolution; misconceptions change its mask, or where (and whether) it is applied."""

    mask: Tensor
    applied = "forward"
    padded = True
    mask_function = staticmethod(raster_mask)

    def __init__(
        self, kind: str, in_channels: int, out_channels: int, kernel_size: int, colors: int = 1, **kwargs: Any
    ) -> None:
        padding = kernel_size // 2 if self.padded else 0
        super().__init__(in_channels, out_channels, kernel_size, padding=padding, **kwargs)
        mask = self.mask_function(kernel_size, kind, in_channels, out_channels, colors)
        if self.applied == "trained":
            self.mask = nn.Parameter(mask)
        else:
            self.register_buffer("mask", mask)
        if self.applied == "init":
            self.weight.data *= self.mask

    def forward(self, images: Tensor) -> Tensor:
        """(B, in, h, w) → (B, out, h, w)."""
        weight = self.weight if self.applied in ("init", "never") else self.weight * self.mask
        weight = weight.detach() if self.applied == "detached" else weight
        output: Tensor = self._conv_forward(images, weight, self.bias)
        return output


@reference(returns="module")
class MaskedConv2d(RasterConv2d):
    """The right one."""


@reference(possible=Range(0, None, "no probability is above 1, so −log p is never negative"))
@formula(lambda logits, x: -(x * logits.log_sigmoid() + (1 - x) * (-logits).log_sigmoid()).sum("rest"), x="binary")
def image_nll(logits: Tensor, x: Tensor) -> Tensor:
    """(B, …) → (B,), nats."""
    log_p: Tensor = torch.distributions.Bernoulli(logits=logits).log_prob(x)
    return -log_p.flatten(1).sum(1)


@reference()
def blind_spot(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """Bool (height, width): add layers until nothing new comes into view."""
    one_layer = support("B", height, width, kernel_size)
    seen = support("A", height, width, kernel_size)
    while not torch.equal(seen, deeper := stacked(one_layer, seen)):
        seen = deeper
    pixel = row * width + column
    return ((torch.arange(height * width) < pixel) & ~seen[pixel]).view(height, width)


@reference()
def sample_images(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """Float32 (n, 1, height, width)."""
    images = torch.zeros(n, 1, height, width)
    with torch.no_grad():
        for row, column in itertools.product(range(height), range(width)):
            p = model(images)[:, 0, row, column].sigmoid()
            images[:, 0, row, column] = torch.bernoulli(p, generator=generator)
    return images


@numbers(
    "Draw the masks of size {sizes[0]}, {sizes[1]} and {sizes[2]} and count",
    '("A", {sizes[0]}): None, ("B", {sizes[0]}): None, ("A", {sizes[1]}): None',
    '("B", {sizes[1]}): None, ("A", {sizes[2]}): None, ("B", {sizes[2]}): None',
    "at the centre pixel, the {image[4]}, under",
    "| {image[0]} | {image[1]} | {image[2]} |",
    "| {image[3]} | **{image[4]}** | {image[5]} |",
    "| {image[6]} | {image[7]} | {image[8]} |",
    sizes=[3, 5, 7],
    image=[1, 2, 3, 4, 5, 6, 7, 8, 9],
)
def practice_numbers(rng: Draw) -> dict[str, Any]:
    """The hint of ones_in_mask works out size 9."""
    return {"sizes": sorted(rng.several([3, 5, 7, 11, 13, 15], 3)), "image": rng.several(range(1, 10), 9)}


@by_hand()
def ones_in_mask(functions: Any) -> dict[tuple[str, int], float]:
    """Ones in a mask of one channel."""
    sizes = functions.numbers.sizes
    return {(kind, size): float(functions.make_mask(size, kind).sum()) for size in sizes for kind in "AB"}


@by_hand()
def center_response(functions: Any) -> dict[str, float]:
    """An all-ones 3×3 kernel under each mask, on the given image, at its centre."""
    image = torch.tensor(functions.numbers.image, dtype=torch.float32).view(3, 3)
    masks = {"A": functions.make_mask(3, "A"), "B": functions.make_mask(3, "B"), "none": torch.ones(3, 3)}
    return {kind: float((image * mask).sum()) for kind, mask in masks.items()}


# --- what the checks share --------------------------------------------------------------------------------


class Stack:
    """The learner's masked layers with a nonlinearity between them; its slope is never zero, so no unit can die."""

    def __init__(self, learner: Learner, *layers: tuple[str, int, int, int], colors: int = 1) -> None:
        tail = f", colors={colors}" if colors > 1 else ""
        self.names = [f"MaskedConv2d({', '.join(map(repr, layer))}{tail})" for layer in layers]
        self.shapes = [(outs, ins, size, size) for _, ins, outs, size in layers]
        self.layers: list[nn.Module] = [learner.MaskedConv2d(*layer, colors=colors) for layer in layers]

    def __call__(self, images: Tensor) -> Tensor:
        """(B, in, h, w) → (B, out, h, w)."""
        for number, (layer, name, shape) in enumerate(zip(self.layers, self.names, self.shapes, strict=True)):
            output = layer(nn.functional.leaky_relu(images) if number else images)
            assert_true(isinstance(output, Tensor), f"the forward of {name} gives no tensor", got="no tensor")
            assert_shape(output, (len(images), shape[0], *images.shape[2:]), f"the output of {name}")
            images = output
        return images

    def double(self) -> Stack:
        """The same stack in float64."""
        for layer in self.layers:
            layer.double()
        return self

    def parameters(self) -> list[nn.Parameter]:
        """The layers' trainable parameters."""
        return [p for layer in self.layers for p in layer.parameters() if p.requires_grad]

    def make_positive(self) -> None:
        """Where no weight is negative, no two paths cancel."""
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.abs_()

    def draw_weights(self, rng: Rng) -> list[tuple[Tensor, Tensor]]:
        """Fresh weights and biases for every layer, whatever its parameters are called and however they are ordered."""
        drawn = []
        for layer, name, shape in zip(self.layers, self.names, self.shapes, strict=True):
            values = {4: rng.normal(*shape), 1: rng.normal(shape[0])}
            for label, parameter in layer.named_parameters():
                value = values.get(parameter.dim())
                fits = value is not None and value.shape == parameter.shape
                assert_true(fits, f"{name} has a parameter {label} of shape {tuple(parameter.shape)}", got=label)
                with torch.no_grad():
                    if parameter.requires_grad and value is not None:
                        parameter.copy_(value)
            has_bias = any(parameter.dim() == 1 for parameter in layer.parameters())
            drawn.append((values[4], values[1] * has_bias))
        return drawn


def reads(net: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """Bool [output unit, input unit], units ordered (row, column, channel): which outputs move with which input."""
    _, channels, height, width = image.shape
    units = height * width * channels
    changed = image.permute(0, 2, 3, 1).reshape(1, -1).repeat(units + 1, 1)
    changed[torch.arange(units) + 1, torch.arange(units)] += 1
    with torch.no_grad():
        output = net(changed.view(-1, height, width, channels).permute(0, 3, 1, 2).contiguous())
    output = output.permute(0, 2, 3, 1).reshape(units + 1, -1)
    return (output[1:] - output[0]).abs().T > 1e-9


def unit_name(unit: int, width: int, channels: int, colors: int) -> str:
    """(row, column), and the channel where there are several."""
    pixel, channel = divmod(unit, channels)
    color = COLORS[channel // (channels // colors)]
    suffix = "" if channels == 1 else f" {color}" if channels == colors else f" channel {channel} ({color})"
    return f"{divmod(pixel, width)}{suffix}"


def faults(got: Tensor, allowed: Tensor) -> tuple[bool, Tensor]:
    """Whether something leaks, and where: all leaks, or if there are none, all that cannot be read and should be."""
    leaks = got & ~allowed
    return bool(leaks.any()), leaks if leaks.any() else allowed & ~got


def one_fault(wrong: Tensor) -> tuple[int, int]:
    """Output and input unit of one of the faults, away from the image's border if there is one."""
    pairs = wrong.nonzero()
    outputs = pairs[:, 0].unique()
    out = int(outputs[len(outputs) // 2])
    return out, int(pairs[pairs[:, 0] == out][0, 1])


def explain_reads(got: Tensor, allowed: Tensor, width: int, channels: int = 1, colors: int = 1) -> str:
    """One forbidden or missing dependency in words; empty if there is none."""
    leaks, wrong = faults(got, allowed)
    if not wrong.any():
        return ""
    out, one = one_fault(wrong)
    names = [unit_name(unit, width, channels, colors) for unit in (out, one)]
    if one // channels == out // channels:
        relation = "its own pixel" if colors == 1 else "a colour of its own pixel"
    else:
        relation = "which comes later" if one > out else "which comes earlier"
    return f"output {names[0]} {'reads' if leaks else 'cannot read'} input {names[1]}, {relation}"


def draw_reads(got: Tensor, allowed: Tensor, name: str, width: int, channels: int = 1, colors: int = 1) -> Grid:
    """The inputs that one output reads, the one that :func:`explain_reads` speaks of, with its faults marked."""
    leaks, wrong = faults(got, allowed)
    out, one = one_fault(wrong)
    color = f", {COLORS[one % channels // (channels // colors)]} inputs" if colors > 1 else ""
    values, marked = (part[out].view(-1, width, channels)[..., one % channels] for part in (got, wrong))
    title = f"What output {unit_name(out, width, channels, colors)} of {name} reads{color}"
    return Grid(title, values, marked, "read, and must not be" if leaks else "not read, and should be")


def all_images(height: int, width: int) -> Tensor:
    """Every binary image of this size: float64 (2^(h·w), 1, h, w)."""
    pixels = torch.tensor(list(itertools.product((0.0, 1.0), repeat=height * width)), dtype=torch.float64)
    return pixels.view(-1, 1, height, width)


class BeliefNet(nn.Module):
    """A model whose logits depend on earlier pixels only, and which counts how often it is asked.

    Args:
        weights: (P, P); only what lies below the diagonal is used.
        bias: (P,).
        certain: give logits ±200, by the parity of the sum, so that only one image is possible.
    """

    def __init__(self, weights: Tensor, bias: Tensor, *, certain: bool = False) -> None:
        super().__init__()
        self.weights, self.bias, self.certain = weights.tril(-1), bias, certain
        self.passes = 0
        self.unused = nn.Parameter(torch.zeros(1))  # for those who ask a model for its device

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, h, w) → float32 logits of the same shape; rows at the bottom may be missing."""
        self.passes += 1
        pixels = images.detach().reshape(len(images), -1).double()
        seen = min(pixels.shape[1], len(self.bias))
        logits = pixels[:, :seen] @ self.weights[:seen, :seen].T + self.bias[:seen]
        if self.certain:
            logits = 400 * logits.round().remainder(2) - 200
        return logits.float().view(images.shape)


# --- by hand ----------------------------------------------------------------------------------------------


@points(1)
def test_ones_in_mask(learner: Learner, rng: Rng) -> None:
    """By hand: the number of ones in each mask."""
    assert_answer(learner, "ones_in_mask")


@points(1)
def test_center_response(learner: Learner, rng: Rng) -> None:
    """By hand: what the masked kernels give at the centre of the image."""
    assert_answer(learner, "center_response")


# --- the mask ---------------------------------------------------------------------------------------------


def compare_masks(learner: Learner, cases: Sequence[tuple[int, str, int, int, int]]) -> None:
    """All masks together are one piece of evidence: "A and B swapped" and "always B" differ only over several."""
    found = []
    for case in cases:
        size, kind, ins, outs, colors = case
        name = f"make_mask({', '.join(map(repr, case[:2] if case[2:] == (1, 1, 1) else case))})"
        mask = learner.make_mask(size, kind, ins, outs, colors).double()
        assert_shape(mask, (outs, ins, size, size), name)
        found.append((name, case, mask))
    for name, case, mask in found:
        wrong = (mask != raster_mask(*case)).nonzero()
        if len(wrong):
            place = wrong[0].tolist()
            told = f"{name}[{', '.join(map(str, place))}] is {float(mask[tuple(place)]):g}"
            learner.note("make_mask", case, {})  # the call to show is the one that went wrong
            learner.show(draw_mask(mask, case, name, place))
            evidence = torch.cat([one.flatten() for one in (mask, *(other for _, _, other in found))])
            fail(f"{told}, and that tap reads {explain_tap(place, case)}", got=evidence)


def draw_mask(mask: Tensor, case: tuple[int, str, int, int, int], name: str, place: list[int]) -> Grid:
    """The taps of one pair of channels: what leaks is marked, or if nothing does, what is hidden and should not be."""
    out, one = place[:2]
    got, right = mask[out, one], raster_mask(*case)[out, one]
    leaks = (got != 0) & (right == 0)
    channels = f"[{out}, {one}]" if mask.shape[:2] != (1, 1) else ""
    legend = "open, and must be hidden" if leaks.any() else "not open, and should be"
    return Grid(f"{name}{channels}", got, leaks if leaks.any() else got != right, legend)


def explain_tap(place: list[int], case: tuple[int, str, int, int, int]) -> str:
    """What one entry of a mask is about."""
    out, one, row, column = place
    size, _, ins, outs, colors = case
    center = (size // 2, size // 2)
    if (row, column) != center:
        return "a pixel that comes " + ("later" if (row, column) > center else "earlier")
    if colors == 1:
        return "the pixel itself"
    color_out, color_in = COLORS[out // (outs // colors)], COLORS[one // (ins // colors)]
    return f"{color_in} of the same pixel for a {color_out} output"


@points(3)
def test_mask(learner: Learner, rng: Rng) -> None:
    """make_mask lets a pixel read exactly what comes before it in raster order."""
    compare_masks(learner, [(size, kind, 1, 1, 1) for size in (3, 5, 7) for kind in "AB"] + [(3, "B", 2, 3, 1)])


@points(2)
@requires("test_mask")
def test_mask_colors(learner: Learner, rng: Rng) -> None:
    """make_mask puts the colours of one pixel in order: red, green, blue."""
    channels = ((3, 3, 3), (6, 6, 3), (3, 6, 3), (9, 3, 3))
    compare_masks(learner, [(3, kind, *one) for one in channels for kind in "AB"] + [(5, "A", 6, 6, 3)])


# --- the layer --------------------------------------------------------------------------------------------


@points(3)
def test_layer_reads(learner: Learner, rng: Rng) -> None:
    """One masked layer reads exactly the inputs that it may read."""
    evidence, wrong = [], []
    for (channels, colors, size, side), kind in itertools.product(((1, 1, 5, 5), (3, 3, 3, 4), (6, 3, 3, 3)), "AB"):
        case = (kind, channels, channels, size)
        net = Stack(learner, case, colors=colors).double()
        got = reads(net, rng.uniform(0.5, 1.5, 1, channels, side, side))
        allowed = support(kind, side, side, size, channels, colors)
        sizes = (side, channels, colors)
        told = explain_reads(got, allowed, *sizes)
        evidence.append(got.flatten().double())
        wrong += [(told, net.names[0], case, got, allowed, sizes)] if told else []
    if wrong:
        told, name, case, got, allowed, sizes = wrong[0]
        learner.note("MaskedConv2d", case, {"colors": sizes[-1]})  # as above
        learner.show(draw_reads(got, allowed, name, *sizes))
        fail(f"{name}: {told}", got=torch.cat(evidence))


@points(2)
@requires("test_layer_reads")
def test_layer_values(learner: Learner, rng: Rng) -> None:
    """A masked layer convolves with whatever weights it has by then, in float32 and float64."""
    for kind, ins, outs, size in (("A", 1, 3, 5), ("B", 3, 2, 3)):
        net = Stack(learner, (kind, ins, outs, size))
        ((weight, bias),) = net.draw_weights(rng)
        images = rng.normal(2, ins, 4, 6)
        masked = weight * raster_mask(size, kind, ins, outs).double()
        expected = nn.functional.conv2d(images, masked, bias, padding=size // 2)
        single = net(images.float())
        assert_close(single, expected.float(), f"{net.names[0]} with other weights", rtol=1e-4, atol=1e-4)
        net.double().draw_weights(rng)
        assert_dtype(net(images), torch.float64, f"{net.names[0]} after .double()")


@points(2)
@requires("test_layer_reads")
def test_stack_reads(learner: Learner, rng: Rng) -> None:
    """A stack of kinds A, B, B reads every earlier pixel in its reach and no other."""
    net = Stack(learner, ("A", 1, 4, 5), ("B", 4, 4, 3), ("B", 4, 1, 3)).double()
    net.make_positive()
    got = reads(net, rng.uniform(0.5, 1.5, 1, 1, 6, 6))
    hidden, first = support("B", 6, 6, 3), support("A", 6, 6, 5)
    _check_reads(learner, got, stacked(hidden, hidden, first), 6, "in the stack A, B, B ")


@points(1)
@requires("test_layer_reads")
def test_jacobian(learner: Learner, rng: Rng) -> None:
    """The Jacobian of a stack, pixels in raster order, is strictly lower triangular."""
    net = Stack(learner, ("A", 1, 4, 3), ("B", 4, 1, 3)).double()
    net.make_positive()
    images = rng.uniform(0.5, 1.5, 1, 1, 4, 4).repeat(16, 1, 1, 1).requires_grad_()
    # Output pixel i is taken from copy i of the image, so that one backward pass gives every row.
    (rows,) = gradients(net(images).view(16, 16).diagonal().sum(), {"the image": images}, "the output of the stack")
    got = rows.view(16, 16).abs() > 1e-9
    allowed = stacked(support("B", 4, 4, 3), support("A", 4, 4, 3))
    _check_reads(learner, got, allowed, 4, "by its gradient, ")


def _check_reads(learner: Learner, got: Tensor, allowed: Tensor, width: int, where: str) -> None:
    told = explain_reads(got, allowed, width)
    if told:
        learner.show(draw_reads(got, allowed, "the stack", width))
        fail(f"{where}{told}", got=got.double())


@points(2)
@requires("test_layer_reads")
def test_causal_after_a_step(learner: Learner, rng: Rng) -> None:
    """After an optimiser step still no pixel sees itself or a later one."""
    net = Stack(learner, ("A", 1, 4, 3), ("B", 4, 1, 3)).double()
    image = rng.uniform(0.5, 1.5, 1, 1, 4, 4)
    _check_causal(learner, reads(net, image), "")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, weight_decay=0.1)
    (net(rng.uniform(0.5, 1.5, 4, 1, 4, 4)) - 1).square().mean().backward()
    reached = all(parameter.grad is not None for parameter in net.parameters())
    assert_true(reached, "no gradient reaches the weights of the layers", got="no gradient")
    optimizer.step()
    net.make_positive()
    _check_causal(learner, reads(net, image), "after one optimiser step ")


def _check_causal(learner: Learner, got: Tensor, when: str) -> None:
    earlier = torch.ones(16, 16, dtype=torch.bool).tril(-1)
    leaks = got & ~earlier
    if leaks.any():
        learner.show(draw_reads(got, earlier, "the stack", 4))
        fail(f"{when}{explain_reads(got, earlier, 4)}", got=leaks.double())


@points(2)
def test_total_probability(learner: Learner, rng: Rng) -> None:
    """The probabilities of all 512 binary images of 3×3 pixels add up to 1."""
    net = Stack(learner, ("A", 1, 3, 5), ("B", 3, 3, 3), ("B", 3, 1, 3)).double()
    drawn = net.draw_weights(rng)
    images = right = all_images(3, 3)
    with torch.no_grad():
        nll = image_nll(net(images), images)
    for number, (weight, bias) in enumerate(drawn):
        mask = raster_mask(weight.shape[-1], "B" if number else "A").double()
        right = nn.functional.leaky_relu(right) if number else right
        right = nn.functional.conv2d(right, weight * mask, bias, padding=weight.shape[-1] // 2)
    total = torch.exp(-nll).sum()
    told = f"This cannot be: the stack A, B, B gives all images together the probability {float(total):.4f}, not 1"
    assert_true(abs(float(total) - 1) <= 1e-6, f"{told}. So some pixel sees what it should predict", got=total)
    told = "the sum is 1, but −log p(x) of the single images"
    assert_close(nll, image_nll(right, images), told, rtol=1e-6, atol=1e-6)


# --- likelihood, blind spot, sampling ---------------------------------------------------------------------


@points(2)
def test_image_nll(learner: Learner, rng: Rng) -> None:
    """image_nll is −log p(x) of each image in nats, with its gradient."""

    def draw() -> tuple[Tensor, Tensor]:
        return 2 * rng.normal(5, 1, 4, 3), (rng.uniform(0, 1, 5, 1, 4, 3) < 0.5).double()

    wrong = (mean_over_pixels, mean_over_batch, log_likelihood, double_sigmoid, most_likely_pixel, loss_in_bits)
    logits, x = separated(draw, (image_nll, *wrong))
    expected = image_nll(logits, x)
    logits.requires_grad_()
    got = learner.image_nll(logits, x)
    assert_close(got, expected, "image_nll(logits, x)")
    (slope,) = gradients(got.sum(), {"logits": logits}, "image_nll")
    assert_close(slope, logits.detach().sigmoid() - x, "the gradient of image_nll")
    single = learner.image_nll(logits.detach().float(), x.float())
    assert_dtype(single, torch.float32, "image_nll of float32 logits")
    assert_close(single, expected.float(), "image_nll in float32", rtol=1e-4, atol=1e-4)


@points(2)
def test_blind_spot(learner: Learner, rng: Rng) -> None:
    """blind_spot marks exactly the earlier pixels that no depth can reach."""
    drawn = [(3, 6 + rng.integer(0, 3), 7, 4 + rng.integer(0, 2), rng.integer(0, 7)) for _ in range(2)]
    cases = [(3, 8, 8, 4, 3), (5, 8, 8, 4, 3), (7, 6, 12, 3, 2), (3, 5, 5, 0, 2), (5, 4, 9, 2, 8), *drawn]
    found = []
    for case in cases:
        got = learner.blind_spot(*case)
        assert_shape(got, case[1:3], f"blind_spot{case}")
        found.append((case, got.bool()))
    for case, got in found:
        wrong = (got != blind_spot(*case)).nonzero()
        if len(wrong):
            place = tuple(wrong[0].tolist())
            later = "which is the pixel itself" if place == case[3:] else "which comes later"
            why = later if place >= case[3:] else "which deep stacks do see"
            verb = f"marks {place}, {why}" if got[place] else f"leaves out {place}, which no stack sees"
            learner.note("blind_spot", case, {})  # as above
            named = torch.zeros_like(got)
            named[place] = True
            learner.show(Grid(f"blind_spot{case}: 1 where you mark a pixel", got, named, "one of the wrong pixels"))
            evidence = torch.cat([one.flatten().double() for one in (got, *(other for _, other in found))])
            fail(f"blind_spot{case} {verb}", got=evidence)


@points(2)
def test_sampling_order(learner: Learner, rng: Rng) -> None:
    """sample_images goes pixel by pixel in raster order, one forward pass each."""
    height, width = 5, 4
    pixels = height * width
    weights = (rng.uniform(0, 1, pixels, pixels) < 0.5).double()
    model = BeliefNet(weights, (rng.uniform(0, 1, pixels) < 0.5).double(), certain=True)
    images = learner.sample_images(model, 3, height, width)
    passes = model.passes
    assert_shape(images, (3, 1, height, width), "what sample_images returned")
    told = f"{passes} forward pass{'' if passes == 1 else 'es'} for images of {pixels} pixels, expected {pixels}"
    assert_true(passes == pixels, told, got=passes)
    expected = sample_images(model, 3, height, width)
    assert_close(images, expected, "the sample of a model that allows one image only")
    assert_dtype(images, torch.float32, "the sample")


@points(2)
@requires("test_sampling_order")
def test_sampling_noise(learner: Learner, rng: Rng) -> None:
    """sample_images draws from the model's distribution, and repeats itself under the same generator."""
    # The first logit is one that taken for a probability would be another one.
    model = BeliefNet(2 * rng.normal(6, 6), torch.cat([rng.uniform(0.2, 0.45, 1), rng.normal(5)]))
    seeds = [rng.seed() for _ in range(5)]
    first, again, *others = [
        learner.sample_images(model, 24, 2, 3, torch.Generator().manual_seed(seed)) for seed in (seeds[0], *seeds)
    ]
    assert_true(((first == 0) | (first == 1)).all(), "a sample holds values other than 0 and 1", got="no bits")
    drawn = torch.stack([first, *others])
    assert_true((drawn != drawn[0, 0]).any(), "every sample is the same image", got=1)
    alike = (drawn == drawn[:, :1]).all()
    assert_true(not alike, "all images of one call are the same", got=2)
    assert_true(torch.equal(first, again), "the same generator gave other images", got="other images")
    n = 4000
    flat = learner.sample_images(model, n, 2, 3, torch.Generator().manual_seed(seeds[-1])).flatten(1).double()
    assert_shape(flat, (n, 6), "4000 samples of 6 pixels, flattened,")
    every = all_images(2, 3)
    p = torch.exp(-image_nll(model(every).double(), every))
    pair = torch.triu_indices(6, 6)
    together = torch.einsum("n,ni,nj->ij", p, every.flatten(1), every.flatten(1))[pair[0], pair[1]]
    got = (flat.T @ flat / n)[pair[0], pair[1]]
    error = (together * (1 - together) / n).sqrt() + 1 / n
    assert_statistic(got, together, error, "how often pixels (and pairs of pixels) are 1 in 4000 samples")


# --- a PixelCNN -------------------------------------------------------------------------------------------


def pixelcnn(layer: Any) -> nn.Sequential:
    """A–B–B and two 1×1 layers of kind B, which need no mask."""
    masked = [layer("A", 1, 16, 7), layer("B", 16, 16, 3), layer("B", 16, 16, 3)]
    layers = [*masked, nn.Conv2d(16, 16, 1), nn.Conv2d(16, 1, 1)]
    return nn.Sequential(*[part for one in layers for part in (one, nn.ELU())][:-1])


@trial
def train_pixelcnn(learner: Any, seed: int, images: Tensor) -> dict[str, Any]:
    """Train on all images by Adam; returns the weights, every loss, and samples that the learner's sampler drew.

    Moments that forget soon reach with 150 steps what those of the paper's β₂ = 0.999 reach with 400. Ends early below
    what is possible: the verdict cannot change any more.
    """
    torch.manual_seed(seed)
    net = pixelcnn(learner.MaskedConv2d)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2, betas=(0.8, 0.9))
    steps = 150
    losses = []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 2e-2 * (1 - step / steps) + 1e-4
        loss = learner.image_nll(net(images), images).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if losses[-1] < BARS_ENTROPY - 1:
            break
    with torch.no_grad():
        samples = learner.sample_images(net, 128, 8, 8, torch.Generator().manual_seed(seed))
    weights = [parameter.detach() for parameter in net.parameters()]
    return {"weights": weights, "samples": samples, "losses": torch.tensor(losses)}


@points(3)
@training
@requires("test_image_nll", "test_sampling_order", "test_sampling_noise")
@counts_with("test_total_probability")
def test_pixelcnn(learner: Learner, rng: Rng) -> None:
    """A PixelCNN learns the 16 bars: −log p near their entropy, and samples that are bars."""
    bars = single_bars()
    trained = learner.run(train_pixelcnn, rng.seed(), bars)
    learner.show(*draw_training(trained))
    net = pixelcnn(learner.MaskedConv2d)
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), trained["weights"], strict=True):
            parameter.copy_(weight)
        nll = image_nll(net(bars), bars).mean()
    hidden = "A net of this size gets to about 3.2 when it may read every earlier pixel in its reach."
    told = "the trained net's mean −log p"
    assert_possible(
        nll,
        BARS_ENTROPY,
        None,
        told,
        because=f"nothing gets below the data's entropy, ln 16 = {BARS_ENTROPY:.4f} nats",
        so="the net sees what it predicts: it is peeking",
    )
    assert_within(nll, None, NLL_LIMIT, told, above=hidden)
    samples = trained["samples"]
    assert_shape(samples, (128, 1, 8, 8), "the samples of the trained net")
    valid = (samples.flatten(1)[:, None] == bars.flatten(1)).all(-1).any(-1).double().mean()
    reason = "The net knows better than that: its samples are not drawn in the order in which it reads."
    assert_within(valid, VALID_LIMIT, None, "the share of samples that are bars", below=reason)


def draw_training(trained: Any) -> tuple[Images, Curves]:
    """Samples and losses out of a trial's untrusted result."""
    found = trained if isinstance(trained, dict) else {}
    samples = found.get("samples")
    images = samples[:24] if isinstance(samples, Tensor) and samples.dim() else None
    floors = {"entropy of the data, ln 16": BARS_ENTROPY}
    losses = {"your image_nll": found.get("losses")}
    curve = Curves("The PixelCNN as it trains on the 16 bars", losses, y_label="loss (nats per image)", floors=floors)
    return Images("What your sample_images draws from the trained PixelCNN", images), curve


# --- misconceptions: the mask -----------------------------------------------------------------------------


@misconception(
    "make_mask",
    fails="test_mask",
    says="kinds A and B are swapped",
    why=(
        "kind A guards the layer that sees the image itself, so it must hide the very pixel to be predicted; "
        "behind it that pixel is gone and B may keep the centre"
    ),
    look="Which of the two kinds may read the centre tap, and which layer of a net is it for?",
)
def kinds_swapped(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """A where B belongs, and B for A."""
    return raster_mask(kernel_size, "B" if kind == "A" else "A", in_channels, out_channels, colors)


@misconception(
    "make_mask",
    fails="test_mask",
    says="the centre stays open for kind A too, so both kinds are B",
    why="the first layer could copy the pixel it should predict, and then the likelihood means nothing",
    look="Where in your code does the kind make a difference?",
)
def always_b(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """B whatever the kind."""
    return raster_mask(kernel_size, "B", in_channels, out_channels, colors)


@misconception(
    "make_mask",
    fails="test_mask",
    says="the centre is closed for kind B too, so both kinds are A",
    why=(
        "the centre of a hidden layer holds what its pixel has gathered from earlier ones, and closing it throws that "
        "away layer after layer"
    ),
    look="What does the centre of a hidden layer know: the pixel itself, or only its past?",
)
def always_a(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """A whatever the kind."""
    return raster_mask(kernel_size, "A", in_channels, out_channels, colors)


@misconception(
    "make_mask",
    fails="test_mask",
    says="pixels are ordered column by column",
    why="raster order reads like a page, row by row; a mask in another order disagrees with the sampler",
    look="Is a pixel up and to the right earlier or later? And one down and to the left?",
)
def columns_first(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """Rows and columns exchanged."""
    return raster_mask(kernel_size, kind, in_channels, out_channels, colors).transpose(-1, -2).contiguous()


@misconception(
    "make_mask",
    fails="test_mask",
    says="the mask opens the future and hides the past",
    why="PyTorch's convolution does not flip its kernel: the tap above the centre reads the pixel above",
    look="Which pixel does the tap [0, 0] of the kernel touch?",
)
def mask_flipped(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """Turned by 180°."""
    return raster_mask(kernel_size, kind, in_channels, out_channels, colors).flip(-1, -2)


@misconception(
    "make_mask",
    fails="test_mask",
    says="the pixels to the left in the same row are hidden",
    why="they were generated before this one, so they may be read",
    look="Which pixels of its own row come before a pixel?",
)
def left_of_row_hidden(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """The current row without its left part."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    mask[..., kernel_size // 2, : kernel_size // 2] = 0
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="the whole current row is visible",
    why="the pixel itself and those to its right do not exist yet when it is drawn",
    look="How many taps of the middle row lie to the left of the centre?",
)
def whole_row_visible(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """The current row up to its end."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    mask[..., kernel_size // 2, :] = 1
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="the rows above are hidden",
    why="raster order puts every row above before the current one",
    look="Which rows of the kernel lie wholly in the past?",
)
def rows_above_hidden(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """The current row only."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    mask[..., : kernel_size // 2, :] = 0
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="pixels above and to the right are hidden",
    why="each row above comes earlier as a whole, to its very end",
    look="Is the pixel above and to the right drawn before or after this one?",
)
def up_right_hidden(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """The quadrant up and left."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    mask[..., : kernel_size // 2, kernel_size // 2 + 1 :] = 0
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="the current row is open one pixel too far to the right",
    why="the end of a Python slice is not part of it, and one added to be safe opens the future",
    look="Up to which column is your slice of the middle row open: write the numbers down for kernel size 5.",
)
def one_too_far_right(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """The current row to one beyond the centre."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    mask[..., kernel_size // 2, : kernel_size // 2 + 2] = 1
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="the lower triangle (torch.tril) stands for raster order",
    why="this orders the pixels by their diagonal and not by rows",
    look="Print your mask for kernel size 3: is the top right corner earlier or later than the centre?",
)
def triangle(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """The k×k matrix below its diagonal."""
    taps = torch.ones(kernel_size, kernel_size).tril(-1 if kind == "A" else 0)
    return taps.expand(out_channels, in_channels, -1, -1).clone()


@misconception(
    "make_mask",
    fails="test_mask",
    says="the mask is 1 everywhere",
    why="then it is an ordinary convolution, which sees the future",
    look="How many zeros are in your mask?",
)
def nothing_hidden(kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1) -> Tensor:
    """All ones."""
    return torch.ones(out_channels, in_channels, kernel_size, kernel_size)


@misconception(
    "make_mask",
    fails="test_mask_colors",
    says="the order of the colours at the centre is reversed",
    why="red is drawn first, so green may read red, but red may not read green",
    look="Which of the mask's first two dimensions is the output, and which the input?",
)
def colors_reversed(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """Red reads green."""
    blue_first = raster_mask(kernel_size, kind, out_channels, in_channels, colors).transpose(0, 1).contiguous()
    mask = raster_mask(kernel_size, kind, in_channels, out_channels)
    if colors > 1:
        mask[..., kernel_size // 2, kernel_size // 2] = blue_first[..., kernel_size // 2, kernel_size // 2]
    return mask


@misconception(
    "make_mask",
    fails="test_mask_colors",
    says="every colour at the centre is visible",
    why="the later colours of a pixel are not drawn yet, and under kind A neither is the colour itself",
    look="What may the red output read of its own pixel?",
)
def all_colors_visible(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """A pixel counts as one unit that may read itself."""
    return raster_mask(kernel_size, "B" if colors > 1 else kind, in_channels, out_channels)


@misconception(
    "make_mask",
    fails="test_mask_colors",
    says="kind A hides every colour of its own pixel",
    why="green is drawn after red, so it may read red of its own pixel even in the first layer",
    look="In which order are the three colours of one pixel drawn?",
)
def all_colors_hidden(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """A pixel counts as one unit under kind A."""
    return raster_mask(kernel_size, kind, in_channels, out_channels, 1 if kind == "A" else colors)


@misconception(
    "make_mask",
    fails="test_mask_colors",
    says="channels are dealt to the colours in turn (c % colors)",
    why="the channels of one colour stand side by side: the first third is red, then come green and blue",
    look="Which colour is channel 1 of 6?",
)
def colors_interleaved(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """Channel c has colour c % colors."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels)
    group_in, group_out = torch.arange(in_channels)[None] % colors, torch.arange(out_channels)[:, None] % colors
    mask[..., kernel_size // 2, kernel_size // 2] = (
        (group_in < group_out) if kind == "A" else (group_in <= group_out)
    ).float()
    return mask


@misconception(
    "make_mask",
    fails="test_mask",
    says="only the first filter is masked",
    why="each output channel convolves each input channel with a filter of its own, and all of them must be masked",
    look="Which entries does mask[0, 0] leave out when there are several channels?",
)
def first_filter_only(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> Tensor:
    """Zeros in mask[0, 0] alone, unless colours make the author think of channels."""
    mask = raster_mask(kernel_size, kind, in_channels, out_channels, colors)
    if colors == 1:
        mask.view(-1, kernel_size, kernel_size)[1:] = 1
    return mask


# --- misconceptions: the layer ----------------------------------------------------------------------------

# A layer may have its mask from anywhere: the same mistakes again, for a MaskedConv2d that does not call make_mask.
kinds_swapped_layer = type("kinds_swapped_layer", (RasterConv2d,), {"mask_function": staticmethod(kinds_swapped)})
always_b_layer = type("always_b_layer", (RasterConv2d,), {"mask_function": staticmethod(always_b)})
always_a_layer = type("always_a_layer", (RasterConv2d,), {"mask_function": staticmethod(always_a)})
columns_first_layer = type("columns_first_layer", (RasterConv2d,), {"mask_function": staticmethod(columns_first)})
mask_flipped_layer = type("mask_flipped_layer", (RasterConv2d,), {"mask_function": staticmethod(mask_flipped)})
left_of_row_hidden_layer = type(
    "left_of_row_hidden_layer", (RasterConv2d,), {"mask_function": staticmethod(left_of_row_hidden)}
)
whole_row_visible_layer = type(
    "whole_row_visible_layer", (RasterConv2d,), {"mask_function": staticmethod(whole_row_visible)}
)
rows_above_hidden_layer = type(
    "rows_above_hidden_layer", (RasterConv2d,), {"mask_function": staticmethod(rows_above_hidden)}
)
up_right_hidden_layer = type("up_right_hidden_layer", (RasterConv2d,), {"mask_function": staticmethod(up_right_hidden)})
one_too_far_right_layer = type(
    "one_too_far_right_layer", (RasterConv2d,), {"mask_function": staticmethod(one_too_far_right)}
)
triangle_layer = type("triangle_layer", (RasterConv2d,), {"mask_function": staticmethod(triangle)})
colors_reversed_layer = type("colors_reversed_layer", (RasterConv2d,), {"mask_function": staticmethod(colors_reversed)})
all_colors_visible_layer = type(
    "all_colors_visible_layer", (RasterConv2d,), {"mask_function": staticmethod(all_colors_visible)}
)
all_colors_hidden_layer = type(
    "all_colors_hidden_layer", (RasterConv2d,), {"mask_function": staticmethod(all_colors_hidden)}
)
colors_interleaved_layer = type(
    "colors_interleaved_layer", (RasterConv2d,), {"mask_function": staticmethod(colors_interleaved)}
)

for _function in (
    kinds_swapped,
    always_b,
    always_a,
    columns_first,
    mask_flipped,
    left_of_row_hidden,
    whole_row_visible,
    rows_above_hidden,
    up_right_hidden,
    one_too_far_right,
    triangle,
    colors_reversed,
    all_colors_visible,
    all_colors_hidden,
    colors_interleaved,
):
    _words = vars(_function)["__misconception__"]
    misconception("MaskedConv2d", fails="test_layer_reads", says=_words.says, why=_words.why, look=_words.look)(
        globals()[f"{_function.__name__}_layer"]
    )

first_filter_only_layer = type(
    "first_filter_only_layer", (RasterConv2d,), {"mask_function": staticmethod(first_filter_only)}
)
_words = vars(first_filter_only)["__misconception__"]
# A layer of one channel looks right; values and stacks of several channels give it away.
misconception("MaskedConv2d", fails="test_layer_values", says=_words.says, why=_words.why, look=_words.look)(
    first_filter_only_layer
)

mask_unused = type("mask_unused", (RasterConv2d,), {"applied": "never"})
misconception(
    "MaskedConv2d",
    fails="test_layer_reads",
    says="the convolution runs with weights that are not masked",
    why="the mask hides nothing unless it multiplies the weight that the convolution uses",
    look="Which weight does your forward hand to the convolution?",
)(mask_unused)

masked_at_init_only = type("masked_at_init_only", (RasterConv2d,), {"applied": "init"})
misconception(
    "MaskedConv2d",
    fails="test_causal_after_a_step",
    says="the weights are masked once, when the layer is made",
    why="the first optimiser step gives the hidden weights new values, because their gradient is not zero",
    look="What happens to a weight of 0 in training, and which method runs at every step?",
    source=r"weight\.data|weight\.(mul_|copy_)|weight\s*\*=",
)(masked_at_init_only)

mask_trained = type("mask_trained", (RasterConv2d,), {"applied": "trained"})
misconception(
    "MaskedConv2d",
    fails="test_layer_values",
    says="the mask is a parameter, so it is trained along with the weights",
    why="an optimiser step moves its zeros away from zero, and the future shows through",
    look="How does nn.Module keep a tensor that belongs to it but should not be learned?",
    source=r"mask\s*=\s*(torch\.)?(nn\.)?Parameter|register_parameter",
)(mask_trained)

weights_detached = type("weights_detached", (RasterConv2d,), {"applied": "detached"})
misconception(
    "MaskedConv2d",
    fails="test_causal_after_a_step",
    says="the masked weight is cut off from the weight that should be trained",
    why="what is computed under no_grad, or from .data or .detach(), carries no gradient back",
    look="In which lines of your forward does PyTorch keep track of the weight?",
)(weights_detached)

padding_forgotten = type("padding_forgotten", (RasterConv2d,), {"padded": False})
misconception(
    "MaskedConv2d",
    fails="test_layer_reads",
    says="the convolution is not padded",
    why="each pixel needs an output of its own, so the image must keep its size",
    look="How many pixels does a kernel of size 5 take off each side?",
)(padding_forgotten)


# --- misconceptions: likelihood, blind spot, sampling -----------------------------------------------------


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="the mean over the pixels was taken",
    why="the chain rule multiplies one factor per pixel, so their logarithms add up",
    look="Is log p(x) of two independent pixels their sum or their average?",
)
def mean_over_pixels(logits: Tensor, x: Tensor) -> Tensor:
    """Nats per pixel."""
    return nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).mean(1)


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="the whole batch became one number",
    why="every image has a likelihood of its own, and the result should keep the batch dimension",
    look="What shape does your result have for a batch of five images?",
)
def mean_over_batch(logits: Tensor, x: Tensor) -> Tensor:
    """The mean over everything, as the loss functions of PyTorch give it."""
    return nn.functional.binary_cross_entropy_with_logits(logits, x)


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="the sign is wrong: this is log p(x)",
    why="the negative log-likelihood of pixels is never negative, and training makes it small",
    look="Which sign has the logarithm of a probability?",
)
def log_likelihood(logits: Tensor, x: Tensor) -> Tensor:
    """Likelihoods in place of their negatives."""
    return -nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="the logits went through a sigmoid before a loss that applies its own",
    why="probabilities taken for logits lie between 0 and 1, so every pixel stays undecided",
    look="Does your loss function want logits or probabilities?",
)
def double_sigmoid(logits: Tensor, x: Tensor) -> Tensor:
    """The loss with logits, of probabilities."""
    loss = nn.functional.binary_cross_entropy_with_logits(logits.sigmoid(), x, reduction="none")
    return loss.flatten(1).sum(1)


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="only pixels that are 1 count",
    why="each pixel that is 0 has a probability too, 1 − p, and it is a factor of p(x)",
    look="What does a black pixel, x = 0, add to your sum?",
)
def most_likely_pixel(logits: Tensor, x: Tensor) -> Tensor:
    """−Σ x·log p."""
    return -(x * nn.functional.logsigmoid(logits)).flatten(1).sum(1)


@misconception(
    "image_nll",
    fails="test_image_nll",
    says="the result is in bits",
    why="nats are asked for, that is natural logarithms",
    look="Which base does your logarithm have?",
)
def loss_in_bits(logits: Tensor, x: Tensor) -> Tensor:
    """−log₂ p(x)."""
    loss = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return loss.flatten(1).sum(1) / math.log(2)


@misconception(
    "blind_spot",
    fails="test_blind_spot",
    says="later pixels are counted as blind too",
    why="later pixels are hidden on purpose; the blind spot is what a pixel should see and does not",
    look="What do you mark in the rows below the pixel?",
)
def later_pixels_counted(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """Everything unseen, and the pixel itself."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    later = (rows > row) | ((rows == row) & (columns >= column))
    return later | ((rows < row) & (columns - column > kernel_size // 2 * (row - rows)))


@misconception(
    "blind_spot",
    fails="test_blind_spot",
    says="the upper left was taken for blind as well",
    why="the path may first walk left along the row, as far as it likes, and then climb",
    look="Can a stack reach the left end of the pixel's own row? And from there?",
)
def blind_on_both_sides(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """Outside a cone that opens upwards."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    return (rows < row) & ((columns - column).abs() > kernel_size // 2 * (row - rows))


@misconception(
    "blind_spot",
    fails="test_blind_spot",
    says="each layer is taken to reach kernel_size pixels to the side",
    why="the kernel is centred on its pixel, so only a part of it lies on either side",
    look="How far from its centre does a kernel of size 5 reach?",
)
def kernel_size_as_reach(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """A slope of k where half of it belongs."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    return (rows < row) & (columns - column > kernel_size * (row - rows))


@misconception(
    "blind_spot",
    fails="test_blind_spot",
    says="the view of a single layer was taken",
    why="every further layer reaches further, and the question is about endless depth",
    look="What does a second layer see through the first one?",
)
def single_layer_view(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """Every earlier pixel outside the kernel."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    earlier = (rows < row) | ((rows == row) & (columns < column))
    reach = kernel_size // 2
    return earlier & ~((row - rows <= reach) & ((columns - column).abs() <= reach))


@misconception(
    "blind_spot",
    fails="test_blind_spot",
    says="the visible pixels are marked in place of the blind ones",
    why="True stands for a pixel that is never seen",
    look="What does True mean in the result?",
)
def visible_marked(kernel_size: int, height: int, width: int, row: int, column: int) -> Tensor:
    """Earlier pixels that are seen."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    left = (rows == row) & (columns < column)
    return left | ((rows < row) & (columns - column <= kernel_size // 2 * (row - rows)))


def sample_pixels(
    model: nn.Module,
    n: int,
    height: int,
    width: int,
    choose: Any,
    columns_first: bool = False,
) -> Tensor:
    """Pixel by pixel, each by ``choose`` from its logits."""
    images = torch.zeros(n, 1, height, width)
    places = list(itertools.product(range(height), range(width)))
    for row, column in sorted(places, key=lambda place: place[::-1]) if columns_first else places:
        with torch.no_grad():
            images[:, 0, row, column] = choose(model(images)[:, 0, row, column])
    return images


@misconception(
    "sample_images",
    fails="test_sampling_order",
    says="all pixels were drawn at once, from one forward pass",
    why="the probability of a pixel depends on the earlier pixels of the same sample, and those do not exist yet",
    look="Which image did the model see when it gave the logit of the last pixel?",
)
def all_pixels_at_once(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """One pass over an empty image."""
    with torch.no_grad():
        return torch.bernoulli(model(torch.zeros(n, 1, height, width)).sigmoid(), generator=generator)


@misconception(
    "sample_images",
    fails="test_sampling_order",
    says="the pixels were drawn column by column",
    why="the model was trained to read row by row, so most of what it reads is still empty",
    look="Which of your two loops is the outer one?",
)
def sampled_by_columns(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """The outer loop runs over columns."""
    return sample_pixels(
        model, n, height, width, lambda logits: torch.bernoulli(logits.sigmoid(), generator=generator), True
    )


@misconception(
    "sample_images",
    fails="test_sampling_order",
    says="the pixels drawn so far were not given to the model",
    why="with an empty image as its input a model cannot condition on anything",
    look="What is in the image that you pass to the model at the third step?",
)
def sample_not_fed_back(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """Every pass sees an empty image."""
    images, empty = torch.zeros(n, 1, height, width), torch.zeros(n, 1, height, width)
    with torch.no_grad():
        for row, column in itertools.product(range(height), range(width)):
            p = model(empty)[:, 0, row, column].sigmoid()
            images[:, 0, row, column] = torch.bernoulli(p, generator=generator)
    return images


@misconception(
    "sample_images",
    fails="test_sampling_noise",
    says="each pixel was set to its likelier value",
    why="that gives one and the same image for ever; a sample needs a draw",
    look="Where in your loop do random numbers come in?",
)
def likelier_value(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """A threshold at p = ½."""
    return sample_pixels(model, n, height, width, lambda logits: (logits > 0).float())


@misconception(
    "sample_images",
    fails="test_sampling_noise",
    says="probabilities were put into the image",
    why="pixels are 0 or 1, and the model has never seen anything between",
    look="Which values can a pixel of your result have?",
)
def probabilities_as_pixels(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """Grey pixels."""
    return sample_pixels(model, n, height, width, torch.sigmoid)


@misconception(
    "sample_images",
    fails="test_sampling_noise",
    says="the logits were taken for probabilities",
    why="logits are any real numbers; the probability is the sigmoid of one",
    look="What is compared with the uniform random number, and in which range does it lie?",
)
def logits_as_probabilities(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """A uniform number below the logit."""
    return sample_pixels(
        model, n, height, width, lambda logits: (torch.rand(logits.shape, generator=generator) < logits).float()
    )


@misconception(
    "sample_images",
    fails="test_sampling_noise",
    says="all images share one random number per pixel",
    why="the n images should be independent draws",
    look="How many random numbers do you draw per pixel when n is 100?",
)
def one_draw_for_all(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """One uniform number for the whole batch."""
    return sample_pixels(
        model, n, height, width, lambda logits: (torch.rand(1, generator=generator) < logits.sigmoid()).float()
    )


@misconception(
    "sample_images",
    fails="test_sampling_noise",
    says="the generator is not used",
    why="whoever passes a seeded generator expects the same images again",
    look="Which of your random functions takes a generator?",
)
def generator_ignored(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> Tensor:
    """Draws from the global generator."""
    return sample_pixels(model, n, height, width, lambda logits: torch.bernoulli(logits.sigmoid()))


# --- remarks on right code --------------------------------------------------------------------------------


@advice(
    "sample_images",
    check="test_sampling_order",
    says="sample_images records a graph for a gradient that nobody asks for, in every one of its passes. "
    "Under torch.no_grad() it needs less memory and time",
)
def sampling_with_graph(code: ast.AST) -> bool:
    """Nothing that switches the graph off."""
    return not any(mentions(code, name) for name in ("no_grad", "inference_mode", "set_grad_enabled"))


@advice(
    "MaskedConv2d",
    check="test_layer_values",
    says="MaskedConv2d writes into weight.data, behind autograd's back. It works here, but an optimizer with momentum "
    "or a parametrized weight undoes it; multiply by the mask in forward and leave the weight alone",
)
def weight_overwritten(code: ast.AST) -> bool:
    """The mask is written into the weight."""
    return mentions(code, "data")


@advice(
    "image_nll",
    check="test_image_nll",
    says="image_nll takes the sigmoid and then a logarithm. For logits beyond ±17 float32 rounds the sigmoid to 0 or "
    "1, and the logarithm is lost; binary_cross_entropy_with_logits does both steps in one",
)
def sigmoid_before_log(code: ast.AST) -> bool:
    """Two steps where one is exact."""
    return calls(code, "sigmoid") and (calls(code, "log") or calls(code, "binary_cross_entropy"))


@advice(
    "image_nll",
    check="test_image_nll",
    says="image_nll goes through the images in Python. flatten(1).sum(1) adds up the pixels of each image of the batch",
)
def images_in_python(code: ast.AST) -> bool:
    """A Python loop around the images."""
    return loops_over(code, "x") or loops_over(code, "logits")
