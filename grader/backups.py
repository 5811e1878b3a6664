"""A learner's file that is to be replaced: read, kept in `.reparam/backups`, and replaced at once or not at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader import output, workspace
from grader.errors import UnusableInput
from grader.submission import SOURCE_LIMIT, read_bytes
from grader.text import one_line

FOLDER = Path(".reparam") / "backups"
LARGEST = 64 * SOURCE_LIMIT
"""Bytes that a file may have: more than anybody writes by hand."""

_TIME = "%Y%m%dT%H%M%SZ"
_BACKUP = re.compile(r"(\w+)-(\d{8}T\d{6}Z)(\.py|\.ipynb)")


def shown(path: Path) -> str:
    """A path as the learner can type it here."""
    return one_line(os.path.relpath(path), 4000)


@dataclass(frozen=True)
class Found:
    """What is in the learner's file, and how to see that it was saved anew since; None when there is no file."""

    content: bytes | None
    saved: tuple[int, ...] | None


@dataclass(frozen=True)
class Place:
    """The learner's file of one exercise, and its backups.

    Args:
        home: the workspace.
        name: of the exercise.
        suffix: ``.py`` or ``.ipynb``.
    """

    home: Path
    name: str
    suffix: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.home / workspace.FOLDER / f"{self.name}{self.suffix}"

    def read(self) -> Found:
        """What is in the file.

        Raises:
            UnusableInput: it is a link, no regular file, or too large.
        """
        saved = self._saved()
        return Found(read_bytes(self.path, LARGEST) if saved is not None else None, saved)

    def _saved(self) -> tuple[int, ...] | None:
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnusableInput(f"{shown(self.path)} cannot be read: {error.strerror}.") from None
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
        if match is None or (match[1], match[3]) != (self.name, self.suffix):
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
        kept = self.home / FOLDER / f"{self.name}-{moment.astimezone(UTC).strftime(_TIME)}{self.suffix}"
        try:
            output.replace(kept, content)
        except OSError as error:
            raise UnusableInput(f"{shown(kept)} cannot be written: {error.strerror}.") from None
        return kept

    def _make_folder(self) -> None:
        for folder in (FOLDER.parent, FOLDER):
            try:
                (self.home / folder).mkdir(exist_ok=True)
            except FileExistsError:
                raise UnusableInput(f"{folder}: a file is in the way of the folder for backups.") from None
            except OSError as error:
                raise UnusableInput(f"{folder} cannot be made: {error.strerror}.") from None

    def write(self, content: bytes, before: Found) -> None:
        """Replace the file at once.

        Raises:
            UnusableInput: it cannot be written, or an editor has saved it since it was read.
        """
        if self._saved() != before.saved:
            raise UnusableInput(f"{shown(self.path)} was saved by another program just now: try again.")
        try:
            output.replace(self.path, content)
        except OSError as error:
            raise UnusableInput(f"{shown(self.path)} cannot be written: {error.strerror}.") from None
