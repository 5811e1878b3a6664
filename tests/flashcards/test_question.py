"""Questions: the same for the same seed, and fair to what people type."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from decks import ALL, card, library
from hypothesis import given
from hypothesis import strategies as st

from flashcards.deck import Card
from flashcards.expression import parse_answer
from flashcards.likeness import misspelt, same
from flashcards.numbers import shown, worded
from flashcards.question import LETTERS, ask

SEEDS = st.integers(0, 2**63 - 1)


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Card]:
    return library(tmp_path_factory.mktemp("decks"), *ALL).cards


@given(seed=SEEDS)
def test_a_seed_is_a_question(cards: dict[str, Card], seed: int) -> None:
    for found in cards.values():
        assert ask(found, seed) == ask(found, seed)


def test_the_global_random_has_no_say(cards: dict[str, Card]) -> None:
    random.seed(1)
    one = [ask(found, 5) for found in cards.values()]
    random.seed(2)
    state = random.getstate()
    assert [ask(found, 5) for found in cards.values()] == one
    assert random.getstate() == state


def test_seeds_differ(cards: dict[str, Card]) -> None:
    assert len({ask(cards["kl-1d"], seed).prompt for seed in range(50)}) > 20
    assert len({ask(cards["first-mask"], seed).options for seed in range(50)}) == 6
    assert len({ask(cards["history"], seed).options for seed in range(200)}) == 23


def test_self_rated_cards(cards: dict[str, Card]) -> None:
    for name in ("formula", "mask-a"):
        question = ask(cards[name], 0)
        assert not question.typed
        assert (question.prompt, question.answer) == (cards[name].front, cards[name].back)


# Numbers.


@given(seed=SEEDS)
def test_right_and_wrong_numbers_are_told_apart(cards: dict[str, Card], seed: int) -> None:
    question = ask(cards["kl-1d"], seed)
    numbers = question.numbers
    assert numbers is not None
    assert question.judge(repr(numbers.right)).right
    assert question.judge(question.answer.split("\n")[0]).right
    assert len(numbers.wrong) == 2
    for value, wrong in numbers.wrong:
        verdict = question.judge(repr(value))
        assert (verdict.right, verdict.says) == (False, wrong.says)


def test_the_tolerance_is_a_limit(cards: dict[str, Card]) -> None:
    question = ask(cards["kl-1d"], 3)
    assert question.numbers is not None
    right = question.numbers.right
    assert question.judge(repr(right + 0.0099)).right
    assert question.judge(repr(right - 0.01)).right
    assert not question.judge(repr(right + 0.0101)).right


def test_the_prompt_shows_the_numbers(cards: dict[str, Card]) -> None:
    for seed in range(30):
        question = ask(cards["kl-1d"], seed)
        assert question.numbers is not None
        mu, sigma = question.numbers.values["mu"], question.numbers.values["sigma"]
        assert question.prompt == f"KL(N({mu:g}, {sigma:g}²) ‖ N(0, 1)) in nats?".replace("-", "−")
        assert "{" not in question.answer
        assert float(question.answer.partition(" ")[0]) == pytest.approx(question.numbers.right, rel=5e-4)
        assert " nats\n\n½((" in question.answer


@pytest.mark.parametrize(
    ("answer", "tolerance", "typed", "right"),
    [
        (
            "1/3",
            "0.001",
            ["1/3", "0.333", "0,3333", "1 / 3", "z = 1/3", "⅓", "3.33e-1", "0.333 nats", "0.333nats"],
            True,
        ),
        ("1/3", "0.001", ["0.33", "-1/3", "3/1"], False),
        ("-0.5", "0", ["-0.5", "−½", "–0,5", "-1/2", "-5·10⁻¹"], True),
        ("1234.5", "0.1", ["1234.5", "1,234.5", "1 234.5", "1234,5"], True),
        ("1000000", "0", ["1e6", "10^6", "1,000,000", "1 000 000"], True),
        ("0", "0", ["0", "-0", "0.0"], True),
        ("0", "0", ["0.001"], False),
        ("2014", "0", ["2014"], True),
        ("2014", "0", ["2015", "2014.5"], False),
        ("1e-5", "1e-7", ["1e-5", "0.00001", "10^-5"], True),
        ("1e-10", "0", ["1e-10"], True),
        ("1e-10", "0", ["2e-10", "0"], False),
    ],
)
def test_numbers_as_people_type_them(
    tmp_path: Path, answer: str, tolerance: str, typed: list[str], right: bool
) -> None:
    text = f"- {{id: x, kind: numeric, front: '?', answer: {answer}, tolerance: {tolerance}, unit: nats, source: s}}\n"
    question = ask(card(tmp_path, text), 0)
    for one in typed:
        assert question.judge(one).right is right, one


@pytest.mark.parametrize("unit", ["%", "bits/dim", "σ", "m²"])
def test_units_may_be_typed(tmp_path: Path, unit: str) -> None:
    text = f"- {{id: x, kind: numeric, front: '?', answer: 12, tolerance: 0, unit: '{unit}', source: s}}\n"
    question = ask(card(tmp_path, text), 0)
    for typed in ("12", f"12{unit}", f"12 {unit}", f"12 {unit.upper()}", f"12 {unit}."):
        assert question.judge(typed).right, typed
    assert question.answer == f"12 {unit}"


def test_what_is_no_number_is_asked_again(cards: dict[str, Card]) -> None:
    for typed in ("", "about one", "1..2"):
        verdict = ask(cards["kl-1d"], 0).judge(typed)
        assert not verdict.right
        assert not verdict.understood
        assert "3/8" in verdict.says


def test_draws_that_hide_a_mistake_are_drawn_again(tmp_path: Path) -> None:
    """At σ = 1 nobody can tell σ from σ²."""
    text = """\
