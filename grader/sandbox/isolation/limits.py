"""What a process may use, and what ties it to its parent: resource limits, session, descriptors, environment."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from grader.sandbox.isolation import syscalls

ORPHANED: Final = 70
"""Exit status of a process that finds its parent gone before it could ask to end with it."""

_LAST_DESCRIPTOR: Final = 2**31 - 1


@dataclass(frozen=True)
class Budget:
    """What learner code may use.

    Attributes:
        memory: bytes beyond what the process maps already when it enters the sandbox.
        cpu_seconds: processor time of all its threads together, from the fork on.
        descriptors: highest number of open files plus one; those that are open already stay so.
        threads: at a time; exact where the process runs as a user that nobody else is.
    """

    memory: int
    cpu_seconds: int
    descriptors: int = 64
    threads: int = 64


def own_session() -> bool:
    """Leave the terminal and the process group of the parent; True when the process leads a session afterwards."""
    with contextlib.suppress(PermissionError):  # it leads a process group already: whether of a session, is seen below
        os.setsid()
    return os.getsid(0) == os.getpid()


def die_with_parent(parent_pid: int) -> bool:
    """Ask the kernel to kill this process when its parent ends; end at once if it has ended already.

    A change of user cancels the request, so that it belongs after one. The kernel watches the *thread* that forked.

    Args:
        parent_pid: the parent as it called itself before the fork.

    Returns:
        Whether the request holds; False where the system has no such thing.
    """
    holds = False
    if syscalls.LINUX:
        try:
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            holds = True
        except OSError:
            pass
    if os.getppid() != parent_pid:  # it ended between the fork and the request
        os._exit(ORPHANED)
    return holds


def undumpable() -> bool:
    """Refuse core dumps, ptrace and `/proc/<pid>/mem` to other processes of the same user; True when that holds."""
    if not syscalls.LINUX:
        return False
    try:
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)
        return syscalls.prctl(syscalls.PR_GET_DUMPABLE) == 0
    except OSError:
        return False


def limit_resources(budget: Budget, *, count_threads: bool) -> bool:
    """Set the resource limits of this process for good; True when all of them hold.

    Args:
        budget: what may be used.
        count_threads: whether the process runs as a user that nobody else is. The kernel counts all threads of a user:
            where others have theirs, the limit leaves room for all that the system runs at the moment.
    """
    signal.signal(
        signal.SIGXFSZ, signal.SIG_IGN
    )  # a write to a file is then an OSError that says so, not a silent death
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    wanted = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (budget.descriptors, budget.descriptors),
        # One second between the limits: at the first SIGXCPU names the cause, at the second SIGKILL ends all argument.
        resource.RLIMIT_CPU: (budget.cpu_seconds, budget.cpu_seconds + 1),
    }
    others = 0 if count_threads else _threads_of_all()
    if others is not None:
        wanted[resource.RLIMIT_NPROC] = (others + budget.threads, others + budget.threads)
    holds = {kind: _limit(kind, soft, hard) for kind, (soft, hard) in wanted.items()}
    return _limit_memory(budget.memory) and all(holds.values())


def close_descriptors(keep: Collection[int]) -> None:
    """Close every descriptor of this process but ``keep``."""
    first = 0
    for kept in sorted({number for number in keep if number >= 0}):
        if kept > first:
            _close_between(first, kept - 1)
        first = kept + 1
    _close_between(first, _LAST_DESCRIPTOR)


def clean_environment(variables: Mapping[str, str]) -> None:
    """Replace the environment by ``variables``, and overwrite the old strings where the C library keeps them.

    Overwriting matters because learner code can read its own memory. What was removed from the environment before, and
    copies that other libraries made, are beyond reach: start the process with few variables in the first place.
    """
    if syscalls.LINUX:
        syscalls.overwrite_environment()
    os.environ.clear()
    os.environ.update(variables)


def _threads_of_all() -> int | None:
    """How many threads the system runs: as many as one user can have, at most. None where it does not say."""
    try:
        descriptor = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    fields = os.read(descriptor, 200).split()
    os.close(descriptor)
    return int(fields[3].partition(b"/")[2]) or None


def _limit_memory(beyond: int) -> bool:
    """Allow ``beyond`` bytes more than are mapped; True as well where the system has no limit that would bind."""
    if not syscalls.LINUX:
        return True
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # no /proc
        return False
    pages = [int(field) for field in os.read(descriptor, 200).split()]
    os.close(descriptor)
    page = resource.getpagesize()
    everything, private = pages[0] * page + beyond, pages[5] * page + beyond
    everything_limited = _limit(resource.RLIMIT_AS, everything, everything)
    return _limit(resource.RLIMIT_DATA, private, private) and everything_limited


def _limit(kind: int, soft: int, hard: int) -> bool:
    """Lower a limit, never above the hard limit that is there; True when it is as low as asked or lower."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(kind, (soft, hard))
    except (OSError, ValueError):
        return False
    return resource.getrlimit(kind) == (soft, hard)


def _close_between(first: int, last: int) -> None:
    if syscalls.LINUX:
        try:
            syscalls.syscall(syscalls.CLOSE_RANGE, first, last, 0)
        except OSError as error:
            if error.errno not in {errno.ENOSYS, errno.EPERM}:  # before Linux 5.9, or under an older container's filter
                raise
        else:
            return
    for number in [int(name) for name in os.listdir("/dev/fd")]:  # noqa: PTH208  Path.iterdir would hold one of them open
        if first <= number <= last:
            with contextlib.suppress(OSError):  # the one that listed the folder is closed already
                os.close(number)
