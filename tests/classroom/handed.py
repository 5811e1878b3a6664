"""Folders and archives of a class, as tests write them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.classroom.batch.find import Found, find
from grader.course import Exercise, built_in

COURSE = built_in()
FULL = {exercise.number: exercise.name for exercise in COURSE.exercises}
WHEN = 1_700_000_000
"""When files of archives were saved."""


def tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by their paths; a path that ends in ``/`` is an empty folder."""
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip of the same."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20)), content, method)
    return path


def tarred(path: Path, files: Mapping[str, str | bytes], kind: str = "") -> Path:
    """Write a tar of the same; ``kind`` is ``gz``, ``bz2``, ``xz`` or empty."""
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]  # the mode is one of four
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name.removesuffix("/"))
            info.mtime = WHEN
            info.size = len(data)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(data))
    return path


def found(folder: Path, exercises: Sequence[Exercise] = COURSE.exercises) -> Found:
    """What :func:`find` makes of a folder."""
    return find(folder, COURSE, exercises)


def answers(found: Found) -> dict[str, str]:
    """Student and exercise's number → the file: ``{"ada 1": "ada/exercise1.py"}``."""
    return {f"{handed.student} {handed.exercise.number}": handed.file for handed in found.handed}
