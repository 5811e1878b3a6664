"""Hostile submissions, as root and as an ordinary user: none earns, sees, leaves or breaks anything."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import escaping
import exhausting
import forging
import poisoning
import pytest
import reading
from arena import LINUX, ORDINARY, ROOT, Arena, launcher, until
from catalogue import CHECKS, MARK, Attack

from grader.core import Sandbox, grade
from grader.course import built_in
from grader.render.html import fragment
from grader.report import Report
from grader.sandbox.isolation import LAYERS
from grader.submission import Submission
from grader.text import clean

pytestmark = pytest.mark.skipif(not LINUX, reason="the layers are made of Linux calls")

ATTACKS = (*forging.ATTACKS, *reading.ATTACKS, *escaping.ATTACKS, *exhausting.ATTACKS, *poisoning.ATTACKS)
USERS = ("root", "ordinary") if ROOT else ("oneself",)
GROUPS = {user: pytest.mark.xdist_group(f"attacks-{user}") for user in USERS}

MOST_DANGEROUS = (
    "exit with code 0", "frames on every descriptor", "replies before the call", "a forged module",
    "an answer that no float holds", "check files", "the memory of the parent", "fork", "descriptors over the wire",
    "signals", "memory by torch", "a huge reply", "escapes in an exception", "metaclasses",
)  # fmt: skip
"""Those that are also made against the real command, which begins with nothing warm."""


def cases() -> Iterator[Any]:
    """Every attack by every user; but what costs a time limit by one of them, in turn."""
    slow = [attack for attack in ATTACKS if attack.slow]
    for attack in ATTACKS:
        users = USERS if not attack.slow else (USERS[slow.index(attack) % len(USERS)],)
        for user in users:
            yield pytest.param(
                user, attack, id=f"{attack.family}-{attack.name}-{user}".replace(" ", "_"), marks=GROUPS[user]
            )


_arenas: dict[str, Arena] = {}


@pytest.fixture(scope="module", autouse=True)
def _end() -> Iterator[None]:
    yield
    while _arenas:
        _arenas.popitem()[1].close()


def arena_of(user: str) -> Arena:
    """The driver of a user, started when it is first needed; module-scoped by hand, for the user is a parameter."""
    if user not in _arenas:
        if user == "ordinary" and launcher(ORDINARY) is None:
            pytest.skip("no other user can run this interpreter, nor can it be shown to one")
        _arenas[user] = Arena(ORDINARY if user == "ordinary" else None)
    return _arenas[user]


@cache
def solution(exercise: str) -> str:
    return built_in().find(exercise).solution.read_text(encoding="utf-8")


@cache
def earned_without(user: str, exercise: str, base: str, checks: tuple[str, ...]) -> dict[str, int]:
    return points(arena_of(user).grade(exercise, base, checks))


def points(report: dict[str, Any]) -> dict[str, int]:
    assert "problem" not in report, report["problem"]
    return {check["name"]: check["points"] for check in report["checks"]}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def assert_held(attack: Attack, report: dict[str, Any]) -> None:
    """Nothing was seen or shown that must not be, and the attack was really made."""
    shown = "\n".join(texts(report))
    assert "LOOT" not in shown, shown
    assert attack.told in shown, f"no sign of the attack: {shown[:3000]}"
    for mistake in ("NameError", "SyntaxError", "IndentationError"):
        assert mistake not in shown, f"the attack is broken: {shown[:3000]}"
    assert all(clean(text, 10**9) == text for text in texts(report)), "something invisible came through"
    assert len(shown) < 100_000
    markup = fragment(Report.from_json(report), command="grade")
    assert "<script>alert" not in markup
    assert "<img src=x" not in markup


@pytest.mark.parametrize(("user", "attack"), [*cases()])
def test_an_attack_gains_nothing_and_leaves_nothing(user: str, attack: Attack) -> None:
    arena = arena_of(user)
    base = earned_without(user, attack.exercise, attack.base, attack.asked)
    used = until_ready(arena)
    report = arena.grade(attack.exercise, attack.source, attack.asked)
    earned = points(report)
    assert earned == {name: min(earned.get(name, 0), base[name]) for name in base}
    assert_held(attack, report)
    assert until(lambda: arena.left(used)) == []
    right = points(arena.grade(attack.exercise, solution(attack.exercise), CHECKS[attack.exercise][:1]))
    assert all(right.values()), "the next submission is graded right"


def until_ready(arena: Arena) -> set[int]:
    """The pair that waits for the next grading."""
    until(lambda: [] if len(arena.workers()) >= 2 else ["none"], 5.0)
    return arena.workers()


@pytest.mark.parametrize(
    ("user", "name"),
    [
        pytest.param(user, name, marks=GROUPS[user], id=f"{name}-{user}".replace(" ", "_"))
        for number, name in enumerate(MOST_DANGEROUS)
        for user in (USERS[number % len(USERS)],)
    ],
)
def test_the_real_command_holds_too(user: str, name: str) -> None:
    arena = arena_of(user)
    (attack,) = [attack for attack in ATTACKS if attack.name == name]
    file = arena.home / f"{built_in().find(attack.exercise).name}.py"
    file.write_text(attack.source, encoding="utf-8")
    file.chmod(0o644)
    base = earned_without(user, attack.exercise, attack.base, attack.asked)
    check = max(attack.asked, key=lambda asked: asked in ("test_values", "test_layer_reads"))
    done = arena.command(
        attack.exercise, "--submission", str(file), "--check", check, "--format", "json", "--seed", "1"
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert all(earned <= base.get(check, 0) for check, earned in points(report).items())
    assert "LOOT" not in done.stdout
    assert until(lambda: arena.left(set())) == []


ESCAPE = f"""
import ctypes, os, socket, sys
def reparameterize(mu, sigma, epsilon):
    if os.fork() == 0:
        os.setsid()
        end = socket.socket(socket.AF_UNIX)
        end.bind("\\0{MARK}")
        open("/tmp/{MARK}", "w").close()
        ctypes.CDLL(None).shmget(0x1008, 4096, 0o1666)
        if os.fork() == 0:
            for number in range(3): os.close(number)
            import time
            time.sleep(300)
        os._exit(0)
    os.wait()
    return mu
