"""Courses of one's own: the page that teaches them works as it stands, and a course's folder is safe and well read."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from courses import CHECKS, SOLUTION, small_course

from grader import checking
from grader.core import Sandbox, grade
from grader.course import Course
from grader.errors import CheckFileError, UnusableInput
from grader.jobs import open_course
from grader.sandbox.isolation import paths
from grader.submission import Submission

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")},
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "COLUMNS": "80",
}


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300
    )


# --- docs/authoring.md ------------------------------------------------------------------------------------

BLOCK = re.compile(r"^(?:`(?P<path>[^`\n]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
CODES = {"--submission wrong.py": 1, "--course leaky --seed 7": 1, "audit --course leaky": 2}
"""What a command of the page holds → its exit code, where that is not 0; the first that fits counts."""


def shown(output: str) -> re.Pattern[str]:
    """What a console block promises: a line with … stands for any lines, any number of seconds for any other."""
    lines = []
    for line in output.strip("\n").splitlines():
        exact = re.escape(line.rstrip()).replace("…", ".*")
        lines.append(
            r"(?:.*\n)*?" if line == "…" else re.sub(r"(?:\\ )*\d+(?:\\\.\d+)?\\ s$", r" *\\S+ s", exact) + r" *\n"
        )
    return re.compile(r"\n*" + "".join(lines) + r"\n*")


def test_the_page_works_from_an_empty_folder(tmp_path: Path) -> None:
    """Every file of the page is written, and every command run, in the order of the page."""
    commands = 0
    for block in BLOCK.finditer(PAGE):
        if block["path"]:
            (tmp_path / block["path"]).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                result = run(command, tmp_path)
                assert result.returncode == next((code for words, code in CODES.items() if words in command), 0), (
                    command,
                    result.stdout,
                    result.stderr,
                )
                assert shown(output).fullmatch(result.stdout + result.stderr), (command, result.stdout, result.stderr)
                commands += 1
    assert commands >= 10


def test_the_page_shows_every_mark_and_every_command() -> None:
    marks = {"advice", "by_hand", "formula", "free_text", "misconception", "points", "reference", "requires"}
    for mark in marks | {"training", "trial"}:
        assert hasattr(checking, mark)
        assert f"@{mark}" in PAGE
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert link.startswith("http") or (ROOT / "docs" / link).exists(), link


# --- a course's folder ------------------------------------------------------------------------------------


def submit(course: Course, source: str, sandbox: Sandbox) -> dict[str, str]:
    """Check → its status and message."""
    name = "exercise1_double.py"
    report = grade(course.exercises[0], Submission(Path(name), name, source), sandbox=sandbox, seed=1)
    return {check.name: f"{check.status.value} {check.message}" for check in report.checks}


def test_a_submission_cannot_read_the_course(tmp_path: Path, warm: Sandbox) -> None:
    course = small_course(tmp_path)
    exercise = course.exercises[0]
    for path in (exercise.solution, exercise.checks, exercise.stub, tmp_path / "exercises" / "course.yaml"):
        found = submit(course, f"six = None\ndef double(x):\n    return float(open({str(path)!r}).read())\n", warm)
        assert found["test_values"].startswith("error Your code raised PermissionError"), path


def test_check_files_share_a_module_beside_them(tmp_path: Path, warm: Sandbox) -> None:
    course = small_course(
        tmp_path, checks=CHECKS.replace("2 * x)", "shared_factor.FACTOR * x)") + "\nimport shared_factor\n"
    )
    (tmp_path / "checks" / "shared_factor.py").write_text("FACTOR = 2\n")
    assert submit(course, SOLUTION, warm) == {"test_six": "passed ", "test_values": "passed "}
    result = run(f"grade audit --course {tmp_path} --jobs 1", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_module_beside_the_checks_hides_no_package(tmp_path: Path, warm: Sandbox) -> None:
    course = small_course(tmp_path, checks=CHECKS.replace("import torch\n", "import torch, xml.dom, sqlite3\n", 1))
    (tmp_path / "checks" / "sqlite3.py").write_text("raise ImportError('the wrong one')\n")
    assert submit(course, SOLUTION, warm)["test_values"] == "passed "


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        (CHECKS + "\nx = torhc.ones(2)\n", "exercise1_double.py, line {last}: NameError: name 'torhc' is not defined"),
        (CHECKS + "\ndef f(:\n", "exercise1_double.py, line {last}: SyntaxError: invalid syntax"),
        ("import torhc\n", "exercise1_double.py, line 1: ModuleNotFoundError: No module named 'torhc'"),
        ("import torch\n", "exercise1_double.py has no check: a function whose name begins with test_"),
        (
            CHECKS.replace("    assert_close(", "    {}['a']\n    assert_close("),
            "the check test_values (exercise1_double.py, line 25) is at fault: KeyError: 'a'",
        ),
    ],
)
@pytest.mark.parametrize("only", [(), ("test_values",)])
def test_a_broken_check_file_names_file_line_and_error(
    tmp_path: Path, warm: Sandbox, checks: str, says: str, only: tuple[str, ...]
) -> None:
    course = small_course(tmp_path, checks=checks)
    submission = Submission(Path("a.py"), "a.py", SOLUTION)
    with pytest.raises(CheckFileError) as fault:
        grade(course.exercises[0], submission, sandbox=warm, seed=1, checks=only)
    assert says.format(last=checks.count("\n")) in str(fault.value)


def test_a_course_among_the_interpreters_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_course(tmp_path / "lib" / "mine")
    assert open_course(tmp_path / "lib" / "mine").title == "A small course"
    monkeypatch.setattr(paths, "interpreter_paths", lambda: [(tmp_path / "lib").resolve()])
    with pytest.raises(UnusableInput, match=r"every submission can read: its solutions would be open to all\."):
        open_course(tmp_path / "lib" / "mine")


# --- the command line -------------------------------------------------------------------------------------


def test_a_workspace_of_ones_own_course(tmp_path: Path) -> None:
    small_course(tmp_path / "a course")
    made = run("grade init mine --course 'a course'", tmp_path)
    assert made.returncode == 0, made.stderr
    where = shlex.quote(str(tmp_path / "a course"))
    assert made.stdout.endswith(f"      grade exercise1 --course {where}\n")
    readme = " ".join((tmp_path / "mine" / "README.md").read_text().split())
    assert f"grade exercise1 --course {where} # one exercise" in readme
    home = tmp_path / "mine"
    table = run("grade --course '../a course'", home)
    assert (table.returncode, table.stderr) == (0, "")
    assert "next: grade exercise1 --course '../a course'" in table.stdout
    (home / "exercises" / "exercise1_double.py").write_text("six = 9\ndef double(x): return x * x\n")
    wrong = run("grade double --course '../a course' --seed 1", home)
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "again     grade exercise1 --course '../a course' --check test_six" in wrong.stdout
    assert "0/3" in run("grade --course '../a course'", home).stdout


def test_a_workspace_cannot_choose_its_checks(tmp_path: Path) -> None:
    """Without --course the exercises are ours, whatever lies in the learner's folder."""
    small_course(tmp_path)
    refused = run("grade double", tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith('There is no exercise "double".')


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("1 --course nowhere", "nowhere: there is no such folder.\n"),
        ("--course mine/checks", "mine/checks is no course: it has no exercises/course.yaml.\n"),
        ("init there --course nowhere", "nowhere: there is no such folder.\n"),
        ("7 --course mine", 'There is no exercise "7". `grade --course mine` alone lists the exercises.\n'),
        (
            "1 --course empty",
            "There are no exercises in this folder or above it. `grade init DIR --course empty` copies",
        ),
        ("1 --course twice", "twice/exercises/course.yaml, line 6: exercises[2]: the number or the name of exercise1_"),
        (
            "1 --course lost",
            "lost/checks/exercise1_double.py: no such file. The checks of exercise1_double belong there.",
        ),
        ("init there --course bare", "bare/exercises/exercise1_double.py cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, arguments: str, says: str) -> None:
    for name in ("mine", "empty", "twice", "lost", "bare"):
        small_course(tmp_path / name)
    twice = tmp_path / "twice" / "exercises" / "course.yaml"
    twice.write_text(twice.read_text() + "  - {name: exercise1_double, title: Again, minutes: 5}\n")
    (tmp_path / "lost" / "checks" / "exercise1_double.py").unlink()
    (tmp_path / "bare" / "exercises" / "exercise1_double.py").unlink()
    result = run(f"grade {arguments}", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(says)


def test_the_stubs_of_ones_own_course(tmp_path: Path) -> None:
    course = small_course(tmp_path / "mine")
    course.exercises[0].stub.unlink()
    command = "python -m grader.author --course mine"
    stale = run(f"{command} --check", tmp_path)
    assert stale.returncode == 1
    assert stale.stdout == "exercise1_double.py is not fresh: run `python -m grader.author --course mine`\n"
    assert run(command, tmp_path).stdout == "exercise1_double.py written\n"
    assert run(f"{command} --check", tmp_path).returncode == 0
    course.exercises[0].solution.write_text("x = = 1\n")
    broken = run(command, tmp_path)
    assert (broken.returncode, broken.stderr) == (2, "exercise1_double.py, line 1: invalid syntax.\n")
    course.exercises[0].solution.unlink()
    missing = run(command, tmp_path)
    assert missing.returncode == 2
    assert missing.stderr.startswith("mine/solutions/exercise1_double.py cannot be read: No such file")
