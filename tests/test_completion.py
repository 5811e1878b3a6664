"""The Tab key: a real shell reads the script and completes real lines."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import grader
from grader.completion import OFFERS
from grader.course import built_in
from grader.listing import checks_in
from grader.verbs import VERBS

ROOT = Path(grader.__file__).parent.parent
EXERCISES = [exercise.short for exercise in built_in().exercises]
CHECKS = [check.name for check in checks_in(built_in().exercises[0].checks)]
VERSION = subprocess.run(
    ["bash", "--norc", "-c", "echo $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))"], capture_output=True, text=True
)
in_bash = pytest.mark.skipif(
    not shutil.which("bash") or int(VERSION.stdout) < 404, reason="there is no bash 4.4 or newer here"
)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program `grade`, as an installation makes it."""
    folder = tmp_path_factory.mktemp("programs")
    program = folder / "grade"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m grader.cli "$@"\n')
    program.chmod(0o755)
    return folder


def environment(programs: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def run(programs: Path, *command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(programs), capture_output=True, text=True, check=False, timeout=120
    )


def tab(programs: Path, line: str, cwd: Path = ROOT) -> list[str]:
    """What bash has in COMPREPLY after the Tab key at the end of a line, which it splits into words as it does."""
    words = line.replace("=", " = ").split() + ([""] if line.endswith(" ") else [])
    place = len(words) - 1
    script = f"""
        compopt() {{ echo "compopt $1 $2"; }}  # it works inside a completion only, which this is not
        eval "$(grade completion bash)"
        complete -p grade >&2
        COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={place}
        function=$(complete -p grade | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        $function grade {shlex.quote(words[place])} {shlex.quote(words[place - 1])}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = run(programs, "bash", "--norc", "-c", script, cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("complete -o nosort -F "), result.stderr
    return result.stdout.split("\n")[:-1]


# --- bash -------------------------------------------------------------------------------------------------


@in_bash
def test_the_first_word_is_an_exercise_or_a_command(programs: Path) -> None:
    assert sorted(tab(programs, "grade ")) == sorted([*EXERCISES, "all", *VERBS])


@in_bash
@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("grade do", ["doctor"]),
        ("grade mask", ["masked_convolution"]),
        ("grade exercise3_", ["exercise3_masked_convolution"]),
        ("grade a", ["all", "audit"]),
        ("grade hint ", EXERCISES),
        ("grade audit ", [*EXERCISES, "all"]),
        ("grade audit exercise1 exercise2", ["exercise2"]),
        ("grade completion ", ["bash", "zsh", "fish"]),
        ("grade completion z", ["zsh"]),
        ("grade doctor ", [""]),
        ("grade doctor --f", ["--format"]),
        ("grade doctor --format ", ["text", "json"]),
        ("grade exercise1 --sub", ["--submission", "--submission-dir"]),
        ("grade exercise1 --submission my", ["compopt -o default", ""]),
        ("grade exercise1 --submission-dir ", ["compopt -o dirnames", ""]),
        ("grade init ", ["compopt -o dirnames", ""]),
        ("grade exercises/ex", ["compopt -o default", ""]),
        ("grade exercise1 --check ", CHECKS),
        ("grade 1 --check ", CHECKS),
        ("grade hint exercise1 --check ", CHECKS),
        ("grade exercises/exercise1_reparameterization.py --check ", CHECKS),
        ("grade exercise1 --check test_z", ["test_z"]),
        ("grade exercise1 --check=test_z", ["test_z"]),
        ("grade exercise1 --check=", CHECKS),
        ("grade exercise1 --check=test_z --check test_z", ["test_z"]),
        ("grade exercise1 --check test_z --form", ["--format"]),
        ("grade --check ", [""]),
        ("grade nowhere --check ", [""]),
        ("grade all --check ", [""]),
        ("grade exercise1 --course nowhere --check ", [""]),
        ("grade 'unfinished", ["compopt -o default", ""]),
    ],
)
def test_what_bash_offers(line: str, offers: list[str], programs: Path) -> None:
    assert sorted(tab(programs, line)) == sorted(offers)


@in_bash
def test_another_course_has_its_own_exercises_and_checks(programs: Path, tmp_path: Path) -> None:
    """Its check file does not import, which is no matter: it is only read."""
    exercise = "- {name: exercise9_flows, title: Flows, minutes: 5}"
    for folder in ("exercises", "solutions", "checks"):
        (tmp_path / "course" / folder).mkdir(parents=True)
    (tmp_path / "course/exercises/course.yaml").write_text(f"title: Mine\nexercises:\n  {exercise}\n")
    (tmp_path / "course/checks/exercise9_flows.py").write_text("import nowhere\n\ndef test_flow(learner): ...\n")
    assert tab(programs, "grade audit --course course ", tmp_path) == ["exercise9", "all"]
    assert tab(programs, "grade exercise9 --course course --check ", tmp_path) == ["test_flow"]
    assert tab(programs, "grade --course course 9 --check test_", tmp_path) == ["test_flow"]


def test_it_imports_nothing_heavy(programs: Path) -> None:
    line = f"grade exercise1 --check {CHECKS[0][:6]}"
    code = (
        "import sys; from grader.cli import main; main([])\n"
        "print(sorted({'torch', 'numpy', 'rich', 'pytest', 'sqlite3'} & set(sys.modules)))"
    )
    question = {"_GRADE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "3"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(programs) | question,
        capture_output=True,
        text=True,
        check=True,
    )
    *offered, heavy = result.stdout.splitlines()
    assert (offered[0], heavy) == (f"plain,{CHECKS[0]}", "[]")


@pytest.mark.parametrize("question", ["bash_complete", "tcsh_complete", "nonsense"])
def test_a_question_that_makes_no_sense_has_no_answer(question: str, programs: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "grader.cli"],
        env=environment(programs) | {"_GRADE_COMPLETE": question},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_exercise_and_check_of_a_command_is_completed(verb: str) -> None:
    """A new command says what its words are: `shell_complete=_tab(…)`."""
    import click

    context = click.Context(VERBS[verb])
    for parameter in VERBS[verb].params:
        if parameter.name in ("exercise", "exercises"):
            assert {item.value for item in parameter.shell_complete(context, "")} >= set(EXERCISES)
        if parameter.name in ("check", "checks"):
            context.params["exercise"] = "exercise1"
            assert [item.value for item in parameter.shell_complete(context, "")] == CHECKS


VERB_FILES = [path.stem for path in (ROOT / "grader").glob("*verb*.py")]


def test_every_offer_is_made_for_something() -> None:
    text = "".join((ROOT / "grader" / f"{name}.py").read_text() for name in ("cli", "options", *VERB_FILES))
    assert all(f'tab("{what}")' in text for what in OFFERS)


# --- the other shells -------------------------------------------------------------------------------------


def ask(programs: Path, shell: str, line: str, place: str) -> list[str]:
    question = {"_GRADE_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": place}
    command = [sys.executable, "-m", "grader.cli"]
    changed = environment(programs) | question
    result = subprocess.run(command, env=changed, capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stderr == ""
    return result.stdout.splitlines()


def test_zsh_and_fish_are_told_titles_too(programs: Path) -> None:
    title = built_in().exercises[0].title
    assert ask(programs, "zsh", "grade exercise1", "1") == ["plain", "exercise1", title]
    assert ask(programs, "fish", "grade exercise1", "exercise1") == [f"plain,exercise1\t{title}"]


def test_zsh_and_fish_replace_the_whole_word(programs: Path) -> None:
    """bash takes `--check=te` for three words, they for one."""
    told = ask(programs, "zsh", "grade exercise1 --check=test_z", "2")
    assert told[:2] == ["plain", "--check=test_z"]
    told = ask(programs, "fish", "grade exercise1 --check=test_z", "--check=test_z")
    assert told[0].partition("\t")[0] == "plain,--check=test_z"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_is_one_that_its_shell_can_read(shell: str, programs: Path, tmp_path: Path) -> None:
    result = run(programs, "grade", "completion", shell)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"_GRADE_COMPLETE={shell}_complete" in result.stdout
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here: its script was printed and not read")
    path = tmp_path / "script"
    path.write_text(result.stdout)
    checked = run(programs, shell, "-n", str(path))
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here")
def test_fish_completes(programs: Path) -> None:
    script = "grade completion fish | source; complete -C 'grade exercise1 --check test_z'"
    result = run(programs, "fish", "--no-config", "-c", script)
    assert result.stdout.startswith("test_z")


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [("grade doct", b"grade doctor "), ("grade exercise1 --check=test_z", b"grade exercise1 --check=test_z ")],
)
def test_zsh_completes(typed: str, completed: bytes, programs: Path) -> None:
    """A zsh in a terminal, into which somebody types."""
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"],
        env=environment(programs) | {"TERM": "vt100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        # Joined by the shell, so that the echo of what was typed is not taken for what it prints.
        start = "PROMPT=; autoload -Uz compinit; compinit -u -D; eval \"$(grade completion zsh)\"; echo REA''DY\n"
        os.write(ours, start.encode())
        read_until(ours, b"READY")
        os.write(ours, f"{typed}\t".encode())
        read_until(ours, completed)
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


def read_until(terminal: int, wanted: bytes) -> None:
    seen = b""
    deadline = time.monotonic() + 60
    while wanted not in seen:
        assert select.select([terminal], [], [], max(deadline - time.monotonic(), 0))[0], seen
        # Bold and its end, and the zeros that give an old terminal time for them.
        seen = re.sub(rb"\x1b\[\d*m|\0", b"", seen + os.read(terminal, 4096))


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"]])
def test_what_is_no_shell_is_refused(words: list[str], programs: Path) -> None:
    result = run(programs, "grade", "completion", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert "`grade completion --help` shows what it takes." in result.stderr
