"""Checks of exercise 5: how a GAN fails, how one sees it, and a run to be rescued."""
# ruff: noqa: ARG001, D103
# A misconception keeps the signature that it is called with, and its docstring is the text of its mark.

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from grader.checking import (
    Curves,
    Draw,
    Range,
    Rng,
    Scatter,
    advice,
    assert_answer,
    assert_close,
    assert_possible,
    assert_true,
    by_hand,
    describe,
    fail,
    gradients,
    loops_over,
    misconception,
    numbers,
    points,
    reference,
    requires,
    separated,
    training,
)
from grader.checks.gan_evidence import STATES, drawn_cases, trained_runs
from grader.checks.ring_gan import Ring, Run, Training

if TYPE_CHECKING:
    from grader.learner import Learner

Tensor = torch.Tensor
Coverage = dict[str, Any]
Evidence = dict[str, Tensor]

LOOSE = {"rtol": 1e-4, "atol": 1e-5}
"""Room for float32 inside a learner's function; far below what a wrong formula changes."""

DRAWN_SHARE = 0.9
"""Of the 56 drawn cases: right rules name them all, one that never looks for one of the seven states 48 at most."""

TRAINED_SHARE = 0.75
"""Of the 6 to 11 trained runs: nine different right rules named them all in 20 gradings."""

RESCUED_MODES = 6
"""Median of three runs: the given configuration covers 0/0/2 modes of 8 (12 seeds), the usual cures 8/8/8."""

SEEDS = (1, 2, 3)
RING = Ring.of(8, 0.05)

# --- references -------------------------------------------------------------------------------------------


@reference("any")
def assign_modes(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    squared = (samples[:, None] - centers).square().sum(-1)
    inside = squared.min(1).values.sqrt() <= k * std
    return torch.where(inside, squared.argmin(1), -1)


@reference("any")
def mode_coverage(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(_assigned(samples, centers, std, k), len(centers)), len(samples))


@reference()
def minibatch_features(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803  the paper's name
    return _similarities(features, T).sum(1) - 1


@reference("scalar", possible=Range(0, 1, "a share lies between 0 and 1"))
def duplicate_rate(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) < tolerance).double().mean())


@reference("any")
def diagnose(evidence: Evidence) -> str:
    return _state(evidence)


@reference("any")
def rescue(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "d_lr": 4e-3, "g_lr": 2e-3, "beta1": 0.5}


def _assigned(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers, compute_mode="donot_use_mm_for_euclid_dist").min(1)
    return torch.where(distance <= k * std, mode, -1)


def _counts(assigned: Tensor, modes: int) -> Tensor:
    return torch.bincount(assigned[assigned >= 0], minlength=modes)


def _coverage(counts: Tensor, total: int) -> Coverage:
    covered = int((5 * counts * len(counts) >= total).sum())
    return {"modes": covered, "high_quality": int(counts.sum()) / total, "counts": counts, "kl": _kl(counts)}


def _kl(counts: Tensor) -> float:
    if not counts.sum():
        return math.inf
    return math.log(len(counts)) - float(torch.distributions.Categorical(counts.double()).entropy())


def _projected(features: Tensor, kernels: Tensor) -> Tensor:
    """M: (N, A), (A, B, C) → (N, B, C)."""
    return (features[:, :, None, None] * kernels).sum(1)


def _similarities(features: Tensor, kernels: Tensor) -> Tensor:
    """exp(−‖M_i − M_j‖₁) of every pair: (N, N, B)."""
    seen = _projected(features, kernels)
    return torch.exp(-(seen[:, None] - seen).abs().sum(-1))


def _covered(samples: Tensor, evidence: Evidence) -> set[int]:
    centers = evidence["centers"]
    counts = _counts(_assigned(samples, centers, float(evidence["std"])), len(centers))
    return set((5 * counts * len(counts) >= len(samples)).nonzero().flatten().tolist())


def _is_far(evidence: Evidence) -> bool:
    reach = evidence["samples"].norm(dim=1).median() / evidence["centers"].norm(dim=1).max()
    return not bool(reach <= 5)  # NaN is far, too


def _has_no_gradient(evidence: Evidence) -> bool:
    return bool(evidence["d_fake"][-10:].mean() < 0.05 and evidence["g_grad"][-10:].mean() < 0.05)


def _is_copied(evidence: Evidence) -> bool:
    nearest = torch.cdist(evidence["samples"], evidence["train"]).min(1).values
    return bool(nearest.median() < 0.05 * evidence["std"])


def _state(evidence: Evidence) -> str:
    if _is_far(evidence):
        return "diverged"
    if _has_no_gradient(evidence):
        return "vanishing_gradient"
    return "memorised" if _is_copied(evidence) else _state_of_modes(evidence)


def _state_of_modes(evidence: Evidence) -> str:
    modes = len(evidence["centers"])
    now = _covered(evidence["samples"], evidence)
    if len(now) >= 0.9 * modes:
        return "healthy"
    if len(now) > max(1, modes / 4):
        return "mode_dropping"
    ever = now.union(*(_covered(snapshot, evidence) for snapshot in evidence["earlier"]))
    return "oscillation" if len(ever) >= 3 * max(1, len(now)) else "mode_collapse"


# --- by-hand answers --------------------------------------------------------------------------------------


@numbers(
    "the counts **{counts:plain}**",
    "that **{samples}** samples from **{modes}** equally likely modes",
    counts=[50, 30, 20, 0, 0, 0, 0, 0],
    samples=5,
    modes=8,
)
def practice_numbers(rng: Draw) -> dict[str, Any]:
    """Counts in fives, 100 together; few enough samples that the probability is some tenths."""
    fives = [(a, b, 100 - a - b) for a in range(35, 80, 5) for b in range(10, a, 5) if 5 <= 100 - a - b < b]
    return {
        "counts": [*rng.choice(fives), 0, 0, 0, 0, 0],
        "samples": rng.choice([3, 4, 5, 6]),
        "modes": rng.choice([7, 8, 9, 10, 12, 15, 20]),
    }


def _worked_coverage(functions: Any) -> Coverage:
    """The coverage of the given counts on modes in a row."""
    counts = functions.numbers.counts
    centers = torch.stack([torch.arange(float(len(counts))), torch.zeros(len(counts))], 1)
    samples = torch.cat([centers[mode].expand(count, 2) for mode, count in enumerate(counts)])
    coverage: Coverage = functions.mode_coverage(samples, centers, 0.1)
    return coverage


@by_hand(possible=Range(0, math.log(8), "a KL to the uniform distribution over 8 modes lies between 0 and ln 8"))
def kl_to_uniform(functions: Any) -> float:
    return float(_worked_coverage(functions)["kl"])


@by_hand(tolerance=1e-3, possible=Range(1, 8, "8 modes count at least as 1 and at most as 8"))
def effective_modes(functions: Any) -> float:
    return 8 * math.exp(-float(_worked_coverage(functions)["kl"]))


def _samples_and_modes(functions: Any) -> tuple[int, int]:
    return functions.numbers.samples, functions.numbers.modes


@by_hand(possible=Range(0, 1, "a probability lies between 0 and 1"))
def no_duplicate_probability(functions: Any) -> float:
    n, modes = _samples_and_modes(functions)
    return float(math.perm(modes, n) / modes**n)


# --- checks: by hand --------------------------------------------------------------------------------------


@points(1)
def test_kl_to_uniform(learner: Learner, rng: Rng) -> None:
    """The KL of your counts to the uniform distribution, by hand."""
    assert_answer(learner, "kl_to_uniform")


@points(1)
def test_effective_modes(learner: Learner, rng: Rng) -> None:
    """How many equally used modes your counts are worth, by hand."""
    assert_answer(learner, "effective_modes")


@points(1)
def test_no_duplicate_probability(learner: Learner, rng: Rng) -> None:
    """The probability that all samples come from different modes, by hand."""
    assert_answer(learner, "no_duplicate_probability")


# --- checks: modes ----------------------------------------------------------------------------------------

