"""A released template repository: what GitHub accepts, and what its runner would do, step by step."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from courses import small_course

from grader.classroom import github_points
from grader.course import built_in
from grader.render.exchange import to_junit
from grader.report import CheckResult, Report, Status

pytestmark = pytest.mark.xdist_group("github")

Command = Callable[..., tuple[int, str, str]]
COURSE = built_in()
FIRST, LAST = COURSE.exercises[0], COURSE.exercises[-1]
WORKFLOW = Path(".github") / "workflows" / "classroom.yml"
ROOT = Path(__file__).parent.parent.parent


def workflow(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / WORKFLOW).read_text(encoding="utf-8"))
    return found


def steps(folder: Path) -> dict[str, dict[str, Any]]:
    (job,) = workflow(folder)["jobs"].values()
    return {step["name"]: step for step in job["steps"]}


# --- what is written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("1", "6")])
def test_a_workspace_with_a_workflow(grade_command: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    code, out, err = grade_command("release", "github", str(tmp_path / "template"), *words)
    assert (code, err) == (0, "")
    template = tmp_path / "template"
    names = {path.stem for path in (template / "exercises").glob("exercise*.py")}
    assert names == ({e.name for e in COURSE.exercises} if not words else {FIRST.name, LAST.name})
    (wheel,) = (template / ".github" / "reparam").glob("*.whl")
    assert f".github/reparam/{wheel.name}" in steps(template)["Install reparam"]["run"]
    assert "git init" in out
    commands = [line for line in steps(template)["Grade"]["run"].splitlines() if line.startswith("grade ")]
    asked = ["all"] if not words else ["exercise1", "exercise6"]
    assert commands == [f"grade {word} --format junit --out results/{word}.xml || failed=1" for word in asked]
    total = 30 * len(names)
    assert steps(template)["Report the points"]["run"].endswith(f"--of {total} results")


def test_the_schema_of_github_accepts_the_workflow(grade_command: Command, tmp_path: Path) -> None:
    """The public schema, as the package check-jsonschema brings it."""
    found = importlib.util.find_spec("check_jsonschema")
    if found is None or not found.submodule_search_locations:
        pytest.skip("check-jsonschema is not installed")
    vendor = Path(found.submodule_search_locations[0]) / "builtin_schemas" / "vendor"
    schema = json.loads((vendor / "github-workflows.json").read_text(encoding="utf-8"))
    small_course(tmp_path / "mine")
    for number, words in enumerate([(), ("6",), ("--course", str(tmp_path / "mine"))]):
        template = tmp_path / str(number)
        assert grade_command("release", "github", str(template), *words)[0] == 0
        jsonschema.validate(workflow(template), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(workflow(template) | {"on": {"psuh": {}}}, schema)


def test_again_what_was_changed_stays(grade_command: Command, tmp_path: Path) -> None:
    grade_command("release", "github", str(tmp_path), "6")
    stub = tmp_path / "exercises" / f"{LAST.name}.py"
    stub.write_text("# mine\n")
    path = tmp_path / WORKFLOW
    path.write_text(path.read_text(encoding="utf-8").replace("timeout-minutes: 30", "timeout-minutes: 5"))
    (tmp_path / ".github" / "reparam" / "reparam-0.0.1-py3-none-any.whl").write_bytes(b"")
    _, out, _ = grade_command("release", "github", str(tmp_path), "6")
    assert stub.read_text() == "# mine\n"
    assert "timeout-minutes: 5" in path.read_text(encoding="utf-8")
    assert f"kept      {WORKFLOW} (you have changed it" in out
    assert "reparam-0.0.1-py3-none-any.whl (no longer used: delete it)" in out


def test_the_guide_shows_what_the_command_says(grade_command: Command, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n\$ grade release github \S+ exercise6\n(.*?)\$ cd", guide, re.DOTALL)
    _, out, _ = grade_command("release", "github", str(tmp_path / "new"), "exercise6")
    assert out.partition("\nnext")[0] == shown
    assert "git init && git add . && git commit -m 'Exercises'" in out
    assert "$ git init && git add . && git commit -m 'Exercises'\n" in guide


def test_a_course_of_ones_own_is_graded_from_the_repository(grade_command: Command, tmp_path: Path) -> None:
    small_course(tmp_path / "mine")
    template = tmp_path / "template"
    assert grade_command("release", "github", str(template), "--course", str(tmp_path / "mine"))[0] == 0
    for path in template.rglob("*"):
        if path.is_file() and path.suffix != ".whl":
            assert str(tmp_path) not in path.read_text(encoding="utf-8"), "no path of ours helps a student"
    assert not list(template.rglob("solutions"))
    (template / "exercises" / "exercise1_double.py").write_text("six = 6.0\n\n\ndef double(x):\n    return 2 * x\n")
    (line,) = re.findall(r"^grade all (.*) --format junit", steps(template)["Grade"]["run"], re.MULTILINE)
    shutil.rmtree(tmp_path / "mine")
    done = subprocess.run(
        [sys.executable, "-m", "grader.cli", "all", *line.split(), "--format", "junit"],
        cwd=template, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert '<property name="points" value="3" />' in done.stdout


def test_numbers_are_new_at_every_push(grade_command: Command, tmp_path: Path) -> None:
    code, _, err = grade_command("release", "github", str(tmp_path / "new"), "--seed", "1")
    assert code == 2
    assert "leave out --seed" in err
    assert not (tmp_path / "new").exists()


# --- what Classroom is told ---------------------------------------------------------------------------------


def report(points: int, message: str = "", exercise: str = LAST.name) -> Report:
    status = Status.FAILED if message else Status.PASSED
    return Report(exercise, "A title", (CheckResult("test_x", "x", status, points, 10, message),), 1.0, (), 5)


def test_points_of_all_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xml").write_text(to_junit([report(7), report(3, exercise=FIRST.name)]), encoding="utf-8")
    (tmp_path / "b.xml").write_text(to_junit([report(1)]), encoding="utf-8")
    (tmp_path / "torn.xml").write_text("<testsuites><testsuite")
    assert github_points.main(["--of", "40", str(tmp_path)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "::notice title=Autograding complete::Points 11/40"
    told = second.removeprefix("::notice title=Autograding report::")
    assert json.loads(told) == {"totalPoints": 11, "maxPoints": 40}


def test_without_a_report_there_are_no_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert github_points.main(["--of", "40", str(tmp_path / "nowhere")]) == 0
    assert "Points 0/40" in capsys.readouterr().out


def test_nothing_in_a_message_is_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the summary, which is Markdown, nor in the log, where a line may be a command to the runner."""
    message = "wrong\n\n# a heading\n```\n::error::stop\n<img src=x onerror=alert(1)>"
    (tmp_path / "a.xml").write_text(to_junit([report(0, message)]), encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert github_points.main(["--of", "10", str(tmp_path)]) == 0
    assert "::error" not in capsys.readouterr().out
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## 0 of 10 points\n")
    told = summary.partition("### `test_x`\n\n")[2]
    assert "# a heading" in told
    assert all(line.startswith("    ") for line in told.rstrip("\n").splitlines())


# --- as the runner does it ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_push_step_by_step(grade_command: Command, tmp_path: Path) -> None:
    """Clone, install the wheel, grade, report: the steps of the workflow, by bash, as on GitHub."""
    template = tmp_path / "template"
    grade_command("release", "github", str(template), "6")
    git(template, "init", "--quiet")
    git(template, "add", ".")
    git(template, "commit", "--quiet", "-m", "Exercises")
    git(tmp_path, "clone", "--quiet", str(template), "ada")
    mine = tmp_path / "ada"
    wrong = (ROOT / "solutions" / f"{LAST.name}.py").read_text(encoding="utf-8")
    (mine / "exercises" / f"{LAST.name}.py").write_text(
        wrong.replace("height * width * channels", "height * width"), encoding="utf-8"
    )
    # A runner has pip and a network; here the libraries are lent, and the wheel alone is installed.
    target = tmp_path / "site"
    install = steps(mine)["Install reparam"]["run"].split()[3:]
    pip = [sys.executable, "-m", "pip", *install, "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run(pip, cwd=mine, check=True, capture_output=True, timeout=300)
    lent = {
        "PATH": f"{target / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(target),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    graded, reported = (
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps(mine)[name]["run"]], cwd=mine,
            env={**os.environ, **lent}, capture_output=True, text=True, check=False, timeout=300,
        )
        for name in ("Grade", "Report the points")
    )  # fmt: skip
    assert graded.returncode == 1, "a student sees a red cross until everything passes"
    (points,) = re.findall(r"^(\d+) of 30 points; the report is in results/exercise6.xml$", graded.stdout, re.MULTILINE)
    assert (reported.returncode, reported.stderr) == (0, "")
    assert f"Points {points}/30" in reported.stdout
    assert 0 < int(points) < 30
    assert "The channels were left out." in (tmp_path / "summary.md").read_text(encoding="utf-8")
    shutil.rmtree(mine / "results")
    assert git(mine, "status", "--porcelain").splitlines() == [f" M exercises/{LAST.name}.py"]


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    return subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    ).stdout
