"""The same checks with the learner's code in pytest's own process: what reparam's isolation is measured against.

``pytest -p one_process --one-process FILE grader/checks/exercise3_masked_convolution.py``
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.learner import Learner
from grader.pictures import Drawable
from grader.probes import Rng
from grader.suite import Suite


class ImportedLearner(Learner):
    """A submission imported like any module: no sandbox at all."""

    def __init__(self, suite: Suite, module: ModuleType) -> None:
        super().__init__(suite)
        self._module = module

    def show(self, *pictures: Drawable) -> None:
        """Nobody looks."""

    def again(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], _: float) -> Any:
        """As in a check, without a limit."""
        return self._call(name, args, kwargs)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return getattr(self._module, name)(*args, **kwargs)

    def _value(self, name: str) -> Any:
        return getattr(self._module, name)

    def _trial(self, trial: Callable[..., Any], args: tuple[Any, ...], _: float) -> Any:
        return trial(self._module, *args)


def load(path: Path) -> ModuleType:
    """Import a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_addoption(parser: pytest.Parser) -> None:
    """The file to import."""
    parser.addoption("--one-process", type=Path)


@pytest.fixture
def learner(request: pytest.FixtureRequest) -> ImportedLearner:
    """The imported submission."""
    return ImportedLearner(Suite.of(request.module), load(request.config.getoption("--one-process")))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Rng:
    """Fresh probes."""
    return Rng(0, request.node.name)
