"""Notebooks out of percent files, and a workspace of them: the same exercises, the same commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import percent, workspace
from grader.course import Exercise, built_in
from grader.notebook import joined

Run = Callable[..., tuple[int, str, str]]

FIRST, SECOND = built_in().exercises[:2]


def pairs(text: str) -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in percent.cells(text)]


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: str(exercise.short))
def test_the_cells_are_those_of_jupytext(exercise: Exercise) -> None:
    for path in (exercise.stub, exercise.solution):
        text = path.read_text(encoding="utf-8")
        expected = jupytext.reads(text, "py:percent").cells
        assert pairs(text) == [(cell.cell_type, cell.source) for cell in expected]


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: str(exercise.short))
def test_a_notebook_is_as_nbformat_would_write_it(exercise: Exercise) -> None:
    text = workspace.fresh(built_in(), exercise, ".ipynb")
    node = nbformat.reads(text, as_version=4)
    nbformat.validate(node)
    assert nbformat.writes(node) + "\n" == text
    assert text == workspace.fresh(built_in(), exercise, ".ipynb")
    names = [cell["id"] for cell in node["cells"]]
    assert len(set(names)) == len(names)
    assert node["cells"][-1]["source"] == f'from grader import check\n\ncheck("{exercise.short}")'


LINES = st.sampled_from(["x = 1", "", "def f():\n    return 1", "# σ", "# %%", "# %% [markdown]\n# Text\n#\n# more"])


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=12).map("\n".join))
def test_any_cells_are_those_of_jupytext(text: str) -> None:
    text = f"# %%\n{text}"
    expected = [(cell.cell_type, cell.source.strip("\n")) for cell in jupytext.reads(text, "py:percent").cells]
    assert pairs(text) == [(kind, source) for kind, source in expected if source]
    nbformat.validate(nbformat.reads(percent.notebook(percent.cells(text)), as_version=4))


def test_ids_tell_what_a_cell_is_about_and_stay() -> None:
    cells = [percent.Cell("markdown", "# Part 1: σ"), percent.Cell("code", "z = 1"), percent.Cell("code", "z = 2")]
    cells += [percent.Cell("code", "import a"), percent.Cell("code", "= ="), percent.Cell("markdown", "σ")]
    names = [cell["id"] for cell in json.loads(percent.notebook(cells))["cells"]]
    assert names == ["part-1", "z", "z-2", "imports", "code", "text"]
    better = [percent.Cell("markdown", "# Part 1: σ\nbetter"), percent.Cell("code", "z = 3"), *cells[2:]]
    assert [cell["id"] for cell in json.loads(percent.notebook(better))["cells"]] == names


def test_a_course_of_somebodys_own_is_named_in_the_cell_that_checks() -> None:
    assert percent.check_call("exercise1", Path("/it's")) == 'check("exercise1", course="/it\'s")'
    compile(percent.check_call("exercise1", Path("/", "σ'\"\n\\")), "cell", "eval")
    compile(percent.check_call("exercise1", Path("/", "long" * 60)), "cell", "eval")


# --- a workspace of notebooks ------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grade_command: Run) -> Path:
    code, out, _ = grade_command("init", str(tmp_path / "home"), "--notebooks")
    assert code == 0
    assert f"written exercises/{FIRST.name}.ipynb\n" in out
    assert f"jupyter lab exercises/{FIRST.name}.ipynb, or open it in VS Code" in out
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def mine(home: Path) -> Path:
    return home / "exercises" / f"{FIRST.name}.ipynb"


def answer(path: Path, **answers: str) -> None:
    """Fill cells by their ids, and save as Jupyter does: with outputs, counts and its own spacing."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(content["cells"]):
        if cell["cell_type"] == "code":
            cell["source"] = answers.get(cell["id"].replace("-", "_"), "".join(cell["source"]))
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def test_the_folder_is_known_from_below_and_keeps_its_form(home: Path, grade_command: Run) -> None:
    assert workspace.find(home / "exercises") == home
    mine(home).unlink()
    code, out, _ = grade_command("init", ".")
    assert code == 0
    assert out.startswith(f"kept    exercises/{SECOND.name}.ipynb (it is there already)")
    assert f"written exercises/{FIRST.name}.ipynb" in out
    assert not list(home.glob("exercises/*.py"))
    assert grade_command("init", "other")[0] == 0
    code, out, _ = grade_command("init", "other", "--notebooks")
    assert not list(home.glob("other/exercises/*.ipynb"))
    assert "An exercise keeps the form that it has. To work in notebooks, choose another folder." in out
    assert f"open exercises/{FIRST.stub.name}" in out


def test_the_verbs_take_a_notebook(home: Path, grade_command: Run) -> None:
    answer(mine(home), z="z = [0.6, 0.65, -0.2]")
    code, out, _ = grade_command("1", "--check", "test_z")
    assert (code, "2 of 2 points" in out) == (0, True)
    assert "hint 1 of 3 for test_z" in grade_command("hint", "1")[1]
    code, out, _ = grade_command("solution", "1", "--give-up")
    assert "-dloss_dmu = [None, None, None]\n+dloss_dmu = [1.2, 1.3, -0.4]" in out
    changed = [line for line in out.splitlines() if line[:1] in "+-" and line[:3] not in ("---", "+++")]
    # Our own cell is no difference, and neither are the numbers of the cells.
    assert not [line for line in changed if "check" in line or "code cell" in line or "z = " in line[:5]]
    assert FIRST.short in grade_command()[1]


def test_reset_keeps_a_notebook_and_brings_it_back(home: Path, grade_command: Run) -> None:
    fresh = mine(home).read_bytes()
    answer(mine(home))
    saved = mine(home).read_bytes()
    out = grade_command("reset", "1")[1]
    assert out.startswith(f"exercises/{FIRST.name}.ipynb is the fresh stub already; nothing was changed.\n")
    assert mine(home).read_bytes() == saved, "an output is no work, and nothing to take away"
    answer(mine(home), z="z = [1, 2, 3]")
    work = mine(home).read_bytes()
    out = grade_command("reset", "1")[1]
    assert "reload: in Jupyter, File → Reload Notebook from Disk" in out
    assert mine(home).read_bytes() == fresh
    (kept,) = (home / ".reparam" / "backups").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".ipynb", work)
    assert grade_command("reset", "1", "--undo")[0] == 0
    assert mine(home).read_bytes() == work
    mine(home).write_text("{ broken")
    assert grade_command("reset", "1")[0] == 0
    assert mine(home).read_bytes() == fresh
    mine(home).unlink()
    assert grade_command("reset", "1")[0] == 0
    assert mine(home).read_bytes() == fresh


def test_lines_in_messages_are_those_of_the_cells(home: Path, grade_command: Run) -> None:
    answer(mine(home), z="%matplotlib inline\n!ls\nz = = 1")
    code, _, err = grade_command("1")
    assert code == 2
    assert f"exercises/{FIRST.name}.ipynb, code cell 2, line 3: invalid syntax" in err


def test_joined_cells_keep_every_line_in_its_place() -> None:
    sources = ["a = 1\n%time b\n", "", "%%bash\necho\n", "c = 3"]
    content = joined(sources)
    lines = content.source.split("\n")
    for source, start in zip(sources, content.starts, strict=True):
        count = len(source.split("\n"))
        assert [
            line.removeprefix("# ").removeprefix("pass  # ") for line in lines[start : start + count]
        ] == source.split("\n")
