# %% [markdown]
# # Exercise 5: Mode collapse
#
# The data has many **modes**: ten digits, a thousand faces. A GAN's generator is only asked to fool the discriminator,
# and one convincing digit may do for that. When it draws few modes, or one, that is **mode collapse**: the failure of
# GANs that is named most, and easily confused with others. The losses do not show it. You have to look at the samples.
#
# Here the data is so simple that looking can be done by a program: K equal Gaussians in the plane, on a ring or a grid,
# with known centers and one standard deviation `std`. You will measure which modes a generator covers, find copies,
# name seven states that a run can end in, and rescue a run that fails.
#
# Run `grade exercise5` as often as you like; a place you have not filled yet is reported as "not attempted".

# %%
import torch

# %% [markdown]
# ## Part 1: by hand
#
# Count how many samples lie on each of K modes, divide by the sum of the counts, and you have the shares p₁ … p_K. The
# more even they are, the better. Two numbers say how even:
#
# - the **KL to the uniform distribution**, KL = Σ pᵢ · ln(pᵢ · K), in nats. A mode without samples adds 0, because
#   p · ln p goes to 0 with p. The KL lies between 0 (all modes equal) and ln K (all samples on one mode);
# - the **effective number of modes**, e to the entropy H = −Σ pᵢ · ln pᵢ. It lies between 1 and K.
#
# **Worked example** with K = 4 modes and the counts 60, 20, 20, 0, so p = 0.6, 0.2, 0.2, 0:
#
# | p | p · K | p · ln(p · K) | −p · ln p |
# |---|---|---|---|
# | 0.6 | 2.4 | 0.525281 | 0.306495 |
# | 0.2 | 0.8 | −0.044629 | 0.321888 |
# | 0.2 | 0.8 | −0.044629 | 0.321888 |
# | 0 | 0 | 0 | 0 |
#
# KL = **0.436024**, H = 0.950271, and e^H = **2.5864** effective modes. (KL and H add up to ln 4.)
#
# Your turn: **K = 8** modes with the counts **50, 30, 20, 0, 0, 0, 0, 0**. Four decimals always pass; three do for the
# effective number.

# %%
kl_to_uniform = None
### BEGIN SOLUTION
kl_to_uniform = 1.049789
### END SOLUTION

# %%
effective_modes = None
### BEGIN SOLUTION
effective_modes = 2.800
### END SOLUTION

# %% [markdown]
# And without centers, as with real images? Then one can still look for **duplicates**. By the birthday paradox a
# generator with few modes repeats itself soon: among 3 samples from 4 equally likely modes all are different with
# probability 4/4 · 3/4 · 2/4 = **0.375**.
#
# What is the probability that **5** samples from **8** equally likely modes are all different?

# %%
no_duplicate_probability = None
### BEGIN SOLUTION
no_duplicate_probability = 0.2051
### END SOLUTION

# %% [markdown]
# ## Part 2: which mode is it?
#
# A sample belongs to the mode with the nearest center (in the ordinary, Euclidean distance), but only if it is no
# farther away than k·std; exactly k·std still belongs to it. Otherwise it belongs to no mode: −1.
#
# **Worked example**: centers (0, 0) and (4, 0), std = 0.5, k = 3, so the radius is 1.5. The sample (1, 1) has distance
# 1.4142 from the first center: mode 0. The sample (1.2, 1.2) has distance 1.6971: −1, though neither coordinate is 1.5.


# %%
def assign_modes(samples: torch.Tensor, centers: torch.Tensor, std: float, k: float = 3.0) -> torch.Tensor:
    """The mode of each sample.

    Args:
        samples: points, shape (N, 2).
        centers: centers of the modes, shape (K, 2).
        std: standard deviation of every mode.
        k: radius of a mode in standard deviations.

    Returns:
        Number of the nearest center, or −1 where none is within k·std: int64, shape (N,).
    """
    ### BEGIN SOLUTION
    distance, mode = torch.cdist(samples, centers).min(dim=1)
    return torch.where(distance <= k * std, mode, -1)
    ### END SOLUTION


# %% [markdown]
# ## Part 3: coverage
#
# Four measures, in a dict with these keys:
#
# - `"counts"`: samples of each mode, shape (K,), zeros included; samples on no mode are not counted;
# - `"high_quality"`: the share of all N samples that lie on a mode, between 0 and 1;
# - `"modes"`: how many modes are covered. A stray hit is not enough: a mode is covered if it has **at least 20 % of its
#   fair share**, and the fair share is **all** N samples (strays too) divided by K;
# - `"kl"`: the KL of part 1, of the shares of the modes among the samples that lie on a mode; `inf` if none does.
#
# **Worked example** with N = 50 samples and K = 5: the counts 30, 10, 2, 1, 0, and 7 samples on no mode. The fair share
# is 10, so 2 samples are needed and 3 modes are covered; high_quality = 43/50 = 0.86; the shares for the KL are 30/43,
# 10/43, 2/43, 1/43 and 0.


