"""Which file of which student is graded: every layout in which classes hand in, and whatever else may lie there."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from pathlib import Path

import pytest
from handed import COURSE, FULL, answers, found, tarred, tree, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import student, workspace
from grader.classroom.batch.archives import unpacked
from grader.classroom.batch.find import find
from grader.errors import UnusableInput
from grader.text import one_line

ONE, TWO, THREE = FULL[1], FULL[2], FULL[3]

LAYOUTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "folders": (
        {f"ada/{ONE}.py": "", "bob/exercise2.ipynb": "", "bob/notes.py": ""},
        {"ada 1": f"ada/{ONE}.py", "bob 2": "bob/exercise2.ipynb"},
    ),
    "workspaces": (
        {f"ada/exercises/{ONE}.py": "", "ada/README.md": "", f"bob/my work/exercises/{THREE}.ipynb": ""},
        {"ada 1": f"ada/exercises/{ONE}.py", "bob 3": f"bob/my work/exercises/{THREE}.ipynb"},
    ),
    "nbgrader's course": (
        {
            "nbgrader_config.py": "",
            f"source/{ONE}/{ONE}.ipynb": "",
            f"release/{ONE}/{ONE}.ipynb": "",
            f"submitted/ada/{ONE}/{ONE}.ipynb": "",
            f"submitted/ada/{ONE}/timestamp.txt": "",
            f"submitted/bob/{TWO}/{TWO}.ipynb": "",
            f"autograded/ada/{ONE}/{ONE}.ipynb": "",
        },
        {"ada 1": f"submitted/ada/{ONE}/{ONE}.ipynb", "bob 2": f"submitted/bob/{TWO}/{TWO}.ipynb"},
    ),
    "nbgrader's submitted, one student": (
        {f"submitted/ada/{ONE}/{ONE}.ipynb": "", f"submitted/ada/{TWO}/{TWO}.ipynb": ""},
        {"ada 1": f"submitted/ada/{ONE}/{ONE}.ipynb", "ada 2": f"submitted/ada/{TWO}/{TWO}.ipynb"},
    ),
    "a folder for each exercise": (
        {"exercise1/ada/answer.py": "", "exercise1/bob/exercise1.py": "", "exercise2/ada/Untitled.ipynb": ""},
        {
            "ada 1": "exercise1/ada/answer.py",
            "ada 2": "exercise2/ada/Untitled.ipynb",
            "bob 1": "exercise1/bob/exercise1.py",
        },
    ),
    "a folder for one exercise beside students": (
        {"exercise1/ada/answer.py": "", "exercise1/bob/answer.py": "", "bob/exercise2.py": ""},
        {"ada 1": "exercise1/ada/answer.py", "bob 1": "exercise1/bob/answer.py", "bob 2": "bob/exercise2.py"},
    ),
    "the exercise is the student's folder's": (
        {"ada/exercise1/main.py": "", f"bob/{TWO}/mine/answer.ipynb": "", "bob/other.py": ""},
        {"ada 1": "ada/exercise1/main.py", "bob 2": f"bob/{TWO}/mine/answer.ipynb"},
    ),
    "Moodle, a folder each": (
        {
            f"Ada Lovelace_12345_assignsubmission_file_/{ONE}.py": "",
            "Ada Lovelace_12345_assignsubmission_onlinetext_/onlinetext.html": "",
            "Ada Lovelace_12346_assignsubmission_file_/exercise1.ipynb": "",
            "Participant_7_assignsubmission_file/exercise2.py": "",
        },
        {
            "Ada Lovelace_12345 1": f"Ada Lovelace_12345_assignsubmission_file_/{ONE}.py",
            "Ada Lovelace_12346 1": "Ada Lovelace_12346_assignsubmission_file_/exercise1.ipynb",
            "Participant_7 2": "Participant_7_assignsubmission_file/exercise2.py",
        },
    ),
    "Moodle, flat": (
        {
            "Ada Lovelace_12345_assignsubmission_file_exercise1.ipynb": "",
            "Bob_6_assignsubmission_file_exercise1.py": "",
            "Bob_6_assignsubmission_onlinetext_onlinetext.html": "",
        },
        {
            "Ada Lovelace_12345 1": "Ada Lovelace_12345_assignsubmission_file_exercise1.ipynb",
            "Bob_6 1": "Bob_6_assignsubmission_file_exercise1.py",
        },
    ),
    "Canvas": (
        {
            f"lovelaceada_LATE_123_4567_{ONE}-1.py": "",
            f"bobson_77_4568_{ONE}.ipynb": "",
            "grades_2026_11_final.csv": "",
        },
        {"bobson_77 1": f"bobson_77_4568_{ONE}.ipynb", "lovelaceada_123 1": f"lovelaceada_LATE_123_4567_{ONE}-1.py"},
    ),
    "Canvas, packed with its folder": (
        {f"submissions/lovelaceada_123_4567_{ONE}.py": "", "submissions/bobson_77_4568_exercise1.py": ""},
        {
            "bobson_77 1": "submissions/bobson_77_4568_exercise1.py",
            "lovelaceada_123 1": f"submissions/lovelaceada_123_4567_{ONE}.py",
        },
    ),
    "clones of GitHub Classroom": (
        {
            f"vae-lab-submissions/vae-lab-ada-l/exercises/{ONE}.py": "",
            "vae-lab-submissions/vae-lab-ada-l/.git/config": "",
            f"vae-lab-submissions/vae-lab-bob/exercises/{ONE}.py": "",
        },
        {
            "ada-l 1": f"vae-lab-submissions/vae-lab-ada-l/exercises/{ONE}.py",
            "bob 1": f"vae-lab-submissions/vae-lab-bob/exercises/{ONE}.py",
        },
    ),
    "one folder in one folder": (
        {"class/class/ada/exercise1.py": "", "class/class/bob/exercise1.py": "", "__MACOSX/class/._x": ""},
        {"ada 1": "class/class/ada/exercise1.py", "bob 1": "class/class/bob/exercise1.py"},
    ),
    "Canvas, beside one folder": (
        {"bobson_77_4568_exercise1.py": "", "eve/mine/exercise1.py": ""},
        {"bobson_77 1": "bobson_77_4568_exercise1.py", "eve 1": "eve/mine/exercise1.py"},
    ),
    "a stray file beside one folder": (
        {"exercise2.py": "", "eve/mine/exercise1.py": ""},
        {"eve 1": "eve/mine/exercise1.py"},
    ),
    "Moodle, one student, deep": (
        {"Ada_1_assignsubmission_file_/mine/exercise1.py": ""},
        {"Ada_1 1": "Ada_1_assignsubmission_file_/mine/exercise1.py"},
    ),
    "Moodle, flat, a folder for each exercise, packed": (
        {
            "class/exercise1/Ada_1_assignsubmission_file_a.py": "",
            "class/exercise1/Bob_2_assignsubmission_file_b.py": "",
        },
        {
            "Ada_1 1": "class/exercise1/Ada_1_assignsubmission_file_a.py",
            "Bob_2 1": "class/exercise1/Bob_2_assignsubmission_file_b.py",
        },
    ),
    "repositories named after an exercise": (
        {"exercise1-ada/exercise1.py": "", "exercise1-bob/exercise1.py": "", "exercise1-bob/exercise2_notes/x.py": ""},
        {"exercise1-ada 1": "exercise1-ada/exercise1.py", "exercise1-bob 1": "exercise1-bob/exercise1.py"},
    ),
    "one student": ({"ada/exercise1.py": "", "ada/old/x.py": ""}, {"ada 1": "ada/exercise1.py"}),
    "one student's workspace": (
        {f"ada/exercises/{ONE}.py": "", "ada/data/x": ""},
        {"ada 1": f"ada/exercises/{ONE}.py"},
    ),
    "a class of folders for each exercise": (
        {"class/exercise1/ada/exercise1.py": "", "class/exercise2/ada/exercise2.py": ""},
        {"ada 1": "class/exercise1/ada/exercise1.py", "ada 2": "class/exercise2/ada/exercise2.py"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda name: name.replace(" ", "-"))
def test_layouts(layout: str, tmp_path: Path) -> None:
    files, expected = LAYOUTS[layout]
    got = found(tree(tmp_path, files))
    assert answers(got) == expected
    assert [remark for remark in got.remarks if "nothing to grade" in remark] == []
    for handed in got.handed:
        assert handed.path == tmp_path / handed.file


@pytest.mark.parametrize(
    "name",
    [
        "exercise3.py", "Exercise3.PY", "EXERCISE3_MASKED_CONVOLUTION.ipynb", "exercise03.py", "Exercise 3.ipynb",
        "exercise_3.py", "exercise-3_masked-convolution.py", "exercise3 (2).py", "exercise3-1.py", "exercise3_final.py",
        "exercise3masked.py", f"{THREE}_ada.ipynb", "exercise3 - Copy.py",
    ],
)  # fmt: skip
def test_names_that_mean_an_exercise(name: str, tmp_path: Path) -> None:
    assert answers(found(tree(tmp_path, {f"ada/{name}": "", "bob/exercise1.py": ""})))["ada 3"] == f"ada/{name}"


@pytest.mark.parametrize(
    "name",
    ["exercise30.py", "exercise9.py", "exercise.py", "my_exercise3.py", "exercise3.txt", "exercise3",
     "exercise3.py.bak", "._exercise3.py", ".exercise3.py", "exercise3.pyc",
     "masked_convolution.py", "exercise³.py", "exercise٣.py"],
)  # fmt: skip
def test_names_that_mean_none(name: str, tmp_path: Path) -> None:
    got = found(tree(tmp_path, {f"ada/{name}": "", "bob/exercise1.py": ""}))
    assert answers(got) == {"bob 1": "bob/exercise1.py"}
    (remark,) = got.remarks
    assert remark.startswith("ada: nothing to grade: ")
    assert name.startswith(".") or name in remark


def test_a_workspace_copied_whole(tmp_path: Path) -> None:
    """What a real one holds beside the exercises counts for nothing."""
    home = tmp_path / "ada"
    workspace.init(home, COURSE)
    newer = dict.fromkeys(
        [
            f".reparam/backups/2026/{ONE}.py", f".venv/lib/python3/site-packages/{ONE}.py", f"exercises/.{ONE}.py.swp",
            f"venv/lib/site-packages/{ONE}.py", f"exercises/__pycache__/{ONE}.py", f"node_modules/{ONE}.py",
            f"exercises/.ipynb_checkpoints/{ONE}-checkpoint.ipynb", f"__MACOSX/exercises/{ONE}.py", "data/x.csv",
        ],
        "",
    )  # fmt: skip
    tree(home, newer)
    for name in newer:
        os.utime(home / name, (2e9, 2e9))
    tree(tmp_path, {"bob/exercise1.py": ""})
    got = found(tmp_path)
    assert answers(got) == {f"ada {n}": f"ada/exercises/{name}.py" for n, name in FULL.items()} | {
        "bob 1": "bob/exercise1.py"
    }
    assert got.remarks == ()


def chosen(folder: Path, files: dict[str, float]) -> str:
    """Which of ada's files is graded, by when each was saved."""
    tree(folder, dict.fromkeys(files, ""))
    for name, when in files.items():
        os.utime(folder / name, (when, when))
    got = found(tree(folder, {"bob/exercise2.py": ""}), [COURSE.find("exercise1")])
    assert len(got.handed) == 1
    (remark,) = got.remarks
    assert remark.startswith(f"ada: {len(files)} files for exercise1. Graded: {got.handed[0].file}; not: ")
    assert all(name in remark for name in files)
    return got.handed[0].file.removeprefix("ada/")


