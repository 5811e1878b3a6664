"""Checks of exercise 2: the KL divergence between Gaussians, and the ELBO that it is half of."""

# ruff: noqa: ARG001, D103
# A misconception keeps the signature that it is called with, and its docstring is the text of its mark.

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from grader.checking import (
    Curves,
    Draw,
    Images,
    Range,
    Rng,
    advice,
    as_tensor,
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
    from grader.learner import Learner

Tensor = torch.Tensor

STEPS = 400
"""Of a training."""

LOOSE = {"rtol": 1e-4, "atol": 1e-5}
"""Far below what a wrong formula changes, with room for a tiny constant in a logarithm: another check is about that."""

KL_RANGE = Range(0, None, "a KL divergence is never negative")


def _kl_formula(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)


# --- references -------------------------------------------------------------------------------------------


@reference(possible=KL_RANGE)
@formula(_kl_formula)
def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(-1)


@reference(possible=KL_RANGE)
@formula(
    lambda mu1, logvar1, mu2, logvar2: (
        0.5 * (logvar2 - logvar1 + (logvar1.exp() + (mu1 - mu2) ** 2) / logvar2.exp() - 1).sum(-1)
    )
)
def kl_gaussians(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    return _oracle(mu1, logvar1, mu2, logvar2)


@reference("any")
@formula(lambda mu, logvar: (mu, 0.5 * (logvar.exp() - 1)))
def kl_gradients(mu: Tensor, logvar: Tensor) -> tuple[Tensor, ...]:
    with torch.enable_grad():
        inputs = mu.detach().clone().requires_grad_(), logvar.detach().clone().requires_grad_()
        return torch.autograd.grad(kl_standard_normal(*inputs).sum(), inputs)


@reference()
def kl_monte_carlo(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@reference(possible=Range(0, None, "neither −log p of pixels that are 0 or 1 nor a KL is negative"))
@formula(
    lambda x, logits, mu, logvar, beta: (
        beta * _kl_formula(mu, logvar) - (x * logits.log_sigmoid() + (1 - x) * (-logits).log_sigmoid()).sum("rest")
    ),
    x="binary",
)
def negative_elbo(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    log_likelihood: Tensor = torch.distributions.Bernoulli(logits=logits).log_prob(x)
    return beta * kl_standard_normal(mu, logvar) - log_likelihood.flatten(1).sum(1)


def _oracle(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    first = torch.distributions.Normal(mu1, (logvar1 / 2).exp())
    second = torch.distributions.Normal(mu2, (logvar2 / 2).exp())
    value: Tensor = torch.distributions.kl_divergence(first, second).sum(-1)
    return value


def _to_prior(mu: Tensor, logvar: Tensor) -> Tensor:
    return _oracle(mu, logvar, torch.zeros_like(mu), torch.zeros_like(mu))


def _draws(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    return mu + (logvar / 2).exp() * torch.randn((n, *mu.shape), generator=generator, dtype=mu.dtype)


def _log_density(z: Tensor, mu: Tensor | float = 0.0, logvar: Tensor | float = 0.0) -> Tensor:
    spread = torch.exp(torch.as_tensor(logvar, dtype=z.dtype) / 2)
    value: Tensor = torch.distributions.Normal(torch.as_tensor(mu, dtype=z.dtype), spread).log_prob(z)
    return value


# --- by-hand answers --------------------------------------------------------------------------------------


@numbers(
    ("Your numbers are those of exercise 1: μ = {mu} and σ = {sigma}.", "Your numbers are μ = {mu} and σ = {sigma}."),
    mu=[0.2, 0.7, -0.3],
    sigma=[0.4, 0.1, 0.5],
)
def practice_numbers(rng: Draw) -> dict[str, Any]:
    """Tenths, for a pocket calculator."""
    return {
        "mu": rng.several([tenth / 10 for tenth in range(-9, 10) if tenth], 3),
        "sigma": rng.several([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8], 3),
    }


def _practice(f: Any) -> tuple[Tensor, Tensor]:
    mu, sigma = torch.tensor([f.numbers.mu, f.numbers.sigma], dtype=torch.float64)
    return mu, 2 * sigma.log()


@by_hand(possible=KL_RANGE)
def kl_per_dimension(f: Any) -> Tensor:
    mu, logvar = _practice(f)
    # One vector of a single dimension each, so that a mistake in the formula gives the learner's three numbers.
    return torch.stack([f.kl_standard_normal(mu[i : i + 1], logvar[i : i + 1]) for i in range(3)])


@by_hand(possible=KL_RANGE)
def kl_total(f: Any) -> Tensor:
    value: Tensor = f.kl_standard_normal(*_practice(f))
    return value


@by_hand(tolerance=0.01, possible=KL_RANGE)
def kl_reversed(f: Any) -> Tensor:
    mu, logvar = _practice(f)
    value: Tensor = f.kl_gaussians(torch.zeros_like(mu), torch.zeros_like(mu), mu, logvar)
    return value


@by_hand()
def dkl_dlogvar(f: Any) -> Tensor:
    value: Tensor = f.kl_gradients(*_practice(f))[1]
    return value


# --- checks -----------------------------------------------------------------------------------------------


@points(2)
def test_kl_per_dimension(learner: Learner, rng: Rng) -> None:
    """The KL of each of your three dimensions, by hand."""
    assert_answer(learner, "kl_per_dimension")


@points(1)
def test_kl_total(learner: Learner, rng: Rng) -> None:
    """The KL of all three dimensions together, by hand."""
    assert_answer(learner, "kl_total")


@points(2)
def test_kl_reversed(learner: Learner, rng: Rng) -> None:
    """The KL in the other direction, from the prior to your Gaussian, by hand."""
    assert_answer(learner, "kl_reversed")


@points(2)
def test_dkl_dlogvar(learner: Learner, rng: Rng) -> None:
    """The derivative of the KL by logvar, by hand."""
    assert_answer(learner, "dkl_dlogvar")


@points(3)
def test_values(learner: Learner, rng: Rng) -> None:
    """kl_standard_normal agrees with torch.distributions, one value for each row."""
    probe = separated(lambda: (rng.normal(4, 3), rng.normal(4, 3)), [_to_prior, *_wrong("kl_standard_normal")])
    assert_close(learner.kl_standard_normal(*probe), _to_prior(*probe), "the KL of 4 rows with 3 dimensions", **LOOSE)


@points(1)
@requires("test_values")
def test_shapes(learner: Learner, rng: Rng) -> None:
    """The last dimension is summed whatever comes before it, in any order of the latent dimensions."""
    mu, logvar = rng.normal(2, 3, 4), rng.normal(2, 3, 4)
    right = _to_prior(mu, logvar)
    assert_close(learner.kl_standard_normal(mu, logvar), right, "the KL of inputs of shape (2, 3, 4)", **LOOSE)
    single = learner.kl_standard_normal(mu[0, 0], logvar[0, 0])
    assert_close(single, right[0, 0], "the KL of a single vector, shape (4,)", **LOOSE)
    order = rng.permutation(4)
    shuffled = learner.kl_standard_normal(mu[..., order].float(), logvar[..., order].float())
    assert_close(shuffled, right.float(), "the KL after the latent dimensions changed places", **LOOSE)
    assert_dtype(shuffled, torch.float32, "the KL of float32 inputs")


@points(1)
@requires("test_values")
def test_gradients(learner: Learner, rng: Rng) -> None:
    """Autograd finds the right slopes of kl_standard_normal in μ and logvar."""
    mu, logvar = rng.normal(3, 2).requires_grad_(), rng.normal(3, 2).requires_grad_()
    found = gradients(learner.kl_standard_normal(mu, logvar).sum(), {"mu": mu, "logvar": logvar}, "the KL")
    wanted = kl_gradients(mu, logvar)
    assert_close(found[0], wanted[0], "∂KL/∂μ", **LOOSE)
    assert_close(found[1], wanted[1], "∂KL/∂logvar", **LOOSE)


@points(2)
@requires("test_gradients")
def test_extremes(learner: Learner, rng: Rng) -> None:
    """kl_standard_normal is exact at the prior, and finite with a living gradient for logvar from −700 to 60."""
    # Beside the extremes one ordinary place, where every wrong formula has a value of its own.
    assert_close(_at(learner, -3.0)[0], torch.full((1,), math.expm1(-3) + 3), "the KL at logvar = −3", **LOOSE)
    prior = learner.kl_standard_normal(torch.zeros(2, 4), torch.zeros(2, 4))
    assert_close(prior, torch.zeros(2), "the KL of the prior to itself")
    value, slope = _at(learner, 60.0)
    assert_true(
        slope.abs().max() > 0, "∂KL/∂logvar is exactly 0 at logvar = 60: the encoder could never come back from there"
    )
    assert_close(value, torch.full((1,), math.expm1(60) - 60), "the KL at logvar = 60", rtol=1e-4)
    assert_close(slope, torch.full((1, 2), math.expm1(60) / 2), "∂KL/∂logvar at logvar = 60", rtol=1e-4)
    # log(e^logvar + 1e-8) leaves a slope near 1e-19 here, a clamped variance leaves nothing or e^−60 ≈ 1e-26.
    left = float(_at(learner, -60.0)[1].abs().max())
    assert_true(not left < 1e-24, "nothing is left of ∂KL/∂logvar at logvar = −60")
    assert_true(not left < 0.4, "hardly anything is left of ∂KL/∂logvar at logvar = −60")
    value, slope = _at(learner, -700.0)
    assert_true(value.isfinite().all(), "the KL at logvar = −700 is not finite in float32")
    assert_true(slope.isfinite().all(), "∂KL/∂logvar at logvar = −700 is not finite in float32")
    assert_close(value, torch.full((1,), 699.0), "the KL at logvar = −700")
    assert_close(slope, torch.full((1, 2), -0.5), "∂KL/∂logvar at logvar = −700")
    value, slope = _at(learner, -100.0)
    assert_close(value, torch.full((1,), 99.0), "the KL at logvar = −100")
    assert_close(slope, torch.full((1, 2), -0.5), "∂KL/∂logvar at logvar = −100")


def _at(learner: Learner, level: float) -> tuple[Tensor, Tensor]:
    """The learner's KL in float32 of one row with two dimensions at this logvar, and its slope in logvar."""
    logvar = torch.full((1, 2), level, requires_grad=True)
    value = learner.kl_standard_normal(torch.zeros(1, 2), logvar)
    return value.detach(), gradients(value.sum(), {"logvar": logvar}, "the KL")[0]


@points(3)
def test_kl_gaussians(learner: Learner, rng: Rng) -> None:
    """kl_gaussians agrees with torch.distributions, up to |logvar| = 20."""

    def draw() -> tuple[Tensor, ...]:
        return rng.normal(4, 3), 0.7 * rng.normal(4, 3), rng.normal(4, 3), 0.7 * rng.normal(4, 3)

    probe = separated(draw, [_oracle, *_wrong("kl_gaussians")])
    assert_close(learner.kl_gaussians(*probe), _oracle(*probe), "the KL of 4 pairs with 3 dimensions", **LOOSE)
    deep = tuple(part.reshape(2, 2, 3) for part in probe)
    assert_close(learner.kl_gaussians(*deep), _oracle(*deep), "the KL of inputs of shape (2, 2, 3)", **LOOSE)
    flat = (probe[0][0], probe[1][0], probe[0][0], probe[1][0])
    assert_close(
        learner.kl_gaussians(*flat), torch.zeros((), dtype=torch.float64), "the KL of a Gaussian to itself", **LOOSE
    )
    far = (rng.normal(4, 1), _column(20, -20, -20, 20), rng.normal(4, 1), _column(-20, 20, -20, 20))
    assert_close(learner.kl_gaussians(*far), _oracle(*far), "the KL at logvar = ±20", **LOOSE)


def _column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1)


@points(2)
def test_kl_gradients(learner: Learner, rng: Rng) -> None:
    """kl_gradients gives what autograd finds."""
    answers = [lambda *p, f=f: torch.stack(f(*p)) for f in (kl_gradients, *_wrong("kl_gradients"))]
    mu, logvar = separated(lambda: (rng.normal(4, 3), rng.normal(4, 3)), answers)
    found = _unpacked(learner.kl_gradients(mu, logvar))
    assert_true(len(found) == 2, f"kl_gradients returned {len(found)} values, expected the pair (∂KL/∂μ, ∂KL/∂logvar)")
    wanted = kl_gradients(mu, logvar)
    assert_close(found[0], wanted[0], "the first of the pair, ∂KL/∂μ,", **LOOSE)
    assert_close(found[1], wanted[1], "the second of the pair, ∂KL/∂logvar,", **LOOSE)


def _unpacked(found: Any) -> tuple[Tensor, ...]:
    """The parts of a pair; one tensor of shape (2, …) unpacks into a pair as well."""
    if not isinstance(found, list | tuple):
        found = torch.atleast_1d(as_tensor(found, "what kl_gradients returned")).unbind(0)
    return tuple(as_tensor(part, "each of the pair that kl_gradients returned") for part in found)


@points(3)
def test_kl_monte_carlo(learner: Learner, rng: Rng) -> None:
    """kl_monte_carlo finds the KL by fresh draws, and its error shrinks as 1/√n."""
    mu, logvar = _monte_carlo_probe(rng, 3)
    estimates = [learner.kl_monte_carlo(mu, logvar, 400) for _ in range(12)]
    assert_shape(estimates[0], (), "the estimate for a single vector of shape (3,)")
    values = torch.stack([estimate.detach().double() for estimate in estimates])
    _assert_fresh(values, mu, logvar)
    # Twelve estimates give their spread within a factor 2; one draw in place of 400 makes it 20 times too wide.
    ratio = values.std() / (_one_draw_spread(mu, logvar) / math.sqrt(400))
    told = "the estimates from 400 draws scatter far more than one draw's scatter divided by √400"
    assert_true(ratio <= 4, told, got=ratio.log(), noise=0.35)
    mu, logvar = _monte_carlo_probe(rng, 4, 3)
    found = learner.kl_monte_carlo(mu, logvar, 4000, generator=rng.generator())
    assert_shape(found, (4,), "the estimate for 4 rows")
    spread = _one_draw_spread(mu, logvar) / math.sqrt(4000)
    assert_statistic(found, _to_prior(mu, logvar), spread, "the estimate of the KL of 4 rows from 4000 draws")


def _monte_carlo_probe(rng: Rng, *shape: int) -> tuple[Tensor, Tensor]:
    """μ and logvar well away from 0, so that no term of the KL is small beside the scatter."""
    signs = [rng.normal(*shape).sign() for _ in range(2)]
    return signs[0] * rng.uniform(0.8, 1.5, *shape), signs[1] * rng.uniform(0.4, 0.8, *shape)


def _one_draw_spread(mu: Tensor, logvar: Tensor) -> Tensor:
    """Standard deviation of log q(z) − log p(z) = Σ ½(z² − ε² − logvar) for one z = μ + σε."""
    return (mu.square() * logvar.exp() + torch.expm1(logvar).square() / 2).sum(-1).sqrt()


def _assert_fresh(values: Tensor, mu: Tensor, logvar: Tensor) -> None:
    if values.std() > 1e-9:
        return
    exact = float(values[0] - _to_prior(mu, logvar))
    assert_true(abs(exact) > 1e-5, "every call gives the closed form: an estimate from draws would scatter around it")
    noiseless = float(values[0] - 0.5 * (mu.square() - logvar).sum())
    assert_true(abs(noiseless) > 1e-5, "every call gives the same value, which is that of the ratio at z = μ")
    fail("every call gives the same value: the draws are not fresh")


@points(3)
@requires("test_gradients")
def test_negative_elbo(learner: Learner, rng: Rng) -> None:
    """negative_elbo adds the Bernoulli loss of all pixels and the KL, one value for each example."""
    probe = separated(lambda: _pictures(rng, 1, 4, 5), [negative_elbo, *_wrong("negative_elbo")])
    x, logits, mu, logvar = (part.requires_grad_(number > 0) for number, part in enumerate(probe))
    found = learner.negative_elbo(x, logits, mu, logvar)
    wanted = negative_elbo(x, logits, mu, logvar)
    assert_close(found, wanted.detach(), "the loss of 3 images of shape (1, 4, 5)", **LOOSE)
    inputs = {"logits": logits, "mu": mu, "logvar": logvar}
    slopes = gradients(found.sum(), inputs, "the loss")
    for name, slope, right in zip(
        inputs, slopes, torch.autograd.grad(wanted.sum(), list(inputs.values())), strict=True
    ):
        assert_close(slope, right, f"∂loss/∂{name}", **LOOSE)
    flat = _pictures(rng, 7)
    assert_close(learner.negative_elbo(*flat), _true_loss(flat), "the loss of 3 rows of 7 pixels", **LOOSE)


def _pictures(rng: Rng, *shape: int) -> tuple[Tensor, ...]:
    """Three binary images, the logits of a decoder, and the posterior of two latent dimensions."""
    x = (rng.uniform(0, 1, 3, *shape) < 0.5).double()
    return x, 1.5 * rng.normal(3, *shape), rng.normal(3, 2), rng.normal(3, 2)


def _true_loss(pictures: tuple[Tensor, ...], beta: float = 1.0) -> Tensor:
    x, logits, mu, logvar = pictures
    return negative_elbo(x, logits, mu, logvar, beta)


@points(1)
@requires("test_negative_elbo")
def test_beta(learner: Learner, rng: Rng) -> None:
    """β weighs the KL and nothing else."""
    probe = _pictures(rng, 1, 3, 3)
    beta = float(rng.uniform(2, 5))
    for weight in (beta, 0.0):
        found = learner.negative_elbo(*probe, beta=weight)
        assert_close(found, _true_loss(probe, weight), f"the loss at β = {weight:.2f}", **LOOSE)


# --- training 1: a model whose exact maximum likelihood is known ------------------------------------------


@points(2)
@training
@counts_with("test_values")
def test_reaches_maximum_likelihood(learner: Learner, rng: Rng) -> None:
    """Training a linear VAE with your KL reaches the exact maximum likelihood of probabilistic PCA."""
    data = _ppca_data(rng)
    shapes = [(2, 6), (2,), (6, 2), (6,), (2,), ()]
    maximum = _ppca_maximum(data)
    result = learner.run(train_linear_vae, data, rng.seed())
    floors = {"exact minimum of −log p": -maximum}
    learner.show(_curve(result, "The linear VAE as it trains", "nats per point, noisy", floors))
    weights, reported = _trained(result, shapes)
    elbo = _exact_elbo(data, weights)
    assert_possible(
        -reported,
        None,
        maximum + 0.1,
        "the ELBO that your KL reported",
        because=f"it is a lower bound, and the exact maximum of the log-likelihood is {float(maximum):.4f} nats",
        so="your KL is smaller than the KL",
    )
    told = "the distance in nats of the trained ELBO from the exact log-likelihood"
    pulled = (
        "With the right KL the bound closes here, as the true posterior is a Gaussian: your KL pulled it elsewhere."
    )
    assert_within(maximum - elbo, None, 0.05, told, above=pulled)
    told = "the difference in nats between the loss that your KL reported and the true −ELBO of the same model"
    wrong = "The model is right, but the number is not: mostly a constant is missing from the KL, or too much in it."
    assert_within(reported + elbo, -0.1, 0.1, told, below=wrong, above=wrong)


def _ppca_data(rng: Rng) -> Tensor:
    """512 centred points in 6 dimensions: 2 strong directions and noise, float32."""
    basis = torch.linalg.qr(rng.normal(6, 2))[0] * torch.tensor([2.5, 1.25], dtype=torch.float64)
    data: Tensor = rng.normal(512, 2) @ basis.T + 0.5 * rng.normal(512, 6)
    return (data - data.mean(0)).float()


def _ppca_maximum(data: Tensor) -> float:
    """Mean log-likelihood in nats at the maximum (Tipping & Bishop 1999, equation 8)."""
    count, size = data.shape
    eigenvalues = torch.linalg.eigvalsh(data.double().T @ data.double() / count).flip(0)
    noise = eigenvalues[2:].mean()
    total = size * math.log(2 * math.pi) + eigenvalues[:2].log().sum() + (size - 2) * noise.log() + size
    return float(-0.5 * total)


def _exact_elbo(data: Tensor, weights: list[Tensor]) -> float:
    """Mean ELBO of the linear VAE in nats, without sampling: every expectation is that of a Gaussian."""
    encoder, encoder_bias, decoder, decoder_bias, logvar, noise = weights
    x = data.double()
    mu = x @ encoder.T + encoder_bias
    squared = (x - mu @ decoder.T - decoder_bias).square().sum(-1) + (logvar.exp() * decoder.square().sum(0)).sum()
    loss = 0.5 * (squared / noise.exp() + 6 * (noise + math.log(2 * math.pi)))
    return float(-(loss + kl_standard_normal(mu, logvar.expand_as(mu))).mean())


def _trained(result: Any, shapes: list[tuple[int, ...]]) -> tuple[list[Tensor], float]:
    """Weights in float64 and the reported loss, out of a trial's untrusted result."""
    told = "the loss became NaN or infinite during the training, or has no gradient"
    usable = isinstance(result, list | tuple) and len(result) == 3 and isinstance(result[0], list | tuple)
    assert_true(usable and len(result[0]) == len(shapes) and isinstance(result[1], float), told)
    for weight, shape in zip(result[0], shapes, strict=True):
        assert_true(isinstance(weight, Tensor) and tuple(weight.shape) == shape and weight.isfinite().all(), told)
    return [weight.detach().double() for weight in result[0]], float(result[1])


def _curve(result: Any, title: str, unit: str, floors: dict[str, float]) -> Curves:
    """The losses in a trial's untrusted result, drawn."""
    losses = result[2] if isinstance(result, list | tuple) and len(result) == 3 else None
    return Curves(title, {"your loss": losses}, y_label=f"loss ({unit})", floors=floors)


@trial
def train_linear_vae(learner: Any, data: Tensor, seed: int) -> tuple[list[Tensor], float, Tensor]:
    """Fit x = Wz + b + noise with the learner's KL; returns what :func:`descend` does."""
    torch.manual_seed(seed)
    encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
    logvar, noise = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(()))
    weights = [*encoder.parameters(), *decoder.parameters(), logvar, noise]

    def loss() -> Tensor:
        mu = encoder(data)
        spread = logvar.expand_as(mu)
        z = mu + torch.exp(spread / 2) * torch.randn_like(mu)
        error = (data - decoder(z)) ** 2 / noise.exp() + noise + math.log(2 * math.pi)
        total: Tensor = (error.sum(-1) / 2 + learner.kl_standard_normal(mu, spread)).mean()
        return total

    return descend(loss, weights, rate=0.15, betas=(0.9, 0.95))


def descend(
    loss: Any, weights: list[Any], rate: float, betas: tuple[float, float]
) -> tuple[list[Tensor], float, Tensor]:
    """Adam with a falling rate; weights, the mean loss of the last 100 steps, and the loss of every step.

    Ends early, without weights, when a loss cannot be used. Moments that forget soon reach with 400 steps what those
    of the paper's β₂ = 0.999 reach with 1000.
    """
    optimizer = torch.optim.Adam(weights, lr=rate, betas=betas, fused=True)
    losses: list[float] = []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / STEPS) + 1e-5
        value = loss()
        if not (value.requires_grad and bool(torch.isfinite(value))):
            return [], math.nan, torch.tensor(losses)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(float(value.detach()))
    return [weight.detach() for weight in weights], sum(losses[-100:]) / 100, torch.tensor(losses)


# --- training 2: a VAE on sixteen images ------------------------------------------------------------------


@points(2)
@training
@counts_with("test_negative_elbo")
def test_trains_vae(learner: Learner, rng: Rng) -> None:
    """A VAE trained with your negative_elbo on the 16 bars learns a KL of about 4.5 nats, and draws bars."""
    bars = single_bars()
    shapes = [(64, 64), (64,), (8, 64), (8,), (64, 4), (64,), (64, 64), (64,)]
    result = learner.run(train_bars_vae, bars, rng.seed())
    floors = {"entropy of the data, ln 16": BARS_ENTROPY}
    curve = _curve(result, "The VAE as it trains on the 16 bars", "nats per image", floors)
    learner.show(curve)
    weights, reported = _trained(result, shapes)
    hidden = (bars.flatten(1).double() @ weights[0].T + weights[1]).relu()
    mu, logvar = (hidden @ weights[2].T + weights[3]).chunk(2, -1)
    logits = _decoded(rng.normal(1000, 4), weights)
    draws = Images("Decoded draws from the prior N(0, I)", logits[:24].sigmoid().view(-1, 8, 8))
    learner.show(draws, curve, _manifold(mu, weights))
    assert_possible(
        reported,
        BARS_ENTROPY,
        None,
        "the loss at the end of the training",
        because=f"no model's −ELBO gets below the data's entropy, ln 16 = {BARS_ENTROPY:.4f} nats",
        so="the number is no −ELBO in nats per image",
    )
    told = "the true KL in nats per image of the trained encoder"
    loose = "The KL weighs too little against the pixels: the encoder tells every image more than it has to."
    tight = "The KL weighs too much against the pixels: the encoder gives up on telling the images apart."
    assert_within(kl_standard_normal(mu, logvar).mean(), 4.2, 5.2, told, below=tight, above=loose)
    drawn = logits > 0
    valid = (drawn[:, None] == bars.flatten(1).bool()).all(-1).any(-1).double().mean()
    empty = "Most points of the prior decode to nothing like the data: the KL has not pulled the posteriors there."
    assert_within(valid, 0.2, None, "the share of bars among the decoded draws from the prior", below=empty)


def _decoded(z: Tensor, weights: list[Tensor]) -> Tensor:
    """(N, 4) → logits (N, 64)."""
    return (z @ weights[4].T + weights[5]).relu() @ weights[6].T + weights[7]


def _manifold(mu: Tensor, weights: list[Tensor]) -> Images:
    """The plane of the two latent dimensions that tell the images apart best, decoded at equal steps of probability."""
    one, other = mu.var(0).topk(2).indices.tolist()
    places = torch.special.ndtri((torch.arange(8, dtype=torch.float64) + 0.5) / 8)
    z = torch.zeros(64, 4, dtype=torch.float64)
    z[:, other], z[:, one] = torch.cartesian_prod(places, places).T
    title = f"What the decoder makes of the plane of z[{one}] (to the right) and z[{other}] (down)"
    return Images(title, _decoded(z, weights).sigmoid().view(-1, 8, 8))


@trial
def train_bars_vae(learner: Any, bars: Tensor, seed: int) -> tuple[list[Tensor], float, Tensor]:
    """Fit a VAE with 4 latent dimensions; returns what :func:`descend` does."""
    torch.manual_seed(seed)
    images = bars.repeat(8, 1, 1, 1)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
    decoder = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64))

    def loss() -> Tensor:
        mu, logvar = encoder(images).chunk(2, -1)
        logits = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu)).view(-1, 1, 8, 8)
        return torch.as_tensor(learner.negative_elbo(images, logits, mu, logvar)).float().mean()

    return descend(loss, [*encoder.parameters(), *decoder.parameters()], rate=7e-3, betas=(0.8, 0.95))


