"""A report as a learner reads it: every check on a line, then what is wrong and what next, then the sum."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from grader.render import summary
from grader.render.evidence import compare
from grader.render.page import COLOURS, Look, Page, plural
from grader.report import CheckResult, Picture, Report, Status
from grader.text import clean, one_line

OUTPUT_LINES = 12
BAR = 30
_LABEL = 10
_INDENT = 4


def render(report: Report, look: Look, *, command: str, next_command: str = "") -> str:
    """The whole report.

    Args:
        report: the verdict.
        look: what the terminal can show.
        command: what grades this submission again, ``grade exercise3``.
        next_command: what to run after a pass; may be empty.
    """
    page = Page(look)
    page.blank()
    page.paragraph(Text.assemble((_number(report), "dim"), (one_line(report.title), "bold")), hang=2, first="  ")
    page.blank()
    for check in report.checks:
        check_line(page, check)
    for failure in summary.failures(report.checks):
        failure_details(page, failure, command)
    for check in report.checks:
        if check.status is Status.PASSED:
            _pictures(page, _keepsake(check, report))
    _still_to_do(page, report.checks)
    _advice(page, report.checks)
    _texts(page, report)
    _sum(page, report)
    if report.passed and next_command:
        page.line("  next: ", (next_command, "bold"))
    _footer(page, report)
    return page.text()


def _number(report: Report) -> str:
    digits = summary.number(report)
    return f"Exercise {digits} · " if digits else ""


def check_line(page: Page, check: CheckResult) -> None:
    """Write one check: mark, title, points."""
    style = COLOURS[check.status]
    mark = Text(f"  {page.look.mark(check.status)} ", style=style)
    earned = f"{check.points}/{check.max_points}"
    quiet = "dim" if check.status is Status.SKIPPED else ""
    page.paragraph(one_line(check.title), first=mark, hang=_INDENT, style=quiet, margin=len(earned) + 2)
    page.right(earned, "green" if check.status is Status.PASSED else "dim")


def failure_details(page: Page, failure: summary.Failure, command: str) -> None:
    """Write all that is known of a failure; ``command``, which may be empty, is what grades it again."""
    check = failure.first
    page.blank()
    mark = Text(f"{page.look.mark(check.status)} ", style=COLOURS[check.status])
    page.paragraph(Text(failure.title, style="bold"), first=Text.assemble("  ", mark), hang=_INDENT)
    _block(page, check.message)
    _evidence(page, check)
    # What the evidence has said needs no table.
    _pictures(page, [one for one in check.pictures if one.kind != "comparison" or not check.evidence.expected])
    if check.hint:
        arrow = "→ " if page.look.unicode else "> "
        page.blank()
        page.paragraph(check.hint, first=Text(" " * _INDENT + arrow, style="cyan"), hang=_INDENT + 2, style="cyan")
    _output(page, check.output)
    if command and len(failure.checks) == 1:
        page.blank()
        # Never wrapped, so that it can be copied.
        page.line(_label("again"), one_line(summary.again(command, check.name), 4000))


def _still_to_do(page: Page, checks: Sequence[CheckResult]) -> None:
    """What has not been written yet, and what the skipped checks wait for: each thing once."""
    _list(page, Status.NOT_ATTEMPTED, "still to do", summary.still_to_do(checks))
    count, reasons = summary.skipped(checks)
    _list(page, Status.SKIPPED, f"{plural(count, 'check')} skipped", reasons)


def _list(page: Page, status: Status, heading: str, messages: Sequence[str]) -> None:
    if not messages:
        return
    page.blank()
    mark = Text(f"  {page.look.mark(status)} ", style=COLOURS[status])
    page.paragraph(Text(heading, style="bold"), first=mark, hang=_INDENT)
    for message in messages:
        page.paragraph(message, hang=_INDENT)


def _block(page: Page, text: str) -> None:
    """Text with its own line breaks; an indented line (a caret, a drawing) keeps its indentation."""
    for line in clean(text).split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        page.paragraph(line.lstrip(" "), hang=_INDENT + indent)


def _evidence(page: Page, check: CheckResult) -> None:
    evidence = check.evidence
    if not (evidence.call or evidence.got or evidence.expected):
        return
    page.blank()
    hang = _INDENT + _LABEL
    if evidence.call:
        page.paragraph(one_line(evidence.call, 600), first=_label("call"), hang=hang)
    width = page.look.width - hang
    for row in compare(one_line(evidence.got, 600), one_line(evidence.expected, 600), width):
        page.paragraph(row.text, first=_label(row.label), hang=hang)


def _keepsake(check: CheckResult, report: Report) -> Sequence[Picture]:
    """One picture of a check that passed: what came out, or how, once nothing else asks for attention."""
    results = [picture for picture in check.pictures if picture.kind != "curves"]
    return (results or (check.pictures if report.passed else ()))[:1]


def _pictures(page: Page, pictures: Sequence[Picture]) -> None:
    if not pictures:
        return
    from grader.render.drawing import draw  # few checks draw

    for picture in pictures:
        page.blank()
        for line in draw(picture, page.look, _INDENT):
            page.line(line)


def _advice(page: Page, checks: Sequence[CheckResult]) -> None:
    """Remarks on what is right: each once, whichever checks made it."""
    remarks = summary.remarks(checks)
    if not remarks:
        return
    page.blank()
    page.paragraph(Text("right, and could be better", style="bold"), first=Text("  * ", style="cyan"), hang=_INDENT)
    for remark in remarks:
        page.paragraph(remark, hang=_INDENT)


def _texts(page: Page, report: Report) -> None:
    """What a person will grade; it is only said whether there is something."""
    for text in report.texts:
        page.blank()
        count = plural(len(text.text.split()), "word") if text.text else "nothing written yet"
        page.paragraph(f"{text.name}: {count}. A person reads it; it earns no points here.", hang=_INDENT, style="dim")


def _label(word: str) -> Text:
    return Text(" " * _INDENT + word.ljust(_LABEL), style="dim")


def _output(page: Page, output: str) -> None:
    lines = clean(output).rstrip().split("\n")
    if lines == [""]:
        return
    page.blank()
    page.paragraph("your code printed:", hang=_INDENT, style="dim")
    bar = Text(" " * _INDENT + ("│ " if page.look.unicode else "| "), style="dim")
    for line in lines[:OUTPUT_LINES]:
        page.paragraph(line or " ", first=bar, hang=_INDENT + 2)
    if len(lines) > OUTPUT_LINES:
        page.paragraph(f"({plural(len(lines) - OUTPUT_LINES, 'more line')})", hang=_INDENT, style="dim")


def _sum(page: Page, report: Report) -> None:
    """The points with a bar, and how many checks ended how."""
    share = report.points / report.max_points if report.max_points else 0.0
    full, empty = ("━", "─") if page.look.unicode else ("#", ".")
    words = f"{report.points} of {report.max_points} points"
    length = min(BAR, page.look.width - len(words) - 4)
    # Rounded down: a full bar means all points.
    done = int(length * share)
    style = "green" if report.passed else "yellow"
    page.blank()
    page.line("  ", (full * done, style), (empty * (length - done), "dim"), (f"  {words}", "bold"))
    page.paragraph(summary.counts(report), hang=2)


def _footer(page: Page, report: Report) -> None:
    if report.student:
        page.paragraph(one_line(f"student {report.student}"), hang=2, style="dim")
    layers = ", ".join(report.sandbox) or "none"
    page.paragraph(one_line(f"{report.seconds:.1f} s · sandbox: {layers}", 400), hang=2, style="dim")
    page.paragraph(f"seed {report.seed} (--seed {report.seed} draws the same numbers again)", hang=2, style="dim")