- id: x
  kind: numeric
  draw: {sigma: {choice: [1, 2]}}
  front: "Var for σ = {sigma}?"
  answer: sigma**2
  tolerance: 0.1
  wrong: [{answer: sigma, says: That is the standard deviation.}]
  source: s
"""
    found = card(tmp_path, text)
    assert {ask(found, seed).prompt for seed in range(30)} == {"Var for σ = 2?"}


# Choices and orders.


@given(seed=SEEDS)
def test_a_choice_by_letter_number_and_text(cards: dict[str, Card], seed: int) -> None:
    question = ask(cards["first-mask"], seed)
    assert sorted(question.options) == ["kind A", "kind B", "no mask"]
    for place, option in enumerate(question.options):
        letter = LETTERS[place]
        for typed in (letter, letter.upper(), f"{letter})", f" {letter}. ", str(place + 1), option, option.upper()):
            verdict = question.judge(typed)
            assert verdict.understood
            assert verdict.right is (option == "kind A")
            assert verdict.says == ("The network would copy its input." if option == "no mask" else "")
    assert question.judge("no m").says == "The network would copy its input."
    assert question.options[question.solution[0]] == "kind A"


@pytest.mark.parametrize("typed", ["", "d", "4", "0", "ab", "kind", "neither"])
def test_what_is_no_choice_is_asked_again(cards: dict[str, Card], typed: str) -> None:
    verdict = ask(cards["first-mask"], 0).judge(typed)
    assert (verdict.right, verdict.understood) == (False, False)
    assert "a to c" in verdict.says


@given(seed=SEEDS)
def test_an_order_by_letters_and_numbers(cards: dict[str, Card], seed: int) -> None:
    question = ask(cards["history"], seed)
    assert question.options != cards["history"].items
    assert [question.options[place] for place in question.solution] == list(cards["history"].items)
    letters = [LETTERS[place] for place in question.solution]
    numbers = [str(place + 1) for place in question.solution]
    for marks in (letters, numbers):
        for joint in ("", " ", ", ", " > ", " → ", "-"):
            assert question.judge(joint.join(marks)).right
        assert question.judge("".join(marks).upper()).right
    swapped = [letters[0], letters[2], letters[1], letters[3]]
    assert question.judge("".join(swapped)).says == "“DCGAN” comes before “WGAN”."
    assert not question.judge("".join(reversed(letters))).right


@pytest.mark.parametrize("typed", ["", "abc", "abcde", "aabc", "1 2 3", "12345", "what?", "abd1"])
def test_what_is_no_order_is_asked_again(cards: dict[str, Card], typed: str) -> None:
    verdict = ask(cards["history"], 0).judge(typed)
    assert (verdict.right, verdict.understood) == (False, False)


# Words.


@pytest.mark.parametrize("typed", ["Goodfellow", " goodfellow ", "GOODFELLOW", "Ian  Goodfellow", "Good-fellow"])
def test_a_gap_typed_right(cards: dict[str, Card], typed: str) -> None:
    verdict = ask(cards["gan-paper#c1"], 0).judge(typed)
    assert (verdict.right, verdict.says) == (True, "")


def test_a_gap_misspelt_is_right_and_spelt_out(cards: dict[str, Card]) -> None:
    verdict = ask(cards["gan-paper#c1"], 0).judge("Goodfelow")
    assert (verdict.right, verdict.says) == (True, "It is spelt “Goodfellow”.")


def test_a_gap_typed_wrong(cards: dict[str, Card]) -> None:
    assert not ask(cards["gan-paper#c1"], 0).judge("Bengio").right
    assert not ask(cards["gan-paper#c2"], 0).judge("2015").right
    assert ask(cards["gan-paper#c2"], 0).judge("2014").right


def test_a_long_gap_is_not_typed(tmp_path: Path) -> None:
    long = "it lets the gradient of the sample reach the mean and the deviation"
    found = card(tmp_path, f"- {{id: x, kind: cloze, text: 'Why? {{{{c1::{long}}}}}.', source: s}}\n")
    assert not ask(found, 0).typed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("auto-encoder", "Autoencoder"),
        ("μ", "mu"),
        ("µ", "μ"),
        ("log σ²", "log sigma^2"),
        ("−1", "-1"),
        ("0,5", "0.5"),
        ("½", "1/2"),
        ("Montréal", "montreal"),
        ("p(xᵢ | x₁, …, xᵢ₋₁)", "p(x_i|x_1,...,x_{i-1})"),
        ("z = μ + σ·ε", "z=mu+sigma*epsilon"),
        ("E[log p]", "e[log p]"),
        ("KL(q ‖ p)", "kl(q||p)"),
        ("“prior”", "prior"),
        ("ﬁnite", "finite"),
        ("a ≤ b → c", "a<=b -> c"),
    ],
)
def test_look_alikes(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("−1", "1"),
        ("2014", "2015"),
        ("kind A", "kind B"),
        ("σ", "σ²"),
        ("x", "xx"),
        ("1.5", "15"),
        ("+", "−"),
        ("μ", "σ"),
    ],
)
def test_what_is_not_alike(one: str, other: str) -> None:
    assert not same(one, other)
    assert not misspelt(one, other)


@pytest.mark.parametrize(
    ("typed", "right", "forgiven"),
    [
        ("Wasertein", "Wasserstein", False),
        ("Wassertein", "Wasserstein", True),
        ("Wasserstien", "Wasserstein", True),
        ("Wassersteinn", "Wasserstein", True),
        ("mode colapse", "mode collapse", True),
        ("encoder", "decoder", False),
        ("increases", "decreases", False),
        ("maximise", "minimise", False),
        ("variance", "covariance", False),
        ("mean", "means", False),
        ("vanishing", "vanishing gradient", False),
    ],
)
def test_one_slip_in_a_long_word(typed: str, right: str, forgiven: bool) -> None:
    assert misspelt(typed, right) is forgiven


@given(typed=st.text(max_size=60), seed=st.integers(0, 50))
def test_no_answer_stumbles(cards: dict[str, Card], typed: str, seed: int) -> None:
    for found in cards.values():
        verdict = ask(found, seed).judge(typed)
        assert isinstance(verdict.right, bool)
        assert verdict.understood or verdict.says


def test_an_endless_answer_costs_nothing(cards: dict[str, Card]) -> None:
    for found in cards.values():
        assert not ask(found, 0).judge("1" * 1_000_000 + "e").right


# Numbers as text.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (-1, "−1"),
        (0.1 + 0.2, "0.3"),
        (2.0, "2"),
        (1234567, "1234567"),
        (0.000246, "0.000246"),
        (0.0000246, "2.46·10⁻⁵"),
        (-12e12, "−1.2·10¹³"),
        (3.14159265, "3.142"),
        (99999.7, "100000"),
        (float("nan"), "undefined"),
        (float("inf"), "undefined"),
    ],
)
def test_numbers_shown(value: float, text: str) -> None:
    assert shown(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_what_is_shown_can_be_typed(value: float) -> None:
    typed = parse_answer(shown(value, 12))
    assert typed == pytest.approx(value, rel=1e-9, abs=1e-300)


def test_places_in_texts() -> None:
    assert worded("{a} {{a}} {b} {A} {", {"a": "1"}) == "1 {a} {b} {A} {"
