"""What a session knows, and what follows from each thing that happens. Pure: no clock, no file, no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader.core import CheckPlan
from grader.course import HINT_TIERS, Exercise
from grader.report import CheckResult, Picture, Report, Status
from grader.submission import Submission
from grader.watch.events import (
    Began,
    Broke,
    Drew,
    Effect,
    Event,
    Finished,
    Grade,
    Hinted,
    Judged,
    Next,
    Noted,
    Open,
    Pressed,
    Quit,
    Remember,
    Saved,
    Started,
    Stop,
    TakeHint,
    Unusable,
)

OPEN = (Status.FAILED, Status.ERROR, Status.NOT_ATTEMPTED, Status.SKIPPED)


@dataclass(frozen=True)
class Row:
    """One check of the exercise.

    Args:
        plan: its name, title and points.
        result: its latest verdict, if there is one.
        fresh: whether that is of the newest text.
    """

    plan: CheckPlan
    result: CheckResult | None = None
    fresh: bool = False

    @property
    def open(self) -> bool:
        """Whether its latest verdict is no pass."""
        return self.result is not None and self.result.status in OPEN


@dataclass(frozen=True)
class Change:
    """What the latest text changed: points, and titles of checks that pass now or no longer."""

    points: int = 0
    passes: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hint:
    """Hints on the screen: those of a check up to a tier."""

    check: str
    tiers: int


@dataclass(frozen=True)
class State:
    """All that the screen shows and a key may ask for.

    Args:
        exercise: what is worked on.
        whole: whether all of its checks are graded (no ``--check``).
        submission: the newest text that can be graded.
        saved: when it was saved, in seconds of a monotonic clock.
        problem: why the file cannot be graded as it is now; else empty.
        fault: why the latest grading has no verdict; else empty.
        run: the newest grading's number; what others tell is out of date.
        grading: whether it is still under way.
        doing: the check at work.
        since: when that began, on the same clock.
        drawing: what it shows.
        rows: the checks.
        before: the verdicts of the last complete grading by name of check.
        report: the last complete grading.
        change: what it changed.
        hint: what was asked for.
        note: a line said once.
        asking: whether to leave an exercise that is not passed.
        help: whether the keys are explained.
        scroll: by how many lines the text below the checks is moved.
    """

    exercise: Exercise
    whole: bool = True
    submission: Submission | None = None
    saved: float = 0.0
    problem: str = ""
    fault: str = ""
    run: int = 0
    grading: bool = False
    doing: str = ""
    since: float = 0.0
    drawing: tuple[Picture, ...] = ()
    rows: tuple[Row, ...] = ()
    before: Mapping[str, CheckResult] = field(default_factory=dict)
    report: Report | None = None
    change: Change | None = None
    hint: Hint | None = None
    note: str = ""
    asking: bool = False
    help: bool = False
    scroll: int = 0

    @property
    def passed(self) -> bool:
        """Whether the file as it is now passes every check."""
        return self.report is not None and self.report.passed and not (self.grading or self.problem or self.fault)

    @property
    def focus(self) -> Row | None:
        """The check to tell of: the first that failed, else the first that is not passed."""
        found = [row for row in self.rows if row.open]
        wrong = [row for row in found if row.result and row.result.status in (Status.FAILED, Status.ERROR)]
        return next(iter(wrong or found), None)


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The state after an event, and what is to be done."""
    match event:
        case Pressed(key):
            return _pressed(state, key)
        case Saved(_, submission, at):
            return _begin(replace(state, saved=at), submission)
        case Unusable(_, message):
            return replace(state, problem=message, grading=False, doing="", note="", scroll=0), (Stop(),)
        case Hinted(check, taken, remark):
            hint = Hint(check, min(taken + 1, HINT_TIERS))
            return replace(state, hint=hint, note=remark, scroll=0, help=False), ()
        case Noted(text):
            return replace(state, note=text), ()
    if event.run != state.run or not state.grading:
        return state, ()
    return _graded(state, event)


