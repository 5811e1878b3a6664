"""The real nbgrader takes what `grade release nbgrader` wrote: without our answers, and as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from classes import Classroom, classroom, filled, id_of, named
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator

from grader import author, percent
from grader.classroom.plan import plan
from grader.course import Exercise, built_in

pytestmark = pytest.mark.xdist_group("release")

EXERCISES = built_in().exercises
LAST = EXERCISES[-1]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.short)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A course of all exercises and one notebook of an instructor's own; nbgrader has made the assignments."""
    folder = tmp_path_factory.mktemp("release")
    room = Classroom(folder / "course", folder / "home", LAST.name)
    room.folder.mkdir()
    assert room.run("grade", "release", "nbgrader", ".").returncode == 0
    own = nbformat.v4.new_code_cell("a = 1\n### BEGIN SOLUTION\na = 2\n### END SOLUTION")
    own.metadata["nbgrader"] = {"grade": False, "grade_id": "a", "locked": False, "schema_version": 3, "solution": True}
    (room.folder / "source" / "own").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[own]), room.folder / "source" / "own" / "own.ipynb")
    room.nbgrader("generate_assignment", "*")
    return room


def cells_of(room: Classroom, exercise: Exercise, step: str = "release") -> list[nbformat.NotebookNode]:
    path = room.folder / step / exercise.name / f"{exercise.name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    return list(notebook.cells)


@every_exercise
def test_students_get_our_stub_and_no_answer(room: Classroom, exercise: Exercise) -> None:
    stub = percent.cells(exercise.stub.read_text(encoding="utf-8"))
    cells = {cell.id: cell.source for cell in cells_of(room, exercise)}
    assert cells.pop("how_this_is_graded").startswith("**How this is graded.**")
    calls = [cells.pop(name) for name in list(cells) if name.startswith("check_")]
    assert cells == dict(zip(percent.names(stub), (cell.source for cell in stub), strict=True))
    assert len(calls) == len(plan(exercise).grades)
    assert not [call for call in calls if "SOLUTION" in call]


@every_exercise
def test_no_line_of_an_answer_is_left(room: Classroom, exercise: Exercise) -> None:
    """Neither in a cell nor in the metadata of one."""
    text = (room.folder / "release" / exercise.name / f"{exercise.name}.ipynb").read_text(encoding="utf-8")
    released = {line.strip() for cell in json.loads(text)["cells"] for line in cell["source"]}
    regions = re.findall(rf"{author.BEGIN}\n(.*?){author.END}", author.read_source(exercise), re.DOTALL)
    answers = {line.strip() for region in regions for line in region.splitlines() if len(line.strip()) > 20}
    assert answers
    assert not answers & released
    assert not [line for line in answers if json.dumps(line, ensure_ascii=False)[1:-1] in text]


@every_exercise
def test_the_gradebook_has_the_points_of_grade(room: Classroom, exercise: Exercise) -> None:
    with Gradebook(f"sqlite:///{room.folder}/gradebook.db") as gradebook:
        found = {
            cell.name: cell.max_score for cell in gradebook.find_notebook(exercise.name, exercise.name).grade_cells
        }
        assert gradebook.find_assignment(exercise.name).max_score == plan(exercise).points
    texts = {cell.id: 0 for cell in plan(exercise).answers if cell.by_person}
    assert found == {cell.id: cell.points for cell in plan(exercise).grades} | texts


@every_exercise
def test_graded_cells_are_locked_and_answers_stay(room: Classroom, exercise: Exercise) -> None:
    for cell in cells_of(room, exercise):
        if "nbgrader" in cell.metadata:
            assert cell.metadata.deletable is False
            assert cell.metadata.get("editable", True) is not cell.metadata.nbgrader.locked


def test_other_notebooks_are_cleared_as_nbgrader_does(room: Classroom) -> None:
    (cell,) = nbformat.read(room.folder / "release" / "own" / "own.ipynb", as_version=4).cells
    assert cell.source == "a = 1\n# YOUR CODE HERE\nraise NotImplementedError()"


