"""One sandbox per way of starting processes and per missing layer; every contract test runs on each."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.core import Sandbox
from grader.sandbox.isolation import LAYERS
from grader.sandbox.judge_side import Client
from grader.submission import Submission

BACKENDS = {
    "fork": {"backend": "fork"},
    "spawn": {"backend": "spawn"},
    **{f"fork-without-{layer}": {"backend": "fork", "without": (layer,)} for layer in LAYERS},
}


ANOTHER = "-another"


@pytest.fixture(scope="session", params=[*BACKENDS, f"fork{ANOTHER}"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox that lives as long as its contract tests."""
    with Sandbox(**BACKENDS[request.param.removesuffix(ANOTHER)], memory=512 << 20) as box:
        if not request.param.endswith(ANOTHER):
            yield box
            return
        with box.another() as other:
            yield other


@pytest.fixture
def missing_layer(request: pytest.FixtureRequest) -> str:
    """The layer that this sandbox does without, or an empty text."""
    name = request.node.callspec.params["sandbox"]
    return str(name).removeprefix("fork-without-") if "without" in name else ""


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Callable[[str], Client]]:
    """A function that puts source text into the sandbox and returns the judge's client of it."""
    clients = []

    def put(source: str) -> Client:
        text = textwrap.dedent(source)
        client = sandbox.attend(Submission(Path("work.py"), "work.py", text))
        clients.append(client)
        return client

    yield put
    for client in clients:
        client.hang_up()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, those that share a sandbox run in one process."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "sandbox" in parameters:
            item.add_marker(pytest.mark.xdist_group(parameters["sandbox"]))
