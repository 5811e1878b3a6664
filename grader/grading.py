"""What `grade EXERCISE` does: find the files, start the sandbox, grade, show, remember."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader import jobs, output, own_numbers, progress, student, workspace
from grader.core import Sandbox
from grader.core import grade as grade_submission
from grader.course import Course
from grader.errors import UnusableInput
from grader.jobs import Files, Job
from grader.practice import NONE_YET, Practice
from grader.remember import remember
from grader.report import Report

if TYPE_CHECKING:
    from grader.render.page import Look

_FOR_PROGRAMS = ("json", "junit", "gradescope")


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        submission: one file to grade.
        folder: a folder of files to grade, named like the exercises.
        checks: names of checks; all when empty.
        form: ``text``, ``json``, ``html``, ``junit`` or ``gradescope``.
        out: a file for the report; None for standard output.
        seed: what the probes are drawn from.
        course: the folder of a course that is not ours, or None.
    """

    submission: Path | None
    folder: Path | None
    checks: tuple[str, ...]
    form: str
    out: Path | None
    seed: int
    course: Path | None = None


def run(word: str, request: Request) -> int:
    """Grade one exercise or all; the exit code.

    Raises:
        UnusableInput: the exercise or its file cannot be used.
        GraderError: our own fault.
    """
    course = jobs.open_course(request.course)
    home = workspace.around()
    files = Files(request.submission, request.folder, home)
    if word == "all":
        return _run_all(course, files, request)
    job = jobs.one(course, word, files)
    with Sandbox() as sandbox:
        look = _look()
        report = student.stamped(home, job.submission.path, _grade(job, home, sandbox, request, look))
        remark = remember(home, job.submission.path, report, datetime.now(UTC), whole=not request.checks)
        _deliver(_text_of(report, job, request, look, _next_command(course, home, report)), request, [report])
    _warn(remark)
    return 0 if report.passed else 1


def _run_all(course: Course, files: Files, request: Request) -> int:
    """Every exercise; a file that cannot be used does not keep the others from being graded."""
    if request.submission is not None:
        raise UnusableInput("--submission is one exercise's file. For all of them: --submission-dir DIR.")
    if request.checks:
        raise UnusableInput("--check names a check of one exercise. Say which: `grade exercise1 --check NAME`.")
    home = files.workspace
    usable, problems = jobs.every(course, files)
    if not usable:
        raise UnusableInput("\n".join(problems))
    reports: list[Report] = []
    texts: list[str] = []
    with Sandbox() as sandbox:
        look = _look()
        for job in usable:
            report = student.stamped(home, job.submission.path, _grade(job, home, sandbox, request, look))
            reports.append(report)
            _warn(remember(home, job.submission.path, report, datetime.now(UTC)))
            texts.append(_text_of(reports[-1], job, request, look, "") if request.form == "text" else "")
            if request.form == "text" and request.out is None:
                output.to_stdout(texts[-1])
    if request.form == "html":
        _deliver(_page_of_all(course, usable, reports), request, reports)
    else:
        _deliver_all(texts, reports, request, look)
    _warn("\n".join(problems))
    if problems:
        return 2
    return 0 if all(report.passed for report in reports) else 1


def show_progress(folder: Path | None = None) -> None:
    """Print what has been passed of a course and what comes next.

    Args:
        folder: of a course that is not ours, or None.
    """
    from grader.render.overview import overview

    home = workspace.around()
    best, remark = _best(home)
    hints = _hints(home) if not remark else {}
    practice = _practice(home) if not remark else NONE_YET
    has_files = home is not None
    text = overview(jobs.open_course(folder), best, _look(), has_files=has_files, hints=hints, practice=practice)
    output.to_stdout(text)
    _warn(remark and f"your progress could not be read: {remark}")


def _grade(job: Job, home: Path | None, sandbox: Sandbox, request: Request, look: Look) -> Report:
    from grader.render.live import LiveLine

    with LiveLine(look, job.exercise.title) as line:
        return grade_submission(
            job.exercise,
            job.submission,
            sandbox=sandbox,
            seed=request.seed,
            checks=request.checks,
            variant=own_numbers.of_file(home, job.submission.path, job.exercise),
            on_event=line,
        )


def _look() -> Look:
    # rich is imported here, after the sandbox has begun to import torch in its own process.
    from grader.render.page import Look

    return Look.of(sys.stdout, os.environ)


# --- showing ----------------------------------------------------------------------------------------------


def _text_of(report: Report, job: Job, request: Request, look: Look, next_command: str) -> str:
    if request.form in _FOR_PROGRAMS:
        from grader.render import exchange

        return exchange.to_json(report) if request.form == "json" else exchange.written(request.form, [report])
    if request.form == "html":
        from grader.render.html import page

        return page([report], title=report.title, commands={report.exercise: job.command})
    from grader.render.page import Look
    from grader.render.terminal import render

    return render(report, Look() if request.out else look, command=job.command, next_command=next_command)


def _deliver_all(texts: Sequence[str], reports: Sequence[Report], request: Request, look: Look) -> None:
    if request.form in _FOR_PROGRAMS:
        from grader.render import exchange

        _deliver(exchange.written(request.form, reports), request, reports)
        return
    from grader.render.overview import totals
    from grader.render.page import Look

    last = totals(reports, Look() if request.out else look)
    # Without a file the reports have been shown already, each when it was ready.
    _deliver("".join(texts) + last if request.out else last, request, reports)


def _page_of_all(course: Course, graded: Sequence[Job], reports: Sequence[Report]) -> str:
    from grader.render.html import Row, page

    commands = {job.exercise.name: job.command for job in graded}
    return page(reports, title=course.title, commands=commands, overview=[Row(report) for report in reports])


def _deliver(text: str, request: Request, reports: Sequence[Report]) -> None:
    if request.out is None:
        output.to_stdout(text)
        return
    points, most = sum(r.points for r in reports), sum(r.max_points for r in reports)
    output.deliver(request.out, text, f"{points} of {most} points; the report is in {request.out}")


def _warn(message: str) -> None:
    if message:
        sys.stderr.write(f"{message}\n")


# --- what was tried before ------------------------------------------------------------------------------


def _best(home: Path | None) -> tuple[dict[str, progress.Attempt], str]:
    try:
        return (progress.best(home) if home is not None else {}), ""
    except progress.ProgressUnavailable as error:
        return {}, str(error)


def _practice(home: Path | None) -> Practice:
    """How regularly and how long; nothing where that cannot be read."""
    try:
        return Practice.of(progress.attempts(home), datetime.now(UTC)) if home is not None else NONE_YET
    except progress.ProgressUnavailable:
        return NONE_YET


def _hints(home: Path | None) -> dict[str, int]:
    """Exercise name → how many hints were taken; nothing where that cannot be read."""
    try:
        taken = progress.hints_taken(home) if home is not None else {}
    except progress.ProgressUnavailable:
        return {}
    counts: Counter[str] = Counter()
    for (exercise, _), count in taken.items():
        counts[exercise] += count
    return counts


def _next_command(course: Course, home: Path | None, report: Report) -> str:
    """What to run after a pass: the first exercise that is still open."""
    from grader.render.overview import next_exercise

    best, _ = _best(home)
    following = next_exercise(course, best)
    return course.command(following.short) if following is not None and following.name != report.exercise else ""