def test_of_several_files_the_newest_counts_and_it_is_said(tmp_path: Path) -> None:
    assert chosen(tmp_path / "a", {"ada/exercise1.py": 1e9, "ada/exercise1.ipynb": 2e9}) == "exercise1.ipynb"
    assert chosen(tmp_path / "b", {"ada/exercise1.py": 2e9, "ada/old/exercise1.py": 1e9}) == "exercise1.py"
    # What a copy or a clone writes within a minute has no order: Python before notebooks, the nearest, the latest copy.
    assert chosen(tmp_path / "c", {"ada/exercise1.py": 1e9, "ada/exercise1.ipynb": 1e9 + 5}) == "exercise1.py"
    assert chosen(tmp_path / "d", {"ada/exercise1.ipynb": 1e9, "ada/old/exercise1.py": 1e9 + 5}) == "exercise1.ipynb"
    assert (
        chosen(tmp_path / "e", {f"ada/{ONE}.py": 1e9 + 5, f"ada/{ONE}-1.py": 1e9, f"ada/{ONE}-2.py": 1e9})
        == f"{ONE}-2.py"
    )
    assert chosen(tmp_path / "f", {"ada/exercise1 (1).py": 1e9, "ada/exercise1.py": 1e9}) == "exercise1 (1).py"
    # A file of the exercise's name before others, and what `grade` itself takes in a workspace before all.
    assert chosen(tmp_path / "g", {"ada/exercise1.py": 1e9, "ada/exercise1_try.py": 2e9}) == "exercise1.py"
    assert (
        chosen(tmp_path / "h", {f"ada/exercises/{ONE}.py": 1e9, f"ada/solutions/{ONE}.py": 2e9})
        == f"exercises/{ONE}.py"
    )


