"""A drill with keys from a list and a clock of its own; the store is a real one."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from decks import ALL, BASIC, CHOICE, CLOZE, IMAGE, NUMERIC, ORDER, written

from flashcards import keys
from flashcards.asking import Desk
from flashcards.card import Card
from flashcards.clock import DAY_MS, learner_day
from flashcards.deck import load
from flashcards.drill import Cards, Drill, Limits
from flashcards.keys import BACKSPACE, CLEAR, DOWN, ENTER, EOF, ESCAPE, PAGE_DOWN, PAGE_UP, REDRAW, UP, Pasted
from flashcards.met import Meeting
from flashcards.page import Look
from flashcards.piles import Done, Pile, Practice, Today
from flashcards.question import ask
from flashcards.schedule import Phase, Rating
from flashcards.store import FILE, Store

START_MS = 1_763_712_000_000


class Pressed:
    """Keys from a list; every key takes two seconds. Ends with EOF, so no drill waits for ever."""

    def __init__(self, *pressed: str) -> None:
        self._keys = [
            key for word in pressed for key in ([word] if word.startswith("<") or isinstance(word, Pasted) else word)
        ]
        self.at_ms = START_MS

    def key(self) -> str:
        self.at_ms += 2_000
        return self._keys.pop(0) if self._keys else EOF

    def aside(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Room:
    """A store, decks and a desk; what was shown is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / FILE, "test", now=lambda: (START_MS + 500_000, 0))
        self.shown: list[str] = []
        self.edited: list[str] = []
        self.edit: Callable[[Card], str] = lambda card: self.edited.append(card.id) or "edited"
        self.meetings: dict[str, Meeting] = {}
        self.days = 0
        self.look = Look(width=80, height=24, plain=False)

    def read(self) -> tuple[Card, ...]:
        return tuple(load([self.folder]).cards.values())

    def drill(self, *pressed: str, limits: Limits = Limits(), new: int = 20, practice: bool = False) -> list[Done]:  # noqa: B008  frozen
        source = Pressed(*pressed)

        def now() -> tuple[int, int]:
            return source.at_ms + self.days * DAY_MS, 0

        desk = Desk(source, self.shown.append, lambda: self.look, now)  # type: ignore[arg-type]  # keys are keys
        cards = Cards(self.read, lambda card: self.edit(card), self.store, lambda: 7)
        pile: Pile = Practice(self.store, lambda: 7) if practice else Today(self.store, now, new, self.meetings)
        return Drill(desk, cards, pile, limits).run()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.store.close()


def right(card_text_folder: Path, card_id: str) -> str:
    """The right answer as somebody would type it; the drill asks with seed 7."""
    card = load([card_text_folder]).cards[card_id]
    question = ask(card, 7)
    if question.solution:
        return "".join("abcdefg"[place] for place in question.solution)
    return question.answer.split("\n")[0]


def test_a_card_is_shown_rated_and_saved(room: Room) -> None:
    written(room.folder, BASIC)
    (done,) = room.drill(" ", "3", limits=Limits(cards=1))
    assert (done.card.id, done.rating, done.judged) == ("formula", Rating.GOOD, None)
    assert done.duration_ms == 4_000
    state = room.store.state("formula")
    assert state.memory == done.after
    assert state.memory.phase is Phase.LEARNING
    before, after = room.shown[0], room.shown[-1]
    assert "How is z drawn?" in before
    assert "z = μ + σ·ε" not in before
    assert "z = μ + σ·ε" in after
    assert "1 again 1 min" in after
    assert "a paper" in after


def test_space_takes_the_rating_that_stands_out(room: Room) -> None:
    written(room.folder, BASIC)
    (done,) = room.drill("  ", limits=Limits(cards=1))
    assert done.rating is Rating.GOOD


@pytest.mark.parametrize(("text", "card_id"), [(NUMERIC, "kl-1d"), (ORDER, "history"), (CLOZE, "gan-paper#c1")])
def test_a_typed_answer_is_judged(room: Room, text: str, card_id: str) -> None:
    written(room.folder, text)
    answer = right(room.folder, card_id)
    (done,) = room.drill(answer, ENTER, " ", limits=Limits(cards=1))
    assert (done.card.id, done.judged, done.rating) == (card_id, True, Rating.GOOD)
    assert room.store.events()[-1].answer == answer
    assert "✓ right" in room.shown[-1]


