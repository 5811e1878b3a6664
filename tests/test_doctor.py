"""`grade doctor`: what it says is true of the machine, its words name a remedy, and it gives nobody away."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from forked_child import NOBODY, become, let_others_in, linux_only, needs
from forked_child import ROOT as AS_ROOT
from older_kernels import LANDLOCK, SECCOMP, kernel_refuses

import grader
from grader.course import Exercise, built_in
from grader.errors import UnusableInput
from grader.examiner import examine
from grader.health import Examination, Folder, Health, Layer, private, without_layers
from grader.listing import checks_in
from grader.render.health import health_text
from grader.render.page import Look
from grader.sandbox.front import system_backend
from grader.sandbox.isolation import LAYERS, syscalls

ROOT = Path(grader.__file__).parent.parent
COMMAND = [sys.executable, "-m", "grader.cli", "doctor"]
SCHEMA = json.loads(files("grader").joinpath("schema/doctor.schema.json").read_text(encoding="utf-8"))
Result = subprocess.CompletedProcess[str]

HEALTHY = Health(
    versions={
        "reparam": "0.1.0",
        "Python": "3.12.1 (CPython)",
        "torch": "2.7.0+cpu",
        "platform": "Linux x86_64",
        "kernel": "6.1",
    },
    sandbox=Examination(
        "fork",
        "on Linux a process can fork",
        tuple(Layer(name, active=True) for name in ("process", *LAYERS)),
        1,
        2.5,
        0.00025,
        0.125,
        "exercise1",
    ),
    folders=(Folder("workspace", "~/mine", writable=True), Folder("temporary", "/scratch", writable=True)),
    exercises=6,
    complete=6,
    problems=(),
    warnings=(),
)
BARE = replace(
    HEALTHY,
    sandbox=replace(
        HEALTHY.sandbox,
        layers=(Layer("process", active=True), Layer("landlock", active=False, reason="this kernel has none")),
    ),
    warnings=("Other people's code needs landlock and seccomp.",),
    problems=("pytest is not installed.",),
)


def doctor(*words: str, cwd: Path, start: Callable[[], None] | None = None, **changes: str) -> Result:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False, preexec_fn=start
    )


def found(result: Result) -> dict:
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert data["works"] == (result.returncode == 0)
    return data


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The workspace of Alice, in her home folder."""
    folder = tmp_path / "home" / "alice" / "course"
    (folder / "exercises").mkdir(parents=True)
    for exercise in built_in().exercises:
        shutil.copy(exercise.stub, folder / "exercises")
    return folder


# --- the command ------------------------------------------------------------------------------------------


def test_a_machine_on_which_grading_works(home: Path) -> None:
    data = found(doctor("--format", "json", cwd=home, HOME=str(home.parent)))
    assert data["works"]
    assert data["versions"]["torch"] == version("torch")
    assert data["versions"]["kernel"] == platform.release()
    assert data["sandbox"]["threads"] == 1
    assert data["sandbox"]["backend"] == ("fork" if sys.platform == "linux" else "spawn")
    assert data["sandbox"]["graded"] == "exercise1"
    assert 0 < data["sandbox"]["ping"] < data["sandbox"]["grading"]
    assert (data["exercises"], data["complete"]) == (len(built_in().exercises),) * 2
    assert data["folders"][0]["path"] == "~/course"
    assert [layer["name"] for layer in data["sandbox"]["layers"]] == ["process", *LAYERS]
    assert all(layer["active"] != bool(layer["reason"]) for layer in data["sandbox"]["layers"])


def test_as_text_in_a_pipe_it_says_that_grading_works(home: Path) -> None:
    result = doctor(cwd=home, HOME=str(home.parent), HOMETOWN="Wonderland")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Grading works here." in result.stdout
    assert "\x1b" not in result.stdout
    for word in ("alice", "Wonderland", str(ROOT)):
        assert word not in result.stdout


@linux_only
@pytest.mark.parametrize(
    ("layer", "call", "code", "reason"),
    [
        ("landlock", LANDLOCK, errno.ENOSYS, "this kernel has no Landlock"),
        ("landlock", LANDLOCK + 2, errno.EPERM, "the kernel refused it (Operation not permitted)"),
        ("seccomp", SECCOMP, errno.EPERM, "forbids seccomp"),
    ],
)
@needs("landlock", "seccomp")
def test_a_kernel_without_a_layer_is_told_with_the_kernels_own_reason(
    layer: str, call: int, code: int, reason: str, home: Path
) -> None:
    data = found(doctor("--format", "json", cwd=home, start=kernel_refuses(call, code)))
    (one,) = [one for one in data["sandbox"]["layers"] if one["name"] == layer]
    assert not one["active"]
    assert reason in one["reason"]
    assert data["works"], "a missing layer does not keep anybody from grading their own code"
    assert f"Other people's code needs landlock and seccomp, and {layer} is missing here" in data["warnings"][0]