STD = 0.2
RINGS = ((0.13, 0.19), (0.23, 0.37), (0.43, 0.57), (0.63, 0.74), (0.8, 1.2))
"""Distances from a center with k·std = 0.6 between the third and the fourth, away from every radius that is wrong."""


def _mode_probe(rng: Rng) -> tuple[Tensor, Tensor]:
    """Samples (45, 2) at telling distances from their centers (6, 2), one pair of which lies close together."""
    corners = 3.0 * torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0]], dtype=torch.float64)
    corners = corners + rng.uniform(-0.3, 0.3, 5, 2)
    angle = rng.uniform(0, 2 * math.pi)
    toward = torch.stack([angle.cos(), angle.sin()])
    pair = corners[0] + 0.8 * toward
    near = rng.uniform(0.2, 0.3, 5, 1) * toward
    samples = [corners[0] + near, pair - near]  # inside the radius of both, but closer to one
    for low, high in RINGS:
        # Every center but those of the pair; the first of each ring lies on a diagonal, the second beside an axis.
        turn = torch.tensor([0.25, 0.02, 0.77, 1.23, 0.5, 0.98, 1.75], dtype=torch.float64) * math.pi
        turn = turn + rng.uniform(-0.05, 0.05, 7)
        distance = rng.uniform(low, high, 7, 1)
        places = corners[torch.tensor([1, 2, 3, 4, 1, 2, 3])]
        samples.append(places + distance * torch.stack([turn.cos(), turn.sin()], 1))
    centers = torch.cat([corners, pair[None]])
    drawn = torch.cat(samples)
    return drawn[rng.permutation(len(drawn))], centers[rng.permutation(len(centers))]


def _whole_numbers(value: Any, what: str) -> Tensor:
    """An int64 tensor from what should be one (an array, or a list of ints, is taken as one)."""
    assert_true(value is not None, f"{what} is None: is a `return` missing?", got=None)
    parts = list(value) if isinstance(value, list | tuple) and value else []
    if all(isinstance(part, Tensor) and part.dim() == 0 and part.dtype == parts[0].dtype for part in parts) and parts:
        return torch.stack(parts)
    whole = all(isinstance(part, int | np.integer) and abs(int(part)) < 2**62 for part in parts)
    if parts and whole:
        value = torch.tensor([int(part) for part in parts])
    value = torch.as_tensor(value) if isinstance(value, np.ndarray) else value
    if not isinstance(value, Tensor):
        fail(f"{what} should be a tensor of whole numbers, got {describe(value)}", got="no tensor")
    tensor: Tensor = value
    return tensor


@points(2)
def test_assign_modes(learner: Learner, rng: Rng) -> None:
    """assign_modes finds the nearest center, and −1 where none is within k·std."""
    answers = [_assigned, *_wrong("assign_modes")]
    samples, centers = separated(lambda: _mode_probe(rng), [lambda *p, f=f: f(*p, STD) for f in answers])
    told = "the assignment of 45 samples"
    found = _whole_numbers(learner.assign_modes(samples, centers, STD), told)
    assert_close(found, _assigned(samples, centers, STD), told)
    wide = _whole_numbers(learner.assign_modes(samples, centers, STD, k=2.0), told)
    assert_close(wide, _assigned(samples, centers, STD, 2.0), f"{told} with k = 2")
    single = samples.float(), centers.float()
    assert_close(
        _whole_numbers(learner.assign_modes(*single, STD), told), _assigned(*single, STD), f"{told} in float32"
    )


@points(1)
def test_assign_modes_border(learner: Learner, rng: Rng) -> None:
    """A sample at exactly k·std still belongs to the mode, and mode numbers are int64."""
    # Every number here is a small multiple of 1/4, so each way to compute the distance is exact.
    centers = torch.tensor([[4.0, 0.0], [0.0, 0.0], [0.0, 4.0]])
    samples = torch.tensor([[0.75, 0.0], [0.0, -0.75], [1.0, 0.0], [4.0, 0.5], [0.25, 3.75], [2.0, 2.0]])
    found = _whole_numbers(learner.assign_modes(samples, centers, 0.25), "the assignment of 6 samples")
    assert_close(
        found, torch.tensor([1, 1, -1, 0, 2, -1]), "the assignment of 6 samples, two of them at exactly k·std,"
    )
    told = f"assign_modes gives {found.dtype}, expected torch.int64: mode numbers are used as indices"
    assert_true(found.dtype == torch.int64, told, got=str(found.dtype))


def _measured(learner: Learner, key: str, samples: Tensor, centers: Tensor, **options: float) -> Any:
    """One entry of what the learner's mode_coverage returns."""
    std = options.pop("std", STD)
    found = learner.mode_coverage(samples, centers, std, **options)
    assert_true(found is not None, "mode_coverage returned None: is a `return` missing?", got=None)
    told = "mode_coverage should return a dict with the keys 'modes', 'high_quality', 'counts' and 'kl'"
    assert_true(isinstance(found, dict), f"{told}, got {describe(found)}", got="no dict")
    assert_true(key in found, f"{told}; {key!r} is missing", got="no key")
    assert_true(found[key] is not None, f"{key!r} is None", got=None)
    return found[key]


def _plain(value: Any) -> Any:
    """The Python number in a tensor or array that holds just one; anything else as it is."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        count = value.numel() if isinstance(value, Tensor) else value.size
        return value.item() if count == 1 else value
    return value


def _number(value: Any, what: str) -> Tensor:
    """A 0-d float64 tensor from a learner's number."""
    plain = _plain(value)
    assert_true(isinstance(plain, int | float), f"{what} should be one number, got {describe(value)}", got="no number")
    if isinstance(plain, int):
        plain = max(-(10**30), min(plain, 10**30))  # no float holds a very long one
    return torch.tensor(float(plain), dtype=torch.float64)


@points(2)
def test_counts(learner: Learner, rng: Rng) -> None:
    """mode_coverage counts the samples of each mode, and the share of those within k·std."""
    samples, centers = _mode_probe(rng)
    for k in (3.0, 2.0):
        right = _coverage(_counts(_assigned(samples, centers, STD, k), 6), 45)
        options = {} if k == 3 else {"k": k}
        told = f"with k = {k:.0f}, for 45 samples and 6 modes,"
        counts = _whole_numbers(_measured(learner, "counts", samples, centers, **options), f"'counts' {told}")
        assert_close(counts.double(), right["counts"].double(), f"'counts' {told}")
        quality = _number(_measured(learner, "high_quality", samples, centers, **options), f"'high_quality' {told}")
        _assert_share(quality)
        assert_close(quality, right["high_quality"], f"'high_quality' {told}", **LOOSE)
    # Nothing but zeros behind the last mode that was hit: a count is there for every center all the same.
    few = _whole_numbers(_measured(learner, "counts", samples[:0].new_zeros(3, 2), _line(4)), "'counts'")
    assert_close(few.double(), torch.tensor([3.0, 0, 0, 0]).double(), "'counts' for 4 modes, all samples on the first,")


def _assert_share(quality: Tensor) -> None:
    so = "it is no fraction of the samples"
    assert_possible(quality, -1e-9, 1 + 1e-6, "'high_quality'", because="a share lies between 0 and 1", so=so)


def _line(modes: int) -> Tensor:
    """Centers (modes, 2) in a row, 2 apart, float64."""
    return torch.stack([2.0 * torch.arange(modes), torch.zeros(modes)], 1).double()


def _cloud(counts: list[int], outside: int = 0) -> Tensor:
    """So many samples on each center of a row, and others far away from all."""
    places = torch.repeat_interleave(_line(len(counts)), torch.tensor(counts), dim=0)
    return torch.cat([places + 0.01, torch.full((outside, 2), 50.0, dtype=torch.float64)])


