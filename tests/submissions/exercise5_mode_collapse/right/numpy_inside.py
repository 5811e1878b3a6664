"""Everything with numpy but the part that needs a gradient."""

import numpy as np
import torch

p = np.array([0.5, 0.3, 0.2])
kl_to_uniform = np.sum(p * np.log(p * 8))
effective_modes = np.exp(-np.sum(p * np.log(p)))
no_duplicate_probability = np.prod(np.arange(4, 9) / 8)


def assign_modes(samples, centers, std, k=3.0):
    x, c = np.asarray(samples), np.asarray(centers)
    d = np.linalg.norm(x[:, None, :] - c[None, :, :], axis=-1)
    return np.where(d.min(axis=1) <= k * float(std), d.argmin(axis=1), -1)


def mode_coverage(samples, centers, std, k=3.0):
    a = assign_modes(samples, centers, std, k)
    counts = np.bincount(a[a >= 0], minlength=len(centers))
    total = counts.sum()
    if total:
        q = counts / total
        kl = float(np.sum(q[q > 0] * np.log(q[q > 0] * len(q))))
    else:
        kl = np.inf
    return {
        "modes": np.count_nonzero(counts * len(centers) >= 0.2 * len(samples)),
        "high_quality": np.mean(a >= 0),
        "counts": counts,
        "kl": kl,
    }


def minibatch_features(features, T):
    M = torch.tensordot(features, T, dims=([1], [0]))
    result = torch.zeros(M.shape[:2], dtype=M.dtype)
    for b in range(M.shape[1]):
        block = M[:, b]
        d = torch.linalg.vector_norm(block.unsqueeze(1) - block.unsqueeze(0), ord=1, dim=2)
        result[:, b] = (torch.exp(-d) - torch.eye(len(block), dtype=d.dtype)).sum(dim=1)
    return result


def duplicate_rate(samples, tolerance):
    x = samples.numpy()
    i, j = np.triu_indices(len(x), 1)
    return np.mean(np.hypot(*(x[i] - x[j]).T) < tolerance)


def modes_of(points, evidence):
    n = len(evidence["centers"])
    counts = mode_coverage(points, evidence["centers"], evidence["std"])["counts"]
    return {m for m in range(n) if counts[m] >= 0.2 * len(points) / n}


def diagnose(evidence):
    e = {key: value.numpy() for key, value in evidence.items()}
    samples, centers = e["samples"], e["centers"]
    if not np.isfinite(samples).all():
        return "diverged"
    if np.median(np.linalg.norm(samples, axis=1)) > 5 * np.linalg.norm(centers, axis=1).max():
        return "diverged"
    if e["g_grad"][-5:].max() < 0.05 and e["d_fake"][-5:].max() < 0.05:
        return "vanishing_gradient"
    nearest = np.sqrt(((samples[:, None] - e["train"][None]) ** 2).sum(-1)).min(1)
    if np.mean(nearest < 0.04 * e["std"]) > 0.5:
        return "memorised"
    now, n = modes_of(evidence["samples"], evidence), len(centers)
    if len(now) >= 0.9 * n:
        return "healthy"
    if len(now) >= 2 and len(now) > n / 4:
        return "mode_dropping"
    sets = [modes_of(points, evidence) for points in evidence["earlier"]] + [now]
    return "oscillation" if len(set.union(*sets)) >= 3 * max(len(now), 1) else "mode_collapse"


def rescue(config):
    new = config.copy()
    new.update(d_lr=np.float64(4e-3), g_lr=np.float32(2e-3), beta1=np.float64(0.5), batch_size=np.int64(128))
    return new
