"""The mistakes that `grade` met: a file of lines that the grader appends to, read without trust."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flashcards.deck import Card

FILE = "misconceptions.jsonl"
_MOST = 1 << 20
"""Bytes that are read, from the end: older lines are of no use to a drill."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """When a misconception was met last.

    Args:
        misconception: its id, ``exercise1.variance_as_std``.
        at: when, with its time zone.
    """

    misconception: str
    at: datetime


def latest(folder: Path) -> dict[str, Meeting]:
    """Id → the latest meeting; empty where nothing was recorded or it cannot be read."""
    found: dict[str, Meeting] = {}
    for line in _lines(folder / FILE):
        meeting = _meeting(line)
        if meeting is not None and (
            meeting.misconception not in found or found[meeting.misconception].at <= meeting.at
        ):
            found[meeting.misconception] = meeting
    return found


def by_card(cards: Iterable[Card], meetings: Mapping[str, Meeting]) -> dict[str, Meeting]:
    """Card id → the latest meeting among the misconceptions that the card comes after."""
    found: dict[str, Meeting] = {}
    for card in cards if meetings else ():
        for name in card.after:
            meeting = meetings.get(name)
            if meeting is not None and (card.id not in found or found[card.id].at < meeting.at):
                found[card.id] = meeting
    return found


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _MOST, 0))
            return file.read(_MOST).splitlines()
    except OSError:
        return []


def _meeting(line: bytes) -> Meeting | None:
    """One line; None for what nobody of ours wrote, or wrote only half."""
    try:
        entry = json.loads(line)
        name, at = entry["id"], datetime.fromisoformat(entry["at"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Meeting(name, at) if isinstance(name, str) and at.tzinfo is not None else None
