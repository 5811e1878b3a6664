"""`results.jsonl`: a line for each graded submission, on the disk as soon as it is there; who is killed loses no line.

Lines are added at the end, each with one write, and the last of several about the same student and exercise counts. At
the end of a run the file is written anew in the order of the students, at once or not at all.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.classroom.batch.record import Record
from grader.errors import UnusableInput
from grader.text import one_line

FILE: Final = "results.jsonl"
_NEW: Final = ".results.jsonl.new"

_SYNC_SECONDS: Final = 1.0
"""What a power cut may cost; to wait for the disk after each line would cost more than to grade it again."""

Key = tuple[str, str]
"""Student and exercise name."""


@dataclass(frozen=True)
class Entry:
    """What is known of a line without reading it again.

    Args:
        digest: of the file that was graded.
        seed: what the probes were drawn from.
        checks: digest of the check file.
        variant: what the student's numbers were drawn from, or None.
        judged: whether it has a verdict.
        faulty: whether we could not grade it.
        offset: where the line begins, in bytes.
        length: its bytes, with the line break.
    """

    digest: str
    seed: int
    checks: str
    variant: int | None
    judged: bool
    faulty: bool
    offset: int
    length: int


class Ledger(Mapping[Key, Record]):
    """The records of a batch's folder. Only what tells lines apart is in memory: 100,000 reports are gigabytes.

    Args:
        folder: the batch's; it must be there, and nobody else may write to it.
        clock: seconds, from anywhere.

    Raises:
        UnusableInput: the file cannot be read or written.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = folder / FILE
        self._clock = clock
        self._synced = clock()
        self._entries: dict[Key, Entry] = {}
        self._end = 0
        self.remarks: list[str] = []
        """What was found that a sound file does not have, in sentences."""
        try:
            (folder / _NEW).unlink(missing_ok=True)
            # Appending, so that nothing that is there can be written over.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            self._read()
        except OSError as error:
            raise self._in_words(error) from None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def __getitem__(self, key: Key) -> Record:
        return _record(self._line(self._entries[key]))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Mapping[Key, Entry]:
        """What is known of each record without reading it."""
        return self._entries

    def only(self, keys: Collection[Key]) -> Mapping[Key, Record]:
        """The records of these students and exercises, as far as there are any."""
        return _Part(self, [key for key in keys if key in self._entries])

    def append(self, record: Record) -> None:
        """Keep a record; when this returns, no end of this process can lose it.

        Raises:
            UnusableInput: the disk is full, for example; what was kept before is untouched.
        """
        line = _line_of(record)
        try:
            if os.write(self._file, line) != len(line):  # so it is when the disk fills up in the middle of a line
                os.ftruncate(self._file, self._end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self._clock() - self._synced >= _SYNC_SECONDS:
                self.sync()
        except OSError as error:
            raise self._in_words(error) from None
        self._note(record, len(line))

    def sync(self) -> None:
        """Wait until everything is on the disk itself."""
        os.fsync(self._file)
        self._synced = self._clock()

    def settle(self, changed: Mapping[Key, Record] | None = None) -> None:
        """Write the file anew, a line for each student and exercise, sorted; what was there stays if that fails.

        Args:
            changed: records that take the place of those that are there.

        Raises:
            UnusableInput: it cannot be written; the file is as it was.
        """
        changed = changed or {}
        try:
            if changed or not self._tidy():
                self._rewrite(changed)
            self.sync()
        except OSError as error:
            raise self._in_words(error) from None

    # --- the file ---------------------------------------------------------------------------------------------

    def _read(self) -> None:
        with os.fdopen(os.dup(self._file), "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    os.ftruncate(self._file, self._end)  # or the next line would go on with this one
                    self.remarks.append(
                        f"The last line of {FILE} was torn off when an earlier run was stopped: it is graded again."
                    )
                    return
                try:
                    self._note(_record(line), len(line))
                except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                    self._end += len(line)
                    self.remarks.append(f"{FILE}, line {number}, is damaged: what it was about is graded again.")

    def _note(self, record: Record, length: int) -> None:
        self._entries[record.student, record.exercise] = _entry(record, self._end, length)
        self._end += length

    def _line(self, entry: Entry) -> bytes:
        try:
            return os.pread(self._file, entry.length, entry.offset)
        except OSError as error:
            raise self._in_words(error) from None

    def _tidy(self) -> bool:
        """Whether the file is what writing it anew would make of it."""
        end = 0
        for key in sorted(self._entries):
            if self._entries[key].offset != end:
                return False
            end += self._entries[key].length
        return end == self._end

    def _rewrite(self, changed: Mapping[Key, Record]) -> None:
        new = self._path.with_name(_NEW)
        entries: dict[Key, Entry] = {}
        end = 0
        try:
            with new.open("xb") as file:
                for key in sorted(self._entries):
                    entry = self._entries[key]
                    line = _line_of(changed[key]) if key in changed else self._line(entry)
                    known = _entry(changed[key], end, len(line)) if key in changed else replace(entry, offset=end)
                    entries[key] = known
                    end += file.write(line)
                file.flush()
                os.fsync(file.fileno())  # before the old file goes: no crash of the machine leaves neither
            descriptor = os.open(new, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            new.replace(self._path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        os.close(self._file)
        self._file, self._entries, self._end = descriptor, entries, end

    def _in_words(self, error: OSError) -> UnusableInput:
        return UnusableInput(
            f"{one_line(str(self._path))} cannot be used: {error.strerror}.\nWhat was graded before is kept in it. "
            "Mend that, and run the same command again: it goes on from there."
        )


class _Part(Mapping[Key, Record]):
    """Some records of a ledger, each read when it is wanted."""

    def __init__(self, ledger: Ledger, keys: Collection[Key]) -> None:
        self._ledger = ledger
        self._keys = dict.fromkeys(keys)

    def __getitem__(self, key: Key) -> Record:
        if key not in self._keys:
            raise KeyError(key)
        return self._ledger[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _entry(record: Record, offset: int, length: int) -> Entry:
    judged, faulty = record.report is not None, bool(record.fault)
    return Entry(record.digest, record.seed, record.checks, record.variant, judged, faulty, offset, length)


def _line_of(record: Record) -> bytes:
    # In ASCII: a file's name may hold bytes that are no text, and no reader splits a line where we did not.
    return json.dumps(record.to_json()).encode() + b"\n"


def _record(line: bytes) -> Record:
    """Read a line.

    Raises:
        ValueError: it is no record; other errors of reading a wrong form too.
    """
    record = Record.from_json(json.loads(line))
    texts = (record.student, record.exercise, record.file, record.digest, record.checks, record.problem, record.fault)
    if not all(isinstance(text, str) for text in texts) or type(record.seed) is not int:
        raise ValueError("no record")
    return record
