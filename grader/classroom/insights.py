"""What a graded class tells its instructor, as data: what `insights.html` shows and `insights.json` holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from grader.classroom import teaching, trouble
from grader.classroom.batch.record import Results
from grader.classroom.marks import Marks
from grader.classroom.teaching import Lesson
from grader.classroom.trouble import Crash, Difficulty, Identical, Slow, Ungraded
from grader.classroom.understanding import CheckInsight, Misunderstood, checks_of, has_tried, misunderstood, thirds
from grader.course import Exercise
from grader.text import one_line

SCHEMA = "reparam.insights/1"
NAME = 64
"""Characters of a name that are shown: as many as a valid one can have."""

_FILE = 120


@dataclass(frozen=True)
class ExerciseInsight:
    """How an exercise went.

    Args:
        name: ``exercise3_masked_convolution``.
        title: its title.
        handed_in: how many files came.
        graded: how many of them have a verdict.
        passed: how many pass every check.
        missing: who handed nothing in.
        untouched: who handed in a file in which nothing was written.
        marks: of those who handed something in; a file that cannot be used has 0, one that we owe a verdict none.
        checks: in the order of the check file.
    """

    name: str
    title: str
    handed_in: int
    graded: int
    passed: int
    missing: tuple[str, ...]
    untouched: tuple[str, ...]
    marks: Marks
    checks: tuple[CheckInsight, ...]


@dataclass(frozen=True)
class Insights:
    """A class at a glance.

    Args:
        course: its title.
        seed: what the probes were drawn from.
        flashcards: the command with which students drill what was named for them; empty for a course that is not
            ours, to which no cards belong.
        students: everybody whose work was found.
        exercises: what was asked for, in the order of the course.
        marks: of each student in all exercises together; what was not handed in has 0. Those are left out to whom we
            owe a verdict.
        thirds: third of the class by points → how many are in it; empty for a small class.
        lessons: what to teach next, the most urgent first.
        misconceptions: those that were named, by exercise, those of most students first.
        hardest: checks that the fewest pass of those who tried them.
        unexplained: checks that several failed in a way that the catalogue does not know.
        crashed: checks that ended in an error, by what happened.
        slow: gradings that took much longer than the others.
        unusable: files that could not be read as an answer.
        faults: files that we failed to grade.
        identical: equal files of several students.
        difficulty: students with less than half of the points.
    """

    course: str
    seed: int
    flashcards: str
    students: tuple[str, ...]
    exercises: tuple[ExerciseInsight, ...]
    marks: Marks
    thirds: dict[str, int]
    lessons: tuple[Lesson, ...]
    misconceptions: tuple[Misunderstood, ...]
    hardest: tuple[CheckInsight, ...]
    unexplained: tuple[CheckInsight, ...]
    crashed: tuple[Crash, ...]
    slow: tuple[Slow, ...]
    unusable: tuple[Ungraded, ...]
    faults: tuple[Ungraded, ...]
    identical: tuple[Identical, ...]
    difficulty: tuple[Difficulty, ...]

    def to_json(self) -> dict[str, Any]:
        """The published form; ``grader/schema/insights.schema.json`` describes it."""
        return {"schema": SCHEMA} | asdict(self)


def insights(results: Results) -> Insights:
    """What a graded class tells."""
    results = _with_shown_names(results)
    groups = thirds(results)
    misconceptions = misunderstood(results, groups)
    exercises = tuple(_exercise(results, exercise) for exercise in results.exercises)
    checks = [check for exercise in exercises for check in exercise.checks]
    return Insights(
        course=one_line(results.course.title),
        seed=results.seed,
        flashcards="flashcards" if results.course.folder is None else "",
        students=results.students,
        exercises=exercises,
        marks=_marks(results),
        thirds={third: sum(group == third for group in groups.values()) for third in sorted(set(groups.values()))},
        lessons=teaching.lessons(results.course, misconceptions, len(results.students)),
        misconceptions=misconceptions,
        hardest=teaching.hardest(checks),
        unexplained=teaching.unexplained(checks),
        crashed=trouble.crashes(results),
        slow=trouble.slow(results),
        unusable=trouble.unusable(results),
        faults=trouble.faults(results),
        identical=trouble.identical(results),
        difficulty=trouble.difficulties(results, misconceptions),
    )


def shown_names(students: Iterable[str]) -> dict[str, str]:
    """Student → the name as it is shown: nothing invisible in it, never empty, no two alike, at most 64 characters.

    A valid id is shown as it is.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for student in dict.fromkeys(students):
        plain = one_line(student, NAME).strip() or "(no name)"
        shown, again = plain, 1
        while shown in taken:
            again += 1
            number = f" ({again})"
            shown = one_line(plain, NAME - len(number)) + number
        taken.add(shown)
        names[student] = shown
    return names


def _with_shown_names(results: Results) -> Results:
    """The same results, with names and files that can be shown: what is made of them needs no more care."""
    # Valid names first, so that none has to give way to one that only looks like it.
    names = shown_names([*filter(lambda name: one_line(name, NAME) == name, results.students), *results.students])
    records = {
        (names[student], exercise): replace(record, student=names[student], file=one_line(record.file, _FILE))
        for (student, exercise), record in results.records.items()
    }
    return replace(results, students=tuple(names[student] for student in results.students), records=records)


def _exercise(results: Results, exercise: Exercise) -> ExerciseInsight:
    records = list(results.of(exercise))
    graded = [(record.student, record.report) for record in records if record.report is not None]
    came = {record.student for record in records}
    return ExerciseInsight(
        name=exercise.name,
        title=one_line(exercise.title),
        handed_in=len(records),
        graded=len(graded),
        passed=sum(report.passed for _, report in graded),
        missing=tuple(student for student in results.students if student not in came),
        untouched=tuple(student for student, report in graded if not has_tried(report)),
        marks=Marks.of((record.points for record in records if not record.fault), results.max_points[exercise.name]),
        checks=checks_of(records),
    )


def _marks(results: Results) -> Marks:
    points = []
    for student in results.students:
        mine = [r for e in results.exercises if (r := results.records.get((student, e.name))) is not None]
        if not any(record.fault for record in mine):
            points.append(sum(record.points for record in mine))
    return Marks.of(points, sum(results.max_points[exercise.name] for exercise in results.exercises))
