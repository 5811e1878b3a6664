"""Checks of exercise 4: the losses of a GAN, their gradients where D is sure, and the two steps of its training."""

# ruff: noqa: ARG001, D103, N803, N806
# A misconception keeps the signature that it is called with, and its docstring is the text of its mark; D and G are
# what everyone calls the two networks.

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from grader.checking import (
    Curves,
    Draw,
    Range,
    Rng,
    advice,
    as_tensor,
    assert_answer,
    assert_close,
    assert_possible,
    assert_shape,
    assert_true,
    assert_within,
    by_hand,
    calls,
    counts_with,
    fail,
    formula,
    gradients,
    loops_over,
    misconception,
    numbers,
    points,
    reference,
    requires,
    separated,
    training,
    trial,
)

if TYPE_CHECKING:
    from grader.learner import Learner

Tensor = torch.Tensor
Optimizer = torch.optim.Optimizer

LOOSE = {"rtol": 1e-4, "atol": 1e-5}
"""Far below what a wrong formula changes, with room for a tiny constant in a logarithm: another check is about that."""


def _discriminator_formula(real_logits: Any, fake_logits: Any, halve: bool) -> Any:
    total = -(real_logits.log_sigmoid().mean() + (-fake_logits).log_sigmoid().mean())
    return 0.5 * total if halve else total


# --- references -------------------------------------------------------------------------------------------

NO_LOG_ABOVE_0 = "the logarithm of a probability is never above 0"
NO_LOSS_BELOW_0 = "minus the logarithm of a probability is never below 0"
PROBABILITY = Range(0, 1, "a probability lies between 0 and 1")


@reference("scalar", possible=Range(0, None, NO_LOSS_BELOW_0))
@formula(_discriminator_formula, halve="flag")
def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    total = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return total / 2 if halve else total


@reference("scalar", possible=Range(None, 0, NO_LOG_ABOVE_0))
@formula(lambda fake_logits: (-fake_logits).log_sigmoid().mean())
def generator_loss_minimax(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).mean()