def test_every_choice_is_said_and_of_other_things_a_few(tmp_path: Path) -> None:
    for name in FULL.values():
        tree(tmp_path, {f"ada/{name}.py": "", f"ada/old/{name}.py": ""})
    for number in range(9):
        (tmp_path / "ada" / f"link{number}").symlink_to("old")
    remarks = found(tmp_path).remarks
    assert sum("Graded: " in remark for remark in remarks) == len(FULL)
    assert sum("is a link" in remark for remark in remarks) == 3
    assert "ada: 6 more files and folders were passed over." in remarks


def test_helpers_in_an_exercises_folder_are_no_answers(tmp_path: Path) -> None:
    got = found(
        tree(tmp_path, {"ada/exercise1/helpers.py": "", "ada/exercise1/exercise1.py": "", "bob/exercise2.py": ""})
    )
    assert answers(got) == {"ada 1": "ada/exercise1/exercise1.py", "bob 2": "bob/exercise2.py"}
    assert got.remarks == ()


def test_only_the_exercises_that_are_asked_for(tmp_path: Path) -> None:
    tree(tmp_path, {"ada/exercise1.py": "", "ada/exercise2.py": "", "bob/exercise2.py": ""})
    got = found(tmp_path, [COURSE.find("exercise1")])
    assert (answers(got), got.remarks) == ({"ada 1": "ada/exercise1.py"}, ())
    with pytest.raises(UnusableInput, match="holds nothing to grade for exercise3"):
        found(tmp_path, [COURSE.find("exercise3")])


