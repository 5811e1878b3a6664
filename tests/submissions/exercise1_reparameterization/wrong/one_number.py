import torch

z = 0.2 + 0.4 * 1.0
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = dloss_dsigma

def reparameterize(mu, sigma, epsilon):
    return mu + sigma * epsilon

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    shape = mu.shape if n is None else (n, *mu.shape)
    epsilon = torch.randn(shape, generator=generator, dtype=mu.dtype)
    return reparameterize(mu, torch.exp(0.5 * logvar), epsilon)
