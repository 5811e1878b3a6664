"""What the author of a check writes with: marks, a catalogue of misconceptions, and assertions that explain.

A check is a pytest function with a one-sentence docstring (the title that a learner reads), which takes the
fixtures ``learner`` (the submission, running elsewhere) and ``rng`` (fresh probes). See ``docs/architecture.md``.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch

from grader.formatting import describe

F = TypeVar("F", bound=Callable[..., Any])
Returns = Literal["tensor", "scalar", "tensors", "module", "any"]

BY_HAND_TOLERANCE = 5e-4
"""A by-hand answer with four right decimals always passes."""


# --- marks ------------------------------------------------------------------------------------------------


def points(value: int) -> Callable[[F], F]:
    """The points that a check earns when it passes (all or nothing)."""

    def mark(check: F) -> F:
        check.__points__ = value  # type: ignore[attr-defined]  # a mark on a function; read back in suite.py
        return check

    return mark


def requires(*checks: str) -> Callable[[F], F]:
    """Skip this check, with "fix … first", unless all the named checks passed. They must stand above it."""

    def mark(check: F) -> F:
        check.__requires__ = checks  # type: ignore[attr-defined]  # as above
        return check

    return mark


def training(check: F) -> F:
    """This check trains a model: it runs last, takes longer, and is never replayed with a misconception."""
    check.__training__ = True  # type: ignore[attr-defined]  # as above
    return check


@dataclass(frozen=True)
class Reference:
    """How our own implementation of a learner's function is used: the kind of value it must return."""

    returns: Returns


def reference(returns: Returns = "tensor") -> Callable[[F], F]:
    """Our own implementation of the learner's function (or class) of the same name: oracle and signature.

    Args:
        returns: what a learner's result must be. ``tensor``: a tensor (a numpy array is taken as one);
            ``scalar``: a number or a 0-d tensor; ``tensors``: a tuple or list of tensors; ``module``: an
            ``nn.Module``; ``any``: the check looks for itself.
    """

    def mark(function: F) -> F:
        function.__reference__ = Reference(returns)  # type: ignore[attr-defined]  # as above
        return function

    return mark


@dataclass(frozen=True)
class ByHand:
    """A by-hand answer: a module-level variable of the learner's file, accepted within ``tolerance``."""

    tolerance: float


def by_hand(tolerance: float = BY_HAND_TOLERANCE) -> Callable[[F], F]:
    """The right value of the learner's variable of the same name, computed from the functions it practises.

    The decorated function takes one argument: a namespace of the exercise's functions. It is called with the
    references for the right value, and with one function replaced by a misconception to explain a wrong one.
    """

    def mark(function: F) -> F:
        function.__by_hand__ = ByHand(tolerance)  # type: ignore[attr-defined]  # as above
        return function

    return mark


@dataclass(frozen=True)
class Misconception:
    """One way to be wrong: a wrong implementation (which is also a mutant that proves the check) and its words."""

    name: str
    target: str
    fails: str
    says: str
    why: str
    look: str
    separable: bool
    source: str
    wrong: Callable[..., Any]


def misconception(
    target: str,
    *,
    fails: str,
    says: str,
    why: str,
    look: str,
    separable: bool = True,
    source: str = "",
) -> Callable[[F], F]:
    """The decorated function (or class) is what a learner with this misconception would write for ``target``.

    Args:
        target: name of the learner's function, class or by-hand variable (then the decorated function takes the
            namespace of functions).
        fails: name of the check that must fail on it and name it.
        says: what was done ("σ² was used where σ belongs").
        why: why that is wrong, in one sentence.
        look: what to look at, as a question or a pointer; never the answer.
        separable: whether an ordinary probe tells its answer from the right one (False for faults that show only
            at extremes).
        source: a regular expression on the learner's text that decides between misconceptions which behave alike.
    """

    def mark(wrong: F) -> F:
        wrong.__misconception__ = Misconception(  # type: ignore[attr-defined]  # as above
            wrong.__name__, target, fails, says, why, look, separable, source, wrong
        )
        return wrong

    return mark


def trial(function: F) -> F:
    """Mark a function whose source runs beside the learner's code: its first argument is the learner's module.

    It holds no secret, and what it returns is untrusted: the check evaluates returned weights itself. It may
    use ``math``, ``np``, ``torch``, ``nn``, ``F`` and other names defined at the top of the check file.
    """
    function.__trial__ = True  # type: ignore[attr-defined]  # as above
    return function


# --- probes -----------------------------------------------------------------------------------------------


