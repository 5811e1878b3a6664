import torch
import torch.nn.functional as F

minimax_gradient = -0.01
nonsaturating_gradient = -0.99
minimax_gradient_wrt_d = -1.0101
nonsaturating_gradient_wrt_d = -100
d_star = [0.7143, 0.5, 0.2857]
value_at_equilibrium = -1.3863


def discriminator_loss(real_logits, fake_logits, halve=True):
    total = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return 0.5 * total if halve else total


def generator_loss_minimax(fake_logits):
    return F.logsigmoid(-fake_logits).mean()


def generator_loss_nonsaturating(fake_logits):
    return -F.logsigmoid(fake_logits).mean()


def generator_gradients(d):
    return -d, d - 1


def optimal_discriminator(p_data, p_g):
    return p_data / (p_data + p_g)


def value_at_optimum(p_data, p_g):
    d = optimal_discriminator(p_data, p_g)
    return (torch.xlogy(p_data, d) + torch.xlogy(p_g, 1 - d)).sum()


def discriminator_step(D, G, optimizer, x, z):
    loss = discriminator_loss(D(x), D(G(z).detach()))
    loss.backward()
    # start the next step with clean gradients
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def generator_step(D, G, optimizer, z):
    loss = generator_loss_nonsaturating(D(G(z)))
    optimizer.zero_grad()
    loss.backward()
    return loss.item()
