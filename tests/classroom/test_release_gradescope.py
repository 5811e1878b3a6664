"""A released autograder in Gradescope's own layout: built by its setup.sh, run by its run_autograder."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from courses import small_course

from grader.classroom.autograder import Task, results, task
from grader.core import Sandbox
from grader.course import built_in
from grader.render.exchange import Ungraded
from grader.report import Report

pytestmark = pytest.mark.xdist_group("gradescope")

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads(files("grader").joinpath("schema/gradescope.schema.json").read_text(encoding="utf-8"))
Command = Callable[..., tuple[int, str, str]]
COURSE = built_in()
FIRST, LAST = COURSE.exercises[0], COURSE.exercises[-1]
SECRET = 20261121


# --- the folder ---------------------------------------------------------------------------------------------


def test_the_zip_has_the_scripts_at_its_root(grade_command: Command, tmp_path: Path) -> None:
    code, out, err = grade_command("release", "gradescope", str(tmp_path), "6")
    assert (code, err) == (0, "")
    assert "upload" in out
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        assert archive.testzip() is None
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
        settings = json.loads(archive.read("settings.json"))
    assert (modes["setup.sh"], modes["run_autograder"], modes["settings.json"]) == (0o755, 0o755, 0o644)
    assert len([name for name in modes if name.endswith(".whl")]) == 1
    assert (settings["exercises"], settings["course"]) == ([LAST.name], None)
    assert f"| `{LAST.name}.py` (or `.ipynb`) | {LAST.title} | 30 |" in (tmp_path / "README.md").read_text("utf-8")


def test_the_guide_shows_what_the_command_says(grade_command: Command, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n\$ grade release gradescope \S+ exercise6\n(.*?)```", guide, re.DOTALL)
    _, out, _ = grade_command("release", "gradescope", str(tmp_path), "exercise6")
    assert out.partition("\nnext")[0] == shown


def test_again_the_seed_stays_and_so_does_what_was_changed(grade_command: Command, tmp_path: Path) -> None:
    grade_command("release", "gradescope", str(tmp_path), "1", "6")
    before = (tmp_path / "autograder.zip").read_bytes()
    _, out, _ = grade_command("release", "gradescope", str(tmp_path), "1", "6")
    assert {line.split()[0] for line in out.splitlines() if "autograder" in line} == {"unchanged", "next:"}
    assert (tmp_path / "autograder.zip").read_bytes() == before
    seed = json.loads((tmp_path / "autograder" / "settings.json").read_text())["seed"]
    mine = "# mine\n"
    (tmp_path / "autograder" / "requirements.txt").write_text(mine)
    (tmp_path / "autograder" / "wheels").mkdir()
    (tmp_path / "autograder" / "wheels" / "torch.whl").write_bytes(b"torch")
    (tmp_path / "autograder" / "reparam-0.0.1-py3-none-any.whl").write_bytes(b"old")
    _, out, _ = grade_command("release", "gradescope", str(tmp_path), "6")
    assert "kept      autograder/requirements.txt (you have changed it" in out
    assert "updated   README.md" in out
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        assert archive.read("requirements.txt").decode() == mine
        assert archive.read("wheels/torch.whl") == b"torch"
        assert "reparam-0.0.1-py3-none-any.whl" not in archive.namelist()
        assert json.loads(archive.read("settings.json")) == {"exercises": [LAST.name], "seed": seed, "course": None}


def test_what_cannot_be_released(grade_command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "old" / "autograder").mkdir(parents=True)
    (tmp_path / "old" / "autograder" / "settings.json").write_text("{}")
    for words, says in [
        (("exercise9",), 'There is no exercise "exercise9"'),
        (("--course", str(tmp_path)), "is no course"),
    ]:
        code, out, err = grade_command("release", "gradescope", str(tmp_path / "new"), *words)
        assert (code, out) == (2, "")
        assert says in err
    assert not (tmp_path / "new").exists()
    assert "a file is in the way" in grade_command("release", "gradescope", str(tmp_path / "file"), "6")[2]
    assert "has no seed that can be used" in grade_command("release", "gradescope", str(tmp_path / "old"), "6")[2]


def test_a_course_of_ones_own_moves_without_its_solutions(
    grade_command: Command, tmp_path: Path, warm: Sandbox
) -> None:
    small_course(tmp_path / "mine")
    out = tmp_path / "out"
    assert grade_command("release", "gradescope", str(out), "--course", str(tmp_path / "mine"))[0] == 0
    (tmp_path / "root" / "submission").mkdir(parents=True)
    with zipfile.ZipFile(out / "autograder.zip") as archive:
        assert not [name for name in archive.namelist() if "solutions" in name]
        archive.extractall(tmp_path / "root" / "source")
    shutil.rmtree(tmp_path / "mine")
    answer = "six = 6.0\n\n\ndef double(x):\n    return 2 * x\n"
    (tmp_path / "root" / "submission" / "exercise1.py").write_text(answer)
    (report,) = results(tmp_path / "root", task(tmp_path / "root"), warm)
    assert isinstance(report, Report)
    assert report.passed, report.checks


# --- whose file answers what ----------------------------------------------------------------------------------

BOTH = Task(COURSE, (FIRST, LAST), 7)
ALONE = Task(COURSE, (LAST,), 7)
NOTHING = "x = 1\n"


def graded(tmp_path: Path, given: Task, warm: Sandbox, *names: str) -> dict[str, Report | str]:
    """Exercise → the report, or why there is none, for stubs of these names."""
    for name in names:
        path = tmp_path / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NOTHING)
    (tmp_path / "submission").mkdir(exist_ok=True)
    found = results(tmp_path, given, warm)
    return {one.exercise: one.why if isinstance(one, Ungraded) else one for one in found}


def test_files_are_known_by_their_names(tmp_path: Path, warm: Sandbox) -> None:
    found = graded(tmp_path, BOTH, warm, "work/exercises/exercise6_tool_choice.py", "__MACOSX/exercise1.py", "notes.py")
    assert isinstance(found[LAST.name], Report)
    missing = found[FIRST.name]
    assert isinstance(missing, str)
    assert missing.startswith("There is no file for exercise1. You handed in notes.py, exercise6_tool_choice.py.")


def test_one_file_for_one_exercise_may_have_any_name(tmp_path: Path, warm: Sandbox) -> None:
    assert isinstance(graded(tmp_path / "a", ALONE, warm, "answers.py")[LAST.name], Report)
    assert isinstance(graded(tmp_path / "b", ALONE, warm, "answers.py", "more.py")[LAST.name], str)
    assert isinstance(graded(tmp_path / "c", ALONE, warm, "exercise1.py")[LAST.name], str), "another exercise's"


def test_the_one_that_is_named_best(tmp_path: Path, warm: Sandbox) -> None:
    names = ["old/exercise6_tool_choice.py", "exercise6_tool_choice_backup.py", "exercise6.py"]
    folder = tmp_path / "submission"
    graded(tmp_path, ALONE, warm, *names)
    (folder / "exercise6.py").write_text("def broken(:\n")
    (said,) = graded(tmp_path, ALONE, warm).values()
    assert str(said).startswith("exercise6.py, line 1:")
    assert str(tmp_path) not in str(said)


def test_links_are_not_followed(tmp_path: Path, warm: Sandbox) -> None:
    folder = tmp_path / "submission"
    (tmp_path / "others").mkdir(parents=True)
    (tmp_path / "others" / "exercise1.py").write_text(NOTHING)
    folder.mkdir()
    (folder / "exercise6.py").symlink_to(tmp_path / "others" / "exercise1.py")
    (folder / "more").symlink_to(tmp_path / "others")
    found = graded(tmp_path, BOTH, warm)
    assert "symbolic link" in str(found[LAST.name])
    assert "There is no file for exercise1" in str(found[FIRST.name])


def test_a_submission_has_numbers_of_its_own_and_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "settings.json").write_text(
        json.dumps({"exercises": [LAST.name], "seed": SECRET, "course": None})
    )
    seeds = []
    for content in ('{"id": 1}', '{"id": 2}', '{"id": 1, "users": []}', "[", '{"id": ["x"]}', "[" * 99_999):
        (tmp_path / "submission_metadata.json").write_text(content)
        seeds.append(task(tmp_path).seed)
    assert seeds[0] == seeds[2]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)


# --- the real thing -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def container() -> Iterator[Path]:
    """What Gradescope makes of the zip file: `/autograder`, under another root."""
    # Not below pytest's own folder, which is closed to other users: a spy would be stopped by that.
    with tempfile.TemporaryDirectory(prefix="reparam-gradescope-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        words = ["release", "gradescope", str(folder), "1", "6", "--seed", str(SECRET)]
        subprocess.run([sys.executable, "-m", "grader.cli", *words], check=True, capture_output=True, timeout=120)
        yield built(folder)


def built(folder: Path) -> Path:
    """Unzip the autograder and run its setup.sh, as Gradescope does when it builds the image."""
    root = folder / "autograder root"  # a space shows what is not quoted
    shutil.unpack_archive(folder / "autograder.zip", root / "source")
    for name in ("setup.sh", "run_autograder"):  # shutil forgets the modes that unzip keeps
        (root / "source" / name).chmod(0o755)
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    for name in ("submission", "results"):
        (root / name).mkdir()
    done = run(root, root / "source" / "setup.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "landlock" in done.stdout, "the build's log says which layers there are"
    return root


def run(root: Path, *command: Path | str) -> subprocess.CompletedProcess[str]:
    """A program as Gradescope starts it. Wheels of torch are not fetched for a test: the library here is lent."""
    lent = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
    }
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=root, env={**os.environ, **lent}, capture_output=True, text=True, check=False, timeout=300
    )


def autograded(root: Path, work: dict[str, str], number: int = 1) -> dict[str, Any]:
    """What Gradescope gets for a submission of these files."""
    for name in ("submission", "results"):
        shutil.rmtree(root / name)
        (root / name).mkdir()
    for name, text in work.items():
        (root / "submission" / name).write_text(text, encoding="utf-8")
    (root / "submission_metadata.json").write_text(json.dumps({"id": number, "users": [{"name": "Ada"}]}))
    done = run(root, root / "run_autograder")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA)
    assert "points; sandbox: " in done.stdout
    return found


def solution(name: str) -> str:
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_right_wrong_and_unusable(container: Path) -> None:
    """One submission: its first exercise cannot be read, its second has a mistake."""
    wrong = solution(LAST.name).replace("height * width * channels", "height * width")
    assert wrong != solution(LAST.name)
    right = autograded(container, {f"{LAST.name}.py": solution(LAST.name), "exercise1.py": solution(FIRST.name)})
    assert right["score"] == 60
    assert {test["status"] for test in right["tests"]} == {"passed"}
    found = autograded(container, {f"{LAST.name}.py": wrong, "exercise1.py": "def broken(:\n"})
    assert 0 < found["score"] < 30
    assert "exercise1.py, line 1:" in found["tests"][0]["output"]
    assert (found["tests"][0]["score"], found["tests"][0]["max_score"]) == (0, 30)
    assert any("The channels were left out." in test["output"] for test in found["tests"])
    assert str(SECRET) not in json.dumps(found)


@pytest.mark.slow
def test_a_fault_of_ours_is_nobodys_zero(container: Path) -> None:
    settings = container / "source" / "settings.json"
    kept = settings.read_text()
    settings.write_text("{}")
    (container / "results" / "results.json").unlink(missing_ok=True)
    done = run(container, container / "run_autograder")
    settings.write_text(kept)
    assert done.returncode == 2
    assert "there are no results: source/settings.json cannot be used" in done.stdout
    assert not (container / "results" / "results.json").exists()


@pytest.mark.slow
def test_the_wheel_of_what_is_installed_is_the_wheel_of_the_checkout(container: Path) -> None:
    """Where there is no checkout, the package makes a wheel of itself."""
    done = run(container, container / "venv" / "bin" / "grade", "release", "gradescope", "again", "6")
    assert done.returncode == 0, done.stderr
    (theirs,), (ours,) = ((container / place).glob("*.whl") for place in ("again/autograder", "source"))
    with zipfile.ZipFile(theirs) as one, zipfile.ZipFile(ours) as other:
        names = [name for name in other.namelist() if not name.endswith("/RECORD")]
        assert sorted(names) == sorted(name for name in one.namelist() if not name.endswith("/RECORD"))
        assert {name for name in names if one.read(name) != other.read(name)} == set()


SPY = """\
import os
import pathlib

