"""Mistakes that nobody foresaw."""

import torch

kl_to_uniform = 0.5
effective_modes = 5.0
no_duplicate_probability = 0.3


def assign_modes(samples, centers, std, k=3.0):
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance <= 0.55 * k * std, mode, -1)


def minibatch_features(features, T):
    M = torch.einsum("na,abc->nbc", features, T)
    return torch.exp(-0.3 * (M[:, None] - M[None]).abs().sum(-1)).sum(1) - 1


def duplicate_rate(samples, tolerance):
    return float((torch.pdist(samples) < 0.8 * tolerance).float().mean())
