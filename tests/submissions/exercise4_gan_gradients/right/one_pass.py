import torch
import torch.nn.functional as F

minimax_gradient = -0.01
nonsaturating_gradient = -0.99
minimax_gradient_wrt_d = -1.0101
nonsaturating_gradient_wrt_d = -100
d_star = [0.7143, 0.5, 0.2857]
value_at_equilibrium = -1.3863


def discriminator_loss(real_logits, fake_logits, halve=True):
    logits = torch.cat([real_logits.flatten(), fake_logits.flatten()])
    n, m = real_logits.numel(), fake_logits.numel()
    labels = torch.cat([torch.ones(n), torch.zeros(m)]).to(logits)
    weights = torch.cat([torch.full((n,), 1 / n), torch.full((m,), 1 / m)]).to(logits)
    total = F.binary_cross_entropy_with_logits(logits, labels, weight=weights, reduction="sum")
    return total / 2 if halve else total


def generator_loss_minimax(fake_logits):
    return F.logsigmoid(-fake_logits).mean()


def generator_loss_nonsaturating(fake_logits):
    return -F.logsigmoid(fake_logits).mean()


def generator_gradients(d):
    return [d.neg(), d.sub(1)]


def optimal_discriminator(p_data, p_g):
    return p_data / (p_data + p_g)


def value_at_optimum(p_data, p_g):
    d = optimal_discriminator(p_data, p_g)
    return (torch.xlogy(p_data, d) + torch.xlogy(p_g, 1 - d)).sum()


def discriminator_step(D, G, optimizer, x, z):
    D.train()
    D.zero_grad()
    logits = D(torch.cat([x, G(z).detach()]))
    real, fake = logits.split([len(x), len(z)])
    loss = discriminator_loss(real_logits=real, fake_logits=fake, halve=True)
    loss.backward()
    optimizer.step()
    return loss.detach().item()


def generator_step(D, G, optimizer, z):
    G.zero_grad()
    D.zero_grad()
    loss = generator_loss_nonsaturating(fake_logits=D(G(z)))
    loss.backward()
    optimizer.step()
    D.zero_grad()
    return loss.detach().item()
