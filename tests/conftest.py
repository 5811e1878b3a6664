"""One warm sandbox for all tests that grade."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from gradings import Grade
from hypothesis import settings

from grader.cli import main
from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.crew import Crew
from grader.report import Report
from grader.submission import Submission

# Nothing that a test starts may write to the data folder of whoever runs the tests.
os.environ["REPARAM_DATA"] = tempfile.mkdtemp(prefix="reparam-data-")

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("reparam", deadline=None)
settings.load_profile("reparam")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a group in one process.

    pytest-xdist 3.8 adds a group to a name that pytest does not read any more since 9.2, and says nothing: then every
    process makes the fixtures of every group for itself.
    """
    for item in items:
        name = vars(item).get("_nodeid", item.nodeid)
        if name != item.nodeid:
            from _pytest.nodeid import NodeId

            item._id = NodeId.parse(name)


@pytest.fixture(scope="session")
def warm() -> Iterator[Sandbox]:
    """The sandbox that `grade` uses on this system."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def crew(warm: Sandbox) -> Iterator[Crew]:
    """The same sandbox, for an audit."""
    crew = Crew([warm])
    yield crew
    crew.close()


@pytest.fixture(scope="session")
def grade_text(warm: Sandbox) -> Grade:
    """A function that grades source text."""

    def run(exercise: Exercise | str, source: str, *, seed: int = 0, checks: Sequence[str] = ()) -> Report:
        found = built_in().find(exercise) if isinstance(exercise, str) else exercise
        name = f"{found.name}.py"
        return grade(found, Submission(Path(name), name, source), sandbox=warm, seed=seed, checks=checks)

    return run


@pytest.fixture
def grade_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """A function that runs the command line: its exit code, its output and its messages."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        return (code, *capsys.readouterr())

    return run