@points(2)
def test_modes(learner: Learner, rng: Rng) -> None:
    """A mode counts as covered with 20 % of its fair share of all samples."""
    order = rng.permutation(7).tolist()
    # Fair share of 400 samples: 50, so 10 are needed. Of the 244 that lie on a mode alone it would be 6.1.
    plain = [[85, 40, 35, 14, 12, 7, 1][place] for place in order] + [50]
    for counts, outside, told in (
        (plain, 156, "400 samples, 156 of them on no mode,"),
        ([21 + rng.integer(0, 9), 3, 0, 19], 0, "4 modes"),
        ([30, 2, 20, 16, 12, 0, 0, 0], 0, "80 samples, of which one mode has exactly 20 % of its fair share,"),
    ):
        samples, centers = _cloud(counts, outside), _line(len(counts))
        right = _coverage(torch.tensor(counts), len(samples))["modes"]
        found = _number(_measured(learner, "modes", samples, centers), "'modes'")
        because = f"there are {len(counts)} modes, and some of them are covered"
        assert_possible(found, 0, len(counts), "'modes'", because=because, so="it is no number of modes")
        assert_true(float(found) == right, f"'modes' for {told} is not right", got=found, expected=right)


@points(2)
def test_kl(learner: Learner, rng: Rng) -> None:
    """The KL of the modes' shares to the uniform distribution, also with empty modes and with no hit at all."""
    ordinary = [rng.integer(5, 60) for _ in range(5)]
    for counts, outside, told in (
        (ordinary, 0, "5 modes that all have samples"),
        ([*ordinary[:3], 0, 0, 0], 11, "6 modes, three of them empty, and 11 samples on no mode"),
        ([0, 9, 0, 0], 0, "4 modes with all samples on one of them"),
    ):
        right = _kl(torch.tensor(counts))
        found = _number(_measured(learner, "kl", _cloud(counts, outside), _line(len(counts))), "'kl'")
        top = math.log(len(counts))
        because = f"a KL to {len(counts)} equal shares lies between 0 and ln {len(counts)} = {top:.4f}"
        assert_possible(found, -1e-4, top + 1e-4, "'kl'", because=because, so="it is no such KL in nats")
        assert_close(found, right, f"'kl' for {told}", **LOOSE)
    nothing = _number(_measured(learner, "kl", _cloud([0, 0, 0], 7), _line(3)), "'kl'")
    told = "'kl' without a single sample on a mode should be inf: there are no shares to compare"
    assert_true(float(nothing) == math.inf, told, got=nothing)


# --- checks: comparing samples ----------------------------------------------------------------------------


@points(3)
def test_minibatch_features(learner: Learner, rng: Rng) -> None:
    """minibatch_features adds up the similarities to the other samples of the batch."""

    def draw() -> tuple[Tensor, ...]:
        return 0.6 * rng.normal(5, 4), 0.6 * rng.normal(4, 3, 3)

    probe = separated(draw, [minibatch_features, *_wrong("minibatch_features")])
    assert_close(
        learner.minibatch_features(*probe), minibatch_features(*probe), "the table of features of 5 samples", **LOOSE
    )
    probe = 0.6 * rng.normal(7, 2).float(), 0.6 * rng.normal(2, 4, 3).float()
    found = learner.minibatch_features(*probe)
    assert_close(found, minibatch_features(*probe), "the table of features of 7 samples with B = 4 and C = 3", **LOOSE)
    twins = torch.zeros(3, 2), torch.eye(2).reshape(2, 1, 2)
    assert_close(
        learner.minibatch_features(*twins),
        torch.full((3, 1), 2.0),
        "the table of features of three equal samples",
        **LOOSE,
    )


@points(1)
@requires("test_minibatch_features")
def test_minibatch_gradients(learner: Learner, rng: Rng) -> None:
    """Gradients flow through minibatch_features to the features and to T."""
    inputs = {"features": 0.6 * rng.normal(5, 3), "T": 0.6 * rng.normal(3, 2, 2)}
    weights = rng.normal(5, 2)
    for tensor in inputs.values():
        tensor.requires_grad_()
    found = gradients((weights * learner.minibatch_features(**inputs)).sum(), inputs, "the result")
    wanted = torch.autograd.grad((weights * minibatch_features(**inputs)).sum(), list(inputs.values()))
    for name, one, other in zip(inputs, found, wanted, strict=True):
        assert_close(one, other, f"the gradient to {name}", **LOOSE)


@points(2)
def test_duplicate_rate(learner: Learner, rng: Rng) -> None:
    """duplicate_rate is the share of pairs strictly closer than the tolerance."""

    def draw() -> tuple[Tensor, ...]:
        return (_pairs_probe(rng),)

    answers = [duplicate_rate, *_wrong("duplicate_rate")]
    (samples,) = separated(draw, [lambda x, f=f: f(x, 0.5) for f in answers], minimum=0.005)
    found = learner.duplicate_rate(samples, 0.5)
    assert_close(found.double(), duplicate_rate(samples, 0.5), "the rate of 24 samples", **LOOSE)
    # Multiples of 1/4, so that every way to compute a distance gives exactly 0.75.
    border = torch.tensor([[0.0, 0.0], [0.75, 0.0], [3.0, 3.0], [3.25, 3.0]])
    told = "the rate of 4 samples, one pair of them exactly as far apart as the tolerance,"
    assert_close(learner.duplicate_rate(border, 0.75).double(), 1 / 6, told, **LOOSE)


def _pairs_probe(rng: Rng) -> Tensor:
    """24 samples, none of whose distances (of any kind) comes near to 0.5."""
    while True:
        samples = rng.uniform(-0.8, 0.8, 24, 2)
        kinds = [torch.pdist(samples, p) for p in (1.0, 2.0, math.inf)] + [torch.pdist(samples).square()]
        if all((kind - 0.5).abs().min() > 1e-4 for kind in kinds):
            return samples


# --- checks: diagnosis ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def _cases(seed: int) -> list[tuple[str, Evidence]]:
    """Drawn once for a grading, and not again for every misconception that is tried."""
    return drawn_cases(seed)


def _asked(learner: Learner, evidence: Evidence) -> str:
    verdict = learner.diagnose(evidence)
    told = f"diagnose should return one of {', '.join(map(repr, STATES))}; it returned {describe(verdict)}"
    assert_true(isinstance(verdict, str) and verdict in STATES, told, got="no verdict")
    return str(verdict)


