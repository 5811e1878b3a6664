"""From solutions to stubs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import datafiles
from grader.author import stale, stub, write_stubs
from grader.course import Course, built_in
from grader.errors import UnusableInput

SOURCE = '''\
# %% [markdown]
# # Exercise 1: A title with $\\sigma$ and σ

# %%
z = [None, None, None]
### BEGIN SOLUTION
z = [0.6, 0.65, -0.2]
### END SOLUTION


# %%
def reparameterize(mu, sigma, epsilon):
    """The formula."""
    ### BEGIN SOLUTION
    noise = sigma * epsilon

    return mu + noise
    ### END SOLUTION


class Layer(nn.Conv2d):
    def forward(self, x):
        kept = 1
        ### BEGIN SOLUTION
        return x * kept
        ### END SOLUTION
'''

STUB = '''\
# %% [markdown]
# # Exercise 1: A title with $\\sigma$ and σ

# %%
z = [None, None, None]


# %%
def reparameterize(mu, sigma, epsilon):
    """The formula."""
    raise NotImplementedError("write reparameterize")


class Layer(nn.Conv2d):
    def forward(self, x):
        kept = 1
        raise NotImplementedError("write Layer.forward")
'''


def test_stub() -> None:
    assert stub(SOURCE, "exercise1.py") == STUB


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("### BEGIN SOLUTION\nx = 1\n", r"s\.py, line 1: ### BEGIN SOLUTION without"),
        ("x = 1\n### END SOLUTION\n", r"s\.py, line 2: ### END SOLUTION, but no region is open"),
        (
            "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION\n",
            r"line 2: ### BEGIN SOLUTION, but the region begun in line 1 has no end",
        ),
        ("# begin solution\nx = 1\n", r'line 1: "# begin solution" should be written ### BEGIN SOLUTION'),
        ("###BEGIN SOLUTION\nx = 1\n", "line 1: .* should be written"),
        (
            "def f():\n    ### BEGIN SOLUTION\n    return 1\n### END SOLUTION\n",
            "line 4: ### END SOLUTION is indented otherwise",
        ),
        ("if True:\n### BEGIN SOLUTION\n    x = 1\n### END SOLUTION\n", "its stub is not Python at line"),
        ("x = = 1\n", r"s\.py, line 1: invalid syntax"),
    ],
)
def test_mistakes_name_file_and_line(source: str, says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        stub(source, "s.py")


PLAIN = st.sampled_from(["x = 1", "", "# %%", "# a comment", "y = [None]", "'''text'''"])
FUNCTION = "def f{0}(x):\n    ### BEGIN SOLUTION\n    return SECRET\n    ### END SOLUTION"
TOP_LEVEL = "a{0} = None\n### BEGIN SOLUTION\na{0} = SECRET\n### END SOLUTION"


@given(st.lists(st.one_of(PLAIN, st.sampled_from([FUNCTION, TOP_LEVEL])), max_size=12))
def test_a_stub_holds_no_answer_and_everything_else(parts: list[str]) -> None:
    source = "\n".join(part.format(number) for number, part in enumerate(parts)) + "\n"
    result = stub(source, "s.py")
    ast.parse(result)
    assert "SECRET" not in result
    assert "SOLUTION" not in result
    assert result.count("NotImplementedError") == parts.count(FUNCTION)
    outside = re.sub(r" *### BEGIN SOLUTION\n.*\n *### END SOLUTION\n", "", source).split("\n")
    assert [line for line in result.split("\n") if "NotImplementedError" not in line] == outside
    assert stub(result, "s.py") == result


def test_the_data_files_in_the_repository_are_fresh_and_small() -> None:
    folder = built_in().exercises[0].stub.parent / "data"
    assert datafiles.stale(folder) == []
    assert {path.name for path in folder.iterdir()} == set(datafiles.texts())
    assert sum(path.stat().st_size for path in folder.iterdir()) < 50_000
    bars = [line.split(",")[1:] for line in datafiles.texts()["bars.csv"].splitlines()[1:]]
    assert len({tuple(pixels) for pixels in bars}) == 16
    assert {pixels.count("1") for pixels in bars} == {8}


def test_data_files_are_written_where_they_are_missing(tmp_path: Path) -> None:
    assert len(datafiles.write(tmp_path / "data")) == 3
    (tmp_path / "data" / "ring.csv").write_text("")
    assert [path.name for path in datafiles.stale(tmp_path / "data")] == ["ring.csv"]
    assert [path.name for path in datafiles.write(tmp_path / "data")] == ["ring.csv"]
    assert datafiles.stale(tmp_path / "data") == []


def test_the_stubs_in_the_repository_are_fresh() -> None:
    assert [exercise.name for exercise in stale(built_in())] == [], "run: make exercises"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for folder in ("exercises", "solutions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "solutions" / "exercise1_a.py").write_text(SOURCE, encoding="utf-8")
    path = tmp_path / "exercises" / "course.yaml"
    path.write_text("title: x\nexercises: [{name: exercise1_a, title: A, minutes: 5}]\n", encoding="utf-8")
    return Course.load(path)


def test_writing_and_checking(course: Course) -> None:
    assert stale(course) == list(course.exercises)
    assert write_stubs(course) == list(course.exercises)
    assert course.exercises[0].stub.read_text(encoding="utf-8") == STUB
    assert write_stubs(course) == stale(course) == []
    course.exercises[0].stub.write_text(STUB + "\n", encoding="utf-8")
    assert stale(course) == list(course.exercises)


def test_a_missing_solution(course: Course) -> None:
    course.exercises[0].solution.unlink()
    with pytest.raises(UnusableInput, match=r"exercise1_a\.py cannot be read: No such file"):
        stale(course)


def test_the_command() -> None:
    command = [sys.executable, "-m", "grader.author"]
    assert subprocess.run([*command, "--check"], capture_output=True, check=False).returncode == 0
    wrong = subprocess.run([*command, "--what"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("usage: python -m grader.author [-h] [--check] [--course DIR]\n")
