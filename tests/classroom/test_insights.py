"""What a graded class tells its instructor: the numbers, the words, and the page that shows them."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from graded_classes import LOOK, SAYS, WHY, drawn, ended, failed, made_up, record, results
from pages import Node, check_rules

from grader.classroom.batch.record import Record, Results
from grader.classroom.insights import Insights, insights, shown_names
from grader.classroom.insights_page import page
from grader.classroom.marks import Marks, bin_names, percent, share
from grader.core import Sandbox, grade
from grader.course import Course, built_in
from grader.report import CheckResult, Status
from grader.submission import read_submission
from grader.suite import Suite
from grader.text import one_line

pytestmark = pytest.mark.xdist_group("insights")

ROOT = Path(__file__).parent.parent.parent
SUBMISSIONS = ROOT / "tests" / "submissions"
SCHEMA = json.loads((ROOT / "grader" / "schema" / "insights.schema.json").read_text())
TAGS_OF_A_CLASS = {
    *("html", "head", "meta", "title", "style", "body", "main", "footer", "header", "nav", "section", "h1", "h2", "h3"),
    *("p", "span", "strong", "a", "ul", "ol", "li", "dl", "div", "dt", "dd", "bdi", "code", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
    *("svg", "desc", "g", "path", "rect", "text"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}{# comment #}",
    "ada\u202eegnellahc",
    "ad\u200ba",
    "ada",
    "أحمد الطيب",
    "李明",
    "👩🏽‍🔬👨‍👩‍👧‍👦",
    "x" * 10_000,
    "x" * 9_999,
    "\u200b\u2060",
    " \t ",
    "\u3164",
    "\ud800 half",
    "zalgo" + "\u0301" * 500,
    "</style></details><h1>over",
    "\x1b[31mred\x1b[0m\r\nX",
    "&amp;&lt;",
    "javascript:alert(1)",
]


def told(found: Results) -> Insights:
    """The insights, which keep their schema."""
    made = insights(found)
    data = json.loads(json.dumps(made.to_json(), ensure_ascii=False, allow_nan=False).encode())
    jsonschema.validate(data, SCHEMA)
    return made


def classed(text: str) -> Node:
    """The page's tree, which keeps the rules of every page of ours."""
    tree = check_rules(text)
    assert all(table.every("caption") for table in tree.every("table"))
    levels = [int(node.tag[1]) for node in tree.every("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert not tree.every("script")
    return tree


@pytest.fixture(scope="module")
def real(warm: Sandbox) -> list[Record]:
    """Real verdicts: the stub, a right and some wrong submissions of the two exercises that are graded fastest."""
    wrong = {
        "exercise1": ["exp_logvar", "half_outside", "one_number"],
        "exercise6": ["crashes", "latency_ignored", "passes_by_feel"],
    }
    found = []
    for word, names in wrong.items():
        exercise = built_in().find(word)
        folder = SUBMISSIONS / exercise.name
        right = sorted((folder / "right").iterdir())[0]
        for path in (exercise.stub, right, *(folder / "wrong" / f"{name}.py" for name in names)):
            report = grade(exercise, read_submission(path), sandbox=warm, seed=7)
            found.append(record("x", word, report=report, seconds=report.seconds))
    return found


def a_class(course: Course, names: Sequence[str], real: Sequence[Record], words: str = "") -> Results:
    graded = {exercise.name: [*made_up(exercise, words)] for exercise in course.exercises}
    for one in real:
        graded[one.exercise].append(one)
    return drawn(course, names, graded)


# --- marks ------------------------------------------------------------------------------------------------


def test_marks_are_spread_over_tenths_and_everything() -> None:
    marks = Marks.of([0, 2, 3, 29, 30, 30], 30)
    assert dict(zip(bin_names(), marks.bins, strict=True)) == dict.fromkeys(bin_names(), 0) | {
        "0–9 %": 2,
        "10–19 %": 1,
        "90–99 %": 1,
        "100 %": 2,
    }
    assert (marks.lower, marks.median, marks.upper) == (2.25, 16.0, 29.75)
    assert Marks.of([], 0).bins == (0,) * 11


def test_no_share_of_a_few_and_no_rounding_to_all_or_none() -> None:
    assert (share(17, 43), share(1, 3), share(5, 5)) == ("17 of 43 (40 %)", "1 of 3", "5 of 5 (100 %)")
    assert (percent(0, 7), percent(7, 7), percent(1, 1000), percent(999, 1000)) == (0, 100, 1, 99)


def test_whose_marks_count() -> None:
    found = told(
        results(
            [
                record("ada", "exercise1", ended("test_z")),
                record("ada", "exercise6", ended("test_six")),
                record(
                    "bo", "exercise1", problem="a.py, line 3: invalid syntax\n    def f(:\n          ^\nMend this line."
                ),
                record("cy", "exercise1", ended("test_z")),
                record("cy", "exercise6", fault="the sandbox ended"),
            ],
            "exercise1",
            "exercise6",
            students=["di"],
        )
    )
    one, six = found.exercises
    assert (one.handed_in, one.graded, one.passed, one.missing) == (3, 2, 2, ("di",))
    assert one.marks.points == (0, 2, 2), "a file that cannot be used has 0"
    assert (six.handed_in, six.graded, six.missing) == (2, 1, ("bo", "di"))
    assert six.marks.points == (2,), "a fault of ours is nobody's 0"
    assert found.marks.points == (0, 0, 4), "what was not handed in has 0 in the sum; cy is left out"
    assert [(row.student, row.reason) for row in found.unusable] == [
        ("bo", "a.py, line 3: invalid syntax · def f(: · Mend this line.")
    ]
    assert [(row.student, row.reason) for row in found.faults] == [("cy", "the sandbox ended")]
    assert [one.student for one in found.difficulty] == ["bo", "di", "ada"], "cy's marks are owed"


# --- misconceptions ---------------------------------------------------------------------------------------


def test_a_misconception_is_counted_among_those_who_tried() -> None:
    found = told(
        results(
            [
                record(
                    "ada", "exercise1", failed("test_z", "variance_as_std"), failed("test_values", "variance_as_std")
                ),
                record("bo", "exercise1", failed("test_z", "variance_as_std"), ended("test_values", Status.SKIPPED)),
                record("cy", "exercise1", ended("test_z"), failed("test_values", "scale_forgotten")),
                record("di", "exercise1", ended("test_z", Status.NOT_ATTEMPTED), ended("test_values", Status.SKIPPED)),
                record(
                    "ed",
                    "exercise1",
                    failed("test_z"),
                    ended("test_values", Status.ERROR, message="Your code raised E"),
                ),
            ]
        )
    )
    first, second = found.misconceptions
    assert (first.name, first.says, first.why, first.look) == ("variance_as_std", SAYS, WHY, LOOK)
    assert (first.students, first.tried, first.lost) == (("ada", "bo"), 4, 6), "di tried nothing"
    assert first.checks == ("test_z", "test_values")
    assert (second.name, second.students, second.tried) == ("scale_forgotten", ("cy",), 3)
    assert first.groups == (), "five students have no thirds"
    z, values = found.exercises[0].checks
    assert (z.passed, z.failed, z.error, z.skipped, z.not_attempted, z.unexplained) == (1, 3, 0, 0, 1, ("ed",))
    assert (values.passed, values.failed, values.error, values.skipped, values.unexplained) == (0, 2, 1, 2, ("ed",))
    (lesson,) = found.lessons
    assert lesson.misconception == "variance_as_std", "what one student does is no lesson for five"
    assert lesson.reasons == ("2 of 4 who tried it did this; it cost 6 points in all.",)
    assert lesson.hint == built_in().find("exercise1").hints["test_z"][0]
    assert lesson.command == "grade hint exercise1 --check test_z"
    assert found.exercises[0].untouched == ("di",)


def test_thirds_keep_equals_together() -> None:
    """15 students: seven with 2 points, four with 4, four with 6."""
    ways = [[True, False, False]] * 7 + [[True, True, False]] * 4 + [[True, True, True]] * 4
    records = [
        record(
            f"s{number:02}",
            "exercise1",
            *(ended(f"test_{place}") if right else failed(f"test_{place}", "m") for place, right in enumerate(way)),
        )
        for number, way in enumerate(ways)
    ]
    found = told(results(records))
    assert found.thirds == {"lower third": 7, "middle third": 4, "upper third": 4}
    (m,) = found.misconceptions
    assert [(group.group, len(group.students), group.tried) for group in m.groups] == [
        ("lower third", 7, 7),
        ("middle third", 4, 4),
        ("upper third", 0, 4),
    ]
    assert (
        found.lessons[0]
        .reasons[1]
        .startswith("Most of them are in the lower third, 7 of 7 (100 %), against 0 of 4 of the")
    )
    everybody = [replace(one, report=records[0].report) for one in records]
    assert told(results(everybody)).thirds == {}, "nobody is lower than the others"


def test_what_the_strongest_do_too_concerns_everybody() -> None:
    def way(points: int, holds: bool) -> list[CheckResult]:
        rest = [ended(f"test_{place}") if place < points else failed(f"test_{place}") for place in range(6)]
        return [failed("test_m", "m") if holds else ended("test_m"), *rest]

    records = [record(f"s{number:02}", "exercise1", *way(3 * (number // 6), number % 2 == 0)) for number in range(18)]
    (lesson,) = told(results(records)).lessons
    assert lesson.reasons[1].startswith("The strongest do it too, 3 of 6 (50 %) of the upper")


def test_mistakes_of_the_same_students_are_one_lesson() -> None:
    def other(name: str) -> CheckResult:
        return replace(failed("test_b", name), message=f"b.\nAnother thing, {name}. Why.")

    records = [record(f"s{n}", "exercise1", failed("test_a", "m"), other("o" if n < 4 else "m2")) for n in range(6)]
    found = told(results(records))
    assert [(lesson.misconception, lesson.also) for lesson in found.lessons] == [("m", ()), ("o", ()), ("m2", ())]
    records = [record(f"s{n}", "exercise1", failed("test_a", "m"), other("o" if n < 5 else "m2")) for n in range(6)]
    found = told(results(records))
    assert [(lesson.misconception, lesson.also) for lesson in found.lessons] == [("m", ("o",))]
    assert "Another thing, o. (in: The title of test_b)" in classed(page(found)).text()
    twice = [record(n, "exercise1", failed("test_a", "m"), failed("test_b", f"m{n}")) for n in ("1", "2")]
    assert [(lesson.misconception, lesson.also) for lesson in told(results(twice)).lessons] == [("m", ("m1", "m2"))]


def test_the_commonest_words_count() -> None:
    """A message that a learner's text has pushed beyond its limit names nobody else's mistake."""
    odd = replace(failed("test_z", "m"), message="z is wrong.\nI was here. Ha.", hint="Ha?")
    records = [record(name, "exercise1", failed("test_z", "m")) for name in ("bo", "cy")]
    (m,) = told(results([record("ada", "exercise1", odd), *records])).misconceptions
    assert (m.says, m.why, m.look) == (SAYS, WHY, LOOK)


def test_what_was_done_is_told_from_why_in_every_verdict() -> None:
    """The two sentences of every misconception of the course come apart where they were put together."""
    for exercise in built_in().exercises:
        for one in Suite.load(exercise.checks).misconceptions:
            says, why = (text if text[-1] in ".!?…:" else f"{text}." for text in (one.says.strip(), one.why.strip()))
            wrong = replace(failed("test_z", one.name), message=f"Wrong.\n{says} {why}")
            (m,) = insights(results([record("ada", "exercise1", wrong)])).misconceptions
            assert (m.says, m.why) == (says, why)


def test_real_verdicts_are_understood(real: list[Record]) -> None:
    numbered = [replace(one, student=f"s{number}", digest=str(number)) for number, one in enumerate(real)]
    found = told(results(numbered, "exercise1", "exercise6"))
    named = {(one.exercise, one.name): one for one in found.misconceptions}
    assert {name for _, name in named} == {
        *("exp_logvar_as_std", "half_outside_exp", "stopped_at_sigma", "latency_ignored", "one_big_step"),
        *("both_networks_counted", "channels_left_out", "training_levels"),
    }
    one = named["exercise6_tool_choice", "channels_left_out"]
    assert one.says == "The channels were left out."
    assert one.why.startswith("In a colour image red, green and blue")
    assert one.look == "What does your function give for 8×8 pixels with 3 values each?"
    assert (one.checks, len(one.students), one.tried) == (("test_autoregressive_passes",), 1, 4)
    assert [(crash.what, crash.checks) for crash in found.crashed] == [
        ("Raised KeyError", 5),
        ("The call does not fit", 3),
    ]
    assert [len(exercise.untouched) for exercise in found.exercises] == [1, 1]
    assert [exercise.passed for exercise in found.exercises] == [1, 1]


# --- what went wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("Your code raised TypeError: f() takes 2.\nline 3: f()", "Raised TypeError"),
        ("Your code raised 'KeyError: (1, 2)'.", "Raised KeyError"),
        ("Your code did not finish in time: is there a loop that never ends?", "Did not finish in time"),
        ("Your code crashed the Python process (SIGSEGV).", "Crashed the Python process (SIGSEGV)"),
        ("Your code ended the Python process: take out os._exit(), exit() or quit().", "Ended the Python process"),
        ("The call does not fit: Yours is f(x): too many arguments", "The call does not fit"),
        (
            "The check cannot use what your code returned (TypeError: an int).",
            "The check cannot use what your code returned",
        ),
        ("", ""),
    ],
)
def test_endings_are_told_in_few_words(message: str, what: str) -> None:
    checks = [ended(name, Status.ERROR, message=message) for name in ("test_a", "test_b")]
    (crash,) = told(results([record("bo", "exercise1", *checks), record("ada", "exercise1", *checks)])).crashed
    assert (crash.what, crash.checks, crash.students) == (what, 4, ("ada", "bo"))


def test_slow_is_told_against_the_class() -> None:
    records = [record(f"s{number}", "exercise1", ended("test_z"), seconds=0.2) for number in range(5)]
    ends = (ended("test_z", seconds=1.0), ended("test_fit", seconds=11.0))
    found = told(results([*records, record("slow", "exercise1", *ends, seconds=12.0)]))
    (slow,) = found.slow
    assert (slow.student, slow.seconds, slow.median, slow.check) == ("slow", 12.0, 0.2, "The title of test_fit")
    busy = [replace(one, seconds=20.0) for one in records]
    assert told(results([*busy, record("slow", "exercise1", *ends, seconds=40.0)])).slow == ()
    assert told(results([*records[:2], record("slow", "exercise1", *ends, seconds=12.0)])).slow == ()


def test_equal_files_are_told_unless_nobody_wrote_in_them() -> None:
    empty = ended("test_z", Status.NOT_ATTEMPTED)
    records = [record(name, "exercise1", ended("test_z"), digest="one") for name in ("cy", "ada")]
    records += [record(name, "exercise1", empty, digest="stub") for name in ("di", "ed")]
    found = told(
        results([*records, record("ada", "exercise6", ended("test_z"), digest="one")], "exercise1", "exercise6")
    )
    assert [(one.exercise, one.students) for one in found.identical] == [
        ("exercise1_reparameterization", ("ada", "cy"))
    ]


def test_hard_checks_are_those_that_few_pass_of_those_who_tried() -> None:
    def way(number: int) -> list[CheckResult]:
        hard = failed("test_hard") if number < 4 else ended("test_hard")
        rare = failed("test_rare") if number < 2 else ended("test_rare", Status.SKIPPED)
        return [hard, ended("test_easy"), rare]

    records = [record(f"s{number}", "exercise1", *way(number)) for number in range(6)]
    found = told(results(records))
    assert [(check.name, check.passed, check.tried) for check in found.hardest] == [("test_hard", 2, 6)]
    assert [(check.name, len(check.unexplained)) for check in found.unexplained] == [("test_hard", 4), ("test_rare", 2)]


# --- small classes ----------------------------------------------------------------------------------------


def test_one_student_has_no_statistics(real: list[Record]) -> None:
    mine = [replace(real[place], student="ada") for place in (4, 9)]
    found = told(results(mine, "exercise1", "exercise6"))
    text = page(found)
    tree = classed(text)
    assert "%" not in tree.text()
    assert not tree.every("svg")
    assert "1 student" in tree.text()
    assert "of most students" not in tree.text()
    assert found.marks.median is None
    assert [lesson.students for lesson in found.lessons] == [("ada",)] * len(found.lessons)
    assert found.lessons, "of one student every mistake is a lesson"


def test_nobody_and_nothing() -> None:
    tree = classed(page(told(results([]))))
    assert "0 students" in tree.text()
    tree = classed(page(told(results([record("ada", "exercise1", fault="the sandbox ended")]))))
    assert "1 file could not be graded through a fault of ours" in tree.text()
    tree = classed(page(told(results([record("ada", "exercise1", ended("test_z"))]))))
    assert "No known mistake was found." in tree.text()


# --- names and other texts from elsewhere -------------------------------------------------------------------


def test_names_can_be_told_apart() -> None:
    names = shown_names(HOSTILE)
    assert len(set(names.values())) == len(HOSTILE)
    assert all(1 <= len(name) <= 64 and one_line(name, 64) == name for name in names.values())
    assert names["ada"] != names["ad\u200ba"]
    assert {names["\u200b\u2060"], names[" \t "], names["\u3164"]} == {"(no name)", "(no name) (2)", "(no name) (3)"}


def test_a_valid_id_is_shown_as_it_is() -> None:
    found = insights(results([record(name, "exercise1", ended("test_z")) for name in ("ad\u200ba", "ada", "ada (2)")]))
    assert sorted(found.students) == ["ada", "ada (2)", "ada (3)"]
    assert found.exercises[0].graded == 3


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_from_elsewhere_does_anything(words: str) -> None:
    names = sorted({*HOSTILE, *(f"{words} {number}" for number in range(12))})
    found = a_class(built_in(), names, [], words)
    text = page(told(found))
    tree = classed(text)
    assert {node.tag for node in tree.every()} == TAGS_OF_A_CLASS
    if "{{" in words:
        assert "{{ 7 * 7 }}{% raw %}{# comment #} 3" in tree.text(), "it is text like any other"
    assert "\u202e" not in text
    assert "\x1b" not in text
    text.encode()


def test_the_order_of_the_records_changes_nothing(real: list[Record]) -> None:
    found = a_class(built_in(), [f"s{number:03}" for number in range(40)], real)
    pairs = list(found.records.items())
    random.Random(3).shuffle(pairs)  # noqa: S311  an order, no secret
    mixed = replace(found, records=dict(pairs))
    assert insights(mixed).to_json() == insights(found).to_json()
    assert page(insights(mixed)) == page(insights(found))


def test_the_numbers_add_up(real: list[Record]) -> None:
    found = told(a_class(built_in(), [f"s{number:03}" for number in range(60)], real))
    for exercise in found.exercises:
        assert sum(exercise.marks.bins) == len(exercise.marks.points)
        assert exercise.handed_in + len(exercise.missing) == 60
        for check in exercise.checks:
            assert check.tried + check.skipped + check.not_attempted <= exercise.graded
    for one in found.misconceptions:
        assert 1 <= len(one.students) <= one.tried
        assert sorted(student for group in one.groups for student in group.students) == list(one.students)
        assert sum(group.tried for group in one.groups) == one.tried
    assert sum(found.thirds.values()) <= 60
    counts = [len(lesson.students) for lesson in found.lessons]
    assert counts == sorted(counts, reverse=True)


def test_the_page_of_500_students_stays_a_page() -> None:
    """Everybody has the longest name there can be, and makes 40 mistakes in each of six exercises."""
    checks = tuple(failed(f"test_{place}", f"misconception_{place}") for place in range(40))
    records = [
        record(f"{'𝔞' * 60}{number:04}", exercise.short, *checks[number % 3 :])
        for exercise in built_in().exercises
        for number in range(500)
    ]
    text = page(insights(results(records, *(exercise.short for exercise in built_in().exercises))))
    assert len(text.encode()) < 2_500_000
    assert "and 440 more, in" in text
