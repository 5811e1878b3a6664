import torch

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

reparameterize = lambda mu, sigma, epsilon: mu + epsilon * sigma

recover_epsilon = lambda z, mu, sigma: -(mu - z) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    # A clamp far outside of what a trained encoder gives keeps early training calm.
    std = logvar.clamp(-80, 80).mul(0.5).exp() + 1e-8
    shape = mu.shape if n is None else torch.Size([n]) + mu.shape
    return reparameterize(mu, std, torch.normal(0.0, 1.0, shape, generator=generator, dtype=mu.dtype))
