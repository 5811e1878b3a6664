"""What a batch's folder remembers from run to run, and that only one run at a time writes to it."""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from grader import output
from grader.classroom.batch import ledger
from grader.errors import UnusableInput
from grader.text import one_line

FILE: Final = "batch.json"
SCHEMA: Final = "reparam.batch/1"
BEFORE: Final = "results.before-{}.jsonl"
_LOCK: Final = ".lock"
_HALF: Final = re.compile(r"\.(?:batch|canvas|insights|junit|moodle|results)\.[a-z]+\.[0-9a-f]{8}")


@dataclass(frozen=True)
class Settings:
    """What must be the same in every run into one folder.

    Args:
        seed: what all probes are drawn from.
        variants: whether students have numbers of their own.
    """

    seed: int
    variants: bool


def agreed(kept: Settings | None, seed: int | None, *, variants: bool, drawn: int) -> Settings:
    """What a run goes by: what the folder remembers, or what was asked for.

    Args:
        kept: what the folder remembers; None if it is new, or if everything is to be graded anew.
        seed: what was asked for, or None.
        variants: what was asked for.
        drawn: the seed where nobody says one.

    Raises:
        UnusableInput: they disagree; marks from two seeds cannot be compared.
    """
    if kept is None:
        return Settings(drawn if seed is None else seed, variants)
    if seed is not None and seed != kept.seed:
        raise UnusableInput(
            f"This folder was graded with --seed {kept.seed}, not {seed}, and marks from two seeds do not belong in "
            "one list. Leave --seed out to go on with it, give another --out, or grade everything anew with --again."
        )
    if variants != kept.variants:
        had, mend = ("with", "Give --variants") if kept.variants else ("without", "Leave --variants out")
        raise UnusableInput(
            f"This folder was graded {had} --variants. {mend} to go on with it, give another --out, or grade "
            "everything anew with --again."
        )
    return kept


def check_place(out: Path, source: Path) -> None:
    """Refuse a folder in which a batch's files would be among somebody else's.

    Raises:
        UnusableInput: it is a file, lies in the folder of the submissions, or holds other files.
    """
    shown = one_line(str(out))
    if out.exists() and not out.is_dir():
        raise UnusableInput(f"{shown} is a file. Give --out the name of a folder for the results.")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UnusableInput(
            f"{shown} lies among the submissions, where every folder is a student's. Give --out a folder elsewhere."
        )
    try:
        names = [entry.name for entry in out.iterdir() if not entry.name.startswith(".")] if out.is_dir() else []
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    if names and FILE not in names:
        raise UnusableInput(
            f"{shown} holds files that are not of a batch ({one_line(min(names), 60)}). Give --out a new folder."
        )


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Make the folder where it is missing, and keep every other run away from it until the end of this process.

    Raises:
        UnusableInput: another run writes to it, or it cannot be written.
    """
    shown = one_line(str(out))
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be written: {error.strerror}. Give --out another folder.") from None
    try:
        try:
            # The system's own, so that it goes with its process, however that ends.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise UnusableInput(
                f"Another `grade batch` is writing to {shown} (process {one_line(who)}). "
                "Wait for its end, or give another --out."
            ) from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):  # a network disk without locks
                raise UnusableInput(f"{shown} cannot be locked: {error.strerror}.") from None
        with suppress(OSError):  # a full disk, say: the lock holds, only its owner's number is not told
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
            _sweep(out)
        yield
    finally:
        os.close(descriptor)


def _sweep(out: Path) -> None:
    """Take away what runs that were killed had half written under another name."""
    for path in out.iterdir():
        if _HALF.fullmatch(path.name):
            path.unlink(missing_ok=True)


def read(out: Path) -> Settings | None:
    """What the folder remembers; None if it is new.

    Raises:
        UnusableInput: its file cannot be used.
    """
    path = out / FILE
    try:
        fields = json.loads(path.read_bytes())
        if fields.pop("schema") == SCHEMA and type(fields["seed"]) is int and type(fields["variants"]) is bool:
            return Settings(**fields)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableInput(f"{one_line(str(path))} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise UnusableInput(
        f"{one_line(str(path))} is damaged, or another version of reparam wrote it. Give another --out; what is in "
        "this folder stays as it is."
    )


def keep(out: Path, settings: Settings) -> None:
    """Write what the next run goes by.

    Raises:
        UnusableInput: it cannot be written.
    """
    output.to_file(out / FILE, json.dumps({"schema": SCHEMA, **asdict(settings)}, indent=2) + "\n")


def set_aside(out: Path) -> None:
    """Begin anew: what was graded so far is kept beside, under another name.

    Raises:
        UnusableInput: it cannot be renamed.
    """
    number = next(number for number in itertools.count(1) if not (out / BEFORE.format(number)).exists())
    try:
        (out / ledger.FILE).rename(out / BEFORE.format(number))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnusableInput(f"{one_line(str(out))} cannot be written: {error.strerror}.") from None
