"""`grade batch --regrade CHECK`: only a mended check, and what waits for it, for a class that is graded already."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import click
from rich.text import Text

from grader import output
from grader.classroom.batch.command import STOPPED, UNGRADED, Request, opened, require_trust, say, tell
from grader.classroom.batch.due import Due, key_of
from grader.classroom.batch.executors import Workers, open_executor
from grader.classroom.batch.find import Handed
from grader.classroom.batch.ledger import Key
from grader.classroom.batch.progress import Progress
from grader.classroom.batch.record import Record
from grader.classroom.batch.run import Batch, records, stoppable
from grader.core import unknown_check
from grader.course import Exercise
from grader.errors import UnusableInput
from grader.listing import Listed, checks_in
from grader.render.page import WORDS, Look, Page
from grader.report import CheckResult, Report, Status
from grader.text import clean, did_you_mean, one_line


@dataclass(frozen=True)
class Change:
    """Somebody's mark before and after, and why."""

    student: str
    exercise: str
    before: int
    after: int
    why: str


# --- pure -------------------------------------------------------------------------------------------------


def waiting_for(check: str, listed: Sequence[Listed]) -> tuple[str, ...]:
    """The checks that earn nothing until ``check`` has passed, directly or not, in the order of the file."""
    found = {check}
    while more := {one.name for one in listed if found.intersection(one.needs)} - found:
        found |= more
    return tuple(one.name for one in listed if one.name in found and one.name != check)


def merged(old: Report, new: Mapping[str, CheckResult], order: Sequence[str]) -> Report:
    """A report with other results for some of its checks.

    Args:
        old: the report.
        new: check name → its result now.
        order: the checks as their file has them now; what it has no more stays at the end.
    """
    results = {**{check.name: check for check in old.checks}, **new}
    names = [*(name for name in order if name in results), *(name for name in results if name not in order)]
    return replace(old, checks=tuple(results[name] for name in names))


def change(old: Record, new: Mapping[str, CheckResult], exercise: Exercise) -> Change | None:
    """What new results do to a mark; None if it stays what it is."""
    before = {check.name: check for check in old.report.checks} if old.report is not None else {}
    after = old.points + sum(one.points - (before[name].points if name in before else 0) for name, one in new.items())
    if after == old.points:
        return None
    why = [_why(before.get(name), result) for name, result in new.items()]
    return Change(old.student, exercise.short, old.points, after, "; ".join(one for one in why if one))


def _why(old: CheckResult | None, new: CheckResult) -> str:
    if old is not None and old.points == new.points:
        return ""
    was = WORDS[old.status] if old is not None else "not there"
    reason = f" ({one_line(new.message, 100)})" if new.message else ""
    return f"{new.name}: {was} → {WORDS[new.status]}{reason}"


def order_of(exercise: Exercise) -> list[str]:
    """The checks of an exercise as their file has them."""
    return [one.name for one in checks_in(exercise.checks)]


# --- the command ------------------------------------------------------------------------------------------


def run(check: str, request: Request, *, write: bool, asking: bool) -> int:
    """Regrade a check of every submission that is graded and has not changed since; the exit code.

    Args:
        check: its name.
        request: the options.
        write: False to only say whose marks would change.
        asking: whether to ask before marks change.

    Raises:
        UnusableInput: there is no such check, or nothing graded; or as :func:`opened`.
        GraderError: the grading itself broke; nothing is written.
    """
    with opened(request) as batch:
        tell(batch.ledger.remarks, request.out)
        having = _having(check, batch.exercises)
        due = batch.due()
        kept = set(due.kept)
        work = [one for one in batch.handed if one.exercise in having and key_of(one) in kept and _graded(batch, one)]
        if due.work:
            say([f"{len(due.work):,} new or changed submissions are left as they are: {request.again} grades them."])
        if not work:
            raise UnusableInput(f"Nothing that has {check} is graded yet. First: {request.again}")
        with stoppable() as stopped:
            fresh = _regraded(batch, check, work, request, stopped)
            if stopped():
                output.to_stdout("Stopped. Nothing was changed.\n")
                return STOPPED
        changes = _changes(batch, fresh.results)
        output.to_stdout(_told(changes, fresh, Look.of(sys.stdout, os.environ)))
        if not write or (changes and asking and not click.confirm("Write these marks?")):
            output.to_stdout("Nothing was changed.\n")
        else:
            _write(batch, due, fresh, request)
        return UNGRADED if fresh.faults else 0


def _having(check: str, exercises: Sequence[Exercise]) -> list[Exercise]:
    names = {exercise: order_of(exercise) for exercise in exercises}
    having = [exercise for exercise in exercises if check in names[exercise]]
    if not having and len(exercises) == 1:
        raise UnusableInput(unknown_check(exercises[0], check, names[exercises[0]]))
    if not having:
        near = did_you_mean(check, [name for known in names.values() for name in known])
        raise UnusableInput(f'No exercise has a check "{one_line(check, 60)}".{near}')
    return having


