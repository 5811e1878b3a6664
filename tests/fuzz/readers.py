"""What reads bytes that anybody may have written, each as a function of bytes that ends in words or not at all.

A function here returns None: the input was read, or refused as its reader refuses. Whatever else it raises is a fault
of ours. `fuzz.py` searches for one, `test_fuzz.py` replays what it kept.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from flashcards import events, met
from flashcards.document import DeckError
from flashcards.reading import parsed_deck
from flashcards.yaml_nodes import NotOurYaml, build
from grader import progress
from grader.classroom import handed_in
from grader.classroom.batch.archives import unpacked
from grader.classroom.batch.ledger import Ledger
from grader.course import Course, built_in
from grader.errors import UnusableInput
from grader.kernel.cells import Run, Saved, as_run, as_saved, only_in_kernel
from grader.met import note
from grader.notebook import code_cells
from grader.past import History, steps
from grader.render.history import history_page
from grader.render.page import Look
from grader.report import CheckResult, Report, Status
from grader.submission import from_bytes

# In memory where there is such a place: a fuzzer writes thousands of files a second.
FOLDER = Path(tempfile.mkdtemp(prefix="reparam-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108  a name of its own in it
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_FAILED = CheckResult("test_z", "z", Status.FAILED, 0, 1, misconception="variance_as_std")
REPORT = Report("exercise1_reparameterization", "", (_FAILED,), 0.0, (), 0)
_TABLES = """
CREATE TABLE attempts (
    id, at, exercise, points, max_points, passed, seconds, seed, misconceptions, open_checks, passed_checks
);
CREATE TABLE hints (exercise, name, taken);
CREATE TABLE latest_reports (exercise, at, report);
PRAGMA user_version = 3;
"""


def _file(data: bytes, name: str) -> Path:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# --- the wire ---------------------------------------------------------------------------------------------


def wire(data: bytes) -> None:
    """A frame: two bytes say how many 16 bytes of payload there are, the rest is the header."""
    from wires import decoded_and_believed  # late: only this reader needs torch

    if len(data) >= 2:
        decoded_and_believed(data[2:], struct.unpack("<H", data[:2])[0] % 1024 * 16)


# --- what learners hand in ---------------------------------------------------------------------------------


def submission(data: bytes) -> None:
    """A file of Python."""
    with suppress(UnusableInput):
        read = from_bytes(data, Path("exercise1.py"))
        read.source.encode()


def notebook(data: bytes) -> None:
    """A notebook, as `grade` reads it."""
    with suppress(UnusableInput):
        read = from_bytes(data, Path("exercise1.ipynb"))
        assert [read.place(start + 1) for start in read.cells] == [
            f"code cell {number}, line 1" for number in range(1, len(read.cells) + 1)
        ]


def handed(data: bytes) -> None:
    """A notebook, as nbgrader's commands get it from us: always one that can be written again."""
    read = handed_in.read(_file(data, "handed.ipynb"))
    json.dumps(read, ensure_ascii=False).encode()
    for cell in read["cells"]:
        handed_in.harmless(cell["source"])


def kernel(data: bytes) -> None:
    """What a running kernel knows: the saved cells, and what ran."""
    try:
        cells = code_cells(data.decode("utf-8", "surrogatepass"), "saved.ipynb")
    except (UnicodeDecodeError, UnusableInput):
        return
    runs = [Run(place, cell.source, cell.id, None) for place, cell in enumerate(reversed(cells), 1)]
    written = as_saved(Saved(tuple(cells), 1.0, fresh=True), runs)
    only_in_kernel(written.sources, ["z"], {"z", "torch"})
    as_run(runs)


def archive(data: bytes) -> None:
    """A class in an archive: nothing comes of it but files to grade, in its folder."""
    into = FOLDER / "unpacked"
    for name in ("class.zip", "class.tar"):
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        with suppress(UnusableInput):
            unpacked(_file(data, name), into)
        for root, folders, files in os.walk(into):
            for one in (Path(root, below) for below in (*folders, *files)):
                assert not one.is_symlink()
                assert one.is_dir() or one.suffix.casefold() in (".py", ".ipynb")
    assert sorted(FOLDER.glob("*.py")) == []


# --- files of courses and cards ---------------------------------------------------------------------------


def course(data: bytes) -> None:
    """A course file."""
    with suppress(UnusableInput):
        Course.load(_file(data, "course/exercises/course.yaml"))


def deck(data: bytes) -> None:
    """A deck of cards; what is in order can be asked."""
    from flashcards.lint import card_problems

    try:
        text = data.decode()
        found, _ = parsed_deck(Path("deck.yaml"), build(text))
    except (UnicodeDecodeError, NotOurYaml, DeckError):
        return
    for card in found.cards[:2] if found is not None else ():
        list(card_problems(card))


# --- lines that programs of ours keep ------------------------------------------------------------------------


def lines(data: bytes) -> None:
    """Lines of JSON: the ledger of a batch, the misconceptions that were met, the answers of another device."""
    for meeting in met.latest(_file(data, met.FILE).parent).values():
        meeting.at.timestamp()
    note(REPORT, NOON, {"REPARAM_DATA": str(FOLDER)})
    for line in data.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            events.to_line(events.from_line(line))


def ledger(data: bytes) -> None:
    """The results of a batch that was stopped; what is read of them can be written again."""
    file = _file(data, "batch/results.jsonl")
    with suppress(UnusableInput), Ledger(file.parent) as found:
        for record in found.values():
            record.to_json()
        found.settle()


def kept(data: bytes) -> None:
    """The progress of a workspace, with any values in any column."""
    try:
        rows = json.loads(data)
        tables = {name: [list(row) for row in rows[name]] for name in ("attempts", "hints", "latest_reports")}
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    home = FOLDER / "home"
    path = home / progress.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_TABLES)
        for name, values in tables.items():
            for row in values[:50]:
                with suppress(sqlite3.Error, OverflowError, UnicodeEncodeError):
                    database.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608  ours
        database.commit()
    with suppress(progress.ProgressUnavailable):
        history = History.of(home, NOON, UTC)
        json.dumps(history.to_json())
        look = Look()
        history_page(built_in(), None, history, steps(history.attempts), look, says={}, zone=UTC)


READERS: dict[str, Callable[[bytes], None]] = {
    reader.__name__: reader
    for reader in (wire, submission, notebook, handed, kernel, course, archive, deck, lines, ledger, kept)
}
