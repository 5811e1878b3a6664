"""What nbgrader puts in the place of our solutions: the very stubs that `grade init` gives."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions  # type: ignore[import-untyped]  # nbgrader has no annotations
from nbgrader.utils import is_solution  # type: ignore[import-untyped]  # as above

from grader import author
from grader.classroom.release_notebook import MARK


class ClearAnswers(ClearSolutions):  # type: ignore[misc]  # as above
    """In our notebooks an answer becomes its stub; all other notebooks are left to nbgrader."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear a notebook."""
        self._is_ours = MARK in nb.metadata
        cleared: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        return cleared

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear a cell.

        Raises:
            UnusableInput: it has a mark without its partner, or its stub is no Python.
        """
        if self._is_ours and cell.cell_type == "code" and is_solution(cell) and author.BEGIN in cell.source:
            cell.source = author.stub(cell.source, f"cell {cell.metadata.nbgrader.grade_id}")
            return cell, resources
        cleared: tuple[NotebookNode, dict[str, Any]] = super().preprocess_cell(cell, resources, cell_index)
        return cleared
