"""`grade reset`: a fresh stub, and nothing that a learner wrote is ever lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from courses import small_course
from read_only import read_only

import grader
from grader import backups, reset, workspace
from grader.course import built_in
from grader.errors import UnusableInput

FIRST = built_in().exercises[0]
STUB = FIRST.stub.read_bytes()
NOON = datetime(2026, 11, 7, 12, 0, tzinfo=UTC)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with work in it, which is the current folder."""
    folder = tmp_path / "home"
    (folder / "exercises").mkdir(parents=True)
    shutil.copy(built_in().exercises[1].stub, folder / "exercises")
    (folder / "exercises" / FIRST.stub.name).write_bytes(b"work 1\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def grade(grade_command: Run) -> Run:
    return grade_command


def mine(home: Path) -> Path:
    return home / "exercises" / FIRST.stub.name


def kept(home: Path) -> list[bytes]:
    """What is in the backups, oldest first."""
    folder = home / backups.FOLDER
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def refused(grade: Run, *words: str) -> str:
    code, out, err = grade("reset", "1", *words)
    assert (code, out) == (2, "")
    assert err.endswith("Your file is as it was.\n")
    return err


def test_a_fresh_stub_and_the_work_is_kept(home: Path, grade: Run) -> None:
    code, out, err = grade("reset", "1")
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first == f"exercises/{FIRST.name}.py is the fresh stub again."
    assert second.startswith(f"kept: .reparam/backups/{FIRST.name}-20")
    assert third == "undo: grade reset exercise1 --undo"
    assert mine(home).read_bytes() == STUB
    assert (home / second.split()[1]).read_bytes() == b"work 1\n"
    assert sorted(path.name for path in (home / "exercises").iterdir()) == sorted(
        exercise.stub.name for exercise in built_in().exercises[:2]
    )


def test_paths_are_those_of_the_current_folder(home: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "exercises")
    out = grade("reset", "1")[1]
    assert out.startswith(f"{FIRST.name}.py is the fresh stub again.\nkept: ../.reparam/backups/")


def test_a_fresh_stub_is_not_replaced(home: Path, grade: Run) -> None:
    mine(home).write_bytes(STUB)
    assert grade("reset", "1")[1] == f"exercises/{FIRST.name}.py is the fresh stub already; nothing was changed.\n"
    assert not (home / ".reparam").exists()


def test_undo_brings_it_back(home: Path, grade: Run) -> None:
    grade("reset", "1")
    code, out, err = grade("reset", "1", "--undo")
    assert (code, err) == (0, "")
    assert out.startswith(f"exercises/{FIRST.name}.py is again what was kept in .reparam/backups/")
    assert mine(home).read_bytes() == b"work 1\n"
    assert kept(home) == [b"work 1\n"]


def test_undo_keeps_what_it_replaces(home: Path, grade: Run) -> None:
    grade("reset", "1")
    mine(home).write_bytes(b"work 2\n")
    out = grade("reset", "1", "--undo")[1]
    assert "(what was in it until now)" in out
    assert mine(home).read_bytes() == b"work 1\n"
    assert kept(home) == [b"work 1\n", b"work 2\n"]
    for expected in (b"work 2\n", b"work 1\n"):
        grade("reset", "1", "--undo")
        assert mine(home).read_bytes() == expected
        assert sorted(set(kept(home))) == [b"work 1\n", b"work 2\n"]


def test_the_latest_of_many(home: Path, grade: Run) -> None:
    """Within one second too: names tell the order."""
    for number in range(5):
        mine(home).write_bytes(b"work %d\n" % number)
        grade("reset", "1")
    assert kept(home) == [b"work %d\n" % number for number in range(5)]
    grade("reset", "1", "--undo")
    assert mine(home).read_bytes() == b"work 4\n"


def test_a_clock_that_goes_back(home: Path) -> None:
    for hour, content in ((12, b"first"), (11, b"second"), (10, b"third")):
        mine(home).write_bytes(content)
        reset.run("1", None, undo=False, clock=lambda hour=hour: NOON.replace(hour=hour))
    assert kept(home) == [b"first", b"second", b"third"]
    names = sorted(path.name for path in (home / backups.FOLDER).iterdir())
    assert names == [f"{FIRST.name}-20261107T12000{second}Z.py" for second in range(3)]


def test_a_file_that_is_gone(home: Path, grade: Run) -> None:
    mine(home).unlink()
    assert grade("reset", "1")[:2] == (0, f"exercises/{FIRST.name}.py is the fresh stub again.\n")
    mine(home).write_bytes(b"work")
    grade("reset", "1")
    mine(home).unlink()
    grade("reset", "1", "--undo")
    assert mine(home).read_bytes() == b"work"


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 10, b"x = (\n", b"x" * 2_000_000])
def test_whatever_is_in_the_file_comes_back(home: Path, grade: Run, content: bytes) -> None:
    mine(home).write_bytes(content)
    assert grade("reset", "1")[0] == 0
    assert grade("reset", "1", "--undo")[0] == 0
    assert mine(home).read_bytes() == content


