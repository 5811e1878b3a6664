import math

import torch
import torch.nn.functional as F

kl_per_dimension = [0.5163, 2.0526, 0.3631]
kl_total = 2.9320
kl_reversed = 74.518
dkl_dlogvar = [-0.42, -0.495, -0.375]


def kl_standard_normal(mu, logvar):
    # the line of the well-known example script
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    return 0.5 * (logvar2 - logvar1 + (logvar1 - logvar2).exp() + (mu1 - mu2) ** 2 / logvar2.exp() - 1).sum(-1)


def kl_gradients(mu, logvar):
    return mu, 0.5 * (logvar.exp() - 1)


def kl_monte_carlo(mu, logvar, n, generator=None):
    eps = torch.randn((n, *mu.shape), generator=generator, dtype=mu.dtype)
    z = mu + torch.exp(logvar / 2) * eps
    return (0.5 * (z**2 - eps**2 - logvar)).sum(-1).mean(0)


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return rec + beta * kl_standard_normal(mu, logvar)
