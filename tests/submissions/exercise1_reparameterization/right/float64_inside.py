import torch
from torch import Tensor

z: list = [6e-1, 65e-2, -2e-1]
dloss_dmu = (1.2, 1.3, -0.4)
dloss_dsigma = torch.tensor([1.2, -0.65, -0.08])
dloss_dlogvar = torch.tensor([[0.24, -0.0325, -0.02]])[0]

def reparameterize(mu: Tensor, sigma: Tensor, epsilon: Tensor) -> Tensor:
    return (mu.double() + sigma.double() * epsilon.double()).to(mu.dtype)

def recover_epsilon(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    return ((z.double() - mu.double()) / sigma.double()).to(z.dtype)

def sample_latent(mu: Tensor, logvar: Tensor, n: int | None = None, generator=None) -> Tensor:
    size = list(mu.shape) if n is None else [n] + list(mu.shape)
    eps = torch.randn(size, generator=generator, dtype=torch.float64)
    z = mu.double() + logvar.double().div(2).exp() * eps
    return z.to(mu.dtype)