def test_nothing_to_bring_back(home: Path, grade: Run) -> None:
    name = f"There is nothing to bring back for {FIRST.name}: "
    assert refused(grade, "--undo").startswith(f"{name}no reset of it has kept anything.")
    folder = home / backups.FOLDER
    folder.mkdir(parents=True)
    for other in (f"{FIRST.name}-20269999T999999Z.py", f"{FIRST.name}.py", "exercise2_gaussian_kl-20261107T120000Z.py"):
        (folder / other).write_bytes(b"another")
    assert refused(grade, "--undo").startswith(f"{name}no reset of it has kept anything.")
    (folder / f"{FIRST.name}-20261107T120000Z.py").write_bytes(b"work 1\n")
    assert refused(grade, "--undo").startswith(f"{name}what was kept is in the file already.")


# --- what is left alone -----------------------------------------------------------------------------------


def put_link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere.py")


def put_hard_link(path: Path) -> None:
    (path.parent / "elsewhere.py").write_bytes(b"elsewhere")
    os.link(path.parent / "elsewhere.py", path)


@pytest.mark.parametrize(
    ("put", "says"),
    [
        (put_link, "is a symbolic link"),
        (put_hard_link, "is a hard link"),
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is a FIFO"),
    ],
)
def test_no_regular_file(home: Path, grade: Run, put: Callable[[Path], object], says: str) -> None:
    folder = home / backups.FOLDER
    folder.mkdir(parents=True)
    backup = folder / f"{FIRST.name}-20261107T120000Z.py"
    backup.write_bytes(b"kept")
    mine(home).unlink()
    put(mine(home))
    before = mine(home).lstat()
    for words in ((), ("--undo",)):
        assert says in refused(grade, *words)
    assert mine(home).lstat() == before
    if mine(home).is_dir():
        mine(home).rmdir()
    else:
        mine(home).unlink()
    mine(home).write_bytes(b"work")
    backup.unlink()
    put(backup)
    assert says in refused(grade, "--undo")
    assert mine(home).read_bytes() == b"work"


@pytest.mark.parametrize("place", [".reparam", ".reparam/backups"])
def test_a_file_where_the_folder_should_be(home: Path, grade: Run, place: str) -> None:
    (home / place).parent.mkdir(exist_ok=True)
    (home / place).write_text("mine")
    assert refused(grade) != ""
    assert mine(home).read_bytes() == b"work 1\n"
    assert (home / place).read_text() == "mine"
    refused(grade, "--undo")


def test_an_editor_that_saves_meanwhile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def clock() -> datetime:
        mine(home).write_bytes(b"saved meanwhile")
        return NOON

    with pytest.raises(UnusableInput, match="was saved by another program just now"):
        reset.run("1", None, undo=False, clock=clock)
    assert mine(home).read_bytes() == b"saved meanwhile"
    monkeypatch.undo()


@pytest.mark.parametrize("limit", [0, 4096])
@pytest.mark.parametrize("words", [["reset", "1"], ["reset", "1", "--undo"]])
def test_a_full_disk(home: Path, grade: Run, limit: int, words: list[str]) -> None:
    """The limit on the size of files stands for it: at first no backup can be written, then no stub."""
    big = b"# work\n" * 1000 if limit == 0 else b"# work\n"
    mine(home).write_bytes(b"# long\n" * 1000)
    grade("reset", "1")
    mine(home).write_bytes(big)
    before = kept(home)
    script = (
        "import resource, signal, sys; from grader.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    place = {**os.environ, "PYTHONPATH": str(Path(grader.__file__).parent.parent)}
    result = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=home, env=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip
    assert result.returncode == 2
    assert mine(home).read_bytes() == big
    assert kept(home)[: len(before)] == before
    assert not [path for path in home.rglob(".*") if path.is_file()]


def test_a_disk_that_cannot_be_written(grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "exercises").mkdir()
        mine(folder).write_bytes(b"work 1\n")
        with read_only(folder), monkeypatch.context() as here:
            here.chdir(folder)
            assert ".reparam cannot be made: Permission denied." in refused(grade)
        assert mine(folder).read_bytes() == b"work 1\n"


# --- what cannot be used ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exercize1"], 'There is no exercise "exercize1". Did you mean exercise1?'),
        (["all"], 'There is no exercise "all".'),
        ([], "Missing argument 'EXERCISE'"),
        (["1", "--redo"], "No such option"),
        (["1", "--course", "nowhere"], "nowhere: there is no such folder."),
    ],
)
def test_a_message_begins_with_what_is_wrong(grade: Run, words: list[str], says: str) -> None:
    code, out, err = grade("reset", *words)
    assert (code, out) == (2, "")
    assert err.startswith(says)


def test_outside_a_workspace(tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = grade("reset", "1")
    assert code == 2
    assert "so there is nothing to reset. `grade init DIR` copies them" in err
    assert list(tmp_path.iterdir()) == []


def test_a_course_of_ones_own(tmp_path: Path, grade: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    course = small_course(tmp_path / "course")
    workspace.init(tmp_path / "home", course)
    monkeypatch.chdir(tmp_path / "home")
    Path("exercises/exercise1_double.py").write_text("work")
    out = grade("reset", "1", "--course", "../course")[1]
    assert out.endswith("undo: grade reset exercise1 --undo --course ../course\n")
    assert Path("exercises/exercise1_double.py").read_text() == course.exercises[0].stub.read_text()
    course.exercises[0].stub.unlink()
    code, _, err = grade("reset", "1", "--course", "../course")
    assert code == 2
    assert "exercise1_double.py cannot be read: No such file or directory." in err
