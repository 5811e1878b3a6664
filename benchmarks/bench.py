"""Measure what reparam promises about speed and memory: whole runs, side by side, as ratios of medians in one run.

``make bench`` writes the tables to docs/performance.md. Absolute figures belong to the machine that ran it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import autograde
import batch
import first_card
import page
from page import Row
from watch import first_verdicts

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.submission import read_submission

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(HERE)}
PAUSE = 0.5
"""Seconds between two gradings: what a warm sandbox is for is a learner who saves a file now and then."""


def main() -> None:
    """Measure and print; with ``--write FILE`` also keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = ", ".join(PARTS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {known}; all when left out")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--runs", type=int, default=7, help="runs of each command; medians are shown")
    parser.add_argument("--gradings", type=int, default=1000, help="gradings in one zygote for the growth figure")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: the parts are {known}")
    for name in options.parts or PARTS:
        title, rows = PARTS[name]
        text = page.table(title, [_calibration(), *rows(options)])
        print(text)
        if options.write:  # at once: a later part may take long
            page.write(options.write, [title for title, _ in PARTS.values()], {title: text})


def _calibration() -> Row:
    """A yardstick for the absolute figures: the slower it is, the slower is all else."""

    def additions() -> None:
        total = 0
        for number in range(10_000_000):
            total += number

    return ("how fast this machine is just now: ten million additions in Python", f"{_time(additions):.2f} s", "", "")


def _learner(options: argparse.Namespace) -> list[Row]:
    rows = [row for exercise in built_in().exercises for row in _warm(exercise, options.runs)]
    third = built_in().find("exercise3")
    return [*rows, *_cold(third, options.runs), *_whole_course(options.runs), *_watch(third, options.runs)]


def _memory(options: argparse.Namespace) -> list[Row]:
    return [*_peak(built_in().find("exercise3")), *_growth(built_in().find("exercise1"), options.gradings)]


PARTS: dict[str, tuple[str, Callable[[argparse.Namespace], list[Row]]]] = {
    "learner": ("One learner", _learner),
    "memory": ("Memory", _memory),
    "flashcards": ("Flashcards", lambda options: first_card.rows(options.runs)),
    "nbgrader": ("nbgrader", lambda _: autograde.rows()),
    "batch": ("A whole class", lambda options: batch.rows(crowd=options.gradings)),
}


# --- warm -------------------------------------------------------------------------------------------------


def _warm(exercise: Exercise, runs: int) -> list[Row]:
    quick, trainings = _checks(exercise)
    submission = read_submission(exercise.solution)
    with Sandbox() as box:
        grade(exercise, submission, sandbox=box, seed=0)
        without, with_trainings, bare = [], [], []
        for seed in range(runs):
            time.sleep(PAUSE)
            without.append(_time(lambda: grade(exercise, submission, sandbox=box, seed=0, checks=quick)))
            time.sleep(PAUSE)
            with_trainings.append(_time(lambda: grade(exercise, submission, sandbox=box, seed=0)))
            bare.append(_bare_trainings(exercise, trainings) if trainings else 0.0)
            print(f"{exercise.short} run {seed + 1}/{runs}", file=sys.stderr)
    plain, full, alone = (statistics.median(values) for values in (without, with_trainings, bare))
    rows = [(f"{exercise.short}: warm, without trainings", f"{plain * 1000:.0f} ms", "", "≤ 100 ms")]
    if not trainings:
        return rows
    return [
        *rows,
        (
            f"{exercise.short}: warm, with trainings, against the same trainings in a bare process",
            f"{full:.2f} s",
            f"{full / alone:.2f} × ({alone:.2f} s)",
            "≤ 1.25 ×",
        ),
    ]


def _bare_trainings(exercise: Exercise, trainings: list[str]) -> float:
    """Seconds of the trainings alone, in a process that has everything imported."""
    command = [
        sys.executable,
        str(HERE / "bare_trainings.py"),
        str(exercise.checks),
        str(exercise.solution),
        *trainings,
    ]
    result = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return float(result.stdout)


def _checks(exercise: Exercise) -> tuple[list[str], list[str]]:
    """Names of the checks without and with a training."""
    from grader.suite import Suite

    checks = Suite.load(exercise.checks).checks.values()
    return [c.name for c in checks if not c.training], [c.name for c in checks if c.training]


# --- cold -------------------------------------------------------------------------------------------------


