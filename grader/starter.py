"""What a new workspace holds beside the exercises: a README, small data sets, settings of an editor."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

from grader.course import Course
from grader.errors import UnusableInput
from grader.text import one_line

DATA = "data"


def readme(course: Course) -> str:
    """What the folder is, and the commands that one needs in it."""
    course = _anywhere(course)
    first = course.exercises[0]
    commands = {
        course.command(first.short): "one exercise: what is right, what is wrong, and why",
        course.command("--watch"): "stay, and grade again whenever you save",
        course.command(f"hint {first.short}"): "one hint more for what is still open",
        course.command("all"): "every exercise",
        course.command(): "what you have passed, and what comes next",
        course.command(f"history {first.short}"): "every attempt, and what it changed",
        course.command("report"): "a page for the browser",
    }
    if course.folder is None:
        commands["flashcards"] = "drill what it is about; your own mistakes come first"
    width = max(map(len, commands))
    shown = "\n".join(f"    {command:{width}}  # {says}" for command, says in commands.items())
    rows = "\n".join(f"| `{e.short}` | {e.title} | {e.minutes} min |" for e in course.exercises)
    return f"""# {course.title}

Open a file in `exercises/`, read it from the top, and fill the places that hold `None` or raise
`NotImplementedError`. Then let it be graded, as often as you like:

{shown}

| | | takes about |
|---|---|---|
{rows}

Your answers never leave this computer. What you have tried is kept in `.reparam/`.
"""


def _anywhere(course: Course) -> Course:
    """The course under a name that holds wherever the learner calls `grade` from."""
    return replace(course, folder=course.folder.resolve()) if course.folder is not None else course


def data(course: Course) -> dict[Path, str]:
    """The course's small data sets as text files, where it has some: path in the workspace → text.

    Raises:
        UnusableInput: one of them cannot be read.
    """
    folder = course.exercises[0].stub.parent / DATA
    found = [path for suffix in ("csv", "md") for path in sorted(folder.glob(f"*.{suffix}"))]
    try:
        return {Path("exercises") / DATA / path.name: path.read_text(encoding="utf-8") for path in found}
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{one_line(str(folder))} cannot be read: {one_line(str(error))}.") from None


def settings(course: Course) -> dict[Path, str]:
    """A task for VS Code that grades the open exercise: Terminal → Run Build Task, or its key."""
    tasks = {
        "version": "2.0.0",
        "tasks": [
            {
                "label": "grade the open exercise",
                "type": "shell",
                "command": "grade",
                "args": ["${fileBasename}", *shlex.split(_anywhere(course).option)],
                "options": {"cwd": "${workspaceFolder}/exercises"},
                "group": {"kind": "build", "isDefault": True},
                "presentation": {"clear": True, "focus": False},
                "problemMatcher": [],
            }
        ],
    }
    return {Path(".vscode") / "tasks.json": json.dumps(tasks, indent=2) + "\n"}