# --- misconceptions about kl_standard_normal --------------------------------------------------------------


def _about(target: str, main: str) -> Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """The mark of a misconception about ``target``, which fails the check ``main`` unless told otherwise."""

    def mark(says: str, why: str, look: str, fails: str = main, *, separable: bool = True, source: str = "") -> Any:
        separable = separable and fails == main
        return misconception(target, fails=fails, says=says, why=why, look=look, separable=separable, source=source)

    return mark


def _wrong(target: str) -> list[Callable[..., Any]]:
    """The misconceptions about ``target`` that an ordinary probe tells from the right answer and from each other."""
    marks = [vars(f)["__misconception__"] for f in globals().values() if hasattr(f, "__misconception__")]
    return [mark.wrong for mark in marks if mark.target == target and mark.separable]


wrong_kl = _about("kl_standard_normal", "test_values")


def _half_sum(terms: Tensor) -> Tensor:
    return 0.5 * terms.sum(-1)


@wrong_kl(
    "the factor ½ is missing",
    "The exponent and the normalization of a Gaussian both carry a ½, and it stays in the KL.",
    "Compare your first dimension with the worked example, factor by factor.",
)
def half_missing(mu: Tensor, logvar: Tensor) -> Tensor:
    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)


@wrong_kl(
    "the sign is turned round: this is −KL",
    "A KL divergence is never negative; many papers write the −KL that stands in the ELBO.",
    "Is any of your values below 0? Which of the four terms should make the KL grow when μ moves away from 0?",
)
def negated(mu: Tensor, logvar: Tensor) -> Tensor:
    return -_half_sum(mu**2 + logvar.exp() - 1 - logvar)


