"""Students with numbers of their own and the real nbgrader: each handed out, handed in, autograded by the id alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from classes import Classroom, Notebook, filled

from grader import own_texts, percent, variants
from grader.author import answered
from grader.classroom.plan import grade_cells, plan
from grader.classroom.release_variants import students_in
from grader.course import built_in
from grader.errors import UnusableInput

pytestmark = pytest.mark.xdist_group("nbgrader")

EXERCISE = built_in().find("exercise3")
SECRET = 20261121
BY_HAND = ("ones-in-mask", "center-response")
Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Class:
    """A class whose work was graded: the course, what autograde logged, student → graded cell → points."""

    room: Classroom
    log: str
    marks: dict[str, dict[str, float]]

    def messages(self, student: str) -> str:
        cells = self.room.read("autograded", student)["cells"]
        return " ".join("".join(o["data"].get("text/plain", "")) for c in cells for o in c.get("outputs", ()))


def notebook_of(room: Classroom, student: str) -> Notebook:
    """What a student is given."""
    found: Notebook = json.loads(room.file("variants", student).read_text(encoding="utf-8"))
    return found


def answers_of(student: str | None) -> dict[str, str]:
    """The right answers by hand, for a student's numbers or the printed ones; nothing else."""
    variant = variants.variant(str(SECRET), student, EXERCISE) if student is not None else None
    cells = percent.cells(answered(own_texts.solution(EXERCISE, variant), ""))
    texts = {name: cell.source for name, cell in zip(percent.names(cells), cells, strict=True)}
    ids = {cell.name: cell.id for cell in plan(EXERCISE).answers}
    return {cell_id: texts[name] for name, cell_id in ids.items() if name in texts and "class " not in texts[name]}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Ada and Zoë with their own notebooks, Bob with Ada's, Dan with the one for everybody."""
    folder = tmp_path_factory.mktemp("variants")
    room = Classroom(folder / "course", folder / "home", EXERCISE.name)
    room.folder.mkdir()
    room.home.mkdir()
    (folder / "students.csv").write_text("name,id\nAda L,ada\nBob,bob\nZ,Zoë-1\n", encoding="utf-8")
    words = ("grade", "release", "nbgrader", ".", "exercise3", "exercise6", "--seed", str(SECRET))
    done = room.run(*words, "--variants", "../students.csv")
    assert done.returncode == 0, done.stderr
    assert "written   variants/STUDENT/EXERCISE/EXERCISE.ipynb (3 notebooks, 3 students)\n" in done.stdout
    room.nbgrader("generate_assignment", EXERCISE.name)
    room.hand_in("ada", filled(notebook_of(room, "ada"), answers_of("ada")))
    room.hand_in("Zoë-1", filled(notebook_of(room, "Zoë-1"), answers_of("Zoë-1")))
    room.hand_in("bob", filled(notebook_of(room, "ada"), answers_of("ada")))
    room.hand_in("dan", filled(room.read("release"), answers_of(None)))
    log = room.nbgrader("autograde", EXERCISE.name, "--create")
    return Class(room, log, room.marks())


def test_each_student_is_graded_by_their_own_numbers(graded: Class) -> None:
    points = {cell.id: float(cell.points) for cell in grade_cells(EXERCISE)}
    for student in ("ada", "Zoë-1"):
        assert {name: graded.marks[student][name] for name in BY_HAND} == {name: points[name] for name in BY_HAND}
    for student in ("bob", "dan"):
        assert {graded.marks[student][name] for name in BY_HAND} == {0.0}
    assert "yours are others" in graded.messages("dan")
    assert "yours are others" not in graded.messages("bob")
    # What is no question by hand is the same for all.
    rest = [{name: score for name, score in graded.marks[s].items() if name not in BY_HAND} for s in ("ada", "dan")]
    assert rest[0] == rest[1]
    assert sum(rest[0].values()) > 0


def test_no_honest_notebook_is_said_to_be_tampered_with(graded: Class) -> None:
    for student in ("ada", "Zoë-1", "dan"):
        text = json.dumps(graded.room.read("autograded", student), ensure_ascii=False)
        assert "put right" not in text
    assert "has changed!" not in graded.log
    # The statement in front of the reader is the student's own.
    assert "of size 3, 5 and 7" not in json.dumps(graded.room.read("autograded", "ada"))
    # Somebody else's cell is.
    assert "Edited, and set back" in json.dumps(graded.room.read("autograded", "bob"))


def test_a_students_notebook_holds_no_answer_and_checks_by_its_numbers(graded: Class) -> None:
    given = notebook_of(graded.room, "ada")
    text = "\n".join("".join(cell["source"]) for cell in given["cells"])
    assert "SOLUTION" not in text
    assert "raise NotImplementedError" in text
    assert f"numbers={variants.variant(str(SECRET), 'ada', EXERCISE)}" in text


def test_a_second_release_keeps_everything(graded: Class) -> None:
    done = graded.room.run("grade", "release", "nbgrader", ".", "exercise3", "--variants", "../students.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to do" in done.stdout
    config = (graded.room.folder / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "c.SandboxedGrade.variants = True\n" in config
    assert graded.room.run("grade", "release", "nbgrader", ".", "exercise3").returncode == 0
    assert (graded.room.folder / "nbgrader_config.py").read_text(encoding="utf-8") == config


# --- without nbgrader -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ada\n\n bob \r\n", ["ada", "bob"]),
        ("\ufeffid\nada\n", ["ada"]),
        ('Last,Student,Mark\n"L, A",ada,3\nB,bob\n', ["ada", "bob"]),
        ("Mark;student_id\n1;ada\n", ["ada"]),
        ("a,b\nada,bob\n", None),
        ("id,x\n", None),
        ("", None),
        ("ada\nbob\nADA\n", None),
        ("ada\n../bob\n", None),
        ("id,x\nada,1\n,2\n", None),
        ("x,id\nada\n", None),
        ("a\x00b\n", None),
    ],
)
def test_students_are_read_from_lines_or_a_table(tmp_path: Path, text: str, names: list[str] | None) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(text.encode())
    if names is not None:
        assert students_in(path) == names
        return
    with pytest.raises(UnusableInput, match=r"students\.csv"):
        students_in(path)


def test_an_edited_source_notebook_is_what_students_get(tmp_path: Path, grade_command: Run) -> None:
    (tmp_path / "students").write_text("ada\n")
    words = ("release", "nbgrader", str(tmp_path / "course"), "exercise3", "--seed", "7")
    assert grade_command(*words)[0] == 0
    source = tmp_path / "course" / "source" / EXERCISE.name / f"{EXERCISE.name}.ipynb"
    source.write_text(source.read_text().replace("How likely is this image?", "Our own beginning."))
    assert grade_command(*words, "--variants", str(tmp_path / "students"))[0] == 0
    given = tmp_path / "course" / "variants" / "ada" / EXERCISE.name / f"{EXERCISE.name}.ipynb"
    assert "Our own beginning." in given.read_text()
    before = given.read_bytes()
    source.write_text(source.read_text().replace("Draw the masks of size 3, 5 and 7", "Draw the masks"))
    code, _, err = grade_command(*words, "--variants", str(tmp_path / "students"))
    assert code == 2
    assert "the place “Draw the masks of size 3, 5 and 7 and count”" in err
    assert given.read_bytes() == before
    assert grade_command("release", "github", str(tmp_path / "g"), "--variants", "x")[0] == 2
