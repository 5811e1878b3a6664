"""Two devices and a folder between them: both end with everything, whatever else lies in the folder."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from read_only import read_only
from stores import START, Clock, answer, opened

from flashcards.clock import LAST_MS, learner_day
from flashcards.errors import SyncError
from flashcards.events import Event, EventKind, to_line
from flashcards.schedule import Rating
from flashcards.store import Store
from flashcards.sync import sync


@pytest.fixture
def clock() -> Clock:
    return Clock()


def event(uid: str, card: str = "a", at_ms: int = START, kind: EventKind = EventKind.REVIEW, value: str = "") -> Event:
    rating = Rating.GOOD if kind is EventKind.REVIEW else None
    return Event(uid, "phone", kind, card, at_ms, 0, learner_day(at_ms, 0), rating, value=value)


def everything(store: Store) -> tuple[object, object]:
    return store.events(), store.states()


def test_two_histories_become_one(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path / "1", clock, "laptop") as laptop, opened(tmp_path / "2", clock, "desk") as desk:
        for days in range(6):
            answer(laptop, "a", Rating.GOOD, clock)
            clock.wait(0.3)
            answer(desk, "a", Rating.HARD, clock)
            answer(desk, f"only-{days}", Rating.AGAIN, clock)
            clock.wait(days)
        laptop.suspend("a")
        desk.undo()
        assert everything(laptop) != everything(desk)
        folder = tmp_path / "shared"
        assert sync(laptop, folder).sent == 7
        first = sync(desk, folder)
        assert (first.sent, first.received, first.devices, first.problems) == (13, 7, ("desk", "laptop"), ())
        assert sync(laptop, folder).received == 13
        assert everything(laptop) == everything(desk)
        kept = everything(laptop)
        laptop.rebuild()
        assert everything(laptop) == kept


def test_a_second_time_changes_nothing(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path / "1", clock, "laptop") as laptop:
        answer(laptop, "a")
        sync(laptop, tmp_path / "shared")
        before = {path.name: path.read_bytes() for path in (tmp_path / "shared").iterdir()}
        report = sync(laptop, tmp_path / "shared")
        assert (report.sent, report.received) == (0, 0)
        assert {path.name: path.read_bytes() for path in (tmp_path / "shared").iterdir()} == before


operations = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["review", "undo", "suspend", "reset", "rename", "sync"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(Rating),
        st.floats(-3, 30),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=25)
@given(operations)
def test_three_devices_always_end_equal(done: list[tuple]) -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as opening:
        folder = Path(name)
        stores = [opening.enter_context(opened(folder / str(n), clock, f"device-{n}")) for n in range(3)]
        for number, what, card, rating, days in done:
            store = stores[number]
            if what == "review":
                answer(store, card, rating, clock)
            elif what == "undo":
                store.undo()
            elif what == "suspend":
                store.suspend(card, on=rating > 2)
            elif what == "reset":
                store.reset(card)
            elif what == "rename":
                store.alias(card, "abc"[rating - 2])
            else:
                sync(store, folder / "shared")
            clock.wait(days)
        for store in (*stores, *stores):
            assert sync(store, folder / "shared").problems == ()
        first, *others = (everything(store) for store in stores)
        assert all(other == first for other in others)
        assert sum(len(store.events()) for store in stores) == 3 * len(first[0])
        for store in stores:
            store.rebuild()
            assert everything(store) == first


def test_git_merges_without_a_conflict(tmp_path: Path, clock: Clock) -> None:
    def git(where: Path, *words: str) -> None:
        who = ["-c", "user.name=l", "-c", "user.email=l@example.org", "-c", "pull.rebase=false"]
        subprocess.run(["git", "-C", str(where), *who, *words], check=True, capture_output=True)

    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "hub")], check=True)
    clones = [tmp_path / "one", tmp_path / "two"]
    for clone in clones:
        subprocess.run(["git", "clone", "-q", str(tmp_path / "hub"), str(clone)], check=True, capture_output=True)
    git(clones[0], "commit", "-q", "--allow-empty", "-m", "begin")
    git(clones[0], "push", "-q", "origin", "HEAD:main")
    git(clones[1], "fetch", "-q")
    git(clones[1], "checkout", "-q", "-B", "main", "origin/main")
    with opened(tmp_path / "1", clock, "laptop") as laptop, opened(tmp_path / "2", clock, "desk") as desk:
        for _ in range(3):
            for store, clone in zip((laptop, desk), clones, strict=True):
                answer(store, "a", Rating.GOOD, clock)
                sync(store, clone)
                git(clone, "add", "-A")
                git(clone, "commit", "-q", "-m", "cards")
                clock.wait(1)
            for clone in clones:
                git(clone, "pull", "-q", "--no-edit", "origin", "main")
                git(clone, "push", "-q", "origin", "HEAD:main")
            git(clones[0], "pull", "-q", "--no-edit", "origin", "main")
        for store, clone in zip((laptop, desk), clones, strict=True):
            assert sync(store, clone).problems == ()
        assert everything(laptop) == everything(desk)
        assert len(laptop.events()) == 6


def test_a_line_that_was_cut_off_is_named_and_written_again(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "shared"
    with opened(tmp_path / "1", clock, "laptop") as laptop, opened(tmp_path / "2", clock, "desk") as desk:
        for card in "abc":
            answer(laptop, card)
        sync(laptop, folder)
        path = folder / "laptop.jsonl"
        path.write_bytes(path.read_bytes()[:-40])
        report = sync(desk, folder)
        assert report.received == 2
        assert report.problems == ("laptop.jsonl:3: it is not JSON, perhaps cut off; passed over",)
        report = sync(laptop, folder)
        assert report.sent == 1
        assert len(report.problems) == 1
        assert sync(desk, folder).received == 1
        assert desk.states() == laptop.states()


def test_files_of_others_are_passed_over_and_named(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    good = to_line(event("good"))
    (folder / "a.jsonl").write_text(f"{good}\n")
    (folder / "bytes.jsonl").write_bytes(random.Random(1).randbytes(5000) + b"\n" + to_line(event("in")).encode())  # noqa: S311
    (folder / "deep.jsonl").write_text("[" * 60_000 + "\n" + to_line(event("after")))
    (folder / "empty.jsonl").write_text("")
    (folder / "evil\x1b[2J.jsonl").write_text(
        to_line(event("x")).replace('"good"', '"\x1b]0;owned\x07"').replace('"x"', '"x y"')
    )
    (folder / "folder.jsonl").mkdir()
    (folder / "foreign.jsonl").write_text('{"name": "somebody else\'s"}\n' * 9)
    (folder / "long.jsonl").write_text("x" * 300_000 + "\n" + to_line(event("short")) + "\n")
    (folder / "notes.txt").write_text("not ours to read")
    (folder / "nothing.jsonl").symlink_to(folder / "missing")
    (folder / "page.jsonl").write_text("<html>\n")
    os.mkfifo(folder / "pipe.jsonl")
    with opened(tmp_path / "1", clock, "laptop") as store:
        report = sync(store, folder)
        assert {found.uid for found in store.events()} == {"good", "in", "after", "short"}
    assert report.received == 4
    named = {problem.split(":")[0] for problem in report.problems}
    assert named == {
        "bytes.jsonl",
        "deep.jsonl",
        "evil?[2J.jsonl",
        "folder.jsonl",
        "foreign.jsonl",
        "long.jsonl",
        "nothing.jsonl",
        "page.jsonl",
        "pipe.jsonl",
    }
    assert "foreign.jsonl: 4 more lines passed over" in report.problems
    assert all(problem.isprintable() for problem in report.problems)


def test_what_others_claim_happens_to_all_devices_alike(tmp_path: Path, clock: Clock) -> None:
    """Circles of names, undoing of what never was, the year 9000: odd, but the same for everybody."""
    folder = tmp_path / "shared"
    folder.mkdir()
    odd = [
        event("u1", "a", kind=EventKind.UNDO, value="never"),
        event("u2", "a", kind=EventKind.UNDO, value="u2"),
        event("u3", "a", kind=EventKind.ALIAS, value="b"),
        event("u4", "b", START + 1, EventKind.ALIAS, "a"),
        event("u5", "c", LAST_MS - 1000),
        event("u7", "d", LAST_MS),
        event("u6", "a", 0),
    ]
    (folder / "phone.jsonl").write_text("".join(f"{to_line(each)}\n" for each in odd))
    with opened(tmp_path / "1", clock, "laptop") as laptop, opened(tmp_path / "2", clock, "desk") as desk:
        for store in (laptop, desk, laptop):
            answer(store, "a", Rating.GOOD, clock)
            answer(store, "d", Rating.GOOD, clock)
            sync(store, folder)
        sync(desk, folder)
        assert everything(laptop) == everything(desk)
        now, day = clock.at_ms, learner_day(clock.at_ms, 0)
        assert laptop.state("c").memory.due(now, day), "answered in the year 9000: due, not lost"
        after = answer(laptop, "c", Rating.GOOD, clock)
        assert after.memory.due_day - day < 1000
        # Nothing comes after the last moment; whichever of two is counted first, the cache says the same.
        answer(laptop, "d", Rating.GOOD, clock)
        kept = laptop.states()
        laptop.rebuild()
        assert laptop.states() == kept


def test_a_link_does_not_lead_us_out_of_the_folder(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    precious = tmp_path / "precious"
    precious.write_text("my thesis")
    (folder / "laptop.jsonl").symlink_to(precious)
    with opened(tmp_path / "1", clock, "laptop") as store:
        answer(store, "a")
        with pytest.raises(SyncError, match=r"laptop\.jsonl"):
            sync(store, folder)
    assert precious.read_text() == "my thesis"


def test_a_folder_that_is_none(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    with opened(tmp_path / "1", clock) as store, pytest.raises(SyncError, match="is not a folder"):
        sync(store, tmp_path / "file")


def test_a_folder_that_cannot_be_written_still_gives(clock: Clock) -> None:
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as own:
        os.chmod(own, 0o777)  # noqa: PTH101, S103  whoever we are meanwhile may write here
        folder = Path(name)
        (folder / "phone.jsonl").write_text(to_line(event("good")) + "\n")
        with opened(Path(own) / "1", clock, "laptop") as store:
            answer(store, "b")
            with read_only(folder), pytest.raises(SyncError, match="Nothing is lost"):
                sync(store, folder)
            assert set(store.states()) == {"a", "b"}


def test_a_copied_database_loses_nothing_either(tmp_path: Path, clock: Clock) -> None:
    """Two devices of one name, as after copying the data folder: both append to one file."""
    with opened(tmp_path / "1", clock) as first:
        answer(first, "a")
    shutil.copy(tmp_path / "1", tmp_path / "2")
    with opened(tmp_path / "1", clock) as first, opened(tmp_path / "2", clock) as second:
        assert first.device == second.device
        answer(first, "b")
        answer(second, "c")
        for store in (first, second, first):
            sync(store, tmp_path / "shared")
        assert everything(first) == everything(second)
        assert len(first.events()) == 3