# %%
def mode_coverage(samples: torch.Tensor, centers: torch.Tensor, std: float, k: float = 3.0) -> dict:
    """How well samples cover the modes.

    Args:
        samples: points, shape (N, 2).
        centers: centers of the modes, shape (K, 2).
        std: standard deviation of every mode.
        k: radius of a mode in standard deviations.

    Returns:
        Dict of ``modes`` (a whole number), ``high_quality`` (0 to 1), ``counts`` (shape (K,)) and ``kl`` (in nats).
    """
    ### BEGIN SOLUTION
    assigned = assign_modes(samples, centers, std, k)
    counts = torch.bincount(assigned[assigned >= 0], minlength=len(centers))
    hits = int(counts.sum())
    fair_share = len(samples) / len(centers)
    shares = counts.double() / max(hits, 1)
    kl = float(torch.xlogy(shares, shares * len(centers)).sum()) if hits else float("inf")
    return {
        "modes": int((counts >= 0.2 * fair_share).sum()),
        "high_quality": hits / len(samples),
        "counts": counts,
        "kl": kl,
    }
    ### END SOLUTION


# %% [markdown]
# ## Part 4: samples that look at each other
#
# A discriminator that sees one sample at a time cannot notice that all samples are alike. **Minibatch discrimination**
# (Salimans et al. 2016) shows it the rest of the batch: features fᵢ of every sample are multiplied with a learned
# tensor T of shape (A, B, C), which gives B vectors of C numbers, M_{i,b}; and the b-th new feature of sample i says
# how many others are near it,
#
# $$o_b(x_i) = \sum_{j \ne i} \exp\left(-\lVert M_{i,b} - M_{j,b} \rVert_1\right),$$
#
# where ‖·‖₁ is the sum of the absolute values of the C differences. The sum leaves out j = i.
#
# **Worked example** with one kernel (B = 1, C = 2) and three samples whose M is (0, 0), (0, 0) and (1, 1). Distances: 0
# between the first two, 2 to the third. So the features are 1 + e⁻² = **1.1353**, again **1.1353**, and 2·e⁻² =
# **0.2707**.


# %%
def minibatch_features(features: torch.Tensor, T: torch.Tensor) -> torch.Tensor:
    """Similarity of each sample to the others of its batch.

    Args:
        features: shape (N, A).
        T: B kernels of C numbers, shape (A, B, C).

    Returns:
        Shape (N, B), differentiable in both arguments.
    """
    ### BEGIN SOLUTION
    seen = torch.einsum("na,abc->nbc", features, T)
    distance = (seen[:, None] - seen[None]).abs().sum(-1)
    # Each sample is at distance 0 from itself, so its own term is exactly 1.
    return torch.exp(-distance).sum(1) - 1
    ### END SOLUTION


# %% [markdown]
# The same idea as a number: of all pairs of two different samples, the share that is **strictly closer** than a
# tolerance (in Euclidean distance). Three samples make three pairs. **Worked example**: (0, 0), (0.3, 0.4), (2, 0) with
# tolerance 0.6: only the first pair (distance 0.5) counts, so the rate is 1/3.


# %%
def duplicate_rate(samples: torch.Tensor, tolerance: float) -> float:
    """The share of pairs that are strictly closer than ``tolerance``.

    Args:
        samples: points, shape (N, 2), N ≥ 2.
        tolerance: a distance.

    Returns:
        A number between 0 and 1.
    """
    ### BEGIN SOLUTION
    return float((torch.pdist(samples) < tolerance).double().mean())
    ### END SOLUTION


# %% [markdown]
# ## Part 5: the diagnosis
#
# You are given what a run left behind, a dict of tensors (all float64):
#
# | key | shape | what it is |
# |---|---|---|
# | `"samples"` | (600, 2) | samples of the generator at the end |
# | `"earlier"` | (4, 300, 2) | samples at four earlier times, of the last 40 % of the run |
# | `"train"` | (400, 2) | training points |
# | `"centers"`, `"std"` | (K, 2), () | the modes: 6, 8 or 10 on a ring, or a grid of 25, around the origin |
# | `"d_loss"` | (40,) | −mean log D(x) − mean log(1 − D(G(z))), from the first step to the last |
# | `"g_loss"` | (40,) | loss of G; below 0 in runs with the minimax loss |
# | `"d_real"`, `"d_fake"` | (40,) | mean D(x) and mean D(G(z)) |
# | `"g_grad"` | (40,) | norm of the gradient that G gets |
#
# Name the state of the run. "Covered" means what it does in part 3 (k = 3, 20 % of the fair share), and **if several
# states fit, the first of this list counts**:
#
# 1. `"diverged"`: the training has blown up. The samples are NaN, or most of them lie more than 5 times as far from the
#    origin as the outermost center does;
# 2. `"vanishing_gradient"`: at the end of the logs (say, their last ten entries) D is sure of itself, with d_fake below
#    0.05, and nothing reaches G any more: g_grad is below 0.05 as well. Then G stands still, wherever it is;
# 3. `"memorised"`: most samples are copies of training points, up to a hundredth of std. (In a good run a sample and
#    the training point nearest to it are mostly more than a tenth of std apart.) No matter what is covered;
# 4. `"healthy"`: at least 90 % of the modes are covered. Quality does not matter: a small net leaves up to half of its
#    samples on bridges between the modes;
# 5. `"mode_dropping"`: less than that, but more than a quarter of the modes (and more than one);
# 6. `"oscillation"`: at most a quarter of the modes (or one), and never the same for long: all five sets of samples
#    together cover at least three times as many modes as the final one;
# 7. `"mode_collapse"`: at most a quarter of the modes (or one), and the same ones again and again.
#
# You are asked about 56 fresh cases, each state equally often, and need **90 %**. Then GANs are trained for you, and
# you need **three quarters** of those: they are the real thing, so their logs are rougher. Cases on a border are never
# asked. What do you think the two losses are worth?