def test_links_and_special_files_are_never_read(tmp_path: Path) -> None:
    tree(tmp_path / "secret", {"exercise1.py": "secret", "exercises/exercise2.py": "secret"})
    home = tree(tmp_path / "class", {"ada/": "", "bob/exercise1.py": ""})
    (home / "ada" / "exercise1.py").symlink_to(tmp_path / "secret" / "exercise1.py")
    (home / "ada" / "exercises").symlink_to(tmp_path / "secret" / "exercises")
    (home / "cyd").symlink_to(tmp_path / "secret")
    os.mkfifo(home / "ada" / "exercise3.py")
    got = found(home)
    assert answers(got) == {"bob 1": "bob/exercise1.py"}
    assert {remark for remark in got.remarks if "nothing" not in remark} == {
        "ada: ada/exercise1.py is a link, and links are not followed.",
        "ada: ada/exercises is a link, and links are not followed.",
        "ada: ada/exercise3.py is no regular file.",
        "cyd is a link, and links are not followed.",
    }


def test_students_who_cannot_be_told_apart_or_named(tmp_path: Path) -> None:
    uber, composed = (unicodedata.normalize(form, "Jürg") for form in ("NFD", "NFC"))
    tree(
        tmp_path,
        {
            f"{uber}/exercise1.py": "1",
            f"{composed}/exercise1.py": "2",
            "a:b/exercise1.py": "",
            f"{'x' * 65}/exercise1.py": "",
        },
    )
    tree(tmp_path, {"x\u202ey/exercise1.py": "", "exercise1_of_zoe.py": "", "\x1b[31mred/exercise1.py": ""})
    got = found(tmp_path)
    assert [handed.student for handed in got.handed] == [composed]
    assert len(got.remarks) == 6
    assert "exercise1_of_zoe.py: whose is it? Put it into a folder that is named after its student." in got.remarks
    assert any("another folder means the same student" in remark for remark in got.remarks)
    assert all(one_line(remark, 1000) == remark for remark in got.remarks)


