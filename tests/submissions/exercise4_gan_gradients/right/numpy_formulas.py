import math

import numpy as np
import torch

minimax_gradient = np.float64(-0.01)
nonsaturating_gradient = np.array(-0.99)
minimax_gradient_wrt_d = -1 / 0.99
nonsaturating_gradient_wrt_d = np.float32(-100)
d_star = np.array([0.5, 0.3, 0.2]) / np.array([0.7, 0.6, 0.7])
value_at_equilibrium = -math.log(4)


def log_sigmoid(a):
    # min(a, 0) - log(1 + e^-|a|)
    return torch.clamp(a, max=0) - torch.log1p(torch.exp(-torch.abs(a)))


def discriminator_loss(real_logits, fake_logits, halve=True):
    mean_real = log_sigmoid(real_logits).sum() / real_logits.numel()
    mean_fake = log_sigmoid(-fake_logits).sum() / fake_logits.numel()
    if halve:
        return -0.5 * mean_real - 0.5 * mean_fake
    return -mean_real - mean_fake


def generator_loss_minimax(fake_logits):
    return torch.mean(log_sigmoid(-fake_logits))


def generator_loss_nonsaturating(fake_logits):
    return torch.mean(-log_sigmoid(fake_logits))


def generator_gradients(d):
    d = d.numpy()
    return np.stack([-d, -(1.0 - d)])


def optimal_discriminator(p_data, p_g):
    p, q = p_data.numpy(), p_g.numpy()
    return p / (p + q)


def value_at_optimum(p_data, p_g):
    total = 0.0
    for p, q in zip(p_data.tolist(), p_g.tolist()):
        if p > 0:
            total += p * math.log(p / (p + q))
        if q > 0:
            total += q * math.log(q / (p + q))
    return total


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