class Rng:
    """Fresh probes: every draw depends only on the seed of the grading and on the check's name."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self._generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Standard normal values."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64).to(dtype)

    def uniform(self, low: float, high: float, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Uniform values in [low, high)."""
        unit = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return (low + (high - low) * unit).to(dtype)

    def integer(self, low: int, high: int) -> int:
        """One whole number, low ≤ n < high."""
        return int(torch.randint(low, high, (), generator=self._generator))

    def permutation(self, n: int) -> torch.Tensor:
        """The numbers 0 … n−1 in random order."""
        return torch.randperm(n, generator=self._generator)

    def seed(self) -> int:
        """A seed for something else that draws."""
        return self.integer(0, 2**31 - 1)

    def generator(self) -> torch.Generator:
        """A new generator, to be handed to the learner's function."""
        return torch.Generator().manual_seed(self.seed())


def separated(
    draw: Callable[[], tuple[torch.Tensor, ...]], answers: Sequence[Callable[..., Any]], minimum: float = 0.02
) -> tuple[torch.Tensor, ...]:
    """Draw probes until all ``answers`` (the right one and the wrong ones) differ on them by ≥ ``minimum``.

    Raises:
        RuntimeError: no draw of 200 separates them; two of the answers are the same function.
    """
    for _ in range(200):
        probe = draw()
        values = [torch.as_tensor(answer(*probe)).detach().double() for answer in answers]
        if all(_apart(a, b, minimum) for i, a in enumerate(values) for b in values[:i]):
            return probe
    raise RuntimeError("no probe separates the answers: are two misconceptions the same function?")


def _apart(a: torch.Tensor, b: torch.Tensor, minimum: float) -> bool:
    if a.shape != b.shape:
        return True
    difference = (a - b).abs().max() if a.numel() else torch.zeros(())
    return not bool(difference < minimum)


# --- failures ---------------------------------------------------------------------------------------------


class CheckFailure(AssertionError):  # noqa: N818  a verdict, not an error of the program
    """A check found something wrong in a submission.

    Args:
        message: one sentence for the learner.
        got: what came, for the element-by-element view and to match misconceptions.
        expected: what was expected; None where showing it would give a by-hand answer away.
        noise: standard error of ``got`` where it is a statistic of random draws.
    """

    def __init__(
        self, message: str, *, got: Any = None, expected: Any = None, noise: torch.Tensor | float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.expected = expected
        self.noise = noise


class NotAttempted(CheckFailure):
    """The place to fill still holds None, or the function still raises NotImplementedError."""


def fail(message: str, **evidence: Any) -> None:
    """Fail the check with a sentence; ``evidence`` as in :class:`CheckFailure`."""
    raise CheckFailure(message, **evidence)


def assert_true(condition: Any, message: str, **evidence: Any) -> None:
    """Fail with ``message`` unless ``condition`` holds."""
    if not bool(condition):
        raise CheckFailure(message, **evidence)


def assert_equal(got: Any, expected: Any, what: str = "the result") -> None:
    """Fail unless two plain values (ints, strings, sets, bools) are equal."""
    if got != expected:
        raise CheckFailure(f"{what} is {describe(got)}, expected {describe(expected)}", got=got, expected=expected)


_TOLERANCES = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (2e-5, 2e-6),
    torch.float16: (5e-3, 5e-3),
    torch.bfloat16: (2e-2, 2e-2),
}


def assert_close(
    got: Any, expected: Any, what: str = "the result", *, rtol: float | None = None, atol: float | None = None
) -> None:
    """Fail unless ``got`` has the shape of ``expected`` and equals it within the tolerance of the coarser dtype.

    Both may be tensors, numbers, or (nested) sequences of tensors. NaN never equals anything; infinities of
    one sign are equal.
    """
    if isinstance(expected, list | tuple):
        assert_true(
            isinstance(got, list | tuple) and len(got) == len(expected),
            f"{what} should be {len(expected)} values, got {describe(got)}",
            got=got,
        )
        for number, (one, other) in enumerate(zip(got, expected, strict=True)):
            assert_close(one, other, f"{what}[{number}]", rtol=rtol, atol=atol)
        return
    if got is None:
        raise CheckFailure(f"{what} is None: nothing came back", got=None, expected=expected)
    actual, wanted = as_tensor(got, what), as_tensor(expected, "the expected value")
    if actual.shape != wanted.shape:
        raise CheckFailure(
            f"{what} has shape {tuple(actual.shape)}, expected {tuple(wanted.shape)}", got=actual, expected=wanted
        )
    default_rtol, default_atol = max(_TOLERANCES.get(t.dtype, (0.0, 0.0)) for t in (actual, wanted))
    tolerance = (rtol if rtol is not None else default_rtol) * wanted.double().abs()
    tolerance = tolerance + (atol if atol is not None else default_atol)
    if not _within(actual, wanted, tolerance).all():
        raise CheckFailure(_summary(actual, what), got=actual, expected=wanted)