def test_folders_that_are_no_class(tmp_path: Path) -> None:
    workspace.init(tmp_path / "home", COURSE)
    with pytest.raises(UnusableInput, match=r"is one learner's workspace\. `grade all` in it grades it"):
        found(tmp_path / "home")
    with pytest.raises(UnusableInput, match="there is no such folder"):
        found(tmp_path / "missing")
    with pytest.raises(UnusableInput) as error:
        found(tree(tmp_path / "class", {"ada/homework.py": "", "exercise1.py": ""}))
    assert "class holds nothing to grade.\n" in str(error.value)
    assert "    ada: nothing to grade: no .py or .ipynb file is named after an exercise (homework.py).\n" in str(
        error.value
    )
    assert "    exercise1.py: whose is it?" in str(error.value)
    assert "DIR/ada/exercise1_reparameterization.py" in str(error.value)
    with pytest.raises(UnusableInput, match="holds nothing to grade"):
        found(tree(tmp_path / "empty", {"ada/": ""}))


def test_deep_folders_end_somewhere(tmp_path: Path) -> None:
    deep = "/".join("x" * 200)
    got = found(tree(tmp_path, {f"ada/{deep}/exercise1.py": "", "bob/a/b/c/d/exercise1.py": ""}))
    assert answers(got) == {"bob 1": "bob/a/b/c/d/exercise1.py"}


# --- random classes ---------------------------------------------------------------------------------------

NAMES = [
    "ada",
    "Bob Smith",
    "O'Neil",
    "zoë",
    "Zoë-Ann",
    "日本 太郎",
    "x@y.z",
    "12345",
    "a.b",
    "Straße",
    "=1+1",
    "env",
    "data",
]
FORMS = [
    "{full}.py", "{short}.ipynb", "{full} (1).py", "Exercise {n}.PY", "exercises/{full}.py", "{short}/answer.py",
    "repo/exercises/{full}.ipynb", "{full}/{full}.ipynb", "a/b/c/{short}_mine.ipynb",
]  # fmt: skip
JUNK = [
    ".reparam/backups/{full}.py", "__pycache__/{full}.py", ".ipynb_checkpoints/{full}.ipynb", ".venv/{full}.py",
    "venv/lib/site-packages/{full}.py", "__MACOSX/._{full}.py", "data/points.csv", "notes.md", "helpers.py",
    "{full}.py.orig", ".DS_Store", "exercises/.{full}.py.swp", "{full}.pdf",
]  # fmt: skip


