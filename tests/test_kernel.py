"""`check()` in a real kernel: what is written is graded, in a process that the kernel's code cannot disturb."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from kernels import FrontEnd, front_end, jupyter_folders
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from grader import progress, workspace
from grader.course import built_in

pytestmark = pytest.mark.xdist_group("kernel")

FIRST = built_in().exercises[0]
CHECK_Z = 'from grader import check\ncheck("exercise1", "test_z")'
CHECK_VALUES = 'from grader import check\ncheck("exercise1", "test_values")'
RIGHT, VARIANCE = "z = [0.6, 0.65, -0.2]", "z = [0.36, 0.695, -0.25]"
FUNCTION = "def reparameterize(mu, sigma, epsilon):\n    return mu + sigma{} * epsilon"
GRADED = [("test_z", "require()"), ("test_values", "require()"), ("test_z", "grade()"), ("test_values", "grade()")]
GRADED += [("test_nothing", "require()"), ("test_nothing", "grade()")]
# It requires test_values, whose points belong to another cell.
GRADED += [("test_shapes_and_dtypes", "grade()")]


@pytest.fixture(scope="module")
def jupyter_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jupyter")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace of notebooks."""
    workspace.init(tmp_path / "home", built_in(), notebooks=True)
    return tmp_path / "home"


@pytest.fixture
def notebook(home: Path, jupyter_home: Path) -> Iterator[FrontEnd]:
    """The first exercise, open as in JupyterLab."""
    with front_end(home / "exercises" / f"{FIRST.name}.ipynb", jupyter_home) as opened:
        yield opened