def test_a_wrong_number_is_again_and_the_mistake_is_named(room: Room) -> None:
    written(room.folder, NUMERIC)
    card = load([room.folder]).cards["kl-1d"]
    numbers = ask(card, 7).numbers
    assert numbers is not None
    value, mistake = numbers.wrong[1]
    (done,) = room.drill(repr(value), ENTER, " ", limits=Limits(cards=1))
    assert (done.judged, done.rating) == (False, Rating.AGAIN)
    assert mistake.says in room.shown[-1]


def test_the_learner_may_know_better_than_the_judge(room: Room) -> None:
    written(room.folder, NUMERIC)
    (done,) = room.drill("12345", ENTER, "3", limits=Limits(cards=1))
    assert (done.judged, done.rating) == (False, Rating.GOOD)


def test_what_is_no_number_is_asked_again_and_not_wrong(room: Room) -> None:
    written(room.folder, NUMERIC)
    answer = right(room.folder, "kl-1d")
    (done,) = room.drill("abc", ENTER, CLEAR, answer + "x", BACKSPACE, ENTER, " ", limits=Limits(cards=1))
    assert done.judged is True
    assert any("That is no number" in screen for screen in room.shown)


def test_nothing_typed_means_i_do_not_know(room: Room) -> None:
    written(room.folder, NUMERIC)
    (done,) = room.drill(ENTER, " ", limits=Limits(cards=1))
    assert (done.judged, done.rating) == (False, Rating.AGAIN)


def test_a_letter_chooses_at_once(room: Room) -> None:
    written(room.folder, CHOICE)
    letter = right(room.folder, "first-mask")
    (done,) = room.drill(letter, " ", limits=Limits(cards=1))
    assert done.judged is True
    wrong = next(other for other in "abc" if other != letter)
    room.days = 1
    (done,) = room.drill(wrong, " ", limits=Limits(cards=1))
    assert done.rating is Rating.AGAIN


def test_undo_takes_the_answer_back_and_asks_again(room: Room) -> None:
    written(room.folder, BASIC)
    done = room.drill(" ", "4", "u")  # after "4" nothing is left, so nothing is undone here
    assert len(done) == 1
    written(room.folder, BASIC, CHOICE)
    room.days = 1
    done = room.drill(" ", "1", "u", " ", "3", limits=Limits(cards=1))
    assert len(done) == 1


def test_undo_in_the_middle(room: Room) -> None:
    written(room.folder, BASIC, ORDER)
    done = room.drill(" ", "4", ESCAPE, "u", " ", "1", limits=Limits(cards=1), new=2)
    # One answer ends this session, so undo had no chance: the second session can take it back.
    assert [d.rating for d in done] == [Rating.EASY]
    done = room.drill(ESCAPE, "u", " ", "1", EOF)
    assert [(d.card.id, d.rating) for d in done] == [("formula", Rating.AGAIN)]
    assert room.store.state("formula").memory.reps == 1
    assert "Undone." in "".join(room.shown)


def test_undo_with_nothing_to_undo_says_so(room: Room) -> None:
    written(room.folder, BASIC)
    room.drill("u", "q")
    assert "There is nothing to undo." in room.shown[-1]


def test_flag_suspend_and_undo_of_both(room: Room) -> None:
    written(room.folder, BASIC, ORDER)
    room.drill("f", "q")
    assert room.store.state("formula").flagged
    assert "flagged" in room.shown[-1]
    room.drill("s", EOF)
    assert room.store.state("formula").suspended
    room.drill("f", "u", EOF, new=0)
    assert room.store.state("formula").suspended


def test_suspending_is_undone_at_once(room: Room) -> None:
    written(room.folder, BASIC, ORDER)
    done = room.drill("s", ESCAPE, "u", " ", "3", limits=Limits(cards=1))
    assert [d.card.id for d in done] == ["formula"]
    assert not room.store.state("formula").suspended


def test_an_edit_shows_the_new_text_and_keeps_the_progress(room: Room) -> None:
    written(room.folder, BASIC)

    def edit(card: Card) -> str:
        written(room.folder, BASIC.replace("How is z drawn?", "How do we draw z?"))
        return f"edited {card.id}"

    room.edit = edit
    (done,) = room.drill("e", " ", "3", limits=Limits(cards=1))
    assert "How do we draw z?" in room.shown[-1]
    assert done.card.id == "formula"


