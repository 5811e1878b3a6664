"""All computations in float32; compares squares, so that no root is taken."""

import torch

kl_to_uniform = torch.tensor(1.0498)
effective_modes = 2.8
no_duplicate_probability = 0.205


def assign_modes(samples, centers, std, k=3.0):
    x, c = samples.float(), centers.float()
    squared = x.pow(2).sum(1, keepdim=True) + c.pow(2).sum(1) - 2 * x @ c.T
    best = squared.argmin(dim=1)
    exact = (x - c[best]).pow(2).sum(1)
    return torch.where(exact <= (k * std) ** 2, best, torch.full_like(best, -1))


def mode_coverage(samples, centers, std, k=3.0):
    a = assign_modes(samples, centers, std, k)
    hot = torch.nn.functional.one_hot(a + 1, len(centers) + 1)[:, 1:].float()
    counts = hot.sum(0)
    if counts.sum() == 0:
        return {"modes": 0, "high_quality": 0.0, "counts": counts.long(), "kl": float("inf")}
    p = counts / counts.sum()
    kl = torch.log(torch.tensor(float(len(centers)))) + torch.special.xlogy(p, p).sum()
    return {
        "modes": int((5 * counts * len(centers) >= len(samples)).sum()),
        "high_quality": hot.sum().item() / len(samples),
        "counts": counts.long(),
        "kl": kl,
    }


def minibatch_features(features, T):
    M = torch.einsum("na,abc->nbc", features, T)
    return torch.exp(-(M.unsqueeze(0) - M.unsqueeze(1)).abs().sum(3)).sum(0) - 1.0


def duplicate_rate(samples, tolerance):
    x = samples.float()
    squared = (x[:, None] - x[None]).pow(2).sum(-1)
    n = len(x)
    both = (squared < tolerance**2).sum() - n
    return (both / (n * (n - 1))).float()


def diagnose(evidence):
    e = {key: value.float() for key, value in evidence.items()}
    size = e["centers"].norm(dim=1).max()
    if e["samples"].isfinite().logical_not().any() or (e["samples"].norm(dim=1) > 5 * size).float().mean() > 0.5:
        return "diverged"
    if e["d_fake"][-1] < 0.05 and e["d_fake"][-10:].median() < 0.05 and e["g_grad"][-10:].median() < 0.05:
        return "vanishing_gradient"
    gaps = (e["samples"][:, None] - e["train"][None]).pow(2).sum(-1).min(1).values.sqrt()
    if gaps.median() < 0.03 * e["std"]:
        return "memorised"
    K = len(e["centers"])
    snapshots = [*e["earlier"], e["samples"]]
    table = torch.stack([
        mode_coverage(x, e["centers"], float(e["std"]))["counts"] >= 0.2 * len(x) / K for x in snapshots
    ])
    now, ever = int(table[-1].sum()), int(table.any(0).sum())
    if now / K >= 0.9:
        return "healthy"
    if now / K > 0.25 and now > 1:
        return "mode_dropping"
    return "oscillation" if ever >= 3 * max(now, 1) else "mode_collapse"


def rescue(config):
    return {**config, "beta1": torch.tensor(0.5), "d_lr": torch.tensor(4e-3), "minibatch_features": False}
