"""The report as HTML: what it says, that nothing of a learner's gets a life in it, and that it needs nothing else."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import unicodedata
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pages import Node, check_rules
from reports import MIXED, NOT_ATTEMPTED, PASSED, RAISED, SKIPPED, VARIANCE, report

from grader.render import diagram, figures
from grader.render.axis import Axis, written
from grader.render.html import Past, Row, fragment, is_ours, page
from grader.render.png import contact_sheet
from grader.report import (
    Advice,
    CheckResult,
    Comparison,
    Curves,
    Evidence,
    Floor,
    FreeText,
    Grid,
    Images,
    Picture,
    Report,
    Scatter,
    Series,
    Status,
)
from grader.text import clean

COMMAND = "grade exercise1"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def pictures(words: str = "words") -> tuple[Picture, ...]:
    """One of each kind, with these words wherever words stand."""
    series = (Series(words, (0.0, 1.0, 2.0), (40.0, 6.0, 3.0)), Series(words, (0.0, 2.0), (1.0, -1.0)))
    return (
        Curves(words, words, words, series, (Floor(words, 2.7726), Floor("near it", 2.9))),
        Scatter(words, ((0.0, 1.0),) * 3 + ((9.0, 9.0),), ((0.0, 1.0), (0.0, -1.0)), 0.2),
        Images(words, (((0.0, 1.0), (0.5, 0.25)),) * 3, 2),
        Grid(words, ((1.0, 0.0), (-0.5, 0.0)), ((1, 0),), words),
        Comparison(words, (words, words, words), ((words, 1.2, 1.2), (words, 0.65, 1.3), (words, None, 0.0))),
    )


def show(*checks: CheckResult, **fields: object) -> Node:
    """The page of one report, after every rule has been checked."""
    made = replace(report(*checks), **fields)  # type: ignore[arg-type]
    return check_rules(page([made], title=made.title, commands={made.exercise: COMMAND}))


# --- what it says -----------------------------------------------------------------------------------------


def test_points_and_every_check() -> None:
    tree = show(*MIXED)
    assert "2 of 13 points" in tree.text()
    assert "1 passed, 1 failed, 1 skipped, 1 not attempted, 1 error" in tree.text()
    rows = [node.text().split("\n") for node in tree.classed("checks")[0].every("tbody")[0].every("tr")]
    said = [[part for part in row if part] for row in rows]
    assert said == [
        ["✓The result keeps shape and dtype", "passed", "2/2"],
        ["✗z for the practice numbers", "failed", "0/3"],
        [f"!{RAISED.title}", "error", "0/4"],
        ["–20 000 draws have the right moments", "skipped", "0/2"],
        ["·recover_epsilon undoes it", "not attempted", "0/2"],
    ]


def test_a_failure_says_everything() -> None:
    tree = show(VARIANCE)
    (section,) = tree.classed("check")
    text = section.text()
    assert "z[0] = 0.36, z[1] = 0.695, z[2] = -0.25 are not right." in text
    assert [node.text() for node in section.classed("named")] == [VARIANCE.message.split("\n")[1]]
    assert VARIANCE.hint in text
    assert VARIANCE.evidence.call in text
    assert "before the loop\nstep 1\nstep 2" in text
    assert [node.text() for node in section.classed("again")[0].every("code")] == [f"{COMMAND} --check test_z"]


def test_differing_numbers_are_marked_with_a_sign() -> None:
    rows = show(VARIANCE).classed("pairs")[0].every("tbody")[0].every("tr")
    cells = [[cell.text() for cell in row.every("th", "td")] for row in rows]
    assert cells == [
        ["[0]", "0.36", "≠", "0.6"],
        ["[1]", "0.695", "≠", "0.65"],
        ["[2]", "-0.25", "≠", "-0.2"],
        ["[3]", "12.25", "", "12.25"],
    ]


def test_values_that_are_no_lists_stand_as_they_are() -> None:
    text = show(replace(VARIANCE, evidence=Evidence("f()", "nan", "0.25"))).classed("evidence")[0].text()
    assert [part for part in text.split("\n") if part] == ["Callf()", "Gotnan", "Expected0.25"]


def test_the_same_words_are_said_once() -> None:
    tree = show(VARIANCE, replace(VARIANCE, name="test_other", title="Another"))
    (section,) = tree.classed("check")
    assert section.every("h2")[0].text() == "✗2 checks failed"
    assert [item.text() for item in section.classed("which")[0].every("li")] == [VARIANCE.title, "Another"]
    assert section.classed("again")[0].every("code")[0].text() == COMMAND
    assert {link.attributes["href"] for link in tree.every("a")} == {"#r1-test_z"}


def test_what_is_to_be_done_and_what_is_skipped() -> None:
    lists = {node.every("h2")[0].text(): node.text() for node in show(SKIPPED, NOT_ATTEMPTED).classed("listed")}
    assert "recover_epsilon is to be written" in lists["Still to do"]
    assert "fix test_values first" in lists["Skipped for now"]


def test_remarks_texts_and_the_foot() -> None:
    advised = replace(PASSED, advice=(Advice("loop", "A loop is slow; use `einsum`."),))
    texts = (FreeText("why", "Why?", "Because <b>\nit is."), FreeText("how", "How?", ""))
    tree = show(advised, advised, texts=texts, student="ada")
    text = " ".join(tree.text().split())
    assert text.count("A loop is slow; use einsum.") == 1
    assert "Why? Because <b> it is." in text
    assert "how: nothing written yet. A person reads it" in text
    assert "Graded in 0.8 s. Sandbox: rlimits, landlock, seccomp. Seed 20261107; --seed 20261107 draws" in text
    assert "Exercise 1 · ada" in text


def test_code_keeps_its_indentation() -> None:
    message = "Line 3 is no Python.\n    z = = 2\n        ^\nMend this line."
    assert [node.text() for node in show(replace(RAISED, message=message)).classed("source")] == [
        "    z = = 2",
        "        ^",
    ]


def test_a_quoted_line_is_code() -> None:
    place = "code cell 2, line 12, in reparameterize: "
    message = f"Your code raised ValueError: no.\n{place}return `mu`: sigma"
    (section,) = show(replace(RAISED, message=message)).classed("check")
    first, second = section.every("p")[:2]
    assert not first.every("code")
    assert (second.text(), second.every("code")[0].text()) == (f"{place}return `mu`: sigma", "return `mu`: sigma")


@pytest.mark.parametrize(("lines", "is_open"), [(12, True), (13, False)])
def test_much_output_is_folded(lines: int, is_open: bool) -> None:
    (details,) = show(replace(RAISED, output="\n".join(map(str, range(lines))))).every("details")
    assert ("open" in details.attributes) is is_open
    assert details.every("summary")[0].text() == f"Your code printed {lines} lines"


def test_a_pass_and_nothing_at_all() -> None:
    assert "all 2 checks passed" in show(PASSED, PASSED).text()
    assert show(PASSED).classed("whole")
    assert "0 of 0 points" in show().text()


def test_pictures_of_a_pass_and_of_a_failure() -> None:
    for check in (replace(PASSED, pictures=pictures()), replace(RAISED, pictures=pictures())):
        assert [figure.attributes["class"] for figure in show(check).every("figure")] == [
            "curves",
            "scatter",
            "images",
            "grid",
            "comparison",
        ]


def test_numbers_that_the_evidence_shows_are_not_shown_again() -> None:
    assert [node.attributes["class"] for node in show(replace(VARIANCE, pictures=pictures()[4:])).every("figure")] == []


def test_many_reports_have_a_table_at_their_head() -> None:
    first, second = report(*MIXED), report(PASSED, exercise="exercise2_gaussian_kl")
    rows = [Row(first, Past(3, 1, NOON)), Row(second, Past(12, 0, NOON))]
    commands = {first.exercise: COMMAND, second.exercise: ""}
    tree = check_rules(page([first, second], title="The course", commands=commands, overview=rows))
    assert [node.text() for node in tree.every("h1")] == ["The course"]
    cells = [[cell.text() for cell in row.every("td")] for row in tree.classed("overview")[0].every("tr")[1:]]
    assert cells == [["2/13", "3", "1", "2026-11-21 12:00"], ["2/2", "12", "0", "2026-11-21 12:00"]]
    assert "4 of 15 points, 1 of 2 exercises passed" in tree.text()
    assert [link.attributes["href"] for link in tree.classed("overview")[0].every("a")] == ["#r1", "#r2"]
    without = page([first], title="The course", commands=commands, overview=[Row(first)])
    assert [node.text() for node in check_rules(without).classed("overview")[0].every("th")][:2] == [
        "Exercise",
        "Points",
    ]


def test_headings_follow_one_another() -> None:
    one, other = report(*MIXED), report(*MIXED, exercise="exercise2_gaussian_kl")
    commands = {one.exercise: COMMAND, other.exercise: COMMAND}
    for html in (
        page([one], title="t", commands=commands),
        page([one, other], title="t", commands=commands, overview=[Row(one), Row(other)]),
    ):
        levels = [int(node.tag[1]) for node in check_rules(html).every("h1", "h2", "h3")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_fragment_is_one_div_without_headings_of_the_page() -> None:
    html = fragment(replace(report(*MIXED), student="ada"), command="")
    tree = check_rules(html)
    (top,) = [child for child in tree.children if isinstance(child, Node)]
    assert (top.tag, top.attributes["class"]) == ("div", "reparam reparam-fragment")
    assert not tree.every("h1", "h2", "h3", "a", "html", "body", "main")
    assert not [node for node in tree.every() if "id" in node.attributes]
    assert "--check" not in tree.text()
    assert [node.attributes["aria-level"] for node in tree.every() if node.attributes.get("role") == "heading"][:2] == [
        "3",
        "4",
    ]


# --- hostile text -----------------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "</style></title></textarea><svg onload=alert(1)>",
    "--><!-- ]]> <![CDATA[",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "javascript:alert(1)//&lt;b&gt;&#60;i&#62;",
    "`</code><b>`",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "\u202egnp.exe\u2066\ud800\x00\x08",
    "<" * 50,
]
hostile = st.one_of(st.sampled_from(ATTACKS), st.text(st.characters(codec=None), max_size=60))


@settings(max_examples=60, deadline=None)
@given(hostile, hostile)
@example(ATTACKS[0], ATTACKS[1])
def test_nothing_that_a_learner_wrote_becomes_a_tag(one: str, other: str) -> None:
    failed = CheckResult(
        one,
        other,
        Status.FAILED,
        0,
        2,
        message=f"{one}\n   {other}\n{one}",
        misconception=one,
        hint=other,
        evidence=Evidence(one, f"[1, {one}]", f"[1, {other}]"),
        output=f"{one}\n{other}",
        advice=(Advice(one, other),),
        pictures=pictures(one),
    )
    checks = (
        replace(failed, name=f"{one} again", pictures=()),
        failed,
        *(replace(failed, name=f"{status}{other}", status=status) for status in Status),
    )
    made = Report(one, other, checks, 0.1, (one, other), 7, (FreeText(one, other, one),), student=one)
    whole = page([made], title=one, commands={one: other}, overview=[Row(made, Past(1, 1, NOON))])
    for html in (whole, fragment(made, command=one)):
        tree = check_rules(html)
        html.encode()
        assert not [c for c in html if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t"]
        wanted = " ".join(clean(one).split())
        assert wanted in " ".join(tree.text().split())


def test_endless_text_is_capped() -> None:
    endless = "x" * 1_000_000
    check = replace(RAISED, title=endless, message=endless, hint=endless, output=endless, evidence=Evidence(endless))
    assert len(page([report(check)], title=endless, commands={report().exercise: endless})) < 60_000


# --- nothing from elsewhere -------------------------------------------------------------------------------


def test_it_needs_no_other_file() -> None:
    html = page([report(replace(PASSED, pictures=pictures()))], title="t", commands={report().exercise: COMMAND})
    tree = check_rules(html)
    assert not re.search(r"(?i)https?:|//[a-z]|<script|<link|<iframe|@font-face", html)
    policies = [node for node in tree.every("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policies[0].attributes["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert tree.every("html")[0].attributes["lang"] == "en"
    assert is_ours(html)
    assert not is_ours("<!doctype html><meta name='generator' content='somebody'>")


def test_the_same_report_is_the_same_page() -> None:
    """In another process too, where sets have another order."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_report_html as t; "
        "sys.stdout.write(t.page([t.report(t.replace(t.PASSED, pictures=t.pictures()), *t.MIXED)], title='t', "
        "commands={t.report().exercise: t.COMMAND}))"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1]
    assert b"</html>" in made[0]


