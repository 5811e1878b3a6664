"""What learner code can read and write: the interpreter, and nothing else."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_child import LAYERS, MISSING, REPOSITORY, USERS, expected, in_child, let_others_in, needs, refusal

from grader.sandbox import isolation
from grader.sandbox.isolation import Prepared, landlock, paths, syscalls

LANDLOCK_ALONE = ("landlock",)


def version() -> int:
    return 0 if "landlock" in MISSING else landlock.version()


needs_tcp = pytest.mark.skipif(version() < 4, reason="this kernel's Landlock does not know TCP")
needs_scopes = pytest.mark.skipif(version() < 6, reason="this kernel's Landlock does not know scopes")


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


class TestReadable:
    """`readable` and `listable`, on made-up trees."""

    def test_what_holds_nothing_denied_stays_whole(self, tmp_path: Path) -> None:
        tree(tmp_path, "lib/a.py", "other/b.py")
        assert paths.readable([tmp_path / "lib"], [tmp_path / "other"]) == [tmp_path / "lib"]
        assert paths.listable([tmp_path / "lib"], [tmp_path / "other"]) == []

    def test_a_folder_that_holds_something_denied_gives_way_to_its_children(self, tmp_path: Path) -> None:
        tree(tmp_path, "site/numpy/a.py", "site/grader/checks/c.py", "site/single.py", "site/torch/b.py")
        site = tmp_path / "site"
        assert paths.readable([site], [site / "grader"]) == [site / "numpy", site / "single.py", site / "torch"]
        assert paths.listable([site], [site / "grader"]) == [site]

    def test_to_any_depth(self, tmp_path: Path) -> None:
        tree(tmp_path, "lib/x/y/secret/s", "lib/x/y/open/o", "lib/x/z", "lib/w")
        lib = tmp_path / "lib"
        assert paths.readable([lib], [lib / "x/y/secret"]) == [lib / "w", lib / "x/y/open", lib / "x/z"]

    def test_a_file_can_be_denied(self, tmp_path: Path) -> None:
        tree(tmp_path, "lib/a", "lib/b")
        assert paths.readable([tmp_path / "lib"], [tmp_path / "lib/a"]) == [tmp_path / "lib/b"]

    def test_denied_wins(self, tmp_path: Path) -> None:
        tree(tmp_path, "course/lib/a")
        for allowed in ("course", "course/lib", "course/lib/a"):
            assert paths.readable([tmp_path / allowed], [tmp_path / "course"]) == []
            assert paths.listable([tmp_path / allowed], [tmp_path / "course"]) == []

    def test_overlapping_folders_are_taken_once(self, tmp_path: Path) -> None:
        tree(tmp_path, "lib/python/a", "lib/python/grader/g", "lib-other/b")
        allowed = [tmp_path / "lib/python", tmp_path / "lib", tmp_path / "lib-other", tmp_path / "lib"]
        assert paths.readable(allowed, [tmp_path / "lib/python/grader"]) == [
            tmp_path / "lib/python/a",
            tmp_path / "lib-other",
        ]

    def test_links_are_resolved_and_those_in_a_split_folder_left_out(self, tmp_path: Path) -> None:
        tree(tmp_path, "repository/grader/g", "site/numpy/a")
        site = tmp_path / "site"
        (site / "grader").symlink_to(tmp_path / "repository/grader")
        (site / "whole").symlink_to(tmp_path / "repository")
        (tmp_path / "alias").symlink_to(site)
        assert paths.readable([tmp_path / "alias"], [tmp_path / "repository/grader"]) == [site]
        tree(tmp_path, "site/solutions/s")
        denied = [tmp_path / "repository/grader", site / "solutions"]
        assert paths.readable([tmp_path / "alias"], denied) == [site / "numpy"]
        assert paths.readable([tmp_path], denied) == [site / "numpy"]

    def test_what_does_not_exist_changes_nothing(self, tmp_path: Path) -> None:
        tree(tmp_path, "lib/a")
        lib = tmp_path / "lib"
        assert paths.readable([lib, tmp_path / "none"], [lib / "grader"]) == [lib]

    def test_nothing_of_ours_is_readable_here(self) -> None:
        granted = paths.readable(paths.interpreter_paths(), paths.own_paths())
        assert granted
        ours = [path for path in paths.own_paths() if path.exists()]
        assert REPOSITORY / "grader" in ours
        assert not [path for path in granted for own in ours if path in (own, *own.parents) or own in path.parents]


def test_modes_say_what_others_can_read(tmp_path: Path) -> None:
    tree(tmp_path, "lib/a", "lib/sub/b")
    lib = tmp_path / "lib"
    let_others_in(tmp_path)
    assert paths.readable_by_others([lib])
    for path, mode in ((lib / "a", 0o600), (lib / "sub", 0o700), (lib, 0o744), (tmp_path, 0o750)):
        before = path.stat().st_mode
        path.chmod(mode)
        assert not paths.readable_by_others([lib]), path
        path.chmod(before)
    assert not paths.readable_by_others([tmp_path / "none"])


OUR_FILES = [
    "grader/checks",
    "grader/checks/datasets.py",
    "grader/errors.py",
    "solutions",
    "exercises",
    "pyproject.toml",
]
OTHER_FILES = [
    "/",
    "/etc/passwd",
    "/proc/self/environ",
    "/proc/self/maps",
    "/proc/1/cmdline",
    "/tmp",  # noqa: S108  it is to be refused
    "/root",
    "/dev/shm",  # noqa: S108  it is to be refused
]


@needs("landlock")
class TestReading:
    @pytest.mark.parametrize("layers", [LAYERS, LANDLOCK_ALONE])
    @pytest.mark.parametrize("user", USERS)
    def test_nothing_of_ours_and_nothing_of_the_system(self, user: int | None, layers: tuple[str, ...]) -> None:
        targets = [str(REPOSITORY / name) for name in OUR_FILES] + OTHER_FILES
        targets = [target for target in targets if Path(target).exists()]
        outcome = in_child(
            lambda: {target: refusal(lambda t=target: os.open(t, os.O_RDONLY)) for target in targets},
            layers=layers,
            user=user,
        )
        assert outcome.active == expected(layers, user)
        assert outcome.value == dict.fromkeys(targets, "EACCES")

    @pytest.mark.parametrize("layers", [LAYERS, LANDLOCK_ALONE])
    def test_modules_that_were_not_imported_yet_still_import(self, layers: tuple[str, ...]) -> None:
        names = [
            "colorsys",
            "wave",
            "chunk",
            "sndhdr",
            "this",
            "wsgiref.validate",
            "_crypt",
            "ruff",
            "mypy_extensions",
        ]

        def bring_in() -> list[str]:
            import importlib
            import importlib.util

            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  `this` talks
            importlib.invalidate_caches()
            fresh = [name for name in names if name not in sys.modules and importlib.util.find_spec(name)]
            for name in fresh:
                importlib.import_module(name)
            return fresh

        outcome = in_child(bring_in, layers=layers)
        assert outcome.error is None
        assert len(outcome.value) >= 4

    def test_devices_and_time_zones(self) -> None:
        def use() -> list[int]:
            from zoneinfo import ZoneInfo

            written = Path("/dev/null").write_text("gone")
            assert ZoneInfo.no_cache("Europe/Paris") if Path("/usr/share/zoneinfo/Europe/Paris").exists() else True
            return [
                written,
                len(Path("/dev/null").read_bytes()),
                len(os.urandom(3)),
                Path("/dev/urandom").open("rb").read(2)[0] >= 0,
            ]

        outcome = in_child(use)
        assert outcome.error is None
        assert outcome.value == [4, 0, 3, True]

    def test_an_installed_package_beside_ours_is_read_and_ours_is_not(self, tmp_path: Path) -> None:
        tree(tmp_path, "site/numpy/a.py", "site/grader/checks/c.py", "site/grader/_course/solutions/s.py")
        site = tmp_path / "site"
        (site / "link").symlink_to(site / "grader/checks/c.py")
        ruleset = landlock.create_ruleset(landlock.version())
        allowed, denied = [site], [site / "grader"]
        read, list_only = paths.readable(allowed, denied), paths.listable(allowed, denied)
        landlock.allow(ruleset, read=read, list_only=list_only, devices=[])
        absent = dict.fromkeys([layer for layer in LAYERS if layer != "landlock"], "")

        def look() -> list[object]:
            ours = ["grader/checks/c.py", "grader/_course/solutions/s.py", "link", "numpy/../grader/checks/c.py"]
            return [
                len((site / "numpy/a.py").read_text()),
                sorted(os.listdir(site)),  # noqa: PTH208  the very call that an import makes
                {refusal(lambda n=name: (site / n).read_text()) for name in ours} == {"EACCES"},
            ]

        outcome = in_child(look, prepared=Prepared(absent, ruleset))
        os.close(ruleset)
        assert outcome.active == ("landlock",)
        assert outcome.value == [len("site/numpy/a.py"), ["grader", "link", "numpy"], True]


@needs("landlock")
class TestWriting:
    @pytest.mark.parametrize("layers", [LAYERS, LANDLOCK_ALONE, tuple(name for name in LAYERS if name != "landlock")])
    @pytest.mark.parametrize("user", USERS)
    def test_no_folder_can_be_written(self, user: int | None, layers: tuple[str, ...], tmp_path: Path) -> None:
        let_others_in(tmp_path)
        tmp_path.chmod(0o777)
        old = tmp_path / "old"
        old.write_text("kept")
        old.chmod(0o666)

        def attempt() -> dict[str, str]:
            os.chdir(tmp_path)
            attempts: dict[str, Callable[[], object]] = {
                "/tmp": lambda: Path("/tmp/isolation-test").write_text("x"),  # noqa: S108  it must not be possible
                "/dev/shm": lambda: Path("/dev/shm/isolation-test").write_text("x"),  # noqa: S108  nor this
                "cwd": lambda: Path("new").write_text("x"),
                "append": lambda: os.write(os.open("old", os.O_WRONLY | os.O_APPEND), b"x"),
                "unlink": lambda: Path("old").unlink(),
                "rename": lambda: Path("old").rename("older"),
                "link": lambda: os.link("old", "older"),
                "symlink": lambda: Path("older").symlink_to("old"),
                "mkdir": lambda: Path("folder").mkdir(),
                "mkfifo": lambda: os.mkfifo("fifo"),
            }
            return {name: refusal(action) for name, action in attempts.items()}

        outcome = in_child(attempt, layers=layers, user=user)
        refused = {"EACCES", "EPERM", "EFBIG", "EXDEV", "ENOENT"}
        assert {name: error for name, error in outcome.value.items() if error not in refused} == {}
        assert old.read_text() == "kept"
        if "landlock" in layers:
            assert sorted(tmp_path.iterdir()) == [old]

    def test_no_program_can_be_started_even_without_seccomp(self) -> None:
        def attempt() -> list[str]:
            return [
                refusal(lambda: os.execv("/bin/true", ["true"])),  # noqa: S606  it must not be possible
                refusal(lambda: os.execv(sys.executable, [sys.executable])),  # noqa: S606  nor this
            ]

        assert in_child(attempt, layers=LANDLOCK_ALONE).value == ["EACCES", "EACCES"]


@needs("landlock")
class TestOutsiders:
    @needs_tcp
    def test_no_tcp(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()

            def attempt() -> list[str]:
                return [
                    refusal(lambda: socket.create_connection(address, timeout=5)),
                    refusal(lambda: socket.socket().bind(("127.0.0.1", 0))),
                ]

            assert in_child(attempt, layers=[]).value == ["done", "done"]
            assert in_child(attempt, layers=LANDLOCK_ALONE).value == ["EACCES", "EACCES"]

    @needs_scopes
    def test_no_abstract_socket_and_no_signal(self) -> None:
        name = f"\0isolation-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
            server.listen()

            def attempt() -> list[str]:
                return [
                    refusal(lambda: socket.socket(socket.AF_UNIX).connect(name)),
                    refusal(lambda: os.kill(os.getppid(), 0)),
                    refusal(lambda: os.kill(os.getpid(), 0)),
                ]

            assert in_child(attempt, layers=[]).value == ["done", "done", "done"]
            assert in_child(attempt, layers=LANDLOCK_ALONE).value == ["EPERM", "EPERM", "done"]


class TestVersions:
    @needs("landlock")
    @pytest.mark.parametrize("level", range(1, 8))
    def test_rules_of_every_version_hold(self, level: int) -> None:
        if level > landlock.version():
            pytest.skip(f"this kernel's Landlock ends at version {landlock.version()}")

        def attempt() -> list[object]:
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
            ruleset = landlock.create_ruleset(level)
            landlock.allow(ruleset, read=[Path("/usr/lib")], list_only=[], devices=["/dev/null"])
            held = landlock.restrict(ruleset)
            return [held, refusal(lambda: os.listdir("/etc")), refusal(lambda: os.listdir("/usr/lib"))]  # noqa: PTH208

        assert in_child(attempt, layers=[]).value == [True, "EACCES", "done"]

    @pytest.mark.parametrize(("carried", "code"), [(16, errno.E2BIG), (8, errno.E2BIG), (8, errno.EINVAL)])
    def test_a_kernel_that_names_more_than_it_carries(
        self, carried: int, code: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes = []

        def kernel(number: int, attributes: bytes, size: int, flags: int) -> int:
            assert (number, flags, len(attributes)) == (444, 0, size)
            sizes.append(size)
            if size > carried:
                raise OSError(code, "too new")
            return os.dup(0)

        monkeypatch.setattr(syscalls, "syscall", kernel)
        descriptor = landlock.create_ruleset(9)
        assert descriptor >= 200, "out of the way of the low numbers"
        os.close(descriptor)
        assert sizes[0] == 24
        assert sizes[-1] == carried

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (errno.ENOSYS, "no Landlock"),
            (errno.EOPNOTSUPP, "switched off"),
            (errno.EPERM, "container"),
            (errno.EIO, "not answer"),
        ],
    )
    def test_each_absence_has_its_reason(self, code: int, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def kernel(*_: object) -> int:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(syscalls, "syscall", kernel)
        if sys.platform == "linux":
            assert reason in isolation.missing(isolation.prepare())["landlock"]

    @needs("landlock")
    def test_rules_that_the_kernel_refuses_are_absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def kernel(*_: object) -> int:
            raise OSError(errno.EINVAL, "no")

        monkeypatch.setattr(syscalls, "syscall", kernel)
        with pytest.raises(syscalls.Unavailable, match="takes no Landlock rules"):
            landlock.create_ruleset(7)


@needs("landlock")
def test_a_shared_library_loads_later() -> None:
    name = "libm.so.6"
    assert in_child(lambda: bool(ctypes.CDLL(name)), layers=LAYERS).error is None