@wrong_kl(
    "the −1 was forgotten",
    "Without it the KL of the prior to itself would be ½ per dimension instead of 0.",
    "What does your formula give at μ = 0, σ = 1?",
)
def one_forgotten(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - logvar)


@wrong_kl(
    "the 1 was added where it has to be taken away",
    "Then the KL of the prior to itself would be 1 per dimension instead of 0.",
    "What does your formula give at μ = 0, σ = 1?",
)
def one_added(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() + 1 - logvar)


@wrong_kl(
    "the 1 was taken away once for the whole vector",
    "Every latent dimension has a KL of its own, and each of them has its own −1.",
    "Does your sum run over the whole bracket, or over a part of it?",
)
def one_once(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * ((mu**2 + logvar.exp() - logvar).sum(-1) - 1)


@wrong_kl(
    "the logarithm of the variance was left out",
    "That term alone makes the KL grow when σ shrinks to 0; without it the encoder could have σ = 0 for nothing.",
    "Which term of the formula should explode when σ goes to 0?",
)
def log_dropped(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1)


@wrong_kl(
    "the term log σ² came in with the wrong sign",
    "A narrow Gaussian has a negative log σ², and being narrow must raise the KL.",
    "Is log σ² positive or negative for σ = 0.1, and should that dimension cost more or less?",
)
def log_sign_flipped(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 + logvar)


@wrong_kl(
    "μ does not appear",
    "A Gaussian far from 0 differs from the prior, however well its width fits.",
    "What should the KL do when μ moves from 0 to 3, and what does yours do?",
)
def mean_dropped(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(logvar.exp() - 1 - logvar)


@wrong_kl(
    "μ stands where μ² belongs",
    "μ and −μ lie equally far from the prior, so the sign of μ cannot matter.",
    "Does your result change when you turn the sign of μ?",
)
def mean_not_squared(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu + logvar.exp() - 1 - logvar)


@wrong_kl(
    "σ stands where σ² belongs",
    "The first terms of the formula are the mean square of z, and a mean square holds the variance.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def std_for_variance(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + (logvar / 2).exp() - 1 - logvar)


@wrong_kl(
    "the term log σ stands where log σ² belongs",
    "The term log σ² is 2 · log σ, and the ½ in front does not make up for it: it belongs to the whole bracket.",
    "Is the number under your logarithm a standard deviation or a variance?",
)
def log_std_for_log_variance(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar / 2)


@wrong_kl(
    "σ was used as if it were σ², in both terms",
    "Both the plain term and the logarithm ask for the variance.",
    "What do you have to do with σ before it goes into the formula?",
)
def std_as_variance(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + (logvar / 2).exp() - 1 - logvar / 2)


@wrong_kl(
    "the given logvar was used as σ",
    "By definition logvar is log σ²: it may be negative, which no standard deviation can be.",
    "Which function leads from logvar back to σ²?",
)
def logvar_as_std(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar**2 - 1 - torch.log(logvar**2))


@wrong_kl(
    "the given logvar was used as log σ",
    "By definition logvar is the logarithm of the variance; doubled, it is the logarithm of σ⁴.",
    "Is there a factor 2 in front of your logvar? What is the logarithm of a square?",
)
def logvar_as_log_std(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + (2 * logvar).exp() - 1 - 2 * logvar)


@wrong_kl(
    "the square of logvar stands where σ² belongs",
    "Squaring a logarithm does not undo it.",
    "Which function leads from logvar back to σ²?",
)
def logvar_squared(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar**2 - 1 - logvar)


@wrong_kl(
    "the mean over the latent dimensions was taken instead of the sum",
    "Independent dimensions add their KLs, as their log-densities add; a mean makes the KL d times too weak.",
    "What happens to log q(z) when one more independent dimension joins?",
)
def dimensions_averaged(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(-1)


@wrong_kl(
    "this is the other direction, KL(N(0,1)‖N(μ,σ²))",
    "The KL is no distance: the Gaussian in front is the one that the average is taken over.",
    "Over which of the two Gaussians does the average in the definition run?",
)
def reversed_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum((1 + mu**2) * (-logvar).exp() - 1 + logvar)


@wrong_kl(
    "this is minus the entropy of N(μ,σ²) alone",
    "The average of log q(z) is half of the KL; the average of log p(z) has still to be taken away.",
    "Where does the prior come into your formula?",
)
def entropy_only(mu: Tensor, logvar: Tensor) -> Tensor:
    return -_half_sum(1 + math.log(2 * math.pi) + logvar)


@wrong_kl(
    "this is the cross-entropy alone, the average of −log p(z)",
    "The average of log q(z) is missing, and with it everything that punishes a narrow Gaussian.",
    "Which of the two log-densities in the definition has not been used?",
)
def cross_entropy_only(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() + math.log(2 * math.pi))


@wrong_kl(
    "the result is in bits",
    "With logarithms to base 2 everything shrinks by ln 2; here losses are in nats.",
    "Which base has your logarithm?",
)
def bits(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar) / math.log(2)


@wrong_kl(
    "the term log σ² was taken to base 2 while the rest is in nats",
    "The other terms came out of natural logarithms, and the bases cannot be mixed.",
    "Which base has your logarithm?",
)
def log2_inside(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar / math.log(2))


@wrong_kl(
    "the term log σ² was taken to base 10",
    "The formula comes out of e to a power, so its logarithm is the natural one.",
    "Which key of the calculator did you press, log or ln?",
)
def log10_inside(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar / math.log(10))


@wrong_kl(
    "the batch was summed too",
    "Each row is a Gaussian of its own; whoever averages over the batch needs one KL for each.",
    "Over which axes does your sum run?",
)
def batch_summed(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


@wrong_kl(
    "the batch was averaged too",
    "Each row is a Gaussian of its own; whoever averages over the batch needs one KL for each.",
    "What shape should come out of inputs of shape (4, 3)?",
)
def batch_averaged(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar).mean()


@wrong_kl(
    "the axis 1 was summed, whatever the shape",
    "The latent dimensions are the last axis; it has the number 1 only when there are two axes.",
    "How does torch number axes from the end?",
    fails="test_shapes",
)
def second_dimension_summed(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


@wrong_kl(
    "every axis but the first was summed",
    "Only the last axis holds latent dimensions; every axis before it is kept.",
    "What shape should come out of inputs of shape (2, 3, 4)?",
    fails="test_shapes",
)
def all_but_first_summed(mu: Tensor, logvar: Tensor) -> Tensor:
    terms = mu**2 + logvar.exp() - 1 - logvar
    return 0.5 * (terms.flatten(1).sum(1) if terms.dim() > 1 else terms.sum())


@wrong_kl(
    "the result was cut off from the graph",
    "A training follows the gradient of the KL back into the encoder; a detached number has none.",
    "Does your function leave torch anywhere, or call detach, item, numpy or no_grad?",
    fails="test_gradients",
)
def cut_from_graph(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar).detach()


@wrong_kl(
    "the given logvar was clamped to a range",
    "Outside the range the KL stays flat and its slope is exactly 0, so the encoder never finds the way back.",
    "What is the slope of clamp beyond its bounds? Does the formula need one at all?",
    fails="test_extremes",
    source=r"clamp|clip|min|max",
)
def logvar_clamped(mu: Tensor, logvar: Tensor) -> Tensor:
    inside = logvar.clamp(-10, 10)
    return _half_sum(mu**2 + inside.exp() - 1 - inside)


@wrong_kl(
    "the variance was kept above a smallest value",
    "Below that value the slope in logvar is gone, just where the KL has to push σ up again.",
    "Does anything go wrong with very small σ if you never take the logarithm of the variance?",
    fails="test_extremes",
    source=r"clamp|clip|max",
)
def variance_floored(mu: Tensor, logvar: Tensor) -> Tensor:
    inside = logvar.clamp(min=-10)
    return _half_sum(mu**2 + inside.exp() - 1 - inside)


@wrong_kl(
    "a small constant was added inside the logarithm",
    "It caps the KL of a narrow Gaussian and takes its slope away, and nothing here needs it.",
    "You are given logvar. Is there any need to take a logarithm?",
    fails="test_extremes",
)
def epsilon_in_log(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - torch.log(logvar.exp() + 1e-8))


@wrong_kl(
    "the given logvar went through exp and back through log",
    "For very small σ the exponential underflows to 0, and log 0 is −∞.",
    "You are given logvar. Is there any need to take a logarithm?",
    fails="test_extremes",
)
def exponential_then_log(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - torch.log(logvar.exp()))


@wrong_kl(
    "σ was computed as the square root of e^logvar",
    "For very small σ the exponential underflows to 0, where the square root has an infinite slope.",
    "Could you halve something before the exponential?",
    fails="test_extremes",
)
def root_of_variance(mu: Tensor, logvar: Tensor) -> Tensor:
    sigma = torch.sqrt(torch.exp(logvar))
    return _half_sum(mu**2 + sigma**2 - 1 - logvar)


# --- misconceptions about kl_gaussians ------------------------------------------------------------------------------

wrong_pair = _about("kl_gaussians", "test_kl_gaussians")


@wrong_pair(
    "this is the other direction, KL(second‖first)",
    "The KL is no distance: the Gaussian in front is the one that the average is taken over.",
    "Which of the two variances should stand below the fraction line?",
)
def direction_swapped(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar1 - logvar2 + (logvar2 - logvar1).exp() + gap / logvar1.exp() - 1)


@wrong_pair(
    "the factor ½ is missing",
    "The exponent and the normalization of a Gaussian both carry a ½, and it stays in the KL.",
    "What should remain of your formula when the second Gaussian is N(0,1)?",
)
def pair_half_missing(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return (logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / logvar2.exp() - 1).sum(-1)


@wrong_pair(
    "the sign is turned round: this is −KL", "A KL divergence is never negative.", "Is any of your values below 0?"
)
def pair_negated(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return -_half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / logvar2.exp() - 1)


@wrong_pair(
    "the −1 was forgotten",
    "Without it the KL of a Gaussian to itself would be ½ per dimension instead of 0.",
    "What does your formula give for two equal Gaussians?",
)
def pair_one_forgotten(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / logvar2.exp())


@wrong_pair(
    "the distance of the means was not divided by a variance",
    "Being off by 1 matters much when the second Gaussian is narrow and hardly when it is wide.",
    "In which unit does the second Gaussian measure a distance?",
)
def gap_not_scaled(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap - 1)


@wrong_pair(
    "the distance of the means was divided by the variance of the first Gaussian",
    "That term comes out of the logarithm of the second density, which measures distances in its own width.",
    "Which density does the squared distance come from?",
)
def gap_over_first_variance(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / logvar1.exp() - 1)


@wrong_pair(
    "the squared distance of the means was divided by a standard deviation",
    "A squared length has to be divided by a squared length.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def gap_over_std(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / (logvar2 / 2).exp() - 1)


@wrong_pair(
    "the distance of the means was not squared",
    "A density falls with the square of the distance, and the sign of the distance cannot matter.",
    "Does your result change when you turn the sign of both means?",
)
def gap_not_squared(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    return _half_sum(logvar2 - logvar1 + (logvar1 - logvar2).exp() + (mu1 - mu2) / logvar2.exp() - 1)


@wrong_pair(
    "the logarithm of the ratio of the variances has the wrong sign",
    "A first Gaussian narrower than the second must cost something, and only this term can charge it.",
    "What does your formula give for equal means when the first σ goes to 0?",
)
def log_ratio_flipped(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar1 - logvar2 + (logvar1 - logvar2).exp() + gap / logvar2.exp() - 1)


@wrong_pair(
    "the ratio of the variances stands on its head",
    "The average over the first Gaussian of a squared distance, in units of the second, has the first variance on top.",
    "What does your formula give for equal means when the first Gaussian is very wide?",
)
def variance_ratio_inverted(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + (logvar2 - logvar1).exp() + gap / logvar2.exp() - 1)


@wrong_pair(
    "the ratio of the standard deviations stands where the ratio of the variances belongs",
    "The average of a squared distance holds a variance.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def ratio_of_stds(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return _half_sum(logvar2 - logvar1 + ((logvar1 - logvar2) / 2).exp() + gap / logvar2.exp() - 1)


@wrong_pair(
    "σ was used as if it were σ², in every term",
    "The ratio, the scale of the distance and the logarithm all ask for variances.",
    "What do you have to do with σ before it goes into the formula?",
)
def stds_as_variances(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    half = (logvar2 - logvar1) / 2
    return _half_sum(half + (-half).exp() + (mu1 - mu2) ** 2 / (logvar2 / 2).exp() - 1)


@wrong_pair(
    "the second variance does not appear",
    "That is the formula for a second Gaussian with variance 1, moved to another mean.",
    "Where does logvar2 come into your formula?",
)
def second_variance_ignored(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    return _half_sum((mu1 - mu2) ** 2 + logvar1.exp() - 1 - logvar1)


@wrong_pair(
    "the mean over the latent dimensions was taken instead of the sum",
    "Independent dimensions add their KLs, as their log-densities add.",
    "What happens to log q(z) when one more independent dimension joins?",
)
def pair_averaged(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    gap = (mu1 - mu2) ** 2
    return 0.5 * (logvar2 - logvar1 + (logvar1 - logvar2).exp() + gap / logvar2.exp() - 1).mean(-1)


# --- misconceptions about kl_gradients ------------------------------------------------------------------------------

wrong_slope = _about("kl_gradients", "test_kl_gradients")


@wrong_slope(
    "the derivative by logvar is twice too large",
    "The ½ in front of the bracket stays when the bracket is differentiated.",
    "Which factor stands in front of e^logvar in the KL?",
)
def slope_half_missing(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, torch.expm1(logvar)


@wrong_slope(
    "both derivatives have the wrong sign",
    "Moving μ away from 0 must raise the KL.",
    "Does the KL grow or fall when a positive μ grows?",
)
def slope_negated(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return -mu, -0.5 * torch.expm1(logvar)


@wrong_slope(
    "the derivative by logvar has the wrong sign",
    "A Gaussian narrower than the prior gets cheaper when its variance grows.",
    "For σ < 1, does the KL grow or fall when logvar grows?",
)
def slope_logvar_negated(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, -0.5 * torch.expm1(logvar)


@wrong_slope(
    "this is the derivative by σ, not by logvar",
    "Since logvar = 2 · log σ, a step in logvar is not a step in σ.",
    "By how much does σ change when logvar changes a little?",
)
def slope_of_std(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    sigma = (logvar / 2).exp()
    return mu, sigma - 1 / sigma


@wrong_slope(
    "this is the derivative by σ², not by logvar",
    "By definition logvar is log σ², and the chain rule has one more factor for the logarithm.",
    "What is the derivative of e^logvar by logvar?",
)
def slope_of_variance(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, 0.5 * (1 - (-logvar).exp())


@wrong_slope(
    "the −1 is missing from the derivative by logvar",
    "The term −logvar has a slope too; without it the slope is not 0 at the prior, where the KL is smallest.",
    "What is the slope of −logvar? What should the whole slope be at σ = 1?",
)
def slope_one_forgotten(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, 0.5 * logvar.exp()


@wrong_slope(
    "the 1 was added in the derivative by logvar",
    "At the prior the KL is smallest, so there its slope has to be 0.",
    "What does your formula give at σ = 1?",
)
def slope_one_added(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, 0.5 * (logvar.exp() + 1)


@wrong_slope(
    "σ stands where σ² belongs in the derivative by logvar",
    "The term e^logvar is its own derivative, and it is the variance.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def slope_with_std(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, 0.5 * ((logvar / 2).exp() - 1)


@wrong_slope(
    "the term log σ² was differentiated by σ² while e^logvar was differentiated by logvar",
    "All terms have to be differentiated by the same variable.",
    "Written in logvar alone, what is the logarithm term of the KL?",
)
def slope_one_over_variance(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu, 0.5 * (logvar.exp() - (-logvar).exp())


@wrong_slope(
    "the derivative by μ is twice too large",
    "The square brings a factor 2 and the bracket has a ½ in front.",
    "Which factor stands in front of μ² in the KL?",
)
def slope_mean_doubled(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return 2 * mu, 0.5 * torch.expm1(logvar)


@wrong_slope(
    "the derivative by μ is half of what it should be",
    "The square brings down a factor 2.",
    "What is the derivative of μ²?",
)
def slope_mean_halved(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return 0.5 * mu, 0.5 * torch.expm1(logvar)


@wrong_slope(
    "the two derivatives come in the wrong order",
    "The caller takes the first for the derivative by μ.",
    "Which of the two does the docstring name first?",
)
def pair_swapped(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return 0.5 * torch.expm1(logvar), mu


@wrong_slope(
    "the derivatives were summed over the latent dimensions",
    "Every entry of μ and of logvar has a slope of its own; only the KL is a sum.",
    "What shape should the derivative by a tensor of shape (4, 3) have?",
)
def slopes_summed(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    return mu.sum(-1), 0.5 * torch.expm1(logvar).sum(-1)


# --- misconceptions about kl_monte_carlo ----------------------------------------------------------------------------

wrong_estimate = _about("kl_monte_carlo", "test_kl_monte_carlo")


@wrong_estimate(
    "the closed form was returned, without any draws",
    "The point of an estimate is to agree with the closed form without knowing it.",
    "Where in your function are points z drawn?",
)
def closed_form_returned(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar)


@wrong_estimate(
    "z is always μ: no noise was added",
    "A Gaussian has its largest density at μ, so a ratio taken only there says little about the average.",
    "What did exercise 1 add to μ?",
)
def drawn_without_noise(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = mu.expand(n, *mu.shape)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@wrong_estimate(
    "every call draws the same points",
    "Averages of the same draws never get better, however often one asks.",
    "Is a seed set, or a generator made, inside your function?",
)
def same_seed_every_time(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, torch.Generator().manual_seed(0))
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@wrong_estimate(
    "one draw was used in place of n",
    "One draw is unbiased but scatters √n times as much.",
    "What shape does your noise have? Where does n come in?",
)
def single_draw(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, 1, generator).expand(n, *mu.shape)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@wrong_estimate(
    "the draws were summed instead of averaged",
    "A KL does not grow with the number of points that one looks at.",
    "What happens to your result when n doubles?",
)
def draws_summed(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).sum(0)


@wrong_estimate(
    "the dimensions were not summed",
    "The log-density of a vector is the sum over its dimensions, and there is one KL for each row.",
    "What shape should come out of inputs of shape (4, 3)?",
)
def dimensions_kept(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).mean(0)


@wrong_estimate(
    "the mean over the latent dimensions was taken instead of the sum",
    "The log-density of a vector is the sum over its dimensions.",
    "What is the density of two independent coordinates together?",
)
def dimensions_averaged_in_estimate(
    mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None
) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).mean(-1).mean(0)


@wrong_estimate(
    "the batch was averaged too",
    "Each row is a Gaussian of its own with a KL of its own.",
    "Over which axes does your mean run?",
)
def batch_averaged_in_estimate(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean()


@wrong_estimate(
    "the difference log p(z) − log q(z) was averaged",
    "Over draws from q, q is the denser one on average, so this comes out negative.",
    "Is your estimate below 0? Which density comes first in the definition?",
)
def ratio_upside_down(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z) - _log_density(z, mu, logvar)).sum(-1).mean(0)


@wrong_estimate(
    "z was drawn from the prior",
    "The average runs over the Gaussian in front, which is q; draws from p average another quantity.",
    "Which of the two Gaussians should your z come from?",
)
def drawn_from_prior(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(torch.zeros_like(mu), torch.zeros_like(mu), n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@wrong_estimate(
    "the term log p(z) was left out",
    "The average of log q(z) alone is minus the entropy of q.",
    "Where does the prior come into your function?",
)
def prior_density_dropped(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return _log_density(z, mu, logvar).sum(-1).mean(0)


@wrong_estimate(
    "the term log q(z) was left out",
    "The average of −log p(z) alone is the cross-entropy.",
    "Which of the two log-densities in the definition has not been used?",
)
def posterior_density_dropped(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return -_log_density(z).sum(-1).mean(0)


@wrong_estimate(
    "your log q(z) has no −log σ in it",
    "The normalization 1/σ belongs to the density; without it a narrow Gaussian looks as dense as a wide one.",
    "What is in front of the exponential in the density of N(μ, σ²)?",
)
def normalization_dropped(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z) + logvar / 2).sum(-1).mean(0)


@wrong_estimate(
    "z was drawn with σ² in place of σ",
    "The noise is multiplied by a standard deviation; the density knows the right one, so the two do not fit.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def drawn_with_variance(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, 2 * logvar, n, generator)
    return (_log_density(z, mu, logvar) - _log_density(z)).sum(-1).mean(0)


@wrong_estimate(
    "σ² was used as the standard deviation, for the draws and in the density",
    "The class torch.distributions.Normal, like exercise 1, takes a standard deviation.",
    "What is e^(logvar/2), and what is e^logvar?",
)
def variance_as_scale(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    z = _draws(mu, 2 * logvar, n, generator)
    return (_log_density(z, mu, 2 * logvar) - _log_density(z)).sum(-1).mean(0)


# --- misconceptions about negative_elbo -----------------------------------------------------------------------------

wrong_loss = _about("negative_elbo", "test_negative_elbo")


def _pixel_losses(x: Tensor, logits: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def _kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return _half_sum(mu**2 + logvar.exp() - 1 - logvar)


@wrong_loss(
    "the mean over the pixels was taken instead of the sum",
    "The term log p(x|z) is a sum over pixels; beside a mean the KL is as many times too strong as there are pixels.",
    "What is the probability of a whole image, given that of each pixel?",
)
def pixels_averaged(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).mean(1) + beta * _kl(mu, logvar)


@wrong_loss(
    "the KL is a mean over the latent dimensions instead of a sum",
    "Independent dimensions add their KLs.",
    "Does your KL here equal that of kl_standard_normal?",
)
def kl_averaged(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).sum(1) + beta * _kl(mu, logvar) / mu.shape[-1]


@wrong_loss(
    "this is the ELBO itself, not minus the ELBO",
    "An optimizer minimizes, so it needs the bound with its sign turned.",
    "Should a better model give a smaller or a larger value?",
)
def elbo_returned(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return -_pixel_losses(x, logits).sum(1) - beta * _kl(mu, logvar)


@wrong_loss(
    "the KL was subtracted",
    "In the ELBO the KL has a minus sign, and minus the ELBO turns it.",
    "Would the optimizer make your KL small or large?",
)
def kl_subtracted(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).sum(1) - beta * _kl(mu, logvar)


@wrong_loss(
    "the loss of the pixels was subtracted",
    "The term log p(x|z) is already negative; minus log p(x|z) is what has to shrink.",
    "Is the loss of the pixels large or small when the decoder is right?",
)
def likelihood_subtracted(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return beta * _kl(mu, logvar) - _pixel_losses(x, logits).sum(1)


@wrong_loss(
    "the KL was left out",
    "What remains is a plain autoencoder: nothing brings its codes near the prior.",
    "Does your result depend on mu and logvar?",
)
def kl_left_out(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).sum(1) + 0 * beta * _kl(mu, logvar)


@wrong_loss(
    "the loss of the pixels was left out",
    "With the KL alone the encoder becomes the prior and forgets the images.",
    "Does your result depend on x and logits?",
)
def pixels_left_out(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return 0 * _pixel_losses(x, logits).sum(1) + beta * _kl(mu, logvar)


@wrong_loss(
    "the squared error of the pixels stands where the Bernoulli loss belongs",
    "A squared error is the −log p of a Gaussian decoder, and here a pixel is 0 or 1 with a probability.",
    "What is the probability that a Bernoulli decoder gives to the pixel that is there?",
)
def squared_error(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    error = (torch.sigmoid(logits) - x) ** 2
    return error.flatten(1).sum(1) + beta * _kl(mu, logvar)


@wrong_loss(
    "the sigmoid was taken twice",
    "The losses with “logits” in their name take the sigmoid themselves.",
    "What does your loss function expect, probabilities or logits?",
)
def sigmoid_twice(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, torch.sigmoid(logits)).sum(1) + beta * _kl(mu, logvar)


@wrong_loss(
    "the image and the logits changed places",
    "The functions of torch take the prediction first and the target second.",
    "In which order does your loss function take its arguments?",
)
def image_and_logits_swapped(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(logits, x).sum(1) + beta * _kl(mu, logvar)


@wrong_loss(
    "the batch was summed too",
    "The ELBO is a bound for one image, and there is one for each example.",
    "What shape should come out of a batch of 3?",
)
def examples_summed(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return (_pixel_losses(x, logits).sum(1) + beta * _kl(mu, logvar)).sum()


@wrong_loss(
    "the batch was averaged too",
    "The ELBO is a bound for one image, and there is one for each example.",
    "What shape should come out of a batch of 3?",
)
def examples_averaged(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return (_pixel_losses(x, logits).sum(1) + beta * _kl(mu, logvar)).mean()


@wrong_loss(
    "every example got the KL of the whole batch",
    "Each example has a posterior of its own, with a KL of its own.",
    "What shape has the KL that you add?",
)
def kl_of_whole_batch(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).sum(1) + beta * _kl(mu, logvar).sum()


@wrong_loss(
    "the axes 1, 2 and 3 were summed, whatever the shape of x",
    "An example may be an image or a plain row of pixels: everything but the first axis belongs to it.",
    "How could you join all axes but the first into one?",
    separable=False,
)
def axes_fixed(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return loss.sum((1, 2, 3)) + beta * _kl(mu, logvar)


@wrong_loss(
    "β is not used",
    "β is the weight of the KL, and 1 is only what it is when nobody says otherwise.",
    "Where does beta come into your function?",
    fails="test_beta",
)
def beta_ignored(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return _pixel_losses(x, logits).sum(1) + _kl(mu, logvar)


@wrong_loss(
    "β weighs the pixels",
    "β > 1 is meant to strengthen the pull to the prior; here it weakens it.",
    "Which of the two terms should grow with β?",
    fails="test_beta",
)
def beta_on_pixels(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return beta * _pixel_losses(x, logits).sum(1) + _kl(mu, logvar)


@wrong_loss(
    "β weighs the whole loss",
    "A factor in front of everything changes no balance, only the size of the steps.",
    "Which of the two terms should stay as it is when β changes?",
    fails="test_beta",
)
def beta_on_everything(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    return beta * (_pixel_losses(x, logits).sum(1) + _kl(mu, logvar))


# --- remarks on right code --------------------------------------------------------------------------------


@advice(
    "kl_standard_normal",
    check="test_values",
    says="kl_standard_normal goes through the rows in Python. The formula works on the whole tensor at once, "
    "and sum(-1) keeps the rows apart: one call instead of one for each row",
)
def rows_in_python(code: ast.AST) -> bool:
    return loops_over(code, "mu") or loops_over(code, "logvar")


@advice(
    "kl_monte_carlo",
    check="test_kl_monte_carlo",
    says="kl_monte_carlo draws one point at a time. Noise of the shape (n, …) draws all n at once, and mean(0) "
    "averages them",
)
def draws_in_python(code: ast.AST) -> bool:
    return loops_over(code, "n")


@advice(
    "negative_elbo",
    check="test_negative_elbo",
    says="negative_elbo takes the sigmoid and then a logarithm. For logits beyond ±17 float32 rounds the sigmoid to 0 "
    "or 1, and the loss or its gradient is lost; binary_cross_entropy_with_logits does both steps in one",
)
def sigmoid_before_log(code: ast.AST) -> bool:
    return calls(code, "sigmoid") and (calls(code, "log") or calls(code, "binary_cross_entropy"))


@advice(
    "negative_elbo",
    check="test_negative_elbo",
    says="negative_elbo goes through the images in Python. flatten(1).sum(1) adds up the pixels of each image of "
    "the batch",
)
def images_in_python(code: ast.AST) -> bool:
    return loops_over(code, "x") or loops_over(code, "logits")
