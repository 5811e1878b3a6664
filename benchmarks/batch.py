"""A class graded by `grade batch`, by nbgrader as it comes, by otter-grader, and by the bare checks: the same texts.

otter-grader is measured only where REPARAM_OTTER_PYTHON names the Python of an environment that has it, and torch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from statistics import median

import autograde
from page import Row

from grader.classroom.batch.executors import Workers, open_executor
from grader.classroom.batch.record import Record
from grader.classroom.batch.sandboxes import Sandboxes
from grader.classroom.batch.worker import Piece, checks_digest, graded
from grader.course import Exercise, built_in
from grader.suite import Suite

HERE = Path(__file__).parent
SUBMISSIONS = HERE.parent / "tests" / "submissions"
OTTER = "REPARAM_OTTER_PYTHON"
OTTER_RUNS = 3
"""Submissions that otter grades; the median counts."""
REST = 2.0
"""Seconds between two looks at what is held."""

HOSTILE = (
    "import os\nos._exit(0)\n",
    "raise SystemExit(0)\n",
    "while True:\n    pass\n",
    "x = bytearray(1 << 40)\n",
    "def f():\n    return f()\nf()\n",
    "print('x' * 50_000_000)\n",
    'import os\nos.write(3, b\'{"event": "end"}\' * 1000)\n',
    "import threading, time\nfor _ in range(10_000):\n    threading.Thread(target=time.sleep, args=(9,)).start()\n",
    "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\n",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
)
"""One submission in twenty is one of these."""


def rows(submissions: int = 30, long: int = 60, crowd: int = 1000) -> list[Row]:
    """The table's rows: what, measured, ratio, promised.

    Args:
        submissions: of each exercise, for every grader.
        long: of each exercise, for what we alone do: warm workers, and the checks without them.
        crowd: how many are graded with hostile ones among them.
    """
    found = []
    for name in autograde.EXERCISES:
        exercise = built_in().find(name)
        with tempfile.TemporaryDirectory() as folder:
            found += _graders(exercise, _texts(exercise, submissions), Path(folder))
            found += _workers(exercise, _texts(exercise, long), Path(folder))
    return [*found, *_crowd(crowd)]


def _texts(exercise: Exercise, count: int) -> list[str]:
    """The solution, the stub, and wrong submissions."""
    wrong = sorted((SUBMISSIONS / exercise.name / "wrong").glob("*.py"))
    paths = [exercise.solution, exercise.stub, *(wrong[number % len(wrong)] for number in range(count))]
    return [path.read_text(encoding="utf-8") for path in paths[:count]]


# --- the same texts, several graders ------------------------------------------------------------------------------


def _graders(exercise: Exercise, texts: Sequence[str], folder: Path) -> list[Row]:
    count = len(texts)
    _handed_in(exercise, texts, folder / "class")
    one, two = (_batch(folder, exercise, jobs) for jobs in (1, 2))
    course = autograde.released(folder / "nbgrader", exercise, count)
    stock = autograde.autograded(autograde.alone(course, "stock"), exercise)
    what = f"{exercise.short}, {count} submissions"
    rows = [
        (
            f"{what}: `grade batch --jobs 2` against stock `nbgrader autograde`, seconds for each",
            f"{two.seconds / count:.2f} s, {two.memory:.0f} MB",
            f"{stock.seconds / two.seconds:.1f} × faster ({stock.seconds / count:.2f} s, {stock.memory:.0f} MB)",
            "≥ 10 ×",
        ),
        (f"{what}: memory of the second worker", f"{two.memory - one.memory:.0f} MB", "", "≤ 150 MB"),
    ]
    if OTTER in os.environ:
        rows.insert(1, _against_otter(what, exercise, texts, folder, two))
    return rows


def _workers(exercise: Exercise, texts: Sequence[str], folder: Path) -> list[Row]:
    count = len(texts)
    bare = _bare(exercise, _handed_in(exercise, texts, folder / "long"))
    one, two = (_warm(exercise, texts, jobs) for jobs in (1, 2))
    what = f"{exercise.short}, {count} submissions"
    return [
        (
            f"{what}: warm, two workers against one",
            f"{two / count:.2f} s",
            f"{one / two / 2:.2f} × linear ({one / count:.2f} s)",
            "≥ 0.9 × linear",
        ),
        (
            f"{what}: warm, one worker against the bare checks in one process",
            f"{one / count:.2f} s",
            f"{one / bare:.2f} × ({bare / count:.2f} s)",
            "≤ 1.25 ×",
        ),
    ]


def _handed_in(exercise: Exercise, texts: Sequence[str], folder: Path) -> list[Path]:
    handed = [folder / f"student{number}" / f"{exercise.name}.py" for number in range(len(texts))]
    for path, text in zip(handed, texts, strict=True):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return handed


def _batch(folder: Path, exercise: Exercise, jobs: int) -> autograde.Run:
    out = folder / f"out{jobs}"
    words = ["batch", "class", "--exercise", exercise.short, "--jobs", str(jobs), "--seed", "0", "--out", str(out)]
    started = time.perf_counter()
    memory = autograde.run(folder, "grade", *words)
    return autograde.Run(_say(f"{exercise.short}: {' '.join(words)}", started), memory)


def _warm(exercise: Exercise, texts: Sequence[str], jobs: int) -> float:
    """Seconds for all, by workers that have graded before."""
    with open_executor("local", jobs) as workers:
        _graded(workers, _pieces(exercise, texts[:1] * jobs))
        started = time.perf_counter()
        _graded(workers, _pieces(exercise, texts))
        return _say(f"{exercise.short}: warm, {jobs} workers", started)


def _bare(exercise: Exercise, handed: Sequence[Path]) -> float:
    command = [sys.executable, str(HERE / "bare_checks.py"), str(exercise.checks), *map(str, handed)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE)}
    started = time.perf_counter()
    # What submissions print comes first.
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    _say(f"{exercise.short}: bare", started)
    return float(printed.split()[-1])


def _pieces(exercise: Exercise, texts: Sequence[str]) -> list[Piece]:
    checks = checks_digest(exercise)
    contents = [text.encode() for text in texts]
    return [
        Piece(f"s{number}", exercise.name, f"s{number}.py", content, sha256(content).hexdigest(), 0, checks)
        for number, content in enumerate(contents)
    ]


def _graded(workers: Workers, pieces: Sequence[Piece]) -> list[Record]:
    futures: list[Future[Record]] = [workers.submit(piece) for piece in pieces]
    return [future.result() for future in futures]


def _say(what: str, started: float) -> float:
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s", file=sys.stderr)
    return seconds


# --- otter-grader -------------------------------------------------------------------------------------------------


def _against_otter(what: str, exercise: Exercise, texts: Sequence[str], folder: Path, ours: autograde.Run) -> Row:
    """`otter run`, which grades one notebook: its test file has one case for each of our checks, with its points."""
    python = Path(os.environ[OTTER])
    home = folder / "otter"
    (home / "tests").mkdir(parents=True)
    cases = [_case(exercise, name, check.points) for name, check in Suite.load(exercise.checks).checks.items()]
    (home / "tests" / "q1.py").write_text(f"OK_FORMAT = True\n\ntest = {_test(cases)!r}\n", encoding="utf-8")
    # otter starts a kernel by its name on the path; the checks are imported there.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    environment["PYTHONPATH"] = f"{HERE}{os.pathsep}{HERE.parent}"

    def otter(*words: str) -> None:
        command = [str(python), "-m", "otter", *words]
        subprocess.run(command, cwd=home, env=environment, check=True, capture_output=True)

    otter("generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", "--no-requirements")
    seconds, points = [], []
    for number, text in enumerate(texts[:OTTER_RUNS]):
        (home / "work.ipynb").write_text(json.dumps(_notebook(text)), encoding="utf-8")
        started = time.perf_counter()
        otter("run", "-a", "autograder.zip", "-o", ".", "--no-logo", "work.ipynb")
        seconds.append(_say(f"{exercise.short}: otter run, {number + 1} of {OTTER_RUNS}", started))
        result = json.loads((home / "results.json").read_text(encoding="utf-8"))
        points.append(sum(test.get("score", 0) for test in result["tests"]))
    total = sum(check.points for check in Suite.load(exercise.checks).checks.values())
    if round(points[0]) != total:
        raise SystemExit(f"otter gives the solution {points[0]} of {total} points: this compares nothing.")
    each, own = median(seconds), ours.seconds / len(texts)
    return (
        f"{what}: `grade batch --jobs 2` against `otter run`, seconds for each",
        f"{own:.2f} s",
        f"{each / own:.1f} × faster ({each:.2f} s)",
        "≥ 20 ×",
    )


def _case(exercise: Exercise, name: str, points: int) -> dict[str, object]:
    code = f">>> import otter_check\n>>> otter_check.run({str(exercise.checks)!r}, {name!r}, globals())"
    return {"code": code, "hidden": False, "locked": False, "points": points}


def _test(cases: Sequence[dict[str, object]]) -> dict[str, object]:
    return {"name": "q1", "suites": [{"cases": list(cases), "type": "doctest", "scored": True}]}


def _notebook(text: str) -> dict[str, object]:
    cell = {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": kernel, "cells": [cell]}


# --- a crowd --------------------------------------------------------------------------------------------------------


def _crowd(count: int) -> list[Row]:
    """Many submissions, one in twenty of them hostile: what was lost, what was wrong, what has grown."""
    pieces = _mixed(count)
    sandboxes = Sandboxes()
    expected = {
        key: _marks(graded(piece, sandboxes)) for key, piece in {_key(piece): piece for piece in pieces}.items()
    }
    sandboxes.close()
    with open_executor("local", 2) as workers:
        _graded(workers, pieces[:40])
        before = _at_rest()
        started = time.perf_counter()
        lost, wrong = _counted(_graded(workers, pieces), expected)  # keeps no record, which would count as growth
        seconds = _say(f"{count} submissions, hostile ones among them", started)
        after = _at_rest()
    memory, descriptors, processes = (late - early for late, early in zip(after, before, strict=True))
    return [
        (
            f"{count} submissions of exercises 1 and 6, {count // 20} of them hostile ({count / seconds:.1f} a second)",
            f"{lost} lost, {wrong} wrong",
            "",
            "none",
        ),
        (
            "what grew meanwhile",
            f"{memory / 1024:+.1f} MB, {descriptors:+d} descriptors, {processes:+d} processes",
            "",
            "none",
        ),
    ]


def _counted(records: Sequence[Record], expected: dict[tuple[str, str], list[tuple[str, str, int]]]) -> tuple[int, int]:
    lost = sum(record.report is None or bool(record.fault) for record in records)
    return lost, sum(_marks(record) != expected[_key(record)] for record in records)


def _mixed(count: int) -> list[Piece]:
    found = []
    for name in ("exercise1", "exercise6"):
        exercise = built_in().find(name)
        honest = _texts(exercise, 12)
        texts = [
            HOSTILE[number // 20 % len(HOSTILE)] if number % 20 == 7 else honest[number % len(honest)]
            for number in range(count // 2)
        ]
        found += _pieces(exercise, texts)
    return found


def _key(one: Piece | Record) -> tuple[str, str]:
    return one.exercise, one.digest


def _marks(record: Record) -> list[tuple[str, str, int]]:
    checks = record.report.checks if record.report is not None else ()
    return [(check.name, check.status.value, check.points) for check in checks]


def _at_rest() -> tuple[int, int, int]:
    """What is held once the last gradings' processes have ended, and those of the next ones wait."""
    seen, held = (0, 0), _held()
    while held[1:] != seen:
        seen = held[1:]
        time.sleep(REST)
        held = _held()
    return held


def _held() -> tuple[int, int, int]:
    """KiB, descriptors and processes of this process and of all that come of it."""
    family = autograde.family(os.getpid())
    descriptors = 0
    for pid in family:
        try:
            descriptors += len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:  # it has ended meanwhile
            continue
    return sum(map(autograde.share, family)), descriptors, len(family)


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:3])):
        print(" | ".join(row))
