"""A class in a zip or a tar: what is honest simply works, and what is not writes nothing where it should not."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import subprocess
import tarfile
import tempfile
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest
from handed import FULL, WHEN, answers, found, tarred, tree, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.batch import archives, members
from grader.classroom.batch.archives import FILE_LIMIT, NAME_LIMIT, TOTAL_LIMIT, unpacked
from grader.errors import UnusableInput
from grader.submission import NOTEBOOK_LIMIT
from grader.text import one_line

ONE = FULL[1]
HONEST = {"class/ada/exercise1.py": "a", "class/bob/exercises/exercise2.ipynb": "b"}
KINDS = ["", "gz", "bz2", "xz"]


def written(folder: Path) -> dict[str, bytes]:
    """Path → content of every file below a folder; there is nothing but files and folders."""
    files = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if stat.S_ISREG(mode):
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where archives are unpacked, deep enough for ``../`` to be seen."""
    folder = tmp_path / "outer" / "into"
    folder.mkdir(parents=True)
    return folder


def refused(archive: Path, into: Path) -> str:
    """The remarks on an archive that also holds honest files, which are all that is written."""
    remarks = unpacked(archive, into)
    assert written(into) == {name: content.encode() for name, content in HONEST.items()}
    assert list(into.parent.iterdir()) == [into]
    assert all(one_line(remark, 10_000) == remark for remark in remarks)
    return "\n".join(remarks)


# --- honest ones ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", *KINDS])
def test_an_archive_is_as_good_as_the_folder(kind: str, tmp_path: Path, into: Path) -> None:
    files = {
        **HONEST,
        "class/ada/data/points.csv": "1",
        "class/ada/.reparam/x.py": "1",
        "class/cyd/": "",
        "class/d/a.txt": "",
    }
    archive = zipped(tmp_path / "a", files) if kind == "zip" else tarred(tmp_path / "a", files, kind)
    assert unpacked(archive, into) == ()
    assert written(into) == {name: content.encode() for name, content in HONEST.items()}
    direct, got = found(tree(tmp_path / "folder", files)), found(into)
    assert answers(got) == answers(direct)
    assert [remark.partition(":")[0] for remark in got.remarks] == ["cyd", "d"]
    assert (into / "class/ada/exercise1.py").stat().st_mtime == WHEN


def test_what_macos_packs(tmp_path: Path, into: Path) -> None:
    """UTF-8 that does not say so, letters in two parts, and a shadow of every file."""

    class Plain(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  zipfile's own name
            return self.filename.encode(), 0

    name = unicodedata.normalize("NFD", "Jürg Müller")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in (
            f"{name}/exercise1.py",
            f"__MACOSX/{name}/._exercise1.py",
            f"{name}/.DS_Store",
            "Ida/exercise1.py",
        ):
            archive.writestr(Plain(path), "x")
    assert unpacked(tmp_path / "a.zip", into) == ()
    assert answers(found(into)).keys() == {"Ida 1", "Jürg Müller 1"}


def test_what_windows_packs(tmp_path: Path, into: Path) -> None:
    """The other slash, folders of their own, no rights, and a code page for ü."""

    class Dos(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  zipfile's own name
            return self.filename.encode("cp437"), 0

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in ("class\\", "class\\Jürg\\", "class\\Jürg\\Exercise1.PY", "class\\ada\\exercises\\exercise2.ipynb"):
            info = Dos(path)
            info.create_system = 0
            archive.writestr(info, "" if path.endswith("\\") else "x")
    assert unpacked(tmp_path / "a.zip", into) == ()
    assert answers(found(into)) == {
        "Jürg 1": "class/Jürg/Exercise1.PY",
        "ada 2": "class/ada/exercises/exercise2.ipynb",
    }


def test_zip64_comments_and_streams(tmp_path: Path, into: Path) -> None:
    """What large archives and programs that write to a pipe make."""

    class Pipe(io.RawIOBase):
        def __init__(self, path: Path) -> None:
            self.file = path.open("wb")

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return self.file.write(data)  # type: ignore[arg-type]  # whatever zipfile writes

        def close(self) -> None:
            self.file.close()

    pipe = Pipe(tmp_path / "a.zip")
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"the submissions of week 3"
        for name, content in HONEST.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(content.encode())
    pipe.close()
    assert refused(tmp_path / "a.zip", into) == ""


def test_what_the_systems_own_tools_pack(tmp_path: Path, into: Path) -> None:
    tree(tmp_path / "in", HONEST)
    subprocess.run(["tar", "--format=pax", "-czf", tmp_path / "a.tgz", "-C", tmp_path / "in", "."], check=True)
    assert refused(tmp_path / "a.tgz", into) == ""


def test_a_class_of_5000_fits() -> None:
    assert members.MOST_MEMBERS >= 5000 * 10
    assert TOTAL_LIMIT // (5000 * 10) >= 500 << 10
    assert FILE_LIMIT >= NOTEBOOK_LIMIT


# --- hostile members among honest ones --------------------------------------------------------------------

LEADS_OUT = "its name leads out of the archive's folder"
NO_TEXT = "its name holds what is no text"
TOO_LONG = "its name is too long"
NAMES = {
    "../evil.py": LEADS_OUT,
    "class/../../evil.py": LEADS_OUT,
    "class/ada/..": LEADS_OUT,
    "..\\evil.py": LEADS_OUT,
    "class\\..\\..\\evil.py": LEADS_OUT,
    "/srv/evil.py": LEADS_OUT,
    "//server/evil.py": LEADS_OUT,
    "\\\\server\\evil.py": LEADS_OUT,
    "C:\\evil.py": LEADS_OUT,
    "c:evil.py": LEADS_OUT,
    "class/\x1b[2J/exercise1.py": NO_TEXT,
    "class/ada/exercise1.py\n": NO_TEXT,
    f"class/{'x' * 256}/exercise1.py": TOO_LONG,
    f"{'x/' * 20}exercise1.py": TOO_LONG,
    f"{('x' * 200 + '/') * 20}exercise1.py": TOO_LONG,
    f"{'ü' * 128}/exercise1.py": TOO_LONG,
    "class/ADA/Exercise1.py": "differs only in capital letters from class/ada/exercise1.py",
    "class/ada/exercise1.py/exercise2.py": "another member is in its place",
    "class/cyd/work.zip": "is an archive itself",
    "class/cyd/work.TAR.gz": "is an archive itself",
}


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:30]))
def test_names(name: str, kind: str, tmp_path: Path, into: Path) -> None:
    files = {**HONEST, name: "evil"}
    archive = zipped(tmp_path / "a", files) if kind == "zip" else tarred(tmp_path / "a", files)
    assert NAMES[name] in refused(archive, into)


