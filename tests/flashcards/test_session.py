"""Which card comes next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flashcards.card import Card, Kind
from flashcards.fold import State
from flashcards.schedule import Memory, Phase
from flashcards.session import LEARN_AHEAD_MS, Moment, Queue, following, queue

NOW = Moment(at_ms=1_000_000_000, day=739_000)


def card(name: str) -> Card:
    return Card(name, "deck", Kind.BASIC, name, "back")


def review(due_day: int, *, last_day: int = NOW.day - 10, suspended: bool = False) -> State:
    last_ms = NOW.at_ms - 10 * 86_400_000
    memory = Memory(Phase.REVIEW, due_day=due_day, last_day=last_day, last_ms=last_ms, interval=10, reps=3)
    return State(memory, suspended=suspended, last_uid="u")


def learning(due_ms: int) -> State:
    memory = Memory(
        Phase.LEARNING, due_ms=due_ms, due_day=NOW.day, last_day=NOW.day, last_ms=NOW.at_ms - 60_000, reps=1
    )
    return State(memory, last_uid="u", first_day=NOW.day)


def names(cards: tuple[Card, ...]) -> list[str]:
    return [card.id for card in cards]


def test_reviews_come_the_longest_overdue_first_and_new_cards_in_the_decks_order() -> None:
    cards = [card(name) for name in ("n1", "late", "n2", "later", "future")]
    states = {"late": review(NOW.day), "later": review(NOW.day - 5), "future": review(NOW.day + 1)}
    left = queue(cards, states, NOW, new=20)
    assert names(left.due) == ["later", "late"]
    assert names(left.new) == ["n1", "n2"]
    chosen = following(left, states, NOW)
    assert chosen is not None
    assert chosen.id == "later"


def test_a_card_in_its_steps_comes_when_its_time_has_come_and_early_when_nothing_else_is_left() -> None:
    cards = [card("a"), card("b")]
    states = {"a": learning(NOW.at_ms + LEARN_AHEAD_MS)}
    left = queue(cards, states, NOW, new=20)
    assert [card.id for card in left.waiting] == ["a"]
    assert following(left, states, NOW).id == "b"  # type: ignore[union-attr]  # there is one
    assert following(queue(cards[:1], states, NOW, new=20), states, NOW).id == "a"  # type: ignore[union-attr]  # as above
    later = {"a": learning(NOW.at_ms + LEARN_AHEAD_MS + 1)}
    assert following(queue(cards[:1], later, NOW, new=20), later, NOW) is None
    ready = {"a": learning(NOW.at_ms)}
    assert following(queue(cards, ready, NOW, new=20), ready, NOW).id == "a"  # type: ignore[union-attr]  # as above


def test_no_card_comes_twice_in_a_row_while_another_one_can() -> None:
    cards = [card("a"), card("b")]
    states = {"a": learning(NOW.at_ms - 2), "b": learning(NOW.at_ms - 1)}
    left = queue(cards, states, NOW, new=20)
    assert following(left, states, NOW, previous="a").id == "b"  # type: ignore[union-attr]  # there is one
    alone = queue(cards[:1], states, NOW, new=20)
    assert following(alone, states, NOW, previous="a").id == "a"  # type: ignore[union-attr]  # as above


def test_one_card_of_a_note_a_day() -> None:
    cards = [card("note#c1"), card("note#c2"), card("other")]
    assert names(queue(cards, {}, NOW, new=20).new) == ["note#c1", "other"]
    answered = {"note#c1": review(NOW.day + 3, last_day=NOW.day)}
    assert names(queue(cards, answered, NOW, new=20).new) == ["other"]
    tomorrow = Moment(NOW.at_ms + 86_400_000, NOW.day + 1)
    assert names(queue(cards, answered, tomorrow, new=20).new) == ["note#c2", "other"]


def test_mistakes_that_the_grader_met_come_first_the_latest_before_all() -> None:
    cards = [card(name) for name in ("due", "n1", "met-new", "met-due")]
    states = {"due": review(NOW.day - 50), "met-due": review(NOW.day)}
    when = {"met-new": 5.0, "met-due": 7.0}
    left = queue(cards, states, NOW, new=20, met=lambda card: when.get(card.id, 0.0))
    assert names(left.met) == ["met-due", "met-new"]
    assert (names(left.due), names(left.new)) == (["due"], ["n1"])
    assert following(left, states, NOW).id == "met-due"  # type: ignore[union-attr]  # there is one


def test_suspended_cards_never_come() -> None:
    assert len(queue([card("a")], {"a": review(NOW.day, suspended=True)}, NOW, new=20)) == 0


def test_an_answer_from_the_future_does_not_hide_a_card_for_years() -> None:
    """Somebody's clock was wrong once."""
    memory = Memory(Phase.REVIEW, due_day=NOW.day + 9000, last_day=NOW.day + 8000, last_ms=NOW.at_ms * 9, reps=1)
    assert names(queue([card("a")], {"a": State(memory, last_uid="u")}, NOW, new=20).due) == ["a"]


def test_a_step_begun_under_a_wrong_clock_does_not_hide_a_card_either() -> None:
    later = NOW.at_ms + 400 * 86_400_000
    memory = Memory(Phase.LEARNING, due_ms=later, due_day=NOW.day + 400, last_day=NOW.day + 400, last_ms=later, reps=1)
    assert names(queue([card("a")], {"a": State(memory, last_uid="u")}, NOW, new=20).learning) == ["a"]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["new", "learning", "review", "suspended"])), max_size=40),
    st.integers(-3, 50),
)
def test_every_card_is_in_the_queue_at_most_once_and_new_ones_stay_below_the_limit(
    drawn: list[tuple[int, str]], limit: int
) -> None:
    cards = [card(f"note{note}#c{place}") for place, (note, _) in enumerate(drawn)]
    makes = {
        "learning": lambda: learning(NOW.at_ms),
        "review": lambda: review(NOW.day),
        "suspended": lambda: review(NOW.day, suspended=True),
    }
    states = {c.id: makes[kind]() for c, (_, kind) in zip(cards, drawn, strict=True) if kind != "new"}
    left = queue(cards, states, NOW, new=limit)
    shown = [*left.learning, *left.met, *left.due, *left.new, *left.waiting]
    assert len(shown) == len({c.id for c in shown}) == len(left)
    assert len(left.new) <= max(limit, 0)
    notes = [c.note_id for c in (*left.due, *left.new)]
    assert len(notes) == len(set(notes))


def test_an_empty_queue_has_nothing() -> None:
    assert following(Queue((), (), (), (), ()), {}, NOW) is None
