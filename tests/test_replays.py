"""What replays showed is kept for the next submission, and changes no verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from courses import CHECKS, small_course
from forked_child import linux_only
from hypothesis import given
from hypothesis import strategies as st

from grader import replays
from grader.core import Sandbox, grade
from grader.course import Exercise
from grader.replays import Replay, Replays
from grader.report import Report
from grader.submission import Submission

numbers = st.lists(st.floats(width=64), max_size=6).map(lambda values: torch.tensor(values, dtype=torch.float64))
some = st.builds(
    Replay,
    st.lists(st.integers(1, 9999), max_size=3).map(tuple),
    st.text(),
    st.none() | numbers | numbers.map(lambda values: values.reshape(1, -1, 1)) | numbers.map(torch.Tensor.sum),
    st.none() | st.text(),
)


def same(one: Replay | None, other: Replay | None) -> bool:
    if one is None or other is None:
        return one is other
    return one._replace(numbers=None) == other._replace(numbers=None) and (
        one.numbers is other.numbers is None
        or bool(
            one.numbers is not None
            and other.numbers is not None
            and one.numbers.shape == other.numbers.shape
            and torch.equal(one.numbers.nan_to_num(7.0), other.numbers.nan_to_num(7.0))
            and torch.equal(one.numbers.isnan(), other.numbers.isnan())
        )
    )


@given(st.dictionaries(st.text(max_size=3), st.none() | some, max_size=4))
def test_what_a_copy_tells_is_what_it_kept(found: dict[str, Replay | None]) -> None:
    here, there = Replays(), Replays()
    here.begin(1, None)
    there.begin(1, None)
    for name, replay in found.items():
        here.keep("test_z", name, replay)
    there.hear(here.news())
    for name, replay in found.items():
        known, heard = there.get("test_z", name)
        assert known
        assert same(heard, replay)
        assert not there.get("test_y", name)[0]
    there.begin(1, 5)
    assert not any(there.get("test_z", name)[0] for name in found)


def test_one_students_numbers_are_not_anothers() -> None:
    judge = Replays()
    for variant in (1, 2):
        copy = Replays()
        copy.begin(0, variant)
        copy.keep("test_z", f"of_{variant}", None)
        judge.hear(copy.news())
    assert not judge.get("test_z", "of_1")[0]
    assert judge.get("test_z", "of_2")[0]


def test_what_is_large_is_replayed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, copy = Replays(), Replays()
    copy.keep("test_z", "large", Replay((1,), "", torch.zeros(replays.NUMBERS_KEPT + 1), None))
    assert copy.news() == b""
    monkeypatch.setattr(replays, "BYTES_KEPT", 100)
    for name in ("first", "second"):
        copy = Replays()
        copy.keep("test_z", name, None)
        judge.hear(copy.news())
    assert [judge.get("test_z", name)[0] for name in ("first", "second")] == [True, False]


# --- in a judge -----------------------------------------------------------------------------------------------

COUNTED = (
    CHECKS.replace("    return x * x\n", "    told('squared')\n    return x * x\n").replace(
        "    return x\n", "    told('same')\n    return x\n"
    )
    + """
LOG = PLACE

def told(name):
    with open(LOG, "a") as log:
        log.write(name + " ")

@misconception("double", fails="test_values", says="x was taken twice", why="no", look="no", source="x, x")
def the_same(x):
    told("the_same")
    return x
"""
)


def counted(folder: Path) -> tuple[Exercise, Path]:
    log = folder / "log"
    log.write_text("")
    (exercise,) = small_course(folder, checks=COUNTED.replace("PLACE", repr(str(log)))).exercises
    return exercise, log


def graded(exercise: Exercise, sandbox: Sandbox, body: str, seed: int = 0) -> Report:
    submission = Submission(Path("x.py"), "x.py", f"six = 6.0\ndef double(x): {body}\n")
    report = grade(exercise, submission, sandbox=sandbox, seed=seed)
    return replace(report, seconds=0, checks=tuple(replace(check, seconds=0) for check in report.checks))


@linux_only  # elsewhere no judge stays
def test_a_classs_mistakes_are_replayed_once_for_each_seed(tmp_path: Path, warm: Sandbox) -> None:
    exercise, log = counted(tmp_path)
    with warm.another() as sandbox:
        first = graded(exercise, sandbox, "return x")
        assert first.checks[-1].misconception == "same"
        assert log.read_text().split() == ["squared", "same"]
        assert graded(exercise, sandbox, "return x") == first
        assert graded(exercise, sandbox, "return x * x").checks[-1].misconception == "squared"
        assert log.read_text().split() == ["squared", "same"]
        assert graded(exercise, sandbox, "return 3 * x").checks[-1].misconception is None
        assert log.read_text().split() == ["squared", "same", "the_same"]
        graded(exercise, sandbox, "return x", seed=1)
        assert log.read_text().split() == ["squared", "same", "the_same", "squared", "same"]


@linux_only  # as above
def test_the_text_decides_between_misconceptions_that_behave_alike(tmp_path: Path, warm: Sandbox) -> None:
    exercise, log = counted(tmp_path)
    with warm.another() as sandbox:
        for _ in range(2):
            assert graded(exercise, sandbox, "return (x, x)[0]").checks[-1].misconception == "the_same"
            assert graded(exercise, sandbox, "return x").checks[-1].misconception == "same"
        assert log.read_text().split() == ["squared", "same", "the_same"]
