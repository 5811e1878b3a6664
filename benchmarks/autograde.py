"""`nbgrader autograde` as nbgrader comes, and with our configuration, on the very same submissions.

Not named after nbgrader, which would hide it from this folder's other programs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from page import Row

from grader.course import Exercise, built_in

EXERCISES = ("exercise1", "exercise2", "exercise3")
SUBMISSIONS = Path(__file__).parent.parent / "tests" / "submissions"
STOCK = "c = get_config()\n"
_PROGRAMS = Path(sys.executable).parent
_PAUSE = 0.2
"""Seconds between two looks at the memory."""


class Run(NamedTuple):
    """One run of the command: its seconds, and the most memory of all its processes together, in MB."""

    seconds: float
    memory: float


def rows(submissions: int = 10) -> list[Row]:
    """The table's rows: what, measured, ratio, promised."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in EXERCISES:
            exercise = built_in().find(name)
            course = released(Path(folder) / name, exercise, submissions)
            ours = autograded(course, exercise)
            stock = autograded(alone(course, "stock"), exercise)
            idle = alone(course, "idle")
            _empty_checks(idle, exercise)
            idling = autograded(idle, exercise)
            what = f"{name}: `nbgrader autograde` of {submissions} submissions, seconds for each"
            found += [
                (what, *_against(ours, stock, submissions), "≥ 5 × faster than stock, memory no higher"),
                (f"{what}, against stock with nothing to check", *_against(ours, idling, submissions), ""),
            ]
    return found


def _against(ours: Run, stock: Run, count: int) -> tuple[str, str]:
    measured = f"{ours.seconds / count:.2f} s, {ours.memory:.0f} MB"
    other = f"{stock.seconds / count:.2f} s, {stock.memory:.0f} MB"
    return measured, f"{stock.seconds / ours.seconds:.1f} × faster ({other})"


def released(folder: Path, exercise: Exercise, count: int) -> Path:
    """A released assignment with submissions: the solution, the stub, and wrong ones."""
    folder.mkdir(parents=True)
    run(folder, "grade", "release", "nbgrader", ".", exercise.name)
    run(folder, "nbgrader", "generate_assignment", exercise.name)
    released = json.loads(_notebook(folder, "release", ".", exercise).read_text(encoding="utf-8"))
    wrong = sorted((SUBMISSIONS / exercise.name / "wrong").glob("*.py"))
    for number in range(count):
        texts = [exercise.solution.read_text(encoding="utf-8")] if number == 0 else []
        texts += [wrong[(number - 2) % len(wrong)].read_text(encoding="utf-8")] if number > 1 else []
        path = _notebook(folder, "submitted", f"student{number}", exercise)
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(_answered(released, texts)), encoding="utf-8")
    return folder


def _answered(released: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """A notebook whose first answer holds a whole submission, and whose other answers are empty."""
    cells = json.loads(json.dumps(released["cells"]))
    answers = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")] if texts else []
    for cell, text in zip(answers, [*texts, *["pass"] * len(answers)], strict=False):
        cell["source"] = text
    return {**released, "cells": cells}


def alone(course: Path, name: str) -> Path:
    """The same course as nbgrader alone grades it."""
    other = course.with_name(f"{course.name}-{name}")
    shutil.copytree(course, other, ignore=shutil.ignore_patterns("autograded"))
    (other / "gradebook.db").unlink()
    (other / "nbgrader_config.py").write_text(STOCK, encoding="utf-8")
    return other


def _empty_checks(course: Path, exercise: Exercise) -> None:
    """Leave a kernel nothing to do but to start and to run the students' cells."""
    path = _notebook(course, "source", ".", exercise)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("locked"):
            cell["source"] = "pass"
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _notebook(course: Path, step: str, student: str, exercise: Exercise) -> Path:
    return course / step / student / exercise.name / f"{exercise.name}.ipynb"


def autograded(course: Path, exercise: Exercise) -> Run:
    """Grade all that was handed in, anew."""
    run(course, "nbgrader", "generate_assignment", exercise.name, "--force")
    started = time.perf_counter()
    memory = run(course, "nbgrader", "autograde", exercise.name)
    seconds = time.perf_counter() - started
    print(f"{course.name}: {seconds:.1f} s, {memory:.0f} MB", file=sys.stderr)
    return Run(seconds, memory)


def run(folder: Path, program: str, *words: str) -> float:
    """Run a program to its end; the most memory that it and all it started had at a time, in MB."""
    environment = {**os.environ, "PATH": f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    command = [str(_PROGRAMS / program), *words]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(_PAUSE):
            peak = max(peak, sum(map(share, family(process.pid))) / 1024)

    thread = threading.Thread(target=watch)
    thread.start()
    code = process.wait()
    done.set()
    thread.join()
    if code:
        raise subprocess.CalledProcessError(code, command)
    return peak


def family(pid: int) -> list[int]:
    """A process and all that come of it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it has ended meanwhile
                continue
    return found


def share(pid: int) -> int:
    """KiB of a process, where what several share is counted in parts; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 10):
        print(" | ".join(row))
