"""Read a learner's file without trusting it: it may be anything that a path can name."""

from __future__ import annotations

import ast
import bisect
import errno
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UnusableInput
from grader.notebook import PARSED_LIMIT, joined, read_notebook
from grader.text import clean, one_line

SOURCE_LIMIT = 1024 * 1024
"""Bytes of Python that one submission may have."""

NOTEBOOK_LIMIT = 8 * SOURCE_LIMIT
"""Bytes that a notebook may have: the pictures among its outputs count too."""

_SHOWN_LINE = 100
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Submission:
    """What a learner handed in.

    Args:
        path: where it was read.
        name: the file's name, safe to show.
        source: its Python text; a notebook's code cells in one text.
        cells: for a notebook, the line of ``source`` above the first line of each code cell.
    """

    path: Path
    name: str
    source: str
    cells: tuple[int, ...] = ()

    def place(self, line: int) -> str:
        """Where the learner finds a line of ``source``: "line 12", or "code cell 3, line 2"."""
        cell = bisect.bisect_left(self.cells, line)
        return f"code cell {cell}, line {line - self.cells[cell - 1]}" if cell else f"line {line}"


def read_submission(path: Path) -> Submission:
    """Read a ``.py`` or ``.ipynb`` file.

    Raises:
        UnusableInput: it is missing, no regular file, too large, no UTF-8 text, empty, or not Python. The
            message names the file, the line where there is one, and what to do.
    """
    return from_bytes(read_bytes(path, limit_of(path)), path)


def read_unparsed(path: Path) -> Submission:
    """Read a ``.py`` or ``.ipynb`` file that need not be Python yet.

    Raises:
        UnusableInput: as :func:`read_submission`, but for what is not Python.
    """
    return _unparsed(read_bytes(path, limit_of(path)), path)


def limit_of(path: Path) -> int:
    """The most bytes that a file of this name may have."""
    return NOTEBOOK_LIMIT if _is_notebook(path) else SOURCE_LIMIT


def from_bytes(content: bytes, path: Path) -> Submission:
    """The submission that a ``.py`` or ``.ipynb`` file of this content is.

    Args:
        content: at most :func:`limit_of` bytes.
        path: where it was found; only its name is used.

    Raises:
        UnusableInput: as :func:`read_submission`.
    """
    submission = _unparsed(content, path)
    _check_syntax(submission, one_line(str(path)))
    return submission


def _unparsed(content: bytes, path: Path) -> Submission:
    shown, name = one_line(str(path)), one_line(path.name)
    text = _decode(content, shown)
    if _is_notebook(path):
        cells = read_notebook(text, shown)
        submission = Submission(path, name, cells.source, cells.starts)
    else:
        submission = Submission(path, name, text)
    _check_size(submission, shown)
    return submission


def _is_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb"


def from_cells(sources: Sequence[str], path: Path) -> Submission:
    """The code cells of a notebook that is open, as one submission.

    Args:
        sources: the text of each.
        path: the notebook; only its name is used.

    Raises:
        UnusableInput: together they are too large, or not Python.
    """
    content = joined(sources)
    submission = Submission(path, one_line(path.name), content.source, content.starts)
    _check_size(submission, submission.name)
    _check_syntax(submission, submission.name)
    return submission


def _check_size(submission: Submission, shown: str) -> None:
    if len(submission.source.encode(errors="replace")) > SOURCE_LIMIT:
        raise UnusableInput(f"{shown} holds more than 1 MiB of Python. Keep data out of the file you hand in.")


def read_text(path: Path, limit: int) -> str:
    """The text of a regular file that is no link.

    Raises:
        UnusableInput: as :func:`read_bytes`, or it is no UTF-8 text, or empty.
    """
    return _decode(read_bytes(path, limit), one_line(str(path)))


def read_bytes(path: Path, limit: int) -> bytes:
    """What is in a regular file that is no link.

    Args:
        path: the file.
        limit: the most bytes that it may have, a multiple of a MiB.

    Raises:
        UnusableInput: it is missing, a link, no regular file, or larger.
    """
    shown = one_line(str(path))
    # O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: a link could point at anybody's file.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise UnusableInput(_why_not_opened(error, path, shown)) from None
    try:
        _check_kind(os.fstat(descriptor), shown)
        content = _read_up_to(descriptor, limit + 1)
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise UnusableInput(
            f"{shown} is larger than {limit // SOURCE_LIMIT} MiB. Is it the right file? "
            "Keep data and outputs out of the file you hand in."
        )
    return content