def _cold(exercise: Exercise, runs: int) -> list[Row]:
    solution, checks = str(exercise.solution), str(exercise.checks)
    grading = [sys.executable, "-P", "-m", "grader.cli", exercise.short, "--submission", solution, "--format", "json"]
    torch = [sys.executable, "-c", "import torch"]
    plain = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--noconftest", "-p", "one_process"]
    plain += ["--one-process", solution, checks]
    ours, imports, one_process, bare, helps = [], [], [], [], []
    _, trainings = _checks(exercise)
    for run in range(runs):
        ours.append(_time(lambda: _run(grading)))
        imports.append(_time(lambda: _run(torch)))
        one_process.append(_time(lambda: _run(plain)))
        bare.append(_bare_trainings(exercise, trainings))
        helps.append(_time(lambda: _run([sys.executable, "-P", "-m", "grader.cli", "--help"])))
        print(f"cold run {run + 1}/{runs}", file=sys.stderr)
    cold, torch_alone, pytest_alone = (statistics.median(values) for values in (ours, imports, one_process))
    allowed = statistics.median(bare)
    return [
        (
            f"cold `grade {exercise.short}` less its trainings, against a cold `import torch`",
            f"{cold:.2f} s, trainings {allowed:.2f} s",
            f"{(cold - allowed) / torch_alone:.2f} × ({torch_alone:.2f} s)",
            "≤ 1.5 ×",
        ),
        (
            f"cold `grade {exercise.short}` against cold pytest, same checks in one process",
            f"{cold:.2f} s",
            f"{cold / pytest_alone:.2f} × ({pytest_alone:.2f} s)",
            "≤ 1 ×",
        ),
        ("`grade --help`", f"{statistics.median(helps) * 1000:.0f} ms", "", "≤ 250 ms"),
    ]


def _whole_course(runs: int) -> list[Row]:
    solutions = built_in().exercises[0].solution.parent
    command = [sys.executable, "-P", "-m", "grader.cli", "all", "--submission-dir", str(solutions)]
    seconds = statistics.median(_time(lambda: _run(command)) for _ in range(max(runs // 2, 1)))
    return [("cold `grade all` on the solutions", f"{seconds:.1f} s", "", "≤ 60 s")]


def _watch(exercise: Exercise, runs: int) -> list[Row]:
    seconds = statistics.median(first_verdicts(exercise, runs))
    what = f"`grade {exercise.short} --watch`: from a save to the first check's result on the screen"
    return [(what, f"{seconds * 1000:.0f} ms", "", "≤ 300 ms")]


def _run(command: list[str]) -> None:
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())


# --- memory -----------------------------------------------------------------------------------------------


def _peak(exercise: Exercise) -> list[Row]:
    submission = read_submission(exercise.solution)
    with Sandbox() as box:
        grade(exercise, submission, sandbox=box, seed=0)
        _wait_for_pair(box)
        with _peak_of_children(box.pid) as peak:
            grade(exercise, submission, sandbox=box, seed=1)
        shown = " + ".join(f"{value / 1024:.0f}" for value in peak)
        total = sum(peak) / 1024
    return [
        (
            f"private memory of one grading of {exercise.short} beside the zygote",
            f"{total:.0f} MB ({shown})",
            "",
            "≤ 40 MB",
        )
    ]


@contextmanager
def _peak_of_children(parent: int) -> Iterator[list[int]]:
    """Peak private memory in KiB of each process below ``parent``: those it started, and a judge's copy."""
    peaks: dict[int, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            started = _children(parent)
            for child in (*started, *(copy for judge in started for copy in _children(judge))):
                peaks[child] = max(peaks.get(child, 0), _private(child))

    result: list[int] = []
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield result
    finally:
        done.set()
        thread.join()
        result += list(peaks.values())


def _wait_for_pair(box: Sandbox) -> None:
    """Until the processes of the last grading are gone, and those of the next one wait."""
    time.sleep(PAUSE)
    while len(_children(box.pid)) != 2:
        time.sleep(0.01)


def _children(parent: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def _private(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _anonymous(pid: int) -> int:
    """KiB of memory that is the process's own, whether or not a child still shares it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0])


def _growth(exercise: Exercise, count: int) -> list[Row]:
    submission = read_submission(exercise.solution)
    quick, _ = _checks(exercise)
    with Sandbox() as box:
        for seed in range(20):
            grade(exercise, submission, sandbox=box, seed=seed, checks=quick[:1])
        _wait_for_pair(box)
        before, files = _anonymous(box.pid), _open_files(box.pid)
        seconds = _time(
            lambda: [grade(exercise, submission, sandbox=box, seed=n, checks=quick[:1]) for n in range(count)]
        )
        _wait_for_pair(box)
        after, files_after = _anonymous(box.pid), _open_files(box.pid)
    rate = f"{count / seconds:.0f} gradings of one check a second"
    growth = f"{(after - before) / 1024:+.1f} MB, {files_after - files:+d} descriptors"
    return [(f"growth of one zygote over {count} gradings ({rate})", growth, "", "none")]


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _time(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
