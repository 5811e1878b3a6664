"""The layers of the sandbox, each alone, all together, and with each left out."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked_child import (
    BUDGET,
    MISSING,
    NOBODY,
    REPOSITORY,
    ROOT,
    USERS,
    become,
    died_of,
    expected,
    in_child,
    linux_only,
    needs,
    refusal,
)

from grader.sandbox import isolation
from grader.sandbox.isolation import LAYERS, Budget, identity, limits, paths, syscalls

as_unprivileged = pytest.mark.skipif(os.geteuid() == 0 and not ROOT, reason="this root cannot become an ordinary user")
needs_root = pytest.mark.skipif(not ROOT, reason="only root can change its user")


def parent_death_signal() -> int:
    number = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(number), 0, 0, 0)
    return number.value


PROBES: dict[str, Callable[[], bool]] = {
    "setsid": lambda: os.getsid(0) == os.getpid(),
    "pdeathsig": lambda: parent_death_signal() == signal.SIGKILL,
    "undumpable": lambda: syscalls.prctl(syscalls.PR_GET_DUMPABLE) == 0,
    "rlimits": lambda: resource.getrlimit(resource.RLIMIT_NOFILE) == (BUDGET.descriptors, BUDGET.descriptors),
    "uid": lambda: os.getuid() not in {0, NOBODY} and refusal(lambda: os.setuid(0)) == "EPERM",
    "landlock": lambda: refusal(lambda: os.open("/etc/passwd", os.O_RDONLY)) == "EACCES",
    "seccomp": lambda: refusal(lambda: socket.socket(socket.AF_INET)) == "EPERM",
}


def probe() -> list[str]:
    return [layer for layer in LAYERS if PROBES[layer]()]


class TestTogether:
    @pytest.mark.parametrize("user", USERS)
    def test_every_layer_of_this_machine_holds(self, user: int | None) -> None:
        outcome = in_child(probe, user=user)
        assert outcome.active == expected(user=user)
        assert set(outcome.value) >= set(outcome.active)

    @linux_only
    @pytest.mark.parametrize("left_out", LAYERS)
    @pytest.mark.parametrize("user", USERS)
    def test_a_layer_that_is_left_out_is_said_to_be_and_the_others_hold(self, left_out: str, user: int | None) -> None:
        layers = [layer for layer in LAYERS if layer != left_out]
        outcome = in_child(probe, layers=layers, user=user)
        assert outcome.active == expected(layers, user)
        assert set(outcome.value) >= set(outcome.active)
        assert outcome.missing[left_out] == "left out on request"
        assert set(outcome.missing) == set(LAYERS) - set(outcome.active)
        assert isolation.missing(isolation.prepare(layers))[left_out] == "left out on request"

    @linux_only
    @pytest.mark.parametrize("layer", LAYERS)
    @pytest.mark.parametrize("user", USERS)
    def test_a_layer_holds_alone(self, layer: str, user: int | None) -> None:
        outcome = in_child(probe, layers=[layer], user=user)
        assert outcome.active == expected([layer], user)
        assert set(outcome.value) >= set(outcome.active)

    def test_no_layer_is_asked_for(self) -> None:
        outcome = in_child(lambda: os.getuid(), layers=[])
        assert outcome.active == ()
        assert outcome.value == os.getuid()

    def test_elsewhere_only_what_every_system_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(syscalls, "LINUX", False)
        monkeypatch.setattr("platform.system", lambda: "Darwin")
        prepared = isolation.prepare()
        assert list(isolation.missing(prepared)) == ["pdeathsig", "undumpable", "uid", "landlock", "seccomp"]
        assert "Darwin" in isolation.missing(prepared)["seccomp"]
        assert in_child(lambda: None, prepared=prepared).active == ("setsid", "rlimits")

    @as_unprivileged
    def test_reasons_are_sentences_for_whoever_runs_the_grader(self) -> None:
        outcome = in_child(lambda: isolation.missing(isolation.prepare()), layers=[], user=NOBODY if ROOT else None)
        assert "does not run as root" in outcome.value["uid"]

    @linux_only
    def test_the_rules_do_not_stay_open_in_the_child(self) -> None:
        def open_descriptors() -> list[int]:
            return [number for number in range(3, 400) if refusal(lambda n=number: os.fstat(n)) == "done"]

        assert len(in_child(open_descriptors).value) == 1  # the pipe of the test

    def test_a_layer_that_raises_nothing_and_does_not_hold_is_missing_in_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "own_session", lambda: False)
        outcome = in_child(lambda: None, layers=["setsid"])
        assert outcome.missing["setsid"] == "the process could not leave its parent's session"

    @needs("landlock")
    def test_a_ruleset_that_was_closed_is_a_layer_that_does_not_hold(self) -> None:
        prepared = isolation.prepare()
        for descriptor in prepared.descriptors:
            os.close(descriptor)
        outcome = in_child(lambda: list(syscalls.capget()), prepared=prepared)
        assert "landlock" not in outcome.active
        assert outcome.missing["landlock"] == "the kernel refused it (Bad file descriptor)"
        if ROOT:
            assert outcome.value == [0, 0], "nor is the capability kept that it would have bounded"


class TestLimits:
    def test_a_memory_bomb_is_a_memory_error(self) -> None:
        outcome = in_child(lambda: len(bytearray(1 << 30)), layers=["rlimits"])
        assert outcome.error is not None
        assert outcome.error.startswith("MemoryError") or "rlimits" not in outcome.active

    @linux_only
    def test_memory_counts_from_what_is_mapped_already(self) -> None:
        ballast = bytearray(200 << 20)
        outcome = in_child(lambda: len(bytearray(50 << 20)), budget=Budget(memory=100 << 20, cpu_seconds=20))
        assert outcome.value == 50 << 20
        assert ballast is not None

    @linux_only
    def test_shared_memory_counts_too(self) -> None:
        assert in_child(lambda: mmap.mmap(-1, 1 << 30).size(), layers=["rlimits"]).error is not None

    def test_processor_time_ends_with_a_signal_that_names_it(self) -> None:
        def spin() -> None:
            while True:
                pass

        assert died_of(in_child(spin, budget=Budget(memory=64 << 20, cpu_seconds=1))) == "SIGXCPU"

    def test_catching_the_signal_gains_a_second_at_most(self) -> None:
        def spin() -> None:
            signal.signal(signal.SIGXCPU, signal.SIG_IGN)
            while True:
                pass

        started = time.monotonic()
        assert died_of(in_child(spin, budget=Budget(memory=64 << 20, cpu_seconds=1))) == "SIGKILL"
        assert time.monotonic() - started < 20

    def test_a_file_cannot_grow(self, tmp_path: Path) -> None:
        target = tmp_path / "file"
        target.touch()
        assert in_child(lambda: refusal(lambda: target.write_text("x")), layers=["rlimits"]).value == "EFBIG"

    def test_descriptors_are_few(self) -> None:
        def exhaust() -> int:
            opened = 0
            while refusal(lambda: os.open("/dev/null", os.O_RDONLY)) == "done":
                opened += 1
            return opened

        assert in_child(exhaust).value < BUDGET.descriptors

    def test_a_hard_limit_is_never_raised(self) -> None:
        def first() -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))

        outcome = in_child(lambda: resource.getrlimit(resource.RLIMIT_NOFILE), layers=["rlimits"], first=first)
        assert outcome.value == [20, 20]
        assert outcome.active == ("rlimits",)

    @needs("seccomp")
    @pytest.mark.parametrize("layers", [LAYERS, ("rlimits", "seccomp")])
    def test_not_even_root_can_raise_a_limit_again(self, layers: tuple[str, ...]) -> None:
        def attempt() -> str:
            try:
                resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            except (OSError, ValueError):
                return "refused"
            return "raised"

        assert in_child(attempt, layers=layers).value == "refused"

    @needs("uid")
    def test_threads_are_few_where_the_user_is_alone(self) -> None:
        def exhaust() -> int:
            done = threading.Event()
            started = 0
            try:
                for _ in range(50):
                    threading.Thread(target=done.wait, daemon=True).start()
                    started += 1
            except RuntimeError:
                pass
            return started

        assert in_child(exhaust, budget=Budget(memory=2 << 30, cpu_seconds=20, threads=8)).value == 7

    @linux_only
    @pytest.mark.parametrize("user", USERS)
    def test_threads_have_a_limit_where_the_user_is_not_alone(self, user: int | None) -> None:
        layers = [layer for layer in LAYERS if layer != "uid"]
        budget = Budget(memory=2 << 30, cpu_seconds=20, threads=8)
        everywhere = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
        low, high = in_child(
            lambda: resource.getrlimit(resource.RLIMIT_NPROC), layers=layers, budget=budget, user=user
        ).value
        assert low == high
        assert 8 < low < everywhere + 5000  # those of the moment, and some may have come since


class TestParent:
    @linux_only
    @pytest.mark.parametrize("user", USERS)
    def test_it_dies_with_its_parent(self, user: int | None) -> None:
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            if user is not None:
                become(user)
            parent = os.getpid()
            prepared = isolation.prepare()
            if os.fork() == 0:
                prepared.enter(BUDGET, parent)
                os.write(writing, b"entered")
                time.sleep(60)
            time.sleep(60)
        os.close(writing)
        assert os.read(reading, 7) == b"entered"
        started = time.monotonic()
        os.kill(between, signal.SIGKILL)
        os.waitpid(between, 0)
        assert os.read(reading, 1) == b"", "its end of the pipe closes when it dies"
        assert time.monotonic() - started < 30
        os.close(reading)

    def test_it_ends_at_once_when_the_parent_is_gone_already(self) -> None:
        outcome = in_child(lambda: isolation.die_with_parent(os.getppid() + 1), layers=[])
        assert outcome.status == limits.ORPHANED

    @linux_only
    @as_unprivileged
    def test_processes_of_the_same_user_cannot_look_into_it(self) -> None:
        def look() -> list[str]:
            syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
            found = []
            for layers in ([], ["undumpable"]):
                reading, writing = os.pipe()
                pid = os.fork()
                if pid == 0:
                    isolation.prepare(layers).enter(BUDGET, os.getppid())
                    os.write(writing, b"x")
                    time.sleep(60)
                os.read(reading, 1)
                found.append(refusal(lambda pid=pid: os.open(f"/proc/{pid}/mem", os.O_RDONLY)))
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            return found

        outcome = in_child(look, layers=[], user=NOBODY if ROOT else None)
        assert outcome.value == ["done", "EACCES"]


class TestIdentity:
    @needs("uid")
    def test_each_child_is_a_user_of_its_own(self) -> None:
        def who() -> list[Any]:
            return [*os.getresuid(), *os.getresgid(), os.getgroups()]

        one, other = in_child(who).value, in_child(who).value
        assert len(set(one[:6])) == 1
        assert one[6] == []
        assert one[0] not in {0, NOBODY}
        assert one[0] != other[0]

    @needs("uid")
    def test_without_landlock_no_capability_is_left(self) -> None:
        layers = [layer for layer in LAYERS if layer != "landlock"]
        assert in_child(lambda: list(syscalls.capget()), layers=layers).value == [0, 0]

    @needs("uid", "landlock")
    def test_with_landlock_only_the_right_to_read_is_left_and_only_where_it_is_needed(self) -> None:
        needed = not paths.readable_by_others(paths.python_paths())
        right = identity.DAC_READ_SEARCH if needed else 0
        assert in_child(lambda: list(syscalls.capget())).value == [right, right]

    @needs("uid")
    def test_what_only_root_may_read_stays_unread(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("x")
        secret.chmod(0o600)
        assert in_child(lambda: refusal(secret.read_text), layers=["uid"]).value == "EACCES"

    @needs_root
    @linux_only
    def test_root_without_the_right_to_change_its_user_still_gives_up_its_capabilities(self) -> None:
        def first() -> None:
            syscalls.capset(identity.DAC_READ_SEARCH | 1, identity.DAC_READ_SEARCH | 1)

        outcome = in_child(lambda: list(syscalls.capget()), layers=["uid"], first=first)
        assert outcome.active == ()
        assert outcome.value == [0, 0]

    @pytest.mark.parametrize(
        ("mapped", "number"),
        [("0 0 4294967295", 0x70000000 + 7777), ("0 100000 65536", 60578 + 7777 % 606), ("0 1000 1\n65534 9 1", 65534)],
    )
    def test_the_user_is_one_that_the_namespace_maps(
        self, mapped: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = tmp_path / "map"
        table.write_text(mapped)
        ranges = identity._ranges(str(table))
        monkeypatch.setattr(identity, "_ranges", lambda _: ranges)
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr(syscalls, "capget", lambda: (0b11 << 6, 0b11 << 6))
        assert identity.plan().number(7777) == number

    def test_a_namespace_that_maps_only_root_has_no_such_user(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(identity, "_ranges", lambda _: [(0, 1)])
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr(syscalls, "capget", lambda: (0b11 << 6, 0b11 << 6))
        with pytest.raises(syscalls.Unavailable, match="maps no user"):
            identity.plan()


class TestDescriptorsAndEnvironment:
    @pytest.mark.parametrize("old_kernel", [False, True])
    def test_all_but_the_kept_are_closed(self, old_kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> int:
            raise OSError(38, "Function not implemented")

        if old_kernel:
            monkeypatch.setattr(syscalls, "syscall", refuse)

        def open_and_close() -> list[int]:
            for number in (5, 9, 150):
                os.dup2(0, number)
            kept = {number for number in range(400) if refusal(lambda n=number: os.fstat(n)) == "done"} - {5, 150}
            isolation.close_descriptors([*kept, 1000, -1])
            return [number for number in (5, 9, 150) if refusal(lambda n=number: os.fstat(n)) == "done"]

        assert in_child(open_and_close, layers=[]).value == [9]

    @linux_only
    def test_the_environment_is_replaced_and_overwritten(self) -> None:
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_void_p

        def clean() -> list[Any]:
            os.environ["ISOLATION_TEST"] = "hush"
            address = libc.getenv(b"ISOLATION_TEST")
            isolation.clean_environment({"LANG": "C.UTF-8"})
            gone = libc.getenv(b"ISOLATION_TEST") is None
            return [
                dict(os.environ),
                gone,
                ctypes.string_at(libc.getenv(b"LANG")).decode(),
                "hush" in str(bytes(ctypes.string_at(address, 4))),
            ]

        assert in_child(clean, layers=[]).value == [{"LANG": "C.UTF-8"}, True, "C.UTF-8", False]


TORCH = """
import json, os, sys, threading
import torch
torch.set_num_threads(1)
from grader.sandbox.isolation import Budget, close_descriptors, prepare
prepared, parent = prepare(), os.getpid()
assert "torch.utils.benchmark" not in sys.modules
if os.fork() == 0:
    close_descriptors({0, 1, 2, *prepared.descriptors})
    active = prepared.enter(Budget(memory=2 << 30, cpu_seconds=60), parent).active
    torch.set_num_threads(2)
    weights = torch.ones(300, 300, requires_grad=True)
    (torch.ones(300, 300) @ weights).sum().backward()
    image = torch.nn.Conv2d(1, 4, 3)(torch.ones(2, 1, 8, 8))
    sums = []
    threads = [threading.Thread(target=lambda: sums.append(torch.ones(9).sum().item())) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    import torch.utils.benchmark
    print(json.dumps([active, weights.grad.sum().item(), list(image.shape), sums]), flush=True)
    os._exit(0)
os.wait()
"""


def test_torch_computes_with_threads_and_imports_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", TORCH]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    active, gradient, shape, sums = json.loads(done.stdout)
    assert set(active) == set(LAYERS) - set(MISSING)
    assert gradient == 300.0**3
    assert shape == [2, 4, 6, 6]
    assert sums == [9.0] * 4
