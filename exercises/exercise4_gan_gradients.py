# %% [markdown]
# # Exercise 4: The gradients of a GAN
#
# A generator G turns noise z into samples; a discriminator D tells them from the data. For every example D computes
# one number, the **logit** a, and the probability that the example is real is D = sigmoid(a) = 1 / (1 + e^−a). The two
# play a game about one value, which D wants large and G wants small (Goodfellow et al. 2014):
#
# $$V(D, G) = \mathbb{E}_{x\sim p_{data}}[\log D(x)] + \mathbb{E}_{z}[\log(1 - D(G(z)))],$$
#
# in plain signs: the mean of log D over the data plus the mean of log(1 − D) over the samples of G.
#
# G can change the second term only. So its first loss is the **minimax** loss log(1 − D), and that has a catch: early
# in training D is sure that every sample is fake, and where D is near 0 this loss is almost flat. The
# **non-saturating** loss −log D falls in the same direction and is steep there. Optimizers minimize, so G goes down
# either of the two.
#
# Here you compute both slopes, write the losses so that they survive a D that is very sure, and write the two steps
# of the training, where a gradient that gets to the wrong place makes no error, only a bad GAN.
#
# **Worked example** at D = 0.2, a sample that D finds rather fake. All logarithms are natural.
#
# | | minimax log(1 − D) | non-saturating −log D |
# |---|---|---|
# | value | log 0.8 = −0.2231 | −log 0.2 = 1.6094 |
# | derivative by D | −1 / 0.8 = −1.25 | −1 / 0.2 = −5 |
# | dD/da = D · (1 − D) | 0.16 | 0.16 |
# | derivative by the logit a | −1.25 · 0.16 = **−0.2** | −5 · 0.16 = **−0.8** |
#
# It is the last line that counts, since the logit is what the network computes.
#
# Run `grade exercise4` as often as you like; a place you have not filled yet is reported as "not attempted".

# %%
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# ## Part 1: two slopes by hand
#
# Now D is sure: D = 0.01. Give the derivative of each loss **by the logit a**. Four decimals always pass, here and in
# part 2.

# %%
minimax_gradient = None

# %%
nonsaturating_gradient = None

# %% [markdown]
# And the derivatives **by D itself**, at the same D = 0.01. (An error of 0.01 is allowed.) Compare the two pairs: which
# of the two losses would you want to train with?

# %%
minimax_gradient_wrt_d = None

# %%
nonsaturating_gradient_wrt_d = None

# %% [markdown]
# ## Part 2: the best discriminator
#
# Suppose G stands still and D may be any function. Then at every point x it is best for D to answer
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)},$$
#
# that is p_data / (p_data + p_g), the share of the real examples among all that are found at x.
#
# **Worked example**: two points with p_data = (0.9, 0.1) and p_g = (0.6, 0.4) give D* = (0.9 / 1.5, 0.1 / 0.5) =
# (0.6, 0.2), and V(D*, G) = 0.9 · log 0.6 + 0.1 · log 0.2 + 0.6 · log 0.4 + 0.4 · log 0.8 = **−1.259719**. The first
# two terms are the expectation over the data, the others the one over G.
#
# Give D* for the three points with p_data = (0.5, 0.3, 0.2) and p_g = (0.2, 0.3, 0.5).

# %%
d_star = [None, None, None]

# %% [markdown]
# The game is over when G draws exactly as the data does, p_g = p_data everywhere. What is V(D*, G) then?

# %%
value_at_equilibrium = None

# %% [markdown]
# ## Part 3: the losses
#
# All three losses take **logits**, a tensor of any shape, and give one number: a 0-d tensor, the mean over all its
# entries, with a graph, so that autograd finds its slopes.
#
# D's loss is a binary cross-entropy, where real examples have the label 1 and fakes the label 0: the mean of −log D
# over the real batch plus the mean of −log(1 − D) over the fake batch. Many programs **halve** the sum, many do not;
# here halving is the default. The two batches may differ in size, and each has a mean of its own.
#
# **Worked example**: real logits [2, −1], so D = [0.8808, 0.2689] and −log D = [0.1269, 1.3133], with mean 0.7201. Fake
# logits [0], so D = 0.5 and −log 0.5 = 0.6931. Together 1.4132, halved **0.7066**.
#
# D may be *very* sure. In float32, sigmoid(20) is 1, and sigmoid(−110) is 0, whose logarithm is −∞. A small constant
# in the logarithm, or a clamp, keeps the number finite and loses the slope, and then the non-saturating loss saturates
# again. So the losses have to be exact, and so do their slopes, for logits from −10⁴ to 10⁴ in float32. PyTorch has
# functions that go from the logit to the logarithm in one step.


