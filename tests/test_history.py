"""`grade history`: what each attempt changed, how the points grew, and everything as data."""

from __future__ import annotations

import ast
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource
from reports import MIXED, PASSED, VARIANCE, report

from grader import progress, student, workspace
from grader.course import Exercise, built_in
from grader.listing import sayings_in
from grader.past import Step, steps
from grader.progress import Attempt
from grader.render.history import SHOWN, sparkline
from grader.render.page import duration
from grader.report import CheckResult, Status
from grader.suite import Suite
from grader.text import one_line

Run = Callable[..., tuple[int, str, str]]
FIRST, SECOND = built_in().exercises[:2]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SCHEMA, REPORT_SCHEMA = (
    json.loads(files("grader").joinpath(f"schema/{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("history", "report")
)
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, registry=Registry().with_resource(REPORT_SCHEMA["$id"], Resource.from_contents(REPORT_SCHEMA))
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, which is the current folder, at Greenwich."""
    workspace.init(tmp_path, built_in())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def checks(passed: str, still_open: str = "") -> list[CheckResult]:
    """Checks of one letter each: ``test_a`` is worth one point."""
    right = [CheckResult(f"test_{name}", name, Status.PASSED, 1, 1) for name in passed]
    return right + [CheckResult(f"test_{name}", name, Status.FAILED, 0, 1) for name in still_open]


def tried(home: Path, passed: str, still_open: str = "", minute: int = 0, exercise: str = FIRST.name) -> None:
    verdict = report(*checks(passed, still_open), exercise=exercise)
    progress.record(home, verdict, NOON + timedelta(minutes=minute))


# --- what an attempt changed ------------------------------------------------------------------------------


def attempt(passed: str | None, still_open: str | None, exercise: str = "exercise1_a") -> Attempt:
    lists = (tuple(names) if names is not None else None for names in (still_open, passed))
    return Attempt(NOON, exercise, 1, 2, False, 0.5, 1, (), *lists)


@pytest.mark.parametrize(
    ("before", "now", "gained", "lost"),
    [
        (("a", "bc"), ("ab", "c"), ("b",), ()),
        (("ab", "c"), ("ac", "b"), ("c",), ("b",)),
        (("ab", ""), ("ab", "c"), (), ()),  # the course has a new check: it was never passed
        (("ab", ""), ("abc", ""), ("c",), ()),
        (("ab", ""), ("b", ""), (), ()),  # the course has dropped one
        ((None, "abc"), ("ab", "c"), ("a", "b"), ()),  # version 2 kept what was open
        ((None, "a"), (None, "b"), ("a",), ("b",)),
        ((None, None), ("a", "b"), None, None),  # version 1 kept neither
        (("a", "b"), (None, None), None, None),
    ],
)
def test_two_attempts(
    before: tuple[str, str], now: tuple[str, str], gained: tuple[str, ...] | None, lost: tuple[str, ...] | None
) -> None:
    last = attempt(*now)
    assert steps([attempt(*before), last])[1] == Step(last, gained, lost)


def test_attempts_are_compared_within_their_exercise() -> None:
    found = steps([attempt("a", "b"), attempt("", "x", "exercise2_b"), attempt("ab", "")])
    assert [step.gained for step in found] == [("a",), (), ("b",)]
    assert [step.lost for step in found] == [(), (), ()]


# --- the picture of the points ----------------------------------------------------------------------------


def points(*earned: int, most: int = 8) -> list[Attempt]:
    return [Attempt(NOON, "exercise1_a", got, most, got == most, 0.5, 1, ()) for got in earned]


def test_a_sparkline() -> None:
    assert sparkline(points(0, 1, 2, 3, 4, 5, 6, 7, 8), 40) == "▁▂▃▄▅▅▆▇█"
    assert sparkline(points(0, 4, 8), 40, unicode=False) == ".+#"
    assert sparkline(points(1, 999, most=1000), 40) == "▂▇"
    assert sparkline(points(0, most=0), 40) == "▁"
    assert sparkline([], 40) == ""


def test_a_long_sparkline_ends_with_the_latest() -> None:
    line = sparkline(points(*[0] * 999, 8), 30)
    assert line == "▁" * 29 + "█"


def test_durations() -> None:
    shown = {0: "", 59: "", 60: "1 min", 3600: "1 h", 7505: "2 h 5 min", 200_000: "55 h 33 min"}
    assert {seconds: duration(timedelta(seconds=seconds)) for seconds in shown} == shown


# --- the command ------------------------------------------------------------------------------------------


def test_the_whole_story(home: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    tried(home, "", "abc")
    progress.record(home, report(PASSED, VARIANCE), NOON + timedelta(minutes=5))
    progress.record(home, report(PASSED, replace(VARIANCE, misconception="of_long_ago")), NOON + timedelta(minutes=6))
    tried(home, "abc", "", 10)
    progress.take_hint(home, FIRST.name, "test_z")
    progress.take_hint(home, FIRST.name, "test_z")
    code, out, err = grade_command("history", "1")
    assert (code, err) == (0, "")
    assert out == (
        "  Exercise 1 · The reparameterization trick\n"
        "\n"
        "  ▁▄▄█  4 attempts · best 3/3 · 10 min\n"
        "  hints taken: test_z 2 of 3\n"
        "\n"
        "  2026-11-21 12:00  ✗ 0/3\n"
        "  2026-11-21 12:05  ✗ 2/5\n"
        "    now passes: test_shape\n"
        "    named: σ² was used where σ belongs (variance_as_std)\n"
        "  2026-11-21 12:06  ✗ 2/5\n"
        "    named: of_long_ago\n"
        "  2026-11-21 12:10  ✓ 3/3\n"
        "    now passes: test_a, test_b, test_c\n"
    )


@pytest.mark.parametrize("exercise", built_in().exercises, ids=lambda exercise: exercise.short)
def test_misconceptions_are_told_in_their_own_words(exercise: Exercise) -> None:
    """Also those that a check file marks by a mark of its own; only what it makes without `def` has a bare name."""
    found = sayings_in(exercise.checks)
    says = {m.name: one_line(m.says) for m in Suite.load(exercise.checks).misconceptions}
    assert all(found.get(name, words) == words for name, words in says.items())
    tree = ast.parse(exercise.checks.read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert says.keys() & defined <= found.keys()


def test_what_no_longer_passes(home: Path, grade_command: Run) -> None:
    tried(home, "abcdefg")
    tried(home, "a", "bcdefg", 1)
    out = grade_command("history", "1")[1]
    assert "now passes: test_a, test_b, test_c, test_d, test_e and 2 more\n" in out
    assert "no longer passes: test_b, test_c, test_d, test_e, test_f and 1 more\n" in out


def test_all_exercises(home: Path, grade_command: Run) -> None:
    tried(home, "", "ab")
    tried(home, "ab", "", 5, SECOND.name)
    tried(home, "a", "b", 10)
    progress.take_hint(home, FIRST.name, "test_z")
    out = grade_command("history")[1]
    assert "  exercise1  ▁▅  2 attempts · best 1/2 · 5 min\n  exercise2  █   1 attempt · best 2/2 · 5 min\n" in out
    assert [line.split()[2:] for line in out.splitlines() if line.startswith("  20")] == [
        ["exercise1", "✗", "0/2"],
        ["exercise2", "✓", "2/2"],
        ["exercise1", "✗", "1/2"],
    ]
    assert "exercise2" not in grade_command("history", "1")[1]


def test_a_long_history_is_cut_with_a_count(home: Path, grade_command: Run) -> None:
    for minute in range(SHOWN + 3):
        tried(home, "", "ab", minute)
    tried(home, "a", "b", 100)
    out = grade_command("history", "exercise1")[1]
    assert "  before: grade history exercise1 --format json\n  It shows 4 earlier attempts too.\n" in out
    assert sum(line.startswith("  20") for line in out.splitlines()) == SHOWN
    assert out.splitlines()[-2].endswith("1/2")
    # What the last attempt changed is seen against an attempt that is not shown too.
    assert out.splitlines()[-1] == "    now passes: test_a"
    assert len(json.loads(grade_command("history", "1", "--format", "json")[1])["attempts"]) == SHOWN + 4


@pytest.mark.usefixtures("home")
def test_no_attempts_yet(grade_command: Run) -> None:
    assert grade_command("history", "2") == (
        0,
        f"  Exercise 2 · {SECOND.title}\n\n  No attempts yet. The first: grade exercise2\n",
        "",
    )
    assert "The first: grade exercise1\n" in grade_command("history")[1]


@pytest.mark.usefixtures("home")
def test_a_name_that_is_none(grade_command: Run) -> None:
    assert grade_command("history", "exercize1")[::2] == (
        2,
        'There is no exercise "exercize1". Did you mean exercise1? `grade` alone lists the exercises.\n',
    )


def test_outside_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grade_command: Run) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = grade_command("history")
    assert (code, out) == (2, "")
    assert "so there is no history. `grade init DIR` copies them to DIR." in err


def test_a_damaged_file(home: Path, grade_command: Run) -> None:
    (home / ".reparam").mkdir(exist_ok=True)
    (home / progress.FILE).write_bytes(b"no database" * 1000)
    code, out, err = grade_command("history")
    assert (code, out) == (2, "")
    assert "your history could not be read: " in err
    assert "is damaged. It was left as it is" in err


def test_names_that_were_changed_by_hand_move_no_cursor(home: Path, grade_command: Run) -> None:
    tried(home, "", "ab")
    evil = "exercise1_\x1b[2J\u202e\nevil"
    with sqlite3.connect(home / progress.FILE) as database:
        database.execute("UPDATE attempts SET exercise = ?, misconceptions = ?", (evil, json.dumps([evil])))
    out = grade_command("history")[1]
    assert not {"\x1b", "\u202e"} & set(out)
    assert "named: exercise1_ evil" in out


@pytest.mark.parametrize("columns", ["1", "40", "200"])
def test_any_width(home: Path, grade_command: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for minute in range(60):
        tried(home, "a" * (minute % 2), "b", minute, (FIRST if minute % 3 else SECOND).name)
    out = grade_command("history")[1]
    assert max(map(len, out.splitlines())) <= max(int(columns), 40)


# --- as data ----------------------------------------------------------------------------------------------


def test_the_export_holds_everything_and_keeps_its_schema(home: Path, grade_command: Run) -> None:
    progress.record(home, report(*MIXED), NOON)
    tried(home, "ab", "", 5, SECOND.name)
    progress.take_hint(home, FIRST.name, "test_z")
    student.keep(home, "σ-7")
    data = json.loads(grade_command("history", "--format", "json")[1])
    VALIDATOR.validate(data)
    assert data["student"] == "σ-7"
    assert data["attempts"][0] == {
        "at": "2026-11-21T12:00:00+00:00",
        "exercise": FIRST.name,
        "points": 2,
        "max_points": 13,
        "passed": False,
        "seconds": 0.841,
        "seed": 20261107,
        "misconceptions": ["variance_as_std"],
        "open_checks": ["test_z", "test_values", "test_moments", "test_recover"],
        "passed_checks": ["test_shape"],
    }
    assert data["hints"] == [{"exercise": FIRST.name, "check": "test_z", "taken": 1}]
    assert data["time"] == [{"exercise": FIRST.name, "seconds": 0}, {"exercise": SECOND.name, "seconds": 300}]
    assert [latest["report"]["exercise"] for latest in data["latest_reports"]] == [FIRST.name, SECOND.name]
    only = json.loads(grade_command("history", "2", "--format", "json")[1])
    VALIDATOR.validate(only)
    assert {entry["exercise"] for entry in only["attempts"] + only["time"]} == {SECOND.name}
    assert only["hints"] == []


@pytest.mark.usefixtures("home")
def test_an_empty_export(grade_command: Run) -> None:
    data = json.loads(grade_command("history", "--format", "json")[1])
    VALIDATOR.validate(data)
    assert data["streak"] == {"days": 0, "graded_today": False}
    assert not data["attempts"]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**data, "streak": 3})


def test_old_attempts_keep_the_schema(home: Path, grade_command: Run) -> None:
    (home / ".reparam").mkdir(exist_ok=True)
    (home / progress.FILE).write_bytes((Path(__file__).parent / "progress_files" / "version1.sqlite3").read_bytes())
    data = json.loads(grade_command("history", "--format", "json")[1])
    VALIDATOR.validate(data)
    assert [entry["open_checks"] for entry in data["attempts"]] == [None] * 3
    assert "now passes" not in grade_command("history")[1]


def test_to_a_file(home: Path, grade_command: Run) -> None:
    tried(home, "", "ab")
    code, out, err = grade_command("history", "--format", "json", "--out", "mine.json")
    assert (code, out, err) == (0, "1 attempt; the history is in mine.json\n", "")
    VALIDATOR.validate(json.loads((home / "mine.json").read_text(encoding="utf-8")))
    assert grade_command("history", "--out", "nowhere/mine.json")[0] == 2


def test_the_table_tells_of_streak_and_time(home: Path, grade_command: Run) -> None:
    now = datetime.now(UTC)
    for minutes in (14, 9, 0):
        progress.record(home, report(PASSED), now - timedelta(minutes=minutes))
    progress.record(home, report(PASSED), now - timedelta(days=1))
    assert "  streak: 2 days · at work: 14 min\n" in grade_command()[1]
    with sqlite3.connect(home / progress.FILE) as database:
        database.execute("DELETE FROM attempts WHERE at > ?", ((now - timedelta(hours=1)).isoformat(),))
    assert "  streak: 1 day, today is still open\n" in grade_command()[1]
