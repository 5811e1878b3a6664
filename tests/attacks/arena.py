"""Where attacks are fought: a driver for each user, and what they might leave on the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from catalogue import MARK

from grader.sandbox.isolation import identity

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
LINUX = sys.platform == "linux"
ROOT = LINUX and os.geteuid() == 0
ORDINARY = 64_100 + os.getpid() % 900
"""A user that nobody is: whatever runs as it is ours."""

COMMAND = "import sys; from grader.cli import main; sys.exit(main(sys.argv[1:]))"

LAUNCHER = """
set -e
hold=$(mktemp -d)
mount --bind "$1" "$hold"
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir -p "$1"
mount --bind "$hold" "$1"
umount "$hold"
rmdir "$hold"
user=$3
shift 3
exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""
"""In mounts of its own: the interpreter stays where it is, the closed folder above it gives way to an empty one."""


@cache
def launcher(user: int) -> tuple[str, ...] | None:
    """The words before a command that make it run as another user; None where that cannot be done."""
    direct = ("setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups")
    base = Path(sys.base_prefix).resolve()
    closed = [folder for folder in (base, *base.parents) if not folder.stat().st_mode & 0o001]
    apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", LAUNCHER, "sh")
    words = (*apart, str(base), str(closed[-1]), str(user)) if closed else direct
    if not all(shutil.which(word) for word in ("setpriv", "unshare", "mount")):
        return None
    tried = subprocess.run(
        [*words, sys.executable, "-c", "import torch"], check=False, capture_output=True, cwd=REPOSITORY
    )
    return words if tried.returncode == 0 else None


class Arena:
    """A warm sandbox under a driver of one user."""

    def __init__(self, user: int | None) -> None:
        self.user = user
        self._words = launcher(user) or () if user is not None else ()
        self.home = Path(tempfile.mkdtemp(prefix="reparam-attacks-"))
        self.home.chmod(0o777)
        self._process = subprocess.Popen(
            [*self._words, sys.executable, str(HERE / "driver.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.home,
            env=self._environment(),
        )  # fmt: skip
        started = json.loads(self._line())
        self.pid, self.sandbox = started["pid"], started["sandbox"]

    def _environment(self) -> dict[str, str]:
        places = {"HOME": str(self.home), "REPARAM_DATA": str(self.home / "data"), "PYTHONPATH": str(REPOSITORY)}
        return {**os.environ, **places}

    def close(self) -> None:
        """End the driver, which ends its sandbox."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        shutil.rmtree(self.home, ignore_errors=True)

    def grade(self, exercise: str, source: str, checks: Sequence[str], seed: int = 1) -> dict[str, Any]:
        """The report as JSON, or what went wrong under ``problem``."""
        assert self._process.stdin is not None
        job = {"exercise": exercise, "source": source, "checks": list(checks), "seed": seed}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._line()))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the real command line as this user."""
        command = [*self._words, sys.executable, "-c", COMMAND, *words]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self.home, env=self._environment(), timeout=600
        )

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the driver ended with {self._process.wait()}"
        return line

    def workers(self) -> set[int]:
        """The processes that the sandbox has forked."""
        return set(children(self.sandbox))

    def left(self, used: set[int]) -> list[str]:
        """What is left of an attack: its processes ``used``, strays, files, sockets, System V objects."""
        left = used & self.workers()
        stays = {pid for pid in left if not confined(pid)}  # the judge, whose copies end with their gradings
        found = [f"process {pid} still runs" for pid in left - stays]
        found += [f"judges {stays} still run"] if len(stays) > 1 else []
        found += [f"process {copy} still runs" for pid in stays for copy in children(pid)]
        found += [f"process {pid} ran away" for pid in self.strays()]
        return found + traces(self._ours)

    def strays(self) -> list[int]:
        """Processes of a learner's user that no sandbox knows."""
        return [pid for pid in processes() if self._stray(pid)]

    def _ours(self, user: int) -> bool:
        """Whether learner code runs as this user, be it that of another grading."""
        if self.user is not None:
            return user == self.user
        return any(plan.exclusive and plan.first <= user < plan.first + plan.span for plan in identity.CANDIDATES)

    def _stray(self, pid: int) -> bool:
        """A process of a learner's user whose parent is no sandbox."""
        try:
            owner = Path(f"/proc/{pid}").stat().st_uid
            status = Path(f"/proc/{pid}/status").read_text()
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        user = int(status.partition("\nUid:")[2].split()[0])
        parent = int(status.partition("\nPPid:")[2].split()[0])
        if not (self._ours(user) or self._ours(owner)) or status.partition("\nState:")[2].split()[0] == "Z":
            return False
        if pid in (self.pid, self.sandbox) or parent in (self.pid, self.sandbox):
            return False
        # In a pair of a sandbox next door; its words are those of the process that forked it.
        return not (b"grader.sandbox.zygote" in words and parent != 1 and _is_sandbox(parent))


def _is_sandbox(pid: int) -> bool:
    try:
        return b"grader.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def confined(pid: int) -> bool:
    """Whether a process is behind a filter of system calls, as every submission is here and no judge."""
    try:
        return "\nSeccomp:\t2" in Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return False


def children(pid: int) -> list[int]:
    """The processes that a process has forked."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def processes() -> list[int]:
    """All processes of the machine."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/dev/mqueue", "/run")  # noqa: S108  where attacks would leave something


def traces(ours: Callable[[int], bool]) -> list[str]:
    """Files, sockets and System V objects that bear the mark, or belong to a learner's user."""
    found = []
    for place in filter(os.path.isdir, PLACES):
        with os.scandir(place) as entries:
            # A user's own temporary folders are its business: the driver's own lie there too.
            found += [entry.path for entry in entries if MARK in entry.name]
    for name in ("tcp", "tcp6", "udp", "udp6", "raw", "netlink", "packet"):
        rows = _rows(f"/proc/net/{name}")
        column = {"netlink": None, "packet": 7}.get(name, 7)
        found += [f"{name} socket: {row}" for row in rows if column is not None and ours(int(row[column]))]
    found += [f"socket {row[-1]}" for row in _rows("/proc/net/unix") if MARK in row[-1]]
    for name in ("shm", "sem", "msg"):
        column = {"shm": 7, "sem": 4, "msg": 7}[name]
        found += [f"{name} of System V: {row}" for row in _rows(f"/proc/sysvipc/{name}") if ours(int(row[column]))]
    return found


def _rows(path: str) -> list[list[str]]:
    try:
        return [line.split() for line in Path(path).read_text().splitlines()[1:]]
    except OSError:
        return []


def until(gone: Callable[[], list[str]], seconds: float = 20.0) -> list[str]:
    """What is still there when it had time to go: the verdict does not wait for its processes' end."""
    deadline = time.monotonic() + seconds
    while (found := gone()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found
