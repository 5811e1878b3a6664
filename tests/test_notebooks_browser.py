"""A learner in JupyterLab: a wrong answer, its name, the mend, the pass; all of it on a real page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import chromium_for_tests
from jupyterlabs import DARK, LIGHT, Lab, NotebookPage, jupyterlab
from playwright.sync_api import Browser, expect

from grader import progress
from grader.cli import main
from grader.course import built_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("jupyterlab")]

FIRST = built_in().exercises[0]
SECONDS = 1000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium_for_tests()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks") / "home"
    assert main(["init", str(folder), "--notebooks"]) == 0
    return folder


@pytest.fixture(scope="module")
def lab(home: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    assert browser.is_connected(), "no JupyterLab without a browser to look at it"
    with jupyterlab(home, tmp_path_factory.mktemp("jupyterlab")) as running:
        yield running


def test_a_wrong_answer_is_named_mended_and_passes(browser: Browser, lab: Lab, home: Path) -> None:
    expect.set_options(timeout=120 * SECONDS)
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    notebook = NotebookPage(page, lab, f"exercises/{FIRST.name}.ipynb")
    notebook.run(notebook.cell("z = [None"), "z = [0.36, 0.695, -0.25]")
    check = notebook.cell("from grader import check")
    notebook.run(check)
    result = check.locator(".jp-OutputArea")
    expect(result).to_contain_text("σ² was used where σ belongs")
    expect(result).to_contain_text("0 of 30 points")
    expect(result).to_contain_text('check("exercise1", "test_z")')
    notebook.run(notebook.cell("z = [0.36"), "z = [0.6, 0.65, -0.2]")
    notebook.run(check)
    expect(result).to_contain_text("2 of 30 points")
    expect(result).not_to_contain_text("σ² was used")
    # One output that changed, and nothing of what it said before.
    expect(check.locator(".jp-OutputArea-child")).to_have_count(1)
    assert [attempt.points for attempt in progress.attempts(home)] == [0, 2]
    # The answer was never saved by hand; the command finds it once it is.
    page.keyboard.press("Control+S")
    expect(page.locator(".jp-Document .jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    assert main([str(home / "exercises" / f"{FIRST.name}.ipynb"), "--check", "test_z"]) == 0
    page.close()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_result_keeps_its_looks_in_both_themes(browser: Browser, lab: Lab, theme: str) -> None:
    """Jupyter's own rules for tables and texts do not reach into it."""
    expect.set_options(timeout=120 * SECONDS)
    lab.set("apputils-extension:themes", theme=theme)
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    notebook = NotebookPage(page, lab, f"exercises/{built_in().exercises[1].name}.ipynb")
    check = notebook.cell("from grader import check")
    notebook.run(check)
    result = check.locator(".reparam")
    expect(result).to_contain_text("not attempted")
    look = "element => { const s = getComputedStyle(element); return [s.textAlign, s.backgroundColor, s.color] }"
    rows = result.locator("tbody tr")
    for row in (rows.nth(0), rows.nth(1)):
        assert row.evaluate(look)[1] == row.locator("th, td").first.evaluate(look)[1] == "rgba(0, 0, 0, 0)"
        assert row.locator("th, td").first.evaluate(look)[0] in ("left", "start")
    letters = [int(part) for part in result.evaluate(look)[2].removeprefix("rgb(").rstrip(")").split(",")]
    assert (sum(letters) > 400) == (theme == DARK), "bright letters on a dark page, dark ones on a bright page"
    page.close()
