import torch
from torch import nn

bce = nn.BCEWithLogitsLoss()

minimax_gradient = -0.01
nonsaturating_gradient = -0.99
minimax_gradient_wrt_d = -1.0101
nonsaturating_gradient_wrt_d = -100.0
d_star = (5 / 7, 1 / 2, 2 / 7)
value_at_equilibrium = -1.3863


def discriminator_loss(real_logits, fake_logits, halve=True):
    real = bce(real_logits, torch.ones_like(real_logits))
    fake = bce(fake_logits, torch.zeros_like(fake_logits))
    return (real + fake) * (0.5 if halve else 1.0)


def generator_loss_minimax(fake_logits):
    return -bce(fake_logits, torch.zeros_like(fake_logits))


def generator_loss_nonsaturating(fake_logits):
    return bce(fake_logits, torch.ones_like(fake_logits))


def generator_gradients(d):
    return -d, d - 1


def optimal_discriminator(p_data, p_g):
    return p_data / (p_data + p_g)


def value_at_optimum(p_data, p_g):
    d = optimal_discriminator(p_data, p_g)
    return (torch.xlogy(p_data, d) + torch.xlogy(p_g, 1 - d)).sum()


def discriminator_step(D, G, optimizer, x, z):
    optimizer.zero_grad()
    with torch.no_grad():
        fakes = G(z)
    real_logits, fake_logits = D(x), D(fakes)
    loss = discriminator_loss(real_logits, fake_logits)
    loss.backward()
    optimizer.step()
    return float(loss)


def generator_step(D, G, optimizer, z):
    optimizer.zero_grad(set_to_none=False)
    logits = D(G(z))
    loss = bce(logits, torch.ones(len(z), 1))
    loss.backward()
    optimizer.step()
    return float(loss)
