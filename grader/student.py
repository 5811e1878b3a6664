"""Whose workspace this is: an id in a small file, which reports carry."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

from grader import output, workspace
from grader.errors import UnusableInput
from grader.report import Report
from grader.text import one_line

FILE = Path(".reparam") / "student"
LONGEST = 64


def valid(name: str) -> str:
    """A student's id without the spaces around it, in one spelling: ``ü`` may also come as u and two dots.

    Raises:
        UnusableInput: it is empty, longer than 64 characters, or holds a character that belongs in no id.
    """
    trimmed = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(trimmed) <= LONGEST:
        raise UnusableInput(f"A student's id has 1 to {LONGEST} characters; this one has {len(trimmed)}.")
    # Later a folder may be named after it; what cannot be seen could be mistaken for another's.
    bad = next((character for character in trimmed if not character.isprintable() or character in '/\\:*?"<>|'), None)
    if bad is not None or trimmed in (".", "..") or one_line(trimmed) != trimmed:
        shown = f"{bad!r}" if bad is not None else repr(trimmed)
        raise UnusableInput(f"A student's id is made of letters, digits, spaces, and marks like - _ . @; not {shown}.")
    return trimmed


def keep(home: Path, name: str) -> Path:
    """Write the id, in the place of an earlier one; where, from the workspace.

    Raises:
        UnusableInput: the id cannot be used, or the file cannot be written.
    """
    text = valid(name)
    workspace.make_folder(home / FILE.parent)
    output.to_file(home / FILE, f"{text}\n")
    return FILE


def of(home: Path) -> str:
    """The id of a workspace's student; empty when there is none that can be used, for no grading fails over a name."""
    path = home / FILE
    try:
        if not path.is_file():  # a FIFO there would keep us waiting
            return ""
        with path.open(encoding="utf-8") as file:
            return valid(file.readline(8 * LONGEST))
    except (OSError, ValueError, UnusableInput):
        return ""


def stamped(home: Path | None, file: Path, report: Report) -> Report:
    """The report with the student's id, if it is about one of the workspace's own files.

    Args:
        home: the workspace, or None.
        file: what was graded.
        report: the verdict.
    """
    own = home is not None and workspace.owns(home, file)
    return replace(report, student=of(home)) if home is not None and own else report
