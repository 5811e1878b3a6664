"""Where results go: standard output, or a file that is complete or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from grader.errors import UnusableInput
from grader.text import one_line


def prepare() -> None:
    """Make standard output and error take any text, whatever the locale; a closed one swallows it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  stays open till exit
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def to_stdout(text: str) -> None:
    """Print a text. A reader that has gone away (`grade … | head`) is no error.

    Raises:
        UnusableInput: it cannot be written, for example because the disk is full.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
    except OSError as error:
        silence()
        raise UnusableInput(f"the report cannot be written to standard output: {error.strerror}.") from None


def silence() -> None:
    """Let standard output lead nowhere, so that Python's own flush at exit cannot complain."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def check_target(path: Path) -> None:
    """Refuse a place where no file can be written, before any work is done.

    Raises:
        UnusableInput: the folder is missing, or the path is a folder.
    """
    shown = one_line(str(path))
    if path.is_dir():
        raise UnusableInput(f"{shown} is a folder. Give --out the name of a file.")
    if not path.parent.is_dir():
        raise UnusableInput(f"{shown} cannot be written: there is no folder {one_line(str(path.parent))}.")


def deliver(path: Path, text: str, told: str) -> None:
    """Write a result to a file, and say so; on standard output if it cannot be written.

    Args:
        path: the file.
        text: what may have taken minutes to find out: it is not thrown away for a full disk.
        told: a sentence for standard output once it is written.

    Raises:
        UnusableInput: it cannot be written.
    """
    try:
        to_file(path, text)
    except UnusableInput:
        to_stdout(text)
        raise
    to_stdout(f"{told}\n")


def to_file(path: Path, text: str | Iterable[str]) -> None:
    """Write a file by way of another name, so that a reader never sees half of it.

    Args:
        path: the file.
        text: what is to be in it; in parts, if all of it at once would be too much.

    Raises:
        UnusableInput: it cannot be written; what was there before is untouched.
    """
    # Through a link to what it names; a device or a FIFO is written to and never replaced.
    target = Path(os.path.realpath(path))
    parts = [text] if isinstance(text, str) else text
    try:
        if path.exists() and not path.is_file():  # under its own name: a pipe behind /dev/stdout has no other
            with path.open("w", encoding="utf-8") as file:
                file.writelines(parts)
        else:
            replace(target, (part.encode() for part in parts))
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be written: {error.strerror}.") from None


def create(target: Path, content: bytes) -> bool:
    """Write a file that is not there yet, at once or not at all; False when something of that name is there.

    Raises:
        OSError: it cannot be written.
    """
    if os.path.lexists(target):  # a link that points nowhere is something too
        return False
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        except OSError:
            # Some file systems know no second name for a file.
            temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def replace(target: Path, content: bytes | Iterable[bytes]) -> None:
    """Put a file with this content in the target's place, at once or not at all; a link is replaced, not followed.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            # On the disk before the old file goes: no crash of the machine leaves neither.
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # also what the parts raise, and Ctrl-C between two of them
        temporary.unlink(missing_ok=True)
        raise
