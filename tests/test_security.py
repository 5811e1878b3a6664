"""docs/security.md says what the code does: its layers are those of `grade doctor`, its numbers those of the limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flashcards import document
from grader import marked_yaml, notebook, submission
from grader.classroom import handed_in
from grader.classroom.batch import archives
from grader.health import FOR_STRANGERS
from grader.sandbox import channel, deadline, front, isolation, judge_side, wire, zygote
from grader.sandbox.isolation import Budget

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table whose first heading is this."""
    after = TEXT.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in after.splitlines()[2:]]


def size(count: int) -> str:
    unit = next((unit for unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")) if count % (1 << unit[0]) == 0), None)
    assert unit is not None
    return f"{count >> unit[0]} {unit[1]}"


def seconds(count: float) -> str:
    return f"{count:.0f} s"


BUDGET = Budget(memory=front.MEMORY, cpu_seconds=zygote.CPU_SECONDS)
LIMITS = {
    "memory of a submission beyond the libraries'": size(BUDGET.memory),
    "its processor time": seconds(BUDGET.cpu_seconds),
    "its open files; its threads": f"{BUDGET.descriptors}; {BUDGET.threads}",
    "loading it": seconds(judge_side.LOAD_SECONDS),
    "one call of it, unless the check says otherwise": seconds(judge_side.CALL_SECONDS),
    "all calls of one check file": seconds(judge_side.ALL_CALLS_SECONDS),
    "a whole grading": seconds(front.GRADING_SECONDS),
    "what it prints and is kept": size(channel.OUTPUT_KEPT),
    "its answer: header; tensors and arrays": f"{size(wire.HEADER_LIMIT)}; {size(wire.REPLY_PAYLOAD_LIMIT)}",
    "in an answer: items; tensors and arrays; depth": f"{wire.ITEM_LIMIT:,}; {wire.BUFFER_LIMIT:,}; {wire.DEPTH_LIMIT}",
    "in an answer: one text; keys that could collide; modules of a module": (
        f"{size(wire.TEXT_LIMIT)}; {wire.KEY_LIMIT:,}; {wire.MODULE_LIMIT:,}"
    ),
    "a file of Python; a notebook; its cells": (
        f"{size(submission.SOURCE_LIMIT)}; {size(submission.NOTEBOOK_LIMIT)}; {notebook.CELLS_LIMIT:,}"
    ),
    "a notebook under nbgrader; its cells": f"{size(handed_in.LIMIT)}; {handed_in.MOST_CELLS:,}",
    "text that is parsed outside the sandbox": size(notebook.PARSED_LIMIT),
    "a course file or a deck": size(marked_yaml.SIZE_LIMIT),
    "an archive, unpacked; a file in it": f"{size(archives.TOTAL_LIMIT)}; {size(archives.FILE_LIMIT)}",
}


def test_the_limits_are_those_of_the_code() -> None:
    assert dict(rows("what")) == LIMITS
    assert document.SIZE_LIMIT == marked_yaml.SIZE_LIMIT
    assert f"up to {deadline.LONGEST} times the limit" in TEXT


def test_every_layer_that_the_doctor_knows_has_its_row_and_no_other() -> None:
    assert [name for name, _, _ in rows("layer")] == ["process", *isolation.LAYERS]
    assert all(all(row) for row in rows("layer"))


def test_what_strangers_code_needs_is_what_the_doctor_demands() -> None:
    (said,) = re.findall(r"Other people's code needs (\w+) and (\w+)", TEXT)
    assert said == FOR_STRANGERS


def test_layers_of_a_system_without_linux_are_those_that_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation.syscalls, "LINUX", False)
    held = ["process", *(name for name in isolation.LAYERS if name not in isolation.missing(isolation.prepare()))]
    assert dict(rows("system"))["macOS"] == ", ".join(held)


@pytest.mark.parametrize("file", ["docs/security.md", "SECURITY.md"])
def test_links_lead_somewhere(file: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / file).read_text(encoding="utf-8")):
        assert (ROOT / file).parent.joinpath(target).exists(), target


def test_the_tests_that_are_named_are_there() -> None:
    for name in re.findall(r"`((?:tests|grader)/[\w/.]+)`", TEXT):
        assert (ROOT / name).exists(), name


def test_the_readme_leads_here() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/security.md)" in readme
    assert "(SECURITY.md)" in readme
