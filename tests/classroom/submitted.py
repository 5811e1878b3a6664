"""What a class hands in: honest work, attacks on the marks, and notebooks whose cells were tampered with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

from classes import Cell, Classroom, Notebook, code_cell, filled, id_of, named

from grader import percent

WRONG = Path(__file__).parent.parent / "submissions" / "exercise1_reparameterization" / "wrong"

NO_ANSWER = {
    "answer_z": "z = [9.0, 9.0, 9.0]",
    "answer_reparameterize": "def reparameterize(mu, sigma, epsilon):\n    return mu * 0 + 9",
    "answer_sample-latent": "def sample_latent(mu, logvar, n=None, generator=None):\n    return mu * 0 + 9",
}
SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
PATCHED = """\
import torch
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
"""


def update_of(database: Path) -> str:
    """Code that gives everybody all points, wherever it can reach the gradebook."""
    return _UPDATE.replace("GRADEBOOK", repr(str(database)))


_UPDATE = """\
import sqlite3
try:
    base = sqlite3.connect(GRADEBOOK)
    base.execute("update grade set manual_score = 100")
    base.commit()
except Exception:
    pass
"""


def slips(name: str) -> dict[str, str]:
    """The answers of a wrong submission of our own collection, by the ids of the cells that hold them."""
    found = percent.cells((WRONG / f"{name}.py").read_text())
    return {"answer_z": "\n\n\n".join(cell.source for cell in found), **dict.fromkeys(_OTHERS, "pass")}


_OTHERS = ("answer_dloss-dmu", "answer_dloss-dsigma", "answer_dloss-dlogvar", "answer_reparameterize")
_OTHERS += ("answer_recover-epsilon", "answer_sample-latent")


def honest(room: Classroom) -> dict[str, Notebook]:
    """Students who only do their work, as well as they can."""
    released, right = room.read("release"), room.answers()
    loud = "import sys, warnings\nwarnings.warn('careful')\nsys.stderr.write('not an error')\nprint('seen')\n"
    return {
        "right": filled(released, right),
        "partly": filled(released, {name: right[name] for name in ("answer_z", "answer_reparameterize")}),
        "variance": filled(released, slips("variance_as_std")),
        "logvar": filled(released, slips("exp_logvar")),
        "shared": filled(released, slips("shared_noise")),
        "byhand": filled(released, slips("slips_by_hand")),
        "unattempted": released,
        "loud": filled(released, {**right, "answer_z": loud + right["answer_z"]}),
        "syntax": filled(released, {**right, "answer_z": "z = [0.36, 0.695,\n"}),
    }


def attacks(room: Classroom, solution: Path) -> dict[str, Notebook]:
    """Students who try to earn what they have not done."""
    released = room.read("release")
    code = {
        "exit": "import os\nos._exit(0)",
        "allclose": PATCHED,
        "sqlite": update_of(room.folder / "gradebook.db"),
        "thief": f"try:\n    exec(open({str(solution)!r}).read())\nexcept Exception:\n    pass",
    }
    found = {name: filled(released, NO_ANSWER) for name in code}
    for name, text in code.items():
        # Last, so that a stolen solution would count.
        found[name]["cells"].append(code_cell(text))
    return found


def tampered(room: Classroom) -> dict[str, Notebook]:
    """Right answers in notebooks whose cells are not what was released."""
    right = filled(room.read("release"), room.answers())
    found = {}
    for change in _CHANGES:
        notebook = copy.deepcopy(right)
        change(notebook)
        found[change.__name__.strip("_").replace("_", "")] = notebook
    return found


def _deleted(notebook: Notebook) -> None:
    notebook["cells"].remove(named(notebook, "reparameterize"))
    notebook["cells"].remove(named(notebook, "z"))


def _duplicated(notebook: Notebook) -> None:
    cells = notebook["cells"]
    for name in ("z", "answer_reparameterize", "reparameterize"):
        cells.insert(cells.index(named_first(notebook, name)), copy.deepcopy(named_first(notebook, name)))


def named_first(notebook: Notebook, name: str) -> Cell:
    """The first cell of a ``grade_id``."""
    found: Cell = next(cell for cell in notebook["cells"] if id_of(cell) == name)
    return found


def _edited(notebook: Notebook) -> None:
    for name in ("z", "sample-latent"):
        named(notebook, name)["source"] = "1000"


def _renamed(notebook: Notebook) -> None:
    named(notebook, "z")["metadata"]["nbgrader"]["grade_id"] = "zzz"
    named(notebook, "answer_reparameterize")["metadata"]["nbgrader"]["grade_id"] = "answer"


def _swapped(notebook: Notebook) -> None:
    answer, check = named(notebook, "answer_sample-latent"), named(notebook, "sample-latent")
    answer["metadata"], check["metadata"] = check["metadata"], answer["metadata"]


def _stripped(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def _reweighted(notebook: Notebook) -> None:
    named(notebook, "z")["metadata"]["nbgrader"] |= {"points": 1000, "locked": False}
    named(notebook, "sample-latent")["metadata"]["nbgrader"] |= {"grade": False, "solution": True}


def _old_schema(notebook: Notebook) -> None:
    named(notebook, "z")["metadata"]["nbgrader"]["schema_version"] = 1
    del named(notebook, "dloss-dmu")["metadata"]["nbgrader"]["schema_version"]
    named(notebook, "sample-latent")["metadata"]["nbgrader"]["schema_version"] = 99


def _forged(notebook: Notebook) -> None:
    metadata = {**named(notebook, "z")["metadata"]["nbgrader"], "grade_id": "bonus", "points": 1000}
    notebook["cells"].append(code_cell("1000", nbgrader=metadata))


def _garbage(notebook: Notebook) -> None:
    kinds = [[], 7, "x", {"grade_id": ["z"]}, {"grade_id": {"z": 1}, "grade": "yes", "solution": None}, {"grade": True}]
    for kind, cell in zip(kinds, notebook["cells"], strict=False):
        cell["metadata"] = {"nbgrader": kind}
    notebook["metadata"] = {"kernelspec": {"name": "malware", "display_name": 3}, "language_info": "R", "title": SCRIPT}


def _retyped(notebook: Notebook) -> None:
    named(notebook, "answer_reparameterize")["cell_type"] = "markdown"
    named(notebook, "reparameterize")["cell_type"] = "raw"


def _scripted(notebook: Notebook) -> None:
    notebook["cells"] += [
        {"cell_type": "markdown", "metadata": {}, "source": f"{SCRIPT}\n\n[press](javascript:alert(1)) {IMAGE}"},
        {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": SCRIPT},
        {**code_cell("pass"), "outputs": [
            {"output_type": "display_data", "data": {"text/html": SCRIPT}, "metadata": {}},
            {"output_type": "stream", "name": "stderr", "text": "oh"},
        ]},
    ]  # fmt: skip
    named(notebook, "z")["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "0"}, "metadata": {}, "execution_count": 1}
    ]


_CHANGES: tuple[Callable[[Notebook], None], ...] = (
    _deleted, _duplicated, _edited, _renamed, _swapped, _stripped, _reweighted, _old_schema, _forged, _garbage,
    _retyped, _scripted,
)  # fmt: skip


def unusable(room: Classroom) -> dict[str, bytes]:
    """Files that hold no work that could be graded."""
    released = room.read("release")
    prose = {**released, "cells": [cell for cell in released["cells"] if cell["cell_type"] == "markdown"]}
    return {
        "torn": json.dumps(released).encode()[:-400],
        "binary": bytes(range(256)) * 10,
        "empty": b"",
        "list": b"[1, 2]",
        "old": json.dumps({"nbformat": 3, "worksheets": [{"cells": released["cells"]}]}).encode(),
        "prose": json.dumps(prose).encode(),
    }


def heavy(room: Classroom) -> bytes:
    """Right answers under 10 MB of outputs."""
    notebook = filled(room.read("release"), room.answers())
    text = {"output_type": "stream", "name": "stdout", "text": "spam " * 2_000_000}
    named(notebook, "answer_z")["outputs"] = [text]
    return json.dumps(notebook).encode()
