"""Checks of exercise 1: the reparameterization z = μ + σ·ε by hand, as a formula, and as a sampler."""
# ruff: noqa: ARG001  (a misconception keeps the signature of the function, also where it forgets an argument)

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

import torch

from grader.checking import (
    Curves,
    Draw,
    Rng,
    advice,
    assert_answer,
    assert_close,
    assert_dtype,
    assert_finite,
    assert_shape,
    assert_statistic,
    assert_true,
    assert_within,
    by_hand,
    calls,
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.learner import Learner

Tensor = torch.Tensor

DRAWS = 20_000
FIT_STEPS = 150
"""Of the training."""
FIT_LIMIT = 0.02
"""Largest KL in nats to the target: right samplers end a factor ten below, exp(logvar) as σ ten above."""

# --- references -------------------------------------------------------------------------------------------


@reference()
@formula(lambda mu, sigma, epsilon: mu + sigma * epsilon, sigma="positive")
def reparameterize(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """The affine map ε ↦ μ + σ·ε."""
    image: Tensor = torch.distributions.AffineTransform(mu, sigma)(epsilon)
    return image


@reference()
@formula(lambda z, mu, sigma: (z - mu) / sigma, sigma="positive")
def recover_epsilon(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """The inverse of the affine map."""
    source: Tensor = torch.distributions.AffineTransform(mu, sigma).inv(z)
    return source


@reference()
def sample_latent(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """Noise of the right shape, pushed through the affine map."""
    return torch.addcmul(mu, torch.exp(logvar / 2), _noise(mu, n, generator))


def _noise(mu: Tensor, n: int | None, generator: torch.Generator | None) -> Tensor:
    return torch.randn(_shape(mu, n), generator=generator, dtype=mu.dtype)


def _shape(mu: Tensor, n: int | None) -> tuple[int, ...]:
    return tuple(mu.shape) if n is None else (n, *mu.shape)


# --- by hand ----------------------------------------------------------------------------------------------


@numbers(
    "μ = {mu}, σ = {sigma} and ε = {epsilon}.",
    mu=[0.2, 0.7, -0.3],
    sigma=[0.4, 0.1, 0.5],
    epsilon=[1.0, -0.5, 0.2],
)
def practice_numbers(rng: Draw) -> dict[str, Any]:
    """Tenths: paper is enough."""
    tenths = [tenth / 10 for tenth in range(-9, 10) if tenth]
    return {
        "mu": rng.several(tenths, 3),
        "sigma": rng.several([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8], 3),
        "epsilon": rng.several([-1.5, -1.2, *tenths, 1.2, 1.5], 3),
    }


def _given(functions: Any) -> tuple[Tensor, Tensor, Tensor]:
    """μ, σ and ε; new tensors each time, because a misconception may write into what it is given."""
    given = functions.numbers
    mu, sigma, epsilon = torch.tensor([given.mu, given.sigma, given.epsilon], dtype=torch.float64)
    return mu, sigma, epsilon


@by_hand()
def z(functions: Any) -> Tensor:
    """The latent point of the practice numbers."""
    found: Tensor = functions.reparameterize(*_given(functions))
    return found


@by_hand()
def dloss_dmu(functions: Any) -> Tensor:
    """∂L/∂μ of L = Σz², by autograd."""
    mu, sigma, _ = _given(functions)
    mu.requires_grad_()
    return _loss_gradient(functions, mu, sigma, mu)


@by_hand()
def dloss_dsigma(functions: Any) -> Tensor:
    """∂L/∂σ of L = Σz², by autograd."""
    mu, sigma, _ = _given(functions)
    sigma.requires_grad_()
    return _loss_gradient(functions, mu, sigma, sigma)


@by_hand()
def dloss_dlogvar(functions: Any) -> Tensor:
    """∂L/∂logvar of L = Σz², by autograd."""
    mu, sigma, _ = _given(functions)
    logvar = sigma.square().log().requires_grad_()
    return _loss_gradient(functions, mu, torch.exp(logvar / 2), logvar)


def _loss_gradient(functions: Any, mu: Tensor, sigma: Tensor, leaf: Tensor) -> Tensor:
    loss = functions.reparameterize(mu, sigma, _given(functions)[2]).square().sum()
    # The zero keeps the leaf in the graph where a misconception has lost it.
    return torch.autograd.grad(loss + 0 * leaf.sum(), leaf)[0]


# --- checks: by hand --------------------------------------------------------------------------------------


@points(2)
def test_z(learner: Learner, rng: Rng) -> None:
    """By hand: the three numbers of z are right."""
    assert_answer(learner, "z")


@points(1)
def test_dloss_dmu(learner: Learner, rng: Rng) -> None:
    """By hand: the three numbers of ∂L/∂μ are right."""
    assert_answer(learner, "dloss_dmu")


@points(1)
def test_dloss_dsigma(learner: Learner, rng: Rng) -> None:
    """By hand: the three numbers of ∂L/∂σ are right."""
    assert_answer(learner, "dloss_dsigma")


@points(2)
def test_dloss_dlogvar(learner: Learner, rng: Rng) -> None:
    """By hand: the three numbers of ∂L/∂logvar are right."""
    assert_answer(learner, "dloss_dlogvar")


# --- checks: the formula ----------------------------------------------------------------------------------


def _rivals(learner: Learner, target: str) -> list[Callable[..., Any]]:
    """The reference and all its separable misconceptions: what a probe must tell apart."""
    wrong = [m.wrong for m in learner.suite.misconceptions if m.target == target and m.separable]
    return [learner.suite.references[target], *wrong]


@points(2)
def test_values(learner: Learner, rng: Rng) -> None:
    """The right z comes out of reparameterize for fresh numbers."""
    mu, sigma, epsilon = separated(
        lambda: (rng.normal(5), rng.uniform(0.2, 1.8, 5), rng.normal(5)), _rivals(learner, "reparameterize")
    )
    expected = reparameterize(mu, sigma, epsilon)
    assert_close(learner.reparameterize(mu, sigma, epsilon), expected, "z")


@points(1)
@requires("test_values")
def test_shapes_and_dtypes(learner: Learner, rng: Rng) -> None:
    """Tensors of any shape broadcast in reparameterize and keep their dtype."""
    cases = [((4, 3), (4, 3), (4, 3)), ((3,), (3,), (5, 3)), ((4, 1, 2), (2,), (3, 2)), ((), (), ())]
    for number, shapes in enumerate(cases):
        dtype = (torch.float32, torch.float64)[number % 2]
        mu, epsilon = rng.normal(*shapes[0], dtype=dtype), rng.normal(*shapes[2], dtype=dtype)
        sigma = rng.uniform(0.2, 1.8, *shapes[1], dtype=dtype)
        what = f"z for shapes μ {shapes[0]}, σ {shapes[1]}, ε {shapes[2]}"
        expected = reparameterize(mu, sigma, epsilon)
        found = learner.reparameterize(mu, sigma, epsilon)
        assert_close(found, expected, what, atol=1e-5)
        assert_dtype(found, dtype, what)


@points(2)
@requires("test_values")
def test_formula_gradients(learner: Learner, rng: Rng) -> None:
    """Gradients reach μ and σ through reparameterize."""
    mu, sigma, epsilon = rng.normal(4), rng.uniform(0.2, 1.8, 4), rng.normal(4)
    weight = rng.uniform(0.5, 2.0, 4)
    mu.requires_grad_()
    sigma.requires_grad_()
    found = learner.reparameterize(mu, sigma, epsilon.clone())
    by_mu, by_sigma = gradients((weight * found).sum(), {"μ": mu, "σ": sigma}, "z")
    assert_close(by_mu / weight, torch.ones_like(mu), "∂z/∂μ")
    assert_close(by_sigma / weight, epsilon, "∂z/∂σ")


@points(2)
def test_recover_epsilon(learner: Learner, rng: Rng) -> None:
    """The noise that led to z is what recover_epsilon finds."""
    point, mu, sigma = separated(
        lambda: (rng.normal(5), rng.normal(5), rng.uniform(0.3, 1.8, 5)), _rivals(learner, "recover_epsilon")
    )
    expected = recover_epsilon(point, mu, sigma)
    assert_close(learner.recover_epsilon(point, mu, sigma), expected, "ε")
    mu, sigma, epsilon = (t.float() for t in (rng.normal(3), rng.uniform(0.3, 1.8, 3), rng.normal(4, 3)))
    found = learner.recover_epsilon(reparameterize(mu, sigma, epsilon), mu, sigma)
    # Single precision loses digits in z − μ, and differently in z/σ − μ/σ.
    assert_close(found, epsilon, "ε for a batch of four z, in float32", rtol=1e-4, atol=1e-4)
    assert_dtype(found, torch.float32, "ε")


@trial
def inputs_afterwards(learner: Any, mu: Tensor, sigma: Tensor, epsilon: Tensor) -> list[Tensor]:
    """What is in the inputs once both functions have used them."""
    learner.reparameterize(mu, sigma, epsilon)
    learner.recover_epsilon(epsilon, mu, sigma)
    return [mu, sigma, epsilon]


@points(1)
@requires("test_values", "test_recover_epsilon")
def test_inputs_kept(learner: Learner, rng: Rng) -> None:
    """Inputs of reparameterize and recover_epsilon stay as they were."""
    inputs = (rng.normal(4), rng.uniform(0.2, 1.8, 4), rng.normal(4))
    before = [t.clone() for t in inputs]
    learner.note("reparameterize", inputs, {})
    learner.note("recover_epsilon", (inputs[2], *inputs[:2]), {})
    after = learner.run(inputs_afterwards, *inputs)
    assert_true(isinstance(after, list | tuple) and len(after) == len(before), "the calls did not come to their end")
    for name, now, kept in zip("μσε", after, before, strict=True):
        assert_close(now, kept, f"the input {name} after the calls")


# --- checks: the sampler ----------------------------------------------------------------------------------


@points(1)
def test_sample_shapes(learner: Learner, rng: Rng) -> None:
    """Samples have the shape and the dtype of μ, with a leading n where asked."""
    for shape, n, dtype in [((4, 3), None, torch.float64), ((3,), 6, torch.float32), ((2, 3), 1, torch.float64)]:
        mu, logvar = rng.normal(*shape, dtype=dtype), rng.uniform(-2.0, 2.0, *shape, dtype=dtype)
        found = learner.sample_latent(mu, logvar) if n is None else learner.sample_latent(mu, logvar, n=n)
        what = f"the sample for a μ of shape {shape}" + ("" if n is None else f" and n = {n}")
        assert_shape(found, shape if n is None else (n, *shape), what)
        assert_dtype(found, dtype, what)
        assert_finite(found, what)


def _sampled(learner: Learner, mu: Tensor, logvar: Tensor, **options: Any) -> Tensor:
    """A sample, which must not be μ itself; said first, so that every other complaint is about noise that is there."""
    found: Tensor = learner.sample_latent(mu, logvar, **options)
    # Compared by broadcasting, because μ repeated n times is no sample either.
    assert_true((found != mu).any(), "sample_latent gave μ back, without any noise")
    return found


@points(1)
@requires("test_sample_shapes")
def test_fresh_noise(learner: Learner, rng: Rng) -> None:
    """Every call of sample_latent draws fresh noise."""
    mu, logvar = rng.normal(4, 3), rng.uniform(-2.0, 2.0, 4, 3)
    first, second = _sampled(learner, mu, logvar), _sampled(learner, mu, logvar)
    assert_true(not torch.equal(first, second), "two calls of sample_latent gave exactly the same numbers")


@points(1)
@requires("test_fresh_noise")
def test_generator(learner: Learner, rng: Rng) -> None:
    """A generator with the same seed gives the same samples again."""
    mu, logvar, seed = rng.normal(4, 3), rng.uniform(-2.0, 2.0, 4, 3), rng.seed()
    one, other = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    first = _sampled(learner, mu, logvar, n=2, generator=one)
    again = _sampled(learner, mu, logvar, n=2, generator=other)
    assert_true(torch.equal(first, again), "two generators with the same seed gave different numbers")
    later = _sampled(learner, mu, logvar, n=2, generator=one)
    assert_true(not torch.equal(first, later), "a generator that was used once gave the same numbers again")


@points(2)
@requires("test_fresh_noise")
def test_independent_noise(learner: Learner, rng: Rng) -> None:
    """Every row, dimension and draw has noise of its own."""
    # With one σ for all, equal noise leaves equal distances from μ, whatever the learner takes σ to be.
    mu = rng.normal(4, 3)
    noise = _sampled(learner, mu, torch.full_like(mu, -0.5)) - mu
    assert_true((noise - noise[:1]).abs().max() > 1e-4, "all rows of μ got the same noise")
    assert_true((noise - noise[:, :1]).abs().max() > 1e-4, "all dimensions of a row got the same noise")
    mu = rng.normal(2, 2)
    noise = _sampled(learner, mu, torch.full_like(mu, -0.5), n=DRAWS) - mu
    assert_true((noise - noise[:1]).abs().max() > 1e-4, f"all {DRAWS} draws got the same noise")
    correlation = torch.corrcoef(noise.reshape(DRAWS, -1).T)
    # 0.05 is seven standard errors at 20 000 draws.
    assert_statistic(correlation, torch.eye(4), 0.01, "the correlation between the four numbers of a 2×2 sample")


LOG_STDS = (
    lambda logvar: logvar / 2,
    lambda logvar: logvar,
    lambda logvar: logvar.abs().log(),
    lambda logvar: 2 * logvar,
    lambda logvar: logvar - math.log(2),
    lambda logvar: logvar / 2 - math.log(12) / 2,
    lambda logvar: -logvar / 2,
)
"""Logarithm of the standard deviation of z: first the right one, then those of the misconceptions."""


def _draw_logvar(rng: Rng) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: (rng.uniform(0.5, 2.0, 3) * torch.where(rng.uniform(0.0, 1.0, 3) < 0.5, -1.0, 1.0),)


@points(3)
@requires("test_independent_noise")
def test_moments(learner: Learner, rng: Rng) -> None:
    """Over 20 000 draws the samples have mean μ, variance σ², and the tails of a Gaussian."""
    mu = rng.normal(3)
    (logvar,) = separated(_draw_logvar(rng), LOG_STDS, minimum=0.2)
    draws = _sampled(learner, mu, logvar, n=DRAWS)
    # A logarithm, because its error does not depend on how wrong σ is. Twice the standard error and half the limit
    # make the same bound, and leave room for a misconception that is replayed with other noise.
    spread = draws.std(0).log()
    what = f"the natural logarithm of the standard deviation of {DRAWS} draws"
    assert_statistic(spread, logvar / 2, 2 / math.sqrt(2 * DRAWS), what, limit=2.5)
    noise = (draws - mu) / torch.exp(logvar / 2)
    assert_statistic(noise.mean(0), 0.0, 1 / math.sqrt(DRAWS), f"the mean of (z − μ)/σ over {DRAWS} draws")
    expected, variance = math.sqrt(2 / math.pi), 1 - 2 / math.pi
    error = math.sqrt(variance / DRAWS)
    assert_statistic(noise.abs().mean(0), expected, error, f"the mean of |z − μ|/σ over {DRAWS} draws")


@points(3)
@requires("test_moments")
def test_sample_gradients(learner: Learner, rng: Rng) -> None:
    """Gradients reach μ and logvar through sample_latent."""
    mu, logvar = rng.normal(4, 3).requires_grad_(), rng.uniform(-2.0, 2.0, 4, 3).requires_grad_()
    weight = rng.uniform(0.5, 2.0, 4, 3)
    found = _sampled(learner, mu, logvar)
    by_mu, by_logvar = gradients((weight * found).sum(), {"μ": mu, "logvar": logvar}, "z")
    assert_close(by_mu / weight, torch.ones(4, 3), "∂z/∂μ")
    # z − μ = σ·ε is known without knowing ε, so this needs no noise of ours.
    ratio = by_logvar / (weight * (found - mu).detach())
    assert_close(ratio, torch.full((4, 3), 0.5), "∂z/∂logvar divided by (z − μ)", rtol=1e-3)


@points(2)
@requires("test_sample_gradients")
def test_extreme_logvar(learner: Learner, rng: Rng) -> None:
    """In float32, z and its gradient stay finite from logvar = −400 to 100."""
    for value in (-120.0, -400.0, 60.0, 100.0):
        mu, logvar = rng.normal(4, dtype=torch.float32), torch.full((4,), value, requires_grad=True)
        found = learner.sample_latent(mu, logvar, generator=rng.generator())
        assert_finite(found, f"z at logvar = {value:g}")
        (slope,) = gradients(found.sum(), {"logvar": logvar}, "z")
        assert_finite(slope, f"the gradient at logvar = {value:g}")


# --- training ---------------------------------------------------------------------------------------------


@trial
def fit_gaussian(learner: Any, mean: Tensor, std: Tensor, seed: int) -> tuple[list[Tensor], Tensor]:
    """Fit N(μ, σ²) to N(mean, std²) by Adam: minimise E[−log p(z)] minus the entropy, z from the learner's sampler.

    Returns μ and logvar, and the way there: (FIT_STEPS, 2, 3).
    """
    torch.manual_seed(seed)
    mu, logvar = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([mu, logvar], lr=0.1, betas=(0.8, 0.98), fused=True)
    path = []
    for step in range(FIT_STEPS):
        path.append(torch.stack([mu, logvar]).detach())
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / FIT_STEPS) + 1e-4
        draws = learner.sample_latent(mu, logvar, n=128)
        loss = (((draws - mean) / std) ** 2 / 2).sum(-1).mean() - logvar.sum() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [mu.detach(), logvar.detach()], torch.stack(path)


@points(3)
@training
@requires("test_sample_gradients")
def test_fit(learner: Learner, rng: Rng) -> None:
    """A Gaussian trained through sample_latent reaches its target."""
    mean, std = torch.tensor([1.5, -0.7, 0.3]), torch.tensor([0.4, 1.5, 0.8])
    learner.note("sample_latent", (), {})
    fitted, path = _fitted(learner.run(fit_gaussian, mean, std, rng.seed()))
    title = "How far the Gaussian that trains through sample_latent is from its target"
    way = {"KL to the target": _kl(path[:, 0], path[:, 1], mean, std)}
    learner.show(Curves(title, way, y_label="KL (nats)", floors={"at the target": 0.0}))
    mu, logvar = (torch.as_tensor(part).double() for part in fitted)
    assert_shape(mu, (3,), "the trained μ")
    assert_shape(logvar, (3,), "the trained logvar")
    kl = _kl(mu, logvar, mean, std)
    above = "Training through your samples does not reach the target: are they draws from N(μ, σ²)?"
    assert_within(kl, None, FIT_LIMIT, f"the KL to the target after {FIT_STEPS} steps, in nats,", above=above)


def _fitted(result: Any) -> tuple[list[Any], Tensor]:
    """μ and logvar, and the way there, out of a trial's untrusted result."""
    usable = isinstance(result, list | tuple) and len(result) == 2 and isinstance(result[0], list | tuple)
    assert_true(usable and len(result[0]) == 2, "the training did not return μ and logvar")
    path = result[1]
    drawable = isinstance(path, Tensor) and path.shape == (FIT_STEPS, 2, 3) and not path.is_complex()
    return result[0], path.double() if drawable else torch.empty(0, 2, 3)


def _kl(mu: Tensor, logvar: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """KL in nats of N(μ, σ²) to N(mean, std²), summed over the last dimension."""
    ratio = logvar.exp() / std.double() ** 2
    # From the formula: torch.distributions would raise on a NaN that a diverged training left.
    return 0.5 * (ratio + ((mu - mean) / std) ** 2 - 1 - ratio.log()).sum(-1)


# --- misconceptions of reparameterize, the commonest first ------------------------------------------------


@misconception(
    "reparameterize",
    fails="test_values",
    says="σ² was used where σ belongs",
    why="ε has standard deviation 1, and a factor stretches a standard deviation by itself, not by its square.",
    look="Which of the two, σ or σ², has the unit of μ?",
)
def variance_as_std(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + σ²·ε."""
    return mu + sigma**2 * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="the noise ε was left out: this is μ + σ",
    why="Without ε every draw is the same point, one standard deviation above the mean.",
    look="Where would the randomness of z come from in your formula?",
)
def noise_forgotten(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + σ."""
    return mu + sigma + torch.zeros_like(epsilon)


@misconception(
    "reparameterize",
    fails="test_values",
    says="the scale σ was left out: this is μ + ε",
    why="Then every posterior has the same width, and the encoder cannot say how sure it is.",
    look="What should z be when σ is nearly 0?",
)
def scale_forgotten(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + ε."""
    return mu + epsilon + torch.zeros_like(sigma)


@misconception(
    "reparameterize",
    fails="test_values",
    says="the mean μ was left out: this is σ·ε",
    why="Then every image lands around the origin, and z says nothing about where its image belongs.",
    look="What should z be when ε is 0?",
)
def mean_forgotten(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """σ·ε."""
    return sigma * epsilon + torch.zeros_like(mu)


@misconception(
    "reparameterize",
    fails="test_values",
    says="the mean μ itself was returned, nothing was sampled",
    why="Without noise the model is a plain autoencoder: the decoder never learns what lies between the means.",
    look="Do two different ε give two different z?",
)
def mean_returned(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ."""
    return mu + torch.zeros_like(sigma + epsilon)


@misconception(
    "reparameterize",
    fails="test_values",
    says="the square root of σ was taken",
    why="σ is a standard deviation already; the root belongs to a variance.",
    look="Is the second input a variance or a standard deviation? The docstring says.",
)
def square_root_of_std(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + √σ·ε."""
    return mu + sigma**0.5 * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="σ was taken for a log-variance: e^(σ/2) multiplies ε",
    why="An exponential undoes a logarithm, and σ is no logarithm.",
    look="What does this function receive, σ or logvar?",
)
def std_read_as_logvar(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + exp(σ/2)·ε."""
    return mu + torch.exp(sigma / 2) * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="σ was taken for the logarithm of σ: e^σ multiplies ε",
    why="An exponential undoes a logarithm, and σ is no logarithm.",
    look="What does this function receive, σ or log σ?",
)
def std_read_as_log_std(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + exp(σ)·ε."""
    return mu + torch.exp(sigma) * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="μ and σ changed places: this is σ + μ·ε",
    why="The mean is the place that noise is added to; the standard deviation says how much of it.",
    look="Which of the two should z be when ε is 0?",
)
def mean_and_std_swapped(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """σ + μ·ε."""
    return sigma + mu * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="μ was multiplied by the noise as well: this is (μ + σ)·ε",
    why="The mean shifts z and must not depend on the noise.",
    look="What comes first where there are no brackets, the sum or the product?",
)
def sum_before_product(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """(μ + σ)·ε."""
    return (mu + sigma) * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="μ was multiplied by σ as well: this is σ·(μ + ε)",
    why="Then the mean of z is σ·μ, so a narrow posterior is dragged to the origin.",
    look="What should the average of z over many ε be?",
)
def mean_scaled_too(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """σ·(μ + ε)."""
    return sigma * (mu + epsilon)


@misconception(
    "reparameterize",
    fails="test_values",
    says="the noise was subtracted: this is μ − σ·ε",
    why="Its distribution is right, by symmetry, but it is not the z of this ε.",
    look="On which side of μ should z lie when ε is positive?",
)
def noise_subtracted(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ − σ·ε."""
    return mu - sigma * epsilon


@misconception(
    "reparameterize",
    fails="test_values",
    says="ε was standardised instead: this is (ε − μ)/σ",
    why="That is the way back, from a Gaussian to the standard one; here the noise is standard already.",
    look="Which of the two has mean 0 and standard deviation 1 here, the input ε or the output z?",
)
def standardised_instead(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """(ε − μ)/σ."""
    return (epsilon - mu) / sigma


@misconception(
    "reparameterize",
    fails="test_values",
    says="the noise was divided by σ instead of multiplied",
    why="A wide posterior must spread its draws more, not less.",
    look="What should happen to z when σ doubles?",
)
def noise_divided(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + ε/σ."""
    return mu + epsilon / sigma


@misconception(
    "reparameterize",
    fails="test_values",
    says="the sign of ε was lost: this is μ + σ·|ε|",
    why="Then no draw ever falls below the mean.",
    look="Look at a place where ε is negative: on which side of μ is your z?",
)
def noise_sign_lost(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + σ·|ε|."""
    return mu + sigma * epsilon.abs()


@misconception(
    "reparameterize",
    fails="test_values",
    says="the first number of ε was used for every dimension",
    why="Then the dimensions move together, on one line, instead of each on its own.",
    look="How many numbers does ε hold, and how many of them do you use?",
)
def first_noise_everywhere(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + σ·ε₁."""
    return mu + sigma * epsilon.reshape(-1)[0]


@misconception(
    "reparameterize",
    fails="test_values",
    says="ε was squared: this is μ + σ·ε²",
    why="A square is never negative, so no draw ever falls below the mean.",
    look="Which letter carries a square in N(μ, σ²), and is that square in the formula for z?",
)
def noise_squared(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + σ·ε²."""
    return mu + sigma * epsilon**2


@misconception(
    "reparameterize",
    fails="test_values",
    says="σ·ε was summed over the dimensions, as a dot product",
    why="Each latent dimension has its own Gaussian and takes only its own noise.",
    look="How many numbers does σ·ε have in the worked example?",
)
def dot_product(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """μ + Σσε."""
    return mu + (sigma * epsilon).sum()


@misconception(
    "reparameterize",
    fails="test_formula_gradients",
    says="z was cut off from μ and σ",
    why="A number, an array or a new tensor made from it forgets how z was computed: the encoder never learns.",
    look="Which step of yours leaves torch's own arithmetic?",
    separable=False,
)
def formula_cut_off(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """The right values without a graph."""
    return (mu + sigma * epsilon).detach()


@misconception(
    "reparameterize",
    fails="test_inputs_kept",
    says="the result was written into ε",
    why="Whoever called the function still needs that noise, for instance to look at it or to use it twice.",
    look="Which torch operations end in an underscore, and what do `+=` and `*=` do to a tensor?",
    separable=False,
)
def written_into_noise(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    """The right values, in place of the noise."""
    return epsilon.mul_(sigma).add_(mu)


# --- misconceptions of recover_epsilon --------------------------------------------------------------------


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="z − μ was divided by σ²",
    why="σ multiplied the noise once, so one division takes it out.",
    look="What did σ do to ε on the way to z?",
)
def recovered_by_variance(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """(z − μ)/σ²."""
    return (z - mu) / sigma**2


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="the brackets were lost: this is z − μ/σ",
    why="Division binds tighter than subtraction, so only μ was divided.",
    look="Which part of your formula should σ divide, and which part does it divide?",
)
def recovered_without_brackets(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Z − μ/σ."""
    return z - mu / sigma


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="the steps were undone in the wrong order: this is z/σ − μ",
    why="The last step on the way to z, adding μ, is the first to undo.",
    look="In which order do you take off socks and shoes?",
)
def recovered_in_wrong_order(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """z/σ − μ."""
    return z / sigma - mu


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="the difference was taken the wrong way round: this is (μ − z)/σ",
    why="A z above the mean comes from a positive ε.",
    look="Which sign should ε have when z is larger than μ?",
)
def recovered_with_wrong_sign(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """(μ − z)/σ."""
    return (mu - z) / sigma


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="σ was not taken out: this is z − μ",
    why="z − μ is the stretched noise; ε is the noise before it was stretched.",
    look="Put your ε back into the formula: do you get z?",
)
def recovered_without_scale(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Z − μ."""
    return z - mu + torch.zeros_like(sigma)


@misconception(
    "recover_epsilon",
    fails="test_recover_epsilon",
    says="z − μ was multiplied by σ",
    why="σ stretched the noise, and multiplying by it again stretches once more.",
    look="Which operation undoes a product?",
)
def recovered_by_product(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """(z − μ)·σ."""
    return (z - mu) * sigma


# --- misconceptions of sample_latent ----------------------------------------------------------------------


@misconception(
    "sample_latent",
    fails="test_moments",
    says="exp(logvar) was used as σ",
    why="exp(logvar) undoes the logarithm and gives the variance σ², not the standard deviation.",
    look="Write σ² = exp(logvar) down and solve for σ.",
    source=r"exp\(\s*logvar\s*\)|logvar\.exp\(\)",
)
def exp_logvar_as_std(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """σ = exp(logvar)."""
    return mu + torch.exp(logvar) * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_moments",
    says="σ was set to logvar itself",
    why="logvar is a logarithm, and negative for every σ below 1; a standard deviation never is.",
    look="Which logvar belongs to σ = 1, and what does your sampler do with it?",
)
def logvar_as_std(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """σ = logvar."""
    return mu + logvar * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_moments",
    says="half of exp(logvar) was used as σ",
    why="A factor in front of an exponential is not the same as that factor in the exponent.",
    look="Which σ does your code use at logvar = 0, where the variance is 1?",
)
def half_outside_exp(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """σ = ½·exp(logvar)."""
    return mu + 0.5 * torch.exp(logvar) * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_moments",
    says="exp(2·logvar) was used as σ",
    why="exp(logvar) is σ² already; doubling the exponent squares it once more.",
    look="Write σ² = exp(logvar) down and solve for σ.",
)
def exp_twice_logvar_as_std(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """σ = exp(2·logvar)."""
    return mu + torch.exp(2 * logvar) * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_moments",
    says="1/σ was used as σ: the exponent has a minus sign",
    why="A larger log-variance means a wider Gaussian.",
    look="Does the spread of your samples grow or shrink when logvar grows?",
)
def precision_as_std(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """σ = exp(−logvar/2)."""
    return mu + torch.exp(-logvar / 2) * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_moments",
    says="the noise is uniform between 0 and 1, not normal",
    why="Such noise has mean ½ and standard deviation 0.29, so z is neither centred on μ nor as wide as σ.",
    look="What is the difference between torch.rand and torch.randn?",
)
def uniform_noise(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """ε from U(0, 1)."""
    return mu + torch.exp(logvar / 2) * torch.rand(_shape(mu, n), generator=generator, dtype=mu.dtype)


@misconception(
    "sample_latent",
    fails="test_fresh_noise",
    says="μ was returned, nothing was sampled",
    why="Without noise the model is a plain autoencoder: the decoder never learns what lies between the means.",
    look="Does logvar have any influence on your result?",
)
def mean_as_sample(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The mean, n times."""
    return mu + torch.zeros(_shape(mu, n), dtype=mu.dtype)


@misconception(
    "sample_latent",
    fails="test_fresh_noise",
    says="the noise is seeded inside the function",
    why="Then every call draws the same ε, and training only ever sees that one.",
    look="Who should decide about the seed, the function or its caller?",
)
def seeded_inside(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """The same noise at every call."""
    return mu + torch.exp(logvar / 2) * _noise(mu, n, torch.Generator().manual_seed(0))


@misconception(
    "sample_latent",
    fails="test_generator",
    says="the generator was not used",
    why="Someone who passes a seeded generator wants to repeat a run exactly.",
    look="Where in your function does `generator` appear?",
    source=r"\.r?sample\(",  # the samplers of torch.distributions know no generator
)
def generator_ignored(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """Noise from the global generator, always."""
    return mu + torch.exp(logvar / 2) * _noise(mu, n, None)


@misconception(
    "sample_latent",
    fails="test_independent_noise",
    says="one noise vector was drawn for the whole batch",
    why="Then all images of a batch move in the same direction, and their gradients no longer average out.",
    look="How many numbers do you draw for a batch of 4 rows with 3 dimensions?",
)
def one_noise_for_the_batch(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """ε of shape (d,) for all rows and draws."""
    epsilon = torch.randn(mu.shape[-1:], generator=generator, dtype=mu.dtype)
    return (mu + torch.exp(logvar / 2) * epsilon).expand(_shape(mu, n))


@misconception(
    "sample_latent",
    fails="test_independent_noise",
    says="one noise number was drawn per row, for all its dimensions",
    why="Then the samples of an image lie on one line through the latent space.",
    look="How many numbers do you draw for a batch of 4 rows with 3 dimensions?",
)
def one_noise_per_row(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """ε of shape (…, 1)."""
    epsilon = torch.randn((*_shape(mu, n)[:-1], 1), generator=generator, dtype=mu.dtype)
    return mu + torch.exp(logvar / 2) * epsilon


@misconception(
    "sample_latent",
    fails="test_independent_noise",
    says="one sample was drawn and repeated n times",
    why="n equal draws carry no more information than one.",
    look="Of which shape is the noise that you draw when n is given?",
)
def one_draw_repeated(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """ε of the shape of μ, expanded to n."""
    return (mu + torch.exp(logvar / 2) * _noise(mu, None, generator)).expand(_shape(mu, n))


@misconception(
    "sample_latent",
    fails="test_sample_shapes",
    says="n was not used",
    why="Whoever passes n = 64 expects 64 draws along a new first dimension.",
    look="Where in your function does `n` appear?",
)
def n_ignored(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """Always one draw."""
    return mu + torch.exp(logvar / 2) * _noise(mu, None, generator)


@misconception(
    "sample_latent",
    fails="test_sample_shapes",
    says="the sample came out in float32 whatever the input was",
    why="A lower precision slips through the rest of the network unseen, and a mixed one raises errors later.",
    look="Which dtype does torch.randn give unless told otherwise?",
    separable=False,
)
def dtype_lost(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """Always float32."""
    return (mu + torch.exp(logvar / 2) * _noise(mu, n, generator)).float()


@misconception(
    "sample_latent",
    fails="test_sample_shapes",
    says="the sample came out in float64 whatever the input was",
    why="Noise in double precision, numpy's habit, makes everything that it touches double.",
    look="Which dtype does your noise have, and which one does mu have?",
    separable=False,
)
def dtype_widened(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """Always float64."""
    return mu + torch.exp(logvar / 2) * _noise(mu.double(), n, generator)


@misconception(
    "sample_latent",
    fails="test_sample_gradients",
    says="z was detached, so no gradient comes back to the encoder",
    why="The whole point of the trick is that z stays an ordinary formula in μ and σ.",
    look="Which step of yours makes torch forget where z came from?",
    separable=False,
    source=r"\.detach\(|no_grad|\.data\b|\.item\(|\.numpy\(|torch\.tensor\(",
)
def sample_detached(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The right samples without a graph."""
    return (mu + torch.exp(logvar / 2) * _noise(mu, n, generator)).detach()


@misconception(
    "sample_latent",
    fails="test_sample_gradients",
    says="z was drawn by .sample(), which no gradient passes",
    why=".sample() rolls the dice inside, and nobody can differentiate dice.",
    look="Where does the randomness enter in z = μ + σ·ε, and where in your code?",
    separable=False,
    source=r"\.sample\(",
)
def drawn_by_sample(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The dice inside a distribution."""
    drawn: Tensor = torch.distributions.Normal(mu, torch.exp(logvar / 2)).sample(() if n is None else (n,))
    return drawn


@misconception(
    "sample_latent",
    fails="test_sample_gradients",
    says="z was drawn by torch.normal, whose gradient is zero",
    why="torch.normal rolls the dice inside, and nobody can differentiate dice.",
    look="Where does the randomness enter in z = μ + σ·ε, and where in your code?",
    separable=False,
)
def drawn_by_normal(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The dice inside torch.normal."""
    shape = _shape(mu, n)
    return torch.normal(mu.expand(shape), torch.exp(logvar / 2).expand(shape), generator=generator)


@misconception(
    "sample_latent",
    fails="test_sample_gradients",
    says="σ was detached, so no gradient reaches logvar",
    why="Then the reconstruction never tells the encoder how sure it may be; only the KL term moves σ.",
    look="Follow logvar through your code: is it still part of the graph when it meets the noise?",
    separable=False,
)
def std_detached(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """σ without a graph."""
    return mu + torch.exp(logvar / 2).detach() * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_extreme_logvar",
    says="σ was computed as √exp(logvar)",
    why="exp(logvar) leaves the range of float32 long before σ does, and a square root at 0 has an infinite slope.",
    look="Can the root be taken before the exponential?",
    separable=False,
)
def root_of_exp(mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """σ = √exp(logvar)."""
    return mu + torch.sqrt(torch.exp(logvar)) * _noise(mu, n, generator)


@misconception(
    "sample_latent",
    fails="test_extreme_logvar",
    says="torch.distributions refuses the σ = 0 that a very negative logvar rounds to",
    why="Normal(μ, σ) checks that σ is positive, and exp(−200) is below the smallest float32.",
    look="Does the formula itself need a distribution object, or only noise?",
    separable=False,
    source=r"distributions|Normal\(",
)
def refused_by_distribution(
    mu: Tensor, logvar: Tensor, n: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """The right formula behind a distribution's checks."""
    posterior = torch.distributions.Normal(mu, torch.exp(logvar / 2))
    return posterior.loc + posterior.scale * _noise(mu, n, generator)


# --- misconceptions of the gradients by hand --------------------------------------------------------------


@misconception(
    "dloss_dmu",
    fails="test_dloss_dmu",
    says="this is ∂z/∂μ, not ∂L/∂μ",
    why="The chain rule multiplies it by how L changes with z.",
    look="Which of the two factors of the worked example is missing?",
)
def inner_derivative_by_mu(functions: Any) -> Tensor:
    """∂z/∂μ = 1."""
    return torch.ones_like(_given(functions)[0])


@misconception(
    "dloss_dmu",
    fails="test_dloss_dmu",
    says="the factor 2 of the derivative of z² is missing",
    why="L grows by 2·z·δ when z grows by a tiny δ.",
    look="What is the derivative of z²?",
)
def factor_two_missing_by_mu(functions: Any) -> Tensor:
    """∂L/∂μ halved."""
    return 0.5 * dloss_dmu(functions)


@misconception(
    "dloss_dsigma",
    fails="test_dloss_dsigma",
    says="the chain rule stopped at ∂L/∂z",
    why="A change of σ reaches z only stretched by the noise.",
    look="By how much does z move when σ grows by 0.01?",
)
def noise_missing_by_sigma(functions: Any) -> Tensor:
    """∂L/∂z."""
    return dloss_dmu(functions)


@misconception(
    "dloss_dsigma",
    fails="test_dloss_dsigma",
    says="this is ∂z/∂σ, not ∂L/∂σ",
    why="The chain rule multiplies it by how L changes with z.",
    look="Which of the two factors of the worked example is missing?",
)
def inner_derivative_by_sigma(functions: Any) -> Tensor:
    """∂z/∂σ = ε."""
    return _given(functions)[2]


@misconception(
    "dloss_dsigma",
    fails="test_dloss_dsigma",
    says="the factor 2 of the derivative of z² is missing",
    why="L grows by 2·z·δ when z grows by a tiny δ.",
    look="What is the derivative of z²?",
)
def factor_two_missing_by_sigma(functions: Any) -> Tensor:
    """∂L/∂σ halved."""
    return 0.5 * dloss_dsigma(functions)


@misconception(
    "dloss_dlogvar",
    fails="test_dloss_dlogvar",
    says="the factor ½ of ∂σ/∂logvar is missing",
    why="σ is the square root of exp(logvar), so it changes half as fast, measured against itself.",
    look="By how much does σ grow when logvar grows by a tiny δ?",
)
def half_missing_by_logvar(functions: Any) -> Tensor:
    """∂L/∂σ·σ."""
    return 2 * dloss_dlogvar(functions)


@misconception(
    "dloss_dlogvar",
    fails="test_dloss_dlogvar",
    says="the chain rule stopped at ∂L/∂σ",
    why="The network gives logvar, and σ depends on it: one more factor.",
    look="Which last step does the worked example take?",
)
def stopped_at_sigma(functions: Any) -> Tensor:
    """∂L/∂σ."""
    return dloss_dsigma(functions)


@misconception(
    "dloss_dlogvar",
    fails="test_dloss_dlogvar",
    says="∂L/∂σ was halved, and the factor σ is missing",
    why="σ changes in proportion to itself when its logarithm changes.",
    look="By how much does σ grow when logvar grows by a tiny δ?",
)
def sigma_missing_by_logvar(functions: Any) -> Tensor:
    """½·∂L/∂σ."""
    return 0.5 * dloss_dsigma(functions)


@misconception(
    "dloss_dlogvar",
    fails="test_dloss_dlogvar",
    says="this is ∂L/∂σ², the derivative by the variance, not by its logarithm",
    why="The network's number is log σ²; a step in it is a relative change of σ².",
    look="Which number does the network give, σ² or log σ²?",
)
def by_variance_not_logvar(functions: Any) -> Tensor:
    """∂L/∂σ²."""
    return dloss_dlogvar(functions) / _given(functions)[1] ** 2


@misconception(
    "dloss_dlogvar",
    fails="test_dloss_dlogvar",
    says="this is ∂z/∂logvar, not ∂L/∂logvar",
    why="The chain rule multiplies it by how L changes with z.",
    look="Which of the factors of the worked example is missing?",
)
def inner_derivative_by_logvar(functions: Any) -> Tensor:
    """∂z/∂logvar = ½·σ·ε."""
    _, sigma, epsilon = _given(functions)
    return 0.5 * sigma * epsilon


# --- remarks on right code --------------------------------------------------------------------------------


@advice(
    "sample_latent",
    check="test_moments",
    says="rsample() is this very trick inside a library, and it draws its noise where your `generator` does not reach. "
    "μ + σ·ε with a noise of your own is as short, and can be repeated",
)
def drawn_by_rsample(code: ast.AST) -> bool:
    """A distribution object, and its rsample."""
    return calls(code, "rsample")


@advice(
    "sample_latent",
    check="test_moments",
    says="sample_latent draws row by row in Python. One call of torch.randn with the shape of the result "
    "draws everything",
)
def drawn_row_by_row(code: ast.AST) -> bool:
    """A Python loop around the draws."""
    return any(loops_over(code, name) for name in ("n", "mu", "logvar"))


@advice(
    "reparameterize",
    check="test_values",
    says="reparameterize goes through the rows in Python. + and * work on whole tensors of any shape, and much faster",
)
def rows_in_python(code: ast.AST) -> bool:
    """A Python loop around the formula."""
    return any(loops_over(code, name) for name in ("mu", "sigma", "epsilon"))