def lose_the_right_to_change_users() -> None:
    for capability in (6, 7):  # CAP_SETGID, CAP_SETUID
        syscalls.prctl(24, capability)  # PR_CAPBSET_DROP: the next program does not get it


@pytest.mark.skipif(not AS_ROOT, reason="only root can give rights up, or become somebody else")
@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (lose_the_right_to_change_users, "without the capabilities to change user (CAP_SETUID, CAP_SETGID)"),
        (lambda: become(NOBODY), "the grader does not run as root"),
    ],
    ids=["root without capabilities", "an ordinary user"],
)
def test_who_cannot_change_users_is_told_why(start: Callable[[], None], reason: str, home: Path) -> None:
    try:
        subprocess.run([sys.executable, "-c", "import torch"], preexec_fn=start, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("other users cannot read this installation of Python and torch")
    let_others_in(home)
    data = found(doctor("--format", "json", cwd=home, start=start))
    (user,) = [one for one in data["sandbox"]["layers"] if one["name"] == "uid"]
    assert not user["active"]
    assert reason in user["reason"]
    assert data["works"]
    assert any("uid is missing here; your own code does not need it" in warning for warning in data["warnings"])


def test_torch_that_does_not_import_is_a_problem(home: Path) -> None:
    broken = home.parent / "broken"
    (broken / "torch").mkdir(parents=True)
    (broken / "torch" / "__init__.py").write_text("raise ImportError('libtorch_cpu.so: cannot open shared object')")
    result = doctor("--format", "json", cwd=home, PYTHONPATH=f"{broken}:{ROOT}", HOME=str(home.parent))
    data = found(result)
    assert (result.returncode, result.stderr) == (1, "")
    assert "libtorch_cpu.so: cannot open shared object" in data["problems"][0]
    assert data["sandbox"]["cold_start"] is None
    assert "alice" not in result.stdout
    text = doctor(cwd=home, PYTHONPATH=f"{broken}:{ROOT}").stdout
    assert "Grading cannot work here." in text


def test_a_sandbox_that_cannot_be_asked_is_a_problem(home: Path) -> None:
    """The examiner itself does not even start."""
    broken = home.parent / "broken"
    broken.mkdir()
    (broken / "statistics.py").write_text(f"raise RuntimeError('{home}/x is odd')")
    result = doctor("--format", "json", cwd=home, PYTHONPATH=f"{broken}:{ROOT}", HOME=str(home.parent))
    assert result.returncode == 1
    assert found(result)["problems"] == ["The sandbox could not be examined: RuntimeError: ~/course/x is odd"]


def test_a_damaged_workspace_is_warned_of(home: Path) -> None:
    (home / ".reparam").mkdir()
    (home / ".reparam" / "progress.sqlite3").write_text("no database")
    (home / "exercises" / f"{built_in().exercises[1].name}.py").unlink()
    data = found(doctor("--format", "json", cwd=home, TMPDIR="/proc", HOME=str(home.parent)))
    assert data["works"]
    words = "\n".join(data["warnings"])
    assert "Your progress cannot be read: ~/course/.reparam/progress.sqlite3 is damaged." in words
    assert f"The workspace lacks {built_in().exercises[1].name}" in words


def test_a_folder_that_is_gone_cannot_be_used(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && PYTHONPATH={ROOT} {' '.join(COMMAND)}"
    result = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "This folder is gone" in result.stderr


@pytest.mark.parametrize("words", [["--format", "xml"], ["exercise1"], ["--seed", "1"]])
def test_what_it_does_not_take_is_refused(words: list[str], tmp_path: Path) -> None:
    result = doctor(*words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "`grade doctor --help` shows what it takes." in result.stderr


def test_the_front_of_it_imports_no_torch(home: Path) -> None:
    code = (
        "import sys; from grader.cli import main; main(['doctor', '--format', 'json'])\n"
        "print(sorted({'torch', 'numpy', 'pytest'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([sys.executable, "-c", code], cwd=home, env=environment, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


# --- the examination --------------------------------------------------------------------------------------


@linux_only
def test_a_layer_that_was_left_out_is_missing_with_that_reason() -> None:
    layers = {layer.name: layer for layer in examine(None, without=["landlock"]).layers}
    assert layers["landlock"] == Layer("landlock", active=False, reason="left out on request")


def test_the_other_way_to_start_processes_is_examined_as_well() -> None:
    seen = examine(None, backend="spawn")
    assert (seen.backend, seen.threads, seen.fault) == ("spawn", 1, "")
    assert [layer.name for layer in seen.layers] == ["process", *LAYERS]


def test_a_solution_that_does_not_pass_is_a_fault() -> None:
    exercise = built_in().exercises[0]
    seen = examine(replace(exercise, solution=exercise.stub))
    assert seen.fault.startswith("The solution of exercise1 does not pass its own checks here: test_z")
    assert seen.ping is not None, "what was learned before stays"


def test_the_choice_of_a_backend_has_its_reason() -> None:
    assert system_backend("linux").name == "fork"
    assert system_backend("darwin").name == "spawn"
    assert "not safe on darwin" in system_backend("darwin").because


def test_the_checks_of_a_file_are_read_off_its_text(tmp_path: Path) -> None:
    path = tmp_path / "checks.py"
    path.write_text(
        'import nowhere\n\n@points(2)\n@training\ndef test_a(learner):\n    """It learns.\n\n    More."""\n\n'
        "def helper(): ...\n\n@checking.training\ndef test_b(): ...\n\ndef test_c(): ...\n"
    )
    assert [(one.name, one.title, one.training) for one in checks_in(path)] == [
        ("test_a", "It learns.", True), ("test_b", "", True), ("test_c", "", False)
    ]  # fmt: skip
    path.write_text("def test_a(:\n")
    with pytest.raises(UnusableInput, match=r"checks\.py cannot be read: invalid syntax"):
        checks_in(path)


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_what_is_read_off_our_check_files_is_what_they_hold(exercise: Exercise) -> None:
    from grader.suite import Suite

    checks = Suite.load(exercise.checks).checks.values()
    assert {(one.name, one.training) for one in checks_in(exercise.checks)} == {(c.name, c.training) for c in checks}


# --- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ([], []),
        (["landlock"], ["Other people's code needs landlock and seccomp, and landlock is missing here: "]),
        (["landlock", "seccomp"], ["Other people's code needs landlock and seccomp, and neither is active here: "]),
        (["uid"], ["Of the sandbox's layers, uid is missing here; "]),
        (["uid", "seccomp"], ["Other people's code needs", "Of the sandbox's layers, uid is missing"]),
    ],
)
def test_what_is_missing_is_said_in_words(missing: list[str], says: list[str]) -> None:
    sentences = without_layers(tuple(Layer(name, name not in missing) for name in LAYERS))
    assert len(sentences) == len(says)
    assert all(sentence.startswith(begin) for sentence, begin in zip(sentences, says, strict=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/alice", "~"),
        ("/home/alice/course/x.py cannot be read", "~/course/x.py cannot be read"),
        ("/home/alice2/x", "/home/…/x"),
        ("/home/bob", "/home/…"),
        ("/scratch", "/scratch"),
        ("in (/mnt/bob/code/lib.so: gone)", "in (/mnt/…/lib.so: gone)"),
        ("/proc/self/uid_map and /usr/lib/x.so", "/proc/self/uid_map and /usr/lib/x.so"),
        ("1/2 of ~/a/b or a/b", "1/2 of ~/a/b or a/b"),
    ],
)
def test_paths_tell_nothing_about_a_person(text: str, shown: str) -> None:
    assert private(text, Path("/home/alice")) == shown


@pytest.mark.parametrize("health", [HEALTHY, BARE], ids=["healthy", "bare"])
@pytest.mark.parametrize("width", [40, 80])
def test_the_text_fits(health: Health, width: int) -> None:
    text = health_text(health, Look(width=width))
    assert max(map(len, text.splitlines())) <= width


def test_colour_carries_no_meaning_alone() -> None:
    plain = health_text(BARE, Look(unicode=False))
    assert "- landlock    missing: this kernel has none" in plain
    assert "+ process     active" in plain
    assert "warning  Other people's code" in plain
    assert "problem  pytest is not installed." in plain
    assert "Grading cannot work here." in plain
    assert plain.isascii()


def test_the_schema_refuses_what_it_should() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(json.dumps(HEALTHY.to_json()))
    jsonschema.validate(data, SCHEMA)
    assert Examination.from_json(data["sandbox"]) == HEALTHY.sandbox
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "home": "/home/alice"}, SCHEMA)