def _within(got: torch.Tensor, expected: torch.Tensor, tolerance: torch.Tensor) -> torch.Tensor:
    got, expected = got.detach().double(), expected.detach().double()
    # "not (difference <= tolerance)" would be true for NaN too; this form is False for NaN, so NaN never passes.
    return ((got - expected).abs() <= tolerance) | (got == expected)


def _summary(got: torch.Tensor, what: str) -> str:
    values = got.detach().double()
    if values.isnan().any():
        return f"{what} has NaN in it"
    if values.isinf().any():
        return f"{what} has an infinite value in it"
    return f"{what} is not right"


def assert_statistic(got: torch.Tensor, expected: Any, standard_error: Any, what: str, *, limit: float = 5.0) -> None:
    """Fail unless a statistic of random draws lies within ``limit`` standard errors of its expectation."""
    got = as_tensor(got, what)
    wanted = torch.as_tensor(expected, dtype=torch.float64).expand(got.shape)
    error = torch.as_tensor(standard_error, dtype=torch.float64).expand(got.shape)
    if not _within(got, wanted, limit * error).all():
        raise CheckFailure(f"{what} is not right", got=got, expected=wanted, noise=error)


def assert_within(
    got: Any, low: float | None, high: float | None, what: str, *, below: str = "", above: str = ""
) -> None:
    """Fail unless low ≤ got ≤ high; ``below`` and ``above`` say what a value outside means."""
    value = float(as_tensor(got, what))
    if low is not None and not value >= low:
        raise CheckFailure(f"{what} is {value:.4g}, below {low:.4g}. {below}".strip(), got=value)
    if high is not None and not value <= high:
        raise CheckFailure(f"{what} is {value:.4g}, above {high:.4g}. {above}".strip(), got=value)


def assert_shape(got: torch.Tensor, shape: Sequence[int], what: str = "the result") -> None:
    """Fail unless a tensor has this shape."""
    if tuple(got.shape) != tuple(shape):
        raise CheckFailure(f"{what} has shape {tuple(got.shape)}, expected {tuple(shape)}", got=list(got.shape))


def assert_dtype(got: torch.Tensor, dtype: torch.dtype, what: str = "the result") -> None:
    """Fail unless a tensor has this dtype."""
    if got.dtype != dtype:
        raise CheckFailure(f"{what} is {got.dtype}, expected {dtype} as in the input", got=str(got.dtype))


def assert_finite(got: torch.Tensor, what: str = "the result") -> None:
    """Fail on NaN or an infinity."""
    if not torch.isfinite(got).all():
        raise CheckFailure(_summary(got, what), got=got)


def gradients(output: torch.Tensor, inputs: Mapping[str, torch.Tensor], what: str = "the result") -> list[torch.Tensor]:
    """∂output/∂input for each named input; fails, naming the input, where no gradient arrives.

    Args:
        output: a scalar tensor.
        inputs: name → leaf tensor that requires a gradient.
        what: what the message calls the output.
    """
    if not output.requires_grad:
        names = ", ".join(inputs)
        raise CheckFailure(f"no gradient reaches {names}: {what} is cut off from the graph", got="no graph")
    found = torch.autograd.grad(output, list(inputs.values()), allow_unused=True)
    for name, gradient in zip(inputs, found, strict=True):
        if gradient is None:
            raise CheckFailure(f"no gradient reaches {name}", got=f"no gradient to {name}")
    return list(found)


# --- by-hand answers --------------------------------------------------------------------------------------


def assert_answer(learner: Any, name: str) -> None:
    """Fail unless the learner's variable ``name`` holds the right numbers.

    The message says which places are wrong, never the right value.

    Raises:
        NotAttempted: the variable is missing or still None.
        CheckFailure: a value is wrong, missing, or no number.
    """
    got = learner.answer(name)
    compare_answer(name, got, learner.suite.right_answer(name), learner.suite.tolerance(name))


