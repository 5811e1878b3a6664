"""What once got through, where the catalogue of attacks does not show it: each stays mended."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from courses import CHECKS, SOLUTION, small_course

from grader.core import Sandbox, grade
from grader.course import built_in
from grader.submission import Submission
from grader.suite import Suite

FILLINGS = ("\n", " ", "(", "a", "# \n", ".backward(", ".backward(\n", "zero_grad(", "weight ")


@pytest.mark.parametrize("exercise", [exercise.name for exercise in built_in().exercises])
def test_no_pattern_of_a_misconception_takes_for_ever(exercise: str) -> None:
    patterns = {m.source for m in Suite.load(built_in().find(exercise).checks).misconceptions if m.source}
    for pattern in patterns:
        beginnings = re.findall(r"[A-Za-z_]{3,}", pattern)
        for text in (f"{start}(x\n{filling * 300}" for start in beginnings for filling in FILLINGS):
            re.search(pattern, f".{text}")  # one that is exponential would not come back


CALLBACK = """
@points(1)
def test_use(learner, rng):
    \"\"\"Something that can be called goes over.\"\"\"
    def refuse(*_):
        fail("nobody asked")
    assert_close(learner.double(refuse), 1.0)

@free_text()
def reason(_):
    \"\"\"Why?\"\"\"
"""
CALLS_BACK_LATER = """
import sys
reason = "because"
def double(x):
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Server":
        frame = frame.f_back
    server = frame.f_locals["self"]
    def later(request, leaves):
        return server.call_back(0, (), {}), []
    server._handlers["get"] = later
    return 1.0
"""


def test_a_call_back_that_fails_when_nobody_asked_costs_no_verdict(tmp_path: Path, warm: Sandbox) -> None:
    checks = CHECKS.replace("import misconception", "import free_text, fail, misconception") + CALLBACK
    course = small_course(tmp_path, checks=checks, solution=SOLUTION + 'reason = ""\n')
    submission = Submission(Path("work.py"), "work.py", textwrap.dedent(CALLS_BACK_LATER))
    report = grade(course.exercises[0], submission, sandbox=warm, seed=0)
    assert [text.text for text in report.texts] == [""]
    assert not report.passed