def test_an_edit_that_breaks_the_deck_is_told_and_nothing_is_lost(room: Room) -> None:
    path = written(room.folder, BASIC)

    def edit(_: Card) -> str:
        path.write_text("deck: [")
        return "edited"

    room.edit = edit
    (done,) = room.drill("e", " ", "3", limits=Limits(cards=1))
    assert any("Press e to mend it" in " ".join(screen.split()) for screen in room.shown)
    assert done.card.id == "formula"


def test_help_is_shown_and_goes_away(room: Room) -> None:
    written(room.folder, BASIC)
    room.drill("?", "x", "q")
    assert "undo the last rating" in room.shown[1]
    assert "How is z drawn?" in room.shown[-1]


def test_resizing_draws_again(room: Room) -> None:
    written(room.folder, BASIC)
    room.drill(REDRAW, REDRAW, "q")
    assert len(room.shown) == 3


@pytest.mark.parametrize("limits", [Limits(cards=2), Limits(minutes=0.1)])
def test_a_session_ends_at_its_limit(room: Room, limits: Limits) -> None:
    written(room.folder, *ALL)
    done = room.drill(*["<enter>", " "] * 30, limits=limits)
    assert len(done) == 2


def test_a_card_learnt_again_and_again_ends_the_drill(room: Room) -> None:
    """Good, good: the card has left its steps and comes back in days."""
    written(room.folder, BASIC)
    done = room.drill(" ", "3", " ", "3", " ", "3")
    assert [d.after.phase for d in done] == [Phase.LEARNING, Phase.REVIEW]


def test_practice_saves_nothing_and_asks_again_what_went_wrong(room: Room) -> None:
    written(room.folder, BASIC)
    done = room.drill(" ", "1", " ", "3", practice=True)
    assert [d.rating for d in done] == [Rating.AGAIN, Rating.GOOD]
    assert room.store.events() == ()
    assert "knew it" in room.shown[-1]


def test_a_mistake_that_grade_met_comes_first_and_says_so(room: Room) -> None:
    written(room.folder, ORDER, BASIC)
    at = datetime.fromtimestamp(START_MS / 1000, UTC).replace(hour=1)
    room.meetings = {"exercise1.variance_as_std": Meeting("exercise1.variance_as_std", at)}
    (done,) = room.drill(" ", "3", limits=Limits(cards=1))
    assert done.card.id == "formula"
    assert "you met this in exercise 1 today" in room.shown[0]
    room.drill(EOF)
    assert "you met this" not in room.shown[-1]  # it has been drilled since


def test_two_terminals_cannot_rate_one_card_twice(room: Room, tmp_path: Path) -> None:
    written(room.folder, BASIC)
    with Store.open(tmp_path / FILE) as other:
        rated = room.store.review

        def late(*args: object, **facts: object) -> object:
            other.review("formula", Rating.EASY, START_MS, 0, expected_uid=None)
            room.store.review = rated  # type: ignore[method-assign]  # once is enough
            return rated(*args, **facts)  # type: ignore[arg-type]  # passed on as they came

        room.store.review = late  # type: ignore[method-assign, assignment]  # between the look and the key
        done = room.drill(" ", "1", EOF)
    assert done == []
    assert room.store.state("formula").memory.reps == 1


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (200, 60)])
def test_every_kind_fits_every_terminal(room: Room, width: int, height: int) -> None:
    written(room.folder, *ALL)
    room.look = replace(room.look, width=min(max(width, 40), 88), height=height)
    room.drill(*["<enter>", "3"] * 12)
    assert len(room.shown) > 12
    for screen in room.shown:
        assert all(len(line) <= width for line in screen.split("\n")), screen


def test_plain_screens_never_repeat_the_question(room: Room) -> None:
    written(room.folder, BASIC)
    room.look = replace(room.look, plain=True)
    room.drill(" ", "3", limits=Limits(cards=1))
    assert "".join(room.shown).count("How is z drawn?") == 1
    assert "─" not in "".join(room.shown)


def test_plain_screens_name_the_keys_that_a_line_can_hold(room: Room) -> None:
    written(room.folder, BASIC)
    room.look = replace(room.look, plain=True)
    room.drill("?", "x", " ", "q")
    assert "space" not in "".join(room.shown)
    assert "enter: show the answer" in room.shown[0]
    assert "A key, then Enter." in room.shown[1]
    assert "enter: good" in room.shown[-1]


LONG = """\
- id: long
  front: |
    First line of a question that is longer than a small window.
    Second line.
    Third line.
    Fourth line.
    Last line of the question?
  back: |
    First line of the answer.
    Second line of the answer.
    Third line of the answer.
    Fourth line of the answer.
    Fifth line of the answer.
    Last line of the answer.
  source: a paper
"""


