"""What a session does with each thing that happens, without a terminal; and what it shows of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import progress
from grader.core import CheckPlan
from grader.course import built_in
from grader.errors import UnusableInput
from grader.render.page import Look
from grader.report import CheckResult, Evidence, Report, Status
from grader.submission import Submission
from grader.watch import events
from grader.watch.choice import following
from grader.watch.editor import editor_call
from grader.watch.place import line_of
from grader.watch.screen import compose, last_words
from grader.watch.session import State, step

EXERCISE = built_in().find("exercise1")
PLANS = (CheckPlan("test_z", "z is right", 2), CheckPlan("test_values", "values are right", 3))
FILE = Path("/home/me/exercises") / EXERCISE.stub.name


def text(source: str) -> events.Saved:
    return events.Saved(FILE, Submission(FILE, FILE.name, source), 1.0)


def result(name: str, status: Status, message: str = "") -> CheckResult:
    (plan,) = [plan for plan in PLANS if plan.name == name]
    return CheckResult(
        name, plan.title, status, plan.points if status is Status.PASSED else 0, plan.points, message,
        evidence=Evidence("reparameterize(mu=…)", "1", "2") if message else Evidence(),
    )  # fmt: skip


def run(state: State, *happened: events.Event) -> tuple[State, list[events.Effect]]:
    effects: list[events.Effect] = []
    for event in happened:
        state, more = step(state, event)
        effects += more
    return state, effects


def grading(run: int, *results: CheckResult) -> list[events.Event]:
    judged = [events.Judged(run, one) for one in results]
    return [events.Began(run, PLANS), *judged, events.Finished(run, report(*results))]


def report(*results: CheckResult) -> Report:
    return Report(EXERCISE.name, EXERCISE.title, results, 0.2, ("process",), 7)


WRONG, RIGHT = result("test_z", Status.FAILED, "σ² was used"), result("test_z", Status.PASSED)
OTHER = result("test_values", Status.NOT_ATTEMPTED)


def test_each_save_is_graded_and_each_whole_grading_remembered() -> None:
    state, effects = run(State(EXERCISE), text("a"), *grading(1, WRONG, OTHER), text("b"), *grading(2, RIGHT, OTHER))
    kinds = [type(effect).__name__ for effect in effects]
    assert kinds == ["Grade", "Remember", "Grade", "Remember"]
    assert state.change is not None
    assert (state.change.points, state.change.passes, state.change.broken) == (2, ("z is right",), ())


def test_what_an_older_grading_tells_is_not_heard() -> None:
    state, _ = run(State(EXERCISE), text("a"), events.Began(1, PLANS), text("b"))
    assert run(state, *grading(1, RIGHT, OTHER)) == (state, [])
    state, _ = run(state, *grading(2, WRONG, OTHER))
    assert run(state, *grading(2, RIGHT, OTHER)) == (state, [])  # it has ended


def test_a_text_that_cannot_be_graded_stops_the_grading_and_keeps_the_verdicts() -> None:
    state, _ = run(State(EXERCISE), text("a"), *grading(1, RIGHT, OTHER), text("b"))
    state, effects = run(state, events.Unusable(FILE, "line 3: no"))
    assert effects == [events.Stop()]
    assert run(state, *grading(2, WRONG, OTHER)) == (state, [])
    assert [row.result for row in state.rows] == [RIGHT, OTHER]
    assert run(state, events.Pressed("r"))[1] == []  # there is nothing to grade
    assert run(state, events.Pressed("h"))[1] == []  # a hint would be counted, and not be seen
    assert not state.passed


def test_a_pass_needs_every_check_of_the_text_as_it_is() -> None:
    solved = result("test_values", Status.PASSED)
    state, _ = run(State(EXERCISE), text("a"), *grading(1, RIGHT, solved))
    assert state.passed
    assert run(state, events.Pressed("n"))[1] == [events.Next()]
    begun, _ = run(state, text("b"))
    assert not begun.passed
    asked, effects = run(begun, events.Pressed("n"))
    assert effects == []
    assert run(asked, events.Pressed("x"), events.Pressed("y"))[1] == []
    assert run(asked, events.Pressed("y"))[1] == [events.Next()]
    part, _ = run(State(EXERCISE, whole=False), text("a"), *grading(1, RIGHT))
    assert run(part, events.Pressed("n"))[1] == []


def test_hints_are_for_the_check_that_is_shown_and_go_when_it_passes() -> None:
    state, _ = run(State(EXERCISE), text("a"), *grading(1, WRONG, OTHER))
    assert run(state, events.Pressed("h"))[1] == [events.TakeHint("test_z")]
    state, _ = run(state, events.Hinted("test_z", 0, ""))
    assert state.hint is not None
    state, _ = run(state, text("b"), *grading(2, RIGHT, OTHER))
    assert state.hint is None
    assert run(state, events.Pressed("h"))[1] == [events.TakeHint("test_values")]
    assert run(State(EXERCISE), events.Pressed("h"))[0].note


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR])
def test_the_first_failure_goes_before_what_is_still_to_do(status: Status) -> None:
    todo = result("test_z", Status.NOT_ATTEMPTED)
    state, _ = run(State(EXERCISE), text("a"), *grading(1, todo, result("test_values", status, "no")))
    assert state.focus is not None
    assert state.focus.plan.name == "test_values"


def test_the_next_exercise_is_the_next_that_is_open(tmp_path: Path) -> None:
    course = built_in()
    first, second, *_, last = course.exercises
    assert following(course, None) == first
    assert following(course, None, first) == second
    assert following(course, None, last) == first
    progress.record(tmp_path, replace(report(RIGHT), exercise=second.name), datetime.now(UTC))
    assert following(course, tmp_path, first) == course.exercises[2]
    for exercise in course.exercises[1:]:
        progress.record(tmp_path, replace(report(RIGHT), exercise=exercise.name), datetime.now(UTC))
    assert following(course, tmp_path, first) is None


happenings = st.one_of(
    st.sampled_from([*"hnro?yx jk", "up", "down", "pagedown", "escape"]).map(events.Pressed),
    st.sampled_from(["a", "b"]).map(text),
    st.just(events.Unusable(FILE, "f.py, line 1: no\n    x = (\n        ^\nMend this line.")),
    st.integers(1, 4).map(lambda run: events.Began(run, PLANS)),
    st.integers(1, 4).map(lambda run: events.Started(run, "test_z", 0.0)),
    st.tuples(st.integers(1, 4), st.sampled_from([WRONG, RIGHT, OTHER])).map(lambda pair: events.Judged(*pair)),
    st.tuples(st.integers(1, 4), st.sampled_from([WRONG, RIGHT])).map(
        lambda pair: events.Finished(pair[0], report(pair[1], OTHER))
    ),
    st.integers(1, 4).map(lambda run: events.Broke(run, "The sandbox is gone.")),
    st.just(events.Hinted("test_z", 2, "this hint was not counted: " + "long " * 40)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(happenings, max_size=12), st.integers(40, 100), st.integers(1, 60), st.booleans())
def test_whatever_happens_the_screen_fits_the_window(
    happened: list[events.Event], width: int, height: int, unicode: bool
) -> None:
    state, _ = run(State(EXERCISE), *happened)
    shown = compose(state, Look(width=width, unicode=unicode), height, 3.0)
    assert len(shown.lines) <= height
    assert all(len(line) <= width for line in shown.lines)
    assert "q quit" in shown.lines[-1]
    assert last_words(state, Look(width=width), "grade exercise1")
    if height >= 12 and state.problem and not (state.asking or state.help or state.scroll):
        assert any("not graded" in line for line in shown.lines)


def test_text_that_does_not_fit_can_be_moved_to_its_end() -> None:
    long = replace(WRONG, message="\n".join(f"line {number}" for number in range(50)), hint="the end")
    state, _ = run(State(EXERCISE), text("a"), *grading(1, long, OTHER))
    look = Look(width=60)
    first = compose(state, look, 15, 0.0)
    assert any(re.search(r"\d+ more lines below", line) for line in first.lines)
    last = compose(replace(state, scroll=1000), look, 15, 0.0)
    assert last.scroll == first.scroll
    assert any("the end" in line for line in last.lines)


@pytest.mark.parametrize(
    ("editor", "words", "terminal"),
    [
        ("vim", ["+7", "f.py"], True),
        ("nano -w", ["-w", "+7", "f.py"], True),
        ("code --wait", ["--wait", "-g", "f.py:7"], False),
        ("subl", ["f.py:7"], False),
        ("hx", ["f.py:7"], True),
        ("kate", ["-l", "7", "f.py"], False),
        ("my-own -x 'a b'", ["-x", "a b", "f.py"], True),
    ],
)
def test_each_editor_is_told_the_line_in_its_way(editor: str, words: list[str], terminal: bool, tmp_path: Path) -> None:
    program = tmp_path / editor.split()[0]
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {"EDITOR": editor, "VISUAL": " ", "PATH": str(tmp_path)}
    call = editor_call(environ, Path("f.py"), 7)
    assert (list(call.words[1:]), call.terminal) == (words, terminal)
    assert editor_call(environ, Path("f.py"), None).words[-1] == "f.py"


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "No editor is set"),
        ({"EDITOR": "vi 'x"}, r"\$EDITOR has a quote"),
        ({"VISUAL": "/no/such", "EDITOR": "vi"}, r"\$VISUAL names /no/such"),
    ],
)
def test_an_editor_that_cannot_be_started_is_told(environ: dict[str, str], says: str) -> None:
    with pytest.raises(UnusableInput, match=says):
        editor_call({"PATH": "", **environ}, Path("f.py"), 1)


def test_the_line_is_where_the_code_of_the_check_is() -> None:
    source = (
        "mu = [1]\nz = [None]\n\ndef helper():\n    pass\n\ndef reparameterize(mu, sigma, epsilon):\n    return mu\n"
    )
    by_hand = CheckResult("test_z", "", Status.FAILED, 0, 2, "z[0] = 1 is not right")
    assert line_of(by_hand, EXERCISE.checks, source) == 2
    assert line_of(replace(by_hand, name="test_values"), EXERCISE.checks, source) == 7
    called = replace(by_hand, evidence=Evidence("helper(x=1)"))
    assert line_of(called, EXERCISE.checks, source) == 4
    assert line_of(replace(by_hand, message="NameError in line 8: y"), EXERCISE.checks, source) == 8
    assert line_of(replace(by_hand, name="test_no_such"), EXERCISE.checks, source) is None
    assert line_of(None, EXERCISE.checks, "x = (", "f.py, line 1: '(' was never closed") == 1