def _commonest(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each kind of mistake once, the commonest first."""
    return sorted({pair for pair in pairs if pair[0] != pair[1]}, key=lambda pair: (-pairs.count(pair), pair))


def _mistakes(pairs: list[tuple[str, str]]) -> str:
    """The commonest mistakes in words: ``2 of 8 “memorised” were called “healthy”``."""
    wrong = _commonest(pairs)
    totals = {state: sum(state == true for true, _ in pairs) for state in STATES}
    parts = [f"{pairs.count(pair)} of {totals[pair[0]]} “{pair[0]}” were called “{pair[1]}”" for pair in wrong[:3]]
    return ", ".join(parts)


def _confusion(pairs: list[tuple[str, str]]) -> Tensor:
    """(7, 7): the share of each state that got each verdict."""
    table = torch.zeros(len(STATES), len(STATES), dtype=torch.float64)
    for true, said in pairs:
        table[STATES.index(true), STATES.index(said)] += 1
    return table / table.sum(1, keepdim=True).clamp(min=1)


@points(6)
def test_diagnose(learner: Learner, rng: Rng) -> None:
    """The state of at least 90 % of 56 fresh runs is named rightly by diagnose."""
    cases = _cases(rng.seed())
    pairs = [(state, _asked(learner, evidence)) for state, evidence in cases]
    right = sum(true == said for true, said in pairs)
    if right < DRAWN_SHARE * len(pairs):
        _show_mistaken(learner, pairs, cases)
    message = f"{right} of {len(pairs)} runs are named rightly, and 51 are needed: {_mistakes(pairs)}"
    assert_true(right >= DRAWN_SHARE * len(pairs), message, got=_confusion(pairs), noise=0.04)


@points(2)
@training
def test_diagnose_trained_runs(learner: Learner, rng: Rng) -> None:
    """Of the GANs trained for this grading, diagnose names the state of at least three quarters."""
    _asked(learner, _cases(rng.seed())[0][1])  # not written yet? Then nothing is trained.
    cases = trained_runs(rng.seed())
    pairs = [(state, _asked(learner, evidence)) for state, evidence in cases]
    right = sum(true == said for true, said in pairs)
    if right < TRAINED_SHARE * len(pairs):
        _show_mistaken(learner, pairs, cases)
    message = f"{right} of {len(pairs)} trained runs are named rightly: {_mistakes(pairs)}"
    assert_true(right >= TRAINED_SHARE * len(pairs), message)


def _show_mistaken(learner: Learner, pairs: list[tuple[str, str]], cases: list[tuple[str, Evidence]]) -> None:
    """Draw the samples of a run with the commonest mistake."""
    true, said = mistake = _commonest(pairs)[0]
    runs = [evidence for pair, (_, evidence) in zip(pairs, cases, strict=True) if pair == mistake]
    seen = max(runs, key=lambda evidence: int(evidence["samples"].isfinite().sum()))  # some diverged to NaN
    title = f"The samples of a run that is “{true}” and was called “{said}”"
    learner.show(Scatter(title, seen["samples"], seen["centers"], 3 * float(seen["std"])))


# --- checks: rescue ---------------------------------------------------------------------------------------

SABOTAGED: dict[str, Any] = {
    "g_lr": 1e-3,
    "d_lr": 1e-3,
    "beta1": 0.9,
    "r1_weight": 0.0,
    "batch_size": 64,
    "non_saturating": True,
    "minibatch_features": False,
    "steps": 1500,
}

LIMITS = {
    "g_lr": (1e-6, 1.0),
    "d_lr": (1e-6, 1.0),
    "beta1": (0.0, 0.999),
    "r1_weight": (0.0, 100.0),
    "batch_size": (2, 256),
    "steps": (40, 1500),
}
LARGEST_COMPARED_BATCH = 64


def _rescued(learner: Learner) -> dict[str, Any]:
    """The learner's configuration, every value checked and made a plain number or bool."""
    found = learner.rescue(dict(SABOTAGED))
    assert_true(found is not None, "rescue returned None: is a `return` missing?", got=None)
    assert_true(isinstance(found, dict), f"rescue should return a dict, got {describe(found)}", got="no dict")
    missing = [key for key in SABOTAGED if key not in found]
    assert_true(not missing, f"the configuration has no {', '.join(missing)}; keep what you do not change", got="few")
    unknown = [describe(key) for key in found if key not in SABOTAGED]
    told = f"the training knows no {', '.join(unknown[:3])}; the keys are {', '.join(SABOTAGED)}"
    assert_true(not unknown, told, got="unknown key")
    config = {key: _setting(key, found[key]) for key in SABOTAGED}
    told = f"minibatch_features compares every pair of a batch, so batch_size may be at most {LARGEST_COMPARED_BATCH}"
    fits = not config["minibatch_features"] or config["batch_size"] <= LARGEST_COMPARED_BATCH
    assert_true(fits, f"{told} with it; it is {config['batch_size']}", got="large batch")
    return config


def _setting(key: str, value: Any) -> Any:
    value = _plain(value)
    if key not in LIMITS:
        told = f"{key} should be True or False, got {describe(value)}"
        assert_true(isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)), told, got=key)
        return bool(value)
    told = f"{key} should be a number, got {describe(value)}"
    assert_true(isinstance(value, int | float) and not isinstance(value, bool), told, got=key)
    low, high = LIMITS[key]
    told = f"{key} should lie between {low:g} and {high:g}, got {describe(value)}"
    assert_true(low <= value <= high, told, got=value if isinstance(value, float) else key)
    if key in ("batch_size", "steps"):
        assert_true(value == int(value), f"{key} should be a whole number, got {describe(value)}", got=key)
        return int(value)
    return float(value)


@points(1)
def test_rescue_config(learner: Learner, rng: Rng) -> None:
    """The configuration from rescue is another one than the given, and can be trained."""
    told = "rescue returned the configuration that it was given, and that one covers hardly a mode"
    config = _rescued(learner)
    assert_true(config != SABOTAGED, told, got="unchanged")
    less = {**config, "steps": SABOTAGED["steps"]} == SABOTAGED
    assert_true(not less, "only the number of steps differs, and it can only get smaller", got="fewer steps")


@points(3)
@training
def test_rescue(learner: Learner, rng: Rng) -> None:
    """Trained with your configuration, the GAN covers at least 6 of the 8 modes (median of three runs)."""
    config = _rescued(learner)
    names = ("g_lr", "d_lr", "beta1", "r1_weight", "non_saturating")
    runs = [Run(seed, **{name: config[name] for name in names}) for seed in SEEDS]
    gan = Training(runs, RING, config["batch_size"], minibatch=config["minibatch_features"])

    steps, history = [0], [_modes(gan.sample(600, 0))]

    def watch(step: int) -> None:
        if step % 50 == 0:
            clouds = gan.sample(600, 0)
            steps.append(step)
            history.append(_modes(clouds))
            _show(learner, f"after {step} of {config['steps']} steps", clouds[0], steps, history)

    gan.train(config["steps"], watch)
    clouds = gan.sample(2000, 1)
    modes = _modes(clouds)
    middle = sorted(modes)[1]
    shown = clouds[modes.index(middle)]
    _show(learner, f"{middle} of 8 modes at the end, in the middle one of three runs", shown, steps, history)
    if middle >= RESCUED_MODES:
        return
    _assert_usable(clouds)
    fail(f"the three runs cover {', '.join(map(str, modes))} of 8 modes; their median has to be at least 6")


def _modes(clouds: Tensor) -> list[int]:
    """The modes that each run covers."""
    counts = [_counts(_assigned(cloud, RING.centers, RING.std), 8) for cloud in clouds]
    return [int(_coverage(count, clouds.shape[1])["modes"]) for count in counts]


def _show(learner: Learner, title: str, cloud: Tensor, steps: list[int], history: list[list[int]]) -> None:
    points = Scatter(title, cloud, RING.centers, 3 * RING.std)
    runs = {f"run {number}": modes for number, modes in enumerate(zip(*history, strict=True), start=1)}
    floors = {"needed in two of three runs": float(RESCUED_MODES)}
    learner.show(points, Curves("Modes covered", runs, x=steps, y_label="modes", floors=floors))


def _assert_usable(clouds: Tensor) -> None:
    far = [bool(~(cloud.norm(dim=1).median() <= 5)) for cloud in clouds]
    told = f"{sum(far)} of the three runs diverged: their samples lie far outside the ring, or are no numbers any more"
    assert_true(not any(far), told)


# --- remarks ------------------------------------------------------------------------------------------------


@advice(
    "assign_modes",
    check="test_assign_modes",
    says="your loop takes one sample at a time: samples[:, None] - centers has all the differences at once, and torch "
    "does in one step what Python does in thousands",
)
def loops_over_samples(code: ast.AST) -> bool:
    return loops_over(code, "samples")


@advice(
    "minibatch_features",
    check="test_minibatch_features",
    says="your loop goes through the batch in Python, at every step of a training: M[:, None] - M has all the pairs "
    "at once",
)
def loops_over_features(code: ast.AST) -> bool:
    return loops_over(code, "features")


@advice(
    "duplicate_rate",
    check="test_duplicate_rate",
    says="your function loops over the samples in Python: torch.pdist(samples) has the distance of every pair",
)
def loops_over_pairs(code: ast.AST) -> bool:
    return loops_over(code, "samples")


# --- misconceptions -----------------------------------------------------------------------------------------


def _about(target: str, main: str) -> Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """The mark of a misconception about ``target``, which fails the check ``main`` unless told otherwise."""

    def mark(says: str, why: str, look: str, fails: str = main, *, separable: bool = True, source: str = "") -> Any:
        separable = separable and fails == main
        return misconception(target, fails=fails, says=says, why=why, look=look, separable=separable, source=source)

    return mark


