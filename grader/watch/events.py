"""What happens in a session, and what is to be done about it: plain data between threads, keys and the state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.core import CheckPlan
from grader.report import CheckResult, Picture, Report
from grader.submission import Submission

# --- what happens -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """The file holds a text that can be graded, other than before."""

    path: Path
    submission: Submission
    at: float


@dataclass(frozen=True)
class Unusable:
    """The file holds nothing that can be graded just now: the message says why."""

    path: Path
    message: str


@dataclass(frozen=True)
class Began:
    """A grading knows its checks."""

    run: int
    checks: tuple[CheckPlan, ...]


@dataclass(frozen=True)
class Started:
    """A check begins."""

    run: int
    name: str
    at: float


@dataclass(frozen=True)
class Drew:
    """The check at work shows pictures, in place of those before."""

    run: int
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Judged:
    """A check has its verdict."""

    run: int
    result: CheckResult


@dataclass(frozen=True)
class Finished:
    """A grading is complete."""

    run: int
    report: Report


@dataclass(frozen=True)
class Broke:
    """A grading ended without a verdict, by no fault of the learner."""

    run: int
    message: str


@dataclass(frozen=True)
class Pressed:
    """A key: a letter, ``?``, or ``up``, ``down``, ``pageup``, ``pagedown``, ``escape``, ``quit``."""

    key: str


@dataclass(frozen=True)
class Hinted:
    """A hint was taken; ``taken`` hints of the check had been taken before it."""

    check: str
    taken: int
    remark: str


@dataclass(frozen=True)
class Noted:
    """Something to be said in one line."""

    text: str


Event = Saved | Unusable | Began | Started | Drew | Judged | Finished | Broke | Pressed | Hinted | Noted

# --- what is to be done -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grade:
    """Grade this text, and forget a grading that still runs."""

    run: int
    submission: Submission


@dataclass(frozen=True)
class Stop:
    """Forget the grading that runs: its text is not what the file holds."""


@dataclass(frozen=True)
class Remember:
    """Keep a complete grading."""

    report: Report


@dataclass(frozen=True)
class TakeHint:
    """Count and bring one hint more of a check."""

    check: str


@dataclass(frozen=True)
class Open:
    """Open the file in an editor, where the code of the check in question is."""


@dataclass(frozen=True)
class Next:
    """Go on to the next exercise."""


@dataclass(frozen=True)
class Quit:
    """End the session."""


Effect = Grade | Stop | Remember | TakeHint | Open | Next | Quit
