"""Every sample belongs somewhere."""

import torch


def assign_modes(samples, centers, std, k=3.0):
    return torch.cdist(samples, centers).argmin(1)


def mode_coverage(samples, centers, std, k=3.0):
    counts = torch.bincount(assign_modes(samples, centers, std, k), minlength=len(centers))
    p = counts / counts.sum()
    return {
        "modes": int((counts >= 0.2 * len(samples) / len(centers)).sum()),
        "high_quality": float(counts.sum() / len(samples)),
        "counts": counts,
        "kl": float(torch.xlogy(p, p * len(centers)).sum()),
    }