def test_the_pictures_of_the_readme_are_small_and_load_nothing() -> None:
    folder = Path(__file__).parent.parent / "docs" / "pictures"
    assert {path.name for path in folder.iterdir()} == {
        "insights.png",
        "report.png",
        "report-dark.png",
        "terminal.svg",
    }
    assert all(path.stat().st_size <= 200_000 for path in folder.iterdir())
    drawing = (folder / "terminal.svg").read_text()
    assert set(re.findall(r"https?://[^\s\"]*", drawing)) == {"http://www.w3.org/2000/svg"}
    assert "σ² was used where σ belongs." in drawing.replace("&#160;", " ")


# --- pictures ---------------------------------------------------------------------------------------------

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e90, max_value=1e90)


@given(st.lists(numbers, max_size=5), st.booleans(), st.sampled_from([0.0, 0.1]))
@example([1e-300, 1e90], True, 0.1)
@example([3.0, 3.0], False, 0.0)
@example([], True, 0.1)
def test_an_axis_holds_its_numbers_and_has_few_ticks(values: list[float], may_be: bool, margin: float) -> None:
    axis = Axis.around(values, margin=margin, may_be_logarithmic=may_be)
    assert all(-1e-9 <= axis.place(value) <= 1 + 1e-9 for value in values)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(-1e-9 <= tick.place <= 1 + 1e-9 for tick in ticks)
    assert [tick.place for tick in ticks] == sorted(tick.place for tick in ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.7726, "2.773"), (-0.25, "−0.25"), (1.2e6, "1.2·10⁶"), (1e-7, "10⁻⁷"), (0.0, "0"), (float("inf"), "∞")],
)
def test_numbers_as_a_reader_writes_them(value: float, text: str) -> None:
    assert written(value) == text


