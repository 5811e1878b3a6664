"""What the reports of a class tell of each check and of each misconception."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.classroom.batch.record import Record, Results
from grader.report import CheckResult, Report, Status
from grader.text import clean, one_line

THIRDS = ("lower third", "middle third", "upper third")
_ENOUGH = 12
"""A third of fewer students would be three people or less."""

_TRIED = (Status.PASSED, Status.FAILED, Status.ERROR)
_END = re.compile(r"(?<=[.!?…]) ")
"""Between the two sentences of a verdict: what was done, and why it is wrong."""


@dataclass(frozen=True)
class CheckInsight:
    """How a check ended for the class.

    Args:
        exercise: the exercise's name.
        name: of the check.
        title: its one-sentence title.
        max_points: what it can earn.
        passed: how many students passed it.
        failed: how many gave something wrong.
        error: how many raised, crashed or ran into a limit.
        skipped: for how many it waits for another check.
        not_attempted: how many have not written what it asks for.
        unexplained: who failed it without a misconception being named.
    """

    exercise: str
    name: str
    title: str
    max_points: int
    passed: int
    failed: int
    error: int
    skipped: int
    not_attempted: int
    unexplained: tuple[str, ...]

    @property
    def tried(self) -> int:
        """Students who gave it something to check."""
        return self.passed + self.failed + self.error


@dataclass(frozen=True)
class Holders:
    """Those of one part of the class who hold a misconception.

    Args:
        group: the part, ``lower third``.
        tried: how many of it tried a check that shows the misconception.
        students: who holds it.
    """

    group: str
    tried: int
    students: tuple[str, ...]


@dataclass(frozen=True)
class Misunderstood:
    """A misconception that was named for somebody.

    Args:
        exercise: the exercise's name.
        name: its id.
        says: what was done, as a sentence.
        why: why that is wrong.
        look: what to look at.
        checks: where it was named; the one where it was named most often first.
        tried: how many students tried one of these.
        students: who holds it.
        lost: points that these checks did not give them.
        groups: the same for each third of the class by points; empty for a small class.
    """

    exercise: str
    name: str
    says: str
    why: str
    look: str
    checks: tuple[str, ...]
    tried: int
    students: tuple[str, ...]
    lost: int
    groups: tuple[Holders, ...]


def has_tried(report: Report) -> bool:
    """Whether there is anything of the student's own in a submission."""
    return any(check.status in _TRIED for check in report.checks)


def checks_of(records: Iterable[Record]) -> tuple[CheckInsight, ...]:
    """How each check of one exercise ended, in the order of the check file.

    Args:
        records: those of the exercise.
    """
    found: dict[str, list[tuple[str, CheckResult]]] = {}
    exercise = ""
    for record in records:
        exercise = record.exercise
        for check in record.report.checks if record.report is not None else ():
            found.setdefault(check.name, []).append((record.student, check))
    return tuple(_check(exercise, ends) for ends in found.values())


def _check(exercise: str, ends: Sequence[tuple[str, CheckResult]]) -> CheckInsight:
    count = Counter(check.status for _, check in ends)
    first = ends[0][1]
    return CheckInsight(
        exercise,
        first.name,
        one_line(first.title),
        first.max_points,
        **{status.value: count[status] for status in Status},
        unexplained=tuple(who for who, check in ends if _wrong(check) and not check.misconception),
    )


def thirds(results: Results) -> dict[str, str]:
    """Student → which third of the class by points, for all whose work was graded; equal points are in one third.

    Empty where the class is small, or all have the same points.
    """
    points = {
        student: sum(record.points for record in mine)
        for student in results.students
        if (mine := [r for e in results.exercises if (r := results.records.get((student, e.name))) and r.report])
    }
    if len(points) < _ENOUGH:
        return {}
    # The place of equals is the middle of theirs, so that nobody is in a lower third for the sake of a name.
    equal, below, place = Counter(points.values()), 0, {}
    for value in sorted(equal):
        place[value] = THIRDS[min(int(3 * (below + equal[value] / 2) / len(points)), 2)]
        below += equal[value]
    groups = {student: place[value] for student, value in points.items()}
    return groups if len(set(groups.values())) > 1 else {}


def misunderstood(results: Results, groups: Mapping[str, str]) -> tuple[Misunderstood, ...]:
    """The misconceptions that were named, of each exercise those of most students first.

    Args:
        results: the graded class.
        groups: see :func:`thirds`.
    """
    found: list[Misunderstood] = []
    for exercise in results.exercises:
        named: dict[str, list[tuple[str, CheckResult]]] = defaultdict(list)
        tried: dict[str, set[str]] = defaultdict(set)
        for record in results.of(exercise):
            for check in record.report.checks if record.report is not None else ():
                if check.status in _TRIED:
                    tried[check.name].add(record.student)
                if check.misconception and _wrong(check):
                    named[check.misconception].append((record.student, check))
        mine = [_misunderstood(exercise.name, name, ends, tried, groups) for name, ends in named.items()]
        found += sorted(mine, key=lambda one: (-len(one.students), -one.lost, one.name))
    return tuple(found)


def _misunderstood(
    exercise: str,
    name: str,
    ends: Sequence[tuple[str, CheckResult]],
    tried: Mapping[str, set[str]],
    groups: Mapping[str, str],
) -> Misunderstood:
    checks = Counter(check.name for _, check in ends)
    whoever = set().union(*(tried[check] for check in checks))
    students = sorted({student for student, _ in ends})
    says, why = _sentences(name, [check for _, check in ends])
    parts = []
    for group in THIRDS if groups else ():
        members = tuple(student for student in students if groups.get(student) == group)
        parts.append(Holders(group, sum(groups.get(student) == group for student in whoever), members))
    return Misunderstood(
        exercise,
        one_line(name),
        says,
        why,
        _commonest(check.hint for _, check in ends),
        tuple(check for check, _ in checks.most_common()),
        len(whoever),
        tuple(students),
        sum(check.max_points - check.points for _, check in ends),
        tuple(parts),
    )


def _sentences(name: str, checks: Sequence[CheckResult]) -> tuple[str, str]:
    """What a misconception says, and why: the last line of the messages that name it.

    The catalogue itself is code of the check file, which is not imported here. What most verdicts say counts: around
    the line stands text of learners.
    """
    last = _commonest(check.message.rpartition("\n")[2] for check in checks)
    says, *why = _END.split(last, maxsplit=1)
    return says or one_line(name), "".join(why)


def _commonest(texts: Iterable[str]) -> str:
    return clean(Counter(texts).most_common(1)[0][0])


def _wrong(check: CheckResult) -> bool:
    return check.status in (Status.FAILED, Status.ERROR)
