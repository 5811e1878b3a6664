import torch

kl_per_dimension = torch.tensor([0.516291, 2.052585, 0.363147], dtype=torch.float64)
kl_total = kl_per_dimension.sum()
kl_reversed = torch.tensor(74.5178)
dkl_dlogvar = torch.tensor([-0.42, -0.495, -0.375])


def total(values):
    return torch.einsum("...d->...", values)


def kl_standard_normal(mu, logvar):
    return (torch.einsum("...d,...d->...", mu, mu) + total(torch.expm1(logvar) - logvar)) / 2


def kl_gaussians(mu1, logvar1, mu2, logvar2):
    gap = mu1 - mu2
    precision = torch.exp(-logvar2)
    quadratic = torch.einsum("...d,...d,...d->...", gap, precision, gap)
    difference = logvar1 - logvar2
    return (quadratic + total(torch.expm1(difference) - difference)) / 2


def kl_gradients(mu, logvar):
    return [mu.clone(), torch.expm1(logvar).div(2)]


def kl_monte_carlo(mu, logvar, n, generator=None):
    noise = torch.empty((n, *mu.shape), dtype=mu.dtype).normal_(generator=generator)
    z = torch.addcmul(mu, noise, (logvar / 2).exp())
    ratio = z.square() - noise.square() - logvar
    return torch.einsum("n...d->...", ratio) / (2 * n)


def negative_elbo(x, logits, mu, logvar, beta=1.0):
    # softplus(a) − x·a is −log of a Bernoulli with the logit a
    pixels = (torch.nn.functional.softplus(logits) - x * logits).reshape(len(x), -1)
    return torch.einsum("bp->b", pixels) + beta * kl_standard_normal(mu, logvar)