def _wrong(target: str) -> list[Callable[..., Any]]:
    """The misconceptions about ``target`` that an ordinary probe tells from the right answer and from each other."""
    marks = [vars(f)["__misconception__"] for f in globals().values() if hasattr(f, "__misconception__")]
    return [mark.wrong for mark in marks if mark.target == target and mark.separable]


# --- misconceptions about the by-hand answers ---------------------------------------------------------------


@misconception(
    "effective_modes",
    fails="test_effective_modes",
    says="this is e to the KL",
    why="The more uneven the shares, the larger the KL, so e to the KL grows where the number of modes should fall.",
    look="Of which quantity is the exponential taken in the definition?",
)
def exponential_of_kl(functions: Any) -> float:
    return math.exp(_kl(torch.tensor(functions.numbers.counts)))


@misconception(
    "effective_modes",
    fails="test_effective_modes",
    says="this is the entropy itself",
    why="The entropy is the logarithm of the effective number of modes.",
    look="Which function turns a logarithm back into a number?",
)
def entropy_itself(functions: Any) -> float:
    return math.log(8) - _kl(torch.tensor(functions.numbers.counts))


@misconception(
    "effective_modes",
    fails="test_effective_modes",
    says="these are the modes that were hit, each counted fully",
    why="Effective modes count a rarely used mode for less than one.",
    look="Would the number change if the shares were 98 %, 1 % and 1 %?",
)
def hit_modes(functions: Any) -> float:
    return float(sum(count > 0 for count in functions.numbers.counts))


@misconception(
    "effective_modes",
    fails="test_effective_modes",
    says="this is 1/Σp², another effective number",
    why="It is a useful measure too (the inverse Simpson index), but the one asked for is e to the entropy.",
    look="Where does a logarithm come into the definition?",
)
def inverse_simpson(functions: Any) -> float:
    counts: list[int] = functions.numbers.counts
    return float(sum(counts) ** 2 / sum(count**2 for count in counts))


@misconception(
    "effective_modes",
    fails="test_effective_modes",
    says="2 was raised to an entropy in nats",
    why="Nats come from natural logarithms, and e undoes those.",
    look="Which base had the logarithm, and which has the power?",
)
def two_to_the_nats(functions: Any) -> float:
    return float(2 ** (math.log(8) - _kl(torch.tensor(functions.numbers.counts))))


@misconception(
    "no_duplicate_probability",
    fails="test_no_duplicate_probability",
    says="this is the probability that there is a duplicate",
    why="Two events that exclude each other and cover everything add up to 1, and you gave the other one.",
    look="Does your number grow or fall when more samples are drawn?",
)
def duplicate_probability(functions: Any) -> float:
    return 1 - no_duplicate_probability(functions)


@misconception(
    "no_duplicate_probability",
    fails="test_no_duplicate_probability",
    says="only duplicates of the first sample were avoided",
    why="The third sample has to differ from the second as well.",
    look="How many modes are still free for the third sample? And for the last?",
)
def differs_from_first(functions: Any) -> float:
    n, modes = _samples_and_modes(functions)
    return float((1 - 1 / modes) ** (n - 1))


@misconception(
    "no_duplicate_probability",
    fails="test_no_duplicate_probability",
    says="the pairs were taken to be independent",
    why="Whether two pairs are equal tells something about the third, so their probabilities do not multiply.",
    look="Draw the samples one after the other: how many modes are still free each time?",
)
def independent_pairs(functions: Any) -> float:
    n, modes = _samples_and_modes(functions)
    return float((1 - 1 / modes) ** math.comb(n, 2))


@misconception(
    "no_duplicate_probability",
    fails="test_no_duplicate_probability",
    says="sets of modes were counted on top, and sequences below",
    why="The possibilities below are ordered, so the favourable ones have to be ordered too.",
    look="In how many orders can the same modes be drawn?",
)
def unordered_over_ordered(functions: Any) -> float:
    n, modes = _samples_and_modes(functions)
    return float(math.comb(modes, n) / modes**n)


@misconception(
    "no_duplicate_probability",
    fails="test_no_duplicate_probability",
    says="the first sample was already counted as if a mode had been taken",
    why="The first sample has nothing to collide with.",
    look="How many modes are free for the very first sample?",
)
def starts_too_late(functions: Any) -> float:
    n, modes = _samples_and_modes(functions)
    return float(math.perm(modes - 1, n) / modes**n)


# --- misconceptions about assign_modes ----------------------------------------------------------------------

wrong_modes = _about("assign_modes", "test_assign_modes")


