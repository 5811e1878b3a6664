"""One of our checks in otter-grader's own process, on what a notebook has defined; its tests call this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from one_process import ImportedLearner

from grader.probes import Rng
from grader.suite import Suite


def run(checks: str, name: str, defined: Mapping[str, Any]) -> None:
    """Run a check; it raises where it fails.

    Args:
        checks: the check file.
        name: of the check.
        defined: the notebook's global names.
    """
    suite = Suite.load(Path(checks))
    module = ModuleType("submission")
    vars(module).update(defined)
    suite.checks[name].run(learner=ImportedLearner(suite, module), rng=Rng(0, name))
