"""This very reparam as a wheel, for other machines: made of a checkout, or of what is installed.

So what grades there is what was tried here, and no package index needs to have it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from grader.course import built_in
from grader.errors import UnusableInput

NAME = "reparam"
_PACKAGES = ("grader", "flashcards")
_COURSE = Path("grader") / "_course"
_TAG = "py3-none-any"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""When every member was made, so that the same files are the same wheel."""


def wheel() -> tuple[str, bytes]:
    """The wheel's name, ``reparam-0.1.0-py3-none-any.whl``, and its bytes.

    Raises:
        UnusableInput: reparam is not installed, so nobody knows what it needs.
    """
    try:
        found = metadata.distribution(NAME)
        about, entries = found.read_text("METADATA"), found.read_text("entry_points.txt")
    except metadata.PackageNotFoundError:
        about = entries = None
    if about is None or entries is None:
        raise UnusableInput("reparam is not installed in this environment: `pip install` its folder first.")
    info = f"{NAME}-{found.version}.dist-info"
    members = {str(name): path.read_bytes() for name, path in sorted(_sources())}
    members |= {
        f"{info}/METADATA": about.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: {_TAG}\n".encode(),
        f"{info}/entry_points.txt": entries.encode(),
    }
    record = [f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in members.items()]
    members[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    return f"{NAME}-{found.version}-{_TAG}.whl", zipped(members)


def zipped(members: dict[str, bytes], executable: frozenset[str] = frozenset()) -> bytes:
    """A zip archive that is the same for the same members.

    Args:
        members: name → content.
        executable: names of those that can be run.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(entry, content)
    return file.getvalue()


def _sources() -> Iterator[tuple[Path, Path]]:
    """Every file, by its name in the wheel."""
    above = Path(__file__).resolve().parents[2]
    for package in _PACKAGES:
        for path in _files(above / package):
            yield path.relative_to(above), path
    # A checkout has the course beside the packages, a wheel inside.
    course = built_in().exercises[0].stub.resolve().parents[1]
    if course != above / _COURSE:
        for folder in ("exercises", "solutions"):
            for path in _files(course / folder):
                yield _COURSE / path.relative_to(course), path


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
