"""What is said where no misconception fits: measured on generated errors, and through the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from gradings import Grade
from suites import EXERCISES, suite_of
from torch import Tensor
from wrong_formulas import DECLARED, PATIENT, Declared, Tally, choices, edited, mutated, run, solution_text

from grader.assertions import CheckFailure
from grader.course import built_in
from grader.formulas.edits import edits_anywhere
from grader.formulas.evaluation import evaluate
from grader.inference import explain
from grader.inference.answers import StandIn
from grader.inference.common import Deadline, NothingToSayError
from grader.inference.search import explanation
from grader.report import CheckResult, Report


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a judge."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


declared_formulas = pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared.name)
(KL,) = (declared for declared in DECLARED if declared.name == "kl_standard_normal")


def said(declared: Declared, wrong: Callable[..., Any], arguments: dict[str, Any] | None = None) -> str:
    learner = declared.learner(wrong)
    getattr(learner, declared.name)(*(arguments or declared.arguments(0)).values())
    return explanation(declared.suite, CheckFailure("wrong"), learner, Deadline(PATIENT))


# --- how often, and how rightly ------------------------------------------------------------------------------


@pytest.mark.parametrize(("edits", "floor"), [(1, 0.99), (2, 0.9)])
def test_edited_formulas_are_named_and_never_misnamed(edits: int, floor: float) -> None:
    choose, tally = choices(edits), Tally()
    for declared in DECLARED:
        for wrong in edited(declared, edits, 12, choose):
            tally.count(declared, wrong)
    print(f"{edits} edits: {tally.named} of {tally.errors} named, {tally.misnamed} misnamed")  # noqa: T201  the rate is worth reading, with -s
    assert tally.errors >= 100
    assert tally.misnamed == 0
    assert tally.share >= floor


def test_changed_code_is_never_misnamed() -> None:
    """Errors that were not made with our own edits in mind."""
    choose, tally = choices(3), Tally()
    for declared in DECLARED:
        source = solution_text(declared.name)
        if source is not None:
            for _ in range(25):
                tally.count(declared, run(mutated(source, choose), declared.name))
    print(f"mutants: {tally.named} of {tally.errors} named, {tally.misnamed} misnamed")  # noqa: T201  the rate is worth reading, with -s
    assert tally.errors >= 100
    assert tally.misnamed == 0
    assert tally.share >= 0.5


OUTSIDE: list[Callable[[Tensor], Tensor]] = [
    torch.tanh,
    lambda value: value + 0.3,
    lambda value: 1.7 * value,
    lambda value: value**3,
    lambda value: value.sin() + value,
    lambda value: value + 1e-3 * torch.randn_like(value),
    lambda value: value.round(decimals=1),
]


@declared_formulas
@pytest.mark.parametrize("change", OUTSIDE)
def test_silent_where_no_small_edit_fits(declared: Declared, change: Callable[[Tensor], Tensor]) -> None:
    # Of a single number, noise may happen to be as good as none: one draw of a thousand or so looks like an edit.
    torch.manual_seed(1)

    def wrong(*args: Any) -> Any:
        result = declared.suite.references[declared.name](*args)
        return tuple(map(change, result)) if isinstance(result, tuple) else change(result)

    if declared.is_an_error(wrong):
        with pytest.raises(NothingToSayError):
            declared.named(wrong)


@declared_formulas
def test_gives_up_when_the_time_is_over(declared: Declared) -> None:
    """The longest search is that for something that is no small edit."""

    def wrong(*args: Any) -> Any:
        result = declared.suite.references[declared.name](*args)
        return tuple(part.sin() for part in result) if isinstance(result, tuple) else result.sin()

    learner = declared.learner(wrong)
    getattr(learner, declared.name)(*declared.arguments(0).values())
    assert explain(declared.suite, CheckFailure("wrong"), learner) == ""
    seconds = iter([0.0, 1.0, 2.0, 3.0, 6.0])  # asked once more, it would raise StopIteration
    with pytest.raises(NothingToSayError):
        explanation(declared.suite, CheckFailure("wrong"), learner, Deadline(5, lambda: next(seconds)))
    assert list(seconds) == []


# --- functions -----------------------------------------------------------------------------------------------


def test_says_what_the_numbers_equal() -> None:
    assert said(KL, lambda mu, logvar: (mu**2 + logvar.exp() - 1 - logvar).sum(-1)) == (
        "your numbers equal Σ(μ² + σ² − 1 − ln σ²): the factor ½ is missing."
    )
    assert said(KL, lambda mu, logvar: 0.5 * (mu.abs() + 2 * logvar.exp() - 1 - logvar).sum(-1)).startswith(
        "your numbers equal ½·Σ(|μ| + 2·σ² − 1 − ln σ²): "
    )


def test_the_wrong_one_of_two_results_is_named() -> None:
    (slopes,) = (declared for declared in DECLARED if declared.name == "kl_gradients")
    assert said(slopes, lambda mu, logvar: (mu, logvar.exp() - 1)) == (
        "the numbers of your second value equal σ² − 1: the factor ½ is missing."
    )


def test_silent_where_the_probe_tells_nothing_apart() -> None:
    """At μ = 0 and logvar = 0 most formulas give the same."""
    zeros = {"mu": torch.zeros(2, 3), "logvar": torch.zeros(2, 3)}
    with pytest.raises(NothingToSayError):
        said(KL, lambda mu, logvar: (mu**2 + logvar.exp() + 1 - logvar).cos().sum(-1), zeros)


def test_silent_where_the_next_call_says_otherwise() -> None:
    answers = iter([2.0, 2.0, 3.0, 2.0, 2.0])
    with pytest.raises(NothingToSayError):
        said(KL, lambda mu, logvar: next(answers) * KL.suite.references["kl_standard_normal"](mu, logvar))


def test_a_function_that_fails_when_asked_again_leads_to_silence() -> None:
    calls = iter([True])

    def wrong(mu: Tensor, logvar: Tensor) -> Tensor:
        return 2 * KL.suite.references["kl_standard_normal"](mu, logvar) if next(calls) else mu

    learner = KL.learner(wrong)
    learner.kl_standard_normal(*KL.arguments(0).values())
    assert explain(KL.suite, CheckFailure("wrong"), learner) == ""


# --- gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda mu, logvar: 0.5 * (mu.detach() ** 2 + logvar.exp() - 1 - logvar).sum(-1), "μ is detached"),
        (lambda mu, logvar: 0.5 * (mu**2 + logvar.detach().exp() - 1 - logvar).sum(-1), "the part ln σ² is detached"),
        (lambda mu, logvar: 0.5 * (mu**2 + (logvar.exp() - 1 - logvar).detach()).sum(-1), "ln σ² is detached"),
    ],
)
def test_a_detached_part_is_named(wrong: Callable[..., Tensor], says: str) -> None:
    arguments = {name: value.requires_grad_() for name, value in KL.arguments(0).items()}
    assert said(KL, wrong, arguments).endswith(f"the gradient is not: {says}.")


def test_silent_about_right_gradients() -> None:
    arguments = {name: value.requires_grad_() for name, value in KL.arguments(0).items()}
    with pytest.raises(NothingToSayError):
        said(KL, lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1), arguments)


# --- by-hand answers ------------------------------------------------------------------------------------------


def test_by_hand_answers_are_never_misnamed() -> None:
    errors = named = 0
    for exercise in EXERCISES:
        suite = suite_of(exercise)
        for function, name in ((function, name) for function in suite.formulas for name in suite.answers):
            probe = StandIn(suite, function)
            right = probe.answer(name)
            if right is None or not probe.asked or right.numel() < 3:
                continue
            edits = [
                (place, edit)
                for place, tree in enumerate(probe.trees)
                for edit in edits_anywhere(tree, suite.formulas[function].variables)
            ]
            for place, edit in choices(0).sample(edits, 25):
                answer = StandIn(suite, function, {place: edit.tree}).answer(name)
                usable = answer is not None and answer.shape == right.shape and bool(answer.isfinite().all())
                if answer is None or not usable or bool(((answer - right).abs() < 1e-3).all()):
                    continue
                learner = KL.learner(lambda: None)
                learner.suite, learner.used = suite, {name}
                errors += 1
                error = CheckFailure("wrong", got=answer.round(decimals=4))
                try:
                    told = explanation(suite, error, learner, Deadline(PATIENT))
                except NothingToSayError:
                    continue
                named += 1
                assert any(
                    other.says in told and _same(suite.formulas[function].variables, edit.tree, other.tree)
                    for _, other in edits
                ), told
    print(f"by hand: {named} of {errors} named")  # noqa: T201  as above
    assert errors >= 50
    assert named / errors >= 0.5


def _same(variables: Any, one: Any, other: Any) -> bool:
    values = {v.name: torch.rand(5, generator=torch.Generator().manual_seed(9)).double() + 0.2 for v in variables}
    return torch.allclose(evaluate(one, values), evaluate(other, values), equal_nan=True)


# --- through the sandbox --------------------------------------------------------------------------------------


def graded(grade_text: Grade, exercise: str, extra: str, check: str) -> tuple[Report, CheckResult]:
    source = built_in().find(exercise).solution.read_text() + extra
    report = grade_text(exercise, source, checks=[check])
    (result,) = [each for each in report.checks if each.name == check]
    return report, result


def test_an_uncatalogued_formula_gets_its_sentence(grade_text: Grade) -> None:
    extra = (
        "\ndef kl_standard_normal(mu, logvar):\n    print('asked')\n"
        "    return 0.5 * (mu**2 + logvar.exp() - 2 - logvar / 2).sum(-1)\n"
    )
    _, result = graded(grade_text, "exercise2", extra, "test_values")
    assert result.misconception is None
    assert "Your numbers equal ½·Σ(μ² + σ² − 2 − ½·ln σ²): " in result.message
    assert result.output.count("asked") == 1  # what confirms an explanation leaves no trace


def test_a_detached_argument_gets_its_sentence(grade_text: Grade) -> None:
    extra = "\ndef reparameterize(mu, sigma, epsilon):\n    return mu + sigma.detach() * epsilon\n"
    _, result = graded(grade_text, "exercise1", extra, "test_formula_gradients")
    assert result.misconception is None
    assert "The values are right, but the gradient is not: σ is detached." in result.message


def test_a_function_that_hangs_when_asked_again_costs_no_more_than_the_search_may(grade_text: Grade) -> None:
    extra = """
_calls = []
def kl_standard_normal(mu, logvar):
    _calls.append(1)
    while len(_calls) > 1:
        pass
    return 0.5 * (mu**2 + logvar.exp() - 2 - logvar / 2).sum(-1)
"""
    report, result = graded(grade_text, "exercise2", extra, "test_values")
    assert "Your numbers equal" not in result.message
    assert report.seconds < 5
