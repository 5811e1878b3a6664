# %% [markdown]
# # Exercise 2: The KL divergence and the ELBO
#
# The encoder of a VAE answers an image with a Gaussian q = N(μ, σ²) for every latent dimension. If nobody held it
# back, it would make each σ tiny and push the means far apart: perfect reconstructions, and a latent space full of
# holes. What holds it back is a price: the **KL divergence** of q from the prior p = N(0, 1), the average over z
# drawn from q of log q(z) − log p(z). For two Gaussians the average has a closed form:
#
# $$\mathrm{KL}\big(N(\mu,\sigma^2)\,\|\,N(0,1)\big) = \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right),$$
#
# that is KL = ½ · (μ² + σ² − 1 − log σ²) for one dimension. Independent dimensions simply add. The logarithm is the
# natural one, so the unit is the **nat**; σ is the standard deviation and σ² the variance, as in exercise 1.
#
# **Worked example**, with μ = [0.5, −0.2] and σ = [0.1, 0.3]:
#
# | dimension | μ² | σ² | log σ² | KL = ½ · (μ² + σ² − 1 − log σ²) |
# |---|---|---|---|---|
# | 1 | 0.25 | 0.01 | −4.605170 | ½ · 3.865170 = **1.932585** |
# | 2 | 0.04 | 0.09 | −2.407946 | ½ · 1.537946 = **0.768973** |
#
# Together: **2.701558** nats. Most of it is the price of being narrow: look at the logarithms.
#
# Run `grade exercise2` as often as you like; a place you have not filled yet is reported as "not attempted".

# %%
import torch
import torch.nn.functional as F

# %% [markdown]
# ## Part 1: the KL by hand
#
# Your numbers are those of exercise 1: μ = [0.2, 0.7, −0.3] and σ = [0.4, 0.1, 0.5]. A pocket calculator is allowed.
# Give the KL of each dimension, then of all three together, in nats. Four decimals always pass, here and in part 2.

# %%
kl_per_dimension = [None, None, None]

# %%
kl_total = None

# %% [markdown]
# ## Part 2: the other direction, and a slope
#
# A KL divergence is not a distance: the two directions differ, sometimes wildly. For two arbitrary Gaussians the
# formula is
#
# $$\mathrm{KL}\big(N(\mu_1,\sigma_1^2)\,\|\,N(\mu_2,\sigma_2^2)\big)
#   = \tfrac12\left(\log\frac{\sigma_2^2}{\sigma_1^2} + \frac{\sigma_1^2 + (\mu_1-\mu_2)^2}{\sigma_2^2} - 1\right),$$
#
# in plain signs ½ · (log σ₂² − log σ₁² + (σ₁² + (μ₁ − μ₂)²) / σ₂² − 1). It averages over the **first** Gaussian, and
# measures with the width of the **second**.
#
# **Worked example**, first dimension of the table (μ = 0.5, σ = 0.1), now from the prior N(0, 1) to N(0.5, 0.1²): ½ ·
# (−4.605170 − 0 + (1 + 0.25) / 0.01 − 1) = **59.697415**, some thirty times as much as the 1.932585 above. Draws from
# the wide prior fall where the narrow Gaussian has almost no density, and that is what this direction charges for.
#
# Compute KL(N(0, I) ‖ N(μ, σ²)) for your three dimensions together. (An error of 0.01 is allowed.)

# %%
kl_reversed = None

# %% [markdown]
# Training follows slopes. Networks give logvar = log σ², so write the KL to the prior as ½ · (μ² + e^logvar − 1 −
# logvar) and differentiate that. In the second dimension of the table, where σ² = 0.09, the slope ∂KL/∂logvar is
# **−0.455**: it is negative, so gradient descent makes the variance larger there.
#
# Give ∂KL/∂logvar for your three dimensions.

# %%
dkl_dlogvar = [None, None, None]

# %% [markdown]
# ## Part 3: the KL as a function
#
# Now for whole batches. The **last** dimension holds the latent dimensions and is summed; everything before it is
# kept, one KL for each example. The dtype of the inputs is kept too.
#
# Encoders in their first steps give wild numbers, and the KL has to call them back. So the result must be finite in
# float32 for any logvar between −700 and 60, and its slope there must be the true one: at logvar = −100 it is −½, not
# 0 and not NaN. Note what happens to e^logvar down there, and what a clamp does to a slope.
#
# The training check at the end of the list fits a linear VAE with your KL. Its best possible likelihood is known
# exactly, as it is the model of probabilistic PCA (Tipping & Bishop 1999), so a KL that is right gets there and says
# so.


