"""The course file: read with care, and every mistake in it named with its line and field."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.course import Course, built_in
from grader.errors import UnusableInput

ENTRY = """
  - name: exercise{number}_{slug}
    title: "{slug}: a title"
    minutes: 30
    concepts: [latent variable]
    sources: ["Kingma & Welling 2014"]
    hints:
      test_z: [a question?, a pointer, a neighbour]
"""


def entries(*names: str) -> str:
    rows = [ENTRY.format(number=number, slug=slug) for number, slug in (name.split("_", 1) for name in names)]
    return "title: A course\nexercises:" + "".join(rows)


def load(folder: Path, text: str | bytes) -> Course:
    path = folder / "exercises" / "course.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Course.load(path)


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(UnusableInput) as caught:
        load(folder, text)
    return str(caught.value).partition("course.yaml")[2]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return load(tmp_path, entries("1_reparameterization", "3_masked_convolution", "4_gan_gradients", "11_gan_training"))


def test_fields_and_files(course: Course, tmp_path: Path) -> None:
    exercise = course.exercises[1]
    assert course.title == "A course"
    assert (exercise.name, exercise.number, exercise.slug) == ("exercise3_masked_convolution", 3, "masked_convolution")
    assert (exercise.title, exercise.minutes, exercise.short) == ("masked_convolution: a title", 30, "exercise3")
    assert exercise.concepts == ("latent variable",)
    assert exercise.sources == ("Kingma & Welling 2014",)
    assert exercise.hints == {"test_z": ("a question?", "a pointer", "a neighbour")}
    assert exercise.stub == tmp_path / "exercises" / "exercise3_masked_convolution.py"
    assert exercise.solution == tmp_path / "solutions" / "exercise3_masked_convolution.py"
    assert exercise.checks == tmp_path / "checks" / "exercise3_masked_convolution.py"


def test_the_folder_of_checks(tmp_path: Path) -> None:
    text = entries("1_a") + "checks: my/checks\n"
    assert load(tmp_path, text).exercises[0].checks == tmp_path / "my" / "checks" / "exercise1_a.py"


# --- finding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        "exercise3",
        "3",
        "masked_convolution",
        "exercise3_masked_convolution",
        "masked",
        "exercise3_m",
        "Masked-Conv",
        " 3 ",
    ],
)
def test_names_of_an_exercise(course: Course, word: str) -> None:
    assert course.find(word).number == 3


def test_a_short_name_wins_over_a_longer_number(course: Course) -> None:
    assert course.find("exercise1").number == 1
    assert course.find("1").number == 1


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("exercize3", "exercise3"),
        ("maskedconvolution", "masked_convolution"),
        ("reparametrization", "reparameterization"),
    ],
)
def test_a_misspelt_name_suggests_the_nearest(course: Course, word: str, near: str) -> None:
    with pytest.raises(UnusableInput, match=f"Did you mean {near}"):
        course.find(word)


def test_an_ambiguous_beginning(course: Course) -> None:
    with pytest.raises(UnusableInput, match="could be exercise4_gan_gradients or exercise11_gan_training"):
        course.find("gan")


@pytest.mark.parametrize("word", ["", "99", "\x1b[31m", "../x"])
def test_nothing_like_it(course: Course, word: str) -> None:
    with pytest.raises(UnusableInput, match="There is no exercise") as caught:
        course.find(word)
    assert "\x1b" not in str(caught.value)


# --- mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("title: A course", "tilte: A course"), ", line 1: tilte: there is no such field. Did you mean title?"),
        (("title: A course\n", ""), ", line 1: the field `title` is missing"),
        (("title: A course", "title:"), ", line 1: title: should be a text"),
        (("title: A course", "title: 3.5"), ', line 1: title: should be a text; put it in quotes: "3.5"'),
        (("title: A course", "title: '  '"), ", line 1: title: is empty"),
        (("minutes: 30", "minutes: thirty"), ", line 5: exercises[1].minutes: should be a whole number from 1 to 600"),
        (("minutes: 30", "minutes: 0"), "exercises[1].minutes: should be a whole number"),
        (("minutes: 30", "minutes: 99999999999999999999"), "exercises[1].minutes: should be a whole number"),
        (("minutes: 30", "minutes: '30'"), "exercises[1].minutes: should be a whole number"),
        (("[latent variable]", "latent variable"), ", line 6: exercises[1].concepts: should be a list"),
        (("[latent variable]", "[yes]"), "exercises[1].concepts[1]: should be a text"),
        (("exercise1_a", "exercise_a"), ", line 3: exercises[1].name: should look like exercise3_masked_convolution"),
        (("exercise1_a", "exercise1_../x"), "exercises[1].name: should look like"),
        ((", a neighbour]", "]"), ", line 9: exercises[1].hints.test_z: should be a list of 3 hints, it has 2"),
        (("test_z", "z"), "exercises[1].hints.z: should be the name of a check"),
        (("    minutes: 30", "    minutes: 30\n    minutes: 40"), "the field `minutes` stands here twice"),
        (("    minutes: 30\n", ""), ", line 3: exercises[1]: the field `minutes` is missing"),
    ],
)
def test_a_mistake_is_named_with_line_and_field(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = entries("1_a")
    assert change[0] in text
    assert says in refused(tmp_path, text.replace(*change, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", " is empty."),
        ("- 1\n", ", line 1: should be fields"),
        ("title: x\nexercises: []\n", ", line 2: exercises: should list at least one exercise"),
        ("title: [x\nexercises: ]\n", "this is not YAML"),
        ("title: 'x\n", "this is not YAML"),
        ("title: a\tb\n  c: d\n", "this is not YAML"),
        (b"title: \xff\n", ", line 1: this is not UTF-8 text."),
        ("title: x\0\n", "this is not YAML"),
        ("title: x\n---\ntitle: y\n", ": more than one YAML document"),
        ("title: &a x\nexercises: *a\n", ", line 1: title: anchors and aliases"),
        ("title: !!python/object/apply:os.system ['true']\n", ", line 1: title: tags (with !) are not allowed"),
        ("[" * 100_000, "is nested too deeply"),
        ("- " * 100_000, "is nested too deeply"),
        ("x" * (1024 * 1024 + 1), " is larger than 1 MiB."),
    ],
)
def test_files_that_are_no_course(tmp_path: Path, text: str | bytes, says: str) -> None:
    assert says in refused(tmp_path, text)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"course\.yaml cannot be read: No such file"):
        Course.load(tmp_path / "course.yaml")


def test_two_exercises_of_one_number_or_name(tmp_path: Path) -> None:
    assert "exercise1_b is taken" in refused(tmp_path, entries("1_a", "1_b"))
    assert "exercise2_a is taken" in refused(tmp_path, entries("1_a", "2_a"))


# --- the course that is shipped ---------------------------------------------------------------------------


def test_the_built_in_course_is_complete() -> None:
    for exercise in built_in().exercises:
        for path in (exercise.stub, exercise.solution, exercise.checks):
            assert path.is_file(), path


def test_the_built_in_course_lists_every_file() -> None:
    course = built_in()
    names = {exercise.name for exercise in course.exercises}
    for folder in {path.parent for e in course.exercises for path in (e.stub, e.solution, e.checks)}:
        assert {path.stem for path in folder.glob("exercise*.py")} == names, folder


def test_every_check_has_hints_and_every_hint_a_check() -> None:
    for exercise in built_in().exercises:
        tree = ast.parse(exercise.checks.read_text(encoding="utf-8"))
        checks = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}
        assert set(exercise.hints) == checks, exercise.name


def test_the_course_file_stands_alone() -> None:
    """Loaded by its path, as a course of one's own, it finds the same files."""
    course = built_in()
    assert Course.load(course.exercises[0].stub.parent / "course.yaml") == course
