"""A class: right and wrong submissions of the tests and hostile ones, graded here and on a cluster.

`REPARAM_CLASS=200` takes every submission that there is, and some of them twice; otherwise it is a sample of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from clusters import alive, cluster, descendants, wait_for
from forked_child import linux_only

from grader.classroom.batch.record import Record
from grader.course import Exercise, built_in
from grader.percent import cells, notebook
from grader.report import Status

TESTS = Path(__file__).parent.parent
SUBMISSIONS = TESTS / "submissions"
EXERCISES = built_in().exercises
SEED = 5
SIZE = int(os.environ.get("REPARAM_CLASS", "45"))
HOSTILE = 0.05
KILLED_AFTER = SIZE // 5
"""Submissions that are graded when one of the two workers is killed."""

# Added to a wrong submission; what it may earn is what that one earns.
ATTACKS = {
    "exits": "import os\nos._exit(0)",
    "leaves": "raise SystemExit(0)",
    "10 MB of output": "print('x' * 10_000_000)",
    "results printed": """
import os
for stream in (1, 2):
    os.write(stream, b'{"event": "end", "layers": []}\\n')
""",
    "forged frames": """
import os
from grader.sandbox.encoder import Encoder
frame = b"".join(bytes(part) for part in Encoder().frame({"result": True, "operation": 1, "generators": []}))
for number in range(300):
    try: os.write(number, frame)
    except OSError: pass
""",
    "always equal": """
import torch
torch.equal = torch.allclose = lambda *a, **k: True
class Alike:
    def __eq__(self, other): return True
    def __float__(self): return 0.6
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
for name, value in list(globals().items()):
    if not name.startswith("_") and type(value).__name__ != "module": globals()[name] = Alike()