paths = [{paths}]
for path in paths:
    try:
        pathlib.Path(path).read_bytes()
        print("read", path)
    except OSError as error:
        print(type(error).__name__)
try:
    pathlib.Path({results!r}).write_text("forged")
    print("written")
except OSError as error:
    print(type(error).__name__)
z = [0.6, 0.65, -0.2]
"""
WITHOUT = """\
import sys
from pathlib import Path
from grader.classroom import autograder
from grader.core import Sandbox

root = Path(sys.argv[1])
autograder.shut(root)
with Sandbox(without=("landlock",)) as sandbox:
    (report,) = autograder.results(root, autograder.task(root), sandbox)[:1]
    print(report.sandbox, report.checks[0].status, *report.checks[0].output.split(), sep="\\n")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="Gradescope's containers run as root")
def test_without_landlock_another_user_still_reads_nothing_of_ours(container: Path) -> None:
    """As in Gradescope's own containers, whose kernel has no Landlock."""
    (checks,) = container.glob("venv/lib/python*/site-packages/grader/checks/exercise1_reparameterization.py")
    (answers,) = container.glob("venv/lib/python*/site-packages/grader/_course/solutions/exercise1_*.py")
    secret = [container / "source" / "settings.json", checks, answers]
    spy = SPY.format(
        paths=", ".join(repr(str(path)) for path in secret), results=str(container / "results" / "results.json")
    )
    shutil.rmtree(container / "submission")
    (container / "submission").mkdir()
    (container / "submission" / "exercise1.py").write_text(spy)
    done = run(container, container / "venv" / "bin" / "python", "-P", "-c", WITHOUT, container)
    layers, status, *printed = done.stdout.splitlines()
    assert "landlock" not in layers, done.stderr
    assert status == "passed"
    assert printed == ["PermissionError"] * 4
