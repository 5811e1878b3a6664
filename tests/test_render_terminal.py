"""What a learner reads, at any width, with and without colour."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import MIXED, NOT_ATTEMPTED, PASSED, RAISED, SKIPPED, VARIANCE, report
from rich.cells import cell_len

from grader.core import CheckPlan, Event
from grader.course import Course
from grader.progress import Attempt
from grader.render.evidence import compare
from grader.render.exchange import many_to_json, to_json
from grader.render.live import LiveLine
from grader.render.overview import next_exercise, overview, totals
from grader.render.page import Look
from grader.render.terminal import render
from grader.report import CheckResult, Evidence, Report, Status

WIDTHS = [40, 60, 80, 100]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def shown(verdict: Report, width: int = 80, **look: bool) -> str:
    return render(verdict, Look(width, **look), command="grade exercise1", next_command="grade exercise2")


def widest(text: str) -> int:
    """Columns of the widest line; a command to copy is never wrapped."""
    return max(cell_len(line) for line in text.splitlines() if not line.startswith("    again "))


def squeezed(text: str) -> str:
    return " ".join(text.split())


# --- the whole report -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert widest(shown(report(*MIXED), width)) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_is_said(width: int) -> None:
    text = squeezed(shown(report(*MIXED), width))
    for part in [
        "Exercise 1 · The reparameterization trick",
        "z[0] = 0.36, z[1] = 0.695, z[2] = -0.25 are not right. σ² was used where σ belongs.",
        "call reparameterize(mu=[0.2, 0.7, -0.3], sigma=[0.4, 0.1, 0.5], epsilon=[1, -0.5, 0.2])",
        "→ Which of the three letters is the standard deviation",
        "your code printed: │ before the loop │ step 1 │ step 2",
        "again grade exercise1 --check test_z",
        "line 12, in reparameterize: return mu + sigma @ epsilon",
        "fix test_values first",
        "still to do recover_epsilon is to be written",
        "2 of 13 points",
        "1 passed, 1 failed, 1 skipped, 1 not attempted, 1 error",
        "0.8 s · sandbox: rlimits, landlock, seccomp",
    ]:
        assert part in text


def test_the_last_line_tells_how_to_repeat() -> None:
    assert shown(report(*MIXED)).splitlines()[-1].strip().startswith("seed 20261107 (--seed 20261107 ")


def test_without_colour_marks_still_tell() -> None:
    text = shown(report(*MIXED))
    assert "\x1b" not in text
    for line in ["✓ The result keeps", "✗ z for the", "! reparameterize gives", "– 20 000 draws", "· recover_epsilon"]:
        assert any(shown_line.strip().startswith(line) for shown_line in text.splitlines())


def test_colour_changes_nothing_else() -> None:
    plain, coloured = shown(report(*MIXED)), shown(report(*MIXED), colour=True)
    assert "\x1b[" in coloured
    lines = [line.rstrip() for line in ESCAPE.sub("", coloured).splitlines()]
    assert lines == plain.splitlines()


def test_ascii_marks_where_nothing_else_can_be_shown() -> None:
    text = shown(replace(report(PASSED, RAISED, VARIANCE), title="t"), unicode=False)
    assert not set("✓✗–━─→│") & set(text)
    assert "+ The result keeps" in text
    assert "x z for the practice" in text


def test_no_line_ends_in_spaces() -> None:
    assert not [line for line in shown(report(*MIXED)).splitlines() if line != line.rstrip()]


def test_a_pass_says_what_comes_next() -> None:
    text = shown(report(PASSED, PASSED))
    assert "4 of 4 points" in text
    assert "all 2 checks passed" in text
    assert "next: grade exercise2" in text
    assert "─" not in text
    assert "next:" not in shown(report(*MIXED))


def test_a_full_bar_means_all_points() -> None:
    many = report(replace(PASSED, points=999, max_points=1000), VARIANCE)
    assert "─" in shown(many)


def test_the_same_words_are_said_once() -> None:
    broken = [
        CheckResult(f"test_{n}", f"check number {n}", Status.ERROR, 0, 1, message="Your file could not be loaded.")
        for n in range(12)
    ]
    text = shown(report(*broken))
    assert text.count("could not be loaded") == 1
    assert "12 checks met an error" in text
    assert "--check" not in text


def test_unwritten_parts_are_listed_once() -> None:
    waiting = [replace(NOT_ATTEMPTED, name=f"test_{n}", message="f is to be written") for n in range(5)]
    text = shown(report(*waiting))
    assert text.count("f is to be written") == 1
    assert "5 not attempted" in text


def test_only_the_root_of_a_chain_of_skipped_checks_is_named() -> None:
    waiting = [
        replace(SKIPPED, name="test_b", message="Fix “A” (test_a) first."),
        replace(SKIPPED, name="test_c", message="Fix “B” (test_b) first."),
        replace(SKIPPED, name="test_d", message="Fix “A” (test_a) first."),
    ]
    text = shown(report(VARIANCE, *waiting))
    assert "3 checks skipped" in text
    assert text.count("first.") == 1


def test_what_waits_for_unwritten_parts_is_not_explained_twice() -> None:
    waiting = replace(SKIPPED, message=f"Fix “A” ({NOT_ATTEMPTED.name}) first.")
    text = shown(report(NOT_ATTEMPTED, waiting))
    assert "first." not in text
    assert "1 skipped, 1 not attempted" in text


def test_a_command_is_never_wrapped() -> None:
    command = f"grade exercise1 --submission {'long/' * 30}file.py"
    text = render(report(VARIANCE), Look(40), command=command)
    assert f"again     {command} --check test_z\n" in text


def test_long_output_is_cut() -> None:
    text = shown(report(replace(VARIANCE, output="\n".join(f"row {n}" for n in range(100)))))
    assert "row 11" in text
    assert "row 12" not in text
    assert "(88 more lines)" in text


def test_markup_and_control_characters_of_a_learner_are_shown_literally() -> None:
    hostile = "[bold red]x[/] [link=http://x]y[/link] :smile: \x1b[31mred\x1b[0m \u202eabc"
    check = replace(VARIANCE, message=hostile, output=hostile, evidence=Evidence(hostile, hostile, hostile))
    text = shown(report(check), 100)
    assert text.count("[bold red]x[/] [link=http://x]y[/link] :smile: red abc") == 5
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_drawings_keep_their_indentation() -> None:
    text = shown(report(replace(VARIANCE, message="the points:\n   o  o\n  o    o")))
    assert "\n       o  o\n      o    o\n" in text


TEXT = st.text(max_size=80)


@given(TEXT, TEXT, TEXT, TEXT, TEXT, st.integers(40, 100))
def test_any_text_is_shown_within_the_width(
    title: str, message: str, got: str, expected: str, output: str, width: int
) -> None:
    check = CheckResult(
        "test_x", title, Status.FAILED, 0, 1, message, None, message, 0.0, Evidence(got, got, expected), output
    )
    text = shown(report(check), width)
    assert widest(text) <= width
    assert not set(text) & set("\x1b\x00\u202e")


# --- got and expected -------------------------------------------------------------------------------------


def rows(got: str, expected: str, width: int = 60) -> list[str]:
    return [f"{row.label:9}{row.text.plain}".rstrip() for row in compare(got, expected, width)]


def test_elements_stand_under_one_another() -> None:
    assert rows("[1.5, -2, nan]", "[1.5, 10.25, 3]") == [
        "got      [1.5, -2   , nan]",
        "expected [1.5, 10.25, 3  ]",
        "               ^^^^^  ^^^",
    ]


def test_long_lists_are_broken_into_lines() -> None:
    got, expected = ("[" + ", ".join(str(n + k) for n in range(10)) + ", …]" for k in (100, 200))
    shown_rows = rows(got, expected, 30)
    assert all(len(row) <= 9 + 30 for row in shown_rows)
    assert [row.split()[0] for row in shown_rows] == ["got", "expected", "^^^"] * 2


def test_a_shape_stays_beside_got() -> None:
    assert rows("[1, 2] (shape 2×1)", "[1, 3] (shape 2×1)")[0] == "got      [1, 2] (shape 2×1)"


@pytest.mark.parametrize(
    ("got", "expected", "lines"),
    [
        ("[1, 2]", "", 1),
        ("", "", 0),
        ("", "3", 1),
        ("[1, 2]", "[1, 2, 3]", 2),
        ("None", "[1]", 2),
        ("[[1], [2]]", "[1]", 2),
    ],
)
def test_what_cannot_be_aligned_is_shown_as_it_is(got: str, expected: str, lines: int) -> None:
    assert rows(got, expected) == [f"{label:9}{text}" for label, text in (("got", got), ("expected", expected)) if text]
    assert len(rows(got, expected)) == lines


def test_rounding_is_no_difference() -> None:
    assert len(rows("[0.649999, 2]", "[0.65, 3]")) == 3
    assert "^" not in rows("[0.649999, 2]", "[0.65, 3]")[2].partition("        ^")[0]


# --- the look ---------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False)],
)
def test_colour_in_a_terminal(environ: dict[str, str], colour: bool) -> None:
    assert Look.of(Terminal(), environ).colour is colour


def test_colour_in_a_pipe() -> None:
    assert not Look.of(io.StringIO(), {}).colour
    assert not Look.of(io.StringIO(), {}).live
    assert Look.of(io.StringIO(), {"FORCE_COLOR": "1"}).colour


@pytest.mark.parametrize(("columns", "width"), [("20", 40), ("72", 72), ("500", 100)])
def test_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Look.of(io.StringIO(), {}).width == width


def test_a_stream_that_takes_only_ascii() -> None:
    assert not Look.of(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), {}).unicode


# --- the live line ----------------------------------------------------------------------------------------


def test_the_live_line_names_the_check_at_work() -> None:
    line = LiveLine(Look(), "The title")
    assert "The title: starting" in line.__rich__().plain
    line(Event("begin", checks=(CheckPlan("test_a", "Values\x1b[31m", 1), CheckPlan("test_b", "Training", 3))))
    line(Event("start", name="test_a"))
    assert " 1/2  Values  0 s" in line.__rich__().plain
    line(Event("result", name="test_a", result=PASSED))
    line(Event("start", name="test_b"))
    assert " 2/2  Training  0 s" in line.__rich__().plain


def test_nothing_is_drawn_in_a_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    with LiveLine(Look(), "The title") as line:
        line(Event("start", name="test_a"))
    assert capfd.readouterr() == ("", "")


# --- the overview -----------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "exercises").mkdir()
    path = tmp_path / "exercises" / "course.yaml"
    names = ["exercise1_reparameterization", "exercise2_gaussian_kl", "exercise10_vae"]
    entries = [f"{{name: {name}, title: 'A title of {name} that is rather long', minutes: 30}}" for name in names]
    path.write_text(f"title: A course\nexercises: [{', '.join(entries)}]\n")
    return Course.load(path)


def attempt(name: str, points: int, passed: bool) -> Attempt:
    return Attempt(datetime(2026, 11, 7, tzinfo=UTC), name, points, 20, passed, 1.0, 1, ())


@pytest.mark.parametrize("width", WIDTHS)
def test_overview(course: Course, width: int) -> None:
    best = {name: attempt(name, points, points == 20) for name, points in
            [("exercise1_reparameterization", 20), ("exercise2_gaussian_kl", 7)]}  # fmt: skip
    text = overview(course, best, Look(width), has_files=True)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "1 of 3 passed" in text
    assert "20/20" in text
    assert "7/20" in text
    assert "30 min" in text
    assert text.endswith("  next: grade exercise2\n")


def test_overview_before_and_after(course: Course) -> None:
    assert "Copy them: grade init DIR" in squeezed(overview(course, {}, Look(), has_files=False))
    best = {exercise.name: attempt(exercise.name, 20, True) for exercise in course.exercises}
    assert "You have passed every exercise" in overview(course, best, Look(), has_files=True)
    assert next_exercise(course, best) is None


def test_totals() -> None:
    text = totals([report(PASSED), report(*MIXED)], Look(60))
    assert "✓ exercise1_reparameterization" in text
    assert "1 of 2 exercises passed, 4 of 15 points" in squeezed(text)


# --- JSON -------------------------------------------------------------------------------------------------

SCHEMA = json.loads(files("grader").joinpath("schema/report.schema.json").read_text(encoding="utf-8"))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_reports_follow_the_schema_and_come_back() -> None:
    verdict = report(*MIXED)
    data = json.loads(to_json(verdict))
    jsonschema.validate(data, SCHEMA)
    assert Report.from_json(data) == replace(verdict, seconds=0.8412)
    many = json.loads(many_to_json([verdict, report(PASSED)]))
    jsonschema.validate(many, SCHEMA)
    assert many["reports"][0] == data


@pytest.mark.parametrize("change", [{"passed": "yes"}, {"extra": 1}, {"checks": [{}]}, {"exercise": "x"}])
def test_the_schema_refuses_what_is_no_report(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report(*MIXED).to_json() | change, SCHEMA)


@given(st.text(max_size=50), st.sampled_from(list(Status)))
def test_any_text_survives_json(text: str, status: Status) -> None:
    verdict = report(CheckResult("test_x", text, status, 0, 1, text, None, text, 0.5, Evidence(text, text, text), text))
    assert Report.from_json(json.loads(to_json(verdict))) == verdict
