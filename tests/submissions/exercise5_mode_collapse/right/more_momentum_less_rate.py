"""Other names for the same: arrays out of lists, a pair of helper classes, two time scales."""

import functools
import math
from collections import Counter

import torch

kl_to_uniform = math.log(8) - 1.0296530
effective_modes = math.exp(1.0296530)
no_duplicate_probability = math.factorial(8) / math.factorial(3) / 8**5


def assign_modes(samples, centers, std, k=3.0):
    differences = samples.reshape(-1, 1, 2) - centers.reshape(1, -1, 2)
    d = differences.square().sum(2).sqrt()
    smallest = d.min(dim=1, keepdim=True).values
    first = (d == smallest).int().argmax(1)
    return first * (smallest[:, 0] <= k * std) - 1 * (smallest[:, 0] > k * std)


def mode_coverage(samples, centers, std, k=3.0):
    tally = Counter(assign_modes(samples, centers, std, k).tolist())
    strays = tally.pop(-1, 0)
    n, K = len(samples), len(centers)
    counts = torch.tensor([tally[mode] for mode in range(K)])
    hits = n - strays
    kl = sum(c / hits * math.log(c * K / hits) for c in tally.values()) if hits else math.inf
    return {
        "modes": sum(1 for c in counts.tolist() if c >= 0.2 * n / K),
        "high_quality": torch.tensor(1 - strays / n),
        "counts": counts,
        "kl": torch.tensor([kl]),
    }


def minibatch_features(features, T):
    M = torch.stack([features @ T[:, b] for b in range(T.shape[1])], dim=1)
    return functools.reduce(
        torch.add,
        [torch.exp(-torch.nn.functional.l1_loss(M, M.roll(shift, 0), reduction="none").sum(2)) for shift in range(1, len(M))],
    )


def duplicate_rate(samples, tolerance):
    gaps = [(samples - samples.roll(shift, 0)).norm(dim=1) for shift in range(1, len(samples))]
    return torch.cat(gaps).lt(tolerance).float().mean()


def diagnose(evidence):
    centers, std = evidence["centers"], evidence["std"]
    K = len(centers)

    def covered(points):
        hits = (torch.cdist(points, centers) <= 3 * std).sum(0)
        return [m for m in range(K) if hits[m] >= 0.2 * len(points) / K]

    if not torch.isfinite(evidence["samples"]).all() or evidence["samples"].norm(dim=1).median() > 10:
        if not evidence["samples"].norm(dim=1).median() <= 5 * centers.norm(dim=1).max():
            return "diverged"
    if evidence["g_grad"][-8:].mean() < 0.05 and evidence["d_fake"][-8:].mean() < 0.05:
        return "vanishing_gradient"
    if torch.cdist(evidence["samples"], evidence["train"]).min(1)[0].median() < std * 0.02:
        return "memorised"
    now = covered(evidence["samples"])
    if len(now) >= 0.9 * K:
        return "healthy"
    if len(now) > max(1, K // 4):
        return "mode_dropping"
    ever = set(now)
    for snapshot in evidence["earlier"]:
        ever |= set(covered(snapshot))
    return "mode_collapse" if len(ever) < 3 * max(1, len(now)) else "oscillation"


def rescue(config):
    return {key: {"d_lr": 3e-3, "g_lr": 1e-3, "beta1": 0.3, "non_saturating": 1}.get(key, old) for key, old in config.items()}
