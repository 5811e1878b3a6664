"""Everything out of kl_gaussians."""
import torch
from torch import Tensor, nn

PRIOR = torch.zeros(())


def kl_gaussians(mu1: Tensor, logvar1: Tensor, mu2: Tensor, logvar2: Tensor) -> Tensor:
    delta = logvar1 - logvar2
    scaled = (mu1 - mu2) * torch.exp(-logvar2 / 2)
    return 0.5 * (scaled * scaled + torch.exp(delta) - delta - 1).sum(-1)


def kl_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    return kl_gaussians(mu, logvar, PRIOR.to(mu), PRIOR.to(mu))


_mu = torch.tensor([0.2, 0.7, -0.3], dtype=torch.float64)
_logvar = torch.tensor([0.4, 0.1, 0.5], dtype=torch.float64).square().log()
_zero = torch.zeros(3, dtype=torch.float64)

kl_per_dimension = kl_standard_normal(_mu[:, None], _logvar[:, None]).tolist()
kl_total = kl_standard_normal(_mu, _logvar).item()
kl_reversed = kl_gaussians(_zero, _zero, _mu, _logvar).item()
dkl_dlogvar = ((_logvar.exp() - 1) / 2).tolist()


def kl_gradients(mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    sigma = torch.exp(logvar / 2)
    return mu, 0.5 * (sigma - 1) * (sigma + 1)


def kl_monte_carlo(mu: Tensor, logvar: Tensor, n: int, generator: torch.Generator | None = None) -> Tensor:
    mu, logvar = mu.expand(n, *mu.shape), logvar.expand(n, *logvar.shape)
    z = torch.normal(mu, torch.exp(0.5 * logvar), generator=generator)
    nll = nn.GaussianNLLLoss(full=True, reduction="none")
    return (nll(torch.zeros_like(z), z, torch.ones_like(z)) - nll(mu, z, logvar.exp())).sum(-1).mean(0)


def negative_elbo(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    pixels = nn.BCEWithLogitsLoss(reduction="none")(logits, x).reshape(x.shape[0], -1).sum(-1)
    return torch.add(pixels, kl_standard_normal(mu, logvar), alpha=beta)
