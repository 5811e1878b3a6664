"""The misconceptions that a learner has met, one JSON line each: the flashcards offer cards for them later."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from grader.report import Report

FILE = "misconceptions.jsonl"
_TAIL = 1 << 18  # bytes of the file's end that are searched for what was met today: a thousand meetings and more
# Opening a FIFO that somebody put there must not wait for its other end. Windows has neither.
_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where reparam keeps what belongs to a person and not to a workspace: REPARAM_DATA, or the system's place.

    Raises:
        OSError: this account has no home.
    """
    if chosen := environ.get("REPARAM_DATA"):
        return Path(chosen)
    from platformdirs import user_data_path  # imported late: only a named misconception pays for it

    folder = user_data_path("reparam", appauthor=False)
    if not folder.is_absolute():
        # An unknown user without HOME: `~` would become a folder of that name in the learner's workspace.
        raise FileNotFoundError(f"{folder}: this account has no home folder")
    return folder


def note(report: Report, at: datetime, environ: Mapping[str, str] = os.environ) -> None:
    """Add the misconceptions that a report names, each at most once a day (UTC).

    What cannot be written is left out: no verdict depends on it. Two gradings in the very same moment may both write;
    whoever reads counts an id once a day.

    Args:
        report: the grading of a learner's own file.
        at: when.
        environ: the environment.
    """
    meetings = _meetings(report, at.astimezone(UTC))
    if not meetings:
        return
    try:
        folder = data_folder(environ)
        folder.mkdir(parents=True, exist_ok=True)
        _append(folder / FILE, meetings)
    except OSError:
        return


def _meetings(report: Report, at: datetime) -> list[dict[str, str]]:
    short = report.exercise.split("_")[0]
    found: dict[str, dict[str, str]] = {}
    for check in report.checks:
        if check.misconception:
            name = f"{short}.{check.misconception}"
            when = at.isoformat(timespec="seconds")
            found.setdefault(name, {"id": name, "at": when, "exercise": report.exercise, "check": check.name})
    return list(found.values())


def _append(path: Path, meetings: Iterable[Mapping[str, str]]) -> None:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _SAFELY, 0o666)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return
        os.lseek(file, max(status.st_size - _TAIL, 0), os.SEEK_SET)
        tail = os.read(file, _TAIL)
        known = {_day_of(line) for line in tail.splitlines()}
        lines = [json.dumps(dict(meeting)) for meeting in meetings if (meeting["id"], meeting["at"][:10]) not in known]
        if lines:
            # A line that a full disk cut off stays alone: ours begins below it. One write, so that lines never mix.
            # A write of another's that is half done looks the same; then there is an empty line, which readers skip.
            begin = "\n" if tail and not tail.endswith(b"\n") else ""
            os.write(file, (begin + "\n".join(lines) + "\n").encode())
    finally:
        os.close(file)


def _day_of(line: bytes) -> tuple[str, str] | None:
    """The id and day of a meeting; None for a line that is none."""
    try:
        meeting = json.loads(line)
        return str(meeting["id"]), str(meeting["at"])[:10]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
