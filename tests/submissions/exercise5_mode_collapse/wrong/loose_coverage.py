"""The modes of any hit, 0 · log 0, and a quality in percent."""

import torch


def mode_coverage(samples, centers, std, k=3.0):
    distance, mode = torch.cdist(samples, centers).min(1)
    counts = torch.bincount(mode[distance <= k * std], minlength=len(centers))
    p = counts / counts.sum()
    return {
        "modes": len(torch.nonzero(counts)),
        "high_quality": 100 * float(counts.sum()) / len(samples),
        "counts": counts,
        "kl": float((p * torch.log(p * len(centers))).sum()),
    }
