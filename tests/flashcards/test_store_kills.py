"""Power cuts and two terminals: whatever was acknowledged is there afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from stores import opened

from flashcards.events import EventKind
from flashcards.fold import fold

WRITER = [sys.executable, str(Path(__file__).with_name("writer.py"))]
KILLS = 60


def test_no_acknowledged_answer_is_lost_when_its_process_is_killed(tmp_path: Path) -> None:
    """Killed at any moment: while it starts, makes the file, answers, undoes."""
    moments = random.Random(20261121)  # noqa: S311  no secret
    path = tmp_path / "flashcards.sqlite3"
    said: list[str] = []
    died_at_work = 0
    for attempt in range(KILLS):
        process = subprocess.Popen([*WRITER, str(path), f"{attempt}-", "100000", "20"], stdout=subprocess.PIPE)
        assert process.stdout is not None
        if attempt % 5:
            first = process.stdout.readline()
            died_at_work += bool(first)
            said += [first.decode().strip()]
            time.sleep(moments.uniform(0, 0.05))  # the moment of the kill, not a wait for anything
        else:
            time.sleep(moments.uniform(0, 0.3))  # as above, perhaps before the first answer
        process.kill()
        rest, _ = process.communicate()
        # A word cut off by the kill was not acknowledged.
        lines = rest.decode().split("\n")[:-1]
        said += lines
    with opened(path) as store:
        events = store.events()
        kept = store.states()
        assert fold(events, store.scheduler) == kept
        integrity = store._database.execute("PRAGMA integrity_check").fetchone()[0]
    assert integrity == "ok"
    answers = {event.uid: event.answer for event in events if event.kind is EventKind.REVIEW}
    undone = {answers[event.value] for event in events if event.kind is EventKind.UNDO}
    acknowledged = {line for line in said if not line.startswith("undone")}
    assert died_at_work >= KILLS / 2
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(answers.values())
    assert {line.removeprefix("undone ") for line in said if line.startswith("undone")} <= undone
    assert len(set(answers.values())) == len(answers), "no answer is there twice"


def test_two_terminals_write_at_once(tmp_path: Path) -> None:
    """Three hundred answers each, from the making of the file on, most of them to the same cards."""
    path = tmp_path / "flashcards.sqlite3"
    writers = [
        subprocess.Popen([*WRITER, str(path), name, "300", "5"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in ("a", "b")
    ]
    ends = [writer.communicate(timeout=300) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    with opened(path) as store:
        events = store.events()
        assert fold(events, store.scheduler) == store.states()
    answers = [event.answer for event in events if event.kind is EventKind.REVIEW]
    assert sorted(answers) == sorted(f"{name}{number}" for name in "ab" for number in range(300))