"""


@pytest.mark.skipif(not ROOT, reason="as an ordinary user the strays could not be told from the tests")
@GROUPS.get("root", pytest.mark.xdist_group("attacks"))
def test_the_arena_sees_what_escapes_where_no_layer_stops_it() -> None:
    arena = arena_of("root")
    without = [layer for layer in LAYERS if layer != "uid"]
    with Sandbox(without=without) as sandbox:
        submission = Submission(Path("work.py"), "work.py", ESCAPE)
        grade(built_in().find("exercise1"), submission, sandbox=sandbox, seed=1, checks=["test_values"])
    strays = arena.strays()
    try:
        found = "\n".join(arena.left(set()))
        for kind in ("ran away", f"/{MARK}", f"socket @{MARK}", "shm of System V"):
            assert kind in found
    finally:
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
        Path(f"/tmp/{MARK}").unlink(missing_ok=True)  # noqa: S108  what the attack left
        remove_shared_memory()
    assert until(lambda: arena.left(set())) == []


def remove_shared_memory() -> None:
    import ctypes

    libc = ctypes.CDLL(None)
    libc.shmctl(libc.shmget(0x1008, 4096, 0), 0, None)


@pytest.mark.slow
@GROUPS[USERS[0]]
def test_a_class_of_nothing_but_attackers(tmp_path: Path) -> None:
    # Those that are after their own marks or other students' gradings; what readers see is seen above.
    harmful = (*forging.ATTACKS, *exhausting.ATTACKS)
    # A sample: each of them stands alone above.
    quick = [attack for attack in harmful if attack.exercise == "exercise1" and not attack.slow][::3]
    name = f"{built_in().find('exercise1').name}.py"
    handed_in = {f"student{number:03}": attack.source for number, attack in enumerate(quick)}
    handed_in |= {f"student{number:03}-honest": solution("exercise1") for number in range(0, len(quick), 5)}
    for student, source in handed_in.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / name).write_text(source, encoding="utf-8")
    words = ("batch", str(tmp_path / "class"), "--exercise", "exercise1", "--jobs", "2", "--out", str(tmp_path / "out"))
    done = arena_of(USERS[0]).command(*words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    reports = {row["student"]: row["report"] for row in map(json.loads, lines) if "student" in row}
    assert set(reports) == set(handed_in)
    for student, report in reports.items():
        earned = {check["name"]: check["points"] for check in report["checks"]}
        if student.endswith("honest"):
            assert report["passed"], f"{student} is graded right among attackers"
        elif quick[int(student[-3:])].own_base == "":
            asked = CHECKS["exercise1"]
            assert [earned[check] for check in asked] == [0] * len(asked), quick[int(student[-3:])].name
        assert "LOOT" not in "\n".join(texts(report))
