"""What GitHub Classroom is told at the end of its workflow: the points in JUnit reports; and a page for the student."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 500_000
"""Characters of a summary; GitHub drops one of more than a MiB."""


@dataclass(frozen=True)
class Suite:
    """What a report says of one exercise.

    Args:
        properties: ``points`` and others.
        failed: the checks that did not pass, each with what is said of it.
    """

    properties: Mapping[str, str]
    failed: tuple[tuple[str, str], ...]

    @property
    def points(self) -> int:
        """Points earned."""
        return int(self.properties.get("points", 0))


def suites(folder: Path) -> list[Suite]:
    """Every suite in the reports of a folder; a report that is broken counts for nothing."""
    found: list[Suite] = []
    for path in sorted(folder.glob("*.xml")):
        try:
            root = ET.parse(path).getroot()  # noqa: S314  as above
        except (OSError, ET.ParseError):
            continue
        for suite in root.iter("testsuite"):
            properties = {one.get("name", ""): one.get("value", "") for one in suite.iter("property")}
            failed = [(case.get("name", ""), _why(case)) for case in suite.iter("testcase")]
            found.append(Suite(properties, tuple((name, why) for name, why in failed if why)))
    return found


def notices(points: int, most: int) -> str:
    """What GitHub Classroom reads: two annotations of the workflow, in the words of its own reporter."""
    report = json.dumps({"totalPoints": points, "maxPoints": most})
    return f"::notice title=Autograding complete::Points {points}/{most}\n::notice title=Autograding report::{report}\n"


def summary(found: Sequence[Suite], points: int, most: int) -> str:
    """What the student sees on the page of the run, in Markdown; texts are indented: nothing in them is markup."""
    head = [f"## {points} of {most} points", "", "| exercise | points |", "|---|---|"]
    rows = [
        f"| `{suite.properties.get('exercise', '')}` | {suite.points} of {suite.properties.get('max_points', '?')} |"
        for suite in found
    ]
    told = [
        f"### `{name}`\n\n{textwrap.indent(why.strip(), '    ', lambda _: True)}\n"
        for suite in found
        for name, why in suite.failed
    ]
    return "\n".join([*head, *rows, "", *told])[:_LONGEST] + "\n"


def _why(case: ET.Element) -> str:
    """What is said of a check that did not pass; empty if it did."""
    ended = next((one for kind in ("failure", "error", "skipped") if (one := case.find(kind)) is not None), None)
    return (ended.text or ended.get("message") or ended.tag) if ended is not None else ""


def main(words: Sequence[str] | None = None) -> int:
    """Tell the points; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grader.classroom.github_points", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the reports, results/*.xml")
    parser.add_argument("--of", type=int, required=True, metavar="N", help="what can be earned")
    options = parser.parse_args(words)
    found = suites(options.folder)
    points = sum(suite.points for suite in found)
    print(notices(points, options.of), end="")  # noqa: T201  a workflow reads standard output
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(summary(found, points, options.of))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