@wrong_modes(
    "every sample was given to its nearest center, however far away",
    "A sample between the modes is like nothing in the data, and must not count for any of them.",
    "What should your function answer for a sample that is a hundred standard deviations away from every center?",
)
def nearest_only(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    return torch.cdist(samples, centers).argmin(1)


@wrong_modes(
    "the radius is k times the variance",
    "Distances are measured in standard deviations; for std below 1 the variance is a smaller number.",
    "Is there a square on std? Which of std and std² is a length?",
)
def radius_of_variance(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance <= k * std**2, mode, -1)


@wrong_modes(
    "the radius is one standard deviation, whatever k",
    "In two dimensions only 39 % of a Gaussian lies within one standard deviation, and 99 % within three.",
    "Where does k come into your radius?",
)
def one_std(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance <= std, mode, -1)


@wrong_modes(
    "each coordinate was compared with k·std on its own",
    "That draws a square around the center, and its corners lie farther away than k·std.",
    "How far is the point (2.9, 2.9) from the origin? Is that less than 3?",
)
def per_coordinate(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    mode = torch.cdist(samples, centers).argmin(1)
    inside = ((samples - centers[mode]).abs() <= k * std).all(1)
    return torch.where(inside, mode, -1)


@wrong_modes(
    "the squared distance was compared with k·std",
    "A squared length has to be compared with a squared length.",
    "Is there a square root in your distance, or a square on your radius?",
)
def squared_distance(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).square().min(1)
    return torch.where(distance <= k * std, mode, -1)


@wrong_modes(
    "the first center within k·std was taken, not the nearest",
    "Where modes lie close together a sample may be within reach of two of them.",
    "What does your function do with a sample that is within k·std of two centers?",
)
def first_within(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    inside = torch.cdist(samples, centers) <= k * std
    return torch.where(inside.any(1), inside.int().argmax(1), -1)


@wrong_modes(
    "the city-block distance |Δx| + |Δy| was used",
    "A Gaussian with one std has round contours: its distance is the length √(Δx² + Δy²).",
    "How far is (3, 4) from the origin in your function?",
)
def city_block(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers, p=1).min(1)
    return torch.where(distance <= k * std, mode, -1)


@wrong_modes(
    "samples on no mode were given mode 0",
    "Mode 0 is a mode like the others; those samples would be counted there.",
    "How does a reader of your result tell a sample of mode 0 from one that lies nowhere?",
)
def zero_for_none(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance <= k * std, mode, 0)


@wrong_modes(
    "for each center the nearest sample was looked up, not for each sample the nearest center",
    "Every sample gets a mode, so there is one number for each sample.",
    "Which axis of your table of distances do the centers lie on, and over which do you take the minimum?",
)
def nearest_sample(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, sample = torch.cdist(samples, centers).min(0)
    return torch.where(distance <= k * std, sample, -1)


@wrong_modes(
    "the radius is always 3·std",
    "The caller may ask for another k, and 3 is only its default.",
    "Does k appear in your function?",
    separable=False,
)
def k_ignored(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance <= 3 * std, mode, -1)


@wrong_modes(
    "a sample at exactly k·std was left out",
    "The border belongs to the mode.",
    "Is your comparison < or <=?",
    fails="test_assign_modes_border",
)
def border_left_out(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    distance, mode = torch.cdist(samples, centers).min(1)
    return torch.where(distance < k * std, mode, -1)


@wrong_modes(
    "the mode numbers are floating-point numbers",
    "Mode numbers are used as indices, which have to be whole numbers.",
    "What is the dtype of your result? Which tensor did its −1 come from?",
    fails="test_assign_modes_border",
)
def float_modes(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Tensor:
    return _assigned(samples, centers, std, k).float()


# --- misconceptions about mode_coverage ---------------------------------------------------------------------

wrong_counts = _about("mode_coverage", "test_counts")
wrong_covered = _about("mode_coverage", "test_modes")
wrong_kl = _about("mode_coverage", "test_kl")


def _with(samples: Tensor, centers: Tensor, std: float, k: float, **entries: Callable[[Tensor, int], Any]) -> Coverage:
    """The right coverage with some entries made otherwise, out of the counts and the number of samples."""
    counts = _counts(_assigned(samples, centers, std, k), len(centers))
    right = _coverage(counts, len(samples))
    return right | {name: make(counts, len(samples)) for name, make in entries.items()}


@wrong_counts(
    "every sample was counted for its nearest center, however far away",
    "A generator of nothing but noise would look as if it had learned every mode, at a quality of 100 %.",
    "Are the samples that assign_modes marks with −1 left out of your counts?",
)
def strays_counted(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(_assigned(samples, centers, math.inf), len(centers)), len(samples))


@wrong_counts(
    "the radius is k times the variance",
    "Distances are measured in standard deviations.",
    "Does mode_coverage pass on std as it came?",
)
def coverage_by_variance(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(_assigned(samples, centers, std**2, k), len(centers)), len(samples))


@wrong_counts(
    "the radius is one standard deviation, whatever k",
    "In two dimensions only 39 % of a Gaussian lies within one standard deviation.",
    "Where does k come into your counts?",
)
def coverage_one_std(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(_assigned(samples, centers, std, 1.0), len(centers)), len(samples))


@wrong_counts(
    "each coordinate was compared with k·std on its own",
    "That draws a square around the center, and its corners lie farther away than k·std.",
    "How far is the point (2.9, 2.9) from the origin?",
)
def coverage_per_coordinate(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(per_coordinate(samples, centers, std, k), len(centers)), len(samples))


@wrong_counts(
    "the squared distance was compared with k·std",
    "A squared length has to be compared with a squared length.",
    "Is there a square root in your distance, or a square on your radius?",
)
def coverage_squared(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage(_counts(squared_distance(samples, centers, std, k), len(centers)), len(samples))


@wrong_counts(
    "each center was asked for its nearest sample",
    "One lucky sample would be enough to make a mode; what counts is how many samples lie there.",
    "Is there one distance for each sample in your counts, or one for each center?",
)
def centers_ask(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _coverage((torch.cdist(samples, centers).min(0).values <= k * std).long(), len(samples))


@wrong_counts(
    "the samples on no mode were counted for the last one",
    "As an index, −1 means the last place.",
    "What happens to the −1 of assign_modes when it is used as an index?",
)
def minus_one_as_index(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    assigned = _assigned(samples, centers, std, k)
    return _coverage(_counts(assigned % len(centers), len(centers)), len(samples))


@wrong_counts(
    "the counts were divided by their sum",
    "Counts are whole numbers of samples; their shares are needed only for the KL.",
    "Should your counts add up to 1 or to the number of samples on a mode?",
)
def shares_for_counts(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, counts=lambda n, _: n / n.sum())


@wrong_counts(
    "the share of covered modes was given as 'high_quality'",
    "The two are different failures: few modes drawn perfectly, or all modes drawn badly.",
    "Is 'high_quality' about samples or about modes?",
)
def quality_of_modes(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, high_quality=lambda n, total: _coverage(n, total)["modes"] / len(n))


@wrong_counts(
    "'high_quality' is a number of samples, not their share",
    "A share does not depend on how many samples were drawn.",
    "By what do you divide?",
)
def quality_not_divided(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, high_quality=lambda n, _: int(n.sum()))


@wrong_counts(
    "'high_quality' is in percent",
    "A share lies between 0 and 1.",
    "What would your value be if every sample were on a mode?",
)
def quality_in_percent(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, high_quality=lambda n, total: 100 * int(n.sum()) / total)


@wrong_counts(
    "this is the share of the samples that lie on no mode",
    "High quality is what lies within k·std of a center.",
    "Should a better generator give a larger or a smaller value?",
)
def quality_turned_round(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, high_quality=lambda n, total: 1 - int(n.sum()) / total)


@wrong_covered(
    "a single sample was enough for a mode",
    "Strays hit a mode now and then; a mode that is covered gets a fair part of the samples.",
    "How many samples does your function ask for before a mode counts?",
)
def any_hit_counts(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, _: int((n > 0).sum()))


@wrong_covered(
    "the fair share was taken of the samples that lie on a mode",
    "Then a generator of mostly rubbish would need fewer hits for each mode than a good one.",
    "Which samples does the fair share of the definition divide: all, or the good ones?",
)
def fair_share_of_hits(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, _: int((5 * n * len(n) >= n.sum()).sum()))


@wrong_covered(
    "a mode was asked for 20 % of all samples",
    "With eight modes no more than five could ever have that; the fair share of each is an eighth.",
    "By what is the number of samples divided before the 20 % are taken?",
)
def fifth_of_everything(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, total: int((5 * n >= total).sum()))


@wrong_covered(
    "a mode was asked for its whole fair share",
    "About half of the modes of a perfect generator would be below their fair share by chance.",
    "Where do the 20 % come into your function?",
)
def whole_fair_share(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, total: int((n * len(n) >= total).sum()))


@wrong_covered(
    "a mode with exactly 20 % of its fair share was left out",
    "The 20 % are enough.",
    "Is your comparison > or >=?",
)
def more_than_a_fifth(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, total: int((5 * n * len(n) > total).sum()))


@wrong_covered(
    "the share of the covered modes was given as 'modes'",
    "'modes' is a number of modes.",
    "What should your value be if all of 8 modes are covered?",
)
def modes_as_share(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, modes=lambda n, total: _coverage(n, total)["modes"] / len(n))


@wrong_kl(
    "the KL is in bits",
    "With logarithms to base 2 it is larger by the factor 1/ln 2; here it is in nats.",
    "Which base has your logarithm?",
)
def kl_in_bits(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: _kl(n) / math.log(2))


@wrong_kl(
    "this is the entropy of the shares",
    "The entropy is largest where the KL to the uniform distribution is 0: the two add up to ln K.",
    "What should your value be when all modes have equally many samples?",
)
def entropy_for_kl(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: math.log(len(n)) - _kl(n) if n.sum() else math.inf)


@wrong_kl(
    "the sign is turned round",
    "A KL divergence is never negative.",
    "Is the ratio under your logarithm that of the first distribution to the second?",
)
def kl_negated(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: -_kl(n) if n.sum() else math.inf)


@wrong_kl(
    "this is the other direction, the KL of the uniform distribution to the shares",
    "The average has to run over the shares, and then an empty mode contributes nothing; this way round it "
    "contributes infinitely much.",
    "Which of the two distributions stands in front of the logarithm?",
)
def kl_reversed(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    def make(counts: Tensor, _: int) -> float:
        shares = counts.double() / counts.sum()
        return float(-(shares.log() + math.log(len(counts))).mean()) if counts.sum() else math.inf

    return _with(samples, centers, std, k, kl=make)


@wrong_kl(
    "the uniform distribution covers only the modes that were hit",
    "It has to cover all K modes: the missing ones are just what the number should report.",
    "How many modes has the uniform distribution in your formula?",
)
def uniform_over_hit_modes(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: _kl(n[n > 0]) if n.sum() else math.inf)


@wrong_kl(
    "the KL is NaN where a mode has no samples",
    "0 · log 0 counts as 0, because p · log p goes to 0 with p; a computer multiplies 0 by −∞ instead.",
    "Which function of torch gives 0 for 0 · log 0? Or which terms could you leave out?",
)
def zero_times_infinity(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    def make(counts: Tensor, _: int) -> float:
        shares = counts.double() / counts.sum()
        return float((shares * (shares * len(counts)).log()).sum()) if counts.sum() else math.inf

    return _with(samples, centers, std, k, kl=make)


@wrong_kl(
    "the shares were taken of all samples, so that they do not add up to 1",
    "A KL compares two distributions, and the shares of the modes are one only if the samples on no mode are left out.",
    "What do your shares add up to when a tenth of the samples lies on no mode?",
)
def shares_of_everything(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    def make(counts: Tensor, total: int) -> float:
        shares = counts.double() / total
        return float(torch.xlogy(shares, shares * len(counts)).sum()) if counts.sum() else math.inf

    return _with(samples, centers, std, k, kl=make)


@wrong_kl(
    "the logarithms were averaged over the modes, not weighted with the shares",
    "A KL is an average over its first distribution: a mode counts as much as it has samples.",
    "What stands in front of each logarithm in the formula?",
)
def kl_unweighted(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    def make(counts: Tensor, _: int) -> float:
        hit = counts[counts > 0].double() / counts.sum()
        return float((hit * len(counts)).log().mean()) if counts.sum() else math.inf

    return _with(samples, centers, std, k, kl=make)


@wrong_kl(
    "without a single hit the KL was given as 0",
    "A KL of 0 would say that the modes are used perfectly evenly.",
    "Is a generator that hits nothing as good as one that hits everything equally?",
)
def nothing_is_perfect(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: _kl(n) if n.sum() else 0.0)


@wrong_kl(
    "without a single hit the KL came out as NaN",
    "The shares are 0/0 then; this case has to be looked at before dividing.",
    "By what do you divide the counts, and can that be 0?",
)
def nothing_is_nan(samples: Tensor, centers: Tensor, std: float, k: float = 3.0) -> Coverage:
    return _with(samples, centers, std, k, kl=lambda n, _: _kl(n) if n.sum() else math.nan)


# --- misconceptions about minibatch_features ----------------------------------------------------------------

wrong_features = _about("minibatch_features", "test_minibatch_features")


@wrong_features(
    "each sample was compared with itself, too",
    "That similarity is always exp(0) = 1, so every feature is too large by 1.",
    "Over which j does the sum in the formula run?",
)
def self_similarity_kept(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return _similarities(features, T).sum(1)


@wrong_features(
    "the L2 norm was used in place of the L1 norm",
    "The formula has ‖·‖₁, the sum of the absolute differences.",
    "Is there a square root in your distance?",
)
def l2_norm(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, None] - seen).square().sum(-1).sqrt()).sum(1) - 1


@wrong_features(
    "the differences were squared",
    "The formula has ‖·‖₁, the sum of the absolute differences.",
    "What makes your differences positive?",
)
def squared_l2(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, None] - seen).square().sum(-1)).sum(1) - 1


@wrong_features(
    "the exponential is missing: these are sums of distances",
    "Equal samples should give the largest feature, and the sum of their distances is the smallest.",
    "What should two equal samples add to each other's feature?",
)
def no_exponential(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return -_similarities(features, T).log().sum(1)


@wrong_features(
    "the minus sign in the exponent is missing",
    "Then far-away samples count most, and the features overflow.",
    "Should a larger distance make the similarity larger or smaller?",
)
def positive_exponent(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return (1 / _similarities(features, T)).sum(1) - 1


@wrong_features(
    "the similarities were averaged over the other samples",
    "The formula has a sum over j.",
    "Does your result change when every sample is put into the batch twice?",
)
def similarities_averaged(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return (_similarities(features, T).sum(1) - 1) / (len(features) - 1)


@wrong_features(
    "the exponential was averaged over the whole batch, each sample itself included",
    "The formula has a sum, over the others only.",
    "By what do you divide, and does the formula divide at all?",
)
def plain_mean(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return _similarities(features, T).mean(1)


@wrong_features(
    "the distance was summed over the kernels b, not over the numbers c of one kernel",
    "Each kernel b has a feature of its own, so b is the axis that stays; with the last two axes of T in the wrong "
    "order the same happens.",
    "Which axis of M is b and which is c? Which of them is left in the result?",
)
def wrong_axis(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, None] - seen).abs().sum(-2)).sum(1) - 1


@wrong_features(
    "the kernels within a sample were compared, not the samples",
    "The features should say how alike the samples of the batch are; within one sample there is nothing to say.",
    "Do two different samples i and j meet anywhere in your function?",
)
def within_a_sample(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, :, None] - seen[:, None]).abs().sum(-1)).sum(1) - 1


@wrong_features(
    "the differences were added up with their signs",
    "They cancel then, and exp of the rest can exceed 1.",
    "What does ‖·‖₁ do with a negative difference?",
)
def no_absolute(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, None] - seen).sum(-1)).sum(1) - 1


@wrong_features(
    "the exponential was taken of each difference and then added up over c",
    "The exponential of a sum is the product of the exponentials, not their sum.",
    "What is added up before the exponential in the formula, and what after it?",
)
def exponential_too_early(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    seen = _projected(features, T)
    return torch.exp(-(seen[:, None] - seen).abs()).sum(-1).sum(1) - seen.shape[-1]


@wrong_features(
    "the result was cut off from the graph",
    "The discriminator learns T through these features, and the generator is moved by them.",
    "Does your function leave torch anywhere, or call detach, item, numpy or no_grad?",
    fails="test_minibatch_gradients",
)
def features_detached(features: Tensor, T: Tensor) -> Tensor:  # noqa: N803
    return (_similarities(features, T).sum(1) - 1).detach()


# --- misconceptions about duplicate_rate --------------------------------------------------------------------

wrong_rate = _about("duplicate_rate", "test_duplicate_rate")


@wrong_rate(
    "each sample was paired with itself, too",
    "That pair has the distance 0 and always counts, which hides how few real duplicates there are.",
    "What does your function give for samples that are all far apart?",
)
def paired_with_itself(samples: Tensor, tolerance: float) -> float:
    return float((torch.cdist(samples, samples) < tolerance).double().mean())


@wrong_rate(
    "the close pairs were divided by N²",
    "There are N·(N − 1)/2 pairs of different samples, or N·(N − 1) if both orders count.",
    "How many pairs do three samples make?",
)
def divided_by_square(samples: Tensor, tolerance: float) -> float:
    return int((torch.pdist(samples) < tolerance).sum()) * 2 / len(samples) ** 2


@wrong_rate(
    "one order of each pair was counted on one side, both on the other: the rate is half of the right one",
    "Above and below the fraction line pairs have to be counted alike.",
    "Do (i, j) and (j, i) both count in your numerator? And in your denominator?",
)
def half_counted(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) < tolerance).double().mean()) / 2


@wrong_rate(
    "both orders of each pair were counted on one side, one on the other: the rate is twice the right one",
    "Above and below the fraction line pairs have to be counted alike.",
    "Do (i, j) and (j, i) both count in your numerator? And in your denominator?",
)
def twice_counted(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) < tolerance).double().mean()) * 2


@wrong_rate(
    "this is the share of the samples that have a duplicate",
    "The rate is a share of pairs: with many samples nearly each has a near neighbour, even in a perfect generator.",
    "What do you divide by, the number of samples or the number of pairs?",
)
def samples_with_duplicate(samples: Tensor, tolerance: float) -> float:
    return float(((torch.cdist(samples, samples) < tolerance).sum(1) > 1).double().mean())


@wrong_rate(
    "the number of close pairs was returned, not their share",
    "A rate has to be comparable between 100 and 1000 samples.",
    "What do you divide by?",
)
def pairs_counted(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) < tolerance).sum())


@wrong_rate(
    "the close pairs were divided by the number of samples",
    "There are N·(N − 1)/2 pairs, so the result could even exceed 1.",
    "How many pairs do nine samples make?",
)
def divided_by_samples(samples: Tensor, tolerance: float) -> float:
    return int((torch.pdist(samples) < tolerance).sum()) / len(samples)


@wrong_rate(
    "only neighbours in the order of the samples were compared",
    "Samples come in no order; every pair has to be looked at.",
    "Is the first sample ever compared with the third?",
)
def neighbours_only(samples: Tensor, tolerance: float) -> float:
    return float(((samples[1:] - samples[:-1]).norm(dim=1) < tolerance).double().mean())


@wrong_rate(
    "the squared distance was compared with the tolerance",
    "A squared length has to be compared with a squared length.",
    "Is there a square root in your distance, or a square on the tolerance?",
)
def rate_of_squares(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples).square() < tolerance).double().mean())


@wrong_rate(
    "each coordinate was compared with the tolerance on its own",
    "Points can differ little in each coordinate and yet be farther apart than that.",
    "How far are (0, 0) and (0.9, 0.9) apart?",
)
def rate_per_coordinate(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples, math.inf) < tolerance).double().mean())


