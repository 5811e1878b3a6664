import numpy as np
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

mu = np.array([0.2, 0.7, -0.3])
sigma = np.array([0.4, 0.1, 0.5])
kl_per_dimension = 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma**2))
kl_total = kl_per_dimension.sum()
kl_reversed = (0.5 * (np.log(sigma**2) + (1 + mu**2) / sigma**2 - 1)).sum()
dkl_dlogvar = 0.5 * (sigma**2 - 1)


def gaussian(mu, logvar):
    return Independent(Normal(mu, torch.exp(0.5 * logvar)), 1)


def kl_standard_normal(mu, logvar):
    # kl_divergence takes the logarithm of σ², which fails for tiny σ: this one stays in logvar
    return (mu**2 + torch.exp(logvar) - logvar - 1).sum(dim=-1).mul(0.5)


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    return kl_divergence(gaussian(mu1, logvar1), gaussian(mu2, logvar2))


def kl_gradients(mu, logvar):
    m = mu.detach().clone().requires_grad_(True)
    v = logvar.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        kl_standard_normal(m, v).sum().backward()
    return m.grad, v.grad


def kl_monte_carlo(mu, logvar, n, generator=None):
    q = gaussian(mu, logvar)
    p = gaussian(torch.zeros_like(mu), torch.zeros_like(mu))
    z = q.rsample((n,))
    return (q.log_prob(z) - p.log_prob(z)).mean(dim=0)


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    decoder = Independent(Bernoulli(logits=logits), x.dim() - 1)
    return -decoder.log_prob(x) + beta * kl_standard_normal(mu, logvar)
