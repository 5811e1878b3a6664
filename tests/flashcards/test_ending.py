"""The last screen: what it says in each situation."""

from __future__ import annotations

from collections import Counter

import pytest

from flashcards.card import Card, Kind
from flashcards.ending import Ended, ending
from flashcards.fold import State
from flashcards.page import Look
from flashcards.piles import Done
from flashcards.schedule import NEW, Memory, Phase, Rating
from flashcards.session import Moment, Queue

NOW = Moment(at_ms=1_790_000_000_000, day=739_000)
NOTHING = Queue((), (), (), (), ())
LOOK = Look(width=80, height=24, plain=False)
CARDS = tuple(Card(f"card{n}", "deck", Kind.BASIC, f"question {n}", f"answer {n}") for n in range(20))


def review(days: int) -> Memory:
    return Memory(Phase.REVIEW, due_day=NOW.day + days, last_day=NOW.day, last_ms=NOW.at_ms, interval=days, reps=2)


def done(card: Card, rating: Rating = Rating.GOOD, before: Memory = NEW, after: Memory | None = None) -> Done:
    return Done(card, rating, None, before, after or review(3), 20_000)


def shown(ended: Ended, look: Look = LOOK) -> str:
    return " ".join(ending(ended, look).split())


def test_all_is_done_for_today() -> None:
    states = {card.id: State(review(1 + n % 3), first_day=NOW.day) for n, card in enumerate(CARDS[:6])}
    answers = [done(card, Rating.AGAIN if card is CARDS[0] else Rating.GOOD) for card in CARDS[:6]]
    days = Counter({NOW.day: 6, NOW.day - 1: 2, NOW.day - 2: 9})
    text = shown(Ended(answers, NOTHING, CARDS, states, days, NOW))
    for says in (
        "6 answers · 5 known · 2 min",
        "6 cards learnt: from now on they come days apart.",
        "· question 0 answer 0",
        "3 days in a row, your longest yet",
        "6 of 20 cards learnt, the first quarter",
        "Nothing is left today: well done.",
        "Tomorrow 2 reviews, about 1 min. Within a week 6.",
        "more new cards today: flashcards --new 16",
        "to practise all the same: flashcards --cram",
        "to take the last answer back: flashcards undo",
    ):
        assert says in text


def test_cards_are_left_and_the_command_names_the_same_decks() -> None:
    left = Queue((), (), CARDS[:3], CARDS[3:4], CARDS[5:6])
    states = {CARDS[5].id: State(Memory(Phase.LEARNING, due_ms=NOW.at_ms + 60_000))}
    text = shown(Ended([done(CARDS[9])], left, CARDS, states, Counter(), NOW, ("gan-basics", "history")))
    assert "5 cards left today: flashcards gan-basics history" in text
    assert "--cram" not in text


def test_a_card_comes_again_in_a_while() -> None:
    states = {CARDS[0].id: State(Memory(Phase.LEARNING, due_ms=NOW.at_ms + 40 * 60_000), first_day=NOW.day)}
    left = Queue((), (), (), (), CARDS[:1])
    text = shown(Ended([done(CARDS[0], after=NEW)], left, CARDS[:1], states, Counter(), NOW))
    assert "1 card in 40 min." in text
    assert "more new cards" not in text  # there are none


def test_nothing_is_due_and_the_next_one_is_far() -> None:
    states = {CARDS[0].id: State(review(30)), CARDS[1].id: State(review(90), suspended=True)}
    text = shown(Ended([], NOTHING, CARDS[:2], states, Counter(), NOW))
    assert "All 2 cards learnt" in text
    assert "Nothing is due today. The next one comes in 30 days." in text
    assert "to practise all the same: flashcards --cram" in text


def test_practice_promises_no_dates() -> None:
    text = shown(Ended([done(CARDS[0], before=review(0), after=NEW)], NOTHING, CARDS, {}, Counter(), NOW, (), True))
    assert "Practice moves no dates." in text
    assert "learnt: from now on" not in text
    assert "--cram" not in text


def test_what_was_not_known_is_shown_with_its_answer() -> None:
    cards = [
        Card("a", "d", Kind.CLOZE, "GANs are by [who].", "why", answer="Goodfellow", cloze="GANs are by {{c1::x}}"),
        Card("b", "d", Kind.CHOICE, "Which?", "why", options=("the right one", "another"), exercise="exercise3"),
        Card("c", "d", Kind.NUMERIC, "KL for σ = {sigma}?", "{answer}", draw={"sigma": (1.0, 2.0)}, answer="sigma"),
    ]
    text = shown(Ended([done(card, Rating.AGAIN) for card in cards], NOTHING, cards, {}, Counter(), NOW))
    assert "GANs are by [who]. Goodfellow" in text
    assert "Which? the right one grade exercise3" in text
    assert "KL for σ = sigma?" in text
    assert "{" not in text


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("width", [20, 40, 80])
def test_it_fits_every_terminal(width: int, plain: bool) -> None:
    states = {card.id: State(review(2)) for card in CARDS}
    answers = [done(card, Rating.AGAIN) for card in CARDS]
    text = ending(
        Ended(answers, NOTHING, CARDS, states, Counter({NOW.day: 20}), NOW, ("gan",)),
        Look(width=width, height=24, unicode=not plain, plain=plain),
    )
    assert all(len(line) <= width for line in text.split("\n"))
    assert "▁" not in text if plain else "█" in text
