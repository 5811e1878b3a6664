"""A class in one archive: what can be graded of it is unpacked, and nothing else."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from grader.classroom.batch.members import DAMAGE, Member, members
from grader.classroom.batch.names import ARCHIVES, passed_over, readable
from grader.errors import UnusableInput
from grader.submission import NOTEBOOK_LIMIT
from grader.text import one_line

FILE_LIMIT = NOTEBOOK_LIMIT
"""Bytes of one file: no more is read of a submission."""

TOTAL_LIMIT = 32 << 30
"""Bytes that are unpacked at most: 5,000 students with ten notebooks of 600 KiB."""

FREE_BYTES = 1 << 30
MOST_TIMES = 100
"""An archive may unpack to ``FREE_BYTES`` however small it is, and beyond that to ``MOST_TIMES`` its size: Python and
notebooks are packed to a tenth of their size, a bomb to a thousandth."""

NAME_LIMIT = 1024
DEPTH_LIMIT = 16
"""Bytes of a member's whole name, and parts of it; a system allows 4096 with the folder in front."""

MOST_REMARKS = 100

_EMPTY_DEPTH = 3
"""Of what is not unpacked the folders are made, this deep, so that nobody without work is forgotten."""

_PIECE = 1 << 16
_PART_LIMIT = 255
_DRIVE = re.compile(r"[A-Za-z]:")
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass
class _Plan:
    """What will be written: for each path the number of its member in the archive, and its size."""

    files: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    folders: set[tuple[str, ...]] = field(default_factory=set)
    spelt: dict[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    unsaid: int = 0

    def refuse(self, name: str, why: str) -> None:
        """Say why something is not unpacked; of a million such members not each."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(f"{one_line(name) or 'a member without a name'} {why}.")
        else:
            self.unsaid += 1

    def said(self) -> tuple[str, ...]:
        """The remarks, and how many more there are."""
        return (*self.remarks, *([f"The archive has {self.unsaid:,} more such members."] if self.unsaid else []))


def unpacked(path: Path, into: Path) -> tuple[str, ...]:
    """Unpack the Python files and notebooks of a zip or tar archive.

    Members are counted and sized before anything is written, and sized again while they are. Only regular files are
    written, only below ``into``, each once.

    Args:
        path: the archive: zip, tar, tar.gz, tar.bz2 or tar.xz.
        into: an empty folder, which the caller takes away.

    Returns:
        What was refused and why, a line each, safe to show.

    Raises:
        UnusableInput: it is no archive, damaged, beyond a limit, holds no file to grade, or does not fit onto the disk.
    """
    plan = _planned(path)
    _check_size(path, sum(size for _, size in plan.files.values()), into)
    try:
        wanted = {number: parts for parts, (number, _) in plan.files.items()}
        for number, member in enumerate(members(path)):
            if number in wanted and (trouble := _write(member, into.joinpath(*wanted.pop(number)))):
                plan.refuse(member.name, trouble)
        for parts in plan.folders:
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                into.joinpath(*parts).mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be unpacked: {error.strerror}.") from None
    return plan.said()


def _planned(path: Path) -> _Plan:
    plan = _Plan()
    for number, member in enumerate(members(path)):
        parts, why = _parts(member.name)
        if why:
            plan.refuse(member.name, why)
        elif not any(map(passed_over, parts)):
            _consider(plan, number, member, parts)
    if not plan.files:
        told = "".join(f"    {remark}\n" for remark in plan.remarks[:3])
        raise UnusableInput(
            f"{one_line(str(path))} holds no .py or .ipynb file that can be graded.\n{told}"
            "Pack the students' folders, with the files in them, into one zip or tar."
        )
    return plan


def _parts(name: str) -> tuple[tuple[str, ...], str]:
    """The folders and the file of a member's name, and why it cannot be used; empty if it can."""
    # Archives made on Windows may have the other slash, and a file of ours has none in its name.
    name = name.replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    sizes = [len(part.encode(errors="replace")) for part in parts]
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts:
        return (), "was not unpacked: its name leads out of the archive's folder"
    if _UNFIT.search(name):
        return (), "was not unpacked: its name holds what is no text"
    if len(parts) > DEPTH_LIMIT or sum(sizes) > NAME_LIMIT or any(size > _PART_LIMIT for size in sizes):
        return (), "was not unpacked: its name is too long"
    return parts, ""


def _consider(plan: _Plan, number: int, member: Member, parts: tuple[str, ...]) -> None:
    """Plan to unpack one member, or say why not."""
    plan.folders.add((parts if member.folder else parts[:-1])[:_EMPTY_DEPTH])
    if member.refused:
        plan.refuse(member.name, member.refused)
    elif member.folder:
        return
    elif member.name.casefold().endswith(ARCHIVES):
        plan.refuse(member.name, "is an archive itself, and was not opened: unpack it into its student's folder")
    elif readable(member.name):
        same = plan.spelt.setdefault("/".join(parts).casefold(), parts)
        if member.size > FILE_LIMIT:
            plan.refuse(member.name, f"is larger than {FILE_LIMIT >> 20} MiB")
        elif same != parts:
            plan.refuse(member.name, f"differs only in capital letters from {one_line('/'.join(same))}")
        else:
            if parts in plan.files:
                plan.refuse(member.name, "is in the archive more than once; the last one counts")
            plan.files[parts] = number, member.size


def _check_size(path: Path, total: int, into: Path) -> None:
    shown = one_line(str(path))
    if total > TOTAL_LIMIT:
        raise UnusableInput(
            f"{shown} unpacks to {total >> 30} GiB; {TOTAL_LIMIT >> 30} are allowed. Grade it in parts."
        )
    if total > max(FREE_BYTES, MOST_TIMES * path.stat().st_size):
        raise UnusableInput(
            f"{shown} would unpack to {total // path.stat().st_size:,} times its size, as a zip bomb does. "
            "If you know whose it is, unpack it yourself, and name the folder."
        )
    if total > shutil.disk_usage(into).free:
        raise UnusableInput(
            f"{shown} unpacks to {(total >> 20) + 1:,} MiB, and {one_line(str(into))} has no room for that. "
            "Make room, or set TMPDIR to a folder on another disk."
        )


def _write(member: Member, target: Path) -> str:
    """Unpack one member; why it was not, if it was not."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Nothing is ever replaced or followed: the system itself says whether two names are one here.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except (FileExistsError, NotADirectoryError):
        return "was not unpacked: another member is in its place"
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return f"was not unpacked: {error.strerror}"
    with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor, not a path
        trouble = _copy(member, file)
    if trouble:
        target.unlink()
    else:
        os.utime(target, (member.modified, member.modified))  # which of two files is the newer
    return trouble


def _copy(member: Member, file: BinaryIO) -> str:
    size = 0
    try:
        with member.content() as content:
            while piece := content.read(_PIECE):
                size += len(piece)
                if size > min(member.size, FILE_LIMIT):
                    return "holds more than the archive says"
                file.write(piece)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return "is damaged in the archive"
    return "" if size == member.size else "holds less than the archive says"