@pytest.mark.parametrize(("width", "height"), [(40, 12), (30, 9), (20, 6)])
def test_of_a_long_card_the_keys_are_always_in_view_and_all_of_it_can_be_read(
    room: Room, width: int, height: int
) -> None:
    written(room.folder, LONG)
    room.look = replace(room.look, width=width, height=height)
    room.drill(*[DOWN] * 30, " ", *[UP] * 40, *[PAGE_DOWN] * 40, *[PAGE_UP] * 40, "q")
    for screen in room.shown:
        lines = screen.split("\n")
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)
        assert "? help" in screen
    revealed = next(place for place, screen in enumerate(room.shown) if "1 again" in screen)
    flat = [" ".join(screen.split()) for screen in room.shown]
    assert "First" in flat[0]
    assert any("question?" in screen for screen in flat[:revealed])
    assert any("First line of the" in screen for screen in flat[revealed : revealed + 2]) or width < 30
    assert any("source: a" in screen for screen in flat[revealed:])
    assert "1 new" in flat[-1]
    assert flat[revealed - 1] == flat[revealed - 2]  # it ends at the end: pressing on changes nothing


def test_a_typed_answer_is_in_view_under_a_long_question(room: Room) -> None:
    written(room.folder, NUMERIC.replace("in nats?", "in nats? " + "Take your time. " * 30))
    room.look = replace(room.look, width=40, height=12)
    room.drill("0.25")
    assert "> 0.25" in room.shown[-1]


def test_a_flag_leaves_the_answer_where_it_is(room: Room) -> None:
    """The number typed stands, and the question keeps its numbers."""
    written(room.folder, NUMERIC)
    answer = right(room.folder, "kl-1d")
    (done,) = room.drill(answer, ENTER, "f", "f", " ", limits=Limits(cards=1))
    assert done.judged is True
    assert "✓ right" in room.shown[-1]
    assert "The flag is gone." in room.shown[-1]
    assert not room.store.state("kl-1d").flagged


def test_what_happened_is_said_once(room: Room) -> None:
    written(room.folder, BASIC, CHOICE, IMAGE)
    room.drill("s", " ", "1", "q")
    assert "Suspended" in room.shown[1]
    assert "Suspended" not in room.shown[-1]


def test_a_paste_belongs_to_an_answer_that_is_typed_and_to_nothing_else(room: Room) -> None:
    written(room.folder, BASIC, NUMERIC)
    answer = right(room.folder, "kl-1d")
    paste = Pasted(f" {answer}\x1b\nrm -rf /\n")
    done = room.drill(Pasted("q"), " ", Pasted("1"), "4", paste, Pasted(""), ENTER, Pasted("q"), " ")
    assert [d.rating for d in done[:2]] == [Rating.EASY, Rating.GOOD]
    assert done[1].judged is True


def test_help_stays_while_the_window_changes(room: Room) -> None:
    written(room.folder, BASIC)
    room.drill("?", REDRAW, REDRAW, "x", "q")
    assert ["Keys" in screen for screen in room.shown] == [False, True, True, True, False]


def test_undoing_the_answer_to_a_card_of_another_deck_says_which(room: Room) -> None:
    written(room.folder, BASIC)
    at_ms = START_MS - DAY_MS
    room.store.review("elsewhere", Rating.GOOD, at_ms, 0, expected_uid=None)
    room.store.close()
    room.store = Store.open(room.folder / FILE, "test", now=lambda: (START_MS, 0))
    assert room.drill("u", "u", "q") == []
    said = " ".join(room.shown[1].split())
    assert "Undone: your answer of yesterday to elsewhere." in said
    assert "How is z drawn?" in room.shown[1]
    assert "There is nothing to undo." in room.shown[2]
    assert room.store.state("elsewhere").memory.reps == 0


def test_practice_undone_after_an_edit_shows_the_new_text(room: Room) -> None:
    written(room.folder, BASIC, CHOICE)

    def edit(_: Card) -> str:
        written(room.folder, BASIC.replace("is z drawn", "do we draw z"), CHOICE.replace("comes first", "is first"))
        return "edited"

    room.edit = edit
    done = room.drill(" ", "3", "e", "u", practice=True)
    assert done == []
    assert "do we draw z" in room.shown[-1] or "is first" in room.shown[-1]


