"""From a save to the first check's result on the screen of ``grade --watch``, under a real terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from grader.course import Exercise

PAUSE = 0.5
"""Seconds between two saves: a learner's are further apart."""

# The counter beside the spinner: it shows 2 when the first check has its result.
_SECOND_CHECK = re.compile(r"[⠀-⣿] (?:[2-9]|1\d)/\d")


def first_verdicts(exercise: Exercise, runs: int) -> list[float]:
    """Seconds from the replacing rename to the first result, for each of some saves of the solution."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{exercise.name}.py"
        solution = exercise.solution.read_text()
        file.write_text(solution)
        command = f"-P -m grader.cli {exercise.short} --watch --submission {file}"
        screen = pexpect.spawn(
            sys.executable, command.split(), encoding="utf-8", dimensions=(40, 100), timeout=120,
            env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip
        screen.expect("Well done")
        found = []
        for run in range(runs):
            screen.expect("graded in")
            time.sleep(PAUSE)
            other = file.with_suffix(".new")
            other.write_text(f"{solution}# save {run}\n")
            started = time.perf_counter()
            other.replace(file)
            screen.expect(_SECOND_CHECK)
            found.append(time.perf_counter() - started)
        screen.send("q")
        screen.expect(pexpect.EOF)
    return found
