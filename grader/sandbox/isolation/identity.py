"""Who the process is: a user that nobody else is, without capabilities but, where nothing is readable else, reading."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.sandbox.isolation import syscalls
from grader.sandbox.isolation.syscalls import Unavailable

DAC_READ_SEARCH: Final = 1 << 2
_SETGID: Final = 1 << 6
_SETUID: Final = 1 << 7


@dataclass(frozen=True)
class Plan:
    """Which user a child becomes.

    Attributes:
        first: the lowest number that may be taken, for user and group alike.
        span: how many numbers there are; a child takes the one that its pid falls on.
        exclusive: whether no other process is that user, so that the kernel's count per user counts one child only.
    """

    first: int
    span: int
    exclusive: bool

    def number(self, pid: int) -> int:
        """The user and group that the process ``pid`` becomes."""
        return self.first + pid % self.span


CANDIDATES: Final = (
    Plan(
        0x70000000, 1 << 22, exclusive=True
    ),  # assigned to nothing by systemd's rules, and as long as the longest list of pids
    Plan(
        60578, 606, exclusive=True
    ),  # likewise unassigned, and mapped in a rootless container; pids 606 apart are rare at a time
    Plan(65534, 1, exclusive=False),  # nobody, shared with others who run as nobody
)


def plan() -> Plan:
    """The user that children can become.

    Raises:
        Unavailable: this process cannot change its user.
    """
    if os.geteuid() != 0:
        raise Unavailable(f"the grader does not run as root, so learner code runs as the same user ({os.geteuid()})")
    if syscalls.capget()[0] & (_SETUID | _SETGID) != _SETUID | _SETGID:
        raise Unavailable("the grader runs as root without the capabilities to change user (CAP_SETUID, CAP_SETGID)")
    users, groups = _ranges("/proc/self/uid_map"), _ranges("/proc/self/gid_map")
    for candidate in CANDIDATES:
        if _covers(users, candidate) and _covers(groups, candidate):
            return candidate
    raise Unavailable("this user namespace maps no user that learner code could become")


def become(target: Plan, keep: int) -> bool:
    """Change to the user of ``target`` with the capabilities ``keep`` and no others; True when that holds.

    It resets the parent-death signal, which must be asked for again. The bounding set stays as it is: with new
    privileges given up it has no effect, and to empty it takes a tenth of the time that all layers take.
    """
    if sys.platform != "linux":  # where no plan is made either
        return False
    number = target.number(os.getpid())
    try:
        os.setgroups([])
        syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 1 if keep else 0)
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
        syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 0)
    except OSError:
        pass  # what holds is looked at below, and the capabilities go in any case
    limited = limit_capabilities(keep)
    return limited and {*os.getresuid(), *os.getresgid()} == {number} and not os.getgroups()


def limit_capabilities(keep: int) -> bool:
    """Give up all capabilities but those of ``keep`` that are held; True when no others are left."""
    keep &= syscalls.capget()[1]
    try:
        syscalls.capset(keep, keep)
    except OSError:
        return False
    return syscalls.capget() == (keep, keep)


def _ranges(path: str) -> list[tuple[int, int]]:
    """First number and length of what a user namespace maps."""
    try:
        rows = [line.split() for line in Path(path).read_text().splitlines()]
    except OSError:  # no /proc: no user namespace is the likelier case, and `become` sees whether it is so
        return [(0, 2**32 - 1)]
    return [(int(first), int(length)) for first, _outside, length in rows]


def _covers(ranges: list[tuple[int, int]], candidate: Plan) -> bool:
    end = candidate.first + candidate.span
    return any(first <= candidate.first and end <= first + length for first, length in ranges)
