"""Saves as editors make them, on a real disk: each new text is told once, and nothing else is."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.watch.events import Saved, Unusable
from grader.watch.files import Watch

SECONDS = 30.0


class Told:
    """What a watch has told, in its order."""

    def __init__(self, path: Path) -> None:
        self._queue: queue.SimpleQueue[Saved | Unusable] = queue.SimpleQueue()
        self.watch = Watch(path, self._queue.put)

    def next(self) -> str:
        found = self._queue.get(timeout=SECONDS)
        return found.submission.source if isinstance(found, Saved) else f"! {found.message}"


@pytest.fixture(params=["inotify", "polling", "nobody tells"])
def told(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    if request.param != "inotify":
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    if request.param == "nobody tells":  # as on a network folder: then our own looks have to find it
        monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "600000")
    file = tmp_path / "work" / "f.py"
    file.parent.mkdir()
    file.write_text("x = 0")
    told = Told(file)
    assert told.next() == "x = 0"
    yield told
    told.watch.close()


def test_every_way_to_save(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "work" / "f.py"
    file.write_text("x = 10")
    assert told.next() == "x = 10"
    other = file.with_name("f.py.tmp")
    other.write_text("x = 200")  # VS Code, and all that replace atomically
    other.replace(file)
    assert told.next() == "x = 200"
    file.rename(file.with_name("f.py~"))  # vim: the old file is moved away, a new one written
    file.write_text("x = 3000")
    file.with_name("f.py~").unlink()
    assert told.next() == "x = 3000"
    lock = file.with_name(".#f.py")
    lock.symlink_to("me@here.1")  # emacs
    lock.unlink()
    os.utime(file)  # a touch is no save
    file.with_name("g.py").write_text("not ours")
    file.write_text("x = 40000")
    assert told.next() == "x = 40000"


def test_what_goes_and_comes_back(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "work" / "f.py"
    file.unlink()
    assert told.next() == "! f.py is gone. Grading goes on as soon as it is back."
    file.write_text("x = 0")
    assert told.next() == "x = 0"
    away = file.parent.rename(tmp_path / "away")
    assert told.next().startswith("! f.py is gone, with its folder")
    away.rename(file.parent)
    assert told.next() == "x = 0"
    file.write_text("x = (")
    message = told.next()
    assert message.startswith("! f.py, line 1: '(' was never closed\n    x = (\n        ^")
    assert message.endswith("Mend this line, and save.")
    file.write_text("")
    assert "f.py is empty" in told.next()


def test_a_text_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text("x = 1")
    told = Told(file)
    assert told.next() == "x = 1"
    status = file.stat()
    file.write_text("x = 2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert told.next() == "x = 2"
    told.watch.close()