def test_nbgrader_without_our_configuration(room: Classroom, tmp_path: Path) -> None:
    """Its own places to fill instead of ours, no answer either, and right marks for honest work."""
    stock = Classroom(tmp_path / "course", tmp_path / "home", LAST.name)
    source = stock.file("source")
    source.parent.mkdir(parents=True)
    source.write_bytes(room.file("source").read_bytes())
    stock.nbgrader("generate_assignment", LAST.name)
    released = {cell["id"]: "".join(cell["source"]) for cell in stock.read("release")["cells"]}
    assert released["justification"] == 'justification = ""\n# YOUR CODE HERE\nraise NotImplementedError()'
    assert "dict.fromkeys" not in "".join(released.values())
    answers = answers_of(room)
    answers["answer_forward-passes"] = one_channel(answers)
    answers["answer_answers"] = "answers = None"
    stock.hand_in("ada", filled(stock.read("release"), answers))
    stock.nbgrader("autograde", LAST.name)
    assert stock.marks() == {"ada": {"answers": 0, "choose": 12, "forward-passes": 4, "justification": 0}}


def test_an_instructors_points_and_texts_are_those_that_count(room: Classroom, tmp_path: Path) -> None:
    own = classroom(tmp_path, LAST.name)
    source = own.read("source")
    named(source, "forward-passes")["metadata"]["nbgrader"]["points"] = 12
    named(source, "justification")["metadata"]["nbgrader"]["points"] = 5
    source["cells"].insert(0, {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "Due on Monday."})
    own.file("source").write_text(json.dumps(source), encoding="utf-8")
    assert "kept      source" in own.run("grade", "release", "nbgrader", ".").stdout
    own.nbgrader("generate_assignment", LAST.name, "--force")
    assert own.read("release")["cells"][0]["source"] == ["Due on Monday."]
    answers = answers_of(room)
    own.hand_in("ada", filled(own.read("release"), {**answers, "answer_forward-passes": one_channel(answers)}))
    own.nbgrader("autograde", LAST.name)
    # Four of six points, of twelve; the text waits for a person.
    assert own.marks() == {"ada": {"answers": 12, "choose": 12, "forward-passes": 8, "justification": 0}}
    with Gradebook(f"sqlite:///{own.folder}/gradebook.db") as gradebook:
        (graded,) = gradebook.assignment_submissions(LAST.name)
        assert graded.max_score == 12 + 12 + 12 + 5
        assert [grade.name for grade in graded.notebooks[0].grades if grade.needs_manual_grade] == ["justification"]


# --- Validate -----------------------------------------------------------------------------------------------


def answers_of(room: Classroom) -> dict[str, str]:
    return {id_of(cell): "".join(cell["source"]) for cell in room.read("source")["cells"] if id_of(cell)}


def one_channel(answers: Mapping[str, str]) -> str:
    wrong = answers["answer_forward-passes"].replace("height * width * channels", "height * width")
    assert wrong != answers["answer_forward-passes"]
    return wrong


def validated(room: Classroom, answers: Mapping[str, str]) -> str:
    path = room.folder / "mine.ipynb"
    path.write_text(json.dumps(filled(room.read("release"), answers)), encoding="utf-8")
    done = room.run("nbgrader", "validate", str(path))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_validate_is_content_with_right_answers(room: Classroom) -> None:
    assert validated(room, answers_of(room)) == "Success! Your notebook passes all the tests.\n"


def test_validate_says_what_is_wrong(room: Classroom) -> None:
    answers = answers_of(room)
    shown = validated(room, {**answers, "answer_forward-passes": one_channel(answers)})
    assert "VALIDATION FAILED ON 1 CELL(S)" in shown
    assert "exercise6: 4 of 6 points" in shown
    assert "The channels were left out." in shown
    assert ".py" not in shown, "no traceback"
    assert max(map(len, shown.splitlines())) <= 90
    assert "..." not in shown.partition("The error was:")[2], "nbgrader cuts long lines"


def test_validate_of_an_empty_notebook(room: Classroom) -> None:
    shown = validated(room, {})
    assert "VALIDATION FAILED ON 3 CELL(S)" in shown
    assert "answers is still to be filled" in shown
    assert "choose is still to be written" in shown