@pytest.mark.parametrize("practice", [False, True])
def test_an_edit_may_take_the_card_away(room: Room, practice: bool) -> None:
    written(room.folder, BASIC, CHOICE)

    def edit(_: Card) -> str:
        written(room.folder, CHOICE.replace("first-mask", "renamed"))
        return "edited"

    room.edit = edit
    (done,) = room.drill("e", " ", "3", limits=Limits(cards=1), practice=practice)
    assert done.card.id == "renamed"
    assert "Which mask" in room.shown[-1]


def test_a_card_forgotten_eight_times_leads_to_its_lesson_with_the_answer(room: Room) -> None:
    """Not with the question: a source may give the answer away."""
    written(room.folder, BASIC)
    at_ms, state = START_MS - 400 * DAY_MS, room.store.state("formula")
    for number in range(17):
        rating = Rating.AGAIN if number % 2 else Rating.EASY
        at_ms = max(at_ms + DAY_MS, state.memory.due_ms)
        state = room.store.review("formula", rating, at_ms, 0, expected_uid=state.last_uid)
    assert state.memory.lapses == 8
    room.days = (state.memory.due_day - learner_day(START_MS, 0)) + 1
    room.drill(" ", "q")
    assert "Forgotten 8 times" not in room.shown[0]
    assert "Forgotten 8 times: read its source again, practise it with `grade exercise1`, or mend the card" in " ".join(
        room.shown[-1].split()
    )


def test_a_clock_set_back_makes_no_endless_session(room: Room) -> None:
    written(room.folder, *ALL)
    source = Pressed(*["<enter>", " "] * 30)
    moments = iter([START_MS, *(START_MS - 50 * DAY_MS + 3_000 * n for n in range(10_000))])
    desk = Desk(source, room.shown.append, lambda: room.look, lambda: (next(moments), 0))  # type: ignore[arg-type]  # keys are keys
    pile = Practice(room.store, lambda: 7)
    done = Drill(desk, Cards(room.read, lambda _: "", room.store, lambda: 7), pile, Limits(minutes=0.2)).run()
    assert 1 <= len(done) <= 3
    assert all(0 <= answer.duration_ms < 60_000 for answer in done)


def test_a_session_goes_on_over_the_turn_of_the_day(room: Room) -> None:
    """An answer after four in the morning counts for the new day, and so do its new cards."""
    written(room.folder, BASIC, CHOICE, IMAGE)
    night = datetime.fromtimestamp(START_MS / 1000, UTC).replace(hour=3, minute=59, second=53)
    source = Pressed(" ", "4", " ", "4", " ", "4")
    source.at_ms = int(night.timestamp() * 1000)
    before = learner_day(source.at_ms, 0)

    def now() -> tuple[int, int]:
        return source.at_ms, 0

    desk = Desk(source, room.shown.append, lambda: room.look, now)  # type: ignore[arg-type]  # keys are keys
    cards = Cards(room.read, lambda _: "", room.store, lambda: 7)
    done = Drill(desk, cards, Today(room.store, now, 2, {}), Limits()).run()
    assert len(done) == 3
    assert [event.day - before for event in room.store.events()] == [0, 1, 1]


def test_names_of_keys_are_no_characters() -> None:
    """Or a typed answer could hold one."""
    named = [
        value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str) and name[0] != "_"
    ]
    assert len(named) == 11
    assert all(len(value) > 1 for value in named)


@pytest.mark.parametrize("practice", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_pressed_the_session_and_the_store_agree(room: Room, seed: int, practice: bool) -> None:
    """Answers, undos, flags, suspensions, edits, scrolling and nonsense in any order, in a small window."""
    written(room.folder, *ALL, LONG)
    rng = random.Random(seed)  # noqa: S311  no secret
    room.look = replace(room.look, width=rng.choice([20, 40, 88]), height=rng.choice([5, 12, 24]))
    named = [ENTER, ESCAPE, BACKSPACE, CLEAR, REDRAW, UP, DOWN, PAGE_UP, PAGE_DOWN, Pasted("0.5"), keys.OTHER]
    pressed = rng.choices([*named, *"  1234uuefs?abcx0.é界"], k=400)
    done = room.drill(*pressed, practice=practice)
    events = room.store.events()
    undone = {event.value for event in events if event.kind == "undo"}
    standing = [event for event in events if event.uid not in undone]
    reviews = sorted(event.card_id for event in standing if event.kind == "review")
    assert reviews == ([] if practice else sorted(answer.card.id for answer in done))
    states = room.store.states()
    room.store.rebuild()
    assert room.store.states() == states
