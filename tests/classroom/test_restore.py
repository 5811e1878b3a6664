"""Whatever was done to a notebook's cells: the released ones are there once, and no student's code is lost or moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.ahead import Ahead
from grader.classroom.handed_in import harmless, new_cell, problem, read
from grader.classroom.marking import Marks, Work, mark, probe_seed, shown, submitted
from grader.classroom.restore import Released, note, restore
from grader.course import built_in
from grader.errors import UnusableInput
from grader.kernel.warm import Keeper


def released(id: str, source: str, *, locked: bool = False, graded: bool = False) -> Released:  # noqa: A002  nbgrader's word
    metadata: dict[str, Any] = {"grade_id": id, "grade": graded, "solution": not locked, "locked": locked}
    metadata |= {"task": False, "schema_version": 3} | ({"points": 2.0} if graded else {})
    return Released(id, "code", source, locked, metadata)


RELEASED = [
    released("answer_f", "def f(x):\n    raise NotImplementedError"),
    released("f", "check('f')", locked=True, graded=True),
    released("answer_g", "g = [None]"),
    released("g", "check('g')", locked=True, graded=True),
    released("text", 'text = ""', graded=True),
]
ANSWERS = {"answer_f": "def f(x):\n    return x", "answer_g": "g = [1]", "text": 'text = "because"'}
WORK = [new_cell("code", ANSWERS.get(item.id, item.source), item.nbgrader) for item in RELEASED]


def ids(cells: list[dict[str, Any]]) -> list[str]:
    return [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if cell["metadata"]]


def test_what_is_whole_stays_as_it_is() -> None:
    cells, repairs = restore(WORK, RELEASED)
    assert repairs == []
    assert [{**cell, "id": ""} for cell in cells] == [{**cell, "id": ""} for cell in WORK]
    assert note("", repairs) == ""


def test_a_missing_answer_is_not_put_back_over_one_that_stands_elsewhere() -> None:
    other = new_cell("code", ANSWERS["answer_f"])
    cells, _ = restore([other, *WORK[1:]], RELEASED)
    assert [cell["source"] for cell in cells].count(RELEASED[0].source) == 0
    assert ids(cells) == [item.id for item in RELEASED]


def test_a_missing_cell_comes_back_in_its_place() -> None:
    cells, _ = restore([WORK[0], WORK[2]], RELEASED)
    assert ids(cells) == ["answer_f", "f", "answer_g", "g", "text"]
    cells, _ = restore([], RELEASED)
    assert ids(cells) == ["f", "g", "text"]


def test_an_answer_that_calls_itself_a_check_is_kept() -> None:
    answer = new_cell("code", ANSWERS["answer_f"], RELEASED[1].nbgrader)
    cells, _ = restore([answer, *WORK[2:]], RELEASED)
    assert ANSWERS["answer_f"] in [cell["source"] for cell in cells]
    assert sorted(ids(cells)) == sorted(item.id for item in RELEASED)


def test_prose_does_not_become_code() -> None:
    prose = new_cell("markdown", "I do not know, sorry.", RELEASED[0].nbgrader)
    cells, repairs = restore([prose, *WORK[1:]], RELEASED)
    assert cells[0]["cell_type"] == "markdown"
    assert "answer_f" not in ids(cells)
    assert any("answer_f" in repair for repair in repairs)


SOURCES = [*(cell["source"] for cell in WORK), *(item.source for item in RELEASED), "x = 1", "def f(", ""]
METADATA: list[Any] = [None, {"grade_id": "h"}, {"grade_id": ["f"]}, {"grade": True, "points": 1000}]
METADATA += [item.nbgrader for item in RELEASED]
CELLS = st.builds(new_cell, st.sampled_from(["code", "markdown"]), st.sampled_from(SOURCES), st.sampled_from(METADATA))


@settings(max_examples=500, deadline=None)
@given(st.lists(CELLS, max_size=9))
def test_any_notebook_is_restored(given: list[dict[str, Any]]) -> None:
    cells, repairs = restore(given, RELEASED)
    bearing = [cell for cell in cells if cell["metadata"]]
    told = {item.id: item for item in RELEASED}
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert len(ids(bearing)) == len(set(ids(bearing)))
    assert {item.id for item in RELEASED if item.locked or item.nbgrader["grade"]} <= set(ids(bearing)) <= set(told)
    for cell in bearing:
        item = told[cell["metadata"]["nbgrader"]["grade_id"]]
        assert cell["metadata"]["nbgrader"] == item.nbgrader
        assert cell["cell_type"] == item.kind
        assert not item.locked or cell["source"] == item.source
    # Everything that is a student's is still there, in its order, but for what was written into a check cell.
    locked = [item.id for item in RELEASED if item.locked]
    own = [
        cell["source"]
        for cell in given
        if cell["cell_type"] == "code"
        and (cell["source"] in ANSWERS.values() or cell["metadata"].get("nbgrader", {}).get("grade_id") not in locked)
    ]
    left = iter([cell["source"] for cell in cells])
    assert all(source in left for source in own)
    assert restore(cells, RELEASED)[1] in ([], [repair for repair in repairs if repair.startswith("Missing, though")])


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "\\<img src=x onerror=alert(1)>",
        "&<svg/onload=alert(1)>",
        "<!--><script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x]( JaVaScRiPt:alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](java&#115;cript:alert(1))",
        "[x]\n\n[x]: javascript:alert(1)",
        "![x](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        "```html\n</code></pre><script>alert(1)</script>\n```",
    ],
)
def test_no_markup_comes_of_a_students_markdown(text: str) -> None:
    from nbconvert.filters.markdown import markdown2html

    shown = str(markdown2html(harmless(text))).casefold()
    assert "<script" not in shown
    assert "<svg" not in shown
    assert "<img" not in shown
    assert 'href="java' not in shown


def test_harmless_text_is_left_alone() -> None:
    text = "# σ < 3\n\n$z_{1} < 2$ and `a <= b`, see [paper](https://arxiv.org/abs/1312.6114)."
    assert harmless(text) == text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"nbformat": 4}', b"\xff\xfe", b'{"nbformat": 4, "cells": 3}'])
def test_what_cannot_be_read_says_why_and_not_where(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "exercise1_reparameterization.ipynb"
    path.write_bytes(content)
    found = read(path)
    assert found["cells"] == []
    assert problem(found["metadata"])
    assert str(tmp_path) not in problem(found["metadata"])


def test_odd_cells_are_read(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = [3, {}, {"cell_type": "code", "source": ["a\n", "b"], "metadata": 7, "outputs": "x"}, {"source": "\ud800"}]
    path.write_text(json.dumps({"nbformat": 4, "cells": cells, "metadata": []}))
    sources = [(cell["cell_type"], cell["source"]) for cell in read(path)["cells"]]
    assert sources == [("markdown", ""), ("code", "a\nb"), ("markdown", "\ufffd")]


def test_too_many_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": [{}] * 1001}))
    assert "more than 1000 cells" in problem(read(path)["metadata"])


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.close()


def test_the_seed_is_the_secrets_and_the_assignments() -> None:
    assert probe_seed(7, "a") == probe_seed("7", "a") != probe_seed(7, "b")
    assert probe_seed("", "a") == probe_seed("", "a") != probe_seed(7, "a")
    assert 0 <= probe_seed("ø", "a") < 2**63


def test_time_that_is_up_leaves_what_was_earned(keeper: Keeper) -> None:
    exercise = built_in().find("exercise1")
    loop = "z = [0.6, 0.65, -0.2]\ndef reparameterize(mu, sigma, epsilon):\n    while True: pass"
    marks = mark(Work(exercise, submitted(exercise, [loop]), 1, 3), keeper)
    assert "stopped after 3 s" in marks.problem
    assert marks.report is not None
    assert {check.name for check in marks.report.checks} >= {"test_z"}
    cell = shown(marks, ["test_values"])
    assert cell.points == 0
    assert "stopped after 3 s" in cell.html
    again = mark(Work(exercise, submitted(exercise, ["z = [0.6, 0.65, -0.2]"]), 1, 60), keeper)
    assert not again.problem
    assert shown(again, ["test_z"]).points == 2


def test_a_message_is_escaped(keeper: Keeper) -> None:
    exercise = built_in().find("exercise1")
    source = "z = [0, 0, 0]\ndef reparameterize(mu, sigma, epsilon):\n    raise ValueError('<script>alert(1)</script>')"
    marks = mark(Work(exercise, submitted(exercise, [source]), 1, 60), keeper)
    found = shown(marks, ["test_values"])
    assert "&lt;script&gt;" in found.html
    assert "<script" not in found.html
    with pytest.raises(UnusableInput) as caught:
        submitted(exercise, ["<script>alert(1)</script>"])
    assert "<script" not in shown(Marks(None, str(caught.value)), ["test_values"]).html


def test_notebooks_are_graded_side_by_side_and_each_gets_its_own_marks() -> None:
    exercise = built_in().find("exercise1")
    texts = ["z = [0.6, 0.65, -0.2]", "z = [9, 9, 9]", "import os\nos._exit(0)", "dloss_dmu = [1.2, 1.3, -0.4]"]
    works = [Work(exercise, submitted(exercise, [text]), 1, 60) for text in texts]
    ahead = Ahead(2)
    for work in works:
        ahead.begin(work)
    found = [ahead.marks(work).report for work in reversed(works)]
    assert [report.points for report in found if report is not None] == [1, 0, 0, 2]
    ahead.close()
