"""What the right answer of each numeric card is, found in another way than by the card's own formula.

An oracle takes those of the drawn numbers that it names. Where it can, it asks torch.distributions, autograd, a
convolution or a count by brute force.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Categorical, Chi2, Normal, kl_divergence

Oracle = Callable[..., float]


def tensor(*values: float) -> torch.Tensor:
    """Numbers in float64; one of them without a dimension."""
    return torch.tensor(values[0] if len(values) == 1 else values, dtype=torch.float64)


def normal(mean: float, std: float) -> Normal:
    """N(mean, std²) in float64."""
    return Normal(tensor(mean), tensor(std))


def kl(mean: float, std: float, other_mean: float = 0, other_std: float = 1) -> float:
    """KL of two Gaussians, as torch computes it."""
    return float(kl_divergence(normal(mean, std), normal(other_mean, other_std)))


def slope(function: Callable[[torch.Tensor], torch.Tensor], at: float) -> float:
    """A derivative by autograd."""
    point = tensor(at).requires_grad_()
    return float(torch.autograd.grad(function(point), point)[0])


def logit(d: float) -> float:
    """The logit whose sigmoid is d."""
    return float(torch.logit(tensor(d)))


def entropy(*shares: float) -> float:
    """Of a distribution over a few places, in nats."""
    return float(Categorical(tensor(*shares)).entropy())


def bce(d: float, label: float) -> float:
    """Binary cross-entropy of one example."""
    return float(-Bernoulli(tensor(d)).log_prob(tensor(label)))


def same_quantile(value: float, at: Normal, under: Normal) -> float:
    """The point that lies in one Gaussian where a value lies in another: no formula of the trick is used."""
    return float(under.icdf(at.cdf(tensor(value))))


def earlier(row: int, column: int, center: int, *, itself: bool) -> bool:
    """Whether a tap of a kernel comes before its center in raster order."""
    return (row, column) < (center, center) or (itself and row == column == center)


def ones(k: int, *, itself: bool) -> int:
    """Taps that a mask leaves open, one after the other."""
    return sum(earlier(row, column, k // 2, itself=itself) for row in range(k) for column in range(k))


def colored_ones(k: int, channels: int) -> int:
    """Taps that mask A of three colors leaves open, over all pairs of channels."""
    block = channels // 3
    at_center = sum(i // block < o // block for o in range(channels) for i in range(channels))
    return channels**2 * ones(k, itself=False) + at_center


def response(n: int, taps: Callable[[int, int], bool]) -> float:
    """A 3×3 kernel with these taps on the image n, n + 1, …, at its center."""
    image = torch.arange(n, n + 9, dtype=torch.float64).view(1, 1, 3, 3)
    kernel = tensor(*[float(taps(row, column)) for row in range(3) for column in range(3)]).view(1, 1, 3, 3)
    return F.conv2d(image, kernel).item()


@cache
def seen(k: int, width: int, up: int, column: int) -> frozenset[int]:
    """Columns that a pixel sees in the row so many above it, through ever more masked layers."""
    reached, border = {(0, column)}, [(0, column)]
    reach = k // 2
    steps = [(row, side) for row in range(-reach, 1) for side in range(-reach, reach + 1) if row or side < 0]
    while border:
        row, place = border.pop()
        for above, side in steps:
            to = (row + above, place + side)
            if -up <= to[0] and 0 <= to[1] < width and to not in reached:
                reached.add(to)
                border.append(to)
    return frozenset(place for row, place in reached if row == -up)


@cache
def all_different(modes: int, draws: int) -> float:
    """Every sequence of draws is looked at."""
    sequences = np.indices((modes,) * draws).reshape(draws, -1)
    ordered = np.sort(sequences, axis=0)
    return float((np.diff(ordered, axis=0) > 0).all(axis=0).mean())


def close_pairs(n: int, m: int) -> float:
    """Of n points, m of them equal, the share of pairs that are close."""
    points = torch.arange(n, dtype=torch.float64)[:, None] * 100
    points[:m] = 0
    return float((torch.pdist(points) < 1).double().mean())


def transport(here: Iterable[float], there: Iterable[float]) -> float:
    """The cheapest of all ways to pair the points."""
    here = tuple(here)
    return min(
        sum(abs(a - b) for a, b in zip(here, order, strict=True)) / len(here) for order in itertools.permutations(there)
    )


def circling(h: float, n: int) -> float:
    """The radius after n simultaneous steps on V = x·y."""
    x, y = 1.0, 0.0
    for _ in range(int(n)):
        x, y = x - h * y, y + h * x
    return math.hypot(x, y)


def receptive_field(k: int, s: int) -> int:
    """Input places that one output of two convolutions depends on."""
    line = torch.zeros(1, 1, 60, requires_grad=True)
    ones_kernel = torch.ones(1, 1, int(k))
    out = F.conv1d(F.conv1d(line, ones_kernel, stride=int(s)), ones_kernel)
    return int(torch.autograd.grad(out[0, 0, 0], line)[0].count_nonzero())


def adain(x: float, s: float, b: float) -> float:
    """Instance normalisation of a feature map of mean 4 and standard deviation 2 that holds x."""
    places = (2.0, 6.0) if x in (2, 6) else (8.0, 3.0, 3.0, 3.0, 3.0)
    out = F.instance_norm(tensor(*places).view(1, 1, -1), weight=tensor(s).view(1), bias=tensor(b).view(1), eps=0)
    return out[0, 0, places.index(x)].item()


def shuffled(r: int, c: int) -> int:
    """The channels that a pixel shuffle turns into c."""
    return next(n for n in range(1, 200) if n % r**2 == 0 and F.pixel_shuffle(torch.zeros(1, n, 1, 1), r).shape[1] == c)


def value_of_game(p_data: torch.Tensor, p_g: torch.Tensor) -> float:
    """V at the best D, as 2·JSD − ln 4."""
    middle = Categorical((p_data + p_g) / 2)
    both = kl_divergence(Categorical(p_data), middle) + kl_divergence(Categorical(p_g), middle)
    return float(both) - math.log(4)


def best_answer(p: float, q: float) -> float:
    """The D that wins most at one point, tried out."""
    d = torch.linspace(0, 1, 100_001, dtype=torch.float64)[1:-1]
    return float(d[(p * d.log() + q * (1 - d).log()).argmax()])


def minibatch_feature(x: float, y: float) -> float:
    """Of the first of three samples, with one kernel of two numbers."""
    m = tensor(0, 0, x, -y, 0, 0).view(3, 2)
    near = torch.exp(-torch.cdist(m, m, p=1))
    return float((near.sum(1) - near.diagonal())[0])


def penalty(a: float, b: float, lam: float) -> float:
    """The gradient penalty of a linear critic."""
    point = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad((point * tensor(a, b)).sum(), point)
    return float(lam * (torch.linalg.vector_norm(gradient) - 1) ** 2)


def spread(of_noise: Callable[[np.ndarray], np.ndarray]) -> float:
    """The standard deviation of a function of standard normal noise, by Gauss-Hermite quadrature."""
    noise, weights = np.polynomial.hermite_e.hermegauss(8)
    mean = np.average(of_noise(noise), weights=weights)
    return float(np.sqrt(np.average((of_noise(noise) - mean) ** 2, weights=weights)))


def same_size_padding(k: int) -> int:
    """The padding with which a convolution keeps the size, tried out."""
    image, kernel = torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, k, k)
    return next(p for p in range(12) if F.conv2d(image, kernel, padding=p).shape == image.shape)


def through_logvar(by_sigma: float, sigma: float) -> float:
    """From ∂L/∂σ to ∂L/∂logvar by autograd."""
    return slope(lambda v: by_sigma * torch.exp(v / 2), 2 * math.log(sigma))


def reparam_slope(by: str, mu: float, sigma: float, eps: float) -> float:
    """∂z²/∂μ or ∂z²/∂σ by autograd."""
    if by == "mu":
        return slope(lambda m: (m + sigma * eps) ** 2, mu)
    return slope(lambda s: (mu + s * eps) ** 2, sigma)


PRIOR = normal(0, 1)

ORACLES: dict[str, Oracle] = {
    "choose-passes-autoregressive": lambda h, w, c: torch.zeros(int(h), int(w), int(c)).numel(),
    "choose-passes-diffusion": lambda s: sum(1 for _ in range(int(s))),
    "eval-noise-mixture": lambda k: -math.log(1 / k),
    "eval-fid-one-dimension": lambda m, n, s, t: (m - n) ** 2 + s**2 + t**2 - 2 * math.sqrt(s**2 * t**2),
    "found-chain-rule-product": lambda a, b, c: math.exp(-bce(a, 1) - bce(b, 1) - bce(c, 0)),
    "found-nats-to-bits": lambda nats: nats * math.log2(math.e),
    "found-bits-per-dim": lambda nats, side: nats * math.log2(math.e) / torch.zeros(3, int(side), int(side)).numel(),
    "found-entropy-floor": lambda n: entropy(*[1 / n] * int(n)),
    "found-norm-of-z": lambda d: math.sqrt(Chi2(tensor(d)).mean),
    "arch-dcgan-sizes": lambda n: torch.nn.ConvTranspose2d(1, 1, 4, 2, 1)(torch.zeros(1, 1, int(n), int(n))).shape[-1],
    "arch-dcgan-arithmetic-value": lambda a, b, c: c + (a - b),
    "arch-wasserstein-value": lambda a, b, c: transport((0, 1, 3), (a, b, c)),
    "arch-wgan-gp-value": penalty,
    "arch-lsgan-loss": lambda r, f: float(F.mse_loss(tensor(r, f), tensor(1, 0))),
    "arch-patchgan-field": receptive_field,
    "arch-cyclegan-value": lambda x, b: abs((2 * x + b) / 2 - x),
    "arch-pixel-shuffle": lambda r, c: shuffled(int(r), int(c)),
    "arch-progan-fade": lambda a, x, y: float(torch.lerp(tensor(x), tensor(y), a)),
    "arch-adain-value": adain,
    "arch-truncation-style": lambda psi, m, w: float(torch.lerp(tensor(m), tensor(w), psi)),
    "gan-optimal-d-at-a-point": best_answer,
    "gan-value-of-constant-d": lambda d: -bce(d, 1) - bce(d, 0),
    "gan-value-at-optimum": lambda p, q: value_of_game(tensor(p, q), tensor(q, p)),
    "gantrain-minimax-slope": lambda d: slope(lambda a: F.logsigmoid(-a), logit(d)),
    "gantrain-nonsaturating-slope": lambda d: slope(lambda a: -F.logsigmoid(a), logit(d)),
    "gantrain-minimax-by-d": lambda d: slope(lambda x: torch.log(1 - x), d),
    "gantrain-nonsaturating-by-d": lambda d: slope(lambda x: -torch.log(x), d),
    "gantrain-worked-example": lambda: (
        slope(lambda a: -F.logsigmoid(a), logit(0.2)) / slope(lambda a: F.logsigmoid(-a), logit(0.2))
    ),
    "gantrain-slope-ratio": lambda d: (
        slope(lambda a: -F.logsigmoid(a), logit(d)) / slope(lambda a: F.logsigmoid(-a), logit(d))
    ),
    "gantrain-d-loss": lambda r, f: (bce(r, 1) + bce(f, 0)) / 2,
    "gantrain-d-loss-from-logits": lambda a: float(F.binary_cross_entropy_with_logits(tensor(a), tensor(0))),
    "gantrain-g-losses-by-value": lambda d: bce(d, 1),
    "gantrain-bilinear-radius": circling,
    "kl-worked-example-narrow": lambda: kl(0.5, 0.1),
    "kl-worked-example-total": lambda: kl(0.5, 0.1) + kl(-0.2, 0.3),
    "kl-one-dimension": lambda mu, sigma: kl(mu, sigma),
    "kl-two-dimensions": lambda a, b, s, t: kl(a, s) + kl(b, t),
    "kl-reversed": lambda mu, sigma: kl(0, 1, mu, sigma),
    "kl-two-gaussians": lambda m, n, s, t: kl(m, s, n, t),
    "kl-slope-logvar": lambda sigma: slope(
        lambda v: kl_divergence(Normal(tensor(0.7), torch.exp(v / 2)), PRIOR), 2 * math.log(sigma)
    ),
    "kl-log-density": lambda mu, sigma, z: float(normal(mu, sigma).log_prob(tensor(z))),
    "kl-monte-carlo-one-draw": lambda sigma, z: float(normal(1, sigma).log_prob(tensor(z)) - PRIOR.log_prob(tensor(z))),
    "kl-monte-carlo-error": lambda err, k: (err * 10) / math.sqrt(100 * k),
    "elbo-gap": lambda gap: gap,
    "elbo-pixel-loss": lambda a: float(F.binary_cross_entropy_with_logits(tensor(a), tensor(1))),
    "elbo-loss-of-an-image": lambda a, b, kl, beta: math.fsum([a, b, b, *[kl] * int(beta)]),
    "latdiff-vqvae-perplexity": lambda a, b: math.exp(entropy(a, b)),
    "latdiff-ldm-grid": lambda s, f: F.avg_pool2d(torch.zeros(1, 1, int(s), int(s)), int(f)).numel(),
    "latdiff-forward": lambda a, x, eps: same_quantile(eps, PRIOR, normal(math.sqrt(a) * x, math.sqrt(1 - a))),
    "collapse-kl-to-uniform": lambda k, a, b: math.log(k) - entropy(a, b),
    "collapse-effective-modes": lambda a, b: math.exp(entropy(a, b)),
    "collapse-no-duplicates": lambda k: all_different(int(k), 4),
    "collapse-support-size": lambda s: torch.zeros(int(s), int(s)).numel(),
    "collapse-radius": lambda std, k: same_quantile(k, PRIOR, normal(0, std)),
    "collapse-fair-share": lambda n, k: n / k / 5,
    "collapse-covered-modes": lambda a, b, c: int((tensor(a, b, c, 0) >= 0.2 * 400 / 4).sum()),
    "collapse-high-quality": lambda n, s: float((torch.arange(int(n)) >= s).double().mean()),
    "collapse-minibatch-value": minibatch_feature,
    "collapse-pairs": lambda n: sum(1 for _ in itertools.combinations(range(int(n)), 2)),
    "collapse-duplicate-rate": lambda n, m: close_pairs(int(n), int(m)),
    "pixelcnn-ones-a": lambda k: ones(int(k), itself=False),
    "pixelcnn-ones-b": lambda k: ones(int(k), itself=True),
    "pixelcnn-response-a": lambda n: response(int(n), lambda row, column: earlier(row, column, 1, itself=False)),
    "pixelcnn-response-b": lambda n: response(int(n), lambda row, column: earlier(row, column, 1, itself=True)),
    "pixelcnn-response-none": lambda n: response(int(n), lambda *_: True),
    "pixelcnn-ones-rgb": lambda k, channels: colored_ones(int(k), int(channels)),
    "pixelcnn-padding": lambda k: same_size_padding(int(k)),
    "pixelcnn-image-nll": lambda p, q: bce(p, 1) + bce(q, 0),
    "pixelcnn-reach-to-the-right": lambda k, d: max(seen(int(k), 80, int(d), 40)) - 40,
    "pixelcnn-blind-in-a-row": lambda w, c, k: w - len(seen(int(k), int(w), 1, int(c))),
    "reparam-worked-example": lambda: same_quantile(-1, PRIOR, normal(-0.2, 0.3)),
    "reparam-z": lambda mu, sigma, eps: same_quantile(eps, PRIOR, normal(mu, sigma)),
    "reparam-std-of-mistake": lambda sigma: spread(lambda eps: sigma * sigma * eps),
    "reparam-recover-noise": lambda mu, sigma, z: same_quantile(z, normal(mu, sigma), PRIOR),
    "reparam-slope-mu": lambda mu, sigma, eps: reparam_slope("mu", mu, sigma, eps),
    "reparam-slope-sigma": lambda mu, sigma, eps: reparam_slope("sigma", mu, sigma, eps),
    "reparam-slope-logvar": lambda slope, sigma: through_logvar(slope, sigma),
    "reparam-std-from-logvar": lambda v: float(torch.exp(tensor(v)).sqrt()),
    "reparam-noise-shape": lambda n, rows, d: torch.zeros(int(n), int(rows), int(d)).numel(),
    "reparam-uniform-noise": lambda sigma: float(
        (sigma * (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000).mean()
    ),
}
