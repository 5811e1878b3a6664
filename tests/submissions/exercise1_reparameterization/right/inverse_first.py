import torch

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

def reparameterize(mu, sigma, epsilon):
    return torch.lerp(mu, mu + sigma, epsilon.expand(torch.broadcast_shapes(mu.shape, sigma.shape, epsilon.shape)))

def recover_epsilon(z, mu, sigma):
    return (z - mu) * sigma.reciprocal()

def sample_latent(mu, logvar, n=None, generator=None):
    """Halve once more, square: exp(logvar / 2) = exp(logvar / 4)²."""
    root = torch.exp(logvar / 4)
    size = (1 if n is None else n,) + tuple(mu.shape)
    z = mu + root * root * torch.randn(size, generator=generator, dtype=mu.dtype)
    return z[0] if n is None else z