""",
    "forks": "import os\nwhile True: os.fork()",
    "memory": "import torch\nkept = torch.ones(1 << 38)",
}
UNUSABLE: dict[str, bytes] = {
    "binary.py": bytes(range(256)) * 64,
    "torn.py": b"def reparameterize(mu,",
    "empty notebook.ipynb": b"",
    "torn notebook.ipynb": b'{"cells": [{"cell_type": "code", "source": ["import to',
    "no notebook.ipynb": b'{"cells": 3}',
    "deep notebook.ipynb": b'{"cells": ' + b"[" * 100_000,
}
WRONG = SUBMISSIONS / "exercise6_tool_choice" / "wrong" / "one_for_all.py"


@cache
def verdicts(exercise: Exercise) -> dict[str, Any]:
    return dict(yaml.safe_load((SUBMISSIONS / exercise.name / "verdicts.yaml").read_text()))


def pinned_files() -> list[tuple[Exercise, Path]]:
    """Submissions with a pinned verdict: as many as there is place for, from all exercises alike."""
    found = [
        (exercise, path) for exercise in EXERCISES for path in sorted((SUBMISSIONS / exercise.name).glob("*/*.py"))
    ]
    places = SIZE - len(ATTACKS) - len(UNUSABLE)
    step = max(1, -(-len(found) // places))
    return [one for number, one in enumerate(found) if number % step == 0 or one[1] == WRONG][:places]


class Class:
    """What the submissions are, and where they lie: an exercise's files are those of one student after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pinned: dict[tuple[str, str], tuple[str, str]] = {}
        """Student and exercise → ``right`` or ``wrong``, and the file's name."""
        self.attacks: dict[tuple[str, str], str] = {}
        self.unusable: set[tuple[str, str]] = set()
        self._students = {exercise.name: (f"Studentin {number:02} ü" for number in count(1)) for exercise in EXERCISES}
        for exercise, path in pinned_files():
            self._pin(exercise, path)
        cheap = EXERCISES[-1]  # no training: what is there twice costs little
        for name, code in ATTACKS.items():
            source = f"{WRONG.read_text()}\n{code}\n".encode()
            self.attacks[self._hand_in(cheap, ".py", source)] = name
        for name, content in UNUSABLE.items():
            self.unusable.add(self._hand_in(EXERCISES[0], Path(name).suffix, content))
        again = sorted((SUBMISSIONS / cheap.name).glob("*/*.py")) * 2
        while len(self) < SIZE:
            self._pin(cheap, again.pop())

    def __len__(self) -> int:
        return len(self.pinned) + len(self.attacks) + len(self.unusable)

    def _pin(self, exercise: Exercise, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        as_notebook = len(self.pinned) % 3 == 0
        content = notebook(cells(text)) if as_notebook else text
        key = self._hand_in(exercise, ".ipynb" if as_notebook else ".py", content.encode())
        self.pinned[key] = path.parent.name, path.name

    def _hand_in(self, exercise: Exercise, suffix: str, content: bytes) -> tuple[str, str]:
        student = next(self._students[exercise.name])
        path = self.folder / student / f"{exercise.name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return student, exercise.name


@pytest.fixture(scope="module")
def a_class(tmp_path_factory: pytest.TempPathFactory) -> Class:
    found = Class(tmp_path_factory.mktemp("class") / "handed in")
    secret = found.folder.parent / "secret.py"
    secret.write_text((SUBMISSIONS / WRONG.parent.parent.name / "right" / "plain.py").read_text())
    (found.folder / "links").mkdir()
    (found.folder / "links" / WRONG.parent.parent.name).with_suffix(".py").symlink_to(secret)
    return found


def words(source: Path, out: Path, *more: str) -> list[str]:
    program = [sys.executable, "-P", "-m", "grader.cli", "batch", str(source), "--out", str(out)]
    return [*program, "--seed", str(SEED), *more]


def records(out: Path) -> Iterator[Record]:
    for line in (out / "results.jsonl").read_bytes().splitlines():
        yield Record.from_json(json.loads(line))


def whole_lines(out: Path) -> int:
    path = out / "results.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


@linux_only
@pytest.mark.slow
@pytest.mark.timeout(3600)  # a busy machine takes its time for 400 gradings
def test_a_class_has_the_same_marks_here_and_on_a_cluster_that_loses_a_worker(a_class: Class, tmp_path: Path) -> None:
    assert len(a_class) == SIZE
    assert len(a_class.attacks) + len(a_class.unusable) >= HOSTILE * SIZE
    here, there = tmp_path / "here", tmp_path / "there"
    done = subprocess.run(words(a_class.folder, here, "--jobs", "2"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "link" in done.stderr
    with cluster(tmp_path / "cluster") as found:
        doomed = found.work("doomed")
        found.work("other")
        batch = subprocess.Popen(
            words(a_class.folder, there, "--executor", found.spec),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        while whole_lines(there) < KILLED_AFTER and batch.poll() is None:
            time.sleep(0.05)
        left = descendants(doomed.pid)
        assert left, "it was grading"
        assert batch.poll() is None
        doomed.end(signal.SIGKILL)
        found.work("in its place")  # so that both cores have work again
        told = batch.communicate()[0]
        assert batch.returncode == 0, told
        wait_for(lambda: not alive(left))
    assert (here / "results.csv").read_bytes() == (there / "results.csv").read_bytes()
    for out in (here, there):
        graded = {(one.student, one.exercise): one for one in records(out)}
        assert len(list(records(out))) == len(graded) == SIZE
        check_verdicts(a_class, graded)


def check_verdicts(a_class: Class, graded: dict[tuple[str, str], Record]) -> None:
    """Every pinned verdict is as it is pinned; what is hostile earned nothing, and cost nobody else anything."""
    exercises = {exercise.name: exercise for exercise in EXERCISES}
    for key, (kind, name) in a_class.pinned.items():
        report = graded[key].report
        assert report is not None, (key, graded[key].problem, graded[key].fault)
        failed = {
            check.name: check.misconception for check in report.checks if check.status in (Status.FAILED, Status.ERROR)
        }
        pinned = verdicts(exercises[key[1]])
        assert failed == (pinned["wrong"][name]["fails"] if kind == "wrong" else {}), (kind, name)
        assert (report.points == report.max_points) == (kind == "right"), name
        says = pinned["wrong"][name].get("says", "") if kind == "wrong" else ""
        assert says in "\n".join(check.message for check in report.checks), name
    alone = max(graded[key].points for key, (_, name) in a_class.pinned.items() if name == WRONG.name)
    for key, attack in a_class.attacks.items():
        report = graded[key].report
        assert report is not None, (attack, graded[key].fault)
        assert report.points <= alone, attack
    for key in a_class.unusable:
        assert graded[key].problem, graded[key]
        assert graded[key].report is None
