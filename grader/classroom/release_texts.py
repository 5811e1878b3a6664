"""What a released course holds beside its notebooks: our lines in nbgrader's configuration, and a README."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.classroom.release_block import Marks
from grader.course import Course, Exercise

CONFIG, README = "nbgrader_config.py", "README.md"

CONFIG_MARKS = Marks(
    "# reparam: begin", "# reparam: end", "  (`grade release nbgrader` writes these lines; yours belong above or below)"
)
README_MARKS = Marks(
    "<!-- reparam: begin",
    "<!-- reparam: end -->",
    "; `grade release nbgrader` writes these lines, yours belong outside -->",
)

_SEED, _ID, _COURSE = "SandboxedGrade.seed", "CourseDirectory.course_id", "SandboxedGrade.course"
_VARIANTS = "SandboxedGrade.variants"


@dataclass(frozen=True)
class Settings:
    """What differs from one course to another, as text of Python; empty where the configuration does not say it.

    Args:
        seed: what autograde draws the checks' numbers from.
        course_id: nbgrader's name for the course.
        course: the folder of a course that is not ours.
        variants: whether students have numbers of their own.
    """

    seed: str = ""
    course_id: str = ""
    course: str = ""
    variants: str = ""

    @classmethod
    def of(cls, lines: str) -> Settings:
        """What a configuration says."""
        return cls(_said(lines, _SEED), _said(lines, _ID), _said(lines, _COURSE), _said(lines, _VARIANTS))


def _said(lines: str, name: str) -> str:
    found = re.findall(rf"^c\.{re.escape(name)}[ \t]*=[ \t]*(\S.*?)[ \t]*$", lines, re.MULTILINE)
    return found[-1] if found else ""


def config(settings: Settings) -> str:
    """Our lines of `nbgrader_config.py`."""
    name = f"c.{_ID} = {settings.course_id}\n" if settings.course_id else ""
    course = f"c.{_COURSE} = {settings.course}\n" if settings.course else ""
    seed = f"c.{_SEED} = {settings.seed}\n" if settings.seed else ""
    variants = (
        f"# So are each student's own by-hand numbers, with the student's id: another seed changes all of them.\n"
        f"c.{_VARIANTS} = {settings.variants}\n"
        if settings.variants
        else ""
    )
    return f"""
from pathlib import Path

c = get_config()

# You may change the id of the course and the seed: the next release keeps what they are.
{name}c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# Answers are replaced by the places to fill that `grade` knows; in other notebooks nbgrader does as always.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "grader.classroom.release_stubs.ClearAnswers",  # in place of nbgrader.preprocessors.ClearSolutions
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Whatever a student's file holds, the others are graded: it is read forgivingly, and its cells are put right first.
c.Autograde.exporter_class = "grader.classroom.nbgrader.ForgivingExporter"
c.Autograde.sanitize_preprocessors = [
    "grader.classroom.nbgrader.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Submissions run in reparam's sandbox, without a kernel; each graded cell gets its points and its message.
c.Autograde.autograde_preprocessors = [
    "grader.classroom.nbgrader.SandboxedGrade",  # in place of nbgrader.preprocessors.Execute
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# The numbers of the final checks are drawn from this seed: the same marks at every run. Students should not know it.
{seed}{variants}{course}
# A graded cell that a student has deleted comes back, instead of waiting for a person.
c.OverwriteCells.add_missing_cells = True
"""


def readme(course: Course, released: Sequence[tuple[Exercise, int]]) -> str:
    """Our lines of the README.

    Args:
        course: the course.
        released: the exercises whose notebooks are there, and their points.
    """
    rows = "\n".join(f"| `{exercise.name}` | {exercise.title} | {points} |" for exercise, points in released)
    commands = {
        "generate_assignment": "source/ → release/, without the answers",
        "release_assignment": "to the exchange, where students fetch it",
        "collect": "what they have submitted",
        "autograde": "in reparam's sandbox",
        "generate_feedback": "a page for each student",
        "release_feedback": "to the exchange again",
    }
    lines = {f"nbgrader {verb} {released[0][0].name}": says for verb, says in commands.items()}
    lines["nbgrader export"] = "grades.csv"
    width = max(map(len, lines))
    shown = "\n".join(f"$ {line:{width}}  # {says}" for line, says in lines.items())
    return f"""
# {course.title}, for nbgrader

| assignment | about | points |
|---|---|---|
{rows}

In this folder, for each of them; here for the first:

```console
{shown}
```

- `source/`: the notebooks with their answers. Change them as you like: a notebook that you have changed is kept by the
  next release. Texts, points and cells of your own belong there. The graded cells are known by their ids: leave those.
- `nbgrader_config.py`: the lines between `reparam: begin` and `reparam: end` are ours, everything else is yours.
- A text for a person to read is worth no points at first, as in `grade`. To give points, change them in its source
  notebook before the first `nbgrader generate_assignment`.
- Students need reparam in the environment of their kernel: `check(…)` in their notebook shows the verdict.
- Each autograded cell carries a message beside its points; the feedback shows it.
- Whatever a release replaces is kept in `.reparam/backups`.
"""
