"""What `nbgrader autograde` is configured with: a student's notebook is read forgivingly, restored, and graded by us.

Beside `release_stubs` the only module that imports nbgrader; nothing imports the two but nbgrader, by the names in
`nbgrader_config.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook  # type: ignore[import-untyped]  # nbgrader has no annotations; below as well
from nbgrader.converters import Autograde  # type: ignore[import-untyped]
from nbgrader.nbgraderformat import SCHEMA_VERSION  # type: ignore[import-untyped]
from nbgrader.preprocessors import Execute, NbGraderPreprocessor  # type: ignore[import-untyped]
from traitlets import Bool, Float, Integer, Unicode, Union

from grader import jobs, variants
from grader.classroom import handed_in
from grader.classroom.ahead import Ahead, ahead
from grader.classroom.marking import Marks, Shown, Work, probe_seed, shown, submitted
from grader.classroom.plan import grade_cells
from grader.classroom.release_notebook import check_source
from grader.classroom.restore import Released, note, restore
from grader.course import Exercise
from grader.errors import UnusableInput
from grader.render.html import feedback_style

Resources = dict[str, Any]
_NOT_OURS = (
    "This cell is not one of the exercise's, so nothing was run for it. A person can give points for it in formgrader."
)


class SandboxedGrade(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no annotations
    """In place of nbgrader's Execute: no kernel; the student's code runs in our sandbox, and each graded cell gets its
    points and a message. Notebooks that are not named like an exercise are executed as nbgrader does.
    """

    course = Unicode("", help="The folder of the course whose exercises are graded; empty for reparam's own.").tag(
        config=True
    )
    seed = Union(
        [Integer(), Unicode()],
        default_value="",
        help=(
            "A secret of the course, a number or a text: autograde draws the checks' numbers from it, "
            "so that no student can know them. The same secret gives the same marks again."
        ),
    ).tag(config=True)
    variants = Bool(
        False, help="Whether students have by-hand numbers of their own, drawn from the seed and the student's id."
    ).tag(config=True)
    timeout = Float(
        600.0, min=1.0, help="Seconds for one notebook; checks that have not run by then earn nothing."
    ).tag(config=True)

    jobs = Integer(
        min(8, os.cpu_count() or 1), min=1, help="Notebooks that are graded at a time, each in a sandbox of its own."
    ).tag(config=True)

    @property
    def ahead(self) -> Ahead:
        """What grades."""
        return ahead(self.jobs)

    def exercise(self, notebook: str) -> Exercise | None:
        """The exercise that a notebook is named after, or None."""
        course = jobs.open_course(Path(self.course) if self.course else None)
        return next((exercise for exercise in course.exercises if exercise.name == notebook), None)

    def handed_out(
        self, exercise: Exercise, cells: Sequence[dict[str, Any]], released: Sequence[Released], student: str
    ) -> list[dict[str, Any]]:
        """The student's cells, those that grade with the released text: in the student's own it has a number more."""
        variant = self.variant(exercise, student)
        if variant is None:
            return [*cells]
        course = jobs.open_course(Path(self.course) if self.course else None)
        planned = {cell.id: check_source(cell, exercise, course, variant) for cell in grade_cells(exercise)}
        theirs = {planned[item.id]: item.source for item in released if item.id in planned}
        return [{**cell, "source": theirs.get(cell["source"].strip(), cell["source"])} for cell in cells]

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade the notebook, and write points and messages below its graded cells."""
        names = resources["nbgrader"]
        exercise = self.exercise(names["notebook"])
        if exercise is None:
            self.log.warning("%s is no exercise of reparam's: nbgrader executes it.", names["notebook"])
            executed: tuple[NotebookNode, Resources] = Execute(parent=self.parent).preprocess(nb, resources)
            return executed
        marks = self._marks(exercise, nb, names["assignment"], names["student"])
        planned = {cell.id: cell for cell in grade_cells(exercise)}
        style = feedback_style()
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if not _is_autograded(cell):
                continue
            name = cell.metadata.nbgrader["grade_id"]
            most = float(cell.metadata.nbgrader["points"])
            if name in planned:
                cell.outputs = _outputs(shown(marks, planned[name].checks, style), planned[name].points, most)
                style = ""
            else:
                self.log.warning("%s: no check of %s is graded here.", name, exercise.name)
                cell.outputs = _outputs(Shown(0, f"<p>{_NOT_OURS}</p>", _NOT_OURS), 0, most)
        return nb, resources

    def _marks(self, exercise: Exercise, nb: NotebookNode, assignment: str, student: str) -> Marks:
        problem = handed_in.problem(nb.metadata)
        if problem:
            return Marks(None, problem)
        try:
            return self.ahead.marks(self._work(exercise, nb.cells, assignment, student))
        except UnusableInput as error:
            return Marks(None, str(error))

    def variant(self, exercise: Exercise, student: str) -> int | None:
        """What a student's own by-hand numbers are drawn from; None for the printed ones."""
        return variants.variant(str(self.seed), student, exercise) if self.variants else None

    def begin(self, exercise: Exercise, cells: Sequence[Mapping[str, Any]], assignment: str, student: str) -> None:
        """Grade a restored notebook in the background, if there is anything to grade."""
        with suppress(UnusableInput):
            self.ahead.begin(self._work(exercise, cells, assignment, student))

    def _work(self, exercise: Exercise, cells: Sequence[Mapping[str, Any]], assignment: str, student: str) -> Work:
        # Parsed in this thread: CPython 3.11 raises SystemError when two threads parse at the same time.
        # Graded cells hold nothing of the student's; as empty ones they keep the numbers of the others right.
        sources = ("" if _is_autograded(cell) else cell["source"] for cell in cells if cell["cell_type"] == "code")
        variant = self.variant(exercise, student)
        return Work(exercise, submitted(exercise, [*sources]), probe_seed(self.seed, assignment), self.timeout, variant)


