# %% [markdown]
# # Exercise 3: Masked convolution
#
# How likely is this image? Most generative models cannot say. A PixelCNN can, because it reads an image like a page:
# row by row from the top, each row from left to right. This is **raster order**. Every pixel is predicted from the
# pixels before it, and the chain rule of probability multiplies the predictions:
#
# $$p(x) = \prod_i p(x_i \mid x_1, \dots, x_{i-1})$$
#
# or in plain signs: p(x) = p(x₁) · p(x₂ | x₁) · p(x₃ | x₁, x₂) · …
#
# One convolutional net computes all factors in a single pass, provided that no output ever sees its own pixel or a
# later one. Zeros in the kernels take care of that:
#
# - kind **A** hides the centre of the kernel and everything after it. The first layer, which sees the image, needs it.
# - kind **B** opens the centre too. All later layers use it: at the centre they find no pixel, only what an earlier
#   layer has gathered from the pixels before it.
#
# **Worked example**, in one dimension. A kernel of size 5, all ones, in the middle of the row 1 2 3 4 5:
#
# | kind | mask | ones | answer at the centre |
# |---|---|---|---|
# | A | 1 1 **0** 0 0 | 2 | 1 + 2 = 3 |
# | B | 1 1 **1** 0 0 | 3 | 1 + 2 + 3 = 6 |
# | none | 1 1 **1** 1 1 | 5 | 15 |
#
# (PyTorch's convolution does not flip its kernel: the left tap reads the left neighbour.)
#
# Run `grade exercise3` as often as you like; a place you have not filled yet is reported as "not attempted".

# %%
import torch
from torch import nn

# %% [markdown]
# ## Part 1: masks by hand
#
# In two dimensions, "before" means: in a row above, anywhere, or in the same row further to the left.
# Draw the masks of size 3, 5 and 7 and count their ones (one channel in, one out).
# Whole numbers are asked for here; in general, four decimals always pass.

# %%
ones_in_mask = {("A", 3): None, ("B", 3): None, ("A", 5): None, ("B", 5): None, ("A", 7): None, ("B", 7): None}

# %% [markdown]
# Now lay a 3×3 kernel of ones on this image. What comes out at the centre pixel, the 5, under either mask and under
# none?
#
# | | | |
# |---|---|---|
# | 1 | 2 | 3 |
# | 4 | **5** | 6 |
# | 7 | 8 | 9 |

# %%
center_response = {"A": None, "B": None, "none": None}

# %% [markdown]
# ## Part 2: the mask
#
# A kernel of `nn.Conv2d` has the shape (out, in, k, k), and so has its mask. With one channel it is what you drew.
#
# A colour image adds a question: the three values of *one* pixel are drawn one after the other as well, red, then
# green, then blue. So at the centre tap it matters which colour asks and which one answers:
#
# | may it read …, of its own pixel? | red | green | blue |
# |---|---|---|---|
# | kind A: a red output | no | no | no |
# | kind A: a green output | yes | no | no |
# | kind A: a blue output | yes | yes | no |
#
# Kind B adds the diagonal: each colour may read itself. At all other taps colours play no part.
#
# Hidden layers have more than three channels; they are shared out in blocks. With C channels and `colors=3`
# channel c belongs to group c // (C/3): of 6 channels, 0 and 1 are red, 2 and 3 green, 4 and 5 blue.
# Input and output are shared out each on its own. With `colors=1` there is one group.
#
# To test yourself: a 3×3 mask from 3 to 3 channels with `colors=3` has 39 ones (A) or 42 (B), from 6 to 6 channels
# 156 or 168.


# %%
def make_mask(
    kernel_size: int, kind: str, in_channels: int = 1, out_channels: int = 1, colors: int = 1
) -> torch.Tensor:
    """Which taps of a kernel may be used in raster order.

    Args:
        kernel_size: side k of the kernel, odd.
        kind: "A" (the centre is hidden) or "B" (the centre is visible).
        in_channels: channels that the convolution reads, a multiple of ``colors``.
        out_channels: channels that it writes, a multiple of ``colors``.
        colors: how many colours a pixel has; channel c of C belongs to colour c // (C / colors).

    Returns:
        float tensor (out_channels, in_channels, k, k): 1 where a tap may be used, else 0.
    """
    raise NotImplementedError("write make_mask")


