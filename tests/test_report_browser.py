"""The report in a real browser: right and wrong submissions of every exercise, on screens and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from browsers import chromium_for_tests
from playwright.sync_api import Browser, Page, expect
from reports import MIXED, RAISED, report
from test_report_html import pictures

from grader.core import Sandbox, grade
from grader.course import Exercise, built_in
from grader.render.html import Row, fragment, page
from grader.report import FreeText, Report
from grader.submission import read_submission

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("report_browser")]

SUBMISSIONS = Path(__file__).parent / "submissions"
NARROW, WIDE = 360, 1200
CONTRAST = 4.5
JUPYTER = """
body { color: #333; background: #eee; font: 13px sans-serif; }
.jp-RenderedHTMLCommon { color: rgba(0, 0, 0, .87); }
.jp-RenderedHTMLCommon p { margin: 0 0 1em; text-align: justify; color: #f00; }
.jp-RenderedHTMLCommon table { border-collapse: collapse; margin: auto; font-size: 12px; table-layout: fixed; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { padding: .5em; text-align: right; max-width: none; border: 0; }
.jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: #f5f5f5; }
.jp-RenderedHTMLCommon code { background: #eff0f1; padding: 1px 5px; color: #000; }
.jp-RenderedHTMLCommon pre { background: #fff; color: #000; }
"""
"""What JupyterLab's own style does to a table, a paragraph and code."""

# Every text and what it stands on: all grounds under its middle, from the page up, laid over one another.
FAINT = """threshold => {
  const channels = colour => {
    const found = colour.match(/[\\d.]+/g).map(Number);
    return found.length === 3 ? [...found, 1] : found;
  };
  const over = (top, bottom) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * bottom[i]);
  const light = rgb => {
    const [r, g, b] = rgb.map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + .05) / (low + .05);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("style, .unseen, title, desc")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    range.startContainer.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
    const box = range.getClientRects()[0];
    if (!box || !box.width) continue;
    const style = getComputedStyle(element);
    const inSvg = element.namespaceURI.endsWith("svg");
    const colour = channels(inSvg ? style.fill : style.color);
    let ground = [255, 255, 255];
    const stack = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2).reverse();
    for (const under of stack) {
      const its = getComputedStyle(under);
      ground = over(channels(its.backgroundColor), ground);
      if (["rect", "circle"].includes(under.tagName) && its.fill !== "none") {
        const ink = channels(its.fill);
        ground = over([...ink.slice(0, 3), ink[3] * Number(its.fillOpacity)], ground);
      }
    }
    count += 1;
    const found = contrast(over(colour, ground), ground);
    if (found < threshold) faint.push(`${element.tagName}.${element.className.baseVal ?? element.className}: `
      + `${walker.currentNode.data.trim().slice(0, 30)} has ${found.toFixed(2)}`);
  }
  return { count, faint };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium_for_tests()


@pytest.fixture(scope="module")
def files(warm: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three reports: of a wrong and of a right submission of every exercise, and a made-up one with everything else."""
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for kind in ("wrong", "right"):
        reports = [grade_demo(exercise, kind, warm) for exercise in built_in().exercises]
        found[kind] = written(folder / f"{kind}.html", reports)
    long = "averylongname" * 12
    several = [
        replace(RAISED, name=f"test_{words}", title=words, hint=words, pictures=pictures(words))
        for words in ("short", long)
    ]
    odd = replace(report(*MIXED, *several), texts=(FreeText(long, long, long),))
    found["made up"] = written(folder / "σ made up.html", [odd, replace(odd, exercise=long)], title=long)
    return found


def grade_demo(exercise: Exercise, kind: str, sandbox: Sandbox) -> Report:
    """The verdict on the wrong submission that `make demo` shows, or on a right one."""
    folder = SUBMISSIONS / exercise.name
    verdicts = yaml.safe_load((folder / "verdicts.yaml").read_text())
    path = folder / kind / (verdicts["right"][0] if kind == "right" else verdicts["demo"])
    return grade(exercise, read_submission(path), sandbox=sandbox, seed=7)


def written(path: Path, reports: list[Report], title: str = "All exercises") -> Path:
    commands = {one.exercise: f"grade {one.exercise.partition('_')[0]}" for one in reports}
    path.write_text(page(reports, title=title, commands=commands, overview=[Row(one) for one in reports]))
    return path


@contextmanager
def shown(browser: Browser, path: Path, *, width: int = WIDE, scheme: str = "light") -> Iterator[Page]:
    """The file in a tab; afterwards it has asked for nothing and complained about nothing."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(path.as_uri())
    yield tab
    context.close()
    assert [url[:60] for url in asked if not url.startswith("data:image/png;")] == [path.as_uri()[:60]]
    assert complaints == []


FILES = ["wrong", "right", "made up"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", FILES)
def test_it_fits_and_every_text_can_be_read(
    files: dict[str, Path], name: str, width: int, scheme: str, browser: Browser
) -> None:
    with shown(browser, files[name], width=width, scheme=scheme) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        ground = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == ("rgb(253, 252, 249)" if scheme == "light" else "rgb(22, 24, 28)")
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = tab.evaluate(FAINT, CONTRAST)
        assert found["count"] > 100
        assert found["faint"] == []
        sizes = "[...document.querySelectorAll('main *')].map(one => parseFloat(getComputedStyle(one).fontSize))"
        assert min(tab.evaluate(sizes)) >= 11


@pytest.mark.parametrize("name", FILES)
def test_it_can_be_printed(files: dict[str, Path], name: str, browser: Browser) -> None:
    with shown(browser, files[name], scheme="dark") as tab:
        tab.emulate_media(media="print")
        assert tab.evaluate(FAINT, CONTRAST)["faint"] == [], "on white paper"
        folded = "[...document.querySelectorAll('details pre')].map(one => one.getBoundingClientRect().height)"
        assert all(height > 10 for height in tab.evaluate(folded)), "what is folded is opened"
        assert len(tab.pdf()) > 10_000


def test_what_a_screen_reader_finds(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["wrong"]) as tab:
        tree = tab.locator("body").aria_snapshot()
    first = built_in().exercises[0].title
    assert '- heading "All exercises" [level=1]' in tree
    assert f'- heading "{first}" [level=2]' in tree
    assert (
        '- heading "Three generator_steps move G as three steps of SGD down its loss do, and leave D alone" [level=3]'
        in tree
    )
    assert "- main:" in tree
    assert "- contentinfo:" in tree
    assert '- table "Checks":' in tree
    assert '- row "The right z comes out of reparameterize for fresh numbers failed 0/2":' in tree
    assert f'- row "{first} not passed 11/30":' in tree
    assert "- img \"make_mask(3, 'A')\"" in tree
    assert "- 'img \"24 images of 8×8 pixels: What your sample_images draws" in tree
    assert "✗" not in tree


def test_links_lead_to_the_failures(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["wrong"]) as tab:
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        assert tab.url.endswith("#r1")
        tab.locator("#r1 .checks a").first.click()
        expect(tab.locator("#r1 section.check").first).to_be_in_viewport(ratio=0.5)


def test_one_click_selects_the_command(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["wrong"]) as tab:
        tab.locator(".again code").first.click()
        assert tab.evaluate("getSelection().toString()") == "grade exercise1 --check test_z"


def test_images_and_marks_are_drawn(files: dict[str, Path], browser: Browser) -> None:
    with shown(browser, files["wrong"]) as tab:
        sizes = tab.evaluate("[...document.images].map(one => [one.complete, one.naturalWidth, one.naturalHeight])")
        assert sizes
        assert all(complete and wide > 8 and high > 8 for complete, wide, high in sizes)
        for shape in (".wrong", ".hatch", ".floor", ".line1", ".missed"):
            box = tab.locator(f"figure {shape}").first.bounding_box()
            assert box is not None, shape
            assert box["width"] > 2, shape


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_a_notebook_it_follows_the_theme_and_changes_nothing_around_it(
    theme: str, browser: Browser, tmp_path: Path
) -> None:
    one = replace(report(*MIXED, replace(RAISED, pictures=pictures("words"))))
    around = "<p id='before'>A paragraph.</p><table><tr><th>x</th><td>1</td></tr></table><pre><code>y</code></pre>"
    looks = """[...document.querySelectorAll('#around *')].map(one => {
        const style = getComputedStyle(one);
        return [...style].map(name => name + style.getPropertyValue(name)).filter(it => !it.startsWith('--')).join()
    })"""
    found = []
    for inside in ("", fragment(one, command="check('exercise1')")):
        path = tmp_path / f"notebook{bool(inside)}.html"
        path.write_text(
            f"<!doctype html><meta charset='utf-8'><style>{JUPYTER}</style>"
            f"<body data-jp-theme-light='{str(theme == 'light').lower()}'>"
            f"<div id='around' class='jp-RenderedHTMLCommon'>{around}</div>"
            f"<div class='jp-RenderedHTMLCommon'>{inside}</div>"
        )
        with shown(browser, path, width=900, scheme="dark" if theme == "light" else "light") as tab:
            found.append(tab.evaluate(looks))
            if inside:
                ground = tab.evaluate("getComputedStyle(document.querySelector('.reparam')).backgroundColor")
                assert ground == ("rgb(253, 252, 249)" if theme == "light" else "rgb(22, 24, 28)")
                # A browser works out the looks of what is folded up only once somebody opens it.
                tab.evaluate("document.querySelectorAll('.reparam details').forEach(one => one.open = true)")
                tab.evaluate("document.querySelector('#around').remove()")
                assert tab.evaluate(FAINT, CONTRAST)["faint"] == []
    assert found[0] == found[1]