def test_names_that_zipfile_and_tarfile_would_mend(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {**HONEST, "class/evil.py@hidden": "evil"})
    archive.write_bytes(archive.read_bytes().replace(b"evil.py@hidden", b"evil.py\0hidden"))
    assert NO_TEXT in refused(archive, into)
    other = into.parent / "other"
    other.mkdir()
    archive = tarred(tmp_path / "a.tar", {**HONEST, os.fsdecode(b"class/M\xfcller/exercise1.py"): "evil"})
    assert unpacked(archive, other) == (f"class/Mller/exercise1.py was not unpacked: {NO_TEXT}.",)


def test_a_name_that_comes_twice(tmp_path: Path, into: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ada/exercise1.py", "first")
        for content in ("second", "last"):
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("ada/exercise1.py", content)
    remark = "ada/exercise1.py is in the archive more than once; the last one counts."
    assert unpacked(tmp_path / "a.zip", into) == (remark, remark)
    assert written(into) == {"ada/exercise1.py": b"last"}


def with_tar_member(path: Path, change: Callable[[tarfile.TarInfo], None]) -> Path:
    """The honest files, and one more that is changed."""
    tarred(path, HONEST)
    with tarfile.open(path, "a") as archive:
        info = tarfile.TarInfo("class/evil/exercise1.py")
        info.linkname = "/etc/passwd"
        change(info)
        archive.addfile(info, io.BytesIO(b"x" * info.size))
    return path


@pytest.mark.parametrize(
    ("type_", "why"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.BLKTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a device"),
        (b"Z", "is a device or another special file"),
    ],
)
def test_members_of_a_tar_that_are_no_files(type_: bytes, why: str, tmp_path: Path, into: Path) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.type = type_

    assert why in refused(with_tar_member(tmp_path / "a.tar", change), into)


def test_a_link_to_a_folder_and_a_file_through_it(tmp_path: Path, into: Path) -> None:
    """The link is never made, so what would go through it lies in a folder of ours."""
    (tmp_path / "target").mkdir()
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("class/ada")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "target")
        archive.addfile(link)
        info = tarfile.TarInfo("class/ada/exercise1.py")
        archive.addfile(info)
    assert unpacked(tmp_path / "a.tar", into) == ("class/ada is a link.",)
    assert list((tmp_path / "target").iterdir()) == []
    assert written(into) == {"class/ada/exercise1.py": b""}


