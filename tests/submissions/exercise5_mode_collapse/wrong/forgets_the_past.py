"""A diagnosis that never looks at the earlier snapshots, otherwise in order."""

import torch


def diagnose(evidence):
    samples, centers, std = evidence["samples"], evidence["centers"], evidence["std"]
    if not samples.norm(dim=1).median() < 5 * centers.norm(dim=1).max():
        return "diverged"
    if evidence["d_fake"][-10:].mean() < 0.05 and evidence["g_grad"][-10:].mean() < 0.05:
        return "vanishing_gradient"
    if torch.cdist(samples, evidence["train"]).min(1).values.median() < 0.05 * std:
        return "memorised"
    share = (torch.cdist(samples, centers) <= 3 * std).double().mean(0) * len(centers)
    modes = int((share >= 0.2).sum())
    if modes >= 0.9 * len(centers):
        return "healthy"
    return "mode_dropping" if modes > max(1, len(centers) / 4) else "mode_collapse"
