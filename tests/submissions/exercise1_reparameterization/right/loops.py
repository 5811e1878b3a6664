import torch

MU, SIGMA, EPS = [0.2, 0.7, -0.3], [0.4, 0.1, 0.5], [1.0, -0.5, 0.2]
z, dloss_dmu, dloss_dsigma, dloss_dlogvar = [], [], [], []
for m, s, e in zip(MU, SIGMA, EPS):
    value = m + s * e
    z.append(round(value, 4))
    dloss_dmu.append(round(2 * value, 4))
    dloss_dsigma.append(round(2 * value * e, 4))
    dloss_dlogvar.append(round(2 * value * e * s / 2, 4))

def reparameterize(mu, sigma, epsilon):
    mu, sigma, epsilon = torch.broadcast_tensors(mu, sigma, epsilon)
    shape = mu.shape
    parts = []
    for m, s, e in zip(mu.reshape(-1), sigma.reshape(-1), epsilon.reshape(-1)):
        parts.append(m + s * e)
    return torch.stack(parts).reshape(shape)

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    def once():
        epsilon = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        return mu + torch.exp(logvar / 2) * epsilon

    if n is None:
        return once()
    return torch.stack([once() for _ in range(n)])
