"""Right numbers by numpy, and no way back for a gradient."""

import numpy as np
import torch


def minibatch_features(features, T):
    M = np.einsum("na,abc->nbc", features.detach().numpy(), T.detach().numpy())
    return torch.from_numpy(np.exp(-np.abs(M[:, None] - M[None]).sum(-1)).sum(1) - 1)


def duplicate_rate(samples, tolerance):
    return int((torch.pdist(samples) < tolerance).sum()) / len(samples)
