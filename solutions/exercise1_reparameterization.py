# %% [markdown]
# # Exercise 1: The reparameterization trick
#
# The encoder of a VAE does not name one latent point for an image. It names a whole Gaussian: a mean μ and a standard
# deviation σ for every latent dimension. The decoder then needs one point z drawn from that Gaussian. But a draw is a
# roll of dice, and nobody can differentiate dice, so how does the encoder ever learn?
#
# The trick: roll the dice somewhere else. Draw ε from N(0, 1), where nothing has to be learned, and compute
#
# $$z = \mu + \sigma\,\varepsilon, \qquad \text{that is } z = μ + σ·ε \text{ in every dimension.}$$
#
# Now z has the right distribution, and it is an ordinary formula in μ and σ: gradients pass through it.
#
# **Worked example.** Each dimension is computed on its own:
#
# | dimension | μ | σ | ε | σ·ε | z = μ + σ·ε |
# |---|---|---|---|---|---|
# | 1 | 0.5 | 0.1 | 0.5 | 0.05 | **0.55** |
# | 2 | −0.2 | 0.3 | −1.0 | −0.3 | **−0.5** |
#
# Run `grade exercise1` as often as you like; a place you have not filled yet is reported as "not attempted".

# %%
import torch

# %% [markdown]
# ## Part 1: z by hand
#
# Your numbers are μ = [0.2, 0.7, −0.3], σ = [0.4, 0.1, 0.5] and ε = [1.0, −0.5, 0.2].
# Paper is enough. Here and in part 2, four decimals always pass.

# %%
z = [None, None, None]
### BEGIN SOLUTION
z = [0.6, 0.65, -0.2]
### END SOLUTION

# %% [markdown]
# ## Part 2: gradients by hand
#
# Take the loss $L = \sum_i z_i^2$, in plain signs L = Σ z². How does it change when the encoder moves μ or σ?
# The noise ε is a fixed number here; the chain rule does the rest.
#
# Networks usually give the **logarithm of the variance**, logvar = log σ², because it may take any value while σ has
# to stay positive. So there is a third question: how does L change with logvar? (When logvar grows by a
# tiny δ, σ grows by ½·σ·δ.)
#
# **Worked example**, first dimension of the table above (μ = 0.5, σ = 0.1, ε = 0.5, z = 0.55):
#
# - ∂L/∂z = 2·z = 1.1
# - ∂L/∂μ = 1.1 · ∂z/∂μ = 1.1 · 1 = **1.1**
# - ∂L/∂σ = 1.1 · ∂z/∂σ = 1.1 · 0.5 = **0.55**
# - ∂L/∂logvar = 0.55 · ∂σ/∂logvar = 0.55 · 0.05 = **0.0275**
#
# Now the same for your three dimensions of part 1.

# %%
dloss_dmu = [None, None, None]
### BEGIN SOLUTION
dloss_dmu = [1.2, 1.3, -0.4]
### END SOLUTION

# %%
dloss_dsigma = [None, None, None]
### BEGIN SOLUTION
dloss_dsigma = [1.2, -0.65, -0.08]
### END SOLUTION

# %%
dloss_dlogvar = [None, None, None]
### BEGIN SOLUTION
dloss_dlogvar = [0.24, -0.0325, -0.02]
### END SOLUTION

# %% [markdown]
# ## Part 3: the formula and its inverse
#
# Write the formula once, for tensors of any shape, and then run it backwards: which noise led to this z?
# Keep the dtype of the inputs, leave the inputs as they are, and let gradients through.


# %%
def reparameterize(mu: torch.Tensor, sigma: torch.Tensor, epsilon: torch.Tensor) -> torch.Tensor:
    """Turn given noise into a latent point of N(μ, σ²).

    Args:
        mu: means, any shape.
        sigma: standard deviations σ > 0 (not variances), broadcastable with ``mu``.
        epsilon: standard normal noise, broadcastable with both.

    Returns:
        z, of the broadcast shape and of the inputs' dtype; differentiable in ``mu`` and ``sigma``.
    """
    ### BEGIN SOLUTION
    return mu + sigma * epsilon
    ### END SOLUTION


# %%
def recover_epsilon(z: torch.Tensor, mu: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Find the noise that ``reparameterize`` turned into ``z``.

    Args:
        z: latent points, any shape.
        mu: means, broadcastable with ``z``.
        sigma: standard deviations σ > 0, broadcastable with ``z``.

    Returns:
        ε, of the broadcast shape and of the inputs' dtype.
    """
    ### BEGIN SOLUTION
    return (z - mu) / sigma
    ### END SOLUTION


# %% [markdown]
# ## Part 4: a sampler for a real encoder
#
# A real encoder gives μ and logvar = log σ², and wants fresh noise at every call: one number of its own for every
# row, every dimension and every draw.
#
# - Without `n` the result has the shape of `mu`; with `n` it holds n independent draws, shape `(n, *mu.shape)`.
# - `generator` goes to `torch.randn`, so that whoever passes a seeded one can repeat a run exactly.
# - Networks in their first steps give wild numbers. For logvar between −400 and 100, z and its gradient must stay
#   finite in float32, whose largest number is about 3·10³⁸ and whose smallest is about 10⁻⁴⁵. Which steps of your
#   computation leave that range?
#
# The last check trains with your sampler: it fits μ and logvar of a Gaussian to a target Gaussian, by Adam, with no
# other knowledge than the gradients that come through your z.


# %%
def sample_latent(
    mu: torch.Tensor, logvar: torch.Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Draw latent points from N(μ, σ²), differentiable in ``mu`` and ``logvar``.

    Args:
        mu: means, any shape.
        logvar: log σ², natural logarithm, same shape as ``mu``.
        n: how many draws; None for a single one without a leading dimension.
        generator: source of the noise; None for torch's global one.

    Returns:
        z of shape ``mu.shape``, or ``(n, *mu.shape)``, in the dtype of ``mu``.
    """
    ### BEGIN SOLUTION
    shape = mu.shape if n is None else (n, *mu.shape)
    epsilon = torch.randn(shape, generator=generator, dtype=mu.dtype)
    # Halved inside the exponent: exp(logvar) itself overflows, or vanishes and leaves a root of infinite slope.
    return reparameterize(mu, torch.exp(0.5 * logvar), epsilon)
    ### END SOLUTION
