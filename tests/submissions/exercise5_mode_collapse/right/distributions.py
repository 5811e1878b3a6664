"""With torch.distributions where it fits, and classes that can be called."""

import torch
from torch.distributions import Categorical, kl_divergence

counts = torch.tensor([50, 30, 20, 0, 0, 0, 0, 0], dtype=torch.float64)
kl_to_uniform = kl_divergence(Categorical(counts / counts.sum()), Categorical(torch.ones(8, dtype=torch.float64)))
effective_modes = Categorical(counts).entropy().exp()
no_duplicate_probability = torch.arange(4.0, 9.0).prod() / 8**5


class Assign:
    def __call__(self, samples, centers, std, k=3.0):
        distance = torch.hypot(*(samples[:, None] - centers).unbind(-1))
        near = distance <= k * std
        mode = torch.where(near, distance, float("inf")).argmin(1)
        return torch.where(near.any(1), mode, -1)


assign_modes = Assign()


def mode_coverage(samples, centers, std, k=3.0):
    modes = assign_modes(samples, centers, std, k)
    K = centers.shape[0]
    n = torch.histc(modes[modes >= 0].double(), bins=K, min=-0.5, max=K - 0.5)
    good = float(n.sum())
    even = Categorical(torch.full((K,), 1 / K, dtype=torch.float64))
    kl = kl_divergence(Categorical(n / good), even).item() if good else float("inf")
    return {"modes": int(sum(n >= K**-1 * len(samples) * 0.2)), "high_quality": good / len(samples), "counts": n, "kl": kl}


class Similarity(torch.nn.Module):
    def forward(self, features, T):
        M = torch.matmul(features, T.permute(1, 0, 2)).permute(1, 0, 2)
        d = sum((M[:, None, :, c] - M[None, :, :, c]).abs() for c in range(T.shape[2]))
        return torch.stack([torch.exp(-torch.cat([d[i, :i], d[i, i + 1 :]])).sum(0) for i in range(len(M))])


def minibatch_features(features, T):
    return Similarity()(features, T)


def duplicate_rate(samples, tolerance):
    pairs = torch.combinations(torch.arange(len(samples)))
    gaps = samples[pairs[:, 0]] - samples[pairs[:, 1]]
    return (gaps.norm(dim=1) < tolerance).double().mean()


def covered(points, evidence):
    K = len(evidence["centers"])
    return mode_coverage(points, evidence["centers"], evidence["std"].item())["counts"] >= len(points) / K / 5


def diagnose(evidence):
    K = len(evidence["centers"])
    if not evidence["samples"].abs().median() < 3 * evidence["centers"].abs().max():
        return "diverged"
    end = {name: evidence[name][-10:].mean() for name in ("d_fake", "d_real", "g_grad")}
    if end["d_fake"] < 0.05 and end["d_real"] > 0.95 and end["g_grad"] < 0.05:
        return "vanishing_gradient"
    apart = torch.cdist(evidence["samples"], evidence["train"]).min(1).values
    if apart.lt(evidence["std"] / 30).double().mean() > 0.5:
        return "memorised"
    now = covered(evidence["samples"], evidence)
    if now.sum() >= 0.9 * K:
        return "healthy"
    if now.sum() > max(1, K / 4):
        return "mode_dropping"
    moved = sum(bool((covered(x, evidence) & ~now).any()) for x in evidence["earlier"])
    return "oscillation" if moved >= 2 else "mode_collapse"


def rescue(config):
    config["g_lr"], config["d_lr"], config["beta1"], config["batch_size"] = 2e-3, 4e-3, 0, 128
    return config
