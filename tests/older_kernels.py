"""A kernel that lacks something, for tests of what is said then."""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Callable

from grader.sandbox.isolation import seccomp, syscalls

LANDLOCK, SECCOMP = 444, {"x86_64": 317, "aarch64": 277}.get(platform.machine(), 0)
"""The first system call of each layer."""


def kernel_refuses(call: int, code: int) -> Callable[[], None]:
    """Make a system call fail for this process and all that it starts, as an older kernel or a container would."""
    lines = [
        (seccomp.LOAD, 0, 0, 0),
        (seccomp.EQUAL, 0, 1, call),
        (seccomp.RETURN, 0, 0, 0x00050000 | code),
        (seccomp.RETURN, 0, 0, seccomp.ALLOW),
    ]
    program = seccomp.Program(platform.machine(), b"".join(struct.pack("=HBBI", *line) for line in lines), ())

    def start() -> None:
        if os.geteuid() != 0:
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        assert seccomp.install(program, 0)

    return start
