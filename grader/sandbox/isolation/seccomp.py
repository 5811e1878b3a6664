"""seccomp: a filter in the kernel's own small language that refuses the system calls learner code has no use for.

The filter is built once, as a search tree over the call's number, so that the kernel decides each call in about ten
steps. The number of the process that it is for is filled in after the fork.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grader.sandbox.isolation import syscall_table, syscalls
from grader.sandbox.isolation.syscalls import Unavailable

Instruction = tuple[int, int, int, int]
"""Operation, how far to jump when true and when false, operand: `struct sock_filter`."""

LOAD: Final = 0x20  # a 32-bit word of `struct seccomp_data`
EQUAL: Final = 0x15
AT_LEAST: Final = 0x35
ANY_BIT: Final = 0x45
RETURN: Final = 0x06

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000  # the whole process
REFUSE: Final = 0x00050000 | errno.EPERM
ABSENT: Final = 0x00050000 | 38  # ENOSYS as Linux numbers it: the C library then falls back to older calls

OWN_PID: Final = -1
"""Operand that stands for the pid until `Program.of` puts it in."""

_NUMBER_AT: Final = 0
_MACHINE_AT: Final = 4
_ARGUMENTS_AT: Final = 16

_AUDIT_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
_X32_BIT: Final = 0x40000000

_SET_MODE_FILTER: Final = 1
_GET_ACTION_AVAILABLE: Final = 2
_ALL_THREADS: Final = 1  # SECCOMP_FILTER_FLAG_TSYNC
_FILTER_MODE: Final = 2

_CLONE_THREAD: Final = 0x00010000
_CLONE_NAMESPACES: Final = 0x7E020000

# What would undo the other layers, or let others in.
_PRCTL_REFUSED: Final = (
    1,  # PR_SET_PDEATHSIG
    4,  # PR_SET_DUMPABLE
    8,  # PR_SET_KEEPCAPS
    28,  # PR_SET_SECUREBITS
    35,  # PR_SET_MM
    36,  # PR_SET_CHILD_SUBREAPER
    47,  # PR_CAP_AMBIENT
    0x59616D61,  # PR_SET_PTRACER
)
# Typing into a terminal or taking it over, and signals sent to an owner of one's choice when a socket has data.
_IOCTL_REFUSED: Final = (
    0x5412,
    0x541C,
    0x541D,
    0x540E,
    0x8901,
    0x8902,
)  # TIOCSTI LINUX CONS SCTTY, FIOSETOWN SIOCSPGRP
_FCNTL_REFUSED: Final = (8, 15, 1024, 1026)  # F_SETOWN, F_SETOWN_EX; F_SETLEASE and F_NOTIFY: what others do to files

_NEXT: Final = "next"
_YES: Final = "yes"
_NO: Final = "no"
_Step = tuple[int, int, str, str]


@dataclass(frozen=True)
class Program:
    """A filter as the kernel takes it, but for the pid.

    Attributes:
        machine: whose numbers it knows.
        code: the instructions, eight bytes each.
        pid_slots: where in ``code`` the pid belongs.
    """

    machine: str
    code: bytes
    pid_slots: tuple[int, ...]

    def of(self, pid: int) -> bytes:
        """The filter for the process ``pid``."""
        filled = bytearray(self.code)
        for slot in self.pid_slots:
            struct.pack_into("=I", filled, slot, pid)
        return bytes(filled)


def build(machine: str) -> Program:
    """The filter for a machine, `x86_64` or `aarch64`."""
    lines = _prologue(machine) + _search_tree(_boundaries(_answers(machine)))
    code = b"".join(struct.pack("=HBBI", op, yes, no, operand & 0xFFFFFFFF) for op, yes, no, operand in lines)
    return Program(machine, code, tuple(8 * i + 4 for i, line in enumerate(lines) if line[3] == OWN_PID))


def prepare() -> Program:
    """The filter for this machine.

    Raises:
        Unavailable: there is none, or the kernel takes none.
    """
    machine = syscalls.supported_machine()
    if machine is None:
        raise Unavailable("there is a filter for 64-bit x86 and ARM only")
    try:
        syscalls.syscall(_SECCOMP_CALL[machine], _GET_ACTION_AVAILABLE, 0, struct.pack("=I", KILL))
    except OSError as error:
        reasons = {
            errno.ENOSYS: "this kernel has no seccomp filters",
            errno.EPERM: "something around us, perhaps a container's filter, forbids seccomp",
            errno.EOPNOTSUPP: "this kernel's seccomp is too old (Linux has what we need from 4.14 on)",
        }
        raise Unavailable(reasons.get(error.errno or 0, f"seccomp does not answer: {error.strerror}")) from None
    return build(machine)


def install(program: Program, pid: int) -> bool:
    """Put this process under ``program`` for good; True when the kernel says that it is under a filter.

    The process must have given up new privileges.

    Raises:
        OSError: the kernel refused.
    """
    code = program.of(pid)
    # struct sock_fprog: a count, and after six bytes of padding the address
    header = struct.pack("=H6xQ", len(code) // 8, syscalls.address_of(code))
    refused_by = syscalls.syscall(_SECCOMP_CALL[program.machine], _SET_MODE_FILTER, _ALL_THREADS, header)
    return refused_by == 0 and syscalls.prctl(syscalls.PR_GET_SECCOMP) == _FILTER_MODE


def _prologue(machine: str) -> list[Instruction]:
    """Kill whoever speaks another machine's language, whose numbers mean other calls; then load the number."""
    lines: list[Instruction] = [
        (LOAD, 0, 0, _MACHINE_AT),
        (EQUAL, 1, 0, _AUDIT_MACHINES[machine]),
        (RETURN, 0, 0, KILL),
    ]
    lines.append((LOAD, 0, 0, _NUMBER_AT))
    if machine == "x86_64":
        lines += [(AT_LEAST, 0, 1, _X32_BIT), (RETURN, 0, 0, KILL)]
    return lines


