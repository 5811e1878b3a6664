"""The insights of a class in a real browser: small and large classes, narrow and wide, by day, by night, on paper."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import chromium_for_tests
from graded_classes import drawn, made_up
from playwright.sync_api import Browser, expect
from test_report_browser import CONTRAST, FAINT, shown

from grader.classroom.insights import insights
from grader.classroom.insights_page import page
from grader.course import built_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("insights_browser")]

NARROW, ZOOMED, WIDE = 360, 640, 1280
"""A telephone; a screen of 1280 at 200 %; the same at 100 %."""

ODD = ["x" * 64, "أحمد الطيب عبد الرحمن", "𝔞" * 64, "<b>bold</b>", "👩🏽‍🔬 Zoë", "ada\u202eegnellahc", "\u3164"]

OUTLINE = "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(one => Number(one.tagName[1]))"
# Each cell of a body has the heads of its column and of its row, and each table a name.
HEADS = """[...document.querySelectorAll('table')].filter(table =>
  !table.caption.textContent.trim()
  || [...table.tHead.rows[0].cells].some(cell => cell.scope !== 'col' || !cell.textContent.trim())
  || [...table.tBodies[0].rows].some(row => !row.matches('.behind')
      && (row.cells[0].scope !== 'row' || row.cells.length !== table.tHead.rows[0].cells.length))
).map(table => table.caption.textContent)"""
# Whatever is cut off or lies over the edge of the page.
OVER = """[...document.querySelectorAll('main *')].filter(one =>
  !one.closest('.unseen, thead, svg') && one.getBoundingClientRect().right > innerWidth + 1
).map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium_for_tests()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of one student, of 50 (some with odd names), and of 500."""
    folder = tmp_path_factory.mktemp("insights")
    course = built_in()
    graded = {exercise.name: made_up(exercise) for exercise in course.exercises}
    classes = {
        "one": ["ada"],
        "50": sorted([*ODD, *(f"student {number:02}" for number in range(50 - len(ODD)))]),
        "500": [f"student.of.a.large.class.{number:03}" for number in range(500)],
    }
    found = {}
    for name, students in classes.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(page(insights(drawn(course, students, graded))), encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("one", NARROW, "light"),
        ("50", NARROW, "light"),
        ("50", NARROW, "dark"),
        ("50", ZOOMED, "dark"),
        ("50", WIDE, "light"),
        ("50", WIDE, "dark"),
    ],
)
def test_it_fits_and_every_text_can_be_read(
    files: dict[str, Path], name: str, width: int, scheme: str, browser: Browser
) -> None:
    with shown(browser, files[name], width=width, scheme=scheme) as tab:
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate(OVER) == []
        found = tab.evaluate(FAINT, CONTRAST)
        assert found["count"] > 100
        assert found["faint"] == []
        sizes = "[...document.querySelectorAll('main *')].map(one => parseFloat(getComputedStyle(one).fontSize))"
        assert min(tab.evaluate(sizes)) >= 11


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_large_class_fits_too(files: dict[str, Path], width: int, browser: Browser) -> None:
    with shown(browser, files["500"], width=width) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate(OVER) == []
        names = tab.locator(".lessons details .names").first
        expect(names).not_to_be_visible()
        tab.locator(".lessons summary").first.click()
        expect(names).to_be_visible()
        expect(names.locator("li").last).to_contain_text("more, in insights.json")


@pytest.mark.parametrize("name", ["one", "50"])
def test_headings_and_tables_are_in_order(files: dict[str, Path], name: str, browser: Browser) -> None:
    with shown(browser, files[name]) as tab:
        levels = tab.evaluate(OUTLINE)
        assert levels.count(1) == 1
        assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
        assert tab.evaluate(HEADS) == []
        tree = tab.locator("body").aria_snapshot()
        assert '- navigation "On this page":' in tree
        assert '- heading "What to teach next" [level=2]' in tree
        assert '- table "Marks of each exercise":' in tree
        assert '- rowheader "Exercise 1 The reparameterization trick"' in tree
        assert ('- table "Misconceptions in Exercise 1":' in tree) == (name == "50")


def test_everything_can_be_reached_by_keyboard(files: dict[str, Path], browser: Browser) -> None:
    """Tab goes through the links and all that is folded; Enter opens it; what has the focus is marked."""
    with shown(browser, files["50"]) as tab:
        all_seen = "[...document.querySelectorAll('a, summary')].filter(one => one.checkVisibility())"
        wanted = tab.evaluate(f"{all_seen}.map(one => one.textContent)")
        reached = []
        for _ in wanted:
            tab.keyboard.press("Tab")
            reached.append(tab.evaluate("document.activeElement.textContent"))
        assert reached == wanted
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
        summary = tab.locator(".heat summary").first
        summary.focus()
        tab.keyboard.press("Enter")
        expect(tab.locator(".heat .behind dl").first).to_be_visible()
        tab.locator("nav a").nth(5).click()
        expect(tab.locator("#trouble h2")).to_be_in_viewport()


def test_names_keep_their_own_direction(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["50"]) as tab:
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        arabic = tab.locator("bdi", has_text="أحمد").first
        assert arabic.evaluate("one => getComputedStyle(one).direction") == "rtl"
        assert arabic.evaluate("one => getComputedStyle(one.parentElement).direction") == "ltr"
        assert tab.locator("main b").count() == 0


def test_it_can_be_printed(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["50"], scheme="dark") as tab:
        tab.locator(".lessons summary").first.click()
        tab.emulate_media(media="print")
        opened = tab.evaluate("[...document.querySelectorAll('.lessons .names')].map(one => one.checkVisibility())")
        assert opened[0], "what was opened is printed"
        assert not all(opened), "what is folded is not: a large class would fill a book"
        assert len(tab.pdf()) > 10_000
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert tab.evaluate(FAINT, CONTRAST)["faint"] == [], "on white paper"