@wrong_rate(
    "the city-block distance was used",
    "The distance of two points of the plane is √(Δx² + Δy²).",
    "How far is (3, 4) from the origin in your function?",
)
def rate_in_blocks(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples, 1.0) < tolerance).double().mean())


@wrong_rate(
    "the pairs that are not close were counted",
    "Duplicates are the pairs with a small distance.",
    "Which way round is your comparison?",
)
def far_pairs(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) >= tolerance).double().mean())


@wrong_rate(
    "a pair exactly as far apart as the tolerance was counted",
    "The definition says strictly closer.",
    "Is your comparison < or <=?",
    separable=False,
)
def tolerance_included(samples: Tensor, tolerance: float) -> float:
    return float((torch.pdist(samples) <= tolerance).double().mean())


# --- misconceptions about diagnose --------------------------------------------------------------------------

wrong_verdict = _about("diagnose", "test_diagnose")


def _late(evidence: Evidence, log: str) -> float:
    return float(evidence[log][-10:].mean())


@wrong_verdict(
    "a low loss of the discriminator was read as mode collapse",
    "It only says that D tells real from generated, and it does so in front of many failures and of good runs as well.",
    "Which part of the evidence shows the modes? Print d_loss for some runs that you call healthy.",
)
def low_d_loss_is_collapse(evidence: Evidence) -> str:
    return "mode_collapse" if _late(evidence, "d_loss") < 0.9 else "healthy"