def _read_up_to(descriptor: int, count: int) -> bytes:
    content = b""
    while len(content) < count and (part := os.read(descriptor, count - len(content))):
        content += part
    return content


def _why_not_opened(error: OSError | ValueError, path: Path, shown: str) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ENOENT:
        missing_folder = not path.parent.exists()
        mend = f"there is no folder {one_line(str(path.parent))}" if missing_folder else "check the spelling"
        return f"{shown}: no such file; {mend}."
    if code == errno.ELOOP:
        return f"{shown} is a symbolic link. Hand in the file itself: copy it to this place."
    if code in (errno.EACCES, errno.EPERM):
        return f"{shown} cannot be read: you have no permission. Try: chmod u+r {path.name!r}"
    if code in (errno.ENXIO, errno.ENODEV):
        return _no_regular_file(shown, "a socket or a device")
    return f"{shown} cannot be opened: {error.strerror if isinstance(error, OSError) else error}."


def _no_regular_file(shown: str, kind: str) -> str:
    return f"{shown} is {kind}, not a file. Name the .py or .ipynb file that holds your answers."


def _check_kind(status: os.stat_result, shown: str) -> None:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO (a named pipe)",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    if not stat.S_ISREG(status.st_mode):
        raise UnusableInput(_no_regular_file(shown, kinds.get(stat.S_IFMT(status.st_mode), "something special")))
    if status.st_nlink > 1:
        # A second name could be somebody else's file, linked here to have its text shown.
        raise UnusableInput(
            f"{shown} is a hard link: the same file has {status.st_nlink} names. Hand in a copy of it instead."
        )


def _decode(content: bytes, shown: str) -> str:
    if content.startswith(_UTF16_MARKS):
        raise UnusableInput(f"{shown} is UTF-16 text. Save it as UTF-8 in your editor and grade it again.")
    if b"\0" in content:
        kind = "UTF-16 text" if _half_zero(content) else "a binary file, not text"
        raise UnusableInput(f"{shown} is {kind}. Hand in Python text, saved as UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnusableInput(
            f"{shown}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8 in your editor and grade it again."
        ) from None
    if not text.strip():
        raise UnusableInput(f"{shown} is empty. Save your work in it first, or run `grade init` for a new copy.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _half_zero(content: bytes) -> bool:
    """Whether every second byte is mostly zero, as in UTF-16 text without a mark."""
    return any(2 * half.count(0) > len(half) > 0 for half in (content[::2], content[1::2]))


def _check_syntax(submission: Submission, shown: str) -> None:
    if len(submission.source) > PARSED_LIMIT:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(submission.source)
    except SyntaxError as error:
        raise UnusableInput(_syntax_message(error, submission, shown)) from None
    except (RecursionError, MemoryError):
        raise UnusableInput(f"{shown} is nested too deeply for Python to read. Write it in smaller steps.") from None
    except ValueError as error:
        raise UnusableInput(f"{shown} is not Python: {one_line(str(error))}.") from None


def _syntax_message(error: SyntaxError, submission: Submission, shown: str) -> str:
    lines = submission.source.split("\n")
    number = min(max(error.lineno or 1, 1), len(lines))
    head = f"{shown}, {submission.place(number)}: {one_line(error.msg)}"
    return f"{head}\n{_caret(lines[number - 1], error.offset or 0)}Mend this line, then grade again."


def _caret(line: str, offset: int) -> str:
    """The line and a caret under its ``offset``-th character (1 is the first), cut to what fits a terminal."""
    line = line.expandtabs(1)
    column = min(max(offset - 1, 0), len(line))
    before, after = clean(line[:column].lstrip(), len(line) + 1), clean(line[column:], len(line) + 1)
    if len(before) > _SHOWN_LINE // 2:
        before = "…" + before[-_SHOWN_LINE // 2 :]
    text = clean(before + after, _SHOWN_LINE)
    if not text.strip():
        return ""
    return f"    {text}\n" + (f"    {' ' * len(before)}^\n" if offset else "")
