"""The pytest plugin that turns a check file and a submission into results.

``grade`` runs it inside a judge. Authors run the same checks with pytest itself, and debug them with ``--pdb``:
``pytest -p grader.plugin --submission FILE grader/checks/exercise1_reparameterization.py``
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.assertions import CheckFailure
from grader.drawings import PICTURES
from grader.errors import GraderError, UnusableInput
from grader.learner import RemoteLearner
from grader.portable import NotPortableError, portable_source
from grader.probes import Rng
from grader.report import CheckResult, FreeText, Picture, Status
from grader.sandbox.faults import LearnerFault, LearnerKilled
from grader.sandbox.judge_side import Client
from grader.separation import varied
from grader.suite import Check, Suite
from grader.text import clean
from grader.verdict import Grading, verdict

TEXT_KEPT = 10_000
"""Characters of a text for a person to grade: some five pages."""

Emit = Callable[[dict[str, Any]], None]


class GradingPlugin:
    """Fixtures and hooks for one check file and, once it is told, one submission."""

    def __init__(self) -> None:
        self._suites: dict[ModuleType, Suite] = {}
        self._learner: RemoteLearner | None = None
        self._status: dict[str, Status] = {}
        self._started = 0.0
        self._pictures: tuple[Picture, ...] = ()

    def prepare(self, items: Iterable[Any]) -> None:
        """Read a check file that was collected, as far as it is the same for every submission."""
        for item in items:
            if item.module not in self._suites:
                suite = self._suites[item.module] = Suite.of(item.module)
                for trial in suite.trials:
                    with suppress(NotPortableError):  # said when it is used
                        portable_source(trial)

    def begin(self, client: Client, grading: Grading, only: Iterable[str] = (), emit: Emit | None = None) -> None:
        """Tell what is to be graded.

        Args:
            client: the submission.
            grading: its text and the seed.
            only: names of the checks to run, with what they require; all when empty.
            emit: receives what happens, as it happens.
        """
        self._client = client
        self._grading = grading
        self._only = frozenset(only)
        self._emit = emit if emit is not None else lambda _: None

    # --- fixtures -----------------------------------------------------------------------------------------

    @pytest.fixture
    def learner(self, request: pytest.FixtureRequest) -> RemoteLearner:
        """The submission, loaded, its random generators seeded."""
        return self._loaded(request.node)

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> Rng:
        """Fresh probes for this check."""
        return self._rng(request.node.name)

    def _loaded(self, item: Any) -> RemoteLearner:
        seed = self._rng(item.name + "/learner").seed()
        try:
            self._client.load()
            self._client.seed(seed)
        except LearnerKilled:  # while no check was under way
            self._client.load()
            self._client.seed(seed)
        self._learner = RemoteLearner(self._suite(item), self._client, self._show)
        return self._learner

    def _show(self, pictures: tuple[Picture, ...]) -> None:
        self._pictures = pictures
        self._emit({"event": "picture", "pictures": pictures})

    def _rng(self, name: str) -> Rng:
        return Rng(self._grading.seed, name)

    # --- hooks --------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Choose the checks, trainings last, and announce them."""
        self.prepare(session.items)
        self._suites = {module: varied(suite, self._grading.variant) for module, suite in self._suites.items()}
        wanted = self._wanted(session.items)
        session.items[:] = [item for item in session.items if item.name in wanted]
        session.items.sort(key=lambda item: self._check(item).training)
        plans = [self._check(item) for item in session.items]
        self._emit({"event": "begin", "checks": [[plan.name, plan.title, plan.points] for plan in plans]})

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a check whose prerequisite did not pass."""
        self._emit({"event": "start", "name": item.name})
        self._started = time.perf_counter()
        self._learner = None
        self._pictures = ()
        if missing := self._missing(item, self._check(item).requires):
            pytest.skip(f"Fix {missing} first.")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Run a check once more, from its beginning, whose learner's process was killed.

        Where memory is short the system kills whom it likes, perhaps for what another student's code took.
        """
        try:
            return (yield)
        except LearnerKilled:
            wanted = pyfuncitem.funcargs.keys() & inspect.signature(pyfuncitem.obj).parameters.keys()
            if not wanted <= {"learner", "rng"}:  # a fixture of the author's own, which may be used up
                raise
            fresh = {"learner": self._loaded(pyfuncitem), "rng": self._rng(pyfuncitem.name)}
            pyfuncitem.obj(**{name: fresh[name] for name in wanted})
            return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the end of a check into its result."""
        report = yield
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            result = self._result(item, call.excinfo.value if call.excinfo else None)
            self._status[item.name] = result.status
            self._emit({"event": "result", "result": result})
            if result.message:
                report.sections.append(("what the learner reads", f"{result.message}\n{result.hint}".strip()))
        return report

    def _result(self, item: pytest.Item, error: BaseException | None) -> CheckResult:
        check = self._check(item)
        if isinstance(error, pytest.skip.Exception):
            result = CheckResult(item.name, check.title, Status.SKIPPED, 0, check.points, message=str(error.msg))
        else:
            failure = AssertionError(str(error)) if isinstance(error, pytest.fail.Exception) else error
            result = verdict(self._suite(item), check, failure, replace(self._grading, learner=self._learner))
            result = self._counted(item, result)
        seconds = round(time.perf_counter() - self._started, 4)
        pictures = (*self._pictures, *result.pictures)[:PICTURES]
        return replace(result, seconds=seconds, output=self._client.printed(), pictures=pictures)

    def _counted(self, item: pytest.Item, result: CheckResult) -> CheckResult:
        """Without points where it passed and a check that it counts with did not."""
        missing = self._missing(item, self._check(item).counts_with)
        if result.status is not Status.PASSED or not missing:
            return result
        told = f"This went well, and counts as soon as {missing} passes too."
        return replace(result, status=Status.SKIPPED, points=0, message=told)

    def _missing(self, item: pytest.Item, needed: Iterable[str]) -> str:
        """The first of these checks that did not pass, by title and name; empty where all did."""
        for name in needed:
            if self._status.get(name) is not Status.PASSED:
                return f"“{self._suite(item).checks[name].title}” ({name})"
        return ""

    @property
    def layers(self) -> tuple[str, ...]:
        """The isolation layers that the submission ran behind."""
        return self._client.layers

    # --- for a person to grade -----------------------------------------------------------------------------

    def texts(self) -> list[FreeText]:
        """What the learner wrote for a person to grade; call it after the checks."""
        asked = {name: title for suite in self._suites.values() for name, title in suite.texts.items()}
        return [FreeText(name, title, self._text(name)) for name, title in asked.items()]

    def _text(self, name: str) -> str:
        try:
            value = self._client.get(name) if self._client.load().get(name) == "value" else None
        except (LearnerFault, CheckFailure):  # the latter out of a callback of some check, called when nobody asked
            return ""
        return clean(value, TEXT_KEPT).strip() if isinstance(value, str) else ""

    # --- the check file -----------------------------------------------------------------------------------

    def _suite(self, item: Any) -> Suite:
        return self._suites[item.module]

    def _check(self, item: pytest.Item) -> Check:
        return self._suite(item).checks[item.name]

    def _wanted(self, items: list[pytest.Item]) -> set[str]:
        """The asked-for checks and, recursively, what they require."""
        names = {item.name for item in items}
        if not self._only:
            return names
        unknown = sorted(self._only - names)
        if unknown:
            raise UnknownCheckError(unknown[0], [item.name for item in items])
        wanted: set[str] = set()
        todo = list(self._only)
        by_name = {item.name: item for item in items}
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted.add(name)
                todo.extend(self._check(by_name[name]).needs)
        return wanted


class UnknownCheckError(Exception):
    """A check was asked for that the exercise does not have.

    Args:
        name: what was asked for.
        known: the names that there are.
    """

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


# --- plain pytest -----------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options for authors who run checks with pytest itself."""
    group = parser.getgroup("grader", "grade a submission")
    group.addoption("--submission", type=Path, metavar="FILE", help="the file to grade, in the sandbox")
    group.addoption("--seed", type=int, default=0, help="draw the probes from this seed (default 0)")
    group.addoption("--variant", type=int, metavar="N", help="draw by-hand numbers from this, in place of the printed")


def pytest_configure(config: pytest.Config) -> None:
    """Open a sandbox for the submission; this process is the judge."""
    from grader.core import Sandbox
    from grader.submission import read_submission

    path = config.getoption("--submission")
    if path is None:
        return
    try:
        submission = read_submission(path)
        sandbox = Sandbox()
        config.add_cleanup(sandbox.close)
        client = sandbox.attend(submission)
    except (UnusableInput, GraderError) as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(client.hang_up)
    plugin = GradingPlugin()
    plugin.begin(client, Grading(submission, config.getoption("--seed"), config.getoption("--variant")))
    config.pluginmanager.register(plugin, "grading")
