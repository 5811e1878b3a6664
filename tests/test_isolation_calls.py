"""The system-call filter: its numbers, its logic on both machines, and what it refuses here."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import re
import resource
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_child import BUDGET, LAYERS, USERS, died_of, in_child, needs, refusal

from grader.sandbox.isolation import prepare, seccomp, syscall_table, syscalls

MACHINES = ["x86_64", "aarch64"]
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
HEADERS = {
    "x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
    "aarch64": ["/usr/include/asm-generic/unistd.h"],
}
PID = 0x12345
ALLOWED, REFUSED, ABSENT, KILLED = "allowed", "refused", "absent", "killed"
VERDICTS = {0x7FFF0000: ALLOWED, 0x50001: REFUSED, 0x50026: ABSENT, 0x80000000: KILLED}


def verdict(machine: str, number: int, *arguments: int, spoken: int | None = None) -> str:
    """What the filter says, by an interpreter of the instructions it is made of."""
    words = [argument & (2**64 - 1) for argument in (*arguments, *[0] * 6)[:6]]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, AUDIT[machine] if spoken is None else spoken, 0, *words)
    code = seccomp.build(machine).of(PID)
    value, position = 0, 0
    while True:
        operation, when_true, when_false, operand = struct.unpack_from("<HBBI", code, position)
        position += 8
        if operation == 0x06:
            return VERDICTS[operand]
        if operation == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
            continue
        holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
        position += 8 * (when_true if holds else when_false)


@pytest.mark.parametrize("machine", MACHINES)
class TestNumbers:
    def test_they_are_those_of_the_kernels_headers(self, machine: str) -> None:
        found = [Path(name) for name in HEADERS[machine] if Path(name).exists()]
        if not found:
            pytest.skip("this machine has no kernel headers (Debian's linux-libc-dev)")
        text = found[0].read_text()
        header = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", text)}
        table = syscall_table.forbidden(machine) | syscall_table.looked_at(machine)
        newest = max(number for name, number in header.items() if name != "syscalls" and number < 1000)
        wrong = {name: (number, header.get(name)) for name, number in table.items() if header.get(name) != number}
        assert {name: pair for name, pair in wrong.items() if pair[0] <= newest} == {}

    def test_a_call_that_one_machine_lacks_is_lacking_in_its_header_too(self, machine: str) -> None:
        found = [Path(name) for name in HEADERS[machine] if Path(name).exists()]
        if not found:
            pytest.skip("this machine has no kernel headers (Debian's linux-libc-dev)")
        everywhere = {name for each in MACHINES for name in syscall_table.forbidden(each)}
        lacking = everywhere - set(syscall_table.forbidden(machine))
        assert not re.findall(rf"#define __NR_({'|'.join(sorted(lacking)) or '-'})\s", found[0].read_text())

    def test_no_number_is_given_twice(self, machine: str) -> None:
        numbers = [*syscall_table.forbidden(machine).values(), *syscall_table.looked_at(machine).values()]
        assert len(numbers) == len(set(numbers))
        assert max(numbers) <= syscall_table.LAST_KNOWN


@pytest.mark.parametrize("machine", MACHINES)
class TestLogic:
    """On both machines, whichever this one is."""

    def test_every_number_has_its_verdict(self, machine: str) -> None:
        refused = set(syscall_table.forbidden(machine).values())
        by_argument = set(syscall_table.looked_at(machine).values())
        for number in set(range(syscall_table.LAST_KNOWN + 1)) - by_argument:
            assert verdict(machine, number) == (REFUSED if number in refused else ALLOWED), number
        for number in (syscall_table.LAST_KNOWN + 1, 1000, 0x3FFFFFFF):
            assert verdict(machine, number) == ABSENT

    def test_another_machines_calls_kill(self, machine: str) -> None:
        other = next(name for name in MACHINES if name != machine)
        assert verdict(machine, 0, spoken=AUDIT[other]) == KILLED
        assert verdict(machine, 0, spoken=0x40000003) == KILLED  # 32-bit x86
        assert verdict(machine, 0x40000000) == (KILLED if machine == "x86_64" else ABSENT)

    @pytest.mark.parametrize(
        ("call", "arguments", "expected"),
        [
            ("clone", (0x3D0F00,), ALLOWED),  # a thread, as the C library makes it
            ("clone", (0x1200011,), REFUSED),  # a process, as the C library makes it
            ("clone", (0x3D0F00 | 0x10000000,), REFUSED),  # a thread in a new user namespace
            ("clone", (0x10000 << 32,), REFUSED),
            ("clone3", (), ABSENT),
            *[(call, (PID, 9), ALLOWED) for call in ("kill", "tkill", "tgkill")],
            *[
                (call, (other, 0), REFUSED)
                for call in ("kill", "tkill", "tgkill")
                for other in (0, -1, 1, PID + 1, -PID)
            ],
            ("prctl", (15,), ALLOWED),  # PR_SET_NAME
            ("prctl", (0x53564D41,), ALLOWED),  # PR_SET_VMA
            *[("prctl", (option, 1), REFUSED) for option in (1, 4, 8, 28, 35, 36, 47, 0x59616D61)],
            ("prctl", (4 | 1 << 32, 1), REFUSED),  # the kernel looks at the low half only
            ("ioctl", (0, 0x5401), ALLOWED),  # TCGETS
            *[("ioctl", (0, request), REFUSED) for request in (0x5412, 0x541C, 0x541D, 0x540E, 0x8901, 0x8902)],
            ("fcntl", (3, 4), ALLOWED),  # F_SETFL
            *[("fcntl", (3, command), REFUSED) for command in (8, 15, 1024, 1026)],
            ("prlimit64", (0, 7, 0, 4096), ALLOWED),
            ("prlimit64", (PID, 7, 0, 4096), ALLOWED),
            ("prlimit64", (PID + 1, 7, 0, 4096), REFUSED),
            ("prlimit64", (0, 7, 4096), REFUSED),
            ("prlimit64", (0, 7, 1 << 32), REFUSED),
            *[("sched_setaffinity", (who,), ALLOWED) for who in (0, PID)],
            *[(f"sched_set{what}", (1,), REFUSED) for what in ("affinity", "scheduler", "param", "attr")],
        ],
    )
    def test_arguments_decide(self, machine: str, call: str, arguments: tuple[int, ...], expected: str) -> None:
        assert verdict(machine, syscall_table.looked_at(machine)[call], *arguments) == expected

    def test_the_pid_is_filled_in_everywhere(self, machine: str) -> None:
        program = seccomp.build(machine)
        assert struct.pack("<I", 0xFFFFFFFF) not in program.of(PID)
        assert program.of(PID).count(struct.pack("<I", PID)) == len(program.pid_slots) > 1
        assert len(program.code) // 8 < 4096


@needs("seccomp")
class TestHere:
    @pytest.mark.parametrize("layers", [LAYERS, ("seccomp",)])
    @pytest.mark.parametrize("user", USERS)
    def test_every_forbidden_call_is_refused(self, user: int | None, layers: tuple[str, ...]) -> None:
        calls = syscall_table.forbidden(platform.machine())
        outcome = in_child(
            lambda: {
                name: refusal(lambda n=number: syscalls.syscall(n, 0, 0, 0, 0, 0, 0)) for name, number in calls.items()
            },
            layers=layers,
            user=user,
        )
        assert outcome.value == dict.fromkeys(calls, "EPERM")

    @pytest.mark.parametrize("layers", [LAYERS, ("seccomp",)])
    @pytest.mark.parametrize("user", USERS)
    def test_what_python_would_do_with_them(self, user: int | None, layers: tuple[str, ...]) -> None:
        attempts: dict[str, Callable[[], object]] = {
            "fork": os.fork,
            "system": lambda: os.posix_spawn("/bin/true", ["true"], {}),
            "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606  it must not be possible
            "socket": lambda: socket.socket(socket.AF_INET),
            "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "pair": socket.socketpair,
            "parent": lambda: os.kill(os.getppid(), 0),
            "everyone": lambda: os.kill(-1, 0),
            "group": lambda: os.killpg(0, 0),
            "memory file": lambda: os.memfd_create("x"),
            "chmod": lambda: Path("/dev/null").chmod(0o666),
            "chown": lambda: os.chown("/dev/null", 0, 0),
            "utime": lambda: os.utime("/dev/null"),
            "nice": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 1),
            "affinity": lambda: os.sched_setaffinity(os.getppid(), {0}),
            "limit of the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
            "dumpable": lambda: syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1),
            "death signal": lambda: syscalls.prctl(syscalls.PR_SET_PDEATHSIG, 0),
            "session": os.setsid,
        }
        outcome = in_child(
            lambda: {name: refusal(action) for name, action in attempts.items()}, layers=layers, user=user
        )
        assert outcome.value == dict.fromkeys(attempts, "EPERM")

    def test_what_stays_possible(self) -> None:
        def work() -> list[object]:
            received = []
            signal.signal(signal.SIGUSR1, lambda *_: received.append("signal"))
            os.kill(os.getpid(), signal.SIGUSR1)
            threads = [threading.Thread(target=received.append, args=("thread",)) for _ in range(3)]
            for thread in threads:
                thread.start()
                thread.join()
            os.sched_setaffinity(0, os.sched_getaffinity(0))
            reading, writing = os.pipe()
            os.write(writing, b"pipe")
            return [received, os.read(reading, 9).decode(), len(resource.getrlimit(resource.RLIMIT_AS))]

        outcome = in_child(work)
        assert outcome.error is None
        assert outcome.value == [["signal", "thread", "thread", "thread"], "pipe", 2]

    def test_a_socket_that_is_open_is_still_read_and_written(self) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        prepared = prepare()
        pid = os.fork()
        if pid == 0:
            prepared.enter(BUDGET, parent)
            os.writev(theirs.fileno(), [b"answer to ", os.read(theirs.fileno(), 99)])
            os._exit(0)
        with ours, theirs:
            ours.sendall(b"question")
            assert ours.recv(99) == b"answer to question"
        os.waitpid(pid, 0)
        for descriptor in prepared.descriptors:
            os.close(descriptor)

    def test_abort_is_a_signal_to_oneself(self) -> None:
        assert died_of(in_child(os.abort)) == "SIGABRT"

    def test_the_filter_binds_threads(self) -> None:
        def attempt() -> list[str]:
            found: list[str] = []
            thread = threading.Thread(target=lambda: found.append(refusal(lambda: os.memfd_create("x"))))
            thread.start()
            thread.join()
            return found

        assert in_child(attempt).value == ["EPERM"]

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code for x86-64")
    @pytest.mark.parametrize("how", ["32-bit", "x32"])
    def test_another_machines_calls_kill(self, how: str) -> None:
        def getpid() -> None:
            if how == "x32":
                syscalls.syscall(0x40000000 + 39)
            code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
            ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()

        assert died_of(in_child(getpid, layers=["seccomp"])) == "SIGSYS"
        assert died_of(in_child(getpid)) == "SIGSYS"


class TestAbsence:
    @pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.EIO])
    def test_each_has_its_reason(self, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
        def kernel(*_: object) -> int:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(syscalls, "syscall", kernel)
        monkeypatch.setattr(syscalls, "supported_machine", lambda: "x86_64")
        with pytest.raises(syscalls.Unavailable, match="seccomp"):
            seccomp.prepare()

    def test_other_machines_have_no_filter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(platform, "machine", lambda: "riscv64")
        with pytest.raises(syscalls.Unavailable, match="x86 and ARM only"):
            seccomp.prepare()
