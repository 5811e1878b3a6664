"""Why an answer is wrong: replay the check with each misconception and see which one leaves the same evidence."""

from __future__ import annotations

import itertools
import re
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch

from grader.assertions import CheckFailure
from grader.checking import Misconception
from grader.formatting import describe, is_beyond_floats, number
from grader.learner import LearnerFunction, LocalLearner
from grader.probes import Rng
from grader.replays import Replay, Replays
from grader.suite import Check, Suite

REPLAY_SECONDS = 3.0
"""No failure is worth a longer wait; what was not replayed by then is not named."""

SOURCE_SEARCHED = 50_000
"""Characters of a learner's text that patterns are searched in: some take the square of its length."""

LEARNER_FILE = LearnerFunction.__call__.__code__.co_filename
"""Where a check hands over to the learner's code."""

EXPLAINED = 1e-3
"""A misconception is named when it leaves at most this share of the error unexplained."""


@dataclass(frozen=True)
class Evidence:
    """What a failed check saw: where it stood, and what it held in its hands."""

    lines: tuple[int, ...]
    message: str
    got: Any
    expected: Any
    noise: Any


def evidence(error: BaseException, check: Check) -> Evidence:
    """Reduce an exception from a check to what two runs of the same check can be compared by."""
    file = check.run.__code__.co_filename
    # Up to the call of the learner's function: a misconception that raises stands in the check file itself, and its
    # own lines would set it apart from the submission that raises the same.
    frames = itertools.takewhile(
        lambda frame: frame.filename != LEARNER_FILE, traceback.extract_tb(error.__traceback__)
    )
    lines = tuple(frame.lineno or 0 for frame in frames if frame.filename == file)
    if isinstance(error, CheckFailure):
        return Evidence(lines, error.message, error.got, error.expected, error.noise)
    return Evidence(lines, "", f"raised {builtin_name(error)}", None, None)


def builtin_name(error: BaseException) -> str:
    """The nearest builtin class of an exception, so that a class of the learner's compares with ours."""
    for kind in type(error).__mro__:
        if kind.__module__ == "builtins":
            return kind.__name__
    return "BaseException"


def run_check(check: Check, learner: Any, rng: Rng) -> Exception | None:
    """Run one check; the exception it failed with, or None when it passed."""
    try:
        check.run(learner=learner, rng=rng)
    except Exception as error:  # noqa: BLE001  a misconception may fail in any way
        return error
    return None


def explain(
    suite: Suite,
    check: Check,
    error: BaseException,
    used: set[str],
    seed: int,
    source: str,
    replays: Replays | None = None,
) -> Misconception | None:
    """The misconception that reproduces this failure, or None.

    Args:
        suite: the exercise's check file.
        check: the check that failed.
        error: what it failed with.
        used: names of the learner's functions and answers that the check had used by then.
        seed: the seed of the grading, so that a replay draws the same probes.
        source: the learner's text; it decides only between misconceptions that behave alike.
        replays: what is known of replays with this seed and these numbers, and shall be.
    """
    if check.training:
        return None
    seen = evidence(error, check)
    deadline = time.monotonic() + REPLAY_SECONDS
    replays = replays if replays is not None else Replays()
    best: tuple[float, bool, Misconception] | None = None
    for candidate in suite.misconceptions_about(used):
        if time.monotonic() > deadline:
            break
        # Of equals the first one in the catalogue is named, the commonest: then this one cannot be it any more.
        if best is not None and best[0] == 0.0 and (not best[1] or not _hinted(candidate, source)):
            continue
        replay = _replayed(suite, check, candidate, seed, replays)
        distance = _distance(seen, replay) if replay is not None else None
        if distance is None:
            continue
        match = round(distance, 6), not _hinted(candidate, source), candidate
        if best is None or match[:2] < best[:2]:
            best = match
    return best[2] if best is not None else None


def _hinted(candidate: Misconception, source: str) -> bool:
    """Whether a learner's text looks like a misconception; asked late, since some patterns take long."""
    return bool(candidate.source and re.search(candidate.source, source[:SOURCE_SEARCHED]))


def _replayed(suite: Suite, check: Check, candidate: Misconception, seed: int, replays: Replays) -> Replay | None:
    """How the check fails with a misconception; None when it passes."""
    known, replay = replays.get(check.name, candidate.name)
    if known:
        return replay
    # torch.manual_seed also formats three stack traces, for accelerators: 2 ms, more than many a replay.
    torch.default_generator.manual_seed(seed)
    error = run_check(check, LocalLearner(suite, candidate), Rng(seed, check.name))
    replay = _reduced(evidence(error, check)) if error is not None else None
    replays.keep(check.name, candidate.name, replay)
    return replay


def _reduced(evidence: Evidence) -> Replay:
    numbers = _numbers(evidence.got)
    words = _plain(evidence.got) if numbers is None and evidence.got is not None else None
    return Replay(evidence.lines, evidence.message, numbers, words)


