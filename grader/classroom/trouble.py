"""What went wrong in a class apart from wrong answers: crashes, slow and unusable files, work that is missing."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grader.classroom.batch.record import Record, Results
from grader.classroom.marks import FEW
from grader.classroom.understanding import Misunderstood, has_tried
from grader.report import Status
from grader.text import one_line

_TIMES, _SECONDS = 3.0, 2.0
"""A grading is slow that took so many times the class's median, and so many seconds more: a machine has its moods."""

_ENOUGH = 0.5
"""Who has a smaller share of the points is in difficulty."""

_RAISED = re.compile(r"Your code raised '?(\w{1,60})")
_REASON = 300


@dataclass(frozen=True)
class Crash:
    """Submissions that ended in the same way where an answer was wanted.

    Args:
        exercise: the exercise's name.
        what: how, in a few words: ``Raised TypeError``, ``Did not finish in time``.
        checks: how many checks that cost, over all of them.
        students: whose.
    """

    exercise: str
    what: str
    checks: int
    students: tuple[str, ...]


@dataclass(frozen=True)
class Slow:
    """A submission that took much longer than those of the others.

    Args:
        student: whose.
        exercise: the exercise's name.
        seconds: that its grading took.
        median: that the class's gradings of this exercise took.
        check: the title of the check that took longest.
    """

    student: str
    exercise: str
    seconds: float
    median: float
    check: str


@dataclass(frozen=True)
class Ungraded:
    """A file without a verdict.

    Args:
        student: whose.
        exercise: the exercise's name.
        file: where it was found.
        reason: why there is no verdict.
    """

    student: str
    exercise: str
    file: str
    reason: str


@dataclass(frozen=True)
class Identical:
    """Students who handed in the same file, byte for byte.

    Args:
        exercise: the exercise's name.
        students: who.
    """

    exercise: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Difficulty:
    """A student with less than half of the points.

    Args:
        student: who.
        points: earned.
        max_points: what could be earned in all exercises that were asked for.
        handed_in: how many exercises came.
        tried: in how many of them something was written.
        misconceptions: what was named, as sentences.
    """

    student: str
    points: int
    max_points: int
    handed_in: int
    tried: int
    misconceptions: tuple[str, ...]


def crashes(results: Results) -> tuple[Crash, ...]:
    """Checks that ended in an error, by what happened; the commonest first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in results.records.values():
        for check in record.report.checks if record.report is not None else ():
            if check.status is Status.ERROR:
                found[record.exercise, _ending(check.message)].append(record.student)
    crashed = [Crash(*key, len(whose), tuple(sorted(set(whose)))) for key, whose in found.items()]
    return tuple(sorted(crashed, key=lambda one: (-len(one.students), -one.checks, one.exercise, one.what)))


def _ending(message: str) -> str:
    """How a submission ended, without what is different for everybody."""
    line = one_line(message.partition("\n")[0])
    raised = _RAISED.match(line)
    if raised:
        return f"Raised {raised[1]}"
    head = line.partition(":")[0]
    if head.count("(") > head.count(")"):
        head = head.partition(" (")[0]
    head = head.rstrip(".").removeprefix("Your code ")
    return head[:1].upper() + head[1:]


def slow(results: Results) -> tuple[Slow, ...]:
    """Submissions that took much longer than the others of their exercise; the slowest first."""
    found: list[Slow] = []
    for exercise in results.exercises:
        graded = [record for record in results.of(exercise) if record.report is not None]
        if len(graded) < FEW:
            continue
        median = statistics.median(record.seconds for record in graded)
        least = max(_TIMES * median, median + _SECONDS)
        found += [_slow(record, median) for record in graded if record.seconds > least]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.student)))


def _slow(record: Record, median: float) -> Slow:
    checks = record.report.checks if record.report is not None else ()
    longest = max(checks, key=lambda check: check.seconds, default=None)
    title = one_line(longest.title) if longest is not None else ""
    return Slow(record.student, record.exercise, round(record.seconds, 1), round(median, 1), title)


def unusable(results: Results) -> tuple[Ungraded, ...]:
    """Files that could not be read as an answer."""
    return _ungraded([(record, record.problem) for record in results.records.values() if record.problem])


def faults(results: Results) -> tuple[Ungraded, ...]:
    """Files that we failed to grade."""
    return _ungraded([(record, record.fault) for record in results.records.values() if record.fault])


def _ungraded(found: Sequence[tuple[Record, str]]) -> tuple[Ungraded, ...]:
    rows = [Ungraded(one.student, one.exercise, one.file, _in_one_line(reason)) for one, reason in found]
    return tuple(sorted(rows, key=lambda row: (row.exercise, row.student)))


def _in_one_line(reason: str) -> str:
    """A reason without the line that points at a column of the line above."""
    lines = [line.strip() for line in reason[: 8 * _REASON].splitlines()]
    return one_line(" · ".join(line for line in lines if line.strip("^~ ")), _REASON)


def identical(results: Results) -> tuple[Identical, ...]:
    """Equal files of several students; a file in which nobody has written anything is everybody's."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in results.records.values():
        if record.report is not None and has_tried(record.report):
            found[record.exercise, record.digest].append(record.student)
    groups = [Identical(exercise, tuple(sorted(who))) for (exercise, _), who in found.items() if len(who) > 1]
    return tuple(sorted(groups, key=lambda one: (one.exercise, -len(one.students), one.students)))


def difficulties(results: Results, misconceptions: Sequence[Misunderstood]) -> tuple[Difficulty, ...]:
    """Students with less than half of the points, the least first; not those whose marks we owe them."""
    most = sum(results.max_points[exercise.name] for exercise in results.exercises)
    said: dict[str, list[str]] = defaultdict(list)
    for one in misconceptions:
        for student in one.students:
            said[student].append(one.says)
    found = []
    for student in results.students:
        mine = [r for e in results.exercises if (r := results.records.get((student, e.name))) is not None]
        points = sum(record.points for record in mine)
        if points < _ENOUGH * most and not any(record.fault for record in mine):
            tried = sum(record.report is not None and has_tried(record.report) for record in mine)
            found.append(Difficulty(student, points, most, len(mine), tried, tuple(dict.fromkeys(said[student]))))
    return tuple(sorted(found, key=lambda one: (one.points, one.student)))