# %%
def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor, halve: bool = True) -> torch.Tensor:
    """Binary cross-entropy of D: label 1 for real examples, label 0 for fakes.

    Args:
        real_logits: D's logits for real examples, any shape.
        fake_logits: D's logits for fakes, any shape, not necessarily as many.
        halve: whether to take half of the sum of the two means.

    Returns:
        One number in nats, with a graph.
    """
    raise NotImplementedError("write discriminator_loss")


# %%
def generator_loss_minimax(fake_logits: torch.Tensor) -> torch.Tensor:
    """What G minimizes in the original game.

    Args:
        fake_logits: D's logits for samples of G, any shape.

    Returns:
        The mean of log(1 − D): one number in nats, with a graph.
    """
    raise NotImplementedError("write generator_loss_minimax")


# %%
def generator_loss_nonsaturating(fake_logits: torch.Tensor) -> torch.Tensor:
    """What G minimizes in practice.

    Args:
        fake_logits: D's logits for samples of G, any shape.

    Returns:
        Minus the mean of log D: one number in nats, with a graph.
    """
    raise NotImplementedError("write generator_loss_nonsaturating")


# %% [markdown]
# ## Part 4: the slopes as a function
#
# What you computed by hand in part 1, for any D: the derivative of each loss by the logit, as a formula in D, without
# autograd. Each entry of `d` stands for one sample by itself; there is no mean here.


# %%
def generator_gradients(d: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Derivatives of G's two losses by the logit, by formula.

    Args:
        d: values of D, strictly between 0 and 1, any shape.

    Returns:
        The pair (d log(1 − D) / da, d(−log D) / da), each shaped like ``d``.
    """
    raise NotImplementedError("write generator_gradients")


# %% [markdown]
# ## Part 5: the optimum as functions
#
# Some point may have p_g = 0 and some other p_data = 0 (never both at once). What has no probability adds nothing to
# an expectation: 0 · log 0 counts as 0 here, though torch's `0 * log(0)` is NaN.
#
# A check of your work: V(D*, G) equals 2·JSD − ln 4, with JSD the Jensen–Shannon divergence between p_data and p_g in
# nats. The JSD lies between 0 and ln 2.


# %%
def optimal_discriminator(p_data: torch.Tensor, p_g: torch.Tensor) -> torch.Tensor:
    """The best D against a fixed G.

    Args:
        p_data: probabilities of the points under the data, shape (n,).
        p_g: probabilities of the same points under G, shape (n,).

    Returns:
        D* at every point, shape (n,).
    """
    raise NotImplementedError("write optimal_discriminator")


# %%
def value_at_optimum(p_data: torch.Tensor, p_g: torch.Tensor) -> torch.Tensor:
    """The value of the game for the best D.

    Args:
        p_data: probabilities of the points under the data, shape (n,).
        p_g: probabilities of the same points under G, shape (n,).

    Returns:
        V(D*, G) in nats: one number.
    """
    raise NotImplementedError("write value_at_optimum")


# %% [markdown]
# ## Part 6: one step each
#
# Training takes turns. Each step gets both networks but moves **one**: its `optimizer` holds the parameters of D in
# the first function and those of G in the second.
#
# - D's step: the halved `discriminator_loss` of D(x) and D(G(z)).
# - G's step: the non-saturating loss of D(G(z)), with z fresh from the caller.
#
# Both networks share one graph in D(G(z)), and `backward()` **adds** to whatever is in `.grad`. So ask yourself in
# both steps: into which parameters does my gradient flow, into which should it, and what was in there before? Do not
# count on the other step to clean up; the caller takes one step after the other, in any order.
#
# D maps a batch (n, …) to logits (n, 1), G maps noise (n, …) to a batch. They may be in float32 or float64. Use the
# noise that you are given, draw none. The checks compare weights after several steps of SGD with the right ones; one
# more check trains a small GAN with Adam.


# %%
def discriminator_step(
    D: nn.Module,
    G: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    z: torch.Tensor,
) -> float:
    """One step of D down the halved loss; G stays as it is.

    Args:
        D: the discriminator; gives logits.
        G: the generator.
        optimizer: of the parameters of D.
        x: a batch of real examples.
        z: noise for as many fakes.

    Returns:
        The loss before the step, as a float.
    """
    raise NotImplementedError("write discriminator_step")


# %%
def generator_step(
    D: nn.Module,
    G: nn.Module,
    optimizer: torch.optim.Optimizer,
    z: torch.Tensor,
) -> float:
    """One step of G down the non-saturating loss; D stays as it is.

    Args:
        D: the discriminator; gives logits.
        G: the generator.
        optimizer: of the parameters of G.
        z: noise for a batch of samples.

    Returns:
        The loss before the step, as a float.
    """
    raise NotImplementedError("write generator_step")
