import math

import torch
from torch.nn.functional import logsigmoid

ln = math.log
kl_per_dimension = [
    0.5 * (0.04 + 0.16 - 1 - ln(0.16)),
    0.5 * (0.49 + 0.01 - 1 - ln(0.01)),
    0.5 * (0.09 + 0.25 - 1 - ln(0.25)),
]
kl_total = math.fsum(kl_per_dimension)
kl_reversed = 0.5 * (ln(0.16) + 1.04 / 0.16 - 1 + ln(0.01) + 1.49 / 0.01 - 1 + ln(0.25) + 1.09 / 0.25 - 1)
dkl_dlogvar = [-0.42, -0.495, -0.375]


def _last(t):
    return t.sum(t.dim() - 1)


def kl_standard_normal(mu, logvar):
    d = mu.shape[-1]
    return 0.5 * (_last(mu**2) + _last(torch.exp(logvar)) - _last(logvar) - d)


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    s1, s2 = torch.exp(logvar1 / 2), torch.exp(logvar2 / 2)
    return _last(torch.log(s2) - torch.log(s1) + (s1**2 + (mu1 - mu2) ** 2) / (2 * s2**2) - 0.5)


def kl_gradients(mu, logvar):
    return (mu, torch.sinh(logvar / 2) * torch.exp(logvar / 2))


def kl_monte_carlo(mu, logvar, n, generator=None):
    chunks = []
    left = n
    while left:
        size = min(left, 128)
        z = mu + (logvar / 2).exp() * torch.randn(size, *mu.shape, generator=generator, dtype=mu.dtype)
        chunks.append(_last(z**2 - (z - mu) ** 2 * torch.exp(-logvar) - logvar) / 2)
        left -= size
    return torch.cat(chunks).mean(0)


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    log_likelihood = x * logsigmoid(logits) + (1 - x) * logsigmoid(-logits)
    return beta * kl_standard_normal(mu, logvar) - log_likelihood.flatten(start_dim=1).sum(dim=1)
