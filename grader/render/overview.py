"""The course at a glance: what has been passed, what was begun, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from grader.course import Course, Exercise
from grader.practice import NONE_YET, Practice
from grader.progress import Attempt
from grader.render.page import COLOURS, Look, Page, duration, plural
from grader.report import Report, Status
from grader.text import one_line


def overview(
    course: Course,
    best: Mapping[str, Attempt],
    look: Look,
    *,
    has_files: bool,
    hints: Mapping[str, int] | None = None,
    practice: Practice = NONE_YET,
) -> str:
    """The table of `grade` alone.

    Args:
        course: the exercises.
        best: exercise name → best attempt.
        look: what the terminal can show.
        has_files: whether the learner has the exercises already.
        hints: exercise name → how many hints were taken.
        practice: how regularly and how long.
    """
    page = Page(look)
    passed = sum(exercise.name in best and best[exercise.name].passed for exercise in course.exercises)
    page.blank()
    page.line("  ", (course.title, "bold"))
    page.right(f"{passed} of {len(course.exercises)} passed", "dim")
    page.blank()
    width = max(len(exercise.short) for exercise in course.exercises)
    for exercise in course.exercises:
        _row(page, exercise, best.get(exercise.name), width, (hints or {}).get(exercise.name, 0))
    page.blank()
    if told := _practised(practice):
        page.paragraph(told, first="  ", hang=2, style="dim")
    page.paragraph(Text.assemble(*_advice(course, best, has_files=has_files)), first="  ", hang=2)
    return page.text()


def _practised(practice: Practice) -> str:
    """``streak: 3 days · at work: 2 h 5 min``; empty where there is neither."""
    told = []
    if practice.days:
        still_open = "" if practice.graded_today else ", today is still open"
        told.append(f"streak: {plural(practice.days, 'day')}{still_open}")
    if spent := duration(practice.spent):
        told.append(f"at work: {spent}")
    return " · ".join(told)


def next_exercise(course: Course, best: Mapping[str, Attempt]) -> Exercise | None:
    """The first exercise that has not been passed yet."""
    return next((e for e in course.exercises if e.name not in best or not best[e.name].passed), None)


def totals(reports: Sequence[Report], look: Look) -> str:
    """One line a report and the sum, for `grade all`."""
    page = Page(look)
    page.line("")
    for report in reports:
        status = Status.PASSED if report.passed else Status.FAILED
        page.paragraph(report.exercise, first=Text(f"  {look.mark(status)} ", style=COLOURS[status]), hang=4, margin=10)
        page.right(f"{report.points}/{report.max_points}", "dim")
    passed, points = sum(report.passed for report in reports), sum(report.points for report in reports)
    page.blank()
    most = sum(report.max_points for report in reports)
    page.line(f"  {passed} of {plural(len(reports), 'exercise')} passed, ", (f"{points} of {most} points", "bold"))
    return page.text()


def _row(page: Page, exercise: Exercise, attempt: Attempt | None, width: int, hints: int) -> None:
    if attempt is None:
        status, state = Status.NOT_ATTEMPTED, f"{exercise.minutes} min"
    else:
        status = Status.PASSED if attempt.passed else Status.FAILED
        state = f"{attempt.points}/{attempt.max_points}"
    style = COLOURS[status]
    mark = page.look.mark(status)
    first = Text.assemble(("  " + mark + " ", style), (exercise.short.ljust(width), "bold"), "  ")
    title = Text(one_line(exercise.title, 4000))
    # Hints tell where somebody is at work; of what is passed, nobody needs to know how.
    if hints and status is not Status.PASSED:
        title.append(f" ({plural(hints, 'hint')})", "dim")
    page.paragraph(title, first=first, hang=width + 6, margin=len(state) + 2)
    page.right(state, "dim" if attempt is None else style)


def _advice(course: Course, best: Mapping[str, Attempt], *, has_files: bool) -> list[str | tuple[str, str]]:
    if not has_files:
        return ["There are no exercises in this folder yet. Copy them: ", (course.command("init DIR"), "bold")]
    following = next_exercise(course, best)
    if following is None:
        return ["You have passed every exercise."]
    return ["next: ", (course.command(following.short), "bold")]
