"""A judge that stays serves one grading after another, and none of them can tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from courses import CHECKS, small_course
from forked_child import linux_only

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.errors import CheckFileError
from grader.report import Report
from grader.submission import Submission

pytestmark = linux_only  # elsewhere each grading has a fresh interpreter as its judge
RIGHT = "six = 6.0\ndef double(x): return 2 * x\n"

TELLING = (
    CHECKS
    + '''
import os
import random
import numpy as np

SEEN = []

@points(1)
def test_judge(learner, rng):
    """Tell what this judge is, and what it has seen."""
    SEEN.append(learner.answer("six"))
    noise = f"{torch.rand(()).item()} {np.random.rand()} {random.random()}"
    assert_true(False, f"{os.getppid()}|{SEEN}|{noise}")
'''
)


def graded(exercise: Exercise, sandbox: Sandbox, source: str = RIGHT) -> Report:
    return grade(exercise, Submission(Path("x.py"), "x.py", source), sandbox=sandbox, seed=0)


def told(report: Report) -> list[str]:
    """Of the judge above: the process that it was forked from, what it has seen, what it draws without a seed."""
    (found,) = [check for check in report.checks if check.name == "test_judge"]
    return found.message.split("|")


def test_it_is_one_process_that_learns_nothing_of_a_submission(tmp_path: Path, warm: Sandbox) -> None:
    (exercise,) = small_course(tmp_path, checks=TELLING).exercises
    with warm.another() as sandbox:
        one, other = (told(graded(exercise, sandbox, RIGHT.replace("6.0", f"{six}"))) for six in (1.5, 2.5))
        assert one[0] == other[0] != str(sandbox.pid)
        assert (one[1], other[1]) == ("[1.5]", "[2.5]")
        assert not set(one[2].split()) & set(other[2].split())


def test_what_is_saved_counts_in_the_next_grading(tmp_path: Path, warm: Sandbox) -> None:
    checks = CHECKS.replace("2 * x)", "factor() * x)").replace(
        "import torch\n", "import torch\nfrom beside import factor\n"
    )
    (exercise,) = small_course(tmp_path, checks=checks).exercises
    beside = exercise.checks.parent / "beside.py"
    beside.write_text("def factor(): return 2\n")
    with warm.another() as sandbox:
        assert graded(exercise, sandbox).points == 3
        beside.write_text("def factor(): return 3\n")
        assert graded(exercise, sandbox).points == 1
        exercise.checks.write_text(checks.replace("@points(2)", "@points(9)"))
        assert graded(exercise, sandbox).max_points == 10
        exercise.checks.write_text("import nothing_of_that_name\n")
        for _ in range(2):
            with pytest.raises(CheckFileError, match="nothing_of_that_name"):
                graded(exercise, sandbox)
        exercise.checks.write_text(checks)
        assert graded(exercise, sandbox).points == 1


def test_another_exercise_has_its_own(tmp_path: Path, warm: Sandbox) -> None:
    (exercise,) = small_course(tmp_path, checks=TELLING).exercises
    sixth = built_in().find("exercise6")
    with warm.another() as sandbox:
        judges = set()
        for _ in range(2):
            judges.add(told(graded(exercise, sandbox))[0])
            assert graded(sixth, sandbox, sixth.solution.read_text()).passed
        assert len(judges) == 2


def test_a_check_file_with_a_thread_is_judged_by_a_process_of_its_own(tmp_path: Path, warm: Sandbox) -> None:
    """A fork would leave the thread behind, with whatever it was to do."""
    thread = (
        "\nimport threading\nSTARTED = threading.Thread(target=threading.Event().wait, daemon=True)\nSTARTED.start()\n"
    )
    checks = TELLING + thread + "\ndef test_thread(learner, rng):\n    assert_true(STARTED.is_alive(), 'it is gone')\n"
    (exercise,) = small_course(tmp_path, checks=checks).exercises
    with warm.another() as sandbox:
        for _ in range(2):
            report = graded(exercise, sandbox)
            assert told(report)[0] == str(sandbox.pid)
            assert report.checks[-1].points == 1


def test_a_folder_with_any_name_can_hold_checks(tmp_path: Path, warm: Sandbox) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff %s \xcf\x83\n")) / ("d" * 200) / ("e" * 200)
    (exercise,) = small_course(folder, checks=TELLING).exercises
    with warm.another() as sandbox:
        assert told(graded(exercise, sandbox))[0] == told(graded(exercise, sandbox))[0]