# %%
def kl_standard_normal(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """KL(N(μ, σ²) ‖ N(0, I)) in closed form.

    Args:
        mu: means, shape (…, d).
        logvar: log σ², natural logarithm, same shape.

    Returns:
        KL in nats, summed over the last dimension: shape (…); differentiable in both arguments.
    """
    raise NotImplementedError("write kl_standard_normal")


# %%
def kl_gaussians(mu1: torch.Tensor, logvar1: torch.Tensor, mu2: torch.Tensor, logvar2: torch.Tensor) -> torch.Tensor:
    """KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²)), from the first Gaussian to the second.

    Args:
        mu1: means of the first Gaussian, shape (…, d).
        logvar1: log σ₁², same shape, |logvar1| ≤ 20.
        mu2: means of the second Gaussian, same shape.
        logvar2: log σ₂², same shape, |logvar2| ≤ 20.

    Returns:
        KL in nats, summed over the last dimension: shape (…).
    """
    raise NotImplementedError("write kl_gaussians")


# %% [markdown]
# ## Part 4: the slopes as a function
#
# The same derivative as in part 2, and the one by μ, as formulas. Use no autograd here: the check does that for you.


# %%
def kl_gradients(mu: torch.Tensor, logvar: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Slopes of the KL of ``kl_standard_normal``, by formula.

    Args:
        mu: means, shape (…, d).
        logvar: log σ², same shape.

    Returns:
        The pair (∂KL/∂μ, ∂KL/∂logvar), each of shape (…, d).
    """
    raise NotImplementedError("write kl_gradients")


# %% [markdown]
# ## Part 5: the KL without its formula
#
# Most pairs of distributions have no closed form. Then one draws z from q, n times, and averages log q(z) − log p(z).
# Use exactly this average, so that your result scatters as it should: four times as many draws, half the error. The
# log-density of one dimension is
#
# $$\log N(z;\,\mu,\sigma^2) = -\tfrac12\left(\log 2\pi + \log\sigma^2 + \frac{(z-\mu)^2}{\sigma^2}\right).$$
#
# In plain signs: −½ · (log 2π + log σ² + (z − μ)² / σ²). For example log N(0.55; 0.5, 0.1²) = 1.258647 and log
# N(0.55; 0, 1) = −1.070189, so the draw z = 0.55 from the first dimension of the table contributes 2.328835. Other
# draws contribute less or more; their average is 1.932585. Every call and every row takes fresh noise.


# %%
def kl_monte_carlo(
    mu: torch.Tensor, logvar: torch.Tensor, n: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Estimate KL(N(μ, σ²) ‖ N(0, I)) from draws.

    Args:
        mu: means, shape (…, d).
        logvar: log σ², same shape.
        n: number of draws for each example.
        generator: source of the noise; None for torch's global one.

    Returns:
        The mean over n draws z ~ q of log q(z) − log p(z), in nats: shape (…).
    """
    raise NotImplementedError("write kl_monte_carlo")


# %% [markdown]
# ## Part 6: the loss of a VAE
#
# log p(x), the quantity one would like to raise, is out of reach. The **evidence lower bound** lies below it:
#
# $$\log p(x) \;\ge\; \mathrm{ELBO} = \mathbb{E}_{z\sim q}\big[\log p(x|z)\big] - \mathrm{KL}(q\,\|\,p).$$
#
# An optimizer minimizes, so the loss is −ELBO: a reconstruction loss **plus** the KL. Your images are binary, and the
# decoder gives one logit a for each pixel: the pixel is 1 with probability sigmoid(a). The reconstruction loss is
# −log p(x|z) for the one z that the decoder was given, summed over the pixels.
#
# **Worked example**: an image of two pixels x = [1, 0], with logits [2.0, −1.0], so probabilities [0.880797,
# 0.268941] of a 1: −log 0.880797 − log(1 − 0.268941) = 0.126928 + 0.313262 = **0.440190**. With the posterior of the
# first table the loss is 0.440190 + 2.701558 = **3.141748** nats.
#
# Sums, not means: a mean over the pixels changes the balance of the two terms, and the number is then no bound of
# anything. The factor `beta` weighs the KL, as in the β-VAE; 1 is the ELBO itself.
#
# The last check trains a VAE with your loss on sixteen images, the eight full rows and eight full columns of an 8×8
# grid. They are equally likely, so no model on earth has a mean −log p(x) below their entropy, ln 16 = 2.7726 nats.
# What would you think of a loss that falls below it?


# %%
def negative_elbo(
    x: torch.Tensor, logits: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor, beta: float = 1.0
) -> torch.Tensor:
    """−ELBO of a VAE with a Bernoulli decoder, for one draw z of each example.

    Args:
        x: binary images, 0 or 1, shape (B, …).
        logits: what the decoder gave for z, shaped like ``x``.
        mu: means of the posterior, shape (B, d).
        logvar: log σ² of the posterior, shape (B, d).
        beta: weight of the KL.

    Returns:
        −log p(x|z) + beta · KL in nats, one value for each example: shape (B,).
    """
    raise NotImplementedError("write negative_elbo")
