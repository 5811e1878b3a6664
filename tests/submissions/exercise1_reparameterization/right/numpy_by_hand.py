import numpy as np
import torch

m = np.array([0.2, 0.7, -0.3])
s = np.array([0.4, 0.1, 0.5])
e = np.array([1.0, -0.5, 0.2])
z = m + s * e
dloss_dmu = 2 * z
dloss_dsigma = 2 * z * e
dloss_dlogvar = tuple(z * e * s)

def reparameterize(mu, sigma, epsilon):
    return torch.add(mu, torch.mul(sigma, epsilon))

def recover_epsilon(z, mu, sigma):
    return z / sigma - mu / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    """Noise from numpy, seeded by torch's generator where one is given."""
    shape = tuple(mu.shape) if n is None else (n,) + tuple(mu.shape)
    seed = int(torch.randint(2**62, (1,), generator=generator))
    epsilon = torch.from_numpy(np.asarray(np.random.default_rng(seed).standard_normal(shape))).to(mu)
    return mu + epsilon * torch.exp(logvar * 0.5)
