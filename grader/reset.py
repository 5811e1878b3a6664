"""What `grade reset` does: a fresh stub in the place of the learner's file, which is kept; `--undo` brings it back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader import jobs, output, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.submission import SOURCE_LIMIT, read_bytes
from grader.text import one_line

FOLDER = Path(".reparam") / "backups"
LARGEST = 64 * SOURCE_LIMIT
"""Bytes that a file may have: more than anybody writes by hand."""

_TIME = "%Y%m%dT%H%M%SZ"
_BACKUP = re.compile(r"(\w+)-(\d{8}T\d{6}Z)\.py")
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def run(word: str, folder: Path | None, *, undo: bool, clock: Clock = _now) -> int:
    """Put a fresh stub, or what a reset replaced, in the place of the learner's file; the exit code.

    Args:
        word: the exercise as the learner names it.
        folder: of a course that is not ours, or None.
        undo: whether to bring the latest backup back.
        clock: the time now.

    Raises:
        UnusableInput: there is no such exercise, or its file cannot be replaced; then it is as it was.
    """
    course = jobs.open_course(folder)
    exercise = course.find(word)
    home = workspace.required(course.command("init DIR"), "there is nothing to reset")
    stub = workspace.stub_text(course, exercise).encode()
    place = _Place(home, exercise.name)
    try:
        said = _undo(place, stub, clock) if undo else _reset(course, exercise, place, stub, clock)
    except UnusableInput as error:
        raise UnusableInput(f"{error} Your file is as it was.") from None
    output.to_stdout(said)
    return 0


def _reset(course: Course, exercise: Exercise, place: _Place, stub: bytes, clock: Clock) -> str:
    before = place.read()
    shown = _shown(place.path)
    if before.content == stub:
        return f"{shown} is the fresh stub already; nothing was changed.\n"
    kept = place.keep(before.content, clock()) if before.content is not None else None
    place.write(stub, before)
    said = f"{shown} is the fresh stub again.\n"
    if kept is None:
        return said
    undo = course.command(f"reset {exercise.short} --undo")
    return f"{said}kept: {_shown(kept)} (what was in it)\nundo: {undo}\n"


def _undo(place: _Place, stub: bytes, clock: Clock) -> str:
    before = place.read()
    mine = before.content
    # Newest first; what is in the file already would change nothing.
    backups = [(path, read_bytes(path, LARGEST)) for path in reversed(place.backups())]
    found = next(((path, content) for path, content in backups if content != mine), None)
    if found is None:
        reason = "what was kept is in the file already" if backups else "no reset of it has kept anything"
        raise UnusableInput(f"There is nothing to bring back for {place.name}: {reason}.")
    source, content = found
    # A fresh stub is no work: kept, it would be what the next --undo brings back. What is kept already, is.
    keeps = mine is not None and mine != stub and all(mine != other for _, other in backups)
    kept = place.keep(mine, clock()) if mine is not None and keeps else None
    place.write(content, before)
    said = f"{_shown(place.path)} is again what was kept in {_shown(source)}.\n"
    return f"{said}kept: {_shown(kept)} (what was in it until now)\n" if kept is not None else said


def _shown(path: Path) -> str:
    """A path as the learner can type it here."""
    return one_line(os.path.relpath(path), 4000)


@dataclass(frozen=True)
class _Found:
    """What is in the learner's file, and how to see that it was saved anew since; None when there is no file."""

    content: bytes | None
    saved: tuple[int, ...] | None


@dataclass(frozen=True)
class _Place:
    """The learner's file of one exercise, and its backups.

    Args:
        home: the workspace.
        name: of the exercise.
    """

    home: Path
    name: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.home / workspace.FOLDER / f"{self.name}.py"

    def read(self) -> _Found:
        """What is in the file.

        Raises:
            UnusableInput: it is a notebook, a link, no regular file, or too large.
        """
        saved = self._saved()
        if saved is not None:
            return _Found(read_bytes(self.path, LARGEST), saved)
        notebook = self.path.with_suffix(".ipynb")
        if os.path.lexists(notebook):
            raise UnusableInput(
                f"{_shown(notebook)} is a notebook, and `grade reset` leaves notebooks alone: "
                "copy it and clear its answers in Jupyter."
            )
        return _Found(None, None)

    def _saved(self) -> tuple[int, ...] | None:
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnusableInput(f"{_shown(self.path)} cannot be read: {error.strerror}.") from None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def backups(self) -> list[Path]:
        """What resets have kept, oldest first: the names tell the time."""
        try:
            return sorted(path for path in (self.home / FOLDER).iterdir() if self._time(path) is not None)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnusableInput(f"{FOLDER} cannot be read: {error.strerror}.") from None

    def _time(self, path: Path) -> datetime | None:
        """When a backup of this exercise was made; None for any other file."""
        match = _BACKUP.fullmatch(path.name)
        if match is None or match[1] != self.name:
            return None
        try:
            return datetime.strptime(match[2], _TIME).replace(tzinfo=UTC)
        except ValueError:
            return None

    def keep(self, content: bytes, now: datetime) -> Path:
        """Back up what is in the file; where.

        Raises:
            UnusableInput: it cannot be written.
        """
        self._make_folder()
        # Later than every other backup, whatever the clock says: none is overwritten, and the last is the newest.
        latest = next((self._time(path) for path in reversed(self.backups())), None)
        moment = now if latest is None else max(now, latest + timedelta(seconds=1))
        kept = self.home / FOLDER / f"{self.name}-{moment.astimezone(UTC).strftime(_TIME)}.py"
        try:
            output.replace(kept, content)
        except OSError as error:
            raise UnusableInput(f"{_shown(kept)} cannot be written: {error.strerror}.") from None
        return kept

    def _make_folder(self) -> None:
        for folder in (FOLDER.parent, FOLDER):
            try:
                (self.home / folder).mkdir(exist_ok=True)
            except FileExistsError:
                raise UnusableInput(f"{folder}: a file is in the way of the folder for backups.") from None
            except OSError as error:
                raise UnusableInput(f"{folder} cannot be made: {error.strerror}.") from None

    def write(self, content: bytes, before: _Found) -> None:
        """Replace the file at once.

        Raises:
            UnusableInput: it cannot be written, or an editor has saved it since it was read.
        """
        if self._saved() != before.saved:
            raise UnusableInput(f"{_shown(self.path)} was saved by another program just now: try again.")
        try:
            output.replace(self.path, content)
        except OSError as error:
            raise UnusableInput(f"{_shown(self.path)} cannot be written: {error.strerror}.") from None
