"""`grade release nbgrader`: what it writes, what it keeps, and what nbgrader itself makes of it."""

from __future__ import annotations

import ast
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from courses import small_course
from nbgrader.nbgraderformat import MetadataValidator
from read_only import read_only
from traitlets.config import Config, PyFileConfigLoader

from grader import given
from grader.course import built_in

Command = Callable[..., tuple[int, str, str]]

FIRST, LAST = built_in().exercises[0], built_in().exercises[-1]
CONFIG = "nbgrader_config.py"


@pytest.fixture
def release(grade_command: Command, tmp_path: Path) -> Callable[..., str]:
    """A function that releases exercises into the course's folder, and returns what it says."""

    def run(*words: str) -> str:
        code, out, err = grade_command("release", "nbgrader", str(tmp_path / "course"), *words)
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return tmp_path / "course"


def notebook_of(course: Path, name: str = FIRST.name) -> Path:
    return course / "source" / name / f"{name}.ipynb"


def everything(course: Path) -> dict[str, bytes]:
    return {str(path.relative_to(course)): path.read_bytes() for path in course.rglob("*") if path.is_file()}


def backups(course: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((course / ".reparam" / "backups").glob("*"))]


def loaded(folder: Path) -> Config:
    """A configuration as nbgrader loads it."""
    return PyFileConfigLoader(CONFIG, str(folder)).load_config()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# --- what is written and what is kept -----------------------------------------------------------------------


def test_all_exercises_and_what_comes_next(release: Callable[..., str], course: Path) -> None:
    out = release()
    assert [line.split()[0] for line in out.splitlines()[:8]] == ["written"] * 8
    assert f"nbgrader generate_assignment {FIRST.name}" in out
    readme = (course / "README.md").read_text(encoding="utf-8")
    for exercise in built_in().exercises:
        nbformat.validate(nbformat.read(notebook_of(course, exercise.name), as_version=4))
        assert f"| `{exercise.name}` | {exercise.title} | 30 |" in readme


def test_again_there_is_nothing_to_do(release: Callable[..., str], course: Path) -> None:
    release("1", "6")
    before = everything(course)
    out = release("all")
    assert out.count("written") == 4
    assert out.count("unchanged") == 3, "the configuration names no exercise"
    assert "updated   README.md" in out
    before = everything(course)
    assert release().endswith("nothing to do: everything is there already\n")
    assert everything(course) == before


def test_the_source_has_the_marks_of_nbgrader(release: Callable[..., str], course: Path) -> None:
    release("6")
    notebook = nbformat.read(notebook_of(course, LAST.name), as_version=4)
    MetadataValidator().validate_nb(notebook)
    marked = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert [(mark.grade_id, mark.get("points"), mark.grade, mark.solution, mark.locked) for mark in marked] == [
        ("answer_answers", None, False, True, False),
        ("answers", 12, True, False, True),
        ("answer_choose", None, False, True, False),
        ("choose", 12, True, False, True),
        ("answer_forward-passes", None, False, True, False),
        ("forward-passes", 6, True, False, True),
        ("justification", 0, True, True, False),
    ]


def test_what_was_generated_before_has_to_be_forced(release: Callable[..., str], course: Path) -> None:
    (course / "release" / FIRST.name).mkdir(parents=True)
    assert f"nbgrader generate_assignment {FIRST.name} --force\n" in release("1")
    assert f"nbgrader generate_assignment {LAST.name}\n" in release("1", "6"), "the first one that is new"


def test_an_edited_notebook_is_kept(release: Callable[..., str], course: Path) -> None:
    release("1", "6")
    path = notebook_of(course)
    edit(path, "Paper is enough.", "Paper is enough, says Ms Lovelace.")
    edited = path.read_bytes()
    out = release("1", "6")
    assert f"kept      source/{FIRST.name}/{FIRST.name}.ipynb (you have changed it; for ours, move it out" in out
    assert path.read_bytes() == edited
    assert out.endswith("nothing to do: everything is there already\n")


def test_a_notebook_that_jupyter_has_saved_is_no_edited_one(release: Callable[..., str], course: Path) -> None:
    release("1")
    path = notebook_of(course)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"]["language_info"]["version"] = "3.13.1"
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = 3, [{"output_type": "stream", "name": "stdout", "text": "a"}]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "unchanged source" in release("1")


