"""A judge's life: read one job, run its checks with pytest, tell the front what happens as it happens."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.plugin import GradingPlugin, UnknownCheckError
from grader.report import CheckResult, FreeText, Picture
from grader.sandbox.judge_side import Client
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


def judge(job: socket.socket, requests: socket.socket) -> None:
    """Do one job: its line comes in over ``job``, and events go out, a JSON line each."""
    stream = job.makefile("rwb")
    task = json.loads(stream.readline())

    def emit(event: dict[str, Any]) -> None:
        stream.write(json.dumps(event, default=_as_json).encode() + b"\n")
        stream.flush()

    submission = Submission(Path(task["name"]), task["name"], task["source"], tuple(task["cells"]))
    client = Client(Spawner(requests), submission.name, submission.source)
    grading = Grading(submission, task["seed"])
    plugin = GradingPlugin(client, grading, task["only"], emit)
    try:
        fault = run_checks(task["checks"], plugin)
    except UnknownCheckError as error:
        emit({"event": "unknown", "name": error.name, "known": error.known})
        return
    if fault:
        emit({"event": "fault", "text": fault})
    else:
        emit({"event": "texts", "texts": plugin.texts()})
    emit({"event": "end", "layers": client.layers})


def run_checks(path: str, plugin: GradingPlugin) -> str:
    """Run a check file under a pytest without extras; what went wrong with pytest itself, or an empty text."""
    folder = path.rpartition("/")[0] or "."
    options = ["-c", "/dev/null", f"--rootdir={folder}", f"--confcutdir={folder}", "--noconftest"]
    options += ["--import-mode=importlib"]
    options += [part for name in UNUSED_PLUGINS for part in ("-p", f"no:{name}")]
    share_folder(Path(path))
    catcher = _FaultCatcher()
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
        code = pytest.main([*options, path], plugins=[plugin, catcher])
    if catcher.collection is not None:
        return f"its check file does not import: {import_fault(catcher.collection, Path(Path(path).name))}"
    if catcher.error is not None:
        if isinstance(catcher.error, UnknownCheckError):
            raise catcher.error
        return _fault_text(catcher.error)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        return f"{Path(path).name} has no check: a function whose name begins with test_"
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
    if isinstance(value, CheckResult | Picture | FreeText):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is no part of an event")
