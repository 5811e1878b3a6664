"""A judge's life: get pytest ready, read one job, run its checks, tell the front what happens as it happens."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import time
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.plugin import GradingPlugin, UnknownCheckError
from grader.sandbox.judge_side import ALL_CALLS_SECONDS, Client
from grader.sandbox.spawner import Spawner
from grader.submission import Submission
from grader.suite import import_fault, share_folder
from grader.text import clean
from grader.verdict import Grading

# What pytest does for its users and we do otherwise, or not at all; each costs start-up time in every grading.
UNUSED_PLUGINS = (
    "assertion",
    "cacheprovider",
    "capture",
    "debugging",
    "doctest",
    "faulthandler",
    "freeze_support",
    "junitxml",
    "legacypath",
    "logging",
    "monkeypatch",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "stepwise",
    "subtests",
    "terminal",
    "terminalprogress",
    "threadexception",
    "tmpdir",
    "unittest",
    "unraisableexception",
    "warnings",
)


_SETTLED = 2.0
"""Seconds after which a check file that was saved may be compiled for later gradings too."""


def judge(inbox: socket.socket, requests: socket.socket) -> None:
    """Do one job: its socket comes in over ``inbox``, its line over that, and events go out, a JSON line each."""
    assignment = _Assignment(inbox, requests)
    try:
        fault = _run_pytest(assignment)
    except UnknownCheckError as error:
        assignment.emit({"event": "unknown", "name": error.name, "known": error.known})
        return
    if assignment.plugin is None:
        return  # no job came: the supervisor needs no judge any more
    if fault:
        assignment.emit({"event": "fault", "text": fault})
    else:
        assignment.emit({"event": "texts", "texts": assignment.plugin.texts()})
    assignment.emit({"event": "end", "layers": assignment.plugin.layers})


class _Assignment:
    """A plugin that waits for the job once pytest is ready to collect: so pytest starts before anybody waits for it."""

    def __init__(self, inbox: socket.socket, requests: socket.socket) -> None:
        self._inbox = inbox
        self._requests = requests
        self._stream: io.BufferedRWPair | None = None
        self.plugin: GradingPlugin | None = None
        self.checks = Path()

    def emit(self, event: dict[str, Any]) -> None:
        """Tell the front."""
        assert self._stream is not None
        self._stream.write(json.dumps(event, default=_as_json).encode() + b"\n")
        self._stream.flush()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Write no traceback of a failed check: nobody reads it, and pytest parses the check file for each line."""
        config.option.tbstyle = "no"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Wait for the job, and let pytest collect its check file."""
        with self._inbox:
            _, descriptors, _, _ = socket.recv_fds(self._inbox, 64, 1)
        if not descriptors:
            pytest.exit("no job")
        stream = self._stream = socket.socket(fileno=descriptors[0]).makefile("rwb")
        task = json.loads(stream.readline())
        submission = Submission(Path(task["name"]), task["name"], task["source"], tuple(task["cells"]))
        until = time.monotonic() + ALL_CALLS_SECONDS
        client = Client(Spawner(self._requests), submission.name, submission.source, until)
        self.plugin = GradingPlugin(client, Grading(submission, task["seed"], task["variant"]), task["only"], self.emit)
        session.config.pluginmanager.register(self.plugin, "grading")
        self.checks = Path(task["checks"])
        share_folder(self.checks)
        # Compiled files know their source by its size and by whole seconds: one that was saved just now may be saved
        # again within the second, as long as before, and the old one would run.
        sys.dont_write_bytecode = time.time() - self.checks.stat().st_mtime < _SETTLED
        session.config.args = [task["checks"]]


def _run_pytest(assignment: _Assignment) -> str:
    """Do the job under a pytest without extras; what went wrong with pytest itself, or an empty text."""
    options = ["-c", os.devnull, "--rootdir=/", "--confcutdir=/", "--noconftest", "--import-mode=importlib"]
    options += [part for name in UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    catcher = _FaultCatcher()
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        code = pytest.main([*options, os.devnull], plugins=[assignment, catcher])
    if catcher.collection is not None:
        return f"its check file does not import: {import_fault(catcher.collection, Path(assignment.checks.name))}"
    asked = catcher.error if isinstance(catcher.error, UnknownCheckError) else None
    if code == pytest.ExitCode.NO_TESTS_COLLECTED or (asked is not None and not asked.known):
        return f"{assignment.checks.name} has no check: a function whose name begins with test_"
    if asked is not None:
        raise asked
    if catcher.error is not None:
        return _fault_text(catcher.error)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return f"pytest ended with code {int(code)}: {clean(silence.getvalue(), 500)}"
    return ""


class _FaultCatcher:
    """Remembers what pytest would print as its own internal error."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.collection: BaseException | None = None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep the first one; True keeps pytest from printing it."""
        self.error = self.error or excinfo.value
        return True

    def pytest_exception_interact(
        self, call: pytest.CallInfo[Any], report: pytest.CollectReport | pytest.TestReport
    ) -> None:
        """A check file that does not import is our fault."""
        if isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            self.collection = self.collection or call.excinfo.value


def _fault_text(error: BaseException) -> str:
    return str(error) if isinstance(error, GraderError) else clean(f"{type(error).__name__}: {error}", 500)


def _as_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is no part of an event")