def sandboxes(kernel: int) -> list[int]:
    """The processes of sandboxes that a kernel has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it ended just now
        if parent == kernel and b"grader.sandbox" in command:
            found.append(int(stat.parent.name))
    return found


def wait_for_the_end_of(process: int) -> None:
    """Until nothing of it is left but what its parent may still ask for."""
    deadline = time.monotonic() + 60
    with contextlib.suppress(OSError):  # nothing of it is left
        while Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.02)


def kernel_pid(notebook: FrontEnd) -> int:
    return int(notebook.run("pid", "import os; print(os.getpid())").printed)


def test_a_wrong_answer_is_named_and_mended(notebook: FrontEnd, home: Path) -> None:
    # Nothing is saved, and nobody listened when the answer ran.
    notebook.run("z", VARIANCE)
    shown = notebook.run("checks", CHECK_Z)
    assert "σ² was used where σ belongs" in shown.words
    assert "σ² was used where σ belongs" in shown.text
    assert "A cell that you edited and did not run is seen when you save" not in shown.words  # just written
    assert (shown.error, shown.printed, shown.results) == ("", "", 0)
    assert any("1 of 1 · By hand: the three numbers of z are right" in text for text in shown.progress)
    before = sandboxes(pid := kernel_pid(notebook))
    notebook.run("z", RIGHT)
    assert "2 of 2 points" in notebook.run("checks").words
    assert sandboxes(pid) == before, "the sandbox is kept"
    assert len(before) == 1
    assert progress.attempts(home) == (), "one check is no attempt"
    assert "5 of 30 points" not in notebook.run("code").words
    (attempt,) = progress.attempts(home)
    assert (attempt.exercise, attempt.points) == (FIRST.name, 2)


def test_what_is_written_counts_and_not_what_the_kernel_holds(notebook: FrontEnd) -> None:
    notebook.run("z", VARIANCE)
    notebook.run("reparameterize", FUNCTION.format(""))
    notebook.save()
    notebook.edit("z", RIGHT)
    notebook.save()
    shown = notebook.run("checks", CHECK_Z)
    assert "2 of 2 points" in shown.words
    assert shown.words.startswith("z: edited since the kernel ran this cell. What is written was graded;")
    notebook.run("z")
    notebook.delete("reparameterize")
    notebook.save()
    shown = notebook.run("checks", CHECK_VALUES)
    assert shown.words.startswith("reparameterize: no cell defines this any more, only the kernel still holds it.")
    assert "0 of 2 points" in shown.words
    assert notebook.run("asks", "import torch\nprint(reparameterize(1, 2, 3))").printed == "7\n"


def test_the_kernel_cannot_disturb_a_check(notebook: FrontEnd) -> None:
    notebook.run("imports", "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True")
    notebook.run("patch", "import builtins, grader.core\nbuiltins.abs = lambda x: 0\ntorch.randn = None")
    notebook.run("reparameterize", FUNCTION.format("**2"))
    # The cells that do it are gone; the kernel still has what they did.
    notebook.edit("imports", "import torch")
    notebook.delete("patch")
    notebook.save()
    shown = notebook.run("checks", CHECK_VALUES)
    assert "0 of 2 points" in shown.words
    assert "σ² was used" in shown.words
    notebook.run("reparameterize", FUNCTION.format(""))
    assert "2 of 2 points" in notebook.run("checks", CHECK_VALUES).words


def test_a_stopped_check_leaves_no_trace(notebook: FrontEnd, home: Path) -> None:
    notebook.run("sample-latent", "def sample_latent(*args, **kwargs):\n    while True: pass")
    request = notebook.start("code")
    notebook.wait(request, until="of 17 · Samples have")
    notebook.manager.interrupt_kernel()
    shown = notebook.wait(request)
    assert shown.traceback == ["Stopped."]
    assert shown.text == "Stopped. Check again when you like."
    assert progress.attempts(home) == ()
    notebook.run("z", RIGHT)
    assert "2 of 2 points" in notebook.run("checks", CHECK_Z).words
    assert len(sandboxes(kernel_pid(notebook))) == 1


def test_a_sandbox_that_is_killed_is_replaced_and_ends_with_its_kernel(notebook: FrontEnd) -> None:
    notebook.run("z", RIGHT)
    notebook.run("checks", CHECK_Z)
    pid = kernel_pid(notebook)
    (first,) = sandboxes(pid)
    os.kill(first, signal.SIGKILL)
    wait_for_the_end_of(first)
    assert "2 of 2 points" in notebook.run("checks").words
    assert sandboxes(pid) != [first]
    # A child that the learner's code forks has no part in its parent's sandbox.
    forked = "import os\nif not os.fork():\n    os._exit(0)\nos.wait()"
    notebook.run("forks", forked)
    assert "2 of 2 points" in notebook.run("checks").words
    (sandbox,) = sandboxes(pid)
    notebook.manager.shutdown_kernel(now=True)
    wait_for_the_end_of(sandbox)


def test_what_cannot_be_graded_is_a_message(notebook: FrontEnd) -> None:
    notebook.run("z", "a = 1\nz = = 1")
    shown = notebook.run("checks", CHECK_Z)
    assert "exercise1_reparameterization.ipynb, code cell 2, line 2: invalid syntax" in shown.text
    assert "<pre>" in shown.html
    assert (shown.error, shown.printed) == ("", "")
    words = notebook.run("more", 'check("exersise1")').words
    assert words.startswith('There is no exercise "exersise1". Did you mean exercise1?')
    notebook.run("z", RIGHT)
    assert "Did you mean test_z?" in notebook.run("more", 'check("exercise1", "test_x")').words
    odd = {
        'check(1, ["test_z"])': "exercise1 has no check \"['test_z']\". Did you mean test_z?",
        'check("1", seed=-1)': "The seed -1 is not a whole number from 0 to 2**63 - 1.",
        'check("1", course="/nowhere")': "/nowhere: there is no such folder.",
        'check("")': 'There is no exercise "".',
    }
    for call, says in odd.items():
        shown = notebook.run("more", call)
        assert shown.words.startswith(says)
        assert (shown.error, shown.results) == ("", 0)
    hostile = 'check("<img src=x onerror=alert(1)>\\x1b[2J")'
    assert "<img" not in notebook.run("more", hostile).html


def test_a_cell_can_require_its_points(notebook: FrontEnd) -> None:
    notebook.run("z", VARIANCE)
    notebook.run("checks", CHECK_Z + ".require()")
    shown = notebook.run("checks")
    assert shown.error.startswith("PointsMissingError: exercise1: 0 of 2 points")
    (traceback,) = shown.traceback
    assert "σ² was used where σ belongs" in traceback
    assert not re.search(r"\.py|line \d", traceback)
    assert notebook.run("points", 'check("exercise1", "test_z").points').results == 1
    assert notebook.run("more", 'check("exercise1", "test_zz").require()').error.startswith(
        "PointsMissingError: exercise1 was not graded: exercise1 has no check"
    )
    notebook.run("z", RIGHT)
    shown = notebook.run("checks")
    assert (shown.error, shown.results) == ("", 0)


def test_two_kernels_at_once(home: Path, jupyter_home: Path, notebook: FrontEnd) -> None:
    second = built_in().exercises[1]
    with front_end(home / "exercises" / f"{second.name}.ipynb", jupyter_home) as other:
        requests = notebook.start("code"), other.start("code")
        shown = notebook.wait(requests[0]), other.wait(requests[1])
    assert [f"0 of {n} points" in s.words for n, s in zip((30, 30), shown, strict=True)] == [True, True]
    assert {attempt.exercise for attempt in progress.attempts(home)} == {FIRST.name, second.name}


def test_a_notebook_that_a_program_runs_is_graded_by_what_ran(tmp_path: Path, jupyter_home: Path) -> None:
    """As nbclient and nbgrader run it: nobody says where its file is, or which cell runs."""
    path = tmp_path / "submitted.ipynb"
    path.write_text(workspace.fresh(built_in(), FIRST, ".ipynb"), encoding="utf-8")
    # Started from another notebook, whose name it inherits; that one is not graded.
    elsewhere = tmp_path / "other.ipynb"
    elsewhere.write_text(path.read_text(encoding="utf-8").replace("z = [None, None, None]", VARIANCE), encoding="utf-8")
    with front_end(path, jupyter_home, named=elsewhere, ids=False) as notebook:
        assert "Nothing that ran here defines dloss_dlogvar, " in notebook.run("checks", CHECK_Z).text
        for cell in ("imports", "z", "reparameterize"):
            notebook.run(cell)
        assert "0 of 2 points" in notebook.run("checks").words
        notebook.run("z", RIGHT)
        shown = notebook.run("checks")
        assert "2 of 2 points" in shown.words
        assert len(shown.progress) == 1, "who cannot show updates is shown the end alone"
    assert not (tmp_path / ".reparam").exists()


def test_nbgrader_counts_the_points(tmp_path: Path, jupyter_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stock way, without a configuration of ours: nbclient runs the cells, nbgrader reads what they have left."""
    for name, folder in jupyter_folders(jupyter_home).items():
        monkeypatch.setenv(name, folder)
    grade = {"grade": True, "solution": False, "points": 2, "grade_id": "a", "locked": True, "schema_version": 3}
    cells = [f"import torch\n{VARIANCE}\n{FUNCTION.format('')}"]
    cells += [f'from grader import check\ncheck("exercise1", "{name}").{how}' for name, how in GRADED]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=240, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    for cell in notebook.cells[1:]:
        cell.metadata["nbgrader"] = grade
    assert [determine_grade(cell)[0] for cell in notebook.cells[1:]] == [0, 2, 0, 2, 0, 0, 1]
    assert "σ² was used where σ belongs" in notebook.cells[1].outputs[-1]["evalue"]


