"""From events to states: whatever happens, in whichever order it becomes known."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import START, Clock, answer, opened

from flashcards.clock import DAY_MS, FIRST_DAY, FIRST_MS, LAST_DAY, LAST_MS, learner_day
from flashcards.events import Event, EventKind, from_line, to_line
from flashcards.fold import UNSEEN, current_names, fold, replay
from flashcards.schedule import NEW, Phase, Rating, Scheduler, Settings
from flashcards.store import Conflict, Store

SCHEDULER = Scheduler()
CARDS = ("a", "b", "c")

cards = st.sampled_from(CARDS)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
uids = st.from_regex(r"[0-9A-Za-z._-]{1,64}", fullmatch=True)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(EventKind))
    values = {EventKind.SUSPEND: st.sampled_from(["on", "off"]), EventKind.FLAG: st.sampled_from(["on", "off"])}
    return Event(
        uid=draw(uids),
        device=draw(uids),
        kind=kind,
        card_id=draw(names),
        at_ms=draw(st.integers(FIRST_MS, LAST_MS)),
        tz_offset_min=draw(st.integers(-1080, 1080)),
        day=draw(st.integers(FIRST_DAY, LAST_DAY)),
        rating=draw(st.sampled_from(Rating)) if kind is EventKind.REVIEW else None,
        duration_ms=draw(st.integers(0, 2**53)),
        seed=draw(st.integers(0, 2**63 - 1)),
        answer=draw(texts),
        card_rev=draw(texts),
        value=draw(values.get(kind, names)),
    )


@given(events())
def test_a_line_is_the_event(event: Event) -> None:
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event


@given(
    st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists).map(repr)
)
def test_no_other_line_is_an_event(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_line(line)


@pytest.mark.parametrize(
    "wrong",
    [
        {"uid": ""},
        {"uid": "a b"},
        {"uid": "../../x"},
        {"uid": 3},
        {"device": "x" * 65},
        {"kind": "delete"},
        {"card_id": ""},
        {"card_id": "a\x1b[2J"},
        {"card_id": "a\ud800"},
        {"at_ms": -1},
        {"at_ms": 10**18},
        {"at_ms": 1.5},
        {"at_ms": True},
        {"day": 0},
        {"day": None},
        {"tz_offset_min": 100_000},
        {"rating": 0},
        {"rating": 5},
        {"rating": True},
        {"rating": None},
        {"duration_ms": -1},
        {"seed": 2**63},
        {"answer": "x" * 2001},
        {"answer": None},
        {"answer": "\udfff"},
        {"kind": "suspend", "value": "maybe"},
        {"kind": "undo", "value": ""},
        {"kind": "alias", "value": "\x00"},
    ],
)
def test_nothing_unbelievable_becomes_an_event(wrong: dict) -> None:
    right = json.loads(to_line(Event("u", "d", EventKind.REVIEW, "a", START, 0, learner_day(START, 0), Rating.GOOD)))
    assert from_line(json.dumps(right)).uid == "u"
    with pytest.raises(ValueError, match=r".+"):
        from_line(json.dumps(right | wrong))


def test_a_deeply_nested_line_is_no_event() -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_line("[" * 100_000)


@given(st.lists(events(), max_size=12, unique_by=lambda event: event.uid), st.randoms(use_true_random=False))
def test_the_order_in_which_events_become_known_does_not_matter(found: list[Event], chance: random.Random) -> None:
    """Any events at all, also such as no program of ours would write."""
    shuffled = list(found)
    chance.shuffle(shuffled)
    states = fold(found, SCHEDULER)
    assert fold(shuffled, SCHEDULER) == states
    for step in replay(found, SCHEDULER):
        assert 0 <= step.recall <= 1
        assert step.after.reps == step.before.reps + 1


def renamed(*pairs: tuple[str, str]) -> list[Event]:
    return [Event(f"u{i}", "d", EventKind.ALIAS, old, START + i, 0, 0, value=new) for i, (old, new) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([("a", "b")], {"a": "b"}),
        ([("a", "b"), ("b", "c")], {"a": "c", "b": "c"}),
        ([("b", "c"), ("a", "b")], {"a": "c", "b": "c"}),  # as when a device with an older deck renames later
        ([("a", "b"), ("b", "c"), ("b", "a")], {"b": "a"}),
        ([("a", "b"), ("b", "a")], {"b": "a"}),
        ([("a", "b"), ("b", "c"), ("c", "a")], {"b": "a", "c": "a"}),
        ([("a", "a")], {}),
    ],
)
def test_renaming(pairs: list[tuple[str, str]], names: dict[str, str]) -> None:
    assert current_names(renamed(*pairs)) == names


@given(st.lists(st.tuples(cards, cards), max_size=8))
def test_renaming_never_runs_in_circles(pairs: list[tuple[str, str]]) -> None:
    names = current_names(renamed(*pairs))
    assert not set(names) & set(names.values())


OPERATIONS = st.one_of(
    st.tuples(st.just("review"), cards, st.sampled_from(Rating)),
    st.tuples(
        st.sampled_from(["suspend", "resume", "flag", "unflag", "reset", "undo", "rename", "other"]), cards, cards
    ),
    # Days, also backwards: wrong clocks, travellers.
    st.tuples(st.just("wait"), st.floats(-400, 400), st.integers(-720, 840)),
    st.tuples(st.just("settings"), st.sampled_from([0.8, 0.9]), st.none()),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(OPERATIONS, min_size=1, max_size=25))
def test_the_cache_is_the_fold_of_the_events(operations: list[tuple]) -> None:
    """After anything at all that can be done, in two terminals, under any clock."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flashcards.sqlite3"
        clock = Clock()
        stores = [opened(path, clock), opened(path, clock)]
        try:
            for name, first, second in operations:
                stores = perform(stores, clock, path, name, first, second)
            kept = stores[0].states()
            scheduler = stores[0].scheduler
            known = stores[0].events()
            stores[0].rebuild()
            rebuilt = stores[0].states()
        finally:
            for store in stores:
                store.close()
    assert rebuilt == kept
    assert fold(known, scheduler) == rebuilt


