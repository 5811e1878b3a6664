"""What `grade release github` does: a template repository for GitHub Classroom, which grades at every push."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import jobs, output, starter, workspace
from grader.classroom import github_texts as texts
from grader.classroom.own_wheel import wheel
from grader.classroom.release_files import Release, chosen, course_files, put
from grader.classroom.release_gradescope import points_of
from grader.text import one_line

WORKFLOW = Path(".github") / "workflows" / "classroom.yml"


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Args:
        folder: the repository's; it is made if it is not there.
        course: the folder of a course that is not ours, or None.
    """

    folder: Path
    course: Path | None


def run(words: Sequence[str], request: Request) -> int:
    """Write a template repository for some exercises, or all; the exit code.

    Args:
        words: the exercises as somebody names them; all when empty, or ``all``.
        request: the options.

    Raises:
        UnusableInput: an exercise or a file cannot be used, or a file cannot be written.
    """
    folder = request.folder
    course = jobs.open_course(request.course)
    exercises = chosen(course, words)
    name, content = wheel()
    points = [(exercise, points_of(exercise)) for exercise in exercises]
    every = exercises == course.exercises
    text = texts.workflow(points, name, every=every, own_course=course.folder is not None)
    stubs = {Path(workspace.FOLDER) / one.stub.name: workspace.stub_text(course, one) for one in exercises}
    # A task of VS Code names the course where it is on this computer: of no use on a student's.
    settings = starter.settings(course) if course.folder is None else {}
    workspace.make_folder(folder)
    put(
        folder,
        [
            *(Release(path, text.encode()) for path, text in (stubs | starter.data(course) | settings).items()),
            Release(Path("README.md"), texts.readme(course, exercises, name).encode()),
            Release(WORKFLOW, text.encode()),
            Release(Path(".gitignore"), texts.IGNORED.encode()),
            *course_files(course, Path(texts.COURSE)),
            Release(Path(texts.OURS) / name, content, generated=True),
        ],
    )
    for old in sorted((folder / texts.OURS).glob("reparam-*.whl")):
        if old.name != name:
            output.to_stdout(f"old       {one_line(str(old.relative_to(folder)), 4000)} (no longer used: delete it)\n")
    steps = ["git init && git add . && git commit -m 'Exercises'", "push it to GitHub, as a template repository"]
    if folder.resolve() != Path.cwd():
        steps.insert(0, f"cd {shlex.quote(str(folder))}")
    output.to_stdout("\nnext: " + "\n      ".join(one_line(step, 4000) for step in steps) + "\n")
    return 0
