"""A judge's life: get pytest ready, collect a job's check file, run it, tell the front what happens as it happens.

A judge that stays forks once the check file is collected, for this job and for each that follows (`sandbox/staying`).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.plugin import GradingPlugin, UnknownCheckError
from grader.replays import Replays
from grader.sandbox.judge_side import ALL_CALLS_SECONDS, Client
from grader.sandbox.spawner import Spawner
from grader.sandbox.staying import Job, copy_for_each, single_threaded
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


def judge(inbox: socket.socket, settle: Callable[[int], None] | None) -> None:
    """Do one job, here or in a copy: it comes in over ``inbox``, and events go out, a JSON line each.

    Args:
        inbox: where jobs come from.
        settle: called in a copy with the id of the process that stays; None where this process must not fork.
    """
    assignment = _Assignment(inbox, settle)
    try:
        fault = _run_pytest(assignment)
    except UnknownCheckError as error:
        assignment.emit({"event": "unknown", "name": error.name, "known": error.known})
        return
    if assignment.job is None:
        return  # no job came: the supervisor needs no judge any more
    if fault:
        assignment.emit({"event": "fault", "text": fault})
        return
    assignment.emit({"event": "texts", "texts": assignment.plugin.texts()})
    assignment.emit({"event": "end", "layers": assignment.plugin.layers})
    assignment.tell()


class _Assignment:
    """A plugin that waits for the job once pytest is ready to collect: so pytest starts before anybody waits for it."""

    def __init__(self, inbox: socket.socket, settle: Callable[[int], None] | None) -> None:
        self._inbox = inbox
        self._settle = settle
        self._stream: io.BufferedRWPair | None = None
        self._replays = Replays()
        self._told: int | None = None
        self.plugin = GradingPlugin()
        self.job: Job | None = None

    def emit(self, event: dict[str, Any]) -> None:
        """Tell the front."""
        assert self.job is not None
        if self._stream is None:  # a check file that cannot be collected
            self._stream = self.job.line.makefile("rwb")
        self._stream.write(json.dumps(event, default=_as_json).encode() + b"\n")
        self._stream.flush()

    def tell(self) -> None:
        """Tell the judge that stays what its next copies need not find out again."""
        if self._told is not None:
            with contextlib.suppress(OSError), os.fdopen(self._told, "wb") as pipe:
                pipe.write(self._replays.news())

    def pytest_configure(self, config: pytest.Config) -> None:
        """Write no traceback of a failed check: nobody reads it, and pytest parses the check file for each line."""
        config.option.tbstyle = "no"
        config.pluginmanager.register(self.plugin, "grading")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Wait for the job, and let pytest collect its check file."""
        self.job = Job.receive(self._inbox)
        if self.job is None:
            pytest.exit("no job")
        share_folder(self.job.checks)
        # Compiled files know their source by its size and by whole seconds: one that was saved just now may be saved
        # again within the second, as long as before, and the old one would run.
        sys.dont_write_bytecode = time.time() - self.job.checks.stat().st_mtime < _SETTLED
        session.config.args = [str(self.job.checks)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Read the task: in a copy, if this judge is to stay."""
        assert self.job is not None
        if self._settle is not None and not session.testsfailed and single_threaded():
            self.plugin.prepare(session.items)
            self.job, self._told = copy_for_each(self._inbox, self.job, self._settle, self._replays.hear)
        stream = self._stream = self.job.line.makefile("rwb")
        task = json.loads(stream.readline())
        submission = Submission(Path(task["name"]), task["name"], task["source"], tuple(task["cells"]))
        until = time.monotonic() + ALL_CALLS_SECONDS
        client = Client(Spawner(self.job.requests), submission.name, submission.source, until)
        self._replays.begin(task["seed"], task["variant"])
        grading = Grading(submission, task["seed"], task["variant"], replays=self._replays)
        self.plugin.begin(client, grading, task["only"], self.emit)
        return (yield)


def _run_pytest(assignment: _Assignment) -> str:
    """Do the job under a pytest without extras; what went wrong with pytest itself, or an empty text."""
    options = ["-c", os.devnull, "--rootdir=/", "--confcutdir=/", "--noconftest", "--import-mode=importlib"]
    options += [part for name in UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    catcher = _FaultCatcher()
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        code = pytest.main([*options, os.devnull], plugins=[assignment, catcher])
    checks = Path(assignment.job.checks.name) if assignment.job is not None else Path()
    if catcher.collection is not None:
        return f"its check file does not import: {import_fault(catcher.collection, checks)}"
    asked = catcher.error if isinstance(catcher.error, UnknownCheckError) else None
    if code == pytest.ExitCode.NO_TESTS_COLLECTED or (asked is not None and not asked.known):
        return f"{checks} has no check: a function whose name begins with test_"
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
