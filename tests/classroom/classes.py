"""A course as an instructor has it, with the real nbgrader: released, handed in, autograded, returned."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kernels import jupyter_folders
from nbgrader.api import Gradebook

SECRET = 20261121
Notebook = dict[str, Any]
Cell = dict[str, Any]

_PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Classroom:
    """A course's folder.

    Args:
        folder: the course's.
        home: for Jupyter's own files.
        assignment: the one that is handed in; an exercise's name.
    """

    folder: Path
    home: Path
    assignment: str

    def environment(self) -> dict[str, str]:
        """What nbgrader's programs run with; nbgrader itself looks for another program on the path."""
        path = f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **jupyter_folders(self.home), "PATH": path}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, in the course's folder."""
        return subprocess.run(
            [str(_PROGRAMS / words[0]), *words[1:]], cwd=self.folder, env=self.environment(),
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def nbgrader(self, *words: str) -> str:
        """An nbgrader command that succeeds; what it logged."""
        done = self.run("nbgrader", *words)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr

    def read(self, step: str, student: str = ".") -> Notebook:
        """The notebook of a step, ``release`` or ``autograded``."""
        found: Notebook = json.loads(self.file(step, student).read_text(encoding="utf-8"))
        return found

    def file(self, step: str, student: str = ".", suffix: str = ".ipynb") -> Path:
        """Where the notebook of a step is."""
        return self.folder / step / student / self.assignment / f"{self.assignment}{suffix}"

    def hand_in(self, student: str, notebook: Notebook | bytes) -> None:
        """Put a notebook where `nbgrader collect` would."""
        path = self.file("submitted", student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())

    def gradebook(self) -> Gradebook:
        """The gradebook, to be closed."""
        return Gradebook(f"sqlite:///{self.folder}/gradebook.db")

    def marks(self) -> dict[str, dict[str, float]]:
        """What the gradebook holds: student → graded cell → points."""
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {grade.name: grade.score for grade in submission.notebooks[0].grades}
                for submission in gradebook.assignment_submissions(self.assignment)
            }

    def answers(self) -> dict[str, str]:
        """The right answers: id of a cell → its text."""
        return {
            id_of(cell): "".join(line for line in cell["source"] if "SOLUTION" not in line)
            for cell in self.read("source")["cells"]
            if cell["metadata"].get("nbgrader", {}).get("solution")
        }


def classroom(folder: Path, exercise: str, *, secret: int = SECRET) -> Classroom:
    """Release an exercise and generate its assignment."""
    room = Classroom(folder / "course", folder / "home", exercise)
    room.folder.mkdir(parents=True)
    room.home.mkdir()
    done = room.run("grade", "release", "nbgrader", ".", exercise, "--seed", str(secret))
    assert done.returncode == 0, done.stderr
    room.nbgrader("generate_assignment", exercise)
    return room


def filled(notebook: Notebook, answers: Mapping[str, str]) -> Notebook:
    """A copy of a released notebook, with other texts in the cells of these ids."""
    found = copy.deepcopy(notebook)
    for cell in found["cells"]:
        if id_of(cell) in answers:
            cell["source"] = answers[id_of(cell)]
    return found


def named(notebook: Notebook, name: str) -> Cell:
    """The cell of a ``grade_id`` itself, to be changed in place."""
    (found,) = (cell for cell in notebook["cells"] if id_of(cell) == name)
    return cast("Cell", found)


def code_cell(source: str, **metadata: Any) -> Cell:
    """A cell of code."""
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def id_of(cell: Cell) -> str:
    """Its ``grade_id``, or nothing."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
