"""Keyword arguments, 0-d tensors, fewer steps, and R1 as the cure."""

from typing import Any

import torch

kl_to_uniform: float = 1.0498
effective_modes: float = 2.7999
no_duplicate_probability: torch.Tensor = torch.tensor(6720 / 32768)


def assign_modes(samples: torch.Tensor, centers: torch.Tensor, std: float, k: float = 3.0) -> torch.Tensor:
    """Distances in units of std."""
    scaled = torch.linalg.norm((samples.unsqueeze(1) - centers.unsqueeze(0)) / std, dim=-1)
    value, index = torch.topk(scaled, 1, dim=1, largest=False)
    return torch.where(value[:, 0] <= k, index[:, 0], torch.tensor(-1))


def mode_coverage(samples: torch.Tensor, centers: torch.Tensor, std: float, k: float = 3.0) -> dict[str, Any]:
    assigned = assign_modes(samples=samples, centers=centers, std=std, k=k)
    counts = torch.zeros(len(centers), dtype=torch.int64)
    for mode in assigned.tolist():
        if mode >= 0:
            counts[mode] += 1
    share = counts / len(samples)
    result = {"counts": counts, "high_quality": share.sum(), "modes": (share * len(centers) >= 0.2).sum(), "kl": torch.inf}
    if counts.any():
        p = counts.double() / counts.sum()
        result["kl"] = torch.tensor(len(centers)).double().log() - torch.special.entr(p).sum()
    result["extra"] = "not looked at"
    return result


def minibatch_features(features: torch.Tensor, T: torch.Tensor) -> torch.Tensor:
    projected = torch.einsum("na,abc->bnc", features, T)
    gaps = (projected.unsqueeze(2) - projected.unsqueeze(1)).abs().sum(dim=-1)
    mask = ~torch.eye(gaps.shape[-1], dtype=torch.bool)
    return torch.where(mask, gaps.neg().exp(), 0.0).sum(dim=-1).t()


def duplicate_rate(samples: torch.Tensor, tolerance: float) -> torch.Tensor:
    distance = torch.cdist(samples, samples)
    distance.fill_diagonal_(float("inf"))
    return (distance < tolerance).double().sum() / (len(samples) * (len(samples) - 1))


def diagnose(evidence: dict[str, torch.Tensor]) -> str:
    K = evidence["centers"].size(0)
    coverage = mode_coverage(evidence["samples"], evidence["centers"], evidence["std"])
    typical = evidence["samples"].nan_to_num(nan=1e9).norm(dim=1).median()
    gap = torch.cdist(evidence["samples"], evidence["train"]).amin(dim=1).nan_to_num(nan=1e9).median()
    sure = evidence["d_fake"][-10:].median() < 0.05 and evidence["g_grad"][-10:].median() < 0.05
    now = coverage["counts"] >= 0.2 * 600 / K
    before = torch.stack([
        mode_coverage(x, evidence["centers"], evidence["std"])["counts"] >= 0.2 * 300 / K for x in evidence["earlier"]
    ])
    checks = {
        "diverged": typical > 5 * evidence["centers"].norm(dim=1).max(),
        "vanishing_gradient": sure,
        "memorised": gap < 0.05 * evidence["std"],
        "healthy": now.sum() >= 0.9 * K,
        "mode_dropping": now.sum() > K / 4 and now.sum() > 1,
        "oscillation": (before.any(0) | now).sum() >= 3 * max(1, int(now.sum())),
        "mode_collapse": True,
    }
    return next(name for name, fits in checks.items() if fits)


def rescue(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "beta1": 0.5, "r1_weight": 1, "steps": 1200, "batch_size": 64.0, "g_lr": 2e-3, "d_lr": 3e-3}
