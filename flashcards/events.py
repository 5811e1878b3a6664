"""What a learner did, one fact at a time; everything else that is known about a card is worked out from these."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from flashcards.clock import FIRST_DAY, FIRST_MS, LAST_DAY, LAST_MS
from flashcards.schedule import Rating

ANSWER_LIMIT = 2000
"""Characters of a typed answer that are kept."""

_NAME_LIMIT = 200
_HALF_DAY_MIN = 18 * 60
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_UID = re.compile(r"[0-9A-Za-z._-]{1,64}")


class EventKind(StrEnum):
    """What can happen to a card."""

    REVIEW = "review"
    UNDO = "undo"
    SUSPEND = "suspend"
    FLAG = "flag"
    RESET = "reset"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. Events are only ever added.

    Args:
        uid: unlike any other event's, on every device.
        device: where it happened.
        kind: what happened.
        card_id: to which card, under the name that it had then.
        at_ms: when, milliseconds since 1970 (UTC).
        tz_offset_min: minutes that local time was ahead of UTC.
        day: the learner's day.
        rating: the answer, in a review.
        duration_ms: how long the answer took.
        seed: what the question's numbers were drawn from.
        answer: what was typed.
        card_rev: hash of the card's text, as it was then.
        value: undo: the uid undone; suspend and flag: "on" or "off"; alias: the card's new id.
    """

    uid: str
    device: str
    kind: EventKind
    card_id: str
    at_ms: int
    tz_offset_min: int
    day: int
    rating: Rating | None = None
    duration_ms: int = 0
    seed: int = 0
    answer: str = ""
    card_rev: str = ""
    value: str = ""

    @property
    def order(self) -> tuple[int, str]:
        """Events count in this order, on every device."""
        return self.at_ms, self.uid


def to_line(event: Event) -> str:
    """One line of JSON, without its line break."""
    return json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> Event:
    """The event that `to_line` wrote.

    Raises:
        ValueError: it is none; the message says why.
    """
    try:
        found = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return from_mapping(found)


def from_mapping(found: Mapping[str, Any]) -> Event:
    """An event out of values that nobody has checked yet.

    Raises:
        ValueError: one of them cannot be; the message names it.
    """
    kind = EventKind(_text(found, "kind", _NAME_LIMIT))
    event = Event(
        uid=_matching(found, "uid", _UID),
        device=_matching(found, "device", _UID),
        kind=kind,
        card_id=_matching(found, "card_id", _NAME),
        at_ms=_integer(found, "at_ms", FIRST_MS, LAST_MS),
        tz_offset_min=_integer(found, "tz_offset_min", -_HALF_DAY_MIN, _HALF_DAY_MIN),
        day=_integer(found, "day", FIRST_DAY, LAST_DAY),
        rating=Rating(_integer(found, "rating", 1, 4)) if kind is EventKind.REVIEW else None,
        duration_ms=_integer(found, "duration_ms", 0, 2**53),
        seed=_integer(found, "seed", 0, 2**63 - 1),
        answer=_text(found, "answer", ANSWER_LIMIT),
        card_rev=_text(found, "card_rev", _NAME_LIMIT),
        value=_text(found, "value", _NAME_LIMIT),
    )
    if kind in (EventKind.SUSPEND, EventKind.FLAG) and event.value not in ("on", "off"):
        raise ValueError("value is neither on nor off")
    if kind in (EventKind.UNDO, EventKind.ALIAS):
        _matching(found, "value", _NAME)
    return event


def _integer(found: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = found.get(name)
    # JSON's true is an int to Python, and must not become a rating.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is not a whole number in {low} … {high}")
    return value


def _text(found: Mapping[str, Any], name: str, limit: int) -> str:
    value = found.get(name)
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError(f"{name} is not a text of at most {limit} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds characters that no file can") from None
    return value


def _matching(found: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _text(found, name, _NAME_LIMIT)
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} is empty or holds characters that it must not")
    return value
