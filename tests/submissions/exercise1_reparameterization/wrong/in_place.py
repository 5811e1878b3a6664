import torch

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

def reparameterize(mu, sigma, epsilon):
    epsilon *= sigma
    epsilon += mu
    return epsilon

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    shape = mu.shape if n is None else (n, *mu.shape)
    epsilon = torch.randn(shape, generator=generator, dtype=mu.dtype)
    return reparameterize(mu, torch.exp(0.5 * logvar), epsilon)
