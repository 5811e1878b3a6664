"""Run an exercise's checks on submissions in one bare process, warm, and print the seconds they took. Used by batch.py.

No sandbox, no pytest, no words about what went wrong: only the checks' own work.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from one_process import ImportedLearner, load

from grader.probes import Rng
from grader.suite import Suite


def main() -> None:
    """Arguments: the check file, then the submissions."""
    torch.set_num_threads(1)
    suite = Suite.load(Path(sys.argv[1]))
    first, *others = map(Path, sys.argv[2:])
    _run(suite, first)  # imports what every first optimizer imports
    started = time.perf_counter()
    for path in (first, *others):
        _run(suite, path)
    print(time.perf_counter() - started)


def _run(suite: Suite, path: Path) -> None:
    learner = ImportedLearner(suite, load(path))
    for name, check in suite.checks.items():
        try:
            check.run(learner=learner, rng=Rng(0, name))
        except BaseException:  # noqa: BLE001, S112  whatever a submission raises fails its check and no other
            continue


if __name__ == "__main__":
    main()
