"""Finds a scheduler and looks at its workers: whatever is not as it must be is said before anything is graded."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from grader.classroom.batch import remote
from grader.errors import UnusableInput
from grader.text import one_line

_LAST_PORT = 65535


def connected(address: str, shown: str, seconds: float) -> Any:
    """A client of the scheduler that listens there.

    Args:
        address: ``HOST:PORT``.
        shown: the same, safe to show.
        seconds: how long it may take to answer.

    Raises:
        UnusableInput: dask is not installed, or nobody answers there.
    """
    if re.fullmatch(r"(\S+://)?[^\s/@]+:\d{1,5}", address) is None or int(address.rpartition(":")[2]) > _LAST_PORT:
        raise UnusableInput(f"dask://{shown} is no address. It should look like dask://10.0.0.5:8786.")
    try:
        from distributed import Client
    except ImportError:
        raise UnusableInput("A cluster needs dask: pip install 'reparam[cluster]'") from None
    # What it would print in the middle of a progress bar is said in our own words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_ask(address, seconds))
        return Client(address, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]  # dask's own
    except Exception as error:  # noqa: BLE001  it may be of any of the libraries below
        why = one_line(str(error)) or "what listens there speaks another language"
        raise UnusableInput(
            f"dask://{shown}: no Dask scheduler answers there ({why}). "
            "Start one with `dask scheduler`, and give the address that it shows."
        ) from None


async def _ask(address: str, seconds: float) -> None:
    """See whether it is a scheduler that listens there: a client would wait for ever for another program's answer."""
    from distributed import Security
    from distributed.core import rpc

    told: Any = Security()  # type: ignore[no-untyped-call]  # by dask's own configuration
    arguments = told.get_connection_args("client")
    there: Any = rpc(address, timeout=seconds, connection_args=arguments)  # type: ignore[no-untyped-call]  # as above
    async with there:
        await asyncio.wait_for(there.identity(), seconds)


def examine(client: Any, shown: str, seconds: float) -> None:
    """Raise UnusableInput unless there are workers, with the same versions as here."""
    start = f"Start some with `dask worker {shown}`, and run the command again."
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError:
        raise UnusableInput(f"The scheduler at dask://{shown} has no workers. {start}") from None
    if problem := unlike_ours(client, None):
        raise UnusableInput(problem)


def unlike_ours(client: Any, workers: list[str] | None) -> str:
    """What tells the reparam of some workers, or of all, from this one; empty where nothing does."""
    for worker, found in client.run(remote.build, workers=workers, on_error="return").items():
        if isinstance(found, Exception) and _NOT_THERE.search(str(found)):
            return f"The worker {one_line(worker)} has no reparam like this one. {_SAME}"
        if isinstance(found, dict) and (differs := remote.unlike(found, remote.build())):
            return f"The worker {one_line(worker)} has {one_line(differs, 400)}. {_SAME}"
    return ""  # a worker that has died meanwhile could not answer, and grades nothing


_NOT_THERE = re.compile("No module named|has no attribute|Can't get attribute|cannot import name")
_SAME = "Marks are the same everywhere only with the same versions: install them there, and restart the worker."
