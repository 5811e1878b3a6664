"""The learner's folder: found from below, filled without overwriting anything."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader import workspace
from grader.course import Course, built_in
from grader.errors import UnusableInput


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
    assert len(copied.kept) == 3
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
    assert len(workspace.init(home, course).written) == 2


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
