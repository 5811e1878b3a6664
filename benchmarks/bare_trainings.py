"""Run an exercise's trainings in one bare process and print the seconds they took. Used by bench.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from one_process import ImportedLearner, load

from grader.probes import Rng
from grader.suite import Suite

torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)  # imports what every first optimizer imports
checks, solution, *names = sys.argv[1:]
suite = Suite.load(Path(checks))
learner = ImportedLearner(suite, load(Path(solution)))
started = time.perf_counter()
for name in names:
    suite.checks[name].run(learner=learner, rng=Rng(0, name))
print(time.perf_counter() - started)
