"""Right work earns everything, whatever the seed: a false rejection is the worst that a grader can do.

`REPARAM_GRADINGS=500` grades so many times for each exercise, in turn the solution and the right submissions.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.report import Status
from grader.submission import read_submission

SUBMISSIONS = Path(__file__).parent / "submissions"
GRADINGS = int(os.environ.get("REPARAM_GRADINGS", "3"))


@pytest.mark.slow
@pytest.mark.timeout(0)  # how long it takes is for whoever asks for five hundred
@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_right_work_is_never_rejected(exercise: Exercise, warm: Sandbox) -> None:
    right = [exercise.solution, *sorted((SUBMISSIONS / exercise.name / "right").glob("*.py"))]
    # Fresh ones in every run; a failure names its seed.
    first = int.from_bytes(os.urandom(3)) << 32
    rejected = []
    for seed in range(first, first + GRADINGS):
        path = right[seed % len(right)]
        report = grade(exercise, read_submission(path), sandbox=warm, seed=seed)
        rejected += [
            f"{path.name} --seed {seed}: {check.name}: {check.message}"
            for check in report.checks
            if check.status is not Status.PASSED
        ]
    assert rejected == []
