"""What IPython knows of a notebook: where its file is, what ran, and which names its kernel holds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from grader.errors import UnusableInput
from grader.kernel.cells import Run, Saved
from grader.notebook import code_cells
from grader.submission import NOTEBOOK_LIMIT, read_text
from grader.text import one_line


class Shell:
    """IPython's shell in this process, and the cells that it ran since it was first asked for."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._heard: dict[int, tuple[str, float]] = {}
        self._note(len(self._texts()) - 1, self._cell_now())
        shell.events.register("pre_run_cell", self._before_run)

    @property
    def is_notebook(self) -> bool:
        """Whether a front end is there that can show more than text: a notebook, and not IPython in a terminal."""
        return hasattr(self._shell, "kernel")

    @property
    def has_cells(self) -> bool:
        """Whether a person's notebook asks, which says what cell runs; a console, or a program, does not."""
        return bool(self._cell_now())

    def held(self) -> Collection[str]:
        """The names that the learner's cells have left in the kernel."""
        return set(self._shell.user_ns) - set(self._shell.user_ns_hidden)

    def runs(self) -> list[Run]:
        """Everything that ran, the cell that is running included, oldest first."""
        runs = (Run(n, text, *self._heard.get(n, ("", None))) for n, text in enumerate(self._texts()))
        return [run for run in runs if run.source.strip()]

    def file(self) -> Path | None:
        """The notebook's file; None where nobody says which it is, or it was moved since."""
        # A program that was started in some notebook inherits that one's name, and may run another.
        named = self._shell.user_ns.get("__vsc_ipynb_file__") or (self.has_cells and os.environ.get("JPY_SESSION_NAME"))
        if not isinstance(named, str):
            return None
        # Jupyter may name it as seen from its own root; the kernel runs in the notebook's folder.
        for path in (Path(named), Path(Path(named).name)):
            if path.suffix.lower() == ".ipynb" and path.is_file():
                return path.absolute()
        return None

    def _before_run(self, info: Any) -> None:
        if info.store_history and not info.silent:
            self._note(len(self._texts()), info.cell_id or "")  # its text is kept next

    def _note(self, number: int, cell: str) -> None:
        self._heard[number] = (cell, time.time())

    def _texts(self) -> list[str]:
        """What ran, as it was typed; IPython's own list, by number."""
        texts: list[str] = self._shell.history_manager.input_hist_raw
        return texts

    def _cell_now(self) -> str:
        """What the front end calls the cell that is running; empty where it does not say."""
        try:
            cell = self._shell.get_parent()["metadata"]["cellId"]
        except (AttributeError, KeyError, TypeError):
            return ""
        return cell if isinstance(cell, str) else ""


_known: list[Shell] = []


def current() -> Shell | None:
    """The shell of this process; None in an ordinary Python."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is not None and not _known:  # IPython has one in a process
        _known.append(Shell(shell))
    return _known[0] if shell is not None else None


def saved(path: Path) -> Saved:
    """What is in a notebook's file.

    Raises:
        UnusableInput: it cannot be read, or is no notebook.
    """
    try:
        at = path.stat().st_mtime
    except OSError as error:
        raise UnusableInput(f"{one_line(path.name)} cannot be read: {error.strerror}.") from None
    cells = code_cells(read_text(path, NOTEBOOK_LIMIT), one_line(path.name))
    return Saved(tuple(cells), at, at > _started())


def _started() -> float:
    """When this process started, in seconds since the epoch."""
    import psutil  # type: ignore[import-untyped]  # comes with ipykernel, and without a kernel nobody asks

    return float(psutil.Process().create_time())