def _answers(machine: str) -> dict[int, list[Instruction]]:
    """What to do about each call that is not simply allowed."""
    answers = dict.fromkeys(syscall_table.forbidden(machine).values(), _answer(REFUSE))
    oneself = _oneself()
    oneself_or_zero = _oneself(zero=True)
    by_name = {
        "clone": _threads_only(),
        "clone3": _answer(ABSENT),  # its flags lie in memory, which a filter cannot see
        "kill": oneself,
        "tkill": oneself,
        "tgkill": oneself,
        "prctl": _none_of(0, _PRCTL_REFUSED),
        "ioctl": _none_of(1, _IOCTL_REFUSED),
        "fcntl": _none_of(1, _FCNTL_REFUSED),
        "prlimit64": _own_limits_to_read(),
        "sched_setscheduler": oneself_or_zero,
        "sched_setparam": oneself_or_zero,
        "sched_setattr": oneself_or_zero,
        "sched_setaffinity": oneself_or_zero,
    }
    numbers = syscall_table.looked_at(machine)
    return answers | {numbers[name]: answer for name, answer in by_name.items()}


def _boundaries(answers: Mapping[int, list[Instruction]]) -> list[tuple[int, list[Instruction]]]:
    """The numbers at which the answer changes, with the answer from there on."""
    allowed = _answer(ALLOW)
    changes = [(0, answers.get(0, allowed))]
    for number in range(1, syscall_table.LAST_KNOWN + 1):
        answer = answers.get(number, allowed)
        if answer != changes[-1][1]:
            changes.append((number, answer))
    return [*changes, (syscall_table.LAST_KNOWN + 1, _answer(ABSENT))]


def _search_tree(changes: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Halve the range until one answer is left. Every branch ends in a return, so that no jump leaves its half."""
    if len(changes) == 1:
        return changes[0][1]
    middle = len(changes) // 2
    below, above = _search_tree(changes[:middle]), _search_tree(changes[middle:])
    assert len(below) < 256, "a jump is one byte"
    return [(AT_LEAST, len(below), 0, changes[middle][0]), *below, *above]


def _answer(value: int) -> list[Instruction]:
    return [(RETURN, 0, 0, value)]


def _test(*steps: _Step) -> list[Instruction]:
    """Instructions whose jumps say `next`, `yes` (the call is allowed) or `no` (it is refused)."""
    targets = {_YES: len(steps), _NO: len(steps) + 1}
    lines: list[Instruction] = []
    for index, (operation, operand, when_true, when_false) in enumerate(steps):
        jumps = [targets.get(target, index + 1) - index - 1 for target in (when_true, when_false)]
        lines.append((operation, jumps[0], jumps[1], operand))
    return [*lines, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]


def _load(argument: int, *, high: bool = False) -> _Step:
    """Load half of an argument; both machines keep the low half first."""
    return (LOAD, _ARGUMENTS_AT + 8 * argument + (4 if high else 0), _NEXT, _NEXT)


def _oneself(*, zero: bool = False) -> list[Instruction]:
    """The first argument is the process itself, or 0 where that means oneself."""
    also = [(EQUAL, 0, _YES, _NEXT)] if zero else []
    return _test(_load(0), *also, (EQUAL, OWN_PID, _YES, _NO))


def _none_of(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    """The argument is none of ``values``."""
    first = [(EQUAL, value, _NO, _NEXT) for value in values[:-1]]
    return _test(_load(argument), *first, (EQUAL, values[-1], _NO, _YES))


def _threads_only() -> list[Instruction]:
    """`clone` makes a thread, in the namespaces there are."""
    return _test(_load(0), (ANY_BIT, _CLONE_NAMESPACES, _NO, _NEXT), (ANY_BIT, _CLONE_THREAD, _YES, _NO))


def _own_limits_to_read() -> list[Instruction]:
    """`prlimit64` sets nothing, for its third argument is NULL, and asks about oneself."""
    nothing = [_load(2), (EQUAL, 0, _NEXT, _NO), _load(2, high=True), (EQUAL, 0, _NEXT, _NO)]
    return _test(*nothing, _load(0), (EQUAL, 0, _YES, _NEXT), (EQUAL, OWN_PID, _YES, _NO))
