"""`results.jsonl` as it is on the disk: torn, damaged, full, written anew; and what a folder remembers."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from graded_classes import ended, record
from read_only import read_only
from small_disks import filled, small_disk

from grader.classroom.batch import settings
from grader.classroom.batch.ledger import FILE, Ledger
from grader.classroom.batch.record import Record
from grader.classroom.batch.settings import Settings
from grader.errors import UnusableInput
from grader.report import Status

__all__ = ["small_disk"]

PASSED, FAILED = ended("test_z"), ended("test_z", Status.FAILED, message="σ² \x1b ✗ \u2028")
ADA, BOB, EVE = (record(name, "exercise1", PASSED) for name in ("ada", "bob", "eve"))


def written(folder: Path, *records: Record) -> Path:
    """A ledger with these lines."""
    with Ledger(folder) as ledger:
        for one in records:
            ledger.append(one)
    return folder / FILE


def test_what_was_appended_is_there_again(tmp_path: Path) -> None:
    odd = replace(BOB, student="bo\udcffb", problem="no \u2028 Python\nat all", report=None)
    path = written(tmp_path, ADA, odd)
    with Ledger(tmp_path) as ledger:
        assert dict(ledger) == {(one.student, one.exercise): one for one in (ADA, odd)}
        assert ledger.remarks == []
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["student"] for line in lines] == ["ada", "bo\udcffb"]
    assert [Record.from_json(json.loads(line)) for line in lines] == [ADA, odd]


def test_the_last_line_about_a_student_counts(tmp_path: Path) -> None:
    worse = record("ada", "exercise1", FAILED)
    path = written(tmp_path, ADA, BOB, worse)
    with Ledger(tmp_path) as ledger:
        assert dict(ledger) == {("ada", ADA.exercise): worse, ("bob", BOB.exercise): BOB}
        assert len(path.read_bytes().splitlines()) == 3
        ledger.settle()
        assert dict(ledger) == {("ada", ADA.exercise): worse, ("bob", BOB.exercise): BOB}
        ledger.append(EVE)
    assert [json.loads(line)["student"] for line in path.read_bytes().splitlines()] == ["ada", "bob", "eve"]


def test_settled_files_of_the_same_class_are_the_same(tmp_path: Path) -> None:
    paths = []
    for number, order in enumerate(([ADA, BOB, EVE], [EVE, ADA, BOB, EVE])):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(written(folder, *order))
        with Ledger(folder) as ledger:
            ledger.settle()
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_settling_changes_what_it_is_told_to_and_nothing_else(tmp_path: Path) -> None:
    worse = record("bob", "exercise1", FAILED)
    path = written(tmp_path, EVE, BOB, ADA)
    with Ledger(tmp_path) as ledger:
        ledger.settle({("bob", BOB.exercise): worse})
        assert [ledger[key] for key in ledger] == [ADA, worse, EVE]
    inode = path.stat().st_ino
    with Ledger(tmp_path) as ledger:
        assert [ledger[key] for key in ledger] == [ADA, worse, EVE]
        ledger.settle()
    assert path.stat().st_ino == inode, "a sound file is left alone"


@pytest.mark.parametrize("cut", [1, 2, 50, -1])
def test_a_torn_last_line_goes_and_is_told_of(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, ADA, BOB)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[:-cut] if cut > 0 else whole[: first + 1])
    with Ledger(tmp_path) as ledger:
        assert dict(ledger) == {("ada", ADA.exercise): ADA}
        (remark,) = ledger.remarks
        assert "torn" in remark
        ledger.append(EVE)
    assert path.read_bytes()[:first] == whole[:first]
    with Ledger(tmp_path) as ledger:
        assert ledger.remarks == []
        assert list(ledger.values()) == [ADA, EVE]


@pytest.mark.parametrize(
    "damage",
    [b"\0" * 40, b"{}", b"[1]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"student": 1}'],
    ids=["zeros", "empty", "list", "null", "text", "bytes", "deep", "fields"],
)
def test_a_damaged_line_costs_no_other(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path, ADA)
    with path.open("ab") as file:
        file.write(damage + b"\n")
    written(tmp_path, BOB)
    with Ledger(tmp_path) as ledger:
        assert list(ledger.values()) == [ADA, BOB]
        assert "line 2, is damaged" in ledger.remarks[0]
        ledger.settle()
    with Ledger(tmp_path) as ledger:
        assert ledger.remarks == []


def test_a_line_of_wrong_types_is_damaged(tmp_path: Path) -> None:
    path = written(tmp_path, ADA)
    path.write_text(json.dumps({**ADA.to_json(), "student": 7}) + "\n" + path.read_text())
    with Ledger(tmp_path) as ledger:
        assert list(ledger.values()) == [ADA]
        assert len(ledger.remarks) == 1


def test_some_records_are_read_when_they_are_wanted(tmp_path: Path) -> None:
    written(tmp_path, ADA, BOB)
    ada, nobody = ("ada", ADA.exercise), ("nobody", ADA.exercise)
    with Ledger(tmp_path) as ledger:
        some = ledger.only([ada, nobody])
        assert (list(some), len(some), some[ada], some.get(nobody)) == ([ada], 1, ADA, None)
        assert some.get(("bob", BOB.exercise)) is None
        better = replace(ADA, seed=8)
        ledger.append(better)
        assert some[ada] == better


def test_the_disk_is_waited_for_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: Iterator[float] = iter([0.0, 0.5, 0.9, 1.1, 1.1, 1.2])
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Ledger(tmp_path, clock=lambda: next(seconds)) as ledger:
        for count, one in ((0, ADA), (0, BOB), (1, EVE), (1, ADA)):
            ledger.append(one)
            assert len(synced) == count


def test_a_full_disk_says_so_and_keeps_what_was_kept(small_disk: Path) -> None:
    kept: list[str] = []
    with filled(small_disk, leave=3 * 4096), Ledger(small_disk) as ledger:
        with pytest.raises(UnusableInput, match=os.strerror(errno.ENOSPC)) as stopped:  # noqa: PT012  until it is full
            for number in range(1000):
                ledger.append(record(f"s{number:03}", "exercise1", FAILED))
                kept.append(f"s{number:03}")
        assert "run the same command again" in str(stopped.value)
        assert [one.student for one in ledger.values()] == kept
        with pytest.raises(UnusableInput, match=os.strerror(errno.ENOSPC)):
            ledger.settle({("s000", ADA.exercise): record("s000", "exercise1", PASSED)})
        assert [one.student for one in ledger.values()] == kept
    assert len(kept) > 2
    with Ledger(small_disk) as ledger:  # there is room again
        assert ledger.remarks == []
        assert [one.student for one in ledger.values()] == kept
        ledger.append(EVE)
        ledger.settle()
        assert len(ledger) == len(kept) + 1


def test_a_folder_that_cannot_be_written() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, ADA)
        with read_only(folder), pytest.raises(UnusableInput, match="cannot be used: Permission denied"):
            Ledger(folder)


# --- what a folder remembers -----------------------------------------------------------------------------------


def test_a_folder_remembers_its_seed(tmp_path: Path) -> None:
    assert settings.read(tmp_path) is None
    settings.keep(tmp_path, Settings(7, variants=True))
    assert settings.read(tmp_path) == Settings(7, variants=True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "reparam.batch/9", "seed": 1, "variants": false}', "\0"])
def test_what_another_version_wrote_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / settings.FILE).write_text(text)
    with pytest.raises(UnusableInput, match="Give another --out"):
        settings.read(tmp_path)
    assert (tmp_path / settings.FILE).read_text() == text


@pytest.mark.parametrize(
    ("kept", "seed", "variants", "mend"),
    [
        (Settings(7, variants=False), 8, False, "Leave --seed out"),
        (Settings(7, variants=False), None, True, "Leave --variants out"),
        (Settings(7, variants=True), 7, False, "Give --variants"),
    ],
)
def test_marks_of_two_kinds_do_not_get_mixed(kept: Settings, seed: int | None, variants: bool, mend: str) -> None:
    with pytest.raises(UnusableInput, match=mend):
        settings.agreed(kept, seed, variants=variants, drawn=1)


def test_whoever_agrees_goes_on() -> None:
    kept = Settings(7, variants=True)
    assert settings.agreed(kept, None, variants=True, drawn=1) == kept
    assert settings.agreed(kept, 7, variants=True, drawn=1) == kept
    assert settings.agreed(None, None, variants=False, drawn=1) == Settings(1, variants=False)
    assert settings.agreed(None, 0, variants=False, drawn=1) == Settings(0, variants=False)


def test_nothing_that_was_set_aside_is_written_over(tmp_path: Path) -> None:
    for text in ("first", "second"):
        (tmp_path / FILE).write_text(text)
        settings.set_aside(tmp_path)
    settings.set_aside(tmp_path)
    names = [settings.BEFORE.format(number) for number in (1, 2)]
    assert [(tmp_path / name).read_text() for name in names] == ["first", "second"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_one_run_at_a_time(tmp_path: Path) -> None:
    who = rf"Another `grade batch`.*process {os.getpid()}"
    with settings.locked(tmp_path / "a" / "out"), pytest.raises(UnusableInput, match=who):
        settings.locked(tmp_path / "a" / "out").__enter__()
    with settings.locked(tmp_path / "a" / "out"):
        pass


def test_a_batch_keeps_to_a_folder_of_its_own(tmp_path: Path) -> None:
    source, out = tmp_path / "class", tmp_path / "out"
    source.mkdir()
    for place in (source, source / "out"):
        with pytest.raises(UnusableInput, match="among the submissions"):
            settings.check_place(place, source)
    settings.check_place(out, source)
    out.mkdir()
    (out / ".DS_Store").write_text("")
    settings.check_place(out, source)
    (out / "thesis.tex").write_text("")
    with pytest.raises(UnusableInput, match=r"not of a batch \(thesis.tex\)"):
        settings.check_place(out, source)
    with pytest.raises(UnusableInput, match="is a file"):
        settings.check_place(out / "thesis.tex", source)
