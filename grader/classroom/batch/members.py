"""The members of a zip or tar archive one by one, in bounded memory, whatever the archive says of itself."""

from __future__ import annotations

import bz2
import calendar
import functools
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from grader.errors import UnusableInput
from grader.text import one_line

MOST_MEMBERS = 500_000
"""5,000 students with ten exercises each, and beside each of those nine files that nobody grades."""

DIRECTORY_LIMIT = 128 << 20
"""Bytes of a zip's list of members, which is read at once: 500,000 take some 60 MiB."""

STREAM_LIMIT = 64 << 30
"""Bytes that a tar may have unpacked, with everything in it that nobody grades; so no bomb runs for ever."""

HEADER_LIMIT = 1 << 20
"""Bytes of a tar member's header, which is read at once: names and attributes; beyond that it is made to harm."""

_XZ_MEMORY = 192 << 20  # `xz -9` needs 65 MiB to unpack; a header may ask for 4 GiB
_PIECE = 1 << 16
_BLOCK = 512  # of a tar
_LOCAL_HEADER = 30  # of a zip's member, without its name

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError,
          OverflowError, NotImplementedError, RuntimeError, OSError)  # fmt: skip
"""What the standard library raises over an archive that is cut off, garbage, or lies."""


@dataclass(frozen=True)
class Member:
    r"""One entry of an archive.

    Args:
        name: as the archive has it, with ``/`` or ``\`` between folders: hostile.
        size: bytes that it claims to have.
        modified: when it was saved, in seconds; for zip in a clock without a zone. 0 where that is nonsense.
        folder: whether it is one.
        refused: why it cannot be read: it is a link, a device, encrypted …; empty for a file.
        content: opens its content; for a tar only until the next member is asked for.
    """

    name: str
    size: int
    modified: float
    folder: bool
    refused: str
    content: Callable[[], IO[bytes]]


def members(path: Path) -> Iterator[Member]:
    """The entries of an archive in their order; what it is, its first bytes say and not its name.

    Raises:
        UnusableInput: it is missing, no archive, damaged, or beyond a limit.
    """
    shown = one_line(str(path))
    if not path.is_file():
        raise UnusableInput(f"{shown}: there is no such folder or archive.")
    try:
        with path.open("rb") as file:
            start = file.read(6)
            file.seek(0)
            if start.startswith((b"7z\xbc\xaf", b"Rar!")):
                raise UnusableInput(f"{shown} is a 7z or RAR archive. Unpack it, and name the folder.")
            if start.startswith(b"PK"):
                yield from _zip_members(path, shown)
            else:
                yield from _tar_members(_Stream(_inflated(file, start), shown), shown)
    except UnusableInput:
        raise
    except DAMAGE as error:
        why = one_line(str(error.strerror if isinstance(error, OSError) and error.strerror else error), 100)
        raise UnusableInput(
            f"{shown} is no zip or tar archive, or it is damaged or cut off ({why or type(error).__name__}). "
            "Download or pack it again; or unpack it, and name the folder."
        ) from None


class _Directory(io.BufferedReader):
    """A zip whose list of members is looked at before ``zipfile`` makes an object of each."""

    def __init__(self, path: Path, shown: str) -> None:
        super().__init__(io.FileIO(path))
        self._shown = shown

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY_LIMIT:
            raise UnusableInput(f"{self._shown} has a list of members of {size >> 20} MiB. {_TOO_MANY}")
        content = super().read(size)
        if content.count(b"PK\x01\x02") > MOST_MEMBERS:
            raise UnusableInput(f"{self._shown} has more than {MOST_MEMBERS:,} members. {_TOO_MANY}")
        return content


_TOO_MANY = "Grade the class in parts, or unpack it and name the folder."


def _zip_members(path: Path, shown: str) -> Iterator[Member]:
    with _Directory(path, shown) as file, zipfile.ZipFile(file) as archive:
        _refuse_overlaps(archive.infolist(), shown)
        for info in archive.infolist():
            when = calendar.timegm((*info.date_time, 0, 0, 0)) if 1 <= info.date_time[1] <= 12 else 0
            name = info.orig_filename if "\0" in info.orig_filename else _zip_name(info)
            folder = name.endswith(("/", "\\"))
            content = functools.partial(archive.open, info)
            yield Member(name, info.file_size, _sane(when), folder, _zip_trouble(info), content)