def compare_answer(name: str, got: Any, expected: Any, tolerance: float) -> None:
    """Compare one by-hand answer (a number, a list of numbers, or a dict of numbers) with the right one."""
    if got is None:
        raise NotAttempted(f"{name} is still None: put your numbers there", got=None)
    if isinstance(expected, Mapping):
        _compare_mapping(name, got, expected, tolerance)
        return
    wanted = torch.as_tensor(expected).detach().double()
    parts = list(got) if isinstance(got, list | tuple) else None
    if parts is not None and parts and all(part is None for part in parts):
        raise NotAttempted(f"{name} still holds None: put your numbers there", got=None)
    if parts is not None and any(part is None for part in parts):
        place = next(i for i, part in enumerate(parts) if part is None)
        raise CheckFailure(f"{name}[{place}] is still None", got=got)
    actual = as_tensor(got, name).detach().double()
    if actual.shape != wanted.shape:
        count = "one number" if wanted.dim() == 0 else f"{wanted.numel()} numbers"
        raise CheckFailure(f"{name} should be {count}, got {describe(got)}", got=actual)
    right = _within(actual, wanted, torch.full_like(wanted, tolerance))
    if not right.all():
        raise CheckFailure(_places(name, actual, right), got=actual, noise=tolerance / 5)


def _places(name: str, actual: torch.Tensor, right: torch.Tensor) -> str:
    if right.dim() == 0:
        return f"{name} = {describe(actual)} is not right"
    wrong = [f"{name}[{i}] = {describe(actual[i])}" for i in range(len(right)) if not right[i].all()]
    kept = [f"{name}[{i}]" for i in range(len(right)) if right[i].all()]
    verb = "is" if len(wrong) == 1 else "are"
    tail = f"; {', '.join(kept)} {'is' if len(kept) == 1 else 'are'} right" if kept else ""
    return f"{', '.join(wrong)} {verb} not right{tail}"


def _compare_mapping(name: str, got: Any, expected: Mapping[Any, Any], tolerance: float) -> None:
    if not isinstance(got, Mapping):
        raise CheckFailure(
            f"{name} should be a dict with the keys {describe(list(expected))}, got {describe(got)}", got=got
        )
    if got and all(value is None for value in got.values()):
        raise NotAttempted(f"{name} still holds None: put your numbers there", got=None)
    missing = [key for key in expected if got.get(key) is None]
    if missing:
        raise CheckFailure(f"{name} has no value for {', '.join(map(repr, missing))}", got=got)
    values = torch.stack(
        [as_tensor(got[key], f"{name}[{key!r}]").detach().double().reshape(-1)[:1].squeeze() for key in expected]
    )
    wanted = torch.tensor([float(value) for value in expected.values()], dtype=torch.float64)
    right = _within(values, wanted, torch.full_like(wanted, tolerance))
    if not right.all():
        wrong = [f"{name}[{key!r}] = {describe(got[key])}" for key, ok in zip(expected, right, strict=True) if not ok]
        verb = "is" if len(wrong) == 1 else "are"
        raise CheckFailure(f"{', '.join(wrong)} {verb} not right", got=values, noise=tolerance / 5)


# --- values from elsewhere --------------------------------------------------------------------------------


def as_tensor(value: Any, what: str) -> torch.Tensor:
    """A tensor from a learner's tensor, array, number or list of them; fails with words on anything else."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, str | bytes) or value is None:
        raise CheckFailure(f"{what} should be numbers, got {describe(value)}", got=repr(value)[:80])
    try:
        if isinstance(value, list | tuple) and any(isinstance(part, torch.Tensor) for part in value):
            return torch.stack([torch.as_tensor(part) for part in value])
        tensor = torch.as_tensor(value)
        # A list of Python floats means float64: float32 would cost a by-hand answer its last digits.
        return torch.as_tensor(value, dtype=torch.float64) if isinstance(value, list | tuple | float) else tensor
    except (TypeError, ValueError, RuntimeError):
        raise CheckFailure(f"{what} should be numbers, got {describe(value)}", got=repr(value)[:80]) from None


def returned(value: Any, function: str, returns: Returns) -> Any:
    """Check the kind of a value that a learner's function returned, and make it what the check expects."""
    if returns == "any":
        return value
    if value is None:
        raise CheckFailure(f"{function} returned None: is a `return` missing?", got=None)
    if returns == "module":
        assert_true(isinstance(value, torch.nn.Module), f"{function} should give an nn.Module, got {describe(value)}")
        return value
    if returns == "tensors":
        ok = isinstance(value, list | tuple)
        assert_true(ok, f"{function} should return a tuple of tensors, got {describe(value)}", got=repr(value)[:80])
        return tuple(as_tensor(part, f"{function}(…)[{number}]") for number, part in enumerate(value))
    tensor = as_tensor(value, f"what {function} returned")
    if returns == "scalar" and tensor.numel() == 1:
        return tensor.reshape(())
    return tensor


def module_level(module: Any, mark: str) -> dict[str, Any]:
    """The functions and classes of a check file that carry a mark, in the order of the file."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value)) and mark in vars(value)
    }
