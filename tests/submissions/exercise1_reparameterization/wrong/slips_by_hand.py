import torch

z = [0.6, 0.65, -0.4]
dloss_dmu = [0.6, 0.65, -0.2]
dloss_dsigma = [1.2, 1.3, -0.4]
dloss_dlogvar = [0.48, -0.065, -0.04]

def reparameterize(mu, sigma, epsilon):
    return mu + sigma * epsilon

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    shape = mu.shape if n is None else (n, *mu.shape)
    epsilon = torch.randn(shape, generator=generator, dtype=mu.dtype)
    return reparameterize(mu, torch.exp(0.5 * logvar), epsilon)
