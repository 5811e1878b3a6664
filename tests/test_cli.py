"""The command `grade`, as a real process: what it prints, where, and its exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

import grader
from grader import progress
from grader.course import built_in
from grader.verbs import VERBS

ROOT = Path(grader.__file__).parent.parent
COMMAND = [sys.executable, "-m", "grader.cli"]
SCHEMA = json.loads(files("grader").joinpath("schema/report.schema.json").read_text(encoding="utf-8"))
Result = subprocess.CompletedProcess[str]

RIGHT_Z = "z = [0.6, 0.65, -0.2]\n"
WRONG_Z = "z = [0.36, 0.695, -0.25]\n"


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return kept | {"PYTHONPATH": str(ROOT)} | changes


def grade(*arguments: str | Path, cwd: Path, **changes: str) -> Result:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


def refused(*arguments: str | Path, cwd: Path) -> str:
    """What a run that cannot be used says; it prints nothing else, and no traceback."""
    result = grade(*arguments, cwd=cwd)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with the stub of exercise 1."""
    stub = built_in().exercises[0].stub
    (tmp_path / "exercises").mkdir()
    shutil.copy(stub, tmp_path / "exercises" / stub.name)
    return tmp_path


def answer(home: Path, text: str) -> Path:
    path = home / "mine.py"
    path.write_text(text)
    return path


# --- help -------------------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys; from grader.cli import main; code = main(['--help'])\n"
        "print(code, sorted({'torch', 'numpy', 'rich', 'yaml', 'pytest', 'sqlite3'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_command(tmp_path: Path, flag: str) -> None:
    text = grade(flag, cwd=tmp_path).stdout
    assert all(f"grade {verb} " in text for verb in VERBS)


def test_help_in_the_documentation_is_fresh(tmp_path: Path) -> None:
    """`REPARAM_UPDATE_DOCS=1 pytest tests/test_cli.py -k documentation` writes it anew."""
    page = ROOT / "docs" / "cli.md"
    text = page.read_text(encoding="utf-8")
    fresh = text
    for verb in ("", *VERBS):
        name = f"grade {verb}".strip()
        output = grade(*filter(None, [verb]), "--help", cwd=tmp_path, COLUMNS="80").stdout
        block = f"<!-- help: {name} -->\n```text\n{output}```\n<!-- end -->"
        pattern = re.compile(rf"<!-- help: {name} -->\n.*?<!-- end -->", re.DOTALL)
        assert pattern.search(text), f"docs/cli.md has no place for the help of `{name}`"
        fresh = pattern.sub(lambda _, block=block: block, fresh)
    if os.environ.get("REPARAM_UPDATE_DOCS"):
        page.write_text(fresh, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == fresh, "run: make docs"


def test_version(tmp_path: Path) -> None:
    assert grade("--version", cwd=tmp_path).stdout == f"reparam {grader.__version__}\n"


# --- what cannot be used ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["exercize1"], 'There is no exercise "exercize1". Did you mean exercise1?'),
        (["reparametrisation"], 'There is no exercise "reparametrisation". Did you mean reparameterization?'),
        (["inti"], 'There is no exercise or command "inti". Did you mean `grade init`?'),
        (["al"], 'There is no exercise or command "al". Did you mean `grade all`?'),
        (["qqq"], 'There is no exercise "qqq". `grade` alone lists the exercises.'),
        (["exercise"], '"exercise" could be exercise1_reparameterization or '),
        (["\x1b[31m"], 'There is no exercise "". '),
        (["1"], "There are no exercises in this folder or above it. `grade init DIR` copies them"),
        (["all"], "There are no exercises in this folder or above it."),
        (["1", "--submission", "nowhere.py"], "nowhere.py: no such file; check the spelling."),
        (["1", "--submission", "."], ". is a folder, not a file."),
        (["1", "--submission-dir", "nowhere"], "nowhere: there is no such folder."),
        (["1", "--submission", "a", "--submission-dir", "b"], "--submission and --submission-dir exclude each other"),
        (["all", "--submission", "a.py"], "--submission is one exercise's file."),
        (["all", "--check", "test_z"], "--check names a check of one exercise."),
        (["--format", "json"], "Which exercise?"),
        (["1", "--out", "."], ". is a folder. Give --out the name of a file."),
        (["1", "--out", "nowhere/report.json"], "nowhere/report.json cannot be written: there is no folder nowhere."),
        (["1", "--formt", "json"], "No such option"),
        (["1", "--format", "xml"], "Invalid value for '--format': 'xml' is not one of 'text', 'json', 'html',"),
        (["1", "--seed", "x"], "Invalid value for '--seed'"),
        (["1", "--seed", "-1"], "Invalid value for '--seed'"),
        (["1", "2"], "Got unexpected extra argument"),
        (["init"], "Which folder?"),
        (["init", "/proc/x"], "/proc/x cannot be made: "),
        (
            ["other/answers.py"],
            'There is no exercise "answers". `grade` alone lists',
        ),
        (["exercise1_reparameterization.py"], "exercise1_reparameterization.py: no such file"),
    ],
)
def test_a_message_begins_with_what_is_wrong(tmp_path: Path, arguments: list[str], says: str) -> None:
    assert refused(*arguments, cwd=tmp_path).startswith(says)


