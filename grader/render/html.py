"""A report as HTML: a page that needs no other file and no network, or a piece of one for a notebook."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader import __version__
from grader.formatting import number
from grader.render import diagram, figures, summary
from grader.render.axis import written
from grader.render.evidence import pairs
from grader.render.page import Look
from grader.report import CheckResult, Picture, Report
from grader.text import clean, one_line

GENERATOR = "reparam"
"""What the pages say made them, so that a file of ours is known as such."""
_CODE = re.compile(r"`([^`\n]+)`")
_PLACE = re.compile(r"((?:code cell \d+, )?line \d+(?:, in [^:]+)?: )(.+)")
"""A line of the learner's file that a message quotes, after where it stands."""
_EVIDENCE = 600
_COMMAND = 4000


@dataclass(frozen=True)
class Past:
    """What came before a verdict.

    Args:
        attempts: how often the exercise was graded.
        hints: how many hints were taken.
        at: when it was graded last, in the reader's time zone.
    """

    attempts: int
    hints: int
    at: datetime


@dataclass(frozen=True)
class Row:
    """One exercise in the table at the head of a page.

    Args:
        report: the verdict that it sums up; the same one further down is linked.
        past: what else is known of the exercise; None where nothing is.
    """

    report: Report
    past: Past | None = None


def page(
    reports: Sequence[Report], *, title: str, commands: Mapping[str, str], overview: Sequence[Row] | None = None
) -> str:
    """A whole file: no script, nothing from elsewhere, for screens of any width and for paper.

    Args:
        reports: what it shows, in this order.
        title: of the page.
        commands: exercise name → what grades it again; none is shown where that is empty.
        overview: rows of a table at its head.
    """
    template = environment().get_template("page.html.j2")
    return template.render(reports=reports, title=title, commands=commands, overview=overview or ())


def fragment(report: Report, *, command: str) -> str:
    """One report as a `<div>` with its own style, which follows a notebook's theme.

    Args:
        report: the verdict.
        command: what grades it again; nothing is shown where that is empty.
    """
    return environment().get_template("fragment.html.j2").render(report=report, command=command)


def feedback(report: Report) -> str:
    """What a graded cell of a notebook shows: its checks alone, in a light scheme, and no seed.

    Args:
        report: the verdict, with the cell's checks and no others.
    """
    return environment().get_template("feedback.html.j2").render(report=report)


def feedback_style() -> str:
    """The style of every :func:`feedback` in a notebook, which is larger than they are: once is enough."""
    return environment().from_string('<style>\n{% include "style.css.j2" %}\n</style>').render()


def is_ours(text: str) -> bool:
    """Whether the beginning of a file says that it is a page of this module."""
    return f'<meta name="generator" content="{GENERATOR} ' in text[:2000]


@functools.cache
def environment() -> Environment:
    """What fills in our templates: every text is cleaned and escaped, whatever the template forgets."""
    made = Environment(
        loader=PackageLoader("grader.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"line": one_line, "prose": _prose, "number": number, "written": written, "lines": _lines}
    made.globals |= {
        "again": _again,
        "evidence": _evidence,
        "diagram": diagram,
        "figures": figures,
        "generator": GENERATOR,
        "mark": Look().mark,
        "message": _message,
        "pictures": _pictures,
        "summary": summary,
        "trusted": Markup,
        "version": __version__,
    }
    return made


def _safe(value: Any) -> Any:
    """Clean every text that a template writes down, whether the template thought of it or not; it escapes it next."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A sentence of a check; what stands between backticks is code."""
    parts = _CODE.split(clean(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)
    )


def _lines(text: str) -> list[str]:
    """The lines of what a learner printed; none where there is nothing to see."""
    found = clean(text).rstrip().split("\n")
    return [] if found == [""] else found


def _message(check: CheckResult) -> dict[str, Any]:
    """A message in its parts: what is wrong, and the named misconception, which stands in the last line.

    A line of the learner's file is code: one that follows its place, or an indented one, or the caret under that.
    """
    lines = clean(check.message).split("\n")
    named = lines.pop() if check.misconception and len(lines) > 1 else ""
    return {"parts": [_part(line) for line in lines if line], "named": named}


def _part(line: str) -> dict[str, str]:
    if line.startswith(" "):
        return {"text": "", "code": line}
    place = _PLACE.fullmatch(line)
    return {"text": place[1], "code": place[2]} if place else {"text": line, "code": ""}


def _evidence(check: CheckResult) -> dict[str, Any]:
    found = check.evidence
    got, expected = one_line(found.got, _EVIDENCE), one_line(found.expected, _EVIDENCE)
    return {"call": one_line(found.call, _EVIDENCE), "got": got, "expected": expected, "pairs": pairs(got, expected)}


def _pictures(check: CheckResult) -> list[Picture]:
    """What to show beside a check; numbers that its evidence has shown already are not shown again."""
    return [picture for picture in check.pictures if picture.kind != "comparison" or not check.evidence.expected]


def _again(command: str, failure: summary.Failure) -> str:
    """What grades a failed check again; the whole exercise where several failed alike."""
    if not command or len(failure.checks) > 1:
        return one_line(command, _COMMAND)
    return one_line(summary.again(command, failure.first.name), _COMMAND)