def test_every_floor_is_in_sight_and_a_loss_near_it_is_not_flat() -> None:
    series = Series("loss", tuple(map(float, range(5))), (45.0, 10.0, 4.0, 3.3, 3.2))
    drawn = diagram.lay_out(Curves("t", "step", "nats", (series,), (Floor("ln 16", 2.7726),)))
    assert drawn.logarithmic
    (floor,) = drawn.floors
    assert drawn.top < floor.at < drawn.bottom
    last = float(drawn.lines[0].path.split()[-1])
    assert floor.at - last > 0.03 * diagram.HEIGHT
    assert drawn.says == "loss goes from 45 to 3.2; ln 16 = 2.773"


def test_a_curve_breaks_where_a_number_is_missing() -> None:
    y = (1.0, 2.0, float("nan"), 2.0, float("inf"), 3.0, 4.0)
    drawn = diagram.lay_out(Curves("t", "x", "y", (Series("s", tuple(map(float, range(7))), y),), ()))
    path = drawn.lines[0].path
    assert path.count("M") == 3
    assert path.count("h0") == 1
    nothing = diagram.lay_out(Curves("t", "x", "y", (Series("s", (0.0,), (float("nan"),)),), ()))
    assert (nothing.lines[0].path, nothing.says) == ("", "s has no finite number")


