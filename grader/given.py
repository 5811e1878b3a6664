"""What reparam has ever given this learner, kept as it was: so an update can tell their work from ours."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from grader import output

FOLDER = Path(".reparam") / "given"


def keep(home: Path, name: str, text: str) -> None:
    """Keep a file as it was given, beside earlier versions of it.

    What cannot be kept costs nothing but the merging of later improvements.

    Args:
        home: the workspace.
        name: of the file, ``exercise1_reparameterization.py``.
        text: what is in it.
    """
    path = place(home, name, text)
    with contextlib.suppress(OSError):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            output.replace(path, text.encode())


def place(home: Path, name: str, text: str) -> Path:
    """Where a text is kept; the name tells its content, so that the same text is kept once."""
    file = Path(name)
    return home / FOLDER / f"{file.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}{file.suffix}"


def versions(home: Path, name: str) -> list[str]:
    """Every text that was given under this name; none where nothing was kept."""
    file = Path(name)
    found = []
    for path in sorted((home / FOLDER).glob(f"{file.stem}-{'?' * 12}{file.suffix}")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = path.read_text(encoding="utf-8")
            # Whoever edited it there made it something else than what was given.
            if place(home, name, text) == path:
                found.append(text)
    return found
