"""What a cluster's worker runs: plain values in, JSON out, and warm sandboxes that end with the worker's process."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grader
from grader.classroom.batch.record import Record
from grader.classroom.batch.sandboxes import Sandboxes
from grader.classroom.batch.worker import Piece, graded
from grader.errors import CheckFileError, UnusableInput

_sandboxes = Sandboxes()
_RAISED: dict[str, type[Exception]] = {"unusable": UnusableInput, "checks": CheckFileError}


@functools.cache
def build() -> dict[str, str]:
    """What marks depend on beside the course, and must be the same everywhere: name → version."""
    return {
        "reparam": f"{grader.__version__} (source {_source_digest()})",
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "torch": version("torch").partition("+")[0],  # the same numbers, for whichever processor it was built
    }


def _source_digest() -> str:
    """A checkout's version says little: what tells two apart is their source."""
    package = Path(grader.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if not name.startswith("_course/"):  # where a wheel has the exercises; a checkout has them elsewhere
            digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def unlike(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """How one machine's :func:`build` differs from another's, in words; empty where it does not."""
    return ", ".join(
        f"{name} {found.get(name, 'unknown')} instead of {version}"
        for name, version in wanted.items()
        if found.get(name) != version
    )


def graded_remotely(piece: Mapping[str, Any], wanted: Mapping[str, str]) -> bytes:
    """Grade a piece in a worker of a cluster.

    Args:
        piece: the fields of a :class:`Piece`.
        wanted: the build that the marks shall be made with; a worker may have joined since the batch began.

    Returns:
        What :func:`record_of` reads.
    """
    if differs := unlike(build(), wanted):
        return _reply("unusable", f"The worker on {platform.node()} has {differs}.")
    try:
        record = graded(Piece(**piece), _sandboxes)
    except UnusableInput as error:
        return _reply("unusable", f"On {platform.node()}: {error}")
    except CheckFileError as error:
        return _reply("checks", str(error))
    return _reply("record", record.to_json())


def _reply(kind: str, value: Any) -> bytes:
    return json.dumps({kind: value}).encode()


def record_of(reply: bytes) -> Record:
    """The record in a reply.

    Raises:
        UnusableInput: as :func:`~grader.classroom.batch.worker.graded`, or the worker has other versions.
        CheckFileError: as there.
    """
    ((kind, value),) = json.loads(reply).items()
    if kind == "record":
        return Record.from_json(value)
    raise _RAISED[kind](value)