def test_floors_that_lie_close_do_not_share_a_place_for_words() -> None:
    drawn = diagram.lay_out(
        Curves("t", "x", "y", (Series("s", (0.0, 1.0), (0.0, 10.0)),), (Floor("a", 5.0), Floor("b", 5.1)))
    )
    lower, upper = drawn.floors
    assert lower.words_at > lower.at
    assert upper.words_at < upper.at


def test_modes_reached_and_missed_and_points_outside() -> None:
    plane = figures.plane(Scatter("t", ((0.0, 1.0),) * 3 + ((9.0, 9.0),), ((0.0, 1.0), (0.0, -1.0)), 0.2))
    assert [circle.reached for circle in plane.circles] == [True, False]
    assert (plane.reached, plane.outside, len(plane.points)) == (1, 1, 3)
    up, down = plane.circles
    assert up.y < down.y


def test_a_grid_marks_its_wrong_cells() -> None:
    board = figures.board(Grid("t", ((1.0, 0.0), (-0.5, 0.0)), ((1, 0),), "the leak"))
    assert [(cell.text, cell.marked) for cell in board.cells] == [
        ("1", False),
        ("0", False),
        ("−0.5", True),
        ("0", False),
    ]
    assert board.cells[0].ink > board.cells[2].ink > board.cells[1].ink == 0
    assert not figures.board(Grid("t", (tuple(map(float, range(30))),), (), "")).numbered


def test_a_contact_sheet_is_a_png_with_these_pixels() -> None:
    address, width, height = contact_sheet([[[0.0, 1.0]], [[0.5, float("nan")]], [[2.0, -1.0]]], 2)
    data = base64.b64decode(address.partition(",")[2])
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big")
    pixels = zlib.decompress(data[start : start + length])
    row = 1 + 2 * width
    rows = [list(pixels[place + 1 : place + row]) for place in range(0, len(pixels), row)]
    gap = [0, 0]
    assert (width, height) == (5, 3)
    assert rows == [
        [255, 255, 0, 255, *gap, 127, 255, 255, 255],
        gap * 5,
        [0, 255, 255, 255, *gap, *gap, *gap],
    ]


def test_no_images_are_no_picture() -> None:
    assert not show(replace(PASSED, pictures=(Images("none", (), 4),))).every("img")
