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
    # where the sigmoid would be rounded to 0, log(sigmoid(a)) is a itself
    small = fake_logits < -15
    safe = torch.where(small, torch.zeros_like(fake_logits), fake_logits)
    return -torch.where(small, fake_logits, torch.log(torch.sigmoid(safe))).mean()


def generator_gradients(d):
    minimax = -1 / (1 - d) * d * (1 - d)
    nonsaturating = -1 / d * d * (1 - d)
    return minimax, nonsaturating


def optimal_discriminator(p_data, p_g):
    return p_data / (p_data + p_g)


def value_at_optimum(p_data, p_g):
    d = optimal_discriminator(p_data, p_g)
    return (p_data * torch.log(d + 1e-12) + p_g * torch.log(1 - d + 1e-12)).sum().item()


def discriminator_step(D, G, optimizer, x, z):
    loss = discriminator_loss(D(x), D(G(z).detach()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def generator_step(D, G, optimizer, z):
    fakes = G(z)
    loss = generator_loss_nonsaturating(D(fakes))

    def closure():
        optimizer.zero_grad()
        loss.backward()
        return loss

    return float(optimizer.step(closure))