def _begin(state: State, submission: Submission) -> tuple[State, tuple[Effect, ...]]:
    run = state.run + 1
    rows = tuple(replace(row, fresh=False) for row in state.rows)
    state = replace(
        state, submission=submission, run=run, rows=rows, grading=True, doing="", drawing=(), problem="", fault="",
        note="", change=None, scroll=0, asking=False,
    )  # fmt: skip
    return state, (Grade(run, submission),)


def _graded(
    state: State, event: Began | Started | Drew | Judged | Finished | Broke
) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case Began(_, checks):
            known = {row.plan.name: row.result for row in state.rows}
            return replace(state, rows=tuple(Row(plan, known.get(plan.name)) for plan in checks)), ()
        case Started(_, name, at):
            return replace(state, doing=name, since=at, drawing=()), ()
        case Drew(_, pictures):
            return replace(state, drawing=pictures), ()
        case Judged(_, result):
            rows = tuple(Row(row.plan, result, True) if row.plan.name == result.name else row for row in state.rows)
            hint = None if state.hint and _solved(state.hint, result) else state.hint
            return replace(state, rows=rows, hint=hint, doing="", drawing=()), ()
        case Broke(_, message):
            return replace(state, grading=False, doing="", drawing=(), fault=message), ()
        case Finished(_, report):
            after = {check.name: check for check in report.checks}
            change = _change(state.before, after)
            state = replace(state, grading=False, doing="", drawing=(), report=report, before=after, change=change)
            return state, (Remember(report),)


def _solved(hint: Hint, result: CheckResult) -> bool:
    return result.name == hint.check and result.status is Status.PASSED


def _change(before: Mapping[str, CheckResult], after: Mapping[str, CheckResult]) -> Change | None:
    """What differs from the last complete grading; None where there was none, or nothing does."""
    both = [(before[name], after[name]) for name in after if name in before]
    passes = tuple(now.title for was, now in both if now.status is Status.PASSED is not was.status)
    broken = tuple(now.title for was, now in both if was.status is Status.PASSED is not now.status)
    points = sum(now.points - was.points for was, now in both)
    return Change(points, passes, broken) if passes or broken or points else None


# --- keys -------------------------------------------------------------------------------------------------

_SCROLL: Mapping[str, int] = {"up": -1, "down": 1, "k": -1, "j": 1, "pageup": -8, "pagedown": 8, " ": 8}


def _pressed(state: State, key: str) -> tuple[State, tuple[Effect, ...]]:
    if key in ("q", "quit"):
        return state, (Quit(),)
    if state.asking:
        return replace(state, asking=False), (Next(),) if key == "y" else ()
    if key in _SCROLL:
        return replace(state, scroll=max(state.scroll + _SCROLL[key], 0)), ()
    return _commanded(replace(state, note=""), key)


def _commanded(state: State, key: str) -> tuple[State, tuple[Effect, ...]]:
    match key:
        case "?":
            return replace(state, help=not state.help, scroll=0), ()
        case "escape":
            return replace(state, help=False, hint=None, scroll=0), ()
        case "r" if state.submission is not None and not state.problem:
            return _begin(replace(state, help=False), state.submission)
        case "h":
            return _hint(state)
        case "o":
            return state, (Open(),)
        case "n" if state.passed and state.whole:
            return state, (Next(),)
        case "n":
            return replace(state, asking=True, help=False), ()
    return state, ()


def _hint(state: State) -> tuple[State, tuple[Effect, ...]]:
    row = state.focus
    if state.problem or state.fault:  # it would be counted, and not be seen
        return replace(state, note="Hints come back when the file can be graded."), ()
    if row is None:
        text = "Every check passes: there is nothing to hint at." if state.passed else "No check has failed so far."
        return replace(state, note=text), ()
    if row.plan.name not in state.exercise.hints:
        return replace(state, note="There is no hint for this check."), ()
    return state, (TakeHint(row.plan.name),)