@pytest.mark.parametrize(
    ("mode", "why"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is a device"), (stat.S_IFCHR, "is a dev")]
)
def test_members_of_a_zip_that_are_no_files(mode: int, why: str, tmp_path: Path, into: Path) -> None:
    with zipfile.ZipFile(zipped(tmp_path / "a.zip", HONEST), "a") as archive:
        info = zipfile.ZipInfo("class/evil/exercise1.py")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert why in refused(tmp_path / "a.zip", into)


def test_holes(tmp_path: Path, into: Path) -> None:
    """A terabyte that takes no room in a tar: GNU tar itself packs it."""
    tree(tmp_path / "in", HONEST)
    (tmp_path / "in/class/evil").mkdir()
    with (tmp_path / "in/class/evil/exercise1.py").open("wb") as file:
        file.truncate(1 << 30)
    for form in ("gnu", "posix"):
        archive, folder = tmp_path / f"{form}.tar", into / form
        folder.mkdir()
        subprocess.run(["tar", f"--format={form}", "-Scf", archive, "-C", tmp_path / "in", "."], check=True)
        assert archive.stat().st_size < 1 << 20
        assert "has holes" in "".join(unpacked(archive, folder))
        assert written(folder) == {name: content.encode() for name, content in HONEST.items()}


def test_encrypted_and_strangely_packed_members(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {**HONEST, "class/evil/exercise1.py": "secret"})
    content = bytearray(archive.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 8] |= 1
    archive.write_bytes(content)
    assert "class/evil/exercise1.py is encrypted; unpack it with its password" in refused(archive, into)
    content[entry + 8] &= ~1
    content[entry + 10] = 9  # deflate64
    other = into.parent / "other"
    other.mkdir()
    archive.write_bytes(content)
    assert "is packed in a way that is not read here" in "".join(unpacked(archive, other))


def test_sizes_that_lie(tmp_path: Path, into: Path) -> None:
    """A zip's list says 10 bytes, and a megabyte comes; or the other way round; or its bytes are broken."""
    for says, why in ((10, "is damaged"), (2 << 20, "is damaged")):
        archive = zipped(tmp_path / "a.zip", {**HONEST, "class/evil/exercise1.py": "x" * (1 << 20)})
        content = bytearray(archive.read_bytes())
        struct.pack_into("<L", content, content.rindex(b"PK\x01\x02") + 24, says)
        archive.write_bytes(content)
        folder = into.parent / str(says)
        folder.mkdir()
        (remark,) = unpacked(archive, folder)
        assert why in remark or "holds less" in remark
        assert written(folder) == {name: content.encode() for name, content in HONEST.items()}


@pytest.mark.parametrize(("says", "why"), [(10, "holds more"), (2000, "holds less")])
def test_content_is_counted_while_it_is_written(says: int, why: str, tmp_path: Path) -> None:
    """Whatever the libraries let through, or an archive that somebody replaces under our hands."""
    member = members.Member("exercise1.py", says, 0.0, False, "", lambda: io.BytesIO(b"x" * 1000))
    assert why in archives._write(member, tmp_path / "exercise1.py")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large(tmp_path: Path, into: Path) -> None:
    files = {**HONEST, "class/evil/exercise1.ipynb": b"x" * (FILE_LIMIT + 1)}
    assert "class/evil/exercise1.ipynb is larger than 8 MiB." in refused(tarred(tmp_path / "a.tar", files), into)
    other = into.parent / "other"
    other.mkdir()
    assert unpacked(zipped(tmp_path / "a.zip", {"ada/exercise1.ipynb": b"x" * FILE_LIMIT}), other) == ()


def test_remarks_end_somewhere(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {**HONEST, **{f"../{n}.py": "" for n in range(150)}})
    remarks = unpacked(archive, into)
    assert (len(remarks), remarks[-1]) == (101, "The archive has 50 more such members.")


# --- archives that are refused as a whole -----------------------------------------------------------------


def unusable(archive: Path, into: Path, *, memory: int = 64) -> str:
    """The message about an archive that cannot be used; nothing was written, with at most so many MiB of memory."""
    tracemalloc.start()
    try:
        with pytest.raises(UnusableInput) as error:
            unpacked(archive, into)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory << 20
    assert list(into.iterdir()) == []
    assert archive.name in str(error.value)
    return str(error.value)


def test_bombs_by_ratio(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 20)
    zeros = {f"ada/exercise1_{n}.py": b"\0" * (1 << 19) for n in range(8)}
    assert "times its size, as a zip bomb does" in unusable(zipped(tmp_path / "a.zip", zeros), into)
    assert "times its size, as a zip bomb does" in unusable(tarred(tmp_path / "a.txz", zeros, "xz"), into)


def test_bombs_by_what_is_passed_over(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever packs 100 GB of zeros beside the exercises keeps us busy for so long and no longer."""
    monkeypatch.setattr(members, "STREAM_LIMIT", 4 << 20)
    archive = tarred(tmp_path / "a.tgz", {**HONEST, "class/ada/data": b"\0" * (5 << 20)}, "gz")
    assert "unpacks to more than" in unusable(archive, into)


def test_bombs_by_count(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 1000)
    files = {f"ada/{n}.py": "" for n in range(1001)}
    assert "has more than 1,000 members" in unusable(zipped(tmp_path / "a.zip", files), into)
    assert "has more than 1,000 members" in unusable(tarred(tmp_path / "a.tar", files), into)
    monkeypatch.setattr(members, "DIRECTORY_LIMIT", 10_000)
    assert "a list of members of" in unusable(zipped(tmp_path / "b.zip", files), into)


def test_no_room_on_the_disk(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes that are claimed are added up before the first byte is written."""
    archive = zipped(tmp_path / "a.zip", {f"ada/exercise1_{n}.py": "" for n in range(500)}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<L", content, at + 24, 0xFFFFFFFE)
        at = content.find(b"PK\x01\x02", at + 1)
    archive.write_bytes(content)
    monkeypatch.setattr(archives, "FILE_LIMIT", 1 << 60)
    assert "GiB; 32 are allowed" in unusable(archive, into)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 1 << 60)
    assert "times its size, as a zip bomb does" in unusable(archive, into)
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 60)
    assert "has no room for that" in unusable(archive, into)


def test_overlapping_members(tmp_path: Path, into: Path) -> None:
    """The zip bomb of 2019: many members, one content."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/exercise1.py", b"\0" * (1 << 20))
        for n in range(50):
            same = copy(archive.infolist()[0])
            same.filename = f"ada/exercise1_{n}.py"
            archive.filelist.append(same)
    assert "members overlap each other" in unusable(tmp_path / "a.zip", into)


@pytest.mark.parametrize(
    "type_", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_headers_of_enormous_size(type_: bytes, tmp_path: Path, into: Path) -> None:
    """tarfile would read a header of 100 GB at once."""
    info = tarfile.TarInfo("x")
    info.type, info.size = type_, 100 << 30
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * (4 << 20))
    assert "a member's header is larger than 1 MiB" in unusable(tmp_path / "a.tgz", into)


def test_a_size_below_zero(tmp_path: Path, into: Path) -> None:
    """tarfile would go round in circles for ever."""
    for size in (-512, -(1 << 40), 1 << 50):
        info = tarfile.TarInfo("ada/exercise1.txt")
        block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        block[124:136] = b"\xff" * 4 + struct.pack(">q", size) if size < 0 else b"\x80\0\0\0" + struct.pack(">q", size)
        block[148:156] = b" " * 8
        block[148:156] = f"{sum(block):06o}\0 ".encode()
        (tmp_path / "a.tar").write_bytes(bytes(block) + b"\0" * 10240)
        assert "damaged or cut off" in unusable(tmp_path / "a.tar", into)


def test_an_xz_that_asks_for_memory(tmp_path: Path, into: Path) -> None:
    """Its header wants a dictionary of 4 GiB."""
    tarred(tmp_path / "a.txz", HONEST, "xz")
    content = bytearray((tmp_path / "a.txz").read_bytes())
    size = (content[12] + 1) * 4
    assert content[14:16] == b"\x21\x01"  # one filter, LZMA2, with one byte: the dictionary's size
    content[16] = 40
    struct.pack_into("<L", content, 12 + size - 4, zlib.crc32(content[12 : 12 + size - 4]))
    (tmp_path / "a.txz").write_bytes(content)
    assert "damaged or cut off" in unusable(tmp_path / "a.txz", into)


@pytest.mark.parametrize("kind", ["zip", *KINDS])
def test_what_is_cut_off_is_never_half_a_class(kind: str, tmp_path: Path, into: Path) -> None:
    files = {f"s{n}/exercise1.py": os.urandom(700) for n in range(40)}
    archive = zipped(tmp_path / "a", files) if kind == "zip" else tarred(tmp_path / "a", files, kind)
    content = archive.read_bytes()
    end = len(content) if kind else 40 * 1536
    for share in (0, 1, 2, 20, 512, 1536, 2048, end // 3, end // 2, end - 30):
        archive.write_bytes(content[:share])
        assert "damaged or cut off" in unusable(archive, into)


def test_garbage_in_the_middle_of_a_tar(tmp_path: Path, into: Path) -> None:
    """tarfile would take it for the end, and forget whoever comes after it."""
    archive = tarred(tmp_path / "a.tar", {f"s{n}/exercise1.py": "x" for n in range(10)})
    content = bytearray(archive.read_bytes())
    for junk in (b"garbage!" * 64, b"\0" * 512):
        content[4096:4608] = junk
        archive.write_bytes(content)
        assert "damaged or cut off" in unusable(archive, into)


def test_what_is_no_archive(tmp_path: Path, into: Path) -> None:
    honest = tarred(tmp_path / "a.tgz", HONEST, "gz").read_bytes()
    for content in (
        b"",
        b"x = 1\n" * 1000,
        os.urandom(4096),
        gzip.compress(honest),
        gzip.compress(b"x = 1"),
        b"PK\x03\x04",
    ):
        (tmp_path / "a").write_bytes(content)
        assert "is no zip or tar archive" in unusable(tmp_path / "a", into)
    (tmp_path / "a").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    assert "Unpack it, and name the folder" in unusable(tmp_path / "a", into)
    os.mkfifo(tmp_path / "fifo")
    assert "there is no such folder or archive" in unusable(tmp_path / "fifo", into)
    nothing = unusable(zipped(tmp_path / "b.zip", {"ada/work.docx": "", "../exercise1.py": ""}), into)
    assert "b.zip holds no .py or .ipynb file that can be graded.\n    ../exercise1.py was not unpacked" in nothing


# --- any archive at all -----------------------------------------------------------------------------------

PART = st.one_of(
    st.sampled_from(
        ["..", ".", "", "ada", "ADA", "exercise1.py", "C:", "\\", "..\\..", "x\0y", "~", "\udcff", "\u202e", "a" * 300]
    ),
    st.text(max_size=8),
)
ENTRY = st.tuples(
    st.lists(PART, min_size=1, max_size=5).map(lambda parts: "/".join((*parts, "exercise1.py"))),
    st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]),
)


def safe(archive: Path, into: Path) -> None:
    """Unpack it, or not; but write nothing outside and nothing else than small regular files of ours."""
    into.mkdir(parents=True)
    before = sorted(archive.parent.iterdir())
    try:
        remarks = unpacked(archive, into)
    except UnusableInput as error:
        remarks = tuple(str(error).split("\n"))
    assert all(one_line(remark, 10_000).split() == remark.split() for remark in remarks)
    assert sorted(archive.parent.iterdir()) == before
    for name, content in written(into).items():
        assert name.casefold().endswith((".py", ".ipynb"))
        assert len(content) <= FILE_LIMIT
        assert len(os.fsencode(name)) <= NAME_LIMIT + archives.DEPTH_LIMIT


@given(st.lists(ENTRY, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_whatever_names_and_kinds_a_tar_holds(entries: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        with tarfile.open(Path(name) / "a.tar", "w") as archive:
            for path, type_ in entries:
                info = tarfile.TarInfo(path)
                info.type, info.linkname, info.size = type_, "/etc/passwd", len(path) if type_ == tarfile.REGTYPE else 0
                archive.addfile(info, io.BytesIO(bytes(info.size)))
        safe(Path(name) / "a.tar", Path(name) / "into")


FILES = {
    "class/ada/exercise1.py": "print(1)\n" * 30,
    "class/ü/exercises/exercise2.ipynb": "{}",
    "class/bob/x/data.csv": "1" * 600,
}
with tempfile.TemporaryDirectory() as _folder:
    SEEDS = [
        zipped(Path(_folder) / "a", FILES).read_bytes(),
        zipped(Path(_folder) / "b", FILES, zipfile.ZIP_STORED).read_bytes(),
    ]
    SEEDS += [tarred(Path(_folder) / "c", FILES, kind).read_bytes() for kind in KINDS]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=6),
    st.floats(0.5, 1),
)
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_an_archive_holds(seed: bytes, changes: list[tuple[float, bytes]], kept: float) -> None:
    content = bytearray(seed)
    for where, data in changes:
        at = int(where * len(content))
        content[at : at + len(data)] = data
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "a").write_bytes(content[: max(1, int(kept * len(content)))] if kept < 0.9 else content)
        safe(Path(name) / "a", Path(name) / "into")