def perform(stores: list[Store], clock: Clock, path: Path, name: str, first: object, second: object) -> list[Store]:
    store, other = stores
    match name:
        case "review":
            answer(store, first, second, clock)
        case "suspend" | "resume":
            assert store.suspend(first, on=name == "suspend").suspended is (name == "suspend")
        case "flag" | "unflag":
            assert store.flag(first, on=name == "flag").flagged is (name == "flag")
        case "reset":
            assert store.reset(first).memory == NEW
        case "rename":
            assert store.alias(first, second) == store.state(second) == store.state(first)
        case "undo":
            before = {event.uid for event in store.events() if event.kind is EventKind.UNDO}
            undone = store.undo()
            after = {event.uid for event in store.events() if event.kind is EventKind.UNDO}
            assert len(after - before) == (undone is not None)
        case "wait":
            clock.wait(first)
            clock.offset = second
        case "settings":
            for each in stores:
                each.close()
            return [opened(path, clock, settings=Settings(retention=first)) for _ in stores]
        case "other":
            return [other, store]
    return stores


def test_undo_takes_back_one_thing_after_the_other(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        first = answer(store, "a", Rating.GOOD, clock)
        second = answer(store, "a", Rating.GOOD, clock)
        store.flag("a")
        store.reset("b")
        seen = [store.undo() for _ in range(5)]
        assert [event and event.kind for event in seen] == ["reset", "flag", "review", "review", None]
        assert store.state("a").memory == NEW
        assert store.state("a").first_day is None
        assert store.state("a").last_uid is not None, "who still shows the card must notice"
        again = answer(store, "a", Rating.GOOD, clock)
        assert again.memory.stability == first.memory.stability
        assert second.memory.phase is Phase.REVIEW


def test_undo_leaves_alone_what_another_terminal_did(tmp_path: Path) -> None:
    with opened(tmp_path / "f") as one, opened(tmp_path / "f") as two:
        answer(one, "a")
        answer(two, "b")
        undone = one.undo()
        assert undone is not None
        assert undone.card_id == "a"
        assert one.undo() is None
        assert two.state("b").memory.reps == 1
    with opened(tmp_path / "f") as later:
        undone = later.undo()
        assert undone is not None
        assert undone.card_id == "b"


def test_a_renamed_card_keeps_its_days(tmp_path: Path) -> None:
    """The fuzz is that of the name under which a card was answered."""
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        for _ in range(6):
            before = answer(store, "old", Rating.GOOD, clock)
            clock.at_ms = before.memory.due_ms
        assert store.alias("old", "new") == before
        assert store.states() == {"new": before}
        assert store.state("old") == before
        store.alias("old", "new")
        assert len(store.events()) == 7, "a second time changes nothing"
        assert answer(store, "old", Rating.GOOD, clock) == store.state("new")


def test_two_terminals_cannot_rate_one_card_twice(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as one, opened(tmp_path / "f", clock) as two:
        seen = two.state("a").last_uid
        answer(one, "a", Rating.AGAIN, clock)
        with pytest.raises(Conflict):
            two.review("a", Rating.EASY, *clock(), expected_uid=seen)
        assert two.state("a") == one.state("a")
        assert len(two.events()) == 1
        one.undo()
        with pytest.raises(Conflict):
            two.review("a", Rating.EASY, *clock(), expected_uid=None)
        one.flag("a")
        assert answer(two, "a", Rating.EASY, clock).flagged


def test_a_reset_card_is_new_and_keeps_its_history(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        answer(store, "a", Rating.EASY, clock)
        store.suspend("a")
        state = store.reset("a")
        assert (state.memory, state.first_day, state.suspended) == (NEW, None, True)
        assert [event.kind for event in store.events()] == ["review", "suspend", "reset"]


def test_what_was_never_touched_is_new(tmp_path: Path) -> None:
    with opened(tmp_path / "f") as store:
        assert store.state("never") == UNSEEN
        assert store.states() == {}


@pytest.mark.parametrize("days", [-4000, -1.0, 4000])
def test_a_clock_that_jumps_never_breaks_the_order(tmp_path: Path, days: float) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        for _ in range(4):
            before = answer(store, "a", Rating.GOOD, clock)
            clock.wait(days)
            after = answer(store, "a", Rating.HARD, clock)
            assert after.memory.reps == before.memory.reps + 1
            assert after.memory.last_ms > before.memory.last_ms
            clock.wait(-days)
        uids = [event.uid for event in store.events()]
        assert uids[-1] == after.last_uid
        assert store.state("a").memory.due_day - learner_day(*clock()) < 20_000


def test_other_settings_give_other_states_and_the_old_ones_back(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        for _ in range(4):
            clock.at_ms = answer(store, "a", Rating.GOOD, clock).memory.due_ms
        usual = store.states()
    with opened(tmp_path / "f", clock, settings=Settings(retention=0.97)) as store:
        assert store.state("a").memory.interval < usual["a"].memory.interval
    with opened(tmp_path / "f", clock) as store:
        assert store.states() == usual


def test_only_events_of_the_days_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "f", clock) as store:
        answer(store, "a", Rating.GOOD, clock)
        clock.at_ms += 3 * DAY_MS
        answer(store, "b", Rating.GOOD, clock)
        assert [event.card_id for event in store.events()] == ["a", "b"]
        assert [event.card_id for event in store.events(learner_day(*clock()))] == ["b"]
