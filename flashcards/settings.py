"""What a learner may choose: `settings.yaml` in the data folder, and what `flashcards optimize` fitted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flashcards.errors import SettingsError
from flashcards.schedule import Scheduler, Settings

if TYPE_CHECKING:
    from flashcards.nodes import Node

__all__ = ["EXAMPLE", "FILE", "NEW_PER_DAY", "Preferences", "SettingsError", "read_settings"]

FILE = "settings.yaml"
NEW_PER_DAY = 20
_MOST_NEW = 10_000
_MOST_STEPS = 20

EXAMPLE = """\
# What you may choose about your flashcards. Without this file, these values hold.
retention: 0.9                # the chance of recall at which a card comes again; higher means more reviews
new_per_day: 20
learning_steps: [1m, 10m]     # between the first answers of a new card: s, m, h or d
relearning_steps: [10m]       # after a lapse
maximum_interval: 36500       # days
rollover_hour: 4              # when a day begins, 0 to 23
fuzz: yes                     # spread the days a little, so that cards learnt together part ways
# parameters: [0.212, …]      # 21 weights of FSRS-6, say from Anki; they come before those of `flashcards optimize`
"""


@dataclass(frozen=True)
class Preferences:
    """What a learner has chosen.

    Args:
        scheduling: what the scheduler needs.
        new: how many new cards a day.
        own_parameters: whether the file itself holds the weights of FSRS.
    """

    scheduling: Settings = field(default_factory=Settings)
    new: int = NEW_PER_DAY
    own_parameters: bool = False

    def scheduler(self) -> Scheduler:
        """A scheduler that follows them."""
        return Scheduler(self.scheduling)


def read_settings(folder: Path) -> Preferences:
    """What the learner has chosen in a data folder; the usual values where there is no file.

    Raises:
        SettingsError: the file cannot be used.
    """
    path = folder / FILE
    chosen = _read(path) if path.exists() else {}
    new = chosen.pop("new_per_day", NEW_PER_DAY)
    own = "parameters" in chosen
    if not own:
        from flashcards.parameters import read_fits

        fits = read_fits(folder)
        if fits:
            chosen["parameters"] = fits[-1].parameters
    return Preferences(Settings(**chosen), new, own)


def _read(path: Path) -> dict[str, Any]:
    from flashcards.document import DeckError, parse  # only who has settings pays for YAML here

    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}. Check who may read it, or move it away") from error
    if all(not line.strip() or line.lstrip().startswith(b"#") for line in content.splitlines()):
        return {}
    try:
        top = parse(path, content)
    except DeckError as error:
        raise SettingsError(str(error)) from error
    if not isinstance(top.value, dict):
        raise SettingsError(f"{path}, line {top.line}: write settings as `name: value`, for example `retention: 0.9`")
    found = {}
    for name, node in top.value.items():
        try:
            found[name] = _value(name, node)
            if name != "new_per_day":
                Settings(**{name: found[name]})
        except ValueError as error:
            raise SettingsError(f"{path}, line {node.line}: {error}") from error
    return found


def _value(name: str, node: Node) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        from difflib import get_close_matches  # only a misspelt name pays for it

        near = get_close_matches(name, _READERS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_READERS)}"
        raise ValueError(f"there is no setting {name!r}; {hint}")
    return reader(name, node)


def _text(name: str, node: Node) -> str:
    if not isinstance(node.value, str):
        raise ValueError(f"{name} should be a single value")
    return node.value


def _texts(name: str, node: Node) -> list[str]:
    nodes = node.value if isinstance(node.value, list) else None
    return _text(name, node).split() if nodes is None else [_text(name, item) for item in nodes]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name}: {text[:40]!r} is not a number") from None


def _whole(name: str, node: Node) -> int:
    text = _text(name, node)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(f"{name}: {text[:40]!r} is not a whole number")
    return int(text)


def _new(name: str, node: Node) -> int:
    count = _whole(name, node)
    if count > _MOST_NEW:
        raise ValueError(f"{name} is {count}; nobody learns more than {_MOST_NEW} cards a day")
    return count


def _retention(name: str, node: Node) -> float:
    return _number(name, _text(name, node))


def _steps(name: str, node: Node) -> tuple[int, ...]:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    steps = []
    for text in _texts(name, node):
        found = re.fullmatch(r"([0-9]{1,7})([smhd])", text)
        if not found:
            raise ValueError(f"{name}: {text[:40]!r} is not a time; write for example 30s, 10m, 1h or 1d")
        steps.append(int(found[1]) * seconds[found[2]])
    if len(steps) > _MOST_STEPS:
        raise ValueError(f"{name} has {len(steps)} steps; {_MOST_STEPS} are enough")
    return tuple(steps)


def _parameters(name: str, node: Node) -> tuple[float, ...]:
    return tuple(_number(name, text.rstrip(",")) for text in _texts(name, node))


def _yes_or_no(name: str, node: Node) -> bool:
    answers = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    text = _text(name, node).lower()
    if text not in answers:
        raise ValueError(f"{name}: {text[:40]!r} is neither yes nor no")
    return answers[text]


_READERS: dict[str, Callable[[str, Node], Any]] = {
    "retention": _retention,
    "new_per_day": _new,
    "learning_steps": _steps,
    "relearning_steps": _steps,
    "maximum_interval": _whole,
    "rollover_hour": _whole,
    "fuzz": _yes_or_no,
    "parameters": _parameters,
}