def test_a_syntax_error_names_line_and_caret(home: Path) -> None:
    message = refused("1", "--submission", answer(home, "x = 1\ny = (2\n"), cwd=home)
    assert "mine.py, line 2: '(' was never closed\n    y = (2\n        ^\n" in message


def test_an_unknown_check_suggests_the_nearest(home: Path) -> None:
    message = refused("1", "--submission", answer(home, RIGHT_Z), "--check", "test_zz", cwd=home)
    assert 'no check "test_zz"' in message
    assert "test_z" in message.replace("test_zz", "")


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && {' '.join(COMMAND)} 1"
    result = subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "This folder is gone" in result.stderr


def test_our_own_failure_is_told_in_words(home: Path) -> None:
    """A process that may hardly open a file fails somewhere inside, wherever that is."""

    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))

    arguments = [*COMMAND, "1", "--submission", str(answer(home, RIGHT_Z))]
    result = subprocess.run(
        arguments, cwd=home, env=environment(), capture_output=True, text=True, check=False, preexec_fn=starve
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "Too many open files" in result.stderr


# --- grading ----------------------------------------------------------------------------------------------


def test_a_wrong_answer_in_a_pipe(home: Path) -> None:
    path = answer(home, WRONG_Z)
    result = grade("reparam", "--submission", path, "--check", "test_z", "--seed", "7", cwd=home)
    assert (result.returncode, result.stderr) == (1, "")
    assert "σ² was used where σ belongs" in result.stdout
    assert f"grade exercise1 --submission {path} --check test_z" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\r" not in result.stdout
    assert "starting" not in result.stdout
    assert result.stdout.splitlines()[-1].startswith("  seed 7 ")


def test_a_right_answer_as_json(home: Path) -> None:
    path = answer(home, RIGHT_Z)
    result = grade("1", "--submission", path, "--check", "test_z", "--format", "json", "--seed", "7", cwd=home)
    assert (result.returncode, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert (data["passed"], data["seed"], [check["name"] for check in data["checks"]]) == (True, 7, ["test_z"])
    assert data["sandbox"]


def test_the_report_in_a_file(home: Path) -> None:
    out = home / "report.json"
    out.write_text("old")
    arguments = ["1", "--submission", answer(home, RIGHT_Z), "--check", "test_z", "--format", "json", "--out", out]
    result = grade(*arguments, cwd=home)
    assert (result.returncode, result.stderr) == (0, "")
    jsonschema.validate(json.loads(out.read_text()), SCHEMA)
    assert result.stdout.endswith(f"the report is in {out}\n")
    assert sorted(path.name for path in home.iterdir()) == ["exercises", "mine.py", "report.json"]


def test_a_full_disk_does_not_lose_the_verdict(home: Path) -> None:
    arguments = ["1", "--submission", answer(home, RIGHT_Z), "--check", "test_z", "--out", "/dev/full"]
    result = grade(*arguments, cwd=home)
    assert result.returncode == 2
    assert result.stderr == "/dev/full cannot be written: No space left on device.\n"
    assert "the check passed" in result.stdout
    assert Path("/dev/full").is_char_device()


def test_standard_output_on_a_full_disk(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "1", "--submission", answer(home, RIGHT_Z), "--check", "test_z"],
            cwd=home, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr == "the report cannot be written to standard output: No space left on device.\n"


@pytest.mark.parametrize("arguments", [["--help"], [], ["1", "--submission", "mine.py", "--check", "test_z"]])
def test_a_reader_that_goes_away(home: Path, arguments: list[str]) -> None:
    answer(home, RIGHT_Z)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        result = subprocess.run(
            [*COMMAND, *arguments],
            cwd=home,
            env=environment(),
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (result.returncode, result.stderr) == (0, "")


def test_standard_output_closed(home: Path) -> None:
    line = f"{' '.join(COMMAND)} >&-"
    result = subprocess.run(
        ["sh", "-c", line], cwd=home, env=environment(), capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_an_output_that_takes_only_ascii(home: Path) -> None:
    result = grade(cwd=home, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert ". exercise1" in result.stdout


def test_interrupted(home: Path) -> None:
    path = answer(home, "import time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [*COMMAND, "1", "--submission", path], cwd=home, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # As in a terminal: what runs in a shell's background is born deaf to Ctrl-C, and so are its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "Stopped.\n")


def in_terminal(*arguments: str | Path, cwd: Path, **changes: str) -> str:
    """Everything that a terminal received."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], cwd=cwd, env=environment(TERM="xterm", COLUMNS="70", **changes),
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    received = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        received += data
    process.wait()
    os.close(ours)
    return received.decode()


@pytest.mark.parametrize("plain", [False, True])
def test_a_terminal_sees_a_live_line_that_goes(home: Path, plain: bool) -> None:
    changes = {"NO_COLOR": "1"} if plain else {}
    text = in_terminal("1", "--submission", answer(home, RIGHT_Z), "--check", "test_z", cwd=home, **changes)
    live, _, final = text.rpartition("\x1b[2K")
    assert "The reparameterization trick: starting" in live
    assert "starting" not in final
    assert "✓ " in final
    assert bool(re.search(r"\x1b\[[0-9;]*m", final)) is not plain


# --- the workspace ----------------------------------------------------------------------------------------


def test_init_then_the_table(tmp_path: Path) -> None:
    result = grade("init", "mine", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "written exercises/exercise1_reparameterization.py" in result.stdout
    assert "next: cd mine\n" in result.stdout
    again = grade("init", ".", cwd=tmp_path / "mine")
    assert "kept    exercises/exercise1_reparameterization.py (it is there already)" in again.stdout
    assert "written" not in again.stdout
    table = grade(cwd=tmp_path / "mine" / "exercises")
    assert (table.returncode, table.stderr) == (0, "")
    assert all(exercise.title in table.stdout for exercise in built_in().exercises)
    assert "next: grade exercise1" in table.stdout


def test_the_table_outside_a_workspace(tmp_path: Path) -> None:
    result = grade(cwd=tmp_path)
    assert result.returncode == 0
    assert "grade init DIR" in result.stdout


def test_a_right_file_earns_everything_and_is_remembered(home: Path) -> None:
    first, second = built_in().exercises[:2]
    shutil.copy(first.solution, home / "exercises" / first.stub.name)
    result = grade("exercise1", cwd=home / "exercises")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"next: grade {second.short}" in result.stdout
    attempt = progress.best(home)[first.name]
    assert attempt.passed
    assert f"✓ exercise1  {first.title}" in grade(cwd=home).stdout


def test_the_loop_of_a_learner(home: Path) -> None:
    """Grade, take a hint for what is open, begin anew, come back; the solution stays closed meanwhile."""
    file = home / "exercises" / f"{built_in().exercises[0].name}.py"
    file.write_text(file.read_text().replace("z = [None, None, None]", RIGHT_Z.strip()))
    assert grade("1", cwd=home).returncode == 1
    hint = grade("hint", "1", cwd=home)
    assert (hint.returncode, hint.stderr) == (0, "")
    assert "hint 1 of 3 for test_dloss_dmu" in hint.stdout
    assert "(1 hint) " in grade(cwd=home).stdout
    assert "2 of 30 points are yours, 28 are missing." in refused("solution", "1", cwd=home)
    assert "+    return mu + sigma * epsilon\n" in grade("solution", "1", "--give-up", cwd=home).stdout
    assert "is the fresh stub again" in grade("reset", "1", cwd=home).stdout
    assert "z = [None, None, None]" in file.read_text()
    assert grade("reset", "1", "--undo", cwd=home).returncode == 0
    assert RIGHT_Z in file.read_text()


def test_a_stub_earns_nothing_and_progress_that_cannot_be_saved_costs_nothing(home: Path) -> None:
    (home / ".reparam").write_text("in the way")
    result = grade("1", "--format", "json", cwd=home)
    assert result.returncode == 1
    assert json.loads(result.stdout)["points"] == 0
    assert result.stderr.startswith("your progress could not be saved: ")
    assert result.stderr.endswith("; the verdict above stands\n")


def test_part_of_a_grading_or_another_file_is_not_remembered(home: Path) -> None:
    grade("1", "--check", "test_z", cwd=home)
    grade("1", "--submission", answer(home, RIGHT_Z), "--check", "test_z", cwd=home)
    assert progress.best(home) == {}


def test_all_grades_what_it_can(home: Path) -> None:
    """One file is right, one is missing, one is broken: the right one is graded, the others are named."""
    first, second, third = built_in().exercises[:3]
    folder = home / "handed_in"
    folder.mkdir()
    shutil.copy(first.solution, folder / f"{first.name}.py")
    (folder / f"{second.name}.py").write_text("x = (\n")
    result = grade("all", "--submission-dir", folder, "--format", "json", cwd=home)
    assert result.returncode == 2
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert [(report["exercise"], report["passed"]) for report in data["reports"]] == [(first.name, True)]
    assert f"{second.name}.py, line 1: '(' was never closed" in result.stderr
    assert f"has no {third.name}.py" in result.stderr


def test_a_path_names_exercise_and_file(home: Path) -> None:
    path = home / "exercises" / f"{built_in().exercises[0].name}.py"
    result = grade(path.relative_to(home), "--check", "test_z", cwd=home)
    assert result.returncode == 1
    assert "0 of " in result.stdout


def test_a_notebook(home: Path) -> None:
    cells = [{"cell_type": "code", "source": source} for source in ("%matplotlib inline", RIGHT_Z)]
    path = home / "mine.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}))
    result = grade("1", "--submission", path, "--check", "test_z", cwd=home)
    assert (result.returncode, result.stderr) == (0, "")
