"""Landlock: no file but the interpreter's can be opened, none written, no TCP port reached, no outsider signalled.

The numbers are those of `linux/landlock.h`; `landlock(7)` says what each version of the interface added.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from grader.sandbox.isolation import syscalls
from grader.sandbox.isolation.syscalls import Unavailable

# The same numbers on every machine.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446

_GET_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_LOG: Final = 1  # LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF, version 7: learner code shall not flood the audit log

_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_TRUNCATE: Final = 1 << 14

_TCP: Final = 0b11  # bind, connect
_SCOPES: Final = 0b11  # abstract unix sockets, signals

# How many file rights each version knows: 13 at first, then moving between folders, truncating, device ioctls.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}

_FIRST_DESCRIPTOR: Final = 200
"""The ruleset moves up here, out of the way of the low numbers that a forked child gives a meaning to."""


def version() -> int:
    """The newest version of the interface that the kernel speaks.

    Raises:
        Unavailable: it has none, or none for us.
    """
    try:
        return syscalls.syscall(_CREATE_RULESET, None, 0, _GET_VERSION)
    except OSError as error:
        reasons = {
            errno.ENOSYS: "this kernel has no Landlock (Linux has it from 5.13 on)",
            errno.EOPNOTSUPP: "Landlock is switched off; `lsm=landlock,…` in the kernel's boot options switches it on",
            errno.EPERM: "something around us, perhaps a container's filter, forbids Landlock",
        }
        raise Unavailable(reasons.get(error.errno or 0, f"Landlock does not answer: {error.strerror}")) from None


def create_ruleset(newest: int) -> int:
    """A descriptor of rules that forbid everything, at ``newest`` or the nearest older version that the kernel takes.

    Some distributions' kernels name a version of which they only carry a part, so that the one they name may fail.

    Raises:
        Unavailable: not even the first version is taken.
    """
    refusal = ""
    for level in range(min(newest, max(_FILE_RIGHTS)), 0, -1):
        attributes = _attributes(level)
        try:
            return _out_of_the_way(syscalls.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
        except OSError as error:
            refusal = error.strerror or ""
    raise Unavailable(f"the kernel takes no Landlock rules: {refusal}")


def allow(ruleset: int, *, read: Iterable[Path], list_only: Iterable[Path], devices: Iterable[str]) -> None:
    """Add what may be opened to ``ruleset``. What does not exist, or cannot be reached by us, is left out.

    Nothing becomes executable: libraries are mapped, not executed, and learner code has no program to start.

    Args:
        ruleset: the descriptor of the rules.
        read: files, and folders to any depth.
        list_only: folders of which, to any depth, only the names of entries may be read.
        devices: files to read and write.
    """
    for path in read:
        _add(ruleset, path, _READ_FILE | _READ_DIR)
    for path in list_only:
        _add(ruleset, path, _READ_DIR)
    for device in devices:
        _add(ruleset, Path(device), _READ_FILE | _WRITE_FILE)


def restrict(ruleset: int) -> bool:
    """Put this thread, and what it starts, under ``ruleset`` for good; True when opening `/` fails afterwards.

    The process must have given up new privileges. The descriptor is closed in any case.

    Raises:
        OSError: the kernel refused.
    """
    try:
        try:
            syscalls.syscall(_RESTRICT_SELF, ruleset, _NO_LOG)
        except OSError as error:
            if error.errno != errno.EINVAL:  # before version 7 there are no flags
                raise
            syscalls.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return _root_is_shut()


def _attributes(level: int) -> bytes:
    """`struct landlock_ruleset_attr` as long as ``level`` knows it."""
    files = (1 << _FILE_RIGHTS[level]) - 1
    if level < 4:
        return struct.pack("=Q", files)
    if level < 6:
        return struct.pack("=QQ", files, _TCP)
    return struct.pack("=QQQ", files, _TCP, _SCOPES)


def _out_of_the_way(descriptor: int) -> int:
    try:
        higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
    except OSError:  # the limit on descriptors is lower than that: stay
        return descriptor
    os.close(descriptor)
    return higher


def _add(ruleset: int, path: Path, rights: int) -> None:
    if sys.platform != "linux":  # where no ruleset is made either
        return
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ~_READ_DIR  # the kernel refuses a folder's right on a file
        if rights:
            syscalls.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    except OSError:
        pass  # a special file system that takes no rules stays closed
    finally:
        os.close(descriptor)


def _root_is_shut() -> bool:
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except PermissionError:
        return True
    return False