# %%
def diagnose(evidence: dict[str, torch.Tensor]) -> str:
    """Name the state that a GAN's run ended in.

    Args:
        evidence: samples, snapshots and logs, as in the table above.

    Returns:
        ``"healthy"``, ``"mode_collapse"``, ``"mode_dropping"``, ``"oscillation"``, ``"vanishing_gradient"``,
        ``"diverged"`` or ``"memorised"``.
    """
    ### BEGIN SOLUTION
    samples, centers, std = evidence["samples"], evidence["centers"], float(evidence["std"])
    far = samples.norm(dim=1) > 5 * centers.norm(dim=1).max()
    if not torch.isfinite(samples).all() or far.double().mean() > 0.5:
        return "diverged"
    if evidence["d_fake"][-10:].median() < 0.05 and evidence["g_grad"][-10:].median() < 0.05:
        return "vanishing_gradient"
    to_train = torch.cdist(samples, evidence["train"]).min(dim=1).values
    if (to_train < 0.03 * std).double().mean() > 0.5:
        return "memorised"

    def covered(points: torch.Tensor) -> set[int]:
        counts = mode_coverage(points, centers, std)["counts"]
        return set((counts >= 0.2 * len(points) / len(centers)).nonzero().flatten().tolist())

    now = covered(samples)
    if len(now) >= 0.9 * len(centers):
        return "healthy"
    if len(now) > max(1, len(centers) / 4):
        return "mode_dropping"
    ever = now.union(*(covered(snapshot) for snapshot in evidence["earlier"]))
    return "oscillation" if len(ever) >= 3 * max(1, len(now)) else "mode_collapse"
    ### END SOLUTION


# %% [markdown]
# ## Part 6: the rescue
#
# A GAN is trained on a ring of 8 Gaussians (radius 1, std 0.05): two hidden layers of 32 leaky ReLUs in either net,
# Adam with β₂ = 0.9, one step of D and one of G in turn, learning rates that fall to 0 over the second half. With the
# configuration
#
# `{"g_lr": 1e-3, "d_lr": 1e-3, "beta1": 0.9, "r1_weight": 0.0, "batch_size": 64, "non_saturating": True,
# "minibatch_features": False, "steps": 1500}`
#
# it covered two modes at most, and mostly none, in twelve runs. (Do not conclude that a plain GAN always collapses:
# with other rates and another momentum the very same one need not.) Return a better configuration:
#
# | key | allowed | what it does |
# |---|---|---|
# | `"g_lr"`, `"d_lr"` | 1e-6 to 1 | learning rates of G and of D |
# | `"beta1"` | 0 to 0.999 | momentum of both Adams; 0.9 remembers some ten steps of the opponent |
# | `"r1_weight"` | 0 to 100 | weight w of the penalty w/2 · mean ‖∇D(x)‖² at the real points, in D's loss |
# | `"batch_size"` | 2 to 256 | samples in a batch; at most 64 with minibatch_features |
# | `"non_saturating"` | True, False | G's loss: −log D(G(z)), or log(1 − D(G(z))) |
# | `"minibatch_features"` | True, False | D sees those of part 4 (4 kernels of 2 numbers, averaged over the batch) |
# | `"steps"` | 40 to 1500 | a longer run is not on offer |
#
# All eight keys have to be there. Three runs with fixed seeds are trained with what you return, and the median of
# their covered modes has to be **at least 6**. Watch the samples while they train.


# %%
def rescue(config: dict) -> dict:
    """A configuration with which the GAN covers the ring.

    Args:
        config: the one that fails; it is not changed.

    Returns:
        A new dict with the same keys.
    """
    ### BEGIN SOLUTION
    # Less momentum, so that neither net keeps running after an opponent who has moved on; and a D that is ahead of G.
    return {**config, "beta1": 0.5, "g_lr": 2e-3, "d_lr": 4e-3}
    ### END SOLUTION