def _is_autograded(cell: Mapping[str, Any]) -> bool:
    nbgrader = cell["metadata"].get("nbgrader", {})
    return bool(nbgrader.get("grade") and not nbgrader.get("solution"))


def _outputs(found: Shown, planned: int, most: float) -> list[NotebookNode]:
    """A message, which nbgrader does not look at, and the points, which it takes.

    Args:
        found: what the cell's checks earned.
        planned: what they can earn.
        most: what the cell can earn in the gradebook, where an instructor may have given it another weight.
    """
    earned = min(max(found.points * most / planned, 0.0), most) if planned else 0.0
    points = repr(int(earned) if earned.is_integer() else earned)
    outputs: list[dict[str, Any]] = [
        {"output_type": "display_data", "data": {"text/html": found.html, "text/plain": found.text}, "metadata": {}},
        {
            "output_type": "execute_result",
            "data": {"text/plain": points},
            "metadata": {},
            "execution_count": None,
        },
    ]
    return [_node(output) for output in outputs]


def _node(plain: dict[str, Any]) -> NotebookNode:
    node: NotebookNode = nbformat.from_dict(plain)  # type: ignore[no-untyped-call]  # nbformat annotates some of its functions
    return node


class ForgivingExporter(NotebookExporter):
    """Reads a student's notebook whatever is in the file, so that none ends the grading of the others."""

    def from_filename(
        self, filename: str, resources: Resources | None = None, **kw: Any
    ) -> tuple[NotebookNode, Resources]:
        """Convert a notebook file; of an unreadable one, an empty notebook that says why."""
        path = Path(filename)
        if SandboxedGrade(parent=self).exercise(path.stem) is None:
            return super().from_filename(filename, resources=resources, **kw)
        resources = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        exported: tuple[NotebookNode, Resources] = self.from_notebook_node(  # type: ignore[no-untyped-call]
            _node(handed_in.read(path)), resources=resources, **kw
        )
        return exported


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no annotations
    """In front of nbgrader's own: puts right what would end the grading, or silently leave a cell without points."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Restore the released cells, and say at the head of the notebook what was repaired."""
        names = resources["nbgrader"]
        grading = SandboxedGrade(parent=self.parent)
        exercise = grading.exercise(names["notebook"])
        if exercise is None:
            return nb, resources
        released = _released(names["db_url"], names["assignment"], names["notebook"])
        problem = handed_in.problem(nb.metadata)
        cells, repairs = restore(grading.handed_out(exercise, nb.cells, released, names["student"]), released)
        if not problem:
            grading.begin(exercise, cells, names["assignment"], names["student"])
        for student, path in _upcoming(self.parent.parent, names, grading.jobs):
            other = handed_in.read(path)
            if not handed_in.problem(other["metadata"]):
                found, _ = restore(grading.handed_out(exercise, other["cells"], released, student), released)
                grading.begin(exercise, found, names["assignment"], student)
        for repair in repairs:
            self.log.warning("%s: %s", names["student"], repair)
        if said := note(problem, repairs):
            cells = handed_in.numbered([handed_in.new_cell("markdown", said), *cells])
        nb.cells = [_node(cell) for cell in cells]
        return nb, resources


def _upcoming(converter: Autograde, names: Mapping[str, str], most: int) -> list[tuple[str, Path]]:
    """The next notebooks that nbgrader will ask for, which may as well be graded now, and whose they are."""
    found: list[tuple[str, Path]] = []
    below = False
    for folder in sorted(converter.assignments):  # nbgrader's own order
        notebooks = [Path(path) for path in converter.assignments[folder] if Path(path).stem == names["notebook"]]
        if not notebooks:
            continue
        student = converter.init_single_notebook_resources(str(notebooks[0]))["nbgrader"]["student"]
        if not below:
            below = student == names["student"]
            continue
        graded = converter.coursedir.format_path(converter.coursedir.autograded_directory, student, names["assignment"])
        # Who was graded before and has handed in nothing new is passed over.
        if converter.force or not Path(graded).exists():
            found.append((student, notebooks[0]))
        if len(found) == most:
            break
    return found


def _released(db_url: str, assignment: str, notebook: str) -> list[Released]:
    """What the gradebook knows of the released notebook's cells, in the order in which it was told of them."""
    with Gradebook(db_url) as gradebook:
        found = gradebook.find_notebook(notebook, assignment)
        points = {cell.name: cell.max_score for cell in (*found.grade_cells, *found.task_cells)}
        graded = {cell.name for cell in found.grade_cells}
        answers = {cell.name for cell in found.solution_cells}
        tasks = {cell.name for cell in found.task_cells}
        released = []
        for cell in found.source_cells:
            metadata = {
                "grade_id": cell.name,
                "grade": cell.name in graded,
                "solution": cell.name in answers,
                "task": cell.name in tasks,
                "locked": cell.locked,
                "schema_version": SCHEMA_VERSION,
                "cell_type": cell.cell_type,
                "checksum": cell.checksum,
            }
            if cell.name in points:
                metadata["points"] = points[cell.name]
            released.append(Released(cell.name, cell.cell_type, cell.source, cell.locked, metadata))
        return released
