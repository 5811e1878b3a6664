"""Plain Python: lists, math and loops. Slow, and right."""

import math

import torch

kl_to_uniform = sum(x / 100 * math.log(x / 100 * 8) for x in (50, 30, 20))
effective_modes = math.exp(-sum(x / 100 * math.log(x / 100) for x in (50, 30, 20)))
no_duplicate_probability = 1.0
for taken in range(5):
    no_duplicate_probability *= (8 - taken) / 8


def nearest(point, places):
    best = min(range(len(places)), key=lambda i: math.dist(point, places[i]))
    return math.dist(point, places[best]), best


def assign_modes(samples, centers, std, k=3.0):
    places, result = centers.tolist(), []
    for sample in samples.tolist():
        distance, mode = nearest(sample, places)
        result.append(mode if distance <= k * float(std) else -1)
    return torch.tensor(result, dtype=torch.long)


def mode_coverage(samples, centers, std, k=3.0):
    counts = [0] * len(centers)
    for mode in assign_modes(samples, centers, std, k).tolist():
        if mode != -1:
            counts[mode] += 1
    good = sum(counts)
    kl = 0.0 if good else math.inf
    for count in counts:
        if count:
            kl += count / good * math.log(count / good * len(counts))
    needed = len(samples) / len(centers) / 5
    return {
        "counts": counts,
        "modes": sum(count >= needed for count in counts),
        "kl": kl,
        "high_quality": good / len(samples),
    }


def minibatch_features(features, T):
    rows = []
    for i in range(len(features)):
        mine = torch.einsum("a,abc->bc", features[i], T)
        total = torch.zeros(T.shape[1], dtype=features.dtype)
        for j in range(len(features)):
            if i != j:
                other = torch.einsum("a,abc->bc", features[j], T)
                total = total + torch.exp(-(mine - other).abs().sum(1))
        rows.append(total)
    return torch.stack(rows)


def duplicate_rate(samples, tolerance):
    points, close, pairs = samples.tolist(), 0, 0
    for i in range(len(points)):
        for j in range(i):
            pairs += 1
            close += math.dist(points[i], points[j]) < tolerance
    return close / pairs


def diagnose(evidence):
    std, centers = float(evidence["std"]), evidence["centers"]
    reach = max(math.hypot(x, y) for x, y in centers.tolist())
    points = evidence["samples"].tolist()
    far = [not math.hypot(x, y) <= 5 * reach for x, y in points]
    if sum(far) > len(far) / 2:
        return "diverged"
    last = slice(-10, None)
    fooled, slope = evidence["d_fake"][last].tolist(), evidence["g_grad"][last].tolist()
    if sum(fooled) / 10 < 0.05 and sum(slope) / 10 < 0.05:
        return "vanishing_gradient"
    train = evidence["train"].tolist()
    copies = sum(nearest(point, train)[0] < 0.03 * std for point in points[:60])
    if copies > 30:
        return "memorised"
    sets = []
    for cloud in [*evidence["earlier"], evidence["samples"]]:
        counts = mode_coverage(cloud, centers, std)["counts"]
        sets.append({m for m, count in enumerate(counts) if count >= 0.2 * len(cloud) / len(centers)})
    share = len(sets[-1]) / len(centers)
    if share >= 0.9:
        return "healthy"
    if share > 0.25 and len(sets[-1]) > 1:
        return "mode_dropping"
    ever = set().union(*sets)
    return "oscillation" if len(ever) >= 3 * max(1, len(sets[-1])) else "mode_collapse"


def rescue(config):
    new = {}
    for key, value in config.items():
        new[key] = value
    new["beta1"] = 0.5
    return new