def test_improved_texts_replace_what_nobody_has_changed(release: Callable[..., str], course: Path) -> None:
    """The older notebook is known by what was given; its text is kept all the same."""
    release("1")
    path = notebook_of(course)
    older = path.read_text(encoding="utf-8").replace("Paper is enough.", "Paper suffices.")
    path.write_text(older, encoding="utf-8")
    given.keep(course, path.name, older)
    assert f"updated   source/{FIRST.name}" in release("1")
    assert "Paper is enough." in path.read_text(encoding="utf-8")
    assert backups(course) == [older]


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [3]}', "[" * 100_000])
def test_what_is_no_notebook_is_kept(release: Callable[..., str], course: Path, content: str) -> None:
    notebook_of(course).parent.mkdir(parents=True)
    notebook_of(course).write_text(content)
    assert "kept      source" in release("1")
    assert notebook_of(course).read_text() == content


def test_a_readme_of_somebody_else_is_kept(release: Callable[..., str], course: Path) -> None:
    course.mkdir()
    (course / "README.md").write_text("# Ms Lovelace's course\n")
    assert "kept      README.md (it is yours)" in release("1")
    assert (course / "README.md").read_text() == "# Ms Lovelace's course\n"


def test_lines_around_ours_stay(release: Callable[..., str], course: Path) -> None:
    release("1")
    for name, above, below in [
        (CONFIG, "# mine\nc = get_config()\n", 'c.Exchange.root = "/srv/x"\n'),
        ("README.md", "# Ms Lovelace's course\n", "Bring your own pencil.\n"),
    ]:
        path = course / name
        ours = path.read_text(encoding="utf-8")
        path.write_text(above + ours.replace("OverwriteCells", "Nothing").replace("Students need", "") + below)
        release("1")
        assert path.read_text(encoding="utf-8") == above + ours + below
    assert len(backups(course)) == 2
    assert loaded(course).Exchange.root == "/srv/x"


# --- the configuration --------------------------------------------------------------------------------------


def test_the_configuration_of_an_older_course_gets_our_lines(release: Callable[..., str], course: Path) -> None:
    course.mkdir()
    theirs = 'c = get_config()\nc.CourseDirectory.course_id = "nets"\nc.Exchange.root = "/srv/x"'
    (course / CONFIG).write_text(theirs)
    assert f"updated   {CONFIG}" in release("1")
    assert (course / CONFIG).read_text(encoding="utf-8").startswith(f"{theirs}\n\n# reparam: begin")
    config = loaded(course)
    assert (config.CourseDirectory.course_id, config.Exchange.root) == ("nets", "/srv/x")
    assert config.OverwriteCells.add_missing_cells
    assert backups(course) == [theirs]