def _graded(batch: Batch, handed: Handed) -> bool:
    return batch.ledger.entries[key_of(handed)].judged


@dataclass
class _Fresh:
    """What a regrading found: new results, by student and exercise and then by check, and what could not be graded."""

    results: dict[Key, dict[str, CheckResult]]
    faults: dict[Key, str]


def _regraded(
    batch: Batch, check: str, work: Sequence[Handed], request: Request, stopped: Callable[[], bool]
) -> _Fresh:
    fresh = _Fresh({}, {})
    waiting = {one.exercise: waiting_for(check, checks_in(one.exercise.checks)) for one in work}
    with open_executor(request.executor, request.jobs) as workers:
        _round(batch, work, lambda _: (check,), fresh, request, workers, stopped)
        # Where the check now lets pass what it stopped before, or the other way round, others ran on that.
        turned = [one for one in work if waiting[one.exercise] and _turned(batch, one, fresh.results, check)]
        if turned:
            _round(batch, turned, lambda one: waiting[one.exercise], fresh, request, workers, stopped)
    return fresh


def _round(
    batch: Batch,
    work: Sequence[Handed],
    only: Callable[[Handed], tuple[str, ...]],
    fresh: _Fresh,
    request: Request,
    workers: Workers,
    stopped: Callable[[], bool],
) -> None:
    """Grade some checks of some submissions; what comes is added to ``fresh``."""
    wanted = {key_of(one): only(one) for one in work}
    with Progress(Look.of(sys.stderr, os.environ), sys.stderr, len(work)) as progress:
        for record in records(work, batch.common, workers, stopped, only):
            key = record.student, record.exercise
            if not request.unsafe:
                require_trust(record)
            same = record.digest == batch.ledger.entries[key].digest
            if record.report is None or not same:
                fresh.results.pop(key, None)
                fresh.faults[key] = record.fault or record.problem or "the file was changed in this moment"
            else:
                found = {one.name: one for one in record.report.checks if one.name in wanted[key]}
                fresh.results.setdefault(key, {}).update(found)
            progress.note(record)


def _turned(batch: Batch, handed: Handed, results: Mapping[Key, Mapping[str, CheckResult]], check: str) -> bool:
    key = key_of(handed)
    if key not in results:
        return False
    report = batch.ledger[key].report
    assert report is not None  # _graded
    before = any(one.name == check and one.status is Status.PASSED for one in report.checks)
    return before is not (results[key][check].status is Status.PASSED)


def _changes(batch: Batch, results: Mapping[Key, Mapping[str, CheckResult]]) -> list[Change]:
    exercises = {exercise.name: exercise for exercise in batch.exercises}
    found = (change(batch.ledger[key], new, exercises[key[1]]) for key, new in sorted(results.items()))
    return [one for one in found if one is not None]


def _told(changes: Sequence[Change], fresh: _Fresh, look: Look) -> str:
    page = Page(look)
    for one in changes:
        first = Text.assemble("  ", (one_line(one.student, 64), "bold"), f"  {one.exercise}  ")
        marks = Text.assemble((f"{one.before} → {one.after}", "green" if one.after > one.before else "red"))
        page.paragraph(Text.assemble(first, marks, "  ", clean(one.why)), first="", hang=4)
    page.blank()
    up = sum(one.after > one.before for one in changes)
    told = f"{len(changes):,} of {len(fresh.results):,} marks change"
    page.paragraph(f"{told}: {up:,} up, {len(changes) - up:,} down." if changes else f"{told}.", first="  ", hang=2)
    for fault, count in Counter(one_line(text, 300) for text in fresh.faults.values()).most_common(3):
        page.paragraph(f"Kept as they are, not regraded ({count:,}): {fault}", first="  ", hang=2, style="red")
    return page.text()


def _write(batch: Batch, due: Due, fresh: _Fresh, request: Request) -> None:
    from grader.classroom.batch import outputs

    batch.ledger.settle(_Merged(batch, fresh.results))
    files = outputs.write(batch.results(due.kept), request.out, feedback=request.feedback)
    names = ", ".join(one_line(path.name) for path in files)
    output.to_stdout(f"Written. {one_line(str(request.out), 4000)}: {names}\n")


class _Merged(Mapping[Key, Record]):
    """The records as they are to be, each made when it is wanted: all of a large class would not fit into memory."""

    def __init__(self, batch: Batch, results: Mapping[Key, Mapping[str, CheckResult]]) -> None:
        self._batch = batch
        self._results = results
        self._orders = {exercise.name: order_of(exercise) for exercise in batch.exercises}

    def __getitem__(self, key: Key) -> Record:
        new = self._results[key]
        old = self._batch.ledger[key]
        assert old.report is not None  # _graded
        report = merged(old.report, new, self._orders[key[1]])
        # From now on it counts as graded by the check file of today: nothing else in it was mended, says who asked.
        return replace(old, report=report, checks=self._batch.common.checks[key[1]])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)
