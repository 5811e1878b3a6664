"""formgrader in Chromium: one student is autograded by the button, the score is seen, the feedback is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import chromium_for_tests
from classes import Classroom, classroom
from jupyterlabs import Lab, jupyterlab
from kernels import WAITS
from playwright.sync_api import Browser, Dialog, Page
from submitted import honest, tampered

from grader.course import built_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("nbgrader-browser")]

EXERCISE = built_in().find("exercise1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from chromium_for_tests()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    room = classroom(tmp_path_factory.mktemp("formgrader"), EXERCISE.name)
    room.hand_in("variance", honest(room)["variance"])
    room.hand_in("scripted", tampered(room)["scripted"])
    return room


@pytest.fixture(scope="module")
def lab(room: Classroom) -> Iterator[Lab]:
    # formgrader looks for its configuration where the server was started, which is not in the course's folder.
    (room.home / "nbgrader_config.py").symlink_to(room.folder / "nbgrader_config.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", room.environment()["PATH"] or os.defpath)
        with jupyterlab(room.folder, room.home) as lab:
            yield lab


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(color_scheme="dark", viewport={"width": 1280, "height": 900})
    page.set_default_timeout(1000 * WAITS)
    opened: list[str] = []

    def listen(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", listen)
    yield page
    page.close()
    assert opened == [], "a script of a student's ran"


def press(page: Page, lab: Lab, student: str, button: str, says: str) -> None:
    page.goto(f"{lab.address}/formgrader/manage_submissions/{EXERCISE.name}")
    row = page.locator("tr", has=page.locator("td.student-id", has_text=student))
    row.locator(f"td.{button} a").click()
    modal = page.locator(".modal-dialog", has_text=says)
    modal.wait_for()
    assert "Traceback" not in modal.inner_text()


def test_a_student_is_graded_by_the_button(page: Page, lab: Lab, room: Classroom) -> None:
    press(page, lab, "variance", "autograde", "Successfully autograded")
    points = sum(room.marks()["variance"].values())
    assert 0 < points < 30
    page.goto(f"{lab.address}/formgrader/manage_submissions/{EXERCISE.name}")
    row = page.locator("tr", has=page.locator("td.student-id", has_text="variance"))
    row.locator("td.score", has_text=f"{points:g} / 30").wait_for()
    assert row.locator("td.status").inner_text() == "graded"
    other = page.locator("tr", has=page.locator("td.student-id", has_text="scripted"))
    assert other.locator("td.status").inner_text() == "needs autograding"


def test_the_feedback_is_light_and_says_why(page: Page, lab: Lab, room: Classroom) -> None:
    press(page, lab, "variance", "autograde", "Successfully autograded")
    press(page, lab, "variance", "generate-feedback", "Successfully generated feedback")
    page.goto(room.file("feedback", "variance", ".html").as_uri())
    named = page.locator(".reparam .named").first
    assert named.is_visible()
    assert "σ" in named.inner_text()
    below = page.locator(".reparam-fragment").first.evaluate("element => getComputedStyle(element).backgroundColor")
    assert below == "rgb(253, 252, 249)"  # the style's light paper, on a computer that prefers the dark


def test_no_script_of_a_students_runs_for_the_instructor(page: Page, lab: Lab, room: Classroom) -> None:
    press(page, lab, "scripted", "autograde", "Successfully autograded")
    with room.gradebook() as gradebook:
        submission = gradebook.find_submission_notebook(EXERCISE.name, EXERCISE.name, "scripted").id
    page.goto(f"{lab.address}/formgrader/submissions/{submission}/")
    page.locator("#notebook-container .reparam-fragment").first.wait_for()
    assert page.get_by_text("alert(1)").count() > 0
    press(page, lab, "scripted", "generate-feedback", "Successfully generated feedback")
    page.goto(room.file("feedback", "scripted", ".html").as_uri())
    assert page.get_by_text("alert(1)").count() > 0


def test_a_failure_is_shown_and_the_others_stay(page: Page, lab: Lab, room: Classroom) -> None:
    before = room.marks().get("scripted")
    Path(room.folder / "submitted" / "torn" / EXERCISE.name).mkdir(parents=True)
    room.hand_in("torn", b"{")
    press(page, lab, "torn", "autograde", "Successfully autograded")
    assert sum(room.marks()["torn"].values()) == 0
    assert room.marks().get("scripted") == before
