"""The workflow that GitHub runs at every push to a student's repository."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course import Course, Exercise

OURS = ".github/reparam"
"""The folder of what the workflow needs, in a student's repository."""

COURSE = f"{OURS}/course"

# What a student's computer and the workflow leave behind; .reparam/given stays, for `grade init --update`.
IGNORED = """\
__pycache__/
.ipynb_checkpoints/
.reparam/backups/
.reparam/progress.sqlite3*
report.html
results/
"""


def readme(course: Course, exercises: Sequence[Exercise], wheel: str) -> str:
    """What students read first.

    Args:
        course: the course.
        exercises: those that are in the repository.
        wheel: the name of reparam's own wheel.
    """
    option = f" --course {COURSE}" if course.folder is not None else ""
    rows = "\n".join(f"| `exercises/{one.stub.name}` | {one.title} | {one.minutes} min |" for one in exercises)
    word = exercises[0].short
    return f"""\
# {course.title}

| file | about | takes about |
|---|---|---|
{rows}

Open a file in `exercises/`, read it from the top, and fill the places that hold `None` or raise `NotImplementedError`.
Then have it graded, as often as you like; for that, install reparam once, in this folder:

    pip install {OURS}/{wheel}
    grade {word}{option}

Every push is graded on GitHub too: under *Actions*, the page of the run says what did not pass, and why.
"""


def workflow(exercises: Sequence[tuple[Exercise, int]], wheel: str, *, every: bool, own_course: bool) -> str:
    """`.github/workflows/classroom.yml`: the name that GitHub Classroom looks for.

    Args:
        exercises: those that are graded, and their points.
        wheel: the name of reparam's own wheel.
        every: whether they are all of the course's.
        own_course: whether the course is in the repository too.
    """
    course = f" --course {COURSE}" if own_course else ""
    words = ["all"] if every else [exercise.short for exercise, _ in exercises]
    lines = [f"grade {word}{course} --format junit --out results/{word}.xml || failed=1" for word in words]
    graded = "\n".join(f"          {line}" for line in lines)
    total = sum(points for _, points in exercises)
    return f"""\
# GitHub runs this at every push; GitHub Classroom reads the points. `grade release github` wrote it.
name: Autograding Tests

"on":
  push:
  workflow_dispatch:
  repository_dispatch:

permissions:
  contents: read

jobs:
  run-autograding-tests:
    runs-on: ubuntu-latest
    # Classroom itself pushes the first commit, with nothing in it to grade.
    if: github.actor != 'github-classroom[bot]'
    timeout-minutes: 30
    steps:
      - name: Check out the repository
        uses: actions/checkout@v4
      - name: Set up Python
        uses: actions/setup-python@v5
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: {OURS}/*.whl
      - name: Install reparam
        run: python -m pip install --disable-pip-version-check {OURS}/{wheel}
      - name: Grade
        run: |
          mkdir -p results
          failed=0
{graded}
          exit "$failed"
      - name: Report the points
        if: always()
        run: python -m grader.classroom.github_points --of {total} results
      - name: Keep the reports
        if: always()
        uses: actions/upload-artifact@v4
        with:
          name: results
          path: results
"""
