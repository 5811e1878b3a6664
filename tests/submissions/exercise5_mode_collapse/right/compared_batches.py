"""Minibatch discrimination as the cure, with less momentum."""

import torch

kl_to_uniform = 1.04979
effective_modes = 2.80006
no_duplicate_probability = 0.20508


def distances(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(-1) ** 0.5


def assign_modes(samples, centers, std, k=3.0):
    d = distances(samples, centers)
    order = d.argsort(dim=1)[:, 0]
    result = order.clone()
    for n, mode in enumerate(order):
        if d[n, mode] > k * std:
            result[n] = -1
    return result


def mode_coverage(samples, centers, std, k=3.0):
    assigned = assign_modes(samples, centers, std, k)
    modes, hits = torch.unique(assigned[assigned != -1], return_counts=True)
    counts = torch.zeros(len(centers), dtype=torch.long).index_add(0, modes, hits)
    p = hits.double() / hits.sum()
    return {
        "modes": len([c for c in counts if c * len(centers) / len(samples) >= 0.2]),
        "high_quality": len(assigned[assigned != -1]) / len(assigned),
        "counts": counts,
        "kl": float((p * (p * len(centers)).log()).sum()) if len(hits) else float("inf"),
    }


def minibatch_features(features, T):
    M = (features[:, :, None, None] * T[None]).sum(1)
    similar = torch.exp(-(M[:, None] - M[None, :]).abs().sum(-1))
    return similar.sum(0) - similar.diagonal(dim1=0, dim2=1).T


def duplicate_rate(samples, tolerance):
    n = len(samples)
    d = distances(samples, samples) + torch.diag(torch.full((n,), float("inf")))
    return ((d < tolerance).sum() / (n * n - n)).item()


def diagnose(evidence):
    samples, centers, std = evidence["samples"], evidence["centers"], evidence["std"]
    typical = float(samples.norm(dim=1).median())
    if typical != typical or typical > 5 * centers.norm(dim=1).max():
        return "diverged"
    if max(evidence["d_fake"][-10:].mean(), evidence["g_grad"][-10:].mean()) < 0.05:
        return "vanishing_gradient"
    if distances(samples[:200], evidence["train"]).min(1)[0].median() < 0.05 * std:
        return "memorised"
    found = []
    for points in [samples, *evidence["earlier"].unbind(0)]:
        counts = torch.bincount((assign(points, centers, std) + 1), minlength=len(centers) + 1)[1:]
        found.append(frozenset(torch.nonzero(counts >= 0.2 * len(points) / len(centers)).flatten().tolist()))
    share = len(found[0]) / len(centers)
    if share >= 0.9:
        return "healthy"
    if len(found[0]) > 1 and share > 0.25:
        return "mode_dropping"
    return "mode_collapse" if len(frozenset().union(*found)) < 3 * max(1, len(found[0])) else "oscillation"


def assign(points, centers, std):
    d, mode = distances(points, centers).min(1)
    return torch.where(d <= 3 * std, mode, -1)


def rescue(config):
    return config | {"minibatch_features": True, "beta1": 0.5, "batch_size": 32}
