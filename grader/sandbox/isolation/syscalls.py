"""The kernel through ctypes: calls that Python does not wrap, each with its error checked."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from typing import Final

LINUX: Final[bool] = sys.platform == "linux"

PR_SET_PDEATHSIG: Final = 1
PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
PR_SET_KEEPCAPS: Final = 8
PR_GET_SECCOMP: Final = 21
PR_SET_NO_NEW_PRIVS: Final = 38

CLOSE_RANGE: Final = 436  # from 424 on all machines number alike

_CAPABILITY_VERSION: Final = 0x20080522
_CapabilityHeader = ctypes.c_uint32 * 2
_CapabilitySets = ctypes.c_uint32 * 6

_libc = ctypes.CDLL(None, use_errno=True)
if LINUX:
    _prctl = _libc.prctl
    _prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


class Unavailable(Exception):  # noqa: N818  it names a state of the machine, not an error of the program
    """A layer cannot be had here. The message says why, in words for whoever runs the grader."""


def supported_machine() -> str | None:
    """`x86_64` or `aarch64` where this process makes that machine's system calls, else None."""
    machine = platform.machine()
    sixty_four_bits = sys.maxsize > 2**32 and sys.byteorder == "little"
    return machine if machine in {"x86_64", "aarch64"} and sixty_four_bits else None


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call by number.

    Args:
        number: the call's number on this machine.
        *arguments: integers, and pointers as bytes (the kernel reads or writes in place) or None.

    Raises:
        OSError: the kernel refused.
    """
    passed = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed))


def prctl(option: int, argument: int = 0) -> int:
    """`prctl(2)` with one integer; the others are 0, as newer options demand.

    Raises:
        OSError: the kernel refused.
    """
    return _checked(_prctl(option, argument, 0, 0, 0))


def capset(effective: int, permitted: int) -> None:
    """`capset(2)` for the calling thread: at most these, one bit each, and none to inherit (so that none is ambient).

    Raises:
        OSError: the kernel refused.
    """
    low, high = 2**32 - 1, 32
    sets = _CapabilitySets(effective & low, permitted & low, 0, effective >> high, permitted >> high, 0)
    _checked(_libc.capset(_CapabilityHeader(_CAPABILITY_VERSION, 0), sets))


def capget() -> tuple[int, int]:
    """The effective and the permitted capabilities of the calling thread, one bit each.

    Raises:
        OSError: the kernel refused.
    """
    sets = _CapabilitySets()
    _checked(_libc.capget(_CapabilityHeader(_CAPABILITY_VERSION, 0), sets))
    return sets[0] | sets[3] << 32, sets[1] | sets[4] << 32


def address_of(content: bytes) -> int:
    """Where ``content`` lies in memory, for as long as the caller holds on to it."""
    return ctypes.c_void_p.from_buffer(ctypes.c_char_p(content)).value or 0


def overwrite_environment() -> None:
    """Fill the C library's environment strings with zeros and forget them, so that no pointer finds what they held."""
    strings = ctypes.POINTER(ctypes.c_void_p).in_dll(_libc, "environ")
    index = 0
    while strings and strings[index]:
        address = strings[index]
        ctypes.memset(address, 0, len(ctypes.string_at(address)))
        index += 1
    _libc.clearenv()


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
