"""What a verdict carries besides points: impossible values, remarks, pictures, texts for a person; end to end."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from grader import drawings
from grader.core import Event, Sandbox, grade
from grader.course import Course
from grader.render.page import Look
from grader.render.terminal import render
from grader.report import CheckResult, Report, Status
from grader.submission import Submission

CHECKS = '''
"""A small check file that uses everything."""
import torch
from grader.checking import (
    Range, Scatter, advice, assert_answer, assert_close, assert_possible, by_hand, free_text, loops_over, points,
    reference, training,
)

@reference(returns="tensor", possible=Range(0, 1, "a probability lies between 0 and 1"))
def chance(x):
    return torch.sigmoid(x)

@by_hand(possible=Range(0, None, "an entropy is never negative"))
def entropy(functions):
    return torch.tensor(0.6931)

@points(1)
def test_entropy(learner, rng):
    """By hand: the entropy is right."""
    assert_answer(learner, "entropy")

@points(1)
def test_chance(learner, rng):
    """The chance is right."""
    x = rng.normal(3)
    got = learner.chance(x)
    learner.advise("looked_twice", "It could be looked at once.")
    assert_close(got, chance(x), "the chance")

@advice("chance", check="test_chance", says="a loop over the rows of x is slow; work on whole tensors")
def row_by_row(code):
    return loops_over(code, "x")

@free_text()
def reason():
    """Say why."""

@training
@points(1)
def test_run(learner, rng):
    """The points reach both modes."""
    centers = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    for step in range(3):
        learner.show(Scatter(f"step {step}", centers.repeat(400, 1), centers, 0.3))
    loss = float(learner.chance(torch.zeros(())))
    assert_possible(loss, 0.4, None, "the loss", because="the entropy is 0.5 nats", so="the model peeks")
'''
RIGHT = "import torch\nentropy = 0.6931\ndef chance(x): return torch.sigmoid(x)\nreason = 'It is \\x1b[31mfair.'\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    for folder in ("exercises", "solutions", "checks"):
        (root / folder).mkdir()
    (root / "checks" / "exercise1_chance.py").write_text(CHECKS)
    manifest = root / "exercises" / "course.yaml"
    manifest.write_text("title: Small\nexercises:\n  - {name: exercise1_chance, title: Chance, minutes: 5}\n")
    return Course.load(manifest)


def graded(course: Course, sandbox: Sandbox, source: str, events: list[Event] | None = None) -> Report:
    submission = Submission(Path("a.py"), "a.py", source)
    heard = events.append if events is not None else lambda _: None
    return grade(course.exercises[0], submission, sandbox=sandbox, seed=1, on_event=heard)


def check(report: Report, name: str) -> CheckResult:
    (found,) = [check for check in report.checks if check.name == name]
    return found


def test_what_passes_may_be_remarked_on_at_no_cost(course: Course, warm: Sandbox) -> None:
    loop = RIGHT.replace(
        "return torch.sigmoid(x)", "return torch.stack([torch.sigmoid(v) for v in x]) if x.dim() else x.sigmoid()"
    )
    report = graded(course, warm, loop)
    assert report.passed
    assert [advice.name for advice in check(report, "test_chance").advice] == ["looked_twice", "row_by_row"]
    assert [advice.name for advice in check(graded(course, warm, RIGHT), "test_chance").advice] == ["looked_twice"]
    text = render(report, Look(), command="grade 1")
    assert "could be better" in text
    assert "A loop over the rows of x is slow; work on whole tensors." in text


def test_what_fails_is_not_remarked_on(course: Course, warm: Sandbox) -> None:
    report = graded(course, warm, "def chance(x): return [0.4 for v in x]\n")
    assert [check.advice for check in report.checks] == [(), (), ()]


def test_an_impossible_value_is_said_to_be_one(course: Course, warm: Sandbox) -> None:
    report = graded(course, warm, "entropy = -0.7\ndef chance(x): return 1.5 + 0 * x\n")
    assert (
        "This cannot be: entropy holds -0.7, but an entropy is never negative." in check(report, "test_entropy").message
    )
    assert "This cannot be: chance gave 1.5, but a probability" in check(report, "test_chance").message
    low = graded(course, warm, "def chance(x): return 0.3 + 0 * x\n")
    assert "This cannot be" not in check(low, "test_chance").message
    message = check(low, "test_run").message
    assert message.startswith("This cannot be: the loss is 0.3, and that is too low, because the entropy is 0.5 nats.")
    assert message.count("This cannot be") == 1


def test_a_picture_is_shown_while_it_changes_and_kept_at_the_end(course: Course, warm: Sandbox) -> None:
    events: list[Event] = []
    report = graded(course, warm, RIGHT, events)
    assert [picture.title for event in events for picture in event.pictures] == ["step 0", "step 1", "step 2"]
    (picture,) = check(report, "test_run").pictures
    assert isinstance(picture, drawings.Scatter)
    assert picture.title == "step 2"
    assert set(picture.points) == {(-1.0, 0.0), (1.0, 0.0)}
    assert len(picture.points) <= 500
    assert check(report, "test_chance").pictures == ()
    assert "2 of 2 modes reached" in render(report, Look(), command="grade 1")


def test_a_text_for_a_person_is_carried_cleaned(course: Course, warm: Sandbox) -> None:
    (text,) = graded(course, warm, RIGHT).texts
    assert (text.name, text.title, text.text) == ("reason", "Say why", "It is fair.")


@pytest.mark.parametrize("source", ["reason = 3", "reason = None", "import os; os._exit(0)", "raise ValueError", ""])
def test_a_text_that_is_not_there_is_empty(source: str, course: Course, warm: Sandbox) -> None:
    report = graded(course, warm, source)
    assert [text.text for text in report.texts] == [""]
    assert "nothing written yet" in render(report, Look(), command="grade 1")


def test_the_published_form_has_it_all(course: Course, warm: Sandbox) -> None:
    schema = json.loads((Path(__file__).parent.parent / "grader/schema/report.schema.json").read_text())
    report = graded(course, warm, RIGHT)
    data = json.loads(json.dumps(report.to_json()))
    jsonschema.validate(data, schema)
    again = Report.from_json(data)
    assert again.checks == report.checks
    assert again.texts == report.texts
    assert check(again, "test_run").status is Status.PASSED
