"""Notices what a learner saves, however the editor does it, and says so only when the text is another."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from grader.errors import UnusableInput
from grader.submission import read_submission
from grader.watch.events import Saved, Unusable

_LOOK_MS = 500
"""How often the file is looked at without being told: on network folders nobody tells."""

_STEP_MS, _DEBOUNCE_MS = 20, 100
"""How long an editor's burst of changes may last until we look; it may well go on while we grade."""

_SETTLE_SECONDS = (0.03, 0.05, 0.1)
"""A file that is missing or half written, as it is for a moment in many an editor's save, is read again after these."""

Found = Saved | Unusable


class Watch:
    """A thread that looks at one file and tells what it holds, first at once and then whenever that changes.

    Args:
        path: the file; it need not be there.
        tell: called in the thread.
    """

    def __init__(self, path: Path, tell: Callable[[Found], None]) -> None:
        self._path = path
        self._tell = tell
        self._told: object = None
        self._seen: tuple[int, ...] | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        self._look(certain=True)
        while not self._end.is_set():
            try:
                self._listen()
            except (OSError, RuntimeError):
                # No folder just now, or no more inotify watches to be had: then our own looks have to do.
                self._end.wait(_LOOK_MS / 1000)
                self._look(certain=False)

    def _listen(self) -> None:
        """Look whenever something happens in the folder, until it is another folder."""
        from watchfiles import watch

        folder = self._path.parent
        place = _identity(folder)
        # The folder, not the file: editors put another file in its place.
        for changes in watch(
            folder, watch_filter=None, recursive=False, step=_STEP_MS, debounce=_DEBOUNCE_MS, rust_timeout=_LOOK_MS,
            yield_on_timeout=True, stop_event=self._end, raise_interrupt=False,
        ):  # fmt: skip
            self._look(certain=bool(changes))
            if _identity(folder) != place:
                return

    def _look(self, *, certain: bool) -> None:
        """Read the file if it may have changed, and tell if it has.

        Args:
            certain: whether to read it although its size and times are the same: clocks of file systems are coarse.
        """
        seen = _identity(self._path)
        if seen == self._seen and not certain:
            return
        found = self._settled()
        self._seen = seen
        told = found.submission if isinstance(found, Saved) else found
        if told != self._told:
            self._told = told
            self._tell(found)

    def _settled(self) -> Found:
        found = self._read()
        for seconds in _SETTLE_SECONDS:
            if isinstance(found, Saved) or self._end.wait(seconds):
                break
            found = self._read()
        return found

    def _read(self) -> Found:
        at = time.monotonic()
        try:
            return Saved(self._path, read_submission(self._path), at)
        except UnusableInput as error:
            if not os.path.lexists(self._path):
                return Unusable(self._path, _gone(self._path))
            message = str(error)
            # The path is known, and often longer than a line; and a save is all it takes.
            for long, short in ((str(self._path), self._path.name), (", then grade again.", ", and save.")):
                message = message.replace(long, short)
            return Unusable(self._path, message)


def _gone(path: Path) -> str:
    what = f"{path.name} is gone" if path.parent.is_dir() else f"{path.name} is gone, with its folder"
    return f"{what}. Grading goes on as soon as it is back."


def _identity(path: Path) -> tuple[int, ...] | None:
    """What tells one state of a file or folder from another; None when it is not there."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return None
    if path.is_dir():
        return status.st_dev, status.st_ino
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
