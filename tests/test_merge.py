"""Improvements reach a learner's file cell by cell, and nothing that they wrote is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import Exercise, built_in
from grader.merge import Conflict, Merged, merge, nearest

INTRO = "# %% [markdown]\n# # A title\n#\n# Some words.\n\n"
HAND = "# %%\nz = [None, None]\n\n"
PART = "# %% [markdown]\n# ## Part 2\n#\n# More words.\n\n\n"
HEAD = '# %%\ndef f(x, y):\n    """Say something.\n\n    Args:\n        x: a number.\n    """\n'
CODE = f'{HEAD}    raise NotImplementedError("write f")\n'
STUB = INTRO + HAND + PART + CODE
MINE = STUB.replace("None, None", "1, 2").replace('raise NotImplementedError("write f")', "return x + y")


def test_the_pristine_file_becomes_todays() -> None:
    ours = STUB.replace("Some words", "Better words") + "\n# %%\nw = None\n"
    assert merge(STUB, STUB, ours) == Merged(ours, ("A title", "w"), ())


def test_nothing_new() -> None:
    assert merge(STUB, MINE, STUB) == Merged(MINE, (), ())


def test_words_are_replaced_and_answers_stay() -> None:
    ours = STUB.replace("Some words", "Better words").replace("## Part 2", "## The second part")
    merged = merge(STUB, MINE, ours)
    assert merged.text == MINE.replace("Some words", "Better words").replace("## Part 2", "## The second part")
    assert merged.improved == ("A title", "Part 2", "The second part")
    assert merged.conflicts == ()


def test_a_docstring_and_a_signature_are_improved_around_the_answer() -> None:
    ours = STUB.replace("def f(x, y):", "def f(x: int, y: int = 3) -> int:").replace("a number", "a whole number")
    merged = merge(STUB, MINE, ours)
    assert 'def f(x: int, y: int = 3) -> int:\n    """Say something.\n' in merged.text
    assert "a whole number" in merged.text
    assert merged.text.endswith("    return x + y\n")
    assert (merged.improved, merged.conflicts) == (("f",), ())


def test_arguments_with_other_names_would_break_the_answer() -> None:
    ours = STUB.replace("def f(x, y):", "def f(x, weight):")
    assert merge(STUB, MINE, ours) == Merged(MINE, (), (Conflict("f", 15),))
    assert ours.splitlines()[14] == "# %%"


def test_where_both_changed_the_learners_stays() -> None:
    ours = STUB.replace("None, None", "None, None, None").replace("Some", "Better")
    merged = merge(STUB, MINE, ours)
    assert merged == Merged(MINE.replace("Some", "Better"), ("A title",), (Conflict("z", 6),))
    assert "<<<<" not in merged.text


def test_cells_of_the_learners_own_stay() -> None:
    own = "# %%\nimport math\n\n# %%\nhelper = 3\n\n"
    mine = STUB.replace(PART, own + PART)
    ours = STUB.replace("More words", "Other words")
    assert merge(STUB, mine, ours).text == mine.replace("More words", "Other words")


def test_a_cell_that_the_learner_took_away_stays_away() -> None:
    mine = STUB.replace(PART, "")
    assert merge(STUB, mine, STUB).text == mine
    assert merge(STUB, mine, STUB.replace("More", "Other")) == Merged(mine, (), (Conflict("Part 2", 9),))


def test_a_cell_that_we_took_away() -> None:
    ours = STUB.replace(HAND, "")
    assert merge(STUB, STUB, ours) == Merged(ours, ("z",), ())
    assert merge(STUB, MINE, ours) == Merged(MINE, (), (Conflict("z", 0),))


def test_a_new_cell_comes_where_it_belongs() -> None:
    ours = STUB.replace(PART, "# %%\nw = [None]\n\n" + PART) + "\n# %%\nlast = None\n"
    merged = merge(STUB, MINE.rstrip("\n"), ours)
    assert merged.text.index("z = [1, 2]") < merged.text.index("w = [None]") < merged.text.index("## Part 2")
    assert "    return x + y\n# %%\nlast = None\n" in merged.text


def test_a_file_that_is_no_python_just_now() -> None:
    mine = STUB.replace('raise NotImplementedError("write f")', "return (x +")
    merged = merge(STUB, mine, STUB.replace("Some", "Better").replace("a number", "a whole number"))
    assert "Better words" in merged.text
    assert "return (x +" in merged.text
    assert merged.conflicts == (Conflict("f", 15),)


def test_cells_that_cannot_be_told_apart() -> None:
    base = "# %%\nprint(1)\n# %%\nprint(2)\n"
    mine = "# %%\nprint(0)\n# %%\nprint(1)\n# %%\nprint(2)\n"
    merged = merge(base, mine, base.replace("print(2)", "print(3)"))
    assert "print(0)" in merged.text


def test_the_nearest_version() -> None:
    assert nearest("x", []) is None
    other = STUB.replace("Some words", "Quite other words")
    assert nearest(MINE, [other, STUB]) == STUB
    assert nearest(MINE.replace("Some words", "Quite other words"), [STUB, other]) == other


# --- laws -------------------------------------------------------------------------------------------------

LINE = st.sampled_from(
    ["# %%", "# %% [markdown]", "# # A", "# ## B", "x = 1", "y = [", "]", "", "# text", "def f(a):", "    pass"]
)
TEXT = st.lists(LINE, max_size=14).map(lambda lines: "".join(f"{line}\n" for line in lines))


def edited(text: str, line: int, new: list[str]) -> str:
    lines = text.splitlines()
    place = line % (len(lines) + 1)
    return "".join(f"{line}\n" for line in lines[:place] + new + lines[place + 1 :])


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), max_size=4))
def test_no_line_of_the_learner_is_lost(base: str, ours: str, edits: list[tuple[int, int]]) -> None:
    mine = base
    for number, (line, count) in enumerate(edits):
        mine = edited(mine, line, [f"mine_{number}_{copy}" for copy in range(count)])
    written = [line for line in mine.splitlines() if line.startswith("mine_")]
    merged = merge(base, mine, ours)
    assert [line for line in merged.text.splitlines() if line.startswith("mine_")] == written


@settings(max_examples=200, deadline=None)
@given(TEXT, TEXT)
def test_laws(base: str, other: str) -> None:
    assert merge(base, other, base).text == other
    assert not merge(base, other, base).conflicts
    again = merge(base, base, other).text
    assert sorted(again.split()) == sorted(other.split())


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_real_exercises(exercise: Exercise) -> None:
    stub = exercise.stub.read_text(encoding="utf-8")
    solved = exercise.solution.read_text(encoding="utf-8")
    better = re.sub(r"^(# .*\.)$", r"\1 Indeed.", stub, flags=re.MULTILINE)
    assert merge(stub, solved, stub) == Merged(solved, (), ())
    merged = merge(stub, solved, better)
    assert merged.conflicts == ()
    assert merged.text.replace(" Indeed.", "") == solved
    assert merged.text.count(" Indeed.") == better.count(" Indeed.") > 0