# --- without a notebook ------------------------------------------------------------------------------------


def python(*words: str, cwd: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **jupyter_folders(cwd), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, input=text, capture_output=True, text=True, check=False, timeout=120,
        env=environment,
    )  # fmt: skip


def test_a_script_grades_itself(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    script = tmp_path / "exercises" / f"{FIRST.name}.py"
    ending = '\nfrom grader import check\nfound = check("exercise1")\nprint(found.points, found)\nfound.require()\n'
    script.write_text(script.read_text(encoding="utf-8").replace("z = [None, None, None]", RIGHT, 1) + ending)
    done = python(str(script), cwd=tmp_path)
    assert "2 of 30 points" in done.stdout
    assert done.stdout.endswith("2 exercise1: 2 of 30 points\n")
    assert "PointsMissingError: exercise1: 2 of 30 points" in done.stderr
    assert done.returncode == 1
    assert progress.attempts(tmp_path)[0].points == 2
    # The command grades the very same file: its own call of `check` does nothing in the sandbox.
    graded = python("-m", "grader.cli", "1", "--check", "test_z", cwd=tmp_path)
    assert (graded.returncode, "2 of 2 points" in graded.stdout) == (0, True)


def test_ipython_in_a_terminal(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    lines = f"from grader import check\ncheck('exercise1', 'test_z')\n{RIGHT}\ncheck('exercise1', 'test_z')\n"
    out = python("-m", "IPython", "--simple-prompt", "--colors=NoColor", cwd=tmp_path, text=lines).stdout
    before, after = out.split("1 not attempted")
    assert f"Graded: {tmp_path}/exercises/{FIRST.name}.py." in before
    assert "Out[4]: exercise1: 2 of 2 points\n" in after
    assert "text/html" not in out


def test_importing_check_is_cheap() -> None:
    code = (
        "import sys, grader; ours = {name for name in sys.modules if name.startswith('grader.')}; assert not ours, ours"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys; from grader import check; assert not {'torch', 'IPython', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_with_a_call_of_check_is_graded_by_the_command(
    home: Path, tmp_path: Path, grade_command: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "mine.ipynb"
    content = json.loads((home / "exercises" / f"{FIRST.name}.ipynb").read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["id"] == "z":
            calls = "import grader as g\nc = g.check('exercise1')\nc.require()\nc.grade()"
            cell["source"] = f"{calls}\n{VARIANCE}\n%matplotlib inline"
        if cell["id"] == "reparameterize":
            cell["source"] = f"{FUNCTION.format('')} + undefined"
    path.write_text(json.dumps(content))
    code, out, _ = grade_command("1", "--submission", str(path), "--check", "test_z", "--check", "test_values")
    assert code == 1
    assert "σ² was used where σ belongs" in out
    assert "code cell 6, line 2" in out
