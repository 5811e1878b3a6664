import torch

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

def reparameterize(mu, sigma, epsilon):
    sigma, epsilon = torch.broadcast_tensors(sigma, epsilon)
    return mu + torch.einsum("...,...->...", sigma, epsilon)

def recover_epsilon(z, mu, sigma):
    return torch.true_divide(torch.sub(z, mu), sigma)

def sample_latent(mu, logvar, n=None, generator=None):
    std = torch.exp(torch.mul(logvar, 0.5))
    wide = mu.unsqueeze(0).expand(1 if n is None else n, *mu.shape)
    eps = torch.zeros(wide.shape, dtype=mu.dtype)
    eps.normal_(generator=generator)
    z = torch.einsum("n...,...->n...", eps, std) + wide
    return z.squeeze(0) if n is None else z