# %% [markdown]
# ## Part 3: the layer
#
# `MaskedConv2d("A", 1, 16, 7)` is an `nn.Conv2d` from 1 to 16 channels with a kernel of size 7 whose weights are
# masked. Three things to mind:
#
# - The image keeps its height and width, so pad with zeros.
# - Keep the mask as a buffer (`register_buffer`), so that `.double()` and `.to(device)` take it along and no
#   optimiser trains it.
# - Mask the weights at *every* forward pass. They change all the time: an optimiser moves them, a checkpoint
#   replaces them, and the checks put in some of their own.
#
# Further keywords such as `bias=False` go to `nn.Conv2d`. Kernels are odd and at least 3; there is no dilation.
#
# The checks change one input pixel at a time and watch which outputs move. They also add up the probabilities that
# a small stack of your layers gives to all 512 binary images of 3×3 pixels. If the sum is not 1, some pixel has seen
# what it should predict.


# %%
class MaskedConv2d(nn.Conv2d):
    """A convolution in raster order: (B, in, h, w) → (B, out, h, w).

    Args:
        kind: "A" for the layer that sees the image, "B" for all others.
        in_channels: channels in, a multiple of ``colors``.
        out_channels: channels out, a multiple of ``colors``.
        kernel_size: odd, at least 3.
        colors: how many colours a pixel has.
        kwargs: passed on to ``nn.Conv2d``.
    """

    def __init__(
        self, kind: str, in_channels: int, out_channels: int, kernel_size: int, colors: int = 1, **kwargs: object
    ) -> None:
        raise NotImplementedError("write MaskedConv2d.__init__")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Convolve with the masked weights."""
        raise NotImplementedError("write MaskedConv2d.forward")


# %% [markdown]
# ## Part 4: the exact likelihood
#
# For binary images the net gives one **logit** a per pixel, and p(pixel is 1) = sigmoid(a). The logarithm turns the
# product of the chain rule into a sum:
#
# $$-\log p(x) = -\sum_i \log p(x_i \mid x_1, \dots, x_{i-1})$$
#
# in nats, one number for every image of the batch. A worked example with two pixels x = (1, 0) and logits
# (0, ln 3): the probabilities of a 1 are ½ and ¾, so p(x) = ½ · (1 − ¾) = ⅛ and −log p(x) = ln 8 = 2.0794 nats.


# %%
def image_nll(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """−log p(x) of every image, in nats, differentiable in ``logits``.

    Args:
        logits: (B, 1, h, w); the probability that a pixel is 1 is sigmoid(logit).
        x: images of the same shape, 0 or 1.

    Returns:
        (B,), in the dtype of ``logits``.
    """
    raise NotImplementedError("write image_nll")


# %% [markdown]
# ## Part 5: the blind spot
#
# Nothing later is ever seen. But is everything earlier seen, at least by a very deep net? Follow a path backwards
# from a pixel, one layer at a time: a layer leads from a place to any tap that its mask leaves open, and no path may
# leave the image. Try it on squared paper: to the left in your own row is easy. One row up, how far to the right do
# you get with a 3×3 kernel? Two rows up? Some pixels stay out of reach at any depth. They are the **blind spot** of a
# plain PixelCNN, and later models were built to remove it.
#
# The stack has one layer of kind A, then as many of kind B as you like, all with the same kernel size and one channel.
# To test yourself: in an 8×8 image the pixel (4, 3), that is row 4 and column 3 counted from 0, has 6 blind pixels
# for kernel size 3 and 2 for kernel size 5.


# %%
def blind_spot(kernel_size: int, height: int, width: int, row: int, column: int) -> torch.Tensor:
    """Earlier pixels that the pixel (row, column) never sees, however deep the stack.

    Args:
        kernel_size: side of all kernels, odd.
        height: rows of the image.
        width: columns of the image.
        row: row of the pixel that asks, from 0.
        column: its column, from 0.

    Returns:
        bool tensor (height, width): True for a pixel that comes earlier and is never seen.
    """
    raise NotImplementedError("write blind_spot")


# %% [markdown]
# ## Part 6: sampling
#
# Training needs one pass for a whole image, because all pixels are known. Sampling is slow: a pixel has to be drawn
# before the next one can be predicted. Start from an empty image and go through it in raster order. For every pixel,
# run the model on what you have so far, take the logit *of that pixel*, draw 0 or 1, and write it into the image.
# That makes exactly height · width forward passes, each for all n images at once.
#
# Finally the grader trains a PixelCNN made of your layers, with your likelihood as its loss, on 16 images of 8×8
# pixels: each has one full row or one full column of ones. They are equally likely, so no model at all can get below
# ln 16 = 2.7726 nats. A net that gets lower has been peeking. A good one comes close, and most of what your sampler
# draws from it are bars.


# %%
def sample_images(
    model: nn.Module, n: int, height: int, width: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Draw binary images pixel by pixel.

    Args:
        model: (n, 1, height, width) images → logits of the same shape; each depends on earlier pixels only.
        n: how many images.
        height: rows.
        width: columns.
        generator: source of the noise; None for torch's global one.

    Returns:
        float32 (n, 1, height, width) of 0 and 1.
    """
    raise NotImplementedError("write sample_images")
