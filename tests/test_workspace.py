"""The learner's folder: found from below, filled without overwriting anything."""

from __future__ import annotations

import csv
import json
import math
import random
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from reports import PASSED, report

from grader import student, workspace
from grader.course import Course, built_in
from grader.errors import UnusableInput
from grader.render.page import Look
from grader.render.terminal import render
from grader.report import Report
from grader.verbs import VERBS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two exercises with stubs of its own."""
    folder = tmp_path / "course" / "exercises"
    folder.mkdir(parents=True)
    entries = [f"{{name: {name}, title: The title of {name}, minutes: 5}}" for name in ("exercise1_a", "exercise2_b")]
    (folder / "course.yaml").write_text(f"title: A course\nexercises: [{', '.join(entries)}]\n")
    course = Course.load(folder / "course.yaml")
    for exercise in course.exercises:
        exercise.stub.write_text(f"# {exercise.name} σ\n", encoding="utf-8")
    return course


def test_init_copies_everything(course: Course, tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    copied = workspace.init(home, course)
    assert copied.kept == ()
    assert {str(path) for path in copied.written} == {
        ".vscode/tasks.json",
        "README.md",
        "exercises/exercise1_a.py",
        "exercises/exercise2_b.py",
    }
    assert (home / "exercises" / "exercise1_a.py").read_text(encoding="utf-8") == "# exercise1_a σ\n"
    readme = (home / "README.md").read_text(encoding="utf-8")
    assert "grade exercise1 " in readme
    assert "The title of exercise2_b" in readme


def test_init_keeps_what_is_there(course: Course, tmp_path: Path) -> None:
    workspace.init(tmp_path, course)
    mine = tmp_path / "exercises" / "exercise1_a.py"
    mine.write_text("my work")
    (tmp_path / "exercises" / "exercise2_b.py").unlink()
    (tmp_path / "exercises" / "exercise2_b.py").symlink_to("nowhere")
    copied = workspace.init(tmp_path, course)
    assert copied.written == ()
    assert len(copied.kept) == 4
    assert mine.read_text() == "my work"
    assert not (tmp_path / "exercises" / "nowhere").exists()


def test_a_file_in_the_way(course: Course, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(UnusableInput, match="a: a file is in the way of this folder"):
        workspace.init(tmp_path / "a", course)
    with pytest.raises(UnusableInput, match="a/b: a file is in the way"):
        workspace.init(tmp_path / "a" / "b", course)
    (tmp_path / "exercises").write_text("")
    with pytest.raises(UnusableInput, match="exercises: a file is in the way"):
        workspace.init(tmp_path, course)


def test_unwritable(course: Course) -> None:
    with pytest.raises(UnusableInput, match="/proc/mine cannot be made: "):
        workspace.init(Path("/proc/mine"), course)
    with pytest.raises(UnusableInput, match="cannot be made: "):
        workspace.init(Path("a\0b"), course)


def test_a_full_disk_leaves_no_half_file(course: Course, tmp_path: Path) -> None:
    course.exercises[1].stub.write_text("# long\n" * 3000)
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from grader import workspace; from grader.course import Course\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: workspace.init(Path(sys.argv[2]), Course.load(Path(sys.argv[1])))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    home, file = tmp_path / "home", course.exercises[0].stub.parent / "course.yaml"
    result = subprocess.run([sys.executable, "-c", script, file, home], capture_output=True, text=True, check=True)
    assert result.stdout.startswith(f"UnusableInput {home}/exercises/exercise2_b.py cannot be written: File too large")
    assert [path.name for path in (home / "exercises").iterdir()] == ["exercise1_a.py"]
    assert len(workspace.init(home, course).written) == 3


def test_an_installation_without_stubs(course: Course, tmp_path: Path) -> None:
    broken = replace(course.exercises[0], stub=tmp_path / "gone.py")
    with pytest.raises(UnusableInput, match=r"gone\.py is missing from the installation"):
        workspace.init(tmp_path / "home", replace(course, exercises=(broken,)))


def test_find(course: Course, tmp_path: Path) -> None:
    assert workspace.find(tmp_path) is None
    workspace.init(tmp_path / "home", course)
    below = tmp_path / "home" / "exercises" / "more"
    below.mkdir()
    assert workspace.find(below) == tmp_path / "home"
    assert workspace.find(tmp_path / "home") == tmp_path / "home"
    assert workspace.find(Path(__file__).parent) == Path(__file__).parent.parent


def test_the_file_of_an_exercise(course: Course, tmp_path: Path) -> None:
    first, second = course.exercises
    with pytest.raises(UnusableInput, match="`grade init DIR` copies them"):
        workspace.file_of(first, None)
    workspace.init(tmp_path, course)
    assert workspace.file_of(first, tmp_path) == tmp_path / "exercises" / "exercise1_a.py"
    script = tmp_path / "exercises" / "exercise2_b.py"
    script.rename(script.with_suffix(".ipynb"))
    assert workspace.file_of(second, tmp_path).suffix == ".ipynb"
    script.with_suffix(".ipynb").unlink()
    with pytest.raises(UnusableInput, match=r"has no exercise2_b\.py"):
        workspace.file_of(second, tmp_path)
    with pytest.raises(UnusableInput, match="nowhere: there is no such folder"):
        workspace.in_folder(first, tmp_path / "nowhere")


def test_the_readme_of_the_built_in_course_names_every_exercise(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert all(exercise.title in readme for exercise in built_in().exercises)


def test_the_readme_names_the_commands_of_the_loop(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    (grade[^#]*?) +#", readme, re.MULTILINE)
    assert {"grade", "grade exercise1", "grade hint exercise1", "grade history exercise1"} <= set(commands)
    # Whatever else it names is a command too.
    verbs = {words[1] for words in map(str.split, commands) if len(words) > 1}
    assert verbs - {"exercise1", "all", "--watch"} <= set(VERBS)


# --- what goes with the exercises -------------------------------------------------------------------------


def test_data_is_copied_and_ones_own_kept(tmp_path: Path) -> None:
    workspace.init(tmp_path, built_in())
    data = tmp_path / "exercises" / "data"
    with (data / "ring.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 400
    assert all(0.7 < math.hypot(float(row["x"]), float(row["y"])) < 1.3 for row in rows)
    assert "ring.csv" in (data / "README.md").read_text(encoding="utf-8")
    (data / "ring.csv").write_text("mine")
    workspace.init(tmp_path, built_in())
    assert (data / "ring.csv").read_text() == "mine"


def test_data_that_cannot_be_read(course: Course, tmp_path: Path) -> None:
    data = course.exercises[0].stub.parent / "data"
    data.mkdir()
    (data / "x.csv").write_bytes(b"\xff")
    with pytest.raises(UnusableInput, match="data cannot be read: "):
        workspace.init(tmp_path / "home", course)


def test_the_task_of_vs_code_is_a_command_that_works(tmp_path: Path, grade_command: Run) -> None:
    workspace.init(tmp_path, built_in())
    (task,) = json.loads((tmp_path / ".vscode" / "tasks.json").read_text())["tasks"]
    assert task["command"] == "grade"
    assert task["options"]["cwd"] == "${workspaceFolder}/exercises"
    (file,) = task["args"]
    name = file.replace("${fileBasename}", "exercise9_none.py")
    assert "exercise9" in grade_command(name)[2]


def test_settings_of_ones_own_are_kept(course: Course, tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "tasks.json").write_text("{}")
    assert Path(".vscode/tasks.json") in workspace.init(tmp_path, course).kept
    assert (tmp_path / ".vscode" / "tasks.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["with space", "σ·ε", "-rf", "'quoted\"", "a\nb", "$HOME", "x" * 200])
def test_folders_with_odd_names(course: Course, tmp_path: Path, name: str) -> None:
    assert len(workspace.init(tmp_path / name, course).written) == 4
    assert workspace.find(tmp_path / name / "exercises") == tmp_path / name


def test_whoever_stops_it_half_way_has_whole_files(course: Course, tmp_path: Path) -> None:
    """Killed and interrupted at random moments: each file is whole or missing, and the next init completes them."""
    long = "# a long line of the stub\n" * 20_000
    for exercise in course.exercises:
        exercise.stub.write_text(long)
    script = (
        "import sys; from pathlib import Path; from grader import workspace; from grader.course import Course\n"
        "course = Course.load(Path(sys.argv[1])); print('ready', flush=True)\n"
        "for number in range(10**6): workspace.init(Path(sys.argv[2]) / str(number), course)"
    )
    moments = random.Random(7)  # noqa: S311  no secret
    for number in range(8):
        home = tmp_path / f"run{number}"
        words = [sys.executable, "-c", script, str(course.exercises[0].stub.parent / "course.yaml"), str(home)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with selectors.DefaultSelector() as nothing:
            nothing.select(moments.random() / 10)
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGINT)
        process.wait()
        process.stdout.close()
        for stub in home.glob("*/exercises/exercise*.py"):
            assert stub.read_text() == long
        if number % 2 == 0:
            assert not list(home.glob("*/exercises/.*"))


# --- the student ------------------------------------------------------------------------------------------


def test_a_students_id_is_kept_and_stands_in_reports(tmp_path: Path, grade_command: Run) -> None:
    assert student.of(tmp_path) == ""
    code, out, err = grade_command("init", str(tmp_path / "home"), "--student", " Ada Lovelace-7 ")
    assert (code, err) == (0, "")
    assert "written .reparam/student\n" in out
    home = tmp_path / "home"
    assert (home / student.FILE).read_text() == "Ada Lovelace-7\n"
    own = home / "exercises" / "exercise1_reparameterization.py"
    stamped = student.stamped(home, own, report(PASSED))
    assert stamped.student == "Ada Lovelace-7"
    assert Report.from_json(json.loads(json.dumps(stamped.to_json()))) == stamped
    assert "student Ada Lovelace-7\n" in render(stamped, Look(), command="grade 1")
    assert "student" not in render(report(PASSED), Look(), command="grade 1")
    # What lies elsewhere may be somebody else's.
    assert student.stamped(home, tmp_path / "other.py", report(PASSED)).student == ""
    assert student.stamped(None, own, report(PASSED)).student == ""
    assert grade_command("init", str(home), "--update", "--student", "σ")[1] == "written .reparam/student\n"
    assert student.of(home) == "σ"


@pytest.mark.parametrize(
    "name", ["", "  ", "a/b", "a\\b", "..", ".", "a\nb", "a\0b", "a\x1b[2J", "\u202eada", "a\u200bb", "x" * 65]
)
def test_an_id_that_cannot_be_used(tmp_path: Path, grade_command: Run, name: str) -> None:
    code, out, err = grade_command("init", str(tmp_path / "home"), "--student", name)
    assert (code, out) == (2, "")
    assert err.startswith("A student's id ")
    assert not {"\x1b", "\0", "\u202e"} & set(err)
    assert not (tmp_path / "home").exists()


def test_an_id_has_one_spelling_however_a_system_writes_it() -> None:
    assert student.valid(" Ju\u0308rgen ") == student.valid("J\u00fcrgen") == "J\u00fcrgen"


@pytest.mark.parametrize("content", [b"", b"\xff", b"a/b\n", b"x" * 100_000, b"a\0"])
def test_an_id_that_was_changed_by_hand_costs_no_grading(tmp_path: Path, content: bytes) -> None:
    (tmp_path / student.FILE).parent.mkdir()
    (tmp_path / student.FILE).write_bytes(content)
    assert student.of(tmp_path) == ""


def test_no_folder_named(grade_command: Run) -> None:
    code, out, err = grade_command("init")
    assert (code, out) == (2, "")
    assert "Which folder? `grade init DIR`" in err