def _refuse_overlaps(infos: list[zipfile.ZipInfo], shown: str) -> None:
    """No two members may share bytes of the archive: that is how a small one holds the same megabytes 1,000 times."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise UnusableInput(f"{shown}: members overlap each other, as in a zip bomb. Pack it anew.")
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name; macOS writes UTF-8 without saying so, and then ``zipfile`` takes it for a code page of DOS."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _zip_trouble(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "is a link"
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "is a device or another special file"
    if info.flag_bits & 0x1:
        return "is encrypted; unpack it with its password, and name the folder"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read here; unpack it, and name the folder"
    return ""


def _tar_members(stream: _Stream, shown: str) -> Iterator[Member]:
    archive = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:")  # noqa: SIM115  it holds nothing open
    count = 0
    while (info := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # else it keeps them all
        count += 1
        if count > MOST_MEMBERS:
            raise UnusableInput(f"{shown} has more than {MOST_MEMBERS:,} members. {_TOO_MANY}")
        content = functools.partial(_tar_content, archive, info)
        yield Member(info.name, info.size, _sane(info.mtime), info.isdir(), _tar_trouble(info), content)
    # tarfile takes garbage between two members for the end, and everybody behind it would be forgotten.
    if stream.latest.strip(b"\0") or len(stream.latest) < _BLOCK:
        raise tarfile.ReadError("it ends without an end")
    while rest := stream.read(_PIECE):
        if rest.strip(b"\0"):
            raise tarfile.ReadError("more lies behind its end")


def _tar_content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(info)
    if content is None:
        raise tarfile.ReadError("it is no file")
    return content


def _tar_trouble(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "is a link"
    if info.issparse():
        return "has holes (a sparse file)"
    return "" if info.isreg() or info.isdir() else "is a device or another special file"


def _sane(when: float) -> float:
    return when if 0 <= when < 1 << 32 else 0.0


class _Source(Protocol):
    """Bytes to come."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


def _inflated(file: BinaryIO, start: bytes) -> _Source:
    """What a tar is made of, from a file that begins with ``start``."""
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return _Inflated(file, bz2.BZ2Decompressor)
    if start.startswith(b"\xfd7zXZ\0"):
        return _Inflated(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY))
    return file


class _Inflated:
    """The content of a bz2 or xz file; ``lzma.open`` would grant any memory that a file asks for."""

    def __init__(self, file: BinaryIO, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._file = file
        self._new = new
        self._inflater = new()

    def read(self, size: int, /) -> bytes:
        while True:
            more = b""
            if self._inflater.eof:  # another stream may follow, after zeros
                more = self._inflater.unused_data.lstrip(b"\0") or self._file.read(_PIECE).lstrip(b"\0")
                if not more:
                    return b""
                self._inflater = self._new()
            elif self._inflater.needs_input:
                more = self._file.read(_PIECE)
                if not more:
                    raise EOFError("it ends too early")
            if content := self._inflater.decompress(more, size):
                return content


class _Stream:
    """A tar as ``tarfile`` reads it: onwards only, so much at once, so much in all."""

    def __init__(self, source: _Source, shown: str) -> None:
        self._source = source
        self._shown = shown
        self._at = 0
        self.latest = b""

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= HEADER_LIMIT:
            raise UnusableInput(f"{self._shown}: a member's header is larger than {HEADER_LIMIT >> 20} MiB.")
        pieces = []
        missing = size
        while missing and (piece := self._source.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        self.latest = b"".join(pieces)
        self._at += len(self.latest)
        if self._at > STREAM_LIMIT:
            raise UnusableInput(f"{self._shown} unpacks to more than {STREAM_LIMIT >> 30} GiB. {_TOO_MANY}")
        return self.latest

    def seek(self, to: int, whence: int = 0, /) -> int:
        if whence or to < self._at:  # a negative size would have tarfile go round in circles
            raise tarfile.ReadError("it points backwards")
        while self._at < to and self.read(min(_PIECE, to - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at
