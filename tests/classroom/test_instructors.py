"""docs/instructors.md is what happens: its commands, from the empty folder to the returned feedback, in one go."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from classes import filled, id_of
from kernels import jupyter_folders

from grader.course import built_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("instructors")]

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "instructors.md").read_text(encoding="utf-8")
WALK, _, REST = GUIDE.partition("## What is yours")
BLOCKS = re.findall(r"```console\n(.*?)```", WALK, re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
SHOWN = [line for block in BLOCKS for line in block.splitlines() if not line.startswith(("$ ", "…"))]
NAME = built_in().exercises[-1].name


def bash(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    folders = {**jupyter_folders(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=home, env={**os.environ, **folders, "PATH": path},
        capture_output=True, text=True, check=False, timeout=550,
    )  # fmt: skip


def work_of_ada(home: Path) -> Path:
    """A file with what she has written after she closed JupyterLab: one mistake, the one that the guide shows."""
    source = json.loads((home / "course101" / "source" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    answers = {id_of(cell): "".join(cell["source"]) for cell in source["cells"] if id_of(cell)}
    wrong = answers["answer_forward-passes"].replace("height * width * channels", "height * width")
    path = home / "ada" / NAME / f"{NAME}.ipynb"
    fetched = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(filled(fetched, {**answers, "answer_forward-passes": wrong})), encoding="utf-8")
    return path


def test_the_guide_from_the_empty_folder_to_the_feedback(tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    commands = [command.replace("/srv/nbgrader/exchange", shlex.quote(str(exchange))) for command in COMMANDS]
    (by_hand,) = (place for place, command in enumerate(commands) if command.startswith("jupyter lab "))
    before = bash("\n".join(commands[:by_hand]), tmp_path)
    assert before.returncode == 0, before.stderr[-3000:]
    work_of_ada(tmp_path)
    after = bash("\n".join(["cd ~/ada", *commands[by_hand + 1 :]]), tmp_path)
    assert after.returncode == 0, after.stderr[-3000:]
    printed = before.stdout + after.stdout
    # Every run draws other numbers.
    same = re.compile(r"\(.*|\d+, and")
    assert [line for line in SHOWN if same.sub("", line) not in printed] == []
    (feedback,) = (tmp_path / "ada" / NAME / "feedback").glob("*/*.html")
    assert "The channels were left out." in feedback.read_text(encoding="utf-8")
    again(tmp_path)


def again(home: Path) -> None:
    """The commands that have `grade` say the same: with the seed of the course."""
    lines = re.findall(r"^\$ (python -c .*|grade exercise6 .*)$", REST, re.MULTILINE)
    config = (home / "course101" / "nbgrader_config.py").read_text(encoding="utf-8")
    (secret,) = re.findall(r"SandboxedGrade\.seed = (\d+)", config)
    (student,) = (path.name for path in (home / "course101" / "submitted").iterdir())
    seed = bash(lines[0].replace("12345", secret), home).stdout.strip()
    command = lines[1].replace("submitted/ada", f"submitted/{student}").replace("THAT_NUMBER", seed)
    report = json.loads(bash(f"cd course101; {command} --format json || true", home).stdout)
    assert (report["points"], report["seed"]) == (28, int(seed))
    graded = (home / "course101" / "autograded" / student / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    (wrong,) = (check["message"] for check in report["checks"] if check["status"] == "failed")
    assert wrong.splitlines()[0].split(" gives ")[1] in graded


def test_every_linked_file_is_there() -> None:
    folder = Path(__file__).parent.parent.parent / "docs"
    for link in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert link.startswith("http") or (folder / link).exists(), link
