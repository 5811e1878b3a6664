"""Every comparison on the wrong side of its border."""

import torch


def assign_modes(samples, centers, std, k=3.0):
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance < k * std, mode, -1)


def mode_coverage(samples, centers, std, k=3.0):
    assigned = assign_modes(samples, centers, std, k)
    counts = torch.bincount(assigned[assigned >= 0], minlength=len(centers))
    hits = int(counts.sum())
    p = counts / max(hits, 1)
    return {
        "modes": int((counts > 0.2 * len(samples) / len(centers)).sum()),
        "high_quality": hits / len(samples),
        "counts": counts,
        "kl": float(torch.xlogy(p, p * len(centers)).sum()) if hits else float("inf"),
    }


def duplicate_rate(samples, tolerance):
    return float((torch.pdist(samples) <= tolerance).double().mean())
