"""A disk that is full, a file that is damaged, foreign, of the future, in use or read-only: words, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from read_only import read_only
from stores import Clock, answer, opened

from flashcards.database import VERSION
from flashcards.errors import StoreError
from flashcards.salvage import rebuild
from flashcards.schedule import Phase, Rating, Scheduler
from flashcards.store import Store

TODAY = date(2026, 11, 21)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with 300 answers."""
    path = tmp_path / "flashcards.sqlite3"
    clock = Clock()
    with opened(path, clock) as store, contextlib.ExitStack() as once:
        once.enter_context(_hasty(store))
        for number in range(300):
            answer(store, f"card{number % 40}", Rating(number % 4 + 1), clock)
            clock.wait(0.05)
    return path


@contextlib.contextmanager
def _hasty(store: Store) -> Iterator[None]:
    """Without waiting for the disk, which 300 times would take long on some machines."""
    store._database.execute("PRAGMA synchronous = OFF")
    yield
    store._database.execute("PRAGMA synchronous = FULL")


def use(path: Path) -> None:
    with opened(path) as store:
        store.states()
        answer(store, "card1")
        store.events()


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        use(path)
    message = str(caught.value)
    assert str(path) in message
    return message


def test_every_answer_reaches_the_disk_before_the_next_question(path: Path) -> None:
    with opened(path) as store:
        assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_events_cannot_be_changed_by_anybody(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        for attack in ("DELETE FROM event", "UPDATE event SET rating = 4"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                database.execute(attack)


def test_a_file_system_without_shared_memory_gets_the_ordinary_journal(tmp_path: Path) -> None:
    """A folder where SQLite would put its shared memory stands for a network file system."""
    path = tmp_path / "flashcards.sqlite3"
    Path(f"{path}-shm").mkdir()
    with opened(path) as one, opened(path) as two:
        assert one._database.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert one._database.execute("PRAGMA synchronous").fetchone() == (2,)
        answer(one, "a")
        answer(two, "b")
        assert set(one.states()) == {"a", "b"}


def test_a_database_that_moves_to_such_a_file_system_goes_on(path: Path) -> None:
    Path(f"{path}-shm").mkdir()
    with opened(path) as store:
        assert store._database.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert len(store.events()) == 300
        answer(store, "a")
    with opened(path) as store:
        assert len(store.events()) == 301


def test_a_newer_file_is_left_alone(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    assert "newer reparam" in refused(path)
    with pytest.raises(StoreError, match="newer reparam"):
        rebuild(path, Scheduler(), TODAY)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "flashcards.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE songs (name)")
    before = path.read_bytes()
    assert "another program" in refused(path)
    with pytest.raises(StoreError, match="another program"):
        rebuild(path, Scheduler(), TODAY)
    assert path.read_bytes() == before


def test_a_file_in_use_is_waited_for_and_then_said_to_be(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "in use" in refused(path)
        other.execute("ROLLBACK")
    with opened(path) as store:
        answer(store, "card1")


def test_a_folder_that_cannot_be_written() -> None:
    # Not pytest's own folder, into which nobody else may look.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flashcards.sqlite3"
        with opened(path) as store:
            answer(store, "a")
        with read_only(Path(folder)):
            message = refused(path)
            assert "--data" in message
        with read_only(Path(folder)), pytest.raises(StoreError, match=r"--data"):
            opened(Path(folder) / "new" / "flashcards.sqlite3")
        with opened(path) as store:
            assert store.state("a").memory.reps == 1


@pytest.mark.parametrize("what", ["a folder", "below a file"])
def test_a_path_that_can_be_no_file(tmp_path: Path, what: str) -> None:
    path = tmp_path / "flashcards.sqlite3"
    if what == "a folder":
        path.mkdir()
    else:
        path.write_text("")
        path = path / "flashcards.sqlite3"
    with pytest.raises(StoreError, match=r"flashcards\.sqlite3"):
        opened(path)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount a small disk")
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("mount is not allowed here")
    try:
        path = disk / "flashcards.sqlite3"
        clock = Clock()
        saved = 0
        with opened(path, clock) as store:
            try:
                while True:
                    answer(store, f"card{saved}", Rating.GOOD, clock)
                    saved += 1
            except StoreError as error:
                message = str(error)
            assert str(path) in message
            assert "disk is full" in message
            assert len(store.events()) == len(store.states()) == saved
        with contextlib.suppress(StoreError), opened(path, clock) as store:
            assert len(store.events()) == saved
        subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
        with opened(path, clock) as store:
            assert len(store.events()) == saved > 10
            answer(store, "after", Rating.GOOD, clock)
            assert len(store.states()) == saved + 1
            assert store._database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_garbage_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "flashcards.sqlite3"
    path.write_bytes(b"my shopping list\n" * 300)
    message = refused(path)
    assert "damaged" in message
    assert "flashcards rebuild" in message
    assert path.read_bytes() == b"my shopping list\n" * 300
    found = rebuild(path, Scheduler(), TODAY)
    assert found.events == 0
    assert found.kept == path.with_name("flashcards.sqlite3.damaged-2026-11-21")
    assert found.kept.read_bytes() == b"my shopping list\n" * 300
    with opened(path) as store:
        answer(store, "a")
    path.write_bytes(b"again" * 1000)
    assert rebuild(path, Scheduler(), TODAY).kept == path.with_name("flashcards.sqlite3.damaged-2026-11-21-2")


def test_a_cut_off_file_gives_what_it_still_holds(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])
    found = rebuild(path, Scheduler(), TODAY)
    assert found.kept is not None
    assert found.kept.read_bytes()[: len(content) // 2] == content[: len(content) // 2]
    assert 100 < found.events < 300
    with opened(path) as store:
        assert len(store.events()) == found.events
        assert len(store.states()) == found.cards
        answer(store, "card1")


@pytest.mark.parametrize("left", [0, 4096])
def test_answers_that_lie_in_the_log_only_are_found_too(path: Path, tmp_path: Path, left: int) -> None:
    """As after a power cut: the last answers have not reached the database's own file, and that is torn or emptied."""
    cut = tmp_path / "cut" / path.name
    cut.parent.mkdir()
    with opened(path) as store:
        answer(store, "last", Rating.HARD)
        shutil.copy(f"{path}-wal", f"{cut}-wal")
        cut.write_bytes(bytes(left) + path.read_bytes()[left:] if left else b"")
    assert "damaged" in refused(cut)
    found = rebuild(cut, Scheduler(), TODAY)
    assert found.kept is not None
    assert found.events == 301 if left else found.events > 0
    with opened(cut) as store:
        assert store.state("last").memory.reps == 1


def test_the_device_is_still_the_same_after_a_rebuilding(path: Path) -> None:
    with opened(path) as store:
        name = store.device
    path.write_bytes(path.read_bytes()[:-4096])
    assert rebuild(path, Scheduler(), TODAY).kept is not None
    with opened(path) as store:
        assert store.device == name
    assert not list(path.parent.glob("*rebuilding*"))


def test_a_rebuilding_that_finds_no_room_leaves_all_as_it_was() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flashcards.sqlite3"
        path.write_bytes(b"shopping list" * 500)
        with read_only(Path(folder)), pytest.raises(StoreError, match=r"--data"):
            rebuild(path, Scheduler(), TODAY)
        assert path.read_bytes() == b"shopping list" * 500
        assert [found.name for found in Path(folder).iterdir()] == [path.name]


def test_a_torn_page_costs_only_its_own_answers(path: Path) -> None:
    """Any one page of zeros: a refusal or right answers, never a traceback; and a rebuilding saves most."""
    content = path.read_bytes()
    with opened(path) as store:
        whole = set(store.events())
    page = 4096
    saved = []
    for number in range(len(content) // page):
        path.write_bytes(content[: number * page] + bytes(page) + content[(number + 1) * page :])
        with contextlib.suppress(StoreError), opened(path) as store:
            assert set(store.events()) <= whole
        path.write_bytes(content[: number * page] + bytes(page) + content[(number + 1) * page :])
        rebuild(path, Scheduler(), TODAY)
        with opened(path) as store:
            assert set(store.events()) <= whole
            saved.append(len(store.events()))
    assert sorted(saved)[len(saved) // 2] == 300, "most pages hold no answers, or can be done without"
    assert min(saved) > 200


@pytest.mark.slow
def test_random_damage_never_ends_in_a_traceback(path: Path) -> None:
    chance = random.Random(20261121)  # noqa: S311  damage is no secret
    content = path.read_bytes()
    with opened(path) as store:
        uids = {event.uid for event in store.events()}
    rebuilt = 0
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(StoreError), opened(path) as store:
            store.states()
            store.events()
        path.write_bytes(damaged)
        with contextlib.suppress(StoreError):
            rebuild(path, Scheduler(), TODAY)
            with opened(path) as store:
                # A changed byte may change a uid and still be one.
                assert len({event.uid for event in store.events()} & uids) > 200
            rebuilt += 1
        for other in path.parent.glob("flashcards.sqlite3*"):
            other.unlink()
    # Where a changed byte says that the file is another program's, it is left alone.
    assert rebuilt > 50


def test_a_sound_file_is_rebuilt_in_place(path: Path) -> None:
    with opened(path) as store:
        before = store.states()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE state SET due_day = 1, lapses = 99")
        database.execute("DELETE FROM state WHERE card_id = 'card7'")
    found = rebuild(path, Scheduler(), TODAY)
    assert (found.cards, found.events, found.kept, found.unreadable) == (40, 300, None, 0)
    with opened(path) as store:
        assert store.states() == before


def test_a_state_that_nobody_wrote_is_named_as_damage(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE state SET phase = 'asleep' WHERE card_id = 'card7'")
    assert "damaged" in refused(path)
    rebuild(path, Scheduler(), TODAY)
    with opened(path) as store:
        assert store.state("card7").memory.phase is not Phase.NEW


def test_the_device_keeps_its_name(path: Path) -> None:
    with opened(path) as store:
        name = store.device
        answer(store, "a")
        assert {event.device for event in store.events()} == {name}
    with opened(path) as store:
        assert store.device == name
    with opened(path, device="My Laptop/../é") as store:
        assert store.device == "My-Laptop"


def test_an_answer_of_any_text_is_kept(path: Path) -> None:
    typed = "½ σ² \x00\x1b[2J \ud800 " + "x" * 5000
    with opened(path) as store:
        store.review("b", Rating.GOOD, *Clock()(), answer=typed, expected_uid=None)
        (kept,) = (event.answer for event in store.events() if event.card_id == "b")
        assert kept.startswith("½ σ² \x00\x1b[2J ? x")
        assert len(kept) == 2000


def test_reading_first_costs_no_scheduler(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from flashcards.store import Store\n"
        f"with Store.open(Path({str(path)!r})) as store: assert len(store.states()) == 40\n"
        "sys.exit(bool({'fsrs', 'torch', 'numpy', 'pytest', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
