"""Graded classes for the tests of insights: drawn from verdicts, with the marks spread as in a real one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.classroom.batch.record import Record, Results
from grader.course import Course, Exercise, built_in
from grader.report import CheckResult, Report, Status

POINTS = 30
SAYS, WHY, LOOK = "σ² was used where σ belongs.", "A factor stretches by itself.", "Which has the unit of μ?"


def ended(name: str, status: Status = Status.PASSED, **fields: object) -> CheckResult:
    """How a check ended; 2 points if it passed."""
    made = CheckResult(name, f"The title of {name}", status, 2 if status is Status.PASSED else 0, 2)
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a CheckResult


def failed(name: str, misconception: str | None = None) -> CheckResult:
    """A failed check, in the words of a verdict."""
    if misconception is None:
        return ended(name, Status.FAILED, message="z[0] = 1 is not right.")
    return ended(
        name, Status.FAILED, message=f"z[0] is not right.\n{SAYS} {WHY}", misconception=misconception, hint=LOOK
    )


def record(student: str, exercise: str = "exercise1", *checks: CheckResult, **fields: object) -> Record:
    """A graded submission, or what ``fields`` make of it."""
    found = built_in().find(exercise)
    report = Report(found.name, found.title, checks, 0.2, ("landlock", "seccomp"), 7) if checks else None
    digest = f"{student}-{exercise}"
    made = Record(student, found.name, f"{student}/{found.name}.py", digest, 7, "c", report=report, seconds=0.2)
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a Record


def results(records: Sequence[Record], *exercises: str, students: Sequence[str] = ()) -> Results:
    """A class.

    Args:
        records: what was handed in.
        exercises: what was asked for; exercise 1 when none is named.
        students: who is in the class besides.
    """
    course = built_in()
    asked = tuple(course.find(word) for word in exercises or ("exercise1",))
    everybody = sorted({*students, *(one.student for one in records)})
    found = {(one.student, one.exercise): one for one in records}
    return Results(course, asked, dict.fromkeys([one.name for one in asked], POINTS), tuple(everybody), found, 7)


def drawn(course: Course, names: Sequence[str], graded: Mapping[str, Sequence[Record]], seed: int = 1) -> Results:
    """A class whose submissions are drawn from graded ones: some mistakes are common, most are rare.

    Args:
        course: the exercises, all of which are asked for.
        names: the students.
        graded: exercise → records to draw from.
        seed: of the drawing.
    """
    rng = random.Random(seed)  # noqa: S311  a class to look at, no secret
    weights = {exercise: [rng.paretovariate(0.8) for _ in found] for exercise, found in graded.items()}
    records = {}
    for number, student in enumerate(names):
        for exercise in course.exercises:
            if rng.random() < 0.08 * exercise.number / 2:
                continue
            (found,) = rng.choices(graded[exercise.name], weights[exercise.name])
            file, digest = f"{student}/{exercise.name}.py", f"{number}-{exercise.number}"
            seconds = found.seconds * (9 if rng.random() < 0.01 else 1)
            records[student, exercise.name] = replace(found, student=student, file=file, digest=digest, seconds=seconds)
    most = {exercise.name: POINTS for exercise in course.exercises}
    return Results(course, course.exercises, most, tuple(names), records, 7)


def made_up(exercise: Exercise, words: str = "") -> list[Record]:
    """Records of an exercise, with every way in which a submission ends and ten misconceptions.

    Args:
        exercise: whose.
        words: what stands in every text that comes from elsewhere.
    """
    short = exercise.short
    good = [ended(f"test_{place}", title=f"The title of check {place} {words}") for place in range(14)]
    ways = [tuple(good)]
    for place in range(10):
        wrong = failed(f"test_{place}", f"misconception_{place}")
        wrong = replace(
            wrong, message=wrong.message.replace("σ²", f"{words} {place} times σ²"), title=good[place].title
        )
        ways.append((*good[:place], wrong, *good[place + 1 :]))
    first = replace(good[0], points=0, message=f"Your code raised Odd: {words}")
    open_ends = (Status.ERROR, Status.FAILED, Status.SKIPPED, Status.NOT_ATTEMPTED)
    ways += [(replace(first, status=status), *good[1:]) for status in open_ends]
    ways.append(tuple(replace(check, status=Status.NOT_ATTEMPTED, points=0) for check in good))
    found = [record("x", short, *checks, seconds=0.2 + 0.1 * place) for place, checks in enumerate(ways)]
    unusable = record("x", short, problem=f"line 3: invalid syntax {words}")
    return [*found, unusable, record("x", short, fault=f"the sandbox ended {words}")]
