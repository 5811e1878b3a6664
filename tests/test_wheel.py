"""The wheel outside a checkout: an empty virtual environment, an empty folder, and the commands of the README."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from terminals import terminal

from grader.course import built_in

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it needs, nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, str(wheel)], check=True, timeout=1200)
    return folder / "bin"


@pytest.fixture(scope="module")
def workspace(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learner")
    made = run(installed, folder, "init", "mine")
    assert made.returncode == 0, made.stderr
    return folder / "mine"


def run(programs: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(programs / "grade"), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_wheel_holds_the_course_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for exercise in built_in().exercises:
        assert f"grader/_course/exercises/{exercise.name}.py" in names
        assert f"grader/_course/solutions/{exercise.name}.py" in names
        assert f"grader/checks/{exercise.name}.py" in names
    assert "grader/schema/report.schema.json" in names
    templates = {f"grader/render/templates/{path.name}" for path in (ROOT / "grader/render/templates").glob("*.j2")}
    assert len(templates) >= 5
    assert templates <= names
    decks = {f"flashcards/decks/{path.name}" for path in (ROOT / "flashcards" / "decks").glob("*.yaml")}
    assert decks
    assert decks <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/"))]


def test_init_then_grade_a_stub(installed: Path, workspace: Path) -> None:
    assert {path.name for path in (workspace / "exercises").glob("*.py")} == {
        f"{e.name}.py" for e in built_in().exercises
    }
    result = run(installed, workspace, "exercise1")
    assert result.returncode == 1, result.stderr
    assert "not attempted" in result.stdout


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_the_solution_passes_in_the_workspace(exercise: object, installed: Path, workspace: Path) -> None:
    name = getattr(exercise, "name", "")
    (workspace / "exercises" / f"{name}.py").write_text((ROOT / "solutions" / f"{name}.py").read_text())
    result = run(installed, workspace, str(getattr(exercise, "short", "")), "--format", "json")
    report = json.loads(result.stdout)
    assert (result.returncode, report["passed"]) == (0, True), result.stdout[-3000:] + result.stderr


def test_a_submission_cannot_read_solutions_or_checks(installed: Path, workspace: Path) -> None:
    """They lie in the same site-packages that it must be able to import from."""
    if (
        "landlock"
        not in json.loads(run(installed, workspace, "1", "--check", "test_z", "--format", "json").stdout)["sandbox"]
    ):
        pytest.skip("this kernel has no Landlock")
    spy = workspace / "spy.py"
    spy.write_text(
        "import torch, pathlib, colorsys\n"
        "package = pathlib.Path(torch.__file__).parent.parent / 'grader'\n"
        "z = [0.6, 0.65, -0.2]\n"
        "for path in ('_course/solutions/exercise1_reparameterization.py', 'checks/exercise1_reparameterization.py'):\n"
        "    try:\n        (package / path).read_text()\n        z = 'it can be read'\n"
        "    except OSError as error:\n        print(type(error).__name__)\n"
    )
    command = ["1", "--submission", "spy.py", "--check", "test_z", "--format", "json"]
    report = json.loads(run(installed, workspace, *command).stdout)
    assert report["passed"], report["checks"]
    assert report["checks"][0]["output"].split() == ["PermissionError", "PermissionError"]


def test_a_learners_hour_in_a_terminal(installed: Path, tmp_path: Path) -> None:
    """From an empty folder to a first right answer, and a card about the mistake on the way."""
    path = {"PATH": f"{installed}:{os.environ['PATH']}", "REPARAM_DATA": str(tmp_path / "data")}
    with terminal(tmp_path, env=path) as window:
        window.run("grade init mine && cd mine && clear && grade --watch")
        window.wait("h hint")
        stub = tmp_path / "mine" / "exercises" / "exercise1_reparameterization.py"
        place = "z = [None, None, None]"
        stub.write_text(stub.read_text().replace(place, "z = [0.36, 0.695, -0.25]", 1))
        window.wait("σ² was used where σ belongs")
        window.press("h")
        window.wait("hint 1 of 3")
        window.resize(50, 15)
        window.wait("letters is the standard\n")  # the picture of this width, and not what is left of the one before
        window.press(*["Down"] * 3)
        window.wait("σ² was used where σ")
        window.resize(80, 24)
        window.press("C-z")
        window.wait("Stopped")
        window.run("fg")
        window.wait("σ² was used where σ belongs")
        stub.write_text(stub.read_text().replace("z = [0.36, 0.695, -0.25]", "z = [0.6, 0.65, -0.2]", 1))
        window.wait("+2 points")
        window.press("C-c")
        window.wait("of 30 points")
        window.run("clear; flashcards --cards 1")
        window.wait("you met this in exercise 1 today")
        window.press("Escape", "q")
        window.wait_gone("you met this")
