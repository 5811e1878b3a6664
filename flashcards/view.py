"""What there is to show of a card, and what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flashcards.schedule import Rating

if TYPE_CHECKING:
    from flashcards.question import Question, Verdict
    from flashcards.session import Queue


@dataclass(frozen=True)
class View:
    """Everything that the screen shows.

    Args:
        question: the card as it is asked now.
        left: what is left today.
        done: answers of this session.
        met: when `grade` met a mistake that this card is about, in words; empty if never.
        notes: remarks on the card ("flagged").
        leech: what is said with the answer of a card that is forgotten again and again.
        typed: what has been typed so far; None where nothing is typed.
        shown: whether the answer is visible.
        verdict: of the typed answer, or None.
        buttons: rating → when the card comes back; empty where nothing is rated.
        suggested: the rating that space takes.
        notice: what just happened.
        asks_help: whether the keys are explained.
        place: the first row of a page that is longer than the screen; None for the best one.
    """

    question: Question
    left: Queue
    done: int
    met: str = ""
    notes: tuple[str, ...] = ()
    leech: tuple[str, ...] = ()
    typed: str | None = None
    shown: bool = False
    verdict: Verdict | None = None
    buttons: Mapping[Rating, str] = field(default_factory=dict)
    suggested: Rating = Rating.GOOD
    notice: str = ""
    asks_help: bool = False
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown.

    Args:
        text: all of it.
        place: the first row of the page that it shows; 0 unless the page is longer than the screen.
        last: the last place that there is.
        rows: how many rows of the page it shows.
    """

    text: str
    place: int = 0
    last: int = 0
    rows: int = 0