@reference("scalar", possible=Range(0, None, NO_LOSS_BELOW_0))
@formula(lambda fake_logits: -fake_logits.log_sigmoid().mean())
def generator_loss_nonsaturating(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean()


@reference("any")
@formula(lambda d: (-d, -(1 - d)), d="probability")
def generator_gradients(d: Tensor) -> tuple[Tensor, Tensor]:
    return -d, -(1 - d)


@reference(possible=PROBABILITY)
@formula(lambda p_data, p_g: p_data / (p_data + p_g), p_data="distribution", p_g="distribution")
def optimal_discriminator(p_data: Tensor, p_g: Tensor) -> Tensor:
    return 1 / (1 + p_g / p_data)


@reference("scalar", possible=Range(-math.log(4), 0, "V(D*, G) is 2·JSD − ln 4, and 0 ≤ JSD ≤ ln 2"))
@formula(
    lambda p_data, p_g: (p_data * (p_data / (p_data + p_g)).log() + p_g * (p_g / (p_data + p_g)).log()).sum(),
    p_data="distribution",
    p_g="distribution",
)
def value_at_optimum(p_data: Tensor, p_g: Tensor) -> Tensor:
    middle = (p_data + p_g) / 2
    kl = torch.xlogy(p_data, p_data / middle).sum() + torch.xlogy(p_g, p_g / middle).sum()
    return kl - math.log(4)  # the sum of the two KLs is 2·JSD


@reference("any")
def discriminator_step(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(discriminator_loss(D(x), D(G(z).detach())), optimizer)


@reference("any")
def generator_step(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(generator_loss_nonsaturating(D(G(z))), optimizer)


def _descend(loss: Tensor, optimizer: Optimizer) -> float:
    loss.backward()
    optimizer.step()
    return float(loss.detach())


# --- by-hand answers --------------------------------------------------------------------------------------


BY_LOGIT = Range(-1, 0, "both losses fall when the logit grows, and never faster than 1 for 1")
BY_D = Range(None, -1, "both losses fall when D grows, and never slower than 1 for 1")


@numbers(
    "Now D is sure: D = {d}.",
    "at the same D = {d}.",
    "for the three points with p_data = {p_data} and p_g = {p_g}.",
    d=0.01,
    p_data=(0.5, 0.3, 0.2),
    p_g=(0.2, 0.3, 0.5),
)
def practice_numbers(rng: Draw) -> dict[str, Any]:
    """D is sure of a fake; two distributions over three points, in tenths."""
    tenths = [(a / 10, b / 10, (10 - a - b) / 10) for a in range(1, 9) for b in range(1, 10 - a)]
    p_data, p_g = rng.several(tenths, 2)
    return {"d": rng.choice([d / 1000 for d in range(20, 100, 5)]), "p_data": p_data, "p_g": p_g}


def _sure(f: Any) -> Tensor:
    return torch.tensor(f.numbers.d, dtype=torch.float64)


@by_hand(possible=BY_LOGIT)
def minimax_gradient(f: Any) -> Tensor:
    value: Tensor = f.generator_gradients(_sure(f))[0]
    return value


@by_hand(possible=BY_LOGIT)
def nonsaturating_gradient(f: Any) -> Tensor:
    value: Tensor = f.generator_gradients(_sure(f))[1]
    return value


@by_hand(tolerance=0.01, possible=BY_D)
def minimax_gradient_wrt_d(f: Any) -> Tensor:
    value: Tensor = f.generator_gradients(_sure(f))[0] / _sigmoid_slope(f)
    return value


@by_hand(tolerance=0.01, possible=BY_D)
def nonsaturating_gradient_wrt_d(f: Any) -> Tensor:
    value: Tensor = f.generator_gradients(_sure(f))[1] / _sigmoid_slope(f)
    return value


def _sigmoid_slope(f: Any) -> Tensor:
    """∂D/∂a at the D of the by-hand questions: it leads from a derivative by the logit to one by D."""
    return _sure(f) * (1 - _sure(f))


@by_hand(possible=PROBABILITY)
def d_star(f: Any) -> Tensor:
    p_data, p_g = torch.tensor([f.numbers.p_data, f.numbers.p_g], dtype=torch.float64)
    value: Tensor = f.optimal_discriminator(p_data, p_g)
    return value


@by_hand(possible=Range(None, 0, NO_LOG_ABOVE_0))
def value_at_equilibrium(f: Any) -> Tensor:
    # Any distribution will do when the two are the same one.
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    value: Tensor = f.value_at_optimum(p, p)
    return value


# --- checks: by hand --------------------------------------------------------------------------------------


@points(1)
def test_minimax_gradient(learner: Learner, rng: Rng) -> None:
    """The slope of the minimax loss in the logit, by hand."""
    assert_answer(learner, "minimax_gradient")


@points(1)
def test_nonsaturating_gradient(learner: Learner, rng: Rng) -> None:
    """The slope of the non-saturating loss in the logit, by hand."""
    assert_answer(learner, "nonsaturating_gradient")


@points(1)
def test_minimax_gradient_wrt_d(learner: Learner, rng: Rng) -> None:
    """The slope of the minimax loss in D itself, by hand."""
    assert_answer(learner, "minimax_gradient_wrt_d")


@points(1)
def test_nonsaturating_gradient_wrt_d(learner: Learner, rng: Rng) -> None:
    """The slope of the non-saturating loss in D itself, by hand."""
    assert_answer(learner, "nonsaturating_gradient_wrt_d")


@points(1)
def test_d_star(learner: Learner, rng: Rng) -> None:
    """The optimal discriminator for two distributions over three points, by hand."""
    assert_answer(learner, "d_star")


@points(1)
def test_value_at_equilibrium(learner: Learner, rng: Rng) -> None:
    """The value of the game when the generator has found the data's distribution, by hand."""
    assert_answer(learner, "value_at_equilibrium")


# --- checks: the losses -----------------------------------------------------------------------------------


@points(3)
def test_discriminator_loss(learner: Learner, rng: Rng) -> None:
    """discriminator_loss averages over each batch by itself, adds, and halves when asked to."""

    def draw() -> tuple[Tensor, Tensor]:
        return 2 * rng.normal(5, 1), 2 * rng.normal(9, 1)

    right = discriminator_loss
    probe = separated(draw, [_both(loss) for loss in (right, *_wrong("discriminator_loss"))])
    found = [learner.discriminator_loss(*probe), learner.discriminator_loss(*probe, halve=False)]
    for loss in found:
        assert_shape(loss, (), "the discriminator's loss")
    told = "the loss of 5 real and 9 fake logits, halved and not halved,"
    assert_close(torch.stack([loss.double() for loss in found]), _both(right)(*probe), told, **LOOSE)
    real, fake = (part.clone().requires_grad_() for part in probe)
    inputs = {"real_logits": real, "fake_logits": fake}
    slopes = gradients(learner.discriminator_loss(real, fake), inputs, "the loss")
    wanted = torch.autograd.grad(right(real, fake), (real, fake))
    for name, slope, expected in zip(inputs, slopes, wanted, strict=True):
        assert_close(slope, expected, f"∂loss/∂{name}", **LOOSE)
    flat = probe[1].flatten().float(), probe[0].flatten().float()
    assert_close(learner.discriminator_loss(*flat), right(*flat), "the loss of logits of shapes (9,) and (5,)", **LOOSE)


def _both(loss: Callable[..., Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """A discriminator's loss, halved and not halved."""
    return lambda real, fake: torch.stack([loss(real, fake), loss(real, fake, halve=False)])


@points(2)
def test_minimax_loss(learner: Learner, rng: Rng) -> None:
    """generator_loss_minimax is the mean of log(1 − D), with its gradient."""
    _check_generator_loss(learner, rng, "generator_loss_minimax", generator_loss_minimax)


@points(2)
def test_nonsaturating_loss(learner: Learner, rng: Rng) -> None:
    """generator_loss_nonsaturating is minus the mean of log D, with its gradient."""
    _check_generator_loss(learner, rng, "generator_loss_nonsaturating", generator_loss_nonsaturating)


def _check_generator_loss(learner: Learner, rng: Rng, name: str, right: Callable[[Tensor], Tensor]) -> None:
    def draw() -> tuple[Tensor, Tensor]:
        # In the first batch the logits are probabilities too: who takes a logarithm of them gets a number, not NaN.
        return rng.uniform(0.1, 0.9, 4, 1), 2 * rng.normal(7, 1)

    def over_both(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda one, other: torch.stack([loss(one).double(), loss(other).double()])

    own = getattr(learner, name)
    probe = separated(draw, [over_both(loss) for loss in (right, *_wrong(name))])
    found = [own(part) for part in probe]
    for loss in found:
        assert_shape(loss, (), "the generator's loss")
    told = "the loss of 4 logits, and of 7 others,"
    assert_close(torch.stack([loss.double() for loss in found]), over_both(right)(*probe), told, **LOOSE)
    logits = probe[1].clone().requires_grad_()
    (slope,) = gradients(own(logits), {"fake_logits": logits}, "the loss")
    (expected,) = torch.autograd.grad(right(logits), logits)
    assert_close(slope, expected, "∂loss/∂fake_logits", **LOOSE)
    flat = probe[1].flatten().float()
    assert_close(own(flat), right(flat), "the loss of float32 logits of shape (7,)", **LOOSE)


# --- checks: where D is sure ------------------------------------------------------------------------------


@points(2)
@requires("test_discriminator_loss")
def test_discriminator_extremes(learner: Learner, rng: Rng) -> None:
    """discriminator_loss is finite and keeps its slope however wrong D is, up to logits of ±10⁴ in float32."""

    def own(a: Tensor) -> Tensor:
        value: Tensor = learner.discriminator_loss(-a, a)
        return value

    _check_extremes(own, lambda a: discriminator_loss(-a, a), sign=1, shown="logits −a for real, a for fake")


@points(1)
@requires("test_minimax_loss")
def test_minimax_extremes(learner: Learner, rng: Rng) -> None:
    """generator_loss_minimax is finite and keeps its slope for logits up to ±10⁴ in float32."""
    own = learner.generator_loss_minimax
    _check_extremes(own, generator_loss_minimax, sign=1, shown="all logits equal to a")


@points(2)
@requires("test_nonsaturating_loss")
def test_nonsaturating_extremes(learner: Learner, rng: Rng) -> None:
    """generator_loss_nonsaturating keeps its slope where D is sure: logits down to −10⁴ in float32."""
    own = learner.generator_loss_nonsaturating
    _check_extremes(own, generator_loss_nonsaturating, sign=-1, shown="all logits equal to a")


def _check_extremes(own: Callable[[Tensor], Tensor], right: Callable[[Tensor], Tensor], sign: int, shown: str) -> None:
    """Compare a loss of 4 equal logits a with the right one, at logits that grow in the direction where it is steep."""
    # Beside the extremes one ordinary place, where every wrong formula has a value of its own.
    ordinary = torch.linspace(-2, 3, 4)
    assert_close(own(ordinary), right(ordinary), f"the loss of ordinary logits ({shown})", **LOOSE)
    levels = [sign * size for size in (20.0, 40.0, 110.0, 1e4)]
    found = {level: _at(own, level) for level in levels}
    wanted = {level: _at(right, level) for level in [*levels, -sign * 50.0, -sign * 1e4]}
    place = {level: f"at a = {level:g} ({shown}, in float32)" for level in wanted}
    for level, (value, slope) in found.items():
        told = f"{place[level]} the loss or its slope is not finite"
        assert_true(value.isfinite() and slope.isfinite(), told, got="not finite")
    for level, (_, slope) in found.items():
        share = float(slope / wanted[level][1])
        if abs(share) < 0.9:
            much = "nothing" if share == 0 else f"a share of {share:.1g}"
            told = f"{place[level]} {much} is left of the slope: nothing can be learnt where it matters most"
            fail(told, got=_remains(found[levels[1]][1], found[levels[-1]][0]))
    found |= {level: _at(own, level) for level in wanted if level not in found}
    for level, (value, slope) in wanted.items():
        assert_close(found[level][0], value, f"{place[level]} the loss", rtol=1e-4, atol=1e-5)
        assert_close(found[level][1], slope, f"{place[level]} the slope of the loss", rtol=1e-4, atol=1e-5)


def _remains(slope: Tensor, end: Tensor) -> str:
    """What tells a clamp, a constant in the logarithm, and BCELoss apart: the slope at ±40 and the loss at ±10⁴."""
    left = "something" if float(slope) else "nothing"
    return f"{left} left, ends {'at 100' if abs(abs(float(end)) - 100) < 1e-3 else 'elsewhere'}"


def _at(loss: Callable[[Tensor], Tensor], level: float) -> tuple[Tensor, Tensor]:
    """The loss of four equal logits in float32, and its slope in a common shift of them."""
    logits = torch.full((4, 1), level, requires_grad=True)
    value = loss(logits)
    return value.detach(), gradients(value, {"the logits": logits}, "the loss")[0].sum()


# --- checks: formulas -------------------------------------------------------------------------------------


@points(2)
def test_generator_gradients(learner: Learner, rng: Rng) -> None:
    """generator_gradients gives the slopes that autograd finds for both losses."""
    answers = [lambda d, f=f: torch.stack(f(d)) for f in (generator_gradients, *_wrong("generator_gradients"))]
    (d,) = separated(lambda: (rng.uniform(0.05, 0.95, 6),), answers)
    found = _pair(learner.generator_gradients(d))
    # One logit at a time: the mean of a batch of one is the loss of that logit itself.
    wanted = [torch.stack([_slope(loss, one) for one in d]) for loss in GENERATOR_LOSSES]
    for name, slopes in zip(("minimax", "non-saturating"), found, strict=True):
        assert_shape(slopes, d.shape, f"the slopes of the {name} loss for 6 values of D")
    assert_close(torch.stack([part.double() for part in found]), torch.stack(wanted), "the pair of slopes", **LOOSE)
    grid = _pair(learner.generator_gradients(d.reshape(2, 3).float()))
    right = [slopes.reshape(2, 3).float() for slopes in wanted]
    assert_close(grid, right, "what generator_gradients returned for a D of shape (2, 3)", **LOOSE)


GENERATOR_LOSSES = (generator_loss_minimax, generator_loss_nonsaturating)


def _slope(loss: Callable[[Tensor], Tensor], d: Tensor) -> Tensor:
    logit = torch.logit(d).requires_grad_()
    return torch.autograd.grad(loss(logit), logit)[0]


def _pair(found: Any) -> tuple[Tensor, ...]:
    """The two parts of a pair; one tensor of shape (2, …) unpacks into a pair as well."""
    if not isinstance(found, list | tuple):
        found = torch.atleast_1d(as_tensor(found, "what generator_gradients returned")).unbind(0)
    told = f"generator_gradients returned {len(found)} values, expected the pair (minimax, non-saturating)"
    assert_true(len(found) == 2, told)
    return tuple(as_tensor(part, "each of the pair that generator_gradients returned") for part in found)


@points(1)
def test_optimal_discriminator(learner: Learner, rng: Rng) -> None:
    """optimal_discriminator is right at every point, also where one of the distributions has nothing."""
    probe = separated(lambda: _distributions(rng), [optimal_discriminator, *_wrong("optimal_discriminator")])
    found = learner.optimal_discriminator(*probe)
    assert_close(found, optimal_discriminator(*probe), "D* for two distributions over 5 points", **LOOSE)
    p_data, p_g = _half_disjoint(rng)
    right = torch.tensor([1.0, float(p_data[1] / (p_data[1] + p_g[1])), 0.0], dtype=torch.float64)
    found = learner.optimal_discriminator(p_data, p_g)
    assert_close(found, right, "D* where p_g = 0 at the first point and p_data = 0 at the last", **LOOSE)


@points(2)
def test_value_at_optimum(learner: Learner, rng: Rng) -> None:
    """value_at_optimum agrees with the Jensen–Shannon divergence, also where a distribution has nothing."""
    probe = separated(lambda: _distributions(rng), [value_at_optimum, *_wrong("value_at_optimum")])
    told = "V(D*, G) for two distributions over 5 points"
    assert_close(learner.value_at_optimum(*probe).double(), value_at_optimum(*probe), told, **LOOSE)
    edge = _half_disjoint(rng)
    told = "V(D*, G) where p_g = 0 at the first point and p_data = 0 at the last"
    assert_close(learner.value_at_optimum(*edge).double(), value_at_optimum(*edge), told, **LOOSE)
    apart = torch.tensor([0.25, 0.75, 0.0]), torch.tensor([0.0, 0.0, 1.0])
    told = "V(D*, G) for distributions that have no point in common"
    assert_close(learner.value_at_optimum(*apart).double(), value_at_optimum(*apart).double(), told, **LOOSE)


def _distributions(rng: Rng) -> tuple[Tensor, Tensor]:
    """Two distributions over five points, none of them empty."""
    first, second = (2 * rng.normal(5)).softmax(0), (2 * rng.normal(5)).softmax(0)
    return 0.9 * first + 0.02, 0.9 * second + 0.02


def _half_disjoint(rng: Rng) -> tuple[Tensor, Tensor]:
    """Two distributions over three points that share only the one in the middle."""
    low, high = (float(part) for part in rng.uniform(0.2, 0.8, 2))
    return torch.tensor([low, 1 - low, 0.0]).double(), torch.tensor([0.0, high, 1 - high]).double()


# --- checks: the two steps --------------------------------------------------------------------------------


@points(2)
def test_discriminator_step(learner: Learner, rng: Rng) -> None:
    """Three discriminator_steps move D as three steps of SGD down its loss do, and leave G alone."""
    _check_steps(learner, rng, "DDD")


@points(2)
def test_generator_step(learner: Learner, rng: Rng) -> None:
    """Three generator_steps move G as three steps of SGD down its loss do, and leave D alone."""
    _check_steps(learner, rng, "GGG")


@points(1)
@requires("test_discriminator_step", "test_generator_step")
def test_rounds(learner: Learner, rng: Rng) -> None:
    """In three rounds of both steps, none of them disturbs the other."""
    _check_steps(learner, rng, "DGDGDG")


STEPS = {"D": "discriminator_step", "G": "generator_step"}
PARAMETERS = {"D": 25, "G": 32}
REFERENCES = SimpleNamespace(discriminator_step=discriminator_step, generator_step=generator_step)
RATE = 0.25


@trial
def take_steps(learner: Any, turns: str, weights: list[Tensor], x: Tensor, z: Tensor) -> list[dict[str, Any]]:
    """Call the learner's steps in this order, and write down what each of them left behind."""
    D = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    G = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    for model, values in zip((D, G), weights, strict=True):
        nn.utils.vector_to_parameters(values.clone(), model.parameters())
    for_D, for_G = (torch.optim.SGD(model.parameters(), lr=RATE) for model in (D, G))
    log = []
    for number, turn in enumerate(turns):
        before = [flat_gradient(D), flat_gradient(G)]
        if turn == "D":
            loss = learner.discriminator_step(D, G, for_D, x[number], z[number])
        else:
            loss = learner.generator_step(D, G, for_G, z[number])
        moved = [nn.utils.parameters_to_vector(model.parameters()).detach().clone() for model in (D, G)]
        after = [flat_gradient(D), flat_gradient(G)]
        log.append({"loss": loss, "weights": moved, "gradients before": before, "gradients after": after})
    return log


def flat_gradient(model: nn.Module) -> Tensor:
    """All gradients of a model in one vector, 0 where there is none."""
    return torch.cat(
        [(torch.zeros_like(p) if p.grad is None else p.grad).detach().flatten().clone() for p in model.parameters()]
    )


def _check_steps(learner: Learner, rng: Rng, turns: str) -> None:
    weights = [rng.normal(PARAMETERS[name]) for name in "DG"]
    x, z = rng.normal(len(turns), 8, 2) + 1, rng.normal(len(turns), 8, 2)
    learner.used.update(STEPS[turn] for turn in turns)
    log = _readable(learner.run(take_steps, turns, weights, x, z), turns)
    right = take_steps(REFERENCES, turns, weights, x, z)
    standing = weights
    for number, row in enumerate(log):
        _check_step(turns[: number + 1], standing, log[: number + 1], right[number])
        standing = row["weights"]
    for name in dict.fromkeys(turns):
        places = [number for number, turn in enumerate(turns) if turn == name]
        returned = [log[place]["loss"] for place in places]
        _check_returned(STEPS[name], returned, [right[place]["loss"] for place in places])
        if turns == 3 * name and any(isinstance(loss, Tensor) for loss in returned):
            learner.advise("loss_is_a_tensor", f"{STEPS[name]} returns a tensor; loss.item() is the float in it.")
    _advise_on_leaks(learner, turns, log)


def _advise_on_leaks(learner: Learner, turns: str, log: list[dict[str, Any]]) -> None:
    """Remark on a discriminator_step that fills G's gradients, where generator_step is known to take them out."""
    pairs = [
        (row["gradients before"][1], row["gradients after"][1])
        for turn, row in zip(turns, log, strict=True)
        if turn == "D"
    ]
    if "G" in turns and any(after.any() and not torch.equal(before, after) for before, after in pairs):
        learner.advise(
            "discriminator_step_fills_g",
            "discriminator_step computes gradients for G too and leaves them there. Nothing breaks only because "
            "generator_step zeroes them; G(z).detach() saves that work and is safe whatever comes next.",
        )


def _readable(log: Any, turns: str) -> list[dict[str, Any]]:
    """The rows of a trial's untrusted log, each with the vectors that it should hold."""
    told = "after your step the models cannot be read any more: were their parameters replaced?"
    assert_true(isinstance(log, list) and len(log) == len(turns), told)
    for row in log:
        assert_true(isinstance(row, dict) and "loss" in row, told)
        for kind in ("weights", "gradients before", "gradients after"):
            pair = row.get(kind)
            assert_true(isinstance(pair, list) and len(pair) == 2, told)
            for vector, size in zip(pair, PARAMETERS.values(), strict=True):
                usable = isinstance(vector, Tensor) and vector.shape == (size,) and vector.dtype == torch.float64
                assert_true(usable, told)
    rows: list[dict[str, Any]] = log
    return rows


def _check_step(turns: str, standing: list[Tensor], log: list[dict[str, Any]], right: dict[str, Any]) -> None:
    """Compare the weights after the last of these steps with the right ones; say what the step seems to have done.

    Up to here all weights were right, so what is wrong now is this step's doing. What can be told in words is the
    evidence where it can: then a misconception is named whatever else is wrong in the file.
    """
    turn, row = turns[-1], log[-1]
    own, other = (0, 1) if turn == "D" else (1, 0)
    step = _step_name(turns)
    weights, left, after = (row[kind] for kind in ("weights", "gradients before", "gradients after"))
    told = f"{step} changed the weights of {'DG'[other]} too"
    assert_true(torch.equal(weights[other], standing[other]), told, got=f"{turn} moves both")
    if _alike(weights[own], right["weights"][own]):
        return
    if torch.equal(weights[own], standing[own]):
        reached = [model for model, a, b in zip("DG", left, after, strict=True) if not torch.equal(a, b)]
        fail(f"{step} left the weights of {turn} as they were", got=f"{turn} stays, gradients reach {reached}")
    if len(log) > 1 and left[own].any() and _alike(weights[own], right["weights"][own] - RATE * left[own]):
        culprit = _culprit(turns, log)
        told = f"{step} moved {turn} along its own gradient plus one that {_step_name(culprit)} had left in {turn}"
        told += ": backward() adds to what it finds in .grad"
        fail(told, got=f"{turn} moves by gradients of {STEPS[culprit[-1]]} too")
    told = f"after {step} the weights of {turn} are not those of one step down its loss"
    known = isinstance(row["loss"], float) and abs(row["loss"] - right["loss"]) > 1e-4
    fail(f"{told}, and the loss that it returned is another one" if known else told, got=weights[own])


def _step_name(turns: str) -> str:
    """The last of these steps, in words."""
    return f"the {('first', 'second', 'third')[turns.count(turns[-1]) - 1]} {STEPS[turns[-1]]}"


def _culprit(turns: str, log: list[dict[str, Any]]) -> str:
    """The steps up to the one that last changed the gradients which the last one found in its own model."""
    own = "DG".index(turns[-1])
    ends = [
        number
        for number, row in enumerate(log[:-1], start=1)
        if not torch.equal(row["gradients before"][own], row["gradients after"][own])
    ]
    return turns[: ends[-1]] if ends else turns[:-1]


def _alike(weights: Tensor, right: Tensor) -> bool:
    """Equal but for rounding and a tiny constant in a logarithm, which another check is about.

    Right ways of writing the steps differ by ≤ 5e-16 after six of them, wrong ones by ≥ 0.019.
    """
    return bool(((weights - right).abs() <= 1e-6 * (1 + right.abs())).all())


def _check_returned(step: str, found: list[Any], right: list[float]) -> None:
    for value in found:
        assert_true(value is not None, f"{step} returned None: is a `return` missing?", got=None)
    losses = [as_tensor(value, f"what {step} returned") for value in found]
    for loss in losses:
        assert_true(loss.numel() == 1, f"{step} should return one number, got shape {tuple(loss.shape)}", got=loss)
        assert_possible(loss.reshape(()), 0, None, f"the loss that {step} returned", because=NO_LOSS_BELOW_0)
    told = f"the steps are right, but the loss that {step} returned, three times,"
    values = torch.stack([loss.detach().double().reshape(()) for loss in losses])
    assert_close(values, torch.tensor(right, dtype=torch.float64), told, **LOOSE)


# --- remarks on right code --------------------------------------------------------------------------------


@advice(
    "generator_loss_nonsaturating",
    check="test_nonsaturating_extremes",
    says="sigmoid and log one after the other needed help to stay exact: F.logsigmoid takes both in one go.",
)
def sigmoid_then_log(code: ast.AST) -> bool:
    return calls(code, "sigmoid") and calls(code, "log")


@advice(
    "generator_gradients",
    check="test_generator_gradients",
    says="the slopes are right, but autograd found them: each has a formula in D that is shorter than your code.",
)
def slopes_by_autograd(code: ast.AST) -> bool:
    return calls(code, "grad") or calls(code, "backward")


@advice(
    "value_at_optimum",
    check="test_value_at_optimum",
    says="the loop over the points is not needed: torch.xlogy works on whole tensors and takes 0·log 0 for 0.",
)
def loop_over_points(code: ast.AST) -> bool:
    return loops_over(code, "p_data") or loops_over(code, "p_g")


@advice(
    "discriminator_step",
    check="test_discriminator_step",
    says="retain_graph=True keeps a graph in memory that nobody goes through again: leave it out.",
)
def graph_retained_by_d(code: ast.AST) -> bool:
    return _retains_graph(code)


@advice(
    "generator_step",
    check="test_generator_step",
    says="retain_graph=True keeps a graph in memory that nobody goes through again: leave it out.",
)
def graph_retained_by_g(code: ast.AST) -> bool:
    return _retains_graph(code)


def _retains_graph(code: ast.AST) -> bool:
    return any(isinstance(node, ast.keyword) and node.arg == "retain_graph" for node in ast.walk(code))


# --- training 1: samples that D finds out ------------------------------------------------------------------

MOVED = 0.3
"""Share of the way to the data after 12 steps. Non-saturating 0.558–0.576 over 40 seeds, minimax below 0.0016,
tiny constant or clamp in the logarithm ≤ 0.22, log of the mean ≤ 0.19, sign turned ≤ −0.9."""

STUCK = 0.05
"""As above: what the minimax loss may move, which is hardly anything."""


@points(1)
@training
@counts_with("test_minimax_loss", "test_nonsaturating_loss")
def test_saturation(learner: Learner, rng: Rng) -> None:
    """Against a D that is sure, twelve steps with the non-saturating loss move the samples, minimax does not."""
    # Here and not over there: the way of the samples is all that counts, and nobody's word for it is taken.
    trained = push_samples(learner, rng.normal(12, 64, 1).float())
    assert_true(len(trained) == 2, "one of your generator losses gives no gradient here, or is no number")
    paths = dict(zip(("minimax", "non-saturating"), trained, strict=True))
    title = "Where the samples go against a D that is sure"
    learner.show(Curves(title, paths, y_label="mean of the samples", floors={"mean of the data": 4.0}))
    stuck, moved = (path[-1] / 4 for path in trained)
    told = "the share of the way to the data that the samples moved with your"
    dead = "D is sure that they are fake, and that is where this loss should pull hardest."
    assert_within(moved, MOVED, None, f"{told} non-saturating loss", below=dead)
    quick = "The minimax loss saturates there: with the right one the samples hardly move at all."
    wrong = "They move away from the data: is the sign right?"
    assert_within(stuck, -STUCK, STUCK, f"{told} minimax loss", below=wrong, above=quick)


def push_samples(learner: Any, noise: Tensor) -> list[list[float]]:
    """Twelve steps of G = b + w·z towards data at 4, once with each loss; the means of the samples on the way, or none.

    D is fixed and the best there is: for data N(4, 0.5²) and samples N(0, 0.5²) its logit is 16·x − 32.
    """
    paths = []
    for loss in (learner.generator_loss_minimax, learner.generator_loss_nonsaturating):
        b, w = torch.zeros((), requires_grad=True), torch.tensor(0.5, requires_grad=True)
        optimizer = torch.optim.SGD([b, w], lr=0.02)
        path = [0.0]
        for z in noise:
            value = torch.as_tensor(loss(16 * (b + w * z) - 32))
            if not value.requires_grad or value.numel() != 1:
                return []
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            path.append(float(b.detach()))
        paths.append(path)
    return paths


# --- training 2: a whole GAN -------------------------------------------------------------------------------


@points(1)
@training
@counts_with("test_discriminator_step", "test_generator_step")
def test_gan(learner: Learner, rng: Rng) -> None:
    """A small GAN trained by your two steps learns N(2, 0.5²)."""
    # Right steps get there from nearly every start; where luck was against them, a second start decides.
    distances: list[float] = []
    while len(distances) < 2 and not any(distance <= WASSERSTEIN_LIMIT for distance in distances):
        drawn = _drawn(_generator(learner.run(train_gan, rng.seed())))
        distances.append(float((drawn - _data()).abs().mean()))
        learner.show(_densities(drawn))
    told = "the Wasserstein-1 distance between what the generator draws and N(2, 0.5²)"
    far = "Both steps have to go down the right slope, and neither may disturb the other: see their own checks."
    assert_within(min(distances), None, WASSERSTEIN_LIMIT, told, above=far)


WASSERSTEIN_LIMIT = 0.2
"""Right steps: 0.007–0.117 and once 0.208 over 150 starts, median 0.03. A G without gradient, real and fake swapped, or
steps uphill ≥ 1.3; gradients that add up mostly > 0.3, at least 0.11. Minimax passes: D is never sure for long here."""


def _generator(trained: Any) -> list[Tensor]:
    """The generator's weights, out of a trial's untrusted result."""
    shapes = [(8, 1), (8,), (1, 8), (1,)]
    told = "the weights of the generator became NaN or infinite during the training"
    assert_true(isinstance(trained, list) and len(trained) == len(shapes), told)
    for weight, shape in zip(trained, shapes, strict=True):
        assert_true(isinstance(weight, Tensor) and weight.shape == shape and weight.isfinite().all(), told)
    return [weight.detach().double() for weight in trained]


def _quantiles() -> Tensor:
    """4000 equally likely places of N(0, 1), ascending."""
    places: Tensor = torch.special.ndtri((torch.arange(4000, dtype=torch.float64) + 0.5) / 4000)
    return places


def _data() -> Tensor:
    """As :func:`_drawn`, of the data."""
    return 2 + 0.5 * _quantiles()


def _drawn(weights: list[Tensor]) -> Tensor:
    """What the generator makes of them, ascending: the mean distance of equal quantiles is Wasserstein-1."""
    first, first_bias, second, second_bias = weights
    drawn = (_quantiles()[:, None] @ first.T + first_bias).tanh() @ second.T + second_bias
    return torch.sort(drawn.flatten()).values


def _densities(drawn: Tensor) -> Curves:
    """Both distributions as histograms with bins of 0.2."""
    seen = {"your generator": drawn, "the data, N(2, 0.5²)": _data()}
    heights = {name: torch.histc(part, bins=30, min=-1, max=5) / (0.2 * len(part)) for name, part in seen.items()}
    middles = torch.linspace(-0.9, 4.9, 30)
    return Curves("What the GAN has learnt to draw", heights, x=middles, x_label="x", y_label="density")


@trial
def train_gan(learner: Any, seed: int) -> list[Tensor]:
    """1200 rounds with Adam and falling rates; the generator's weights."""
    torch.manual_seed(seed)
    D = nn.Sequential(nn.Linear(1, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    G = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    with torch.no_grad():
        # G begins as a rising function: one that folds the line over can get stuck, whatever the losses.
        for name, parameter in G.named_parameters():
            if name.endswith("weight"):
                parameter.abs_()
    for_D = torch.optim.Adam(D.parameters(), lr=1e-2, betas=(0.5, 0.9), fused=True)
    for_G = torch.optim.Adam(G.parameters(), lr=3e-3, betas=(0.5, 0.9), fused=True)
    noise = torch.Generator().manual_seed(seed)
    steps = 1200
    for step in range(steps):
        for optimizer, rate in ((for_D, 1e-2), (for_G, 3e-3)):
            optimizer.param_groups[0]["lr"] = rate * (1 - step / steps) + 1e-5
        x, z, fresh = torch.randn(3, 128, 1, generator=noise)
        learner.discriminator_step(D, G, for_D, 2 + 0.5 * x, z)
        learner.generator_step(D, G, for_G, fresh)
    return [weight.detach() for weight in G.parameters()]


# --- misconceptions: the slopes ---------------------------------------------------------------------------


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


wrong_slopes = _about("generator_gradients", "test_generator_gradients")


@wrong_slopes(
    "the two losses changed places",
    "At a D near 0 the minimax loss is flat, hence its name saturating; the other one was made to be steep there.",
    "Which of the two losses has almost no slope when D is sure that a sample is fake?",
)
def losses_swapped(d: Tensor) -> tuple[Tensor, Tensor]:
    return d - 1, -d


@wrong_slopes(
    "the signs are turned round",
    "Both losses fall when D takes the fake for real more often, so both slopes in the logit are negative.",
    "Does each loss grow or fall when the logit grows?",
)
def signs_turned(d: Tensor) -> tuple[Tensor, Tensor]:
    return d, 1 - d


@wrong_slopes(
    "these are the derivatives by D, not by the logit",
    "The networks compute the logit a, and D = sigmoid(a) comes after it, so one factor of the chain rule is missing.",
    "What is the derivative of sigmoid(a), written with D, and where did you multiply by it?",
)
def by_probability(d: Tensor) -> tuple[Tensor, Tensor]:
    return -1 / (1 - d), -1 / d


@wrong_slopes(
    "this is minus the slope of the sigmoid, for both losses",
    "D·(1 − D) is only the inner derivative; the logarithm around it has one of its own, which cancels a part of it.",
    "What is the derivative of log(1 − D) by D, and what of −log D?",
)
def sigmoid_slope_alone(d: Tensor) -> tuple[Tensor, Tensor]:
    return -d * (1 - d), -d * (1 - d)


@wrong_slopes(
    "these are the values of the losses, not their slopes",
    "A loss of 4.6 says how wrong G is, the slope says how hard it is pulled.",
    "Which question does log(1 − D) answer: how large is the loss, or how fast does it change?",
)
def values_for_slopes(d: Tensor) -> tuple[Tensor, Tensor]:
    return torch.log(1 - d), -torch.log(d)


@wrong_slopes(
    "both slopes came out as −1",
    "The derivative of sigmoid(a) is D·(1 − D), and each logarithm cancels only one of its two factors.",
    "Which factor of D·(1 − D) is left after you divide by 1 − D? And after you divide by D?",
)
def chain_rule_half_done(d: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.ones_like(d), -torch.ones_like(d)


@wrong_slopes(
    "the slopes were averaged",
    "The function answers for each D by itself; the mean over a batch belongs to the loss.",
    "What shape should come out for a D of shape (6,)?",
)
def slopes_averaged(d: Tensor) -> tuple[Tensor, Tensor]:
    return -d.mean(), -(1 - d).mean()


@misconception(
    "minimax_gradient_wrt_d",
    fails="test_minimax_gradient_wrt_d",
    says="this is the derivative by the logit again",
    why="here the question is about D itself, without the sigmoid before it",
    look="What is the derivative of log(1 − D) if D is the variable?",
)
def minimax_by_logit(f: Any) -> Any:
    return f.generator_gradients(_sure(f))[0]


@misconception(
    "nonsaturating_gradient_wrt_d",
    fails="test_nonsaturating_gradient_wrt_d",
    says="this is the derivative by the logit again",
    why="here the question is about D itself, without the sigmoid before it",
    look="What is the derivative of −log D if D is the variable?",
)
def nonsaturating_by_logit(f: Any) -> Any:
    return f.generator_gradients(_sure(f))[1]


@misconception(
    "nonsaturating_gradient_wrt_d",
    fails="test_nonsaturating_gradient_wrt_d",
    says="this is the value of the loss, not its slope",
    why="−log D says how wrong G is, the slope says how fast that changes with D",
    look="What is the derivative of a logarithm?",
)
def nonsaturating_value(f: Any) -> Any:
    return -_sure(f).log()


@misconception(
    "minimax_gradient_wrt_d",
    fails="test_minimax_gradient_wrt_d",
    says="this is the value of the loss, not its slope",
    why="log(1 − D) is what G's loss is, the slope says how fast that changes with D",
    look="What is the derivative of log(1 − D) by D?",
)
def minimax_value(f: Any) -> Any:
    return (1 - _sure(f)).log()


# --- misconceptions: the discriminator's loss --------------------------------------------------------------

wrong_d_loss = _about("discriminator_loss", "test_discriminator_loss")


def _combined(real: Tensor, fake: Tensor, halve: bool) -> Tensor:
    return (real + fake) / 2 if halve else real + fake


@wrong_d_loss(
    "the labels are swapped: real logits were compared with 0 and fake ones with 1",
    "D would learn to call the data fake, and its logits would mean the opposite for G.",
    "Which probability should D give to a real example, and does your loss fall when it gives that?",
)
def labels_swapped(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(real_logits).mean(), F.softplus(-fake_logits).mean(), halve)


@wrong_d_loss(
    "the loss was not halved",
    "The sum of the two means is what halve=False asks for; the default is half of it.",
    "Where does halve come into your function?",
)
def not_halved(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@wrong_d_loss(
    "the loss is halved whatever halve says",
    "With halve=False the sum of the two means is wanted.",
    "Where does halve come into your function?",
)
def always_halved(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean(), True)


@wrong_d_loss(
    "this is the value that D maximises, and an optimizer minimizes",
    "The loss of D is minus that value, so that going down the loss makes D better.",
    "Is your loss below 0? Does it fall when D gets better?",
)
def value_maximised(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return -_combined(F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean(), halve)


@wrong_d_loss(
    "the fake logits got the label 1 as well",
    "That label is what G wishes for in its own loss; D wants to tell the fakes apart.",
    "Would a D that calls everything real have a low loss with your function?",
)
def fakes_labelled_real(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).mean(), F.softplus(-fake_logits).mean(), halve)


@wrong_d_loss(
    "the real logits do not appear",
    "A D that never sees what is real calls everything fake.",
    "Would a D that calls everything fake have a low loss with your function?",
)
def real_term_dropped(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(torch.zeros((), dtype=fake_logits.dtype), F.softplus(fake_logits).mean(), halve)


@wrong_d_loss(
    "the fake logits do not appear",
    "A D that never sees a fake calls everything real.",
    "Would a D that calls everything real have a low loss with your function?",
)
def fake_term_dropped(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).mean(), torch.zeros((), dtype=fake_logits.dtype), halve)


@wrong_d_loss(
    "the batch was summed",
    "With a sum the size of the steps would change with the size of the batch.",
    "What should the loss do when every example of the batch is there twice?",
)
def d_batch_summed(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).sum(), F.softplus(fake_logits).sum(), halve)


@wrong_d_loss(
    "the sigmoid was taken twice",
    "The functions with “logits” in their name take the sigmoid themselves.",
    "What does your loss function expect, probabilities or logits?",
)
def d_sigmoid_twice(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return _combined(F.softplus(-real).mean(), F.softplus(fake).mean(), halve)


@wrong_d_loss(
    "real and fake examples were put into one batch and averaged together",
    "With batches of unequal size the larger one weighs more; each of the two means belongs to its own batch.",
    "What happens to your loss when there are 5 real and 9 fake examples?",
)
def pooled(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    mean = torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()
    return mean if halve else 2 * mean


@wrong_d_loss(
    "the real examples have the label 0.9",
    "One-sided label smoothing is a remedy of its own; here the plain loss is asked for.",
    "Which label does your function give to a real example?",
)
def labels_smoothed(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real = 0.9 * F.softplus(-real_logits) + 0.1 * F.softplus(real_logits)
    return _combined(real.mean(), F.softplus(fake_logits).mean(), halve)


@wrong_d_loss(
    "the logarithm was taken to base 2",
    "Logarithms are natural here, so that the loss is in nats and the slopes have no factor 1.44.",
    "Which function of torch is the natural logarithm?",
)
def d_bits(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean(), halve) / math.log(2)


@wrong_d_loss(
    "the distances of D from 1 and 0 were squared",
    "That is the loss of a least-squares GAN, on probabilities besides; here the cross-entropy is asked for.",
    "Where is the logarithm in your function?",
)
def d_least_squares(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(-real_logits) ** 2, torch.sigmoid(fake_logits) ** 2
    return _combined(real.mean(), fake.mean(), halve)


@wrong_d_loss(
    "the loss is cut off from its inputs",
    "A number without a graph cannot tell D how to change.",
    "Is there an item(), float(), detach() or numpy() on the way to your return?",
    separable=False,
)
def d_cut_from_graph(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    return _combined(F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean(), halve).detach()


wrong_d_extremes = _about("discriminator_loss", "test_discriminator_extremes")


@wrong_d_extremes(
    "the sigmoid and the logarithm were taken one after the other",
    "Where D is sure, float32 rounds sigmoid(a) to 0 or 1, and the logarithm of 0 is −∞.",
    "Which functions of torch compute log(sigmoid(a)) in one go, from the logit?",
    separable=False,
)
def d_two_steps(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(real_logits).log(), (1 - torch.sigmoid(fake_logits)).log()
    return -_combined(real.mean(), fake.mean(), halve)


@wrong_d_extremes(
    "a small constant stands in the logarithm",
    "It keeps the loss finite, but where D is that wrong the constant drowns the probability, and the slope with it.",
    "What is the slope of log(D + 1e-8) in the logit when D is 1e-17?",
    separable=False,
)
def d_tiny_constant(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(real_logits), 1 - torch.sigmoid(fake_logits)
    return -_combined((real + 1e-8).log().mean(), (fake + 1e-8).log().mean(), halve)


@wrong_d_extremes(
    "a clamp stops the probability or the logit",
    "It keeps the loss finite, but a clamp is flat: beyond it the slope is 0, and D learns nothing where it errs most.",
    "What is the derivative of clamp(a, min=−10) at a = −40?",
    separable=False,
)
def d_clamped(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(real_logits), 1 - torch.sigmoid(fake_logits)
    return -_combined(real.clamp(1e-7, 1).log().mean(), fake.clamp(1e-7, 1).log().mean(), halve)


@wrong_d_extremes(
    "BCELoss was used, on probabilities",
    "It cuts its logarithms off at −100 and so stays finite, but the sigmoid before it has lost the slope already.",
    "Which relative of BCELoss takes the logits themselves?",
    separable=False,
)
def d_bce_of_probabilities(real_logits: Tensor, fake_logits: Tensor, halve: bool = True) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    return _combined(F.binary_cross_entropy(real, ones), F.binary_cross_entropy(fake, zeros), halve)


# --- misconceptions: the minimax loss ----------------------------------------------------------------------

wrong_minimax = _about("generator_loss_minimax", "test_minimax_loss")


@wrong_minimax(
    "this is the non-saturating loss",
    "The two agree on where G should go but not on how hard it is pulled: log(1 − D) is flat where D is near 0.",
    "Which probability stands inside the logarithm, and which sign before it?",
)
def nonsaturating_for_minimax(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean()


@wrong_minimax(
    "the sign is turned round: this is −log(1 − D)",
    "G minimizes log(1 − D); going down −log(1 − D) would make its samples easier to find out.",
    "Should G's loss grow or fall when D takes its samples for real?",
)
def minimax_sign_turned(fake_logits: Tensor) -> Tensor:
    return F.softplus(fake_logits).mean()


@wrong_minimax(
    "the term log D stands where log(1 − D) belongs",
    "Among the two terms of the game, G can change only the one about the fakes, which is log(1 − D).",
    "What does D say about a fake, and what is its probability to be right about it?",
)
def log_d_for_minimax(fake_logits: Tensor) -> Tensor:
    return -F.softplus(-fake_logits).mean()


@wrong_minimax(
    "the batch was summed",
    "With a sum the size of the steps would change with the size of the batch.",
    "What should the loss do when every sample of the batch is there twice?",
)
def minimax_summed(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).sum()


@wrong_minimax(
    "the sigmoid was taken twice",
    "The functions with “logits” in their name take the sigmoid themselves.",
    "What does your loss function expect, probabilities or logits?",
)
def minimax_sigmoid_twice(fake_logits: Tensor) -> Tensor:
    return -F.softplus(torch.sigmoid(fake_logits)).mean()


@wrong_minimax(
    "the sigmoid is missing: the logit was used as if it were D",
    "A logit may be any number, also one above 1, whose log(1 − a) does not exist.",
    "Which function leads from the logit a to the probability D?",
)
def minimax_sigmoid_missing(fake_logits: Tensor) -> Tensor:
    return torch.log(1 - fake_logits).mean()


@wrong_minimax(
    "the logarithm was taken of the mean",
    "The loss is an expectation of a logarithm, which is smaller than the logarithm of the expectation.",
    "In which order do your mean and your logarithm come?",
)
def minimax_log_of_mean(fake_logits: Tensor) -> Tensor:
    return torch.sigmoid(-fake_logits).mean().log()


@wrong_minimax(
    "the logarithm is missing: this is 1 − D",
    "Without the logarithm the slope is another one at every D.",
    "What is your loss for D = 0.5, and what should log(1 − 0.5) be?",
)
def minimax_log_missing(fake_logits: Tensor) -> Tensor:
    return torch.sigmoid(-fake_logits).mean()


@wrong_minimax(
    "the logarithm was taken to base 2",
    "Logarithms are natural here, so that the slopes have no factor 1.44.",
    "Which function of torch is the natural logarithm?",
)
def minimax_bits(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).mean() / math.log(2)


@wrong_minimax(
    "the loss was halved, as that of D is",
    "D halves its loss because two terms make it up; this one is a single mean.",
    "How many batches does G's loss average over?",
)
def minimax_halved(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).mean() / 2


@wrong_minimax(
    "the mean over the batch is missing",
    "A loss is one number, or backward() does not know what to go down.",
    "What shape does your result have?",
    separable=False,
)
def minimax_not_averaged(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits)


@wrong_minimax(
    "the loss is cut off from its inputs",
    "A number without a graph cannot tell G how to change.",
    "Is there an item(), float(), detach() or numpy() on the way to your return?",
    separable=False,
)
def minimax_cut_from_graph(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).mean().detach()


wrong_minimax_extremes = _about("generator_loss_minimax", "test_minimax_extremes")


@wrong_minimax_extremes(
    "the sigmoid, 1 − D and the logarithm were taken one after the other",
    "In float32 sigmoid(20) is 1, so 1 − D is 0, and the logarithm of 0 is −∞.",
    "What is 1 − sigmoid(a), written as the sigmoid of another number?",
    separable=False,
)
def minimax_two_steps(fake_logits: Tensor) -> Tensor:
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@wrong_minimax_extremes(
    "a clamp or a small constant stands in the logarithm",
    "It keeps the loss finite, but in float32 1 − sigmoid(20) is 0, and nothing is left to take a slope of.",
    "Which functions of torch compute log(sigmoid(a)) in one go, from the logit?",
    separable=False,
)
def minimax_tiny_constant(fake_logits: Tensor) -> Tensor:
    return torch.log(1 - torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong_minimax_extremes(
    "BCELoss was used, on probabilities",
    "It cuts its logarithms off at −100 and so stays finite, but the sigmoid before it has lost the slope already.",
    "Which relative of BCELoss takes the logits themselves?",
    separable=False,
)
def minimax_bce_of_probabilities(fake_logits: Tensor) -> Tensor:
    d = torch.sigmoid(fake_logits)
    return -F.binary_cross_entropy(d, torch.zeros_like(d))


# --- misconceptions: the non-saturating loss ---------------------------------------------------------------

wrong_g_loss = _about("generator_loss_nonsaturating", "test_nonsaturating_loss")


@wrong_g_loss(
    "this is the minimax loss log(1 − D), which saturates",
    "Where D is sure that a sample is fake its slope is almost 0, and that is where G has most to learn.",
    "What is the slope of your loss in the logit at D = 0.01?",
)
def minimax_for_nonsaturating(fake_logits: Tensor) -> Tensor:
    return -F.softplus(fake_logits).mean()


@wrong_g_loss(
    "the minus is missing: this is +log D",
    "An optimizer goes down, and going down log D makes the samples look more fake with every step.",
    "Does your loss fall when D takes the samples for real?",
)
def minus_missing(fake_logits: Tensor) -> Tensor:
    return -F.softplus(-fake_logits).mean()


@wrong_g_loss(
    "the fakes have the label 0: this is −log(1 − D), D's own loss on them",
    "G wants D to take its samples for real, and going down this loss does the opposite.",
    "Which label should G wish D to give to its samples?",
)
def fakes_labelled_fake(fake_logits: Tensor) -> Tensor:
    return F.softplus(fake_logits).mean()


@wrong_g_loss(
    "the batch was summed",
    "With a sum the size of the steps would change with the size of the batch.",
    "What should the loss do when every sample of the batch is there twice?",
)
def g_batch_summed(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).sum()


@wrong_g_loss(
    "the sigmoid is missing: the logit was used as if it were D",
    "A logit may be any number, also a negative one, which has no logarithm.",
    "Which function leads from the logit a to the probability D?",
)
def sigmoid_missing(fake_logits: Tensor) -> Tensor:
    return -torch.log(fake_logits).mean()


@wrong_g_loss(
    "the sigmoid was taken twice",
    "The functions with “logits” in their name take the sigmoid themselves.",
    "What does your loss function expect, probabilities or logits?",
)
def g_sigmoid_twice(fake_logits: Tensor) -> Tensor:
    return F.softplus(-torch.sigmoid(fake_logits)).mean()


@wrong_g_loss(
    "this is minus the mean logit",
    "That is the generator's loss of a Wasserstein GAN, whose critic gives no probabilities.",
    "Where is the logarithm of a probability in your function?",
)
def minus_mean_logit(fake_logits: Tensor) -> Tensor:
    return -fake_logits.mean()


@wrong_g_loss(
    "the distance of D from 1 was squared",
    "That is the idea of a least-squares GAN; on a probability it saturates as the minimax loss does.",
    "Where is the logarithm in your function?",
)
def least_squares(fake_logits: Tensor) -> Tensor:
    return ((torch.sigmoid(fake_logits) - 1) ** 2).mean()


@wrong_g_loss(
    "the logarithm is missing: this is 1 − D",
    "It is the logarithm that makes the loss steep where D is near 0; the slope of 1 − D is D·(1 − D), almost 0 there.",
    "What is your loss for D = 0.01, and what should −log 0.01 be?",
)
def log_missing(fake_logits: Tensor) -> Tensor:
    return (1 - torch.sigmoid(fake_logits)).mean()


@wrong_g_loss(
    "the logarithm was taken of the mean",
    "Then samples that D finds out hide behind those that it does not; the loss is a mean of logarithms.",
    "In which order do your mean and your logarithm come?",
)
def log_of_mean(fake_logits: Tensor) -> Tensor:
    return -torch.sigmoid(fake_logits).mean().log()


@wrong_g_loss(
    "the logarithm was taken to base 2",
    "Logarithms are natural here, so that the slopes have no factor 1.44.",
    "Which function of torch is the natural logarithm?",
)
def g_bits(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean() / math.log(2)


@wrong_g_loss(
    "the loss was halved, as that of D is",
    "D halves its loss because two terms make it up; this one is a single mean.",
    "How many batches does G's loss average over?",
)
def g_halved(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean() / 2


@wrong_g_loss(
    "the mean over the batch is missing",
    "A loss is one number, or backward() does not know what to go down.",
    "What shape does your result have?",
    separable=False,
)
def g_not_averaged(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits)


@wrong_g_loss(
    "the loss is cut off from its inputs",
    "A number without a graph cannot tell G how to change.",
    "Is there an item(), float(), detach() or numpy() on the way to your return?",
    separable=False,
)
def g_cut_from_graph(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean().detach()


wrong_g_extremes = _about("generator_loss_nonsaturating", "test_nonsaturating_extremes")


@wrong_g_extremes(
    "the sigmoid and the logarithm were taken one after the other",
    "At a logit of −110 float32 rounds the sigmoid to 0, and the logarithm of 0 is −∞.",
    "Which functions of torch compute log(sigmoid(a)) in one go, from the logit?",
    separable=False,
)
def two_steps(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits)).mean()


@wrong_g_extremes(
    "a small constant stands in the logarithm",
    "It keeps the loss finite, but it makes the loss saturate again, exactly where D is sure.",
    "What is the slope of −log(D + 1e-8) in the logit when D is 1e-17?",
    separable=False,
)
def tiny_constant(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()


@wrong_g_extremes(
    "a clamp stops the probability or the logit",
    "It keeps the loss finite, but a clamp is flat: beyond it the slope is 0, exactly where D is sure.",
    "What is the derivative of clamp(a, min=−10) at a = −40?",
    separable=False,
)
def clamped(fake_logits: Tensor) -> Tensor:
    return -torch.sigmoid(fake_logits).clamp(1e-7, 1).log().mean()


@wrong_g_extremes(
    "BCELoss was used, on probabilities",
    "It cuts its logarithms off at −100 and so stays finite, but the sigmoid before it has lost the slope already.",
    "Which relative of BCELoss takes the logits themselves?",
    separable=False,
)
def bce_of_probabilities(fake_logits: Tensor) -> Tensor:
    d = torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(d, torch.ones_like(d))


# --- misconceptions: the optimum ---------------------------------------------------------------------------

wrong_optimum = _about("optimal_discriminator", "test_optimal_discriminator")


@wrong_optimum(
    "the two distributions changed places",
    "D is the probability that a point is real, so it grows with p_data.",
    "What should D say at a point where only the data has probability?",
)
def distributions_swapped(p_data: Tensor, p_g: Tensor) -> Tensor:
    return p_g / (p_data + p_g)


@wrong_optimum(
    "this is the ratio p_data / p_g",
    "A ratio of densities may be any positive number, and D is a probability: ratio / (1 + ratio).",
    "What should D say at a point where both distributions are equal?",
)
def ratio(p_data: Tensor, p_g: Tensor) -> Tensor:
    return p_data / p_g


@wrong_optimum(
    "this is the logit of D*, not D* itself",
    "The logarithm of p_data / p_g is what a network would compute before its sigmoid.",
    "What should D say at a point where both distributions are equal?",
)
def optimal_logit(p_data: Tensor, p_g: Tensor) -> Tensor:
    return torch.log(p_data / p_g)


@wrong_optimum(
    "D was made to decide, 1 or 0",
    "The best D knows that a point of both kinds may be either, and says how likely.",
    "What should D say at a point where the data is twice as likely as the fakes?",
)
def decision(p_data: Tensor, p_g: Tensor) -> Tensor:
    return (p_data > p_g).to(p_data.dtype)


@wrong_optimum(
    "this is p_data alone",
    "How likely a point is among the data does not say how likely it is among the fakes.",
    "At a point with p_data = 0.1 and p_g = 0, can a sample there be fake?",
)
def data_alone(p_data: Tensor, p_g: Tensor) -> Tensor:
    return p_data.clone()


@wrong_optimum(
    "D is ½ everywhere",
    "That is the best D only when G has found the data's distribution.",
    "What should D say at a point where only the data has probability?",
)
def half_everywhere(p_data: Tensor, p_g: Tensor) -> Tensor:
    return torch.full_like(p_data, 0.5)


wrong_value = _about("value_at_optimum", "test_value_at_optimum")


def _expected_logs(p_data: Tensor, p_g: Tensor) -> Tensor:
    """Both terms of V(D*, G) at each point."""
    total = p_data + p_g
    return torch.stack([torch.xlogy(p_data, p_data / total), torch.xlogy(p_g, p_g / total)])


@wrong_value(
    "the sign is turned round",
    "V is a mean of logarithms of probabilities, and those are never above 0.",
    "Is the logarithm of a probability positive or negative?",
)
def value_negated(p_data: Tensor, p_g: Tensor) -> Tensor:
    return -_expected_logs(p_data, p_g).sum()


@wrong_value(
    "the value was halved",
    "It is D's loss that one halves by habit; V adds its two expectations as they are.",
    "What is log ½ + log ½?",
)
def value_halved(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g).sum() / 2


@wrong_value(
    "the term of the fakes is missing",
    "V has two expectations, one over the data and one over what G draws.",
    "Which part of V can G change at all, and is it in your sum?",
)
def fakes_missing(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g)[0].sum()


@wrong_value(
    "the term of the data is missing",
    "V has two expectations, one over the data and one over what G draws.",
    "Where does p_data weigh a logarithm in your sum?",
)
def data_missing(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g)[1].sum()


@wrong_value(
    "the points were averaged",
    "The probabilities are weights already and add up to 1; dividing by the number of points counts it twice.",
    "What is the expectation of a number that is 7 at every point?",
)
def points_averaged(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g).sum(0).mean()


@wrong_value(
    "this is 2·JSD, without the −ln 4",
    "A JSD is 0 when the distributions are equal, but there D* = ½ and V is 2·log ½.",
    "What does V become when D is ½ everywhere?",
)
def constant_forgotten(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g).sum() + math.log(4)


@wrong_value(
    "this is JSD − ln 4, with one JSD in place of two",
    "The JSD is half the sum of two KL divergences, and V holds the whole sum.",
    "What is V for two distributions that have no point in common, where D makes no mistake?",
)
def one_jsd(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g).sum() / 2 - math.log(2)


@wrong_value(
    "both terms have log D in them",
    "On the fakes D is right when it says 0, so their term is log(1 − D).",
    "What should the second term be where D = 0?",
)
def log_d_twice(p_data: Tensor, p_g: Tensor) -> Tensor:
    return ((p_data + p_g) * torch.log(p_data / (p_data + p_g))).sum()


@wrong_value(
    "the logarithms are not weighted by the probabilities",
    "An expectation counts each point as often as it occurs.",
    "Where do p_data and p_g stand as weights in your sum?",
)
def logs_unweighted(p_data: Tensor, p_g: Tensor) -> Tensor:
    d = p_data / (p_data + p_g)
    return (torch.log(d) + torch.log(1 - d)).sum()


@wrong_value(
    "the logarithm was taken to base 2",
    "Logarithms are natural here, as in all of the losses.",
    "Which function of torch is the natural logarithm?",
)
def value_in_bits(p_data: Tensor, p_g: Tensor) -> Tensor:
    return _expected_logs(p_data, p_g).sum() / math.log(2)


@wrong_value(
    "D was taken to be ½, which is the best one only at equilibrium",
    "Away from equilibrium D tells the points apart, and V is above −ln 4.",
    "Does your result change with p_g?",
)
def always_equilibrium(p_data: Tensor, p_g: Tensor) -> Tensor:
    return math.log(0.5) * (p_data + p_g).sum()


@wrong_value(
    "a point without probability gives 0·log 0, which torch computes as NaN",
    "Such a point never occurs, so it adds nothing to an expectation.",
    "What are your terms at a point with p_g = 0? Which function of torch takes 0·log 0 for 0?",
    separable=False,
)
def zero_times_infinity(p_data: Tensor, p_g: Tensor) -> Tensor:
    d = p_data / (p_data + p_g)
    return (p_data * torch.log(d) + p_g * torch.log(1 - d)).sum()


@misconception(
    "value_at_equilibrium",
    fails="test_value_at_equilibrium",
    says="this is the optimal D, not the value of the game",
    why="at equilibrium D is ½ everywhere, and V is made of its logarithms",
    look="What do log D and log(1 − D) become at that D, and what do you do with the two?",
)
def discriminator_for_value(f: Any) -> Any:
    return torch.tensor(0.5)


@misconception(
    "value_at_equilibrium",
    fails="test_value_at_equilibrium",
    says="one of the two logarithms is missing",
    why="V adds an expectation over the data and one over the fakes, and both are the same here",
    look="How many terms does V have?",
)
def one_logarithm(f: Any) -> Any:
    return torch.tensor(0.5).log()


# --- misconceptions: one step after the other --------------------------------------------------------------


@misconception(
    "discriminator_step",
    fails="test_rounds",
    says="D's gradients are zeroed too early or too late: when the step begins, G's step has left some in D",
    why=(
        "the backward() of generator_step runs through D and leaves gradients in D's parameters, and if nobody takes "
        "them out before the next backward(), D's next step follows them too"
    ),
    look="At which moment of discriminator_step must D's gradients be zero?",
)
def zeroed_after_step(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    loss = _descend(discriminator_loss(D(x), D(G(z).detach())), optimizer)
    optimizer.zero_grad()
    return loss


@misconception(
    "discriminator_step",
    fails="test_rounds",
    says="discriminator_step froze G and did not thaw it",
    why="a parameter with requires_grad=False gets no gradient any more, so G stays where it is in its own step",
    look="Where do you set requires_grad back?",
)
def generator_left_frozen(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    G.requires_grad_(False)
    optimizer.zero_grad()
    return _descend(discriminator_loss(D(x), D(G(z))), optimizer)


@misconception(
    "generator_step",
    fails="test_rounds",
    says="generator_step froze D and did not thaw it",
    why="with requires_grad=False everywhere in D its loss has no graph, and the next discriminator_step cannot begin",
    look="Where do you set requires_grad back?",
)
def discriminator_left_frozen(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    D.requires_grad_(False)
    optimizer.zero_grad()
    return _descend(generator_loss_nonsaturating(D(G(z))), optimizer)


# --- misconceptions: the discriminator's step --------------------------------------------------------------

wrong_d_step = _about("discriminator_step", "test_discriminator_step")

ZEROED_IN_BETWEEN = r"\.backward\(.*\n(?:[ \t]*(?:#.*)?\n)*.*zero_grad\(.*\n(?:[ \t]*(?:#.*)?\n)*.*\.step\("
"""zero_grad in the line between backward and step."""


@wrong_d_step(
    "the gradients are not zeroed before backward()",
    "The method backward() adds to what is in .grad, so every step goes along the sum of all gradients before it.",
    "Where is zero_grad() in your step, and what is in D's gradients when it begins?",
)
def d_gradients_add_up(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    return _descend(discriminator_loss(D(x), D(G(z).detach())), optimizer)


@wrong_d_step(
    "backward() is missing",
    "Without it no parameter has a gradient, and an optimizer leaves alone what has none.",
    "Which line of your step computes the gradients?",
)
def d_backward_missing(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    loss = discriminator_loss(D(x), D(G(z).detach()))
    optimizer.step()
    return float(loss.detach())


@wrong_d_step(
    "the gradients were zeroed between backward() and step()",
    "Then the step finds no gradient, and the parameters stay where they are.",
    "In which order do zero_grad, backward and step stand in your function?",
    source=ZEROED_IN_BETWEEN,
)
def d_zeroed_in_between(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    loss = discriminator_loss(D(x), D(G(z).detach()))
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return float(loss.detach())


@wrong_d_step(
    "optimizer.step() is missing",
    "The gradients are there, but only the optimizer's step turns them into a change of the weights.",
    "Which line of your function changes the weights of D?",
)
def d_step_missing(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    loss = discriminator_loss(D(x), D(G(z).detach()))
    loss.backward()
    return float(loss.detach())


@wrong_d_step(
    "the loss of D was not halved",
    "Its gradient is twice as long then, and with it every step of D.",
    "Which default has the last argument of discriminator_loss?",
)
def d_step_not_halved(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(discriminator_loss(D(x), D(G(z).detach()), halve=False), optimizer)


@wrong_d_step(
    "real and fake changed places",
    "D learns to call the data fake.",
    "Which of the two batches stands first when you call your loss, and which label does it get?",
)
def d_step_swapped(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(discriminator_loss(D(G(z).detach()), D(x)), optimizer)


@wrong_d_step(
    "D went up its loss",
    "An optimizer goes down, so D gets worse with every step here.",
    "Is there a minus too much before your loss?",
)
def d_ascends(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return -_descend(-discriminator_loss(D(x), D(G(z).detach())), optimizer)


@wrong_d_step(
    "only the fakes went into the loss",
    "A D that never sees what is real calls everything fake.",
    "Where does x come into your function?",
)
def d_sees_fakes_only(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(F.softplus(D(G(z).detach())).mean() / 2, optimizer)


@wrong_d_step(
    "D's step uses the sum over the batch",
    "With a sum the size of the steps changes with the size of the batch.",
    "Does your loss average or sum over the examples?",
)
def d_step_summed(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(d_batch_summed(D(x), D(G(z).detach())), optimizer)


@wrong_d_step(
    "D was trained on z in place of G(z)",
    "The fakes are what G makes of the noise, not the noise.",
    "Where does G come into your function?",
)
def d_sees_noise(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(discriminator_loss(D(x), D(z)), optimizer)


@wrong_d_step(
    "discriminator_step moved G as well",
    "In D's step G only delivers samples; the loss of D would push G to be found out.",
    "Which parameters does your step change, and which belong to the optimizer that you were given?",
)
def d_step_moves_both(D: nn.Module, G: nn.Module, optimizer: Optimizer, x: Tensor, z: Tensor) -> float:
    both = torch.optim.SGD([*D.parameters(), *G.parameters()], lr=optimizer.param_groups[0]["lr"])
    both.zero_grad()
    return _descend(discriminator_loss(D(x), D(G(z))), both)


# --- misconceptions: the generator's step ------------------------------------------------------------------

wrong_g_step = _about("generator_step", "test_generator_step")


@wrong_g_step(
    "the gradients are not zeroed before backward()",
    "The method backward() adds to what is in .grad: to G's old gradients, and to what a discriminator_step without "
    "detach has left in G.",
    "Where is zero_grad() in your step, and what is in G's gradients when it begins?",
)
def g_gradients_add_up(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    return _descend(generator_loss_nonsaturating(D(G(z))), optimizer)


@wrong_g_step(
    "the fakes are cut off from G",
    "In D's step the path to G has to be cut, but in G's own step the gradient must run through D back into G.",
    "Is there a detach() or a no_grad between G(z) and the loss?",
)
def fakes_detached(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(generator_loss_nonsaturating(D(G(z).detach())), optimizer)


@wrong_g_step(
    "backward() is missing",
    "Without it no parameter has a gradient, and an optimizer leaves alone what has none.",
    "Which line of your step computes the gradients?",
)
def g_backward_missing(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    loss = generator_loss_nonsaturating(D(G(z)))
    optimizer.step()
    return float(loss.detach())


@wrong_g_step(
    "the gradients were zeroed between backward() and step()",
    "Then the step finds no gradient, and the parameters stay where they are.",
    "In which order do zero_grad, backward and step stand in your function?",
    source=ZEROED_IN_BETWEEN,
)
def g_zeroed_in_between(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    loss = generator_loss_nonsaturating(D(G(z)))
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return float(loss.detach())


@wrong_g_step(
    "optimizer.step() is missing",
    "The gradients are there, but only the optimizer's step turns them into a change of the weights.",
    "Which line of your function changes the weights of G?",
)
def g_step_missing(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    loss = generator_loss_nonsaturating(D(G(z)))
    loss.backward()
    return float(loss.detach())


@wrong_g_step(
    "G's step uses the minimax loss",
    "It saturates: where D is sure, G hardly moves. The step asks for the non-saturating loss.",
    "Which of your two generator losses does the step call?",
)
def minimax_step(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(generator_loss_minimax(D(G(z))), optimizer)


@wrong_g_step(
    "the fakes have the label 0 in G's step",
    "That is D's own loss on them, and going down it makes them easier to find out.",
    "Which label should G wish D to give to its samples?",
)
def g_step_with_label_0(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(F.softplus(D(G(z))).mean(), optimizer)


@wrong_g_step(
    "G went up its loss",
    "An optimizer goes down, so the samples look more fake with every step here.",
    "Is there a minus too much, or one too few, before your loss?",
)
def g_ascends(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return -_descend(-generator_loss_nonsaturating(D(G(z))), optimizer)


@wrong_g_step(
    "G's loss was halved in the step",
    "Only D's loss is halved, as it has two terms.",
    "Is there a factor ½ before the loss that you call backward() of?",
)
def g_step_halved(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(generator_loss_nonsaturating(D(G(z))) / 2, optimizer)


@wrong_g_step(
    "G's step uses the sum over the batch",
    "With a sum the size of the steps changes with the size of the batch.",
    "Does your loss average or sum over the samples?",
)
def g_step_summed(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    optimizer.zero_grad()
    return _descend(g_batch_summed(D(G(z))), optimizer)


@wrong_g_step(
    "generator_step moved D as well",
    "G's loss asks D to take fakes for real; a D that follows it forgets what it has learnt.",
    "Which parameters does your step change, and which belong to the optimizer that you were given?",
)
def g_step_moves_both(D: nn.Module, G: nn.Module, optimizer: Optimizer, z: Tensor) -> float:
    both = torch.optim.SGD([*D.parameters(), *G.parameters()], lr=optimizer.param_groups[0]["lr"])
    both.zero_grad()
    return _descend(generator_loss_nonsaturating(D(G(z))), both)
