"""What to teach next: the misconceptions of a class in the order of how many hold them, with the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.classroom.marks import FEW, share
from grader.classroom.understanding import CheckInsight, Misunderstood
from grader.course import Course, Exercise

LESSONS = 8
_HARD, _HARDEST = 0.75, 8
"""A check is hard that at most this share of those who tried it pass; so many are listed."""

_UNEXPLAINED = 5
_CLASS, _GROUP = 0.6, 0.6
"""In the upper third as common as in the lower, if at least by this factor; a matter of few, if so many are in one."""

_SAME = 0.8
"""Two mistakes of one exercise are one lesson if so many of those who made either made both."""


@dataclass(frozen=True)
class Lesson:
    """One thing to talk about.

    Args:
        exercise: the exercise's name.
        misconception: its id.
        says: what was done.
        reasons: why it stands here: how many, what it cost, who.
        why: why it is wrong, to be explained.
        look: a question for the class.
        hint: the first hint of the exercise for this place; empty where it has none.
        command: what gives a student that hint; likewise.
        also: ids of other misconceptions in this exercise that nearly the same students hold, or that say the same.
        students: who holds it.
    """

    exercise: str
    misconception: str
    says: str
    reasons: tuple[str, ...]
    why: str
    look: str
    hint: str
    command: str
    also: tuple[str, ...]
    students: tuple[str, ...]


def lessons(course: Course, misconceptions: Sequence[Misunderstood], students: int) -> tuple[Lesson, ...]:
    """The misconceptions that most students hold.

    Args:
        course: the exercises, for their hints.
        misconceptions: what was named.
        students: how many are in the class; in a class of more than two, what a single one holds is no lesson.
    """
    exercises = {exercise.name: exercise for exercise in course.exercises}
    held = [one for one in misconceptions if len(one.students) >= min(2, students - 1)]
    held.sort(key=lambda one: (-len(one.students), -one.lost, one.exercise, one.name))
    together: list[list[Misunderstood]] = []
    for one in held:
        group = next((group for group in together if _belong_together(group[0], one)), None)
        if group is not None:
            group.append(one)
        else:
            together.append([one])
    return tuple(_lesson(course, exercises, *group) for group in together[:LESSONS])


def _belong_together(one: Misunderstood, other: Misunderstood) -> bool:
    if one.exercise != other.exercise:
        return False
    both, either = {*one.students} & {*other.students}, {*one.students} | {*other.students}
    return one.says == other.says or (len(both) >= FEW and len(both) >= _SAME * len(either))


def _lesson(course: Course, exercises: Mapping[str, Exercise], one: Misunderstood, *others: Misunderstood) -> Lesson:
    exercise = exercises.get(one.exercise)
    check = next((check for check in one.checks if exercise is not None and check in exercise.hints), "")
    hint = command = ""
    if exercise is not None and check:
        hint = exercise.hints[check][0]
        command = course.command(f"hint {exercise.short} --check {check}")
    also = tuple(other.name for other in others)
    return Lesson(
        one.exercise, one.name, one.says, _reasons(one), one.why, one.look, hint, command, also, one.students
    )  # fmt: skip


def _reasons(one: Misunderstood) -> tuple[str, ...]:
    lost = f"{one.lost} {'point' if one.lost == 1 else 'points'}"
    found = [f"{share(len(one.students), one.tried)} who tried it did this; it cost {lost} in all."]
    if one.groups and len(one.students) >= FEW:
        lower, _, upper = one.groups
        few, many = len(upper.students), len(lower.students)
        lower_words, upper_words = share(many, lower.tried), share(few, upper.tried)
        if few and few * lower.tried >= _CLASS * many * upper.tried:
            found.append(
                f"The strongest do it too, {upper_words} of the upper third and {lower_words} of the lower: "
                "a matter for the whole class."
            )
        elif many >= _GROUP * len(one.students):
            found.append(
                f"Most of them are in the lower third, {lower_words}, against {upper_words} of the upper: "
                "a matter for a small group."
            )
    return tuple(found)


def hardest(checks: Sequence[CheckInsight]) -> tuple[CheckInsight, ...]:
    """The checks that the smallest share of those who tried them passed."""
    hard = [check for check in checks if check.tried >= FEW and check.passed <= _HARD * check.tried]
    return tuple(sorted(hard, key=lambda check: (check.passed / check.tried, -check.tried))[:_HARDEST])


def unexplained(checks: Sequence[CheckInsight]) -> tuple[CheckInsight, ...]:
    """The checks that most students failed in a way that the catalogue does not know."""
    found = [check for check in checks if len(check.unexplained) > 1]
    return tuple(sorted(found, key=lambda check: -len(check.unexplained))[:_UNEXPLAINED])
