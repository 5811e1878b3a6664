"""What `grade doctor` found, for a terminal or a bug report."""

from __future__ import annotations

from rich.text import Text

from grader.health import Examination, Folder, Health, Layer
from grader.render.page import COLOURS, Look, Page, plural
from grader.report import Status

_NAME = 13  # columns for what stands on the left


def health_text(health: Health, look: Look) -> str:
    """The whole examination.

    Args:
        health: what was found.
        look: what the terminal can show.
    """
    page = Page(look)
    _heading(page, "Versions")
    for name, number in health.versions.items():
        _row(page, name, number)
    _heading(page, "Sandbox")
    _sandbox(page, health.sandbox)
    _heading(page, "Folders")
    for folder in health.folders:
        _folder(page, folder)
    _heading(page, "Course")
    _course(page, health)
    _heading(page, "Timing")
    _timing(page, health.sandbox)
    _verdict(page, health)
    return page.text()


def _heading(page: Page, title: str) -> None:
    page.blank()
    page.line("  ", (title, "bold"))


def _row(page: Page, name: str, text: str, status: Status | None = None) -> None:
    """A name on the left and what there is to say beside it, with a mark before where it is good or bad."""
    mark = page.look.mark(status) + " " if status is not None else ""
    first = Text.assemble(
        "    ", (mark, COLOURS[status] if status is not None else ""), name.ljust(_NAME - len(mark)), " "
    )
    if len(mark + name) >= _NAME:  # a long name has a line of its own
        page.line(first)
        first = Text(" " * (_NAME + 5))
    page.paragraph(text, first=first, hang=_NAME + 5)


def _sandbox(page: Page, sandbox: Examination) -> None:
    _row(page, "processes", f"{sandbox.backend}: {sandbox.because}")
    if sandbox.threads is not None:
        _row(page, "torch", f"uses {plural(sandbox.threads, 'thread')} in it")
    for layer in sandbox.layers:
        _layer(page, layer)


def _layer(page: Page, layer: Layer) -> None:
    if layer.active:
        _row(page, layer.name, "active", Status.PASSED)
    else:
        _row(page, layer.name, f"missing: {layer.reason}", Status.SKIPPED)


def _course(page: Page, health: Health) -> None:
    sound = 0 < health.exercises == health.complete
    words = f"{health.complete} of {health.exercises} have all their files"
    _row(page, "exercises", words, Status.PASSED if sound else Status.FAILED)


def _folder(page: Page, folder: Folder) -> None:
    words = "can be written" if folder.writable else f"cannot be written: {folder.reason}"
    path = f"{folder.path} " if folder.path else ""
    _row(page, folder.name, f"{path}{words}", Status.PASSED if folder.writable else Status.FAILED)


def _timing(page: Page, sandbox: Examination) -> None:
    if sandbox.cold_start is not None:
        _row(page, "cold start", f"{sandbox.cold_start:.2f} s until the sandbox has imported torch")
    if sandbox.ping is not None:
        _row(page, "ping", f"{sandbox.ping * 1000:.2f} ms for a call into it (median)")
    if sandbox.grading is not None:
        _row(page, "grading", f"{sandbox.grading:.2f} s for {sandbox.graded}, warm, without trainings")
    if sandbox.cold_start is None:
        _row(page, "nothing", "could be measured")


def _verdict(page: Page, health: Health) -> None:
    page.blank()
    for warning in health.warnings:
        page.paragraph(warning, first=Text.assemble("  ", ("warning  ", "yellow")), hang=11)
    for problem in health.problems:
        page.paragraph(problem, first=Text.assemble("  ", ("problem  ", "red")), hang=11)
    page.blank()
    words, style = ("Grading works here.", "green") if health.works else ("Grading cannot work here.", "red")
    page.paragraph(Text(words, style=f"bold {style}"), first="  ", hang=2)
    advice = "Please put all of this into a bug report. Paths in it are shortened, and your home folder is shown as ~."
    page.paragraph(advice, first="  ", hang=2, style="dim")
