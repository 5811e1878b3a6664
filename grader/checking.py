"""What the author of a check writes with: marks, a catalogue of misconceptions, and assertions that explain.

A check is a pytest function with a one-sentence docstring (the title that a learner reads), which takes the
fixtures ``learner`` (the submission, running elsewhere) and ``rng`` (fresh probes). See ``docs/architecture.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from grader.answers import assert_answer
from grader.assertions import (
    CheckFailure,
    NotAttempted,
    Returns,
    as_tensor,
    assert_close,
    assert_dtype,
    assert_equal,
    assert_finite,
    assert_shape,
    assert_statistic,
    assert_true,
    assert_within,
    fail,
    gradients,
)
from grader.formatting import describe
from grader.formulas.declared import Formula
from grader.formulas.tree import Domain
from grader.numbers import Draw, numbers
from grader.pictures import Comparison, Curves, Grid, Images, Scatter
from grader.possible import Range, assert_possible
from grader.probes import Rng, separated
from grader.remarks import CodeTest, Remark, calls, loops_over, mentions

__all__ = [
    "BY_HAND_TOLERANCE",
    "CheckFailure",
    "Comparison",
    "Curves",
    "Draw",
    "Grid",
    "Images",
    "NotAttempted",
    "Range",
    "Rng",
    "Scatter",
    "advice",
    "as_tensor",
    "assert_answer",
    "assert_close",
    "assert_dtype",
    "assert_equal",
    "assert_finite",
    "assert_possible",
    "assert_shape",
    "assert_statistic",
    "assert_true",
    "assert_within",
    "by_hand",
    "calls",
    "counts_with",
    "describe",
    "fail",
    "formula",
    "free_text",
    "gradients",
    "loops_over",
    "mentions",
    "misconception",
    "numbers",
    "points",
    "reference",
    "requires",
    "separated",
    "training",
    "trial",
]

F = TypeVar("F", bound=Callable[..., Any])

BY_HAND_TOLERANCE = 5e-4
"""A by-hand answer with four right decimals always passes."""


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


def counts_with(*checks: str) -> Callable[[F], F]:
    """Run this check in any case, but let it earn its points only where all the named checks passed too.

    For a training: it runs next to the learner's code, which could write the weights that are looked for. They must
    stand above it, or be no trainings.
    """

    def mark(check: F) -> F:
        check.__counts_with__ = checks  # type: ignore[attr-defined]  # as above
        return check

    return mark


def training(check: F) -> F:
    """This check trains a model: it runs last, takes longer, and is never replayed with a misconception."""
    check.__training__ = True  # type: ignore[attr-defined]  # as above
    return check


@dataclass(frozen=True)
class Reference:
    """How our own implementation of a learner's function is used: the kind of value and the values it can return."""

    returns: Returns
    possible: Range | None = None


def reference(returns: Returns = "tensor", possible: Range | None = None) -> Callable[[F], F]:
    """Our own implementation of the learner's function (or class) of the same name: oracle and signature.

    Args:
        returns: what a learner's result must be. ``tensor``: a tensor (a numpy array is taken as one);
            ``scalar``: a number or a 0-d tensor; ``tensors``: a tuple or list of tensors; ``module``: an
            ``nn.Module``; ``any``: the check looks for itself.
        possible: the values that the result can have at all; a wrong one outside is said to be impossible.
    """

    def mark(function: F) -> F:
        function.__reference__ = Reference(returns, possible)  # type: ignore[attr-defined]  # as above
        return function

    return mark


def formula(written: Callable[..., Any], **domains: Domain | Literal["flag"]) -> Callable[[F], F]:
    """The reference as a formula: when no misconception fits, small edits of it are searched for the wrong result.

    Args:
        written: torch code on the arguments by name: ``lambda mu, logvar: 0.5 * (mu**2 + … - logvar).sum(-1)``;
            :class:`grader.formulas.tree.Tree` has the operations that there are. A tuple where the reference returns
            one.
        domains: of the arguments whose values are not any real numbers: ``positive``, ``binary``, ``probability``,
            ``distribution`` (adds up to 1 over the last dimension), and ``flag`` (True or False) for one that chooses
            between formulas.
    """

    def mark(function: F) -> F:
        function.__formula__ = Formula.of(written, domains)  # type: ignore[attr-defined]  # as above
        return function

    return mark


@dataclass(frozen=True)
class ByHand:
    """A by-hand answer: a module-level variable of the learner's file, accepted within ``tolerance``."""

    tolerance: float
    possible: Range | None = None


def by_hand(tolerance: float = BY_HAND_TOLERANCE, possible: Range | None = None) -> Callable[[F], F]:
    """The right value of the learner's variable of the same name, computed from the functions it practises.

    The decorated function takes one argument: a namespace of the exercise's functions, with the given ``numbers`` where
    the file declares some. It is called with the references for the right value, and with one function replaced by a
    misconception to explain a wrong one.

    Args:
        tolerance: how far an accepted answer may lie from the right one.
        possible: the values that the answer can have at all.
    """

    def mark(function: F) -> F:
        function.__by_hand__ = ByHand(tolerance, possible)  # type: ignore[attr-defined]  # as above
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


def advice(target: str, *, check: str, says: str) -> Callable[[CodeTest], CodeTest]:
    """A remark on right code: the decorated predicate looks at the syntax tree of the learner's ``target``.

    Args:
        target: name of the learner's function or class.
        check: the remark is made only when this check passed.
        says: what is wasteful or fragile, and what to do instead.
    """

    def mark(applies: CodeTest) -> CodeTest:
        applies.__remark__ = Remark(applies.__name__, target, check, says, applies)  # type: ignore[attr-defined]
        return applies

    return mark


def free_text() -> Callable[[F], F]:
    """The learner's string variable of the same name is for a person to grade; the docstring says what was asked."""

    def mark(function: F) -> F:
        function.__free_text__ = True  # type: ignore[attr-defined]  # as above
        return function

    return mark


def trial(function: F) -> F:
    """Mark a function whose source runs beside the learner's code: its first argument is the learner's module.

    It holds no secret, and what it returns is untrusted: the check evaluates returned weights itself. It may
    use ``math``, ``np``, ``torch``, ``nn``, ``F`` and other names defined at the top of the check file.
    """
    function.__trial__ = True  # type: ignore[attr-defined]  # as above
    return function
