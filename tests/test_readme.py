"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import built_in

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [
    command
    for row in TEXT.splitlines()
    if row.startswith("| `grade")
    for command in re.findall(r"`(grade[^`]*)`", row.split("|")[1])
    if command != "grade audit"  # minutes of work, which test_laws.py does already
    and "--watch" not in command  # it stays until somebody leaves it: test_watch.py does
]
CARDS = [
    command
    for row in TEXT.splitlines()
    if row.startswith("| `flashcards")
    for command in re.findall(r"`(flashcards[^`]*)`", row.split("|")[1])
]
# In a fresh workspace nothing has been passed and nothing kept, and no class has handed in: they say so.
TOO_EARLY = {"grade solution exercise3", "grade reset exercise3 --undo", "grade batch DIR --out marks"}
PROGRAMS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**os.environ, "PATH": PROGRAMS, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


pytestmark = pytest.mark.xdist_group("readme")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    assert run("grade init my-exercises", folder).returncode == 0
    return folder / "my-exercises"


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_works(command: str, workspace: Path) -> None:
    line = command.replace("FILE", str(built_in().find("exercise3").solution)).replace("DIR", "another")
    result = run(line, workspace)
    if command in TOO_EARLY:
        assert (result.returncode, result.stdout) == (2, "")
        return
    assert result.returncode in (0, 1), result.stderr
    assert not result.stderr


@pytest.mark.parametrize("command", CARDS)
def test_every_command_of_the_flashcards_works(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPARAM_DATA", str(tmp_path / "data"))
    result = run(command.replace("FILE", "cards.apkg").replace("DIR", "shared"), tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout


def test_the_table_was_found() -> None:
    assert {"grade", "grade exercise3", "grade all", "grade init DIR"} <= set(COMMANDS)
    assert {"flashcards", "flashcards stats"} <= set(CARDS)


def test_the_wrong_answer_looks_as_shown(workspace: Path) -> None:
    shown = re.search(r"```console\n\$ (grade exercise1 --check test_z)\n(.*?)```", TEXT, re.DOTALL)
    assert shown is not None
    file = workspace / "exercises" / "exercise1_reparameterization.py"
    file.write_text(file.read_text().replace("z = [None, None, None]", "z = [0.36, 0.695, -0.25]", 1))
    assert run(shown[1], workspace).stdout.strip("\n").startswith(shown[2].strip("\n"))


def test_the_two_commands_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^\$ make (\w+)", TEXT, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_exercise_and_every_linked_file_is_there() -> None:
    for exercise in built_in().exercises:
        assert f"`{exercise.name}`" in TEXT
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert link.startswith("http") or (ROOT / link).exists(), link