@pytest.mark.parametrize("name", ["course101", 'Ms Lovelace\'s "nets"', "графы", "a\\b"])
def test_it_can_be_loaded_whatever_the_folder_is_called(grade_command: Command, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    assert grade_command("release", "nbgrader", str(folder), "1")[0] == 0
    config = loaded(folder)
    assert config.CourseDirectory.root == str(folder)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", config.CourseDirectory.course_id)
    assert isinstance(config.SandboxedGrade.seed, int)


def test_the_seed_is_drawn_once_and_stays(release: Callable[..., str], course: Path) -> None:
    release("1")
    drawn = loaded(course).SandboxedGrade.seed
    release()
    assert loaded(course).SandboxedGrade.seed == drawn
    release("--seed", "7")
    assert loaded(course).SandboxedGrade.seed == 7
    edit(course / CONFIG, "seed = 7", 'seed = "it rains in Ohm"')
    edit(course / CONFIG, 'course_id = "course"', 'course_id = "nets"')
    assert release("1").endswith("nothing to do: everything is there already\n")
    config = loaded(course)
    assert (config.SandboxedGrade.seed, config.CourseDirectory.course_id) == ("it rains in Ohm", "nets")


def test_two_courses_draw_two_seeds(grade_command: Command, tmp_path: Path) -> None:
    for name in "ab":
        grade_command("release", "nbgrader", str(tmp_path / name), "1")
    assert loaded(tmp_path / "a").SandboxedGrade.seed != loaded(tmp_path / "b").SandboxedGrade.seed


def test_a_seed_in_ones_own_lines_counts(release: Callable[..., str], grade_command: Command, course: Path) -> None:
    release("1")
    with (course / CONFIG).open("a") as file:
        file.write("c.SandboxedGrade.seed = 5\n")
    release("1")
    assert loaded(course).SandboxedGrade.seed == 5
    assert (course / CONFIG).read_text(encoding="utf-8").count("SandboxedGrade.seed") == 1
    code, out, err = grade_command("release", "nbgrader", str(course), "1", "--seed", "6")
    assert (code, out) == (2, "")
    assert err == f"{CONFIG} sets a seed in your own lines: change it there, or leave out --seed.\n"


# --- a course of one's own ----------------------------------------------------------------------------------


def test_a_course_of_ones_own(
    release: Callable[..., str], grade_command: Command, course: Path, tmp_path: Path
) -> None:
    own = small_course(tmp_path / "my own  course")
    release("--course", str(own.folder))
    config = loaded(course)
    assert config.SandboxedGrade.course == str(own.folder)
    notebook = nbformat.read(notebook_of(course, "exercise1_double"), as_version=4)
    assert [cell.id for cell in notebook.cells] == ["how_this_is_graded", "six", "check_six"]
    (call,) = [cell.source for cell in notebook.cells if "check(" in cell.source and cell.cell_type == "code"]
    found = next(
        node for node in ast.walk(ast.parse(call)) if getattr(getattr(node, "func", None), "id", "") == "check"
    )
    assert isinstance(found, ast.Call)
    assert [ast.literal_eval(word) for word in found.args] == ["exercise1", "test_six", "test_values"]
    assert [ast.literal_eval(word.value) for word in found.keywords] == [str(own.folder)]
    code, _, err = grade_command("release", "nbgrader", str(course), "1")
    assert code == 2
    assert "holds the exercises of another course" in err
    assert "choose another folder" in err


# --- bad input ----------------------------------------------------------------------------------------------


def test_bad_input_is_named_and_nothing_is_written(grade_command: Command, tmp_path: Path, course: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for words, says in [
        ((str(course), "exercise9"), 'There is no exercise "exercise9"'),
        ((str(file),), "is a file. Name the folder of a course, or a new one."),
        ((str(file / "in"),), "cannot be read"),
        ((str(course), "--course", str(tmp_path)), "is no course"),
        ((str(course), "--seed", "-1"), "is not in the range"),
        ((), "Missing argument 'DIR'"),
    ]:
        code, out, err = grade_command("release", "nbgrader", *words)
        assert (code, out) == (2, "")
        assert says in err
    code, _, err = grade_command("release", "moodle", str(course))
    assert (code, err.splitlines()[0]) == (
        2, '"moodle"? It writes for one of nbgrader, gradescope, github: grade release nbgrader DIR'
    )  # fmt: skip
    assert not course.exists()


def test_a_torn_block_is_not_guessed_at(release: Callable[..., str], grade_command: Command, course: Path) -> None:
    release("1")
    for old, new in [
        ("# reparam: end", "# gone"),
        ("# reparam: begin", "# reparam: end\n#"),
        ("c =", "# reparam: begin"),
    ]:
        whole = (course / CONFIG).read_text(encoding="utf-8")
        edit(course / CONFIG, old, new)
        before = everything(course)
        code, out, err = grade_command("release", "nbgrader", str(course), "2")
        assert (code, out) == (2, "")
        assert re.match(rf'{CONFIG}, line \d+: the lines between "# reparam: begin" and "# reparam: end" are ours', err)
        assert everything(course) == before
        (course / CONFIG).write_text(whole, encoding="utf-8")


def test_bytes_that_are_no_text(release: Callable[..., str], grade_command: Command, course: Path) -> None:
    release("1")
    (course / CONFIG).write_bytes(b"\xff\xfe")
    code, _, err = grade_command("release", "nbgrader", str(course))
    assert (code, err) == (2, f"{course / CONFIG} cannot be read: it is not UTF-8 text.\n")


def test_a_folder_that_cannot_be_written(grade_command: Command) -> None:
    with tempfile.TemporaryDirectory() as folder, read_only(Path(folder)):
        code, _, err = grade_command("release", "nbgrader", folder, "1")
        assert (code, err) == (2, f"{folder}/source/{FIRST.name} cannot be made: Permission denied.\n")
