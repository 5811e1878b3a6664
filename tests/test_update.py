"""`grade init --update`: what is new arrives, and a learner's work stays where it is."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from read_only import read_only

from grader import given, workspace
from grader.course import Course

Run = Callable[..., tuple[int, str, str]]
INTRO = "# %% [markdown]\n# # The first σ\n#\n# Words.\n\n"
STUB = f"{INTRO}# %%\nz = [None]\n\n\n# %%\ndef f(x):\n    raise NotImplementedError\n"
NAMES = ("exercise1_a", "exercise2_b")


def make_course(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """A course whose exercises all have the same stub."""
    (folder / "exercises").mkdir(parents=True, exist_ok=True)
    entries = [f"{{name: {name}, title: The title of {name}, minutes: 5}}" for name in names]
    (folder / "exercises" / "course.yaml").write_text(f"title: A course\nexercises: [{', '.join(entries)}]\n")
    for name in names:
        (folder / "exercises" / f"{name}.py").write_text(STUB, encoding="utf-8")
    return folder


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course's folder."""
    return make_course(tmp_path / "course")


@pytest.fixture
def home(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of it, in which the learner has solved the first exercise; the current folder."""
    home = tmp_path / "home"
    workspace.init(home, Course.open(course))
    own(home).write_text(STUB.replace("None]", "0.5]"), encoding="utf-8")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def update(course: Path, grade_command: Run) -> Callable[..., tuple[int, str, str]]:
    """A function that updates the workspace."""
    return lambda *words: grade_command("init", "--update", "--course", str(course), *words)


def own(home: Path, name: str = NAMES[0]) -> Path:
    return home / "exercises" / f"{name}.py"


def improve(course: Path, old: str, new: str, name: str = NAMES[0]) -> None:
    stub = course / "exercises" / f"{name}.py"
    stub.write_text(stub.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_nothing_to_do(home: Path, update: Run) -> None:
    before = own(home).read_bytes()
    assert update() == (0, "There is nothing to do: everything is up to date.\n", "")
    assert own(home).read_bytes() == before
    assert not (home / ".reparam" / "backups").exists()


def test_better_words_arrive_and_the_answer_stays(home: Path, course: Path, update: Run, grade_command: Run) -> None:
    before = own(home).read_text(encoding="utf-8")
    improve(course, "Words.", "Better words.")
    code, out, err = update()
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first == "updated exercises/exercise1_a.py"
    assert second == "        new: The first σ"
    assert third.startswith("        kept before: .reparam/backups/exercise1_a-")
    assert own(home).read_text(encoding="utf-8") == before.replace("Words.", "Better words.")
    assert update()[1] == "There is nothing to do: everything is up to date.\n"
    undo = third.partition("(undo: ")[2].removesuffix(")")
    assert grade_command(*shlex.split(undo)[1:])[0] == 0
    assert own(home).read_text(encoding="utf-8") == before
    # Undone, the old words are still known as ours: the next update brings the new ones again.
    assert "new: The first σ" in update()[1]


def test_a_new_exercise(home: Path, course: Path, update: Run) -> None:
    make_course(course, (*NAMES, "exercise3_c"))
    code, out, _ = update()
    assert code == 0
    assert set(out.splitlines()) == {"updated README.md", "written exercises/exercise3_c.py"}
    assert "exercise3" in (home / "README.md").read_text(encoding="utf-8")


def test_a_readme_of_ones_own_stays(home: Path, course: Path, update: Run) -> None:
    (home / "README.md").write_text("my notes")
    make_course(course, (*NAMES, "exercise3_c"))
    assert update()[1] == "written exercises/exercise3_c.py\n"
    assert (home / "README.md").read_text() == "my notes"


def test_a_conflict_keeps_the_answer_and_says_where_ours_is(home: Path, course: Path, update: Run) -> None:
    before = own(home).read_bytes()
    improve(course, "z = [None]", "z = [None, None]")
    code, out, err = update()
    assert (code, err) == (0, "")
    head, told = out.splitlines()
    assert head == "kept    exercises/exercise1_a.py"
    assert told.startswith("        z: you and we changed it; yours was kept, ours is in ")
    assert own(home).read_bytes() == before
    file, _, line = told.partition("ours is in ")[2].partition(", line ")
    assert (home / file).read_text(encoding="utf-8").splitlines()[int(line) : int(line) + 1] == ["z = [None, None]"]
    # It is said once.
    assert "nothing to do" in update()[1]


def test_two_updates_later(home: Path, course: Path, update: Run) -> None:
    improve(course, "Words.", "Better words.")
    improve(course, "z = [None]", "z = [None, None]")
    update()
    improve(course, "Better words.", "The best words.")
    out = update()[1]
    assert "new: The first σ" in out
    assert "you and we" not in out
    assert own(home).read_text(encoding="utf-8") == STUB.replace("Words.", "The best words.").replace("None]", "0.5]")


def test_after_a_reset_the_fresh_stub_is_known(home: Path, course: Path, update: Run, grade_command: Run) -> None:
    improve(course, "Words.", "Better words.")
    assert grade_command("reset", "1", "--course", str(course))[0] == 0
    improve(course, "Better words.", "The best words.")
    assert "new: The first σ" in update()[1]
    assert "The best words." in own(home).read_text(encoding="utf-8")


def test_a_workspace_of_before(home: Path, course: Path, update: Run) -> None:
    """No copies were kept then: what is as today's needs nothing, the rest is kept and reported once."""
    for path in (home / given.FOLDER).iterdir():
        path.unlink()
    before = own(home).read_bytes()
    code, out, _ = update()
    assert code == 0
    assert out.splitlines()[0] == "kept    exercises/exercise1_a.py"
    assert "no copy of what you were given was kept then" in out
    assert "exercise2_b" not in out
    assert own(home).read_bytes() == before
    assert "nothing to do" in update()[1]
    improve(course, "Words.", "Better words.")
    assert "new: The first σ" in update()[1]


def test_a_copy_that_was_edited_is_not_believed(home: Path, course: Path, update: Run) -> None:
    for path in (home / given.FOLDER).iterdir():
        path.write_text("another text")
    improve(course, "Words.", "Better words.")
    assert "no copy" in update()[1]
    assert "0.5]" in own(home).read_text(encoding="utf-8")


def test_windows_lines_stay(home: Path, course: Path, update: Run) -> None:
    own(home).write_bytes(own(home).read_bytes().replace(b"\n", b"\r\n"))
    improve(course, "Words.", "Better words.")
    update()
    content = own(home).read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")
    assert b"Better words." in content


def test_what_is_no_text(home: Path, course: Path, update: Run) -> None:
    own(home).write_bytes(b"\xff\xfe\x00")
    improve(course, "Words.", "Better words.")
    assert "it is not UTF-8 text" in update()[1]
    assert own(home).read_bytes() == b"\xff\xfe\x00"


def test_a_file_that_cannot_be_used_keeps_nothing_else_back(home: Path, course: Path, update: Run) -> None:
    own(home).unlink()
    own(home).mkdir()
    improve(course, "Words.", "Better words.", NAMES[1])
    code, out, err = update()
    assert code == 2
    assert out.startswith(f"updated exercises/{NAMES[1]}.py\n")
    assert f"{NAMES[0]} is as it was." in err


def test_a_notebook_is_told_of_and_never_changed(home: Path, course: Path, update: Run) -> None:
    own(home).unlink()
    notebook = own(home).with_suffix(".ipynb")
    notebook.write_text("{}")
    improve(course, "Words.", "Better words.")
    out = update()[1]
    assert out.startswith(f"kept    exercises/{NAMES[0]}.ipynb\n        a notebook is never changed; the new text: ")
    assert notebook.read_text() == "{}"
    assert not own(home).exists()
    assert "nothing to do" in update()[1]


def test_outside_a_workspace(tmp_path: Path, update: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ((), (str(tmp_path / "nowhere"),), (str(tmp_path),)):
        code, out, err = update(*words)
        assert (code, out) == (2, "")
        assert "There are no exercises in " in err
        assert "copies them to DIR." in err


def test_the_base_is_content_not_order(home: Path, course: Path) -> None:
    stub = Course.open(course).exercises[0].stub
    texts = [f"# version {number}\n" for number in range(5)]
    for text in texts:
        given.keep(home, stub.name, text)
        given.keep(home, stub.name, text)
    assert sorted(given.versions(home, stub.name)) == sorted([STUB, *texts])


def test_the_form_is_the_workspaces(home: Path, update: Run) -> None:
    code, out, err = update("--notebooks")
    assert (code, out) == (2, "")
    assert "leave out --notebooks" in err
    assert not list(home.glob("exercises/*.ipynb"))


def test_a_folder_that_cannot_be_written(grade_command: Run) -> None:
    folder = Path(tempfile.mkdtemp())  # not tmp_path: nobody else may look into that
    folder.chmod(0o755)
    course, home = make_course(folder / "course"), folder / "home"
    workspace.init(home, Course.open(course))
    own(home).write_text(STUB.replace("None]", "0.5]"), encoding="utf-8")
    before = own(home).read_bytes()
    words = ("init", "--update", str(home), "--course", str(course))
    with read_only(home):
        assert grade_command(*words) == (0, "There is nothing to do: everything is up to date.\n", "")
    improve(course, "Words.", "Better words.")
    with read_only(home):
        code, out, err = grade_command(*words)
    assert (code, out) == (2, "")
    assert f"{NAMES[0]} is as it was." in err
    assert own(home).read_bytes() == before
    shutil.rmtree(folder)
