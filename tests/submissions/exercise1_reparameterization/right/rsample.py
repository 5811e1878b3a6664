import torch

z = [0.6, 0.65, -0.2]
dloss_dmu = [1.2, 1.3, -0.4]
dloss_dsigma = [1.2, -0.65, -0.08]
dloss_dlogvar = [0.24, -0.0325, -0.02]

def reparameterize(mu, sigma, epsilon):
    return torch.distributions.AffineTransform(mu, sigma)(epsilon)

def recover_epsilon(z, mu, sigma):
    return torch.distributions.AffineTransform(mu, sigma).inv(z)

def sample_latent(mu, logvar, n=None, generator=None):
    posterior = torch.distributions.Normal(mu, torch.exp(logvar / 2), validate_args=False)
    size = torch.Size() if n is None else torch.Size([n])
    if generator is None:
        return posterior.rsample(size)
    # rsample knows no generator, so lend its state to the global one.
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        z = posterior.rsample(size)
        generator.set_state(torch.get_rng_state())
    return z
