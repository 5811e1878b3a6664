import math

import torch
from torch.distributions import Bernoulli

minimax_gradient = -0.01
nonsaturating_gradient = -0.99
minimax_gradient_wrt_d = -1.0101
nonsaturating_gradient_wrt_d = -100
d_star = torch.tensor([0.7143, 0.5, 0.2857])
value_at_equilibrium = torch.tensor(0.5).log() * 2


def discriminator_loss(real_logits, fake_logits, halve=True):
    one, zero = real_logits.new_ones(()), fake_logits.new_zeros(())
    real = Bernoulli(logits=real_logits).log_prob(one).mean()
    fake = Bernoulli(logits=fake_logits).log_prob(zero).mean()
    return -(real + fake) / (1 + halve)


def generator_loss_minimax(fake_logits):
    return Bernoulli(logits=fake_logits).log_prob(torch.zeros_like(fake_logits)).mean()


def generator_loss_nonsaturating(fake_logits):
    return Bernoulli(logits=fake_logits).log_prob(torch.ones_like(fake_logits)).mean().neg()


def generator_gradients(d):
    return -d, d - 1


def optimal_discriminator(p_data, p_g):
    return torch.where(p_data > 0, 1 / (1 + p_g / p_data), torch.zeros_like(p_data))


def entropy(p):
    return torch.special.entr(p).sum()


def value_at_optimum(p_data, p_g):
    # JSD is the entropy of the mixture minus the mean of the entropies
    jsd = entropy((p_data + p_g) / 2) - (entropy(p_data) + entropy(p_g)) / 2
    return 2 * jsd - math.log(4)


def discriminator_step(D, G, optimizer, x, z):
    loss = discriminator_loss(D(x), D(G(z).detach()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def generator_step(D, G, optimizer, z):
    loss = generator_loss_nonsaturating(D(G(z)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
