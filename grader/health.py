"""Whether grading works on a machine, as data: what `grade doctor` found. Imports no torch."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SCHEMA = "reparam.doctor/1"

FOR_STRANGERS = ("landlock", "seccomp")
"""The layers without which only code of one's own should be graded."""

# What these hold is the same on every machine of a kind, and belongs to nobody.
_EVERYBODYS = ("bin", "dev", "etc", "lib", "lib64", "proc", "sys", "usr")
_PATH = re.compile(r"""(?<![\w~.…/])/[^\s/:;,'"()]+(?:/[^\s/:;,'"()]+)*""")


@dataclass(frozen=True)
class Layer:
    """One isolation layer: whether it is active, and why not."""

    name: str
    active: bool
    reason: str = ""


@dataclass(frozen=True)
class Examination:
    """What a real sandbox showed of itself. Whatever comes after a fault was not learned and is None.

    Args:
        backend: how it starts processes.
        because: why in this way.
        layers: all that there are, in the order of reports.
        threads: torch's threads in it.
        cold_start: seconds from nothing to a warm sandbox.
        ping: seconds that a call of a function that does nothing takes; the median of many.
        grading: seconds that one warm grading takes, without trainings.
        graded: of which exercise; empty where none could be.
        fault: what went wrong, or empty.
    """

    backend: str
    because: str
    layers: tuple[Layer, ...] = ()
    threads: int | None = None
    cold_start: float | None = None
    ping: float | None = None
    grading: float | None = None
    graded: str = ""
    fault: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Examination:
        """The inverse of ``asdict``."""
        return cls(**{**data, "layers": tuple(Layer(**layer) for layer in data["layers"])})


@dataclass(frozen=True)
class Folder:
    """A folder that is written to: whether it can be, and why not."""

    name: str
    path: str
    writable: bool
    reason: str = ""


@dataclass(frozen=True)
class Health:
    """Everything that `grade doctor` found; no text in it holds a path of a person's or a name.

    Args:
        versions: program → version.
        sandbox: what the sandbox showed.
        folders: those that are written to.
        exercises: how many the course has.
        complete: how many of them have all their files.
        problems: what keeps grading from working, in sentences.
        warnings: what is missing and can be done without, in sentences.
    """

    versions: Mapping[str, str]
    sandbox: Examination
    folders: tuple[Folder, ...]
    exercises: int
    complete: int
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def works(self) -> bool:
        """Whether everything that a grading needs is there."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """As `grader/schema/doctor.schema.json` describes it."""
        return {"schema": SCHEMA, "works": self.works, **asdict(self)}


def without_layers(layers: tuple[Layer, ...]) -> list[str]:
    """What to be told about the layers that are missing."""
    missing = [layer.name for layer in layers if not layer.active]
    grave = [name for name in missing if name in FOR_STRANGERS]
    others = [name for name in missing if name not in FOR_STRANGERS]
    said = []
    if grave:
        lacks = "neither is active" if len(grave) > 1 else f"{grave[0]} is missing"
        said.append(
            f"Other people's code needs landlock and seccomp, and {lacks} here: grade only code that you trust."
        )
    if others:
        verb = "is" if len(others) == 1 else "are"
        said.append(
            f"Of the sandbox's layers, {', '.join(others)} {verb} missing here; your own code does not need it."
        )
    return said


def private(text: str, home: Path | None = None) -> str:
    """The text without what its paths tell about a person: the home folder is ``~``, other paths lose their middle.

    Args:
        text: any message.
        home: the home folder; this user's if None.
    """
    homes = {home} if home is not None else {Path(os.path.expanduser("~"))}  # noqa: PTH111  Path.home may raise
    homes |= {Path(os.path.realpath(one)) for one in homes}
    for one in sorted(homes, key=lambda path: len(str(path)), reverse=True):
        if one.is_absolute() and one != Path("/"):
            text = re.sub(rf"{re.escape(str(one))}(?![\w.-])", "~", text)
    return _PATH.sub(lambda match: _shortened(match[0]), text)


def _shortened(path: str) -> str:
    parts = path.strip("/").split("/")
    if parts[0] in _EVERYBODYS or len(parts) == 1:
        return path
    return f"/{parts[0]}/…/{parts[-1]}" if len(parts) > 2 else f"/{parts[0]}/…"
