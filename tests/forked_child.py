"""Run a function in a forked child that has entered the isolation layers, and see what came of it."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox.isolation import LAYERS, Budget, Prepared, close_descriptors, missing, prepare

REPOSITORY = Path(__file__).resolve().parents[1]
BUDGET = Budget(memory=256 << 20, cpu_seconds=20)
NOBODY = 65534


def _here() -> dict[str, str]:
    ready = prepare()
    for descriptor in ready.descriptors:
        os.close(descriptor)
    return missing(ready)


MISSING = _here()
ROOT = os.geteuid() == 0 and "uid" not in MISSING

USERS = [None, NOBODY] if ROOT else [None]
"""The user of the tests, and one without rights where the tests can become one."""


@dataclass(frozen=True)
class Outcome:
    """What a child did: its value or what it raised, the layers it was told of or why not, and how it ended."""

    value: Any
    error: str | None
    active: tuple[str, ...]
    missing: dict[str, str]
    signal: int | None
    status: int | None


def in_child(
    function: Callable[[], Any],
    *,
    layers: Collection[str] = LAYERS,
    budget: Budget = BUDGET,
    user: int | None = None,
    first: Callable[[], None] = lambda: None,
    prepared: Prepared | None = None,
) -> Outcome:
    """Fork, become ``user``, call ``first``, enter ``layers`` or ``prepared``, call ``function`` for a JSON value."""
    parent = os.getpid()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _child(writing, function, layers, budget, user, first, prepared, parent)
        finally:
            os._exit(99)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    report = json.loads(answer) if answer else {"value": None, "error": None, "active": (), "missing": {}}
    return Outcome(
        report["value"],
        report["error"],
        tuple(report["active"]),
        report["missing"],
        os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
    )


def _child(
    writing: int,
    function: Callable[[], Any],
    layers: Collection[str],
    budget: Budget,
    user: int | None,
    first: Callable[[], None],
    prepared: Prepared | None,
    parent: int,
) -> None:
    if user is not None:
        become(user)
    first()
    ready = prepare(layers) if prepared is None else prepared
    close_descriptors({0, 1, 2, writing, *ready.descriptors})
    entered = ready.enter(budget, parent)
    report: dict[str, Any] = {
        "value": None,
        "error": None,
        "active": entered.active,
        "missing": dict(entered.missing),
    }
    try:
        report["value"] = function()
    except BaseException as problem:  # noqa: BLE001  whatever it is belongs to the outcome
        report["error"] = f"{type(problem).__name__}: {problem}"
    os.write(writing, json.dumps(report).encode())
    os._exit(0)


def become(user: int) -> None:
    """Give up root for good, as a grader that an ordinary user starts would never have had it."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def let_others_in(folder: Path) -> None:
    """Open a test's folder and those above it, which pytest keeps to itself; the system's own stay as they are."""
    for step in (folder, *folder.parents):
        if step == Path(tempfile.gettempdir()).resolve():
            return
        step.chmod(0o755)


def refusal(action: Callable[[], object]) -> str:
    """The name of the error that ``action`` ends with, or `done`."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def died_of(outcome: Outcome) -> str:
    """The signal that ended the child, by name."""
    return signal.Signals(outcome.signal).name if outcome.signal else f"status {outcome.status}"


def needs(*layers: str) -> pytest.MarkDecorator:
    """Skip a test where the machine lacks a layer, and say why."""
    reasons = [f"{layer}: {MISSING[layer]}" for layer in layers if layer in MISSING]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))


def expected(layers: Collection[str] = LAYERS, user: int | None = None) -> tuple[str, ...]:
    """The layers that must hold on this machine for a child of ``user``."""
    without = set(MISSING) | ({"uid"} if user is not None else set())
    return tuple(layer for layer in LAYERS if layer in layers and layer not in without)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the layer is made of Linux calls")
