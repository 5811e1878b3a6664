import math

import torch

MU = [0.2, 0.7, -0.3]
SIGMA = [0.4, 0.1, 0.5]
kl_per_dimension = tuple(0.5 * (m * m + s * s - 1 - math.log(s * s)) for m, s in zip(MU, SIGMA))
kl_total = sum(kl_per_dimension)
kl_reversed = sum(0.5 * (math.log(s * s) + (1 + m * m) / (s * s) - 1) for m, s in zip(MU, SIGMA))
dkl_dlogvar = [0.5 * (s * s - 1) for s in SIGMA]


def kl_standard_normal(mu, logvar):
    total = torch.zeros(mu.shape[:-1], dtype=mu.dtype)
    for i in range(mu.shape[-1]):
        m, v = mu[..., i], logvar[..., i]
        total = total + 0.5 * (m * m + torch.exp(v) - 1 - v)
    return total


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    total = 0
    for i in range(mu1.shape[-1]):
        gap = mu1[..., i] - mu2[..., i]
        v1, v2 = logvar1[..., i], logvar2[..., i]
        total = total + 0.5 * (v2 - v1 + torch.exp(v1) / torch.exp(v2) + gap * gap / torch.exp(v2) - 1)
    return total


def kl_gradients(mu, logvar):
    by_logvar = torch.empty_like(logvar)
    flat, out = logvar.reshape(-1), by_logvar.view(-1)
    for i in range(len(flat)):
        out[i] = 0.5 * (math.exp(flat[i]) - 1)
    return 1.0 * mu, by_logvar


def kl_monte_carlo(mu, logvar, n, generator=None):
    sigma = torch.exp(logvar / 2)
    total = torch.zeros(mu.shape[:-1], dtype=mu.dtype)
    for _ in range(n):
        z = mu + sigma * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        log_q = -0.5 * (math.log(2 * math.pi) + logvar + ((z - mu) / sigma) ** 2)
        log_p = -0.5 * (math.log(2 * math.pi) + z**2)
        total += (log_q - log_p).sum(-1)
    return total / n


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    losses = []
    for image, row in zip(x, logits):
        losses.append(torch.nn.functional.binary_cross_entropy_with_logits(row, image, reduction="sum"))
    return torch.stack(losses) + beta * kl_standard_normal(mu, logvar)
