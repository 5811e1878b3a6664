"""The cards that come with reparam: how many, of which kinds, right, and linked with the exercises."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from oracles import ORACLES

import flashcards
from flashcards.card import Card, Kind
from flashcards.deck import Library, load
from flashcards.expression import evaluate
from flashcards.lint import check
from flashcards.question import ask
from grader.course import built_in
from grader.suite import Suite

FOLDER = Path(flashcards.__file__).parent / "decks"
LIBRARY: Library = load([FOLDER])
NOTES: Mapping[str, Card] = {card.note_id: card for card in reversed(LIBRARY.cards.values())}
NUMERIC = [card for card in LIBRARY.cards.values() if card.kind is Kind.NUMERIC]
SUITES = {exercise.name.partition("_")[0]: Suite.load(exercise.checks) for exercise in built_in().exercises}
CATALOGUE = {f"{short}.{m.name}" for short, suite in SUITES.items() for m in suite.misconceptions}

# The card of each by-hand answer, with the exercise's own numbers for it: then it has to give the exercise's answer.
Z = [
    {"mu": 0.2, "sigma": 0.4, "eps": 1.0, "z": 0.6},
    {"mu": 0.7, "sigma": 0.1, "eps": -0.5, "z": 0.65},
    {"mu": -0.3, "sigma": 0.5, "eps": 0.2, "z": -0.2},
]
VARIANCES = [{**numbers, "var": numbers["sigma"] ** 2} for numbers in Z]
IMAGE = dict(zip("nabcdfghi", range(1, 10), strict=True))
BY_HAND: list[tuple[str, str, Sequence[str], Sequence[Mapping[str, float]]]] = [
    ("exercise1", "z", ["reparam-z"], Z),
    ("exercise1", "dloss_dmu", ["reparam-slope-mu"], Z),
    ("exercise1", "dloss_dsigma", ["reparam-slope-sigma"], Z),
    (
        "exercise1",
        "dloss_dlogvar",
        ["reparam-slope-logvar"],
        [{"slope": by_sigma, "sigma": n["sigma"]} for by_sigma, n in zip((1.2, -0.65, -0.08), Z, strict=True)],
    ),
    ("exercise2", "kl_per_dimension", ["kl-one-dimension"], VARIANCES),
    ("exercise2", "kl_total", ["kl-two-dimensions"], []),
    ("exercise2", "kl_reversed", ["kl-reversed"], []),
    ("exercise2", "dkl_dlogvar", ["kl-slope-logvar"], VARIANCES),
    ("exercise3", "ones_in_mask", ["pixelcnn-ones-a", "pixelcnn-ones-b"], [{"k": 3}, {"k": 5}, {"k": 7}]),
    ("exercise3", "center_response", ["pixelcnn-response-a", "pixelcnn-response-b", "pixelcnn-response-none"], [IMAGE]),
    ("exercise4", "minimax_gradient", ["gantrain-minimax-slope"], [{"d": 0.01}]),
    ("exercise4", "nonsaturating_gradient", ["gantrain-nonsaturating-slope"], [{"d": 0.01}]),
    ("exercise4", "minimax_gradient_wrt_d", ["gantrain-minimax-by-d"], [{"d": 0.01}]),
    ("exercise4", "nonsaturating_gradient_wrt_d", ["gantrain-nonsaturating-by-d"], [{"d": 0.01}]),
    (
        "exercise4",
        "d_star",
        ["gan-optimal-d-at-a-point"],
        [{"p": p, "q": q} for p, q in ((0.5, 0.2), (0.3, 0.3), (0.2, 0.5))],
    ),
    ("exercise4", "value_at_equilibrium", ["gan-value-of-constant-d"], [{"d": 0.5}]),
    ("exercise5", "kl_to_uniform", ["collapse-kl-to-uniform"], []),
    ("exercise5", "effective_modes", ["collapse-effective-modes"], []),
    ("exercise5", "no_duplicate_probability", ["collapse-no-duplicates"], []),
    ("exercise6", "answers", ["choose-features", "choose-blending", "choose-sharp-and-fast"], []),
    ("exercise6", "answers", ["choose-slow-and-safe", "choose-first-stage", "choose-likelihood"], []),
]


def flat(answer: object) -> list[float]:
    """The numbers of a by-hand answer, in the order of the cards."""
    if isinstance(answer, Mapping):
        answer = [value for _, value in sorted(answer.items(), key=lambda item: str(item[0]))]
    return [float(value) for value in torch.as_tensor(answer, dtype=torch.float64).flatten()]


def test_lint_finds_nothing() -> None:
    assert [str(problem) for problem in check([FOLDER])] == []


def test_enough_cards_of_every_kind() -> None:
    kinds = Counter(card.kind for card in NOTES.values())
    assert len(NOTES) >= 150
    least = {Kind.NUMERIC: 30, Kind.CHOICE: 25, Kind.ORDER: 8, Kind.IMAGE: 6, Kind.CLOZE: 30, Kind.BASIC: 40}
    assert all(kinds[kind] >= number for kind, number in least.items()), kinds


def test_ids_speak_and_name_their_deck() -> None:
    for place, deck in enumerate(LIBRARY.decks, 1):
        # New cards come in the order of the files, so the numbers in front are a way through the course.
        assert deck.path.stem == f"{place:02}-{deck.name}"
        prefixes = {card.note_id.partition("-")[0] for card in deck.cards}
        assert len(prefixes) <= 2, f"{deck.name}: {prefixes}"
        for card in deck.cards:
            assert re.fullmatch("[a-z]+(-[a-z0-9]+)+", card.note_id), card.note_id


def test_no_two_cards_ask_the_same() -> None:
    fronts = Counter((card.front, card.image) for card in LIBRARY.cards.values())
    assert [front for front, times in fronts.items() if times > 1] == []


def test_sources_can_be_looked_up() -> None:
    for card in NOTES.values():
        assert not re.search(r"\.txt|\.\./", card.source), card.id
        assert re.search(r"\d{4}|Lecture|documentation|Exercise|chapter", card.source), f"{card.id}: {card.source}"


def test_every_exercise_has_cards() -> None:
    exercises = Counter(card.exercise for card in NOTES.values())
    assert set(exercises) - {""} == set(SUITES)
    assert all(exercises[short] >= 10 for short in SUITES)


def test_cards_follow_misconceptions_that_exist() -> None:
    named = {name: card.id for card in NOTES.values() for name in card.after}
    assert {name: card for name, card in named.items() if name not in CATALOGUE} == {}


@pytest.mark.parametrize("short", SUITES)
def test_misconceptions_lead_to_cards(short: str) -> None:
    named = {name for card in NOTES.values() for name in card.after}
    catalogue = {name for name in CATALOGUE if name.startswith(f"{short}.")}
    assert len(catalogue & named) >= 0.9 * len(catalogue), sorted(catalogue - named)


def test_every_by_hand_answer_has_a_card() -> None:
    listed = {(short, answer) for short, answer, _, _ in BY_HAND}
    assert listed == {(short, answer) for short, suite in SUITES.items() for answer in suite.answers}
    for short, _, names, _ in BY_HAND:
        for name in names:
            card = LIBRARY.cards[name]
            assert card.exercise == short
            assert card.kind is (Kind.CHOICE if short == "exercise6" else Kind.NUMERIC)
            assert card.draw or card.kind is Kind.CHOICE, f"{name} asks the same numbers each time"


@pytest.mark.parametrize(("short", "answer", "names", "numbers"), [entry for entry in BY_HAND if entry[3]])
def test_a_card_agrees_with_its_exercise(
    short: str, answer: str, names: Sequence[str], numbers: Sequence[Mapping[str, float]]
) -> None:
    right = flat(SUITES[short].right_answer(answer))
    cards = [LIBRARY.cards[name] for name in names]
    got = [evaluate(card.answer, values) for card in cards for values in numbers]
    assert got == pytest.approx(right, abs=SUITES[short].tolerance(answer))


@pytest.mark.parametrize(("names", "numbers"), [(entry[2], entry[3]) for entry in BY_HAND if entry[3]])
def test_a_card_never_draws_its_exercise(names: Sequence[str], numbers: Sequence[Mapping[str, float]]) -> None:
    for name in names:
        draw = LIBRARY.cards[name].draw
        for values in numbers:
            assert not all(values.get(key) in among for key, among in draw.items()), f"{name}: {values}"


def test_every_numeric_card_has_an_oracle() -> None:
    assert {card.id for card in NUMERIC} == set(ORACLES)


@pytest.mark.parametrize("card", NUMERIC, ids=lambda card: card.id)
def test_a_numeric_answer_is_right(card: Card) -> None:
    oracle = ORACLES[card.id]
    asks_for = inspect.signature(oracle).parameters
    for seed in range(25 if card.draw else 1):
        numbers = ask(card, seed).numbers
        assert numbers is not None
        truth = oracle(**{name: numbers.values[name] for name in asks_for})
        # Cards that print rounded numbers of a worked example are right to what they print.
        assert numbers.right == pytest.approx(truth, rel=2e-5, abs=2e-5), dict(numbers.values)