@st.composite
def classes(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Files with their content, and student and number → the content that is to be graded."""
    files: dict[str, str] = {}
    expected: dict[str, str] = {}
    wrapped = draw(st.sampled_from(["", "class/", "class/class/"]))
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)):
        files[f"{wrapped}{name}/"] = ""
        for number in draw(st.lists(st.sampled_from(sorted(FULL)), max_size=3, unique=True)):
            names = {"full": FULL[number], "short": f"exercise{number}", "n": number}
            form = draw(st.sampled_from(FORMS))
            files[f"{wrapped}{name}/{form.format(**names)}"] = expected[f"{name} {number}"] = f"{name}'s {number}"
        for junk in draw(st.lists(st.sampled_from(JUNK), max_size=3, unique=True)):
            files[f"{wrapped}{name}/{junk.format(full=FULL[draw(st.sampled_from(sorted(FULL)))])}"] = "junk"
    return files, expected


def graded(folder: Path) -> dict[str, str]:
    """Student and number → the content of the file that is graded."""
    try:
        got = found(folder)
    except UnusableInput as error:
        assert "holds nothing to grade" in str(error)
        return {}
    assert list(got.handed) == sorted(got.handed, key=lambda one: (one.student, one.exercise.number))
    return {f"{one.student} {one.exercise.number}": one.path.read_text() for one in got.handed}


@given(classes(), st.sampled_from(["zip", "", "gz", "bz2", "xz"]))
@settings(max_examples=200, deadline=None)
def test_random_classes_as_folders_and_archives(example: tuple[dict[str, str], dict[str, str]], kind: str) -> None:
    files, expected = example
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert graded(tree(folder / "class", files)) == expected
        archive = zipped(folder / "a", files) if kind == "zip" else tarred(folder / "a", files, kind)
        into = folder / "into"
        into.mkdir()
        try:
            unpacked(archive, into)
        except UnusableInput as error:
            assert "holds no .py or .ipynb file" in str(error)
        assert graded(into) == expected if any(into.iterdir()) else not expected


PART = st.one_of(
    st.sampled_from(
        [
            "exercise1.py",
            ONE + ".ipynb",
            "exercises",
            "ada",
            "submitted",
            "exercise1",
            "a_1_assignsubmission_file_",
            "a_1_222_exercise1.py",
        ]
    ),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
)


@given(st.lists(st.lists(PART, min_size=1, max_size=4), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_whatever_names_a_folder_holds(paths: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for parts in paths:
            path = folder.joinpath(*(part for part in parts if part not in (".", "..")))
            if not path.exists():
                try:
                    tree(folder, {str(path.relative_to(folder)): "x"})
                except OSError:  # a file in a file's place
                    continue
        try:
            got = found(folder)
        except UnusableInput as error:
            assert str(error).isprintable() or "\n" in str(error)
            return
        for remark in got.remarks:
            assert one_line(remark, 10_000) == remark
        assert len({(one.student, one.exercise) for one in got.handed}) == len(got.handed)
        for one in got.handed:
            assert student.valid(one.student) == one.student
            assert one.path.is_file()
            assert one.path.resolve().is_relative_to(folder.resolve())
            assert one_line(one.file) == one.file


def test_a_course_of_ones_own_has_its_own_numbers(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"course/exercises/course.yaml": "title: t\nexercises:\n  - {name: exercise12_own, title: t, minutes: 5}\n"},
    )
    course = COURSE.open(tmp_path / "course")
    got = find(tree(tmp_path / "class", {"ada/exercise12.py": "", "bob/exercise1.py": ""}), course, course.exercises)
    assert answers(got) == {"ada 12": "ada/exercise12.py"}
    assert got.remarks == ("bob: nothing to grade: no .py or .ipynb file is named after an exercise (exercise1.py).",)


GUIDE = (Path(__file__).parent.parent.parent / "docs" / "instructors.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| `([^`]+)`.* \| `([^`]+)` \|$",
    GUIDE.partition("## Which folders and archives it reads")[2],
    flags=re.MULTILINE,
)


@pytest.mark.parametrize(("file", "owner"), ROWS, ids=lambda text: text[:30])
def test_the_guide_says_whose_a_file_is(file: str, owner: str, tmp_path: Path) -> None:
    tree(tmp_path, {file: ""})
    assert answers(found(tmp_path)) == {f"{owner} 3": file}


def test_the_guide_has_every_layout() -> None:
    assert len(ROWS) == 8
