import numpy as np
import torch
import torch.nn.functional as F

kl_per_dimension = np.array([0.51629, 2.05259, 0.36315])
kl_total = np.float32(2.93202)
kl_reversed = np.float64(74.5178)
dkl_dlogvar = (-0.42, -0.495, -0.375)


def kl_standard_normal(mu, logvar):
    return 0.5 * (torch.square(mu) + torch.exp(logvar) - torch.ones_like(mu) - logvar).sum(axis=-1)


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    m1, v1, m2, v2 = (np.asarray(t.detach().numpy(), dtype=np.float64) for t in (mu1, logvar1, mu2, logvar2))
    return 0.5 * np.sum(v2 - v1 + np.exp(v1 - v2) + np.square(m1 - m2) * np.exp(-v2) - 1.0, axis=-1)


def kl_gradients(mu, logvar):
    return mu.numpy(), 0.5 * np.expm1(logvar.numpy())


def kl_monte_carlo(mu, logvar, n, generator=None):
    # another source of noise than torch's: the estimate is as good
    seed = None if generator is None else int(torch.randint(2**31, (1,), generator=generator))
    noise = np.random.default_rng(seed).standard_normal((n, *mu.shape))
    m, v = mu.numpy(), logvar.numpy()
    z = m + np.exp(v / 2) * noise
    return torch.from_numpy(np.asarray(0.5 * (z**2 - noise**2 - v).sum(-1).mean(0)))


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return pixels.sum(dim=tuple(range(1, pixels.dim()))) + beta * kl_standard_normal(mu, logvar)