@wrong_verdict(
    "a high loss of the generator was read as mode collapse",
    "The loss of G is measured against a D that changes with it; it says nothing about variety.",
    "Which part of the evidence shows the modes? Print g_loss for some runs that you call healthy.",
)
def high_g_loss_is_collapse(evidence: Evidence) -> str:
    return "mode_collapse" if _late(evidence, "g_loss") > 1.2 else "healthy"


@wrong_verdict(
    "a small variance of the samples was read as mode collapse, and any other as health",
    "Two modes at opposite ends have a large variance, and a ring with gaps has about that of a whole one.",
    "What is the variance of samples that lie on two opposite modes of the ring only?",
)
def small_variance_is_collapse(evidence: Evidence) -> str:
    spread = float(evidence["samples"].std(0).mean() / evidence["train"].std(0).mean())
    return "mode_collapse" if spread < 0.5 else "healthy"


@wrong_verdict(
    "only the quality of the samples was looked at",
    "A collapsed generator draws its few modes very well; its failure is what it does not draw.",
    "What is 'high_quality' for a generator that draws one mode perfectly?",
)
def quality_only(evidence: Evidence) -> str:
    close = torch.cdist(evidence["samples"], evidence["centers"]).min(1).values <= 3 * evidence["std"]
    return "healthy" if close.double().mean() > 0.8 else "mode_collapse"


@wrong_verdict(
    "everything short of all modes was called mode collapse",
    "There are other ways to fail, and each has another cure.",
    "Which three things beside the number of modes tell the other failures apart?",
)
def all_modes_or_collapse(evidence: Evidence) -> str:
    modes = len(_covered(evidence["samples"], evidence))
    return "healthy" if modes >= 0.9 * len(evidence["centers"]) else "mode_collapse"


@wrong_verdict(
    "the earlier snapshots were ignored: oscillation was called mode collapse",
    "A generator that oscillates covers one mode at any time, too, but another one each time.",
    "On which modes do the samples of evidence['earlier'] lie?",
)
def history_ignored(evidence: Evidence) -> str:
    state = _state(evidence)
    return "mode_collapse" if state == "oscillation" else state


@wrong_verdict(
    "every collapse was called oscillation",
    "Whether the modes change over time is in the earlier snapshots; a collapsed generator stays where it is.",
    "Do you compare the modes of each snapshot with those of the others?",
)
def collapse_called_oscillation(evidence: Evidence) -> str:
    state = _state(evidence)
    return "oscillation" if state == "mode_collapse" else state


@wrong_verdict(
    "copies were never looked for: a generator that memorised was called healthy",
    "It covers every mode at the best quality, as copies of the training points do; only their distances give it away.",
    "How far is each sample from the nearest point of evidence['train']?",
)
def copies_not_looked_for(evidence: Evidence) -> str:
    state = _state(evidence)
    return "healthy" if state == "memorised" else state


@wrong_verdict(
    "a discriminator that is sure of itself was read as mode collapse",
    "With D(G(z)) near 0 and no gradient left, G has learned nothing: it stands still, on a mode or beside all.",
    "What does g_grad say in those runs?",
)
def sure_d_is_collapse(evidence: Evidence) -> str:
    state = _state(evidence)
    return "mode_collapse" if state == "vanishing_gradient" else state


@wrong_verdict(
    "a loss of the discriminator near 0 was read as success",
    "For D it is one: it has won, and G gets no gradient any more.",
    "Which player's success is a small d_loss? What do d_fake and g_grad say?",
)
def small_loss_is_success(evidence: Evidence) -> str:
    state = _state(evidence)
    return "healthy" if state == "vanishing_gradient" else state


@wrong_verdict(
    "every missing mode was called mode collapse",
    "A generator that covers half of the modes has dropped some, and has not collapsed onto a few.",
    "Where does the list in the exercise draw the line between mode collapse and mode dropping?",
)
def dropping_called_collapse(evidence: Evidence) -> str:
    state = _state(evidence)
    return "mode_collapse" if state == "mode_dropping" else state


@wrong_verdict(
    "some missing modes were called healthy",
    "Every mode that is missing is a part of the data that the generator cannot draw.",
    "From which share of covered modes on is a run healthy, according to the list?",
)
def dropping_called_healthy(evidence: Evidence) -> str:
    state = _state(evidence)
    return "healthy" if state == "mode_dropping" else state


@wrong_verdict(
    "samples that have left the data were called mode collapse",
    "They cover no mode because the training has blown up, and another learning rate is the cure.",
    "Does your function ask first whether the samples are finite, and how far out they lie?",
)
def diverged_called_collapse(evidence: Evidence) -> str:
    state = _state(evidence)
    return "mode_collapse" if state == "diverged" else state


# --- misconceptions about rescue ----------------------------------------------------------------------------

wrong_rescue = _about("rescue", "test_rescue_config")


@wrong_rescue(
    "the configuration came back unchanged",
    "It is the one that fails, with every seed.",
    "Which of the eight keys would you turn first?",
)
def nothing_changed(config: dict[str, Any]) -> dict[str, Any]:
    return dict(config)


@wrong_rescue(
    "the run was only made longer",
    "It is no slow run but an unstable one: it wanders between modes for as long as it is trained.",
    "What are the bounds of 'steps'? Which keys change the game between G and D?",
)
def only_longer(config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "steps": 10 * config["steps"]}


@wrong_rescue(
    "only the changed keys came back",
    "The training needs all eight of them.",
    "How does one make a dict out of another one and some changes?",
)
def only_the_changes(config: dict[str, Any]) -> dict[str, Any]:
    return {"beta1": 0.5}
