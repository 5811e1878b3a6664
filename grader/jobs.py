"""Which file answers which exercise: from the words of a command line to what is to be graded."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from grader import workspace
from grader.course import Course, Exercise, built_in
from grader.errors import UnusableInput
from grader.submission import Submission, read_submission
from grader.text import one_line


def open_course(folder: Path | None) -> Course:
    """The course in a folder, or the one that comes with reparam.

    Raises:
        UnusableInput: there is none, or it lies where a submission could read its solutions.
    """
    if folder is None:
        return built_in()
    course = Course.open(folder)
    from grader.sandbox.isolation.paths import interpreter_paths, own_paths

    for exercise in course.exercises:
        above = {*exercise.solution.resolve().parents, *exercise.checks.resolve().parents}
        if above.intersection(interpreter_paths()) and not above.intersection(own_paths()):
            raise UnusableInput(
                f"{one_line(str(folder))} lies in a folder of the Python interpreter, which every submission can read: "
                "its solutions would be open to all. Move the course elsewhere."
            )
    return course


@dataclass(frozen=True)
class Files:
    """Where the learner's files are: one file, a folder of files, or else the workspace.

    Args:
        submission: the one file.
        folder: the folder; its files are named like the exercises.
        workspace: the workspace around the current folder, if there is one.
    """

    submission: Path | None
    folder: Path | None
    workspace: Path | None


@dataclass(frozen=True)
class Job:
    """One file to grade.

    Args:
        exercise: what it answers.
        submission: what is in it.
        command: what grades it again.
    """

    exercise: Exercise
    submission: Submission
    command: str


@dataclass(frozen=True)
class Place:
    """Where the file to grade is; it has not been read.

    Args:
        exercise: what it answers.
        path: the file.
        command: what grades it.
    """

    exercise: Exercise
    path: Path
    command: str

    def read(self) -> Job:
        """What is in it just now.

        Raises:
            UnusableInput: the file cannot be used.
        """
        return Job(self.exercise, read_submission(self.path), self.command)


def one(course: Course, word: str, files: Files) -> Job:
    """The file for one exercise, read; as :func:`locate`.

    Raises:
        UnusableInput: there is no such exercise, or its file cannot be used.
    """
    return locate(course, word, files).read()


def locate(course: Course, word: str, files: Files) -> Place:
    """The file for one exercise. A path (typed with the Tab key) names both the exercise and the file.

    Raises:
        UnusableInput: there is no such exercise, or no file of its name.
    """
    path = Path(word)
    if path.suffix not in workspace.SUFFIXES:
        return _place(course, course.find(word), files)
    shown = one_line(word)
    if files.submission is not None or files.folder is not None:
        raise UnusableInput(f"{shown} is a file already: leave out --submission, or name the exercise.")
    try:
        exercise = course.find(path.stem)
    except UnusableInput as error:
        raise UnusableInput(f"{error} For a file of another name: grade EXERCISE --submission {shown}") from None
    return _place(course, exercise, replace(files, submission=path))


def every(course: Course, files: Files) -> tuple[list[Job], list[str]]:
    """The files for all exercises, and what is wrong with those that cannot be used."""
    jobs: list[Job] = []
    problems: dict[str, None] = {}
    for exercise in course.exercises:
        try:
            jobs.append(_place(course, exercise, files).read())
        except UnusableInput as error:
            # The same words may come for every exercise ("there is no such folder"); they are said once.
            problems[str(error)] = None
    return jobs, list(problems)


def _place(course: Course, exercise: Exercise, files: Files) -> Place:
    exercise.require_checks()
    command, init = course.command(exercise.short), course.command("init DIR")
    if files.submission is not None:
        path = files.submission
    elif files.folder is not None:
        path = workspace.in_folder(exercise, files.folder, init)
    else:
        return Place(exercise, workspace.file_of(exercise, files.workspace, init), command)
    return Place(exercise, path, f"{command} --submission {shlex.quote(str(path))}")
