import torch

# "By hand", with a little help from autograd.
_mu = torch.tensor([0.2, 0.7, -0.3], dtype=torch.float64, requires_grad=True)
_logvar = torch.tensor([0.4, 0.1, 0.5], dtype=torch.float64).square().log().requires_grad_()
_sigma = (0.5 * _logvar).exp()
_sigma.retain_grad()
z = _mu + _sigma * torch.tensor([1.0, -0.5, 0.2], dtype=torch.float64)
z.square().sum().backward()
dloss_dmu, dloss_dsigma, dloss_dlogvar = _mu.grad, _sigma.grad, _logvar.grad
z = z.detach()

def reparameterize(mu, sigma, epsilon):
    return mu + sigma * epsilon

def recover_epsilon(z, mu, sigma):
    return (z - mu) / sigma

def sample_latent(mu, logvar, n=None, generator=None):
    if n is None:
        return sample_latent(mu, logvar, 1, generator)[0]
    noise = torch.empty(n, *mu.shape, dtype=mu.dtype).normal_(generator=generator)
    return torch.addcmul(mu, (logvar / 2).exp(), noise)
