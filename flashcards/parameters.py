"""The weights of FSRS that `flashcards optimize` fitted, in a small file; earlier fits are kept, to go back to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flashcards.errors import SettingsError
from flashcards.schedule import Settings

FILE = "parameters.json"
_KEPT = 20


@dataclass(frozen=True)
class Fit:
    """One fit.

    Args:
        at: when, ISO 8601.
        reviews: how many reviews it was made from.
        loss_before: log loss of the parameters until then, on these reviews.
        loss_after: log loss of the fitted ones.
        parameters: the 21 weights.
    """

    at: str
    reviews: int
    loss_before: float
    loss_after: float
    parameters: tuple[float, ...]


def read_fits(folder: Path) -> tuple[Fit, ...]:
    """All fits, the latest last; it is the one that holds.

    Raises:
        SettingsError: the file cannot be used.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_fit(entry) for entry in found["fits"])
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}. Check who may read it") from error
    except KeyError as error:
        raise SettingsError(
            f"{path} holds no parameters of FSRS: it lacks {error}. Move it away to use the defaults"
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        message = f"{path} holds no parameters of FSRS ({error}). Move it away to use the defaults"
        raise SettingsError(message) from error


def write_fits(folder: Path, fits: Sequence[Fit]) -> None:
    """Replace the file in one step; an interruption leaves the old one.

    Raises:
        SettingsError: it cannot be written.
    """
    path = folder / FILE
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    text = json.dumps({"fits": [asdict(fit) for fit in fits[-_KEPT:]]}, indent=1)
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SettingsError(f"{path}: {error.strerror}. The old parameters still hold") from error


def _fit(entry: dict[str, Any]) -> Fit:
    parameters = tuple(float(value) for value in entry["parameters"])
    Settings(parameters=parameters)  # raises ValueError where FSRS would refuse them
    losses = float(entry["loss_before"]), float(entry["loss_after"])
    return Fit(str(entry["at"]), int(entry["reviews"]), *losses, parameters)