def _distance(seen: Evidence, replay: Replay) -> float | None:
    """How far a failure lies from a replay, as a share of what counts as equal; None when they differ."""
    if seen.lines != replay.lines:
        return None
    one, other = _numbers(seen.got), replay.numbers
    if one is None or other is None:
        if seen.got is None and other is None and replay.plain is None:
            return 0.0 if seen.message == replay.message else None
        return 0.0 if _plain(seen.got) == replay.plain else None
    if one.shape != other.shape:
        return None
    if one.numel() == 0:
        return 0.0
    same = (one == other) | (one.isnan() & other.isnan())
    apart = torch.where(same, torch.zeros_like(one), (one - other).abs())
    return _share(apart, _allowed(seen, one))


def _share(apart: torch.Tensor, allowed: torch.Tensor) -> float | None:
    share = float((apart / allowed).nan_to_num(nan=2.0).max())
    return share if share <= 1.0 else None


def _allowed(seen: Evidence, got: torch.Tensor) -> torch.Tensor:
    """The difference within which two answers count as the same one."""
    if seen.noise is not None:
        return 5 * torch.as_tensor(seen.noise, dtype=torch.float64).expand(got.shape)
    finite = got[got.isfinite()].abs()
    scale = finite.max() if finite.numel() else torch.ones(())
    single = isinstance(seen.got, torch.Tensor) and seen.got.dtype != torch.float64
    rounding = (1e-5 if single else 1e-10) * (1 + scale)
    expected = _numbers(seen.expected)
    if expected is None or expected.shape != got.shape:
        return (rounding + 1e-6 * scale).expand(got.shape)
    error = (got - expected).abs().nan_to_num(posinf=0.0).max()
    return (rounding + EXPLAINED * error).expand(got.shape)


def _numbers(value: Any) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor) and not value.is_complex():
        return value.detach().double()
    if isinstance(value, bool | int | float):
        return None if is_beyond_floats(value) else torch.tensor(float(value), dtype=torch.float64)
    return None


def _plain(value: Any) -> str:
    return describe(value, limit=64)


# --- where no misconception fits: a plain relation ---------------------------------------------------------


def relation(got: Any, expected: Any) -> str:
    """How wrong numbers relate to the right ones, in words; empty when nothing plain fits."""
    one, other = _numbers(got), _numbers(expected)
    if one is None or other is None or not one.isfinite().all() or not other.isfinite().all():
        return ""
    if one.shape != other.shape:
        return _shape_relation(one, other)
    return next((text for text in _value_relations(one, other) if text), "")


def _shape_relation(got: torch.Tensor, expected: torch.Tensor) -> str:
    for reducer, verb in ((torch.sum, "summed"), (torch.mean, "averaged")):
        for axes in _axes(expected.dim()):
            reduced = reducer(expected, dim=axes)
            if reduced.shape == got.shape and _alike(reduced, got):
                kept = f"{_axis_words(axes, expected.dim())}, which should be kept"
                return f"your result is the right one {verb} over {kept}"
    if got.numel() == expected.numel() and _alike(got.reshape(-1), expected.reshape(-1)):
        return f"the numbers are right, but their shape should be {tuple(expected.shape)}"
    if got.dim() == 2 and got.T.shape == expected.shape and _alike(got.T, expected):
        return "the result is transposed"
    return ""


def _axes(dims: int) -> Iterable[tuple[int, ...]]:
    yield tuple(range(dims))
    for axis in range(dims):
        yield (axis,)


def _axis_words(axes: tuple[int, ...], dims: int) -> str:
    if len(axes) == dims:
        return "all dimensions" if dims > 1 else "its dimension"
    return "the batch (dimension 0)" if axes == (0,) else f"dimension {axes[0]}"


def _value_relations(got: torch.Tensor, expected: torch.Tensor) -> Iterable[str]:
    if got.numel() > 1 and (expected.abs() > 1e-9).all():
        factor = (got / expected).reshape(-1)
        if _constant(factor):
            value = float(factor.mean())
            yield "the sign is wrong: every value is minus the right one" if abs(value + 1) < 1e-6 else ""
            yield f"every value is {number(round(value, 6))} times the right one"
    if got.numel() > 1 and _constant((got - expected).reshape(-1)):
        yield f"every value is off by the same amount, {number(round(float((got - expected).mean()), 6))}"
    if got.dim() == 2 and got.shape[0] == got.shape[1] and _alike(got.T, expected):
        yield "the result is transposed"
    if got.numel() > 1:
        right = (got - expected).abs() <= 1e-6 * (1 + expected.abs())
        if right.any() and not right.all():
            yield f"{int(right.sum())} of {got.numel()} values are right"


def _constant(values: torch.Tensor) -> bool:
    spread = float(values.max() - values.min())
    return spread <= 1e-5 * max(1e-3, float(values.abs().max()))


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(((one - other).abs() <= 1e-5 * (1 + other.abs())).all())
