"""A report as a learner reads it: every check on a line, then what is wrong and what next, then the sum."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from grader.render.evidence import compare
from grader.render.page import COLOURS, WORDS, Look, Page, plural
from grader.report import CheckResult, Report, Status
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
        _overview(page, check)
    for group in _groups(report.checks):
        _details(page, group, command)
    for check in report.checks:
        if check.picture is not None and check.status is Status.PASSED:
            page.blank()
            _picture(page, check)
    _still_to_do(page, report.checks)
    _advice(page, report.checks)
    _texts(page, report)
    _sum(page, report)
    if report.passed and next_command:
        page.line("  next: ", (next_command, "bold"))
    _footer(page, report)
    return page.text()


def _number(report: Report) -> str:
    digits = report.exercise.partition("_")[0].removeprefix("exercise")
    return f"Exercise {digits} · " if digits.isdecimal() else ""


def _overview(page: Page, check: CheckResult) -> None:
    """One check: mark, title, points."""
    style = COLOURS[check.status]
    mark = Text(f"  {page.look.mark(check.status)} ", style=style)
    earned = f"{check.points}/{check.max_points}"
    quiet = "dim" if check.status is Status.SKIPPED else ""
    page.paragraph(one_line(check.title), first=mark, hang=_INDENT, style=quiet, margin=len(earned) + 2)
    page.right(earned, "green" if check.status is Status.PASSED else "dim")


@dataclass(frozen=True)
class _Group:
    """Checks that failed with the very same words: said once."""

    first: CheckResult
    checks: tuple[CheckResult, ...]


def _groups(checks: Sequence[CheckResult]) -> list[_Group]:
    told: dict[tuple[object, ...], list[CheckResult]] = {}
    for check in checks:
        if check.status in (Status.FAILED, Status.ERROR):
            told.setdefault((check.status, check.message, check.hint, check.evidence), []).append(check)
    return [_Group(group[0], tuple(group)) for group in told.values()]


def _details(page: Page, group: _Group, command: str) -> None:
    check = group.first
    several = len(group.checks) > 1
    title = _title_of_many(group) if several else one_line(check.title)
    page.blank()
    mark = Text(f"{page.look.mark(check.status)} ", style=COLOURS[check.status])
    page.paragraph(Text(title, style="bold"), first=Text.assemble("  ", mark), hang=_INDENT)
    _block(page, check.message)
    _evidence(page, check)
    if check.picture is not None:
        page.blank()
        _picture(page, check)
    if check.hint:
        arrow = "→ " if page.look.unicode else "> "
        page.blank()
        page.paragraph(check.hint, first=Text(" " * _INDENT + arrow, style="cyan"), hang=_INDENT + 2, style="cyan")
    _output(page, check.output)
    if not several:
        page.blank()
        # Never wrapped, so that it can be copied.
        page.line(_label("again"), one_line(f"{command} --check {shlex.quote(check.name)}", 4000))


def _still_to_do(page: Page, checks: Sequence[CheckResult]) -> None:
    """What has not been written yet, and what the skipped checks wait for: each thing once."""
    waiting = [check for check in checks if check.status is Status.NOT_ATTEMPTED]
    _list(page, Status.NOT_ATTEMPTED, "still to do", [check.message or check.title for check in waiting])
    skipped = [check for check in checks if check.status is Status.SKIPPED]
    # A check that waits for a skipped one, or for what is still to be written, adds nothing to what is said already.
    links = {f"({check.name})" for check in (*skipped, *waiting)}
    reasons = [check.message for check in skipped if not any(link in check.message for link in links)]
    _list(page, Status.SKIPPED, f"{plural(len(skipped), 'check')} skipped", reasons)


def _list(page: Page, status: Status, heading: str, messages: Sequence[str]) -> None:
    if not messages:
        return
    page.blank()
    mark = Text(f"  {page.look.mark(status)} ", style=COLOURS[status])
    page.paragraph(Text(heading, style="bold"), first=mark, hang=_INDENT)
    for message in dict.fromkeys(one_line(message, 400) for message in messages):
        page.paragraph(message, hang=_INDENT)


def _title_of_many(group: _Group) -> str:
    verb = "failed" if group.first.status is Status.FAILED else "met an error"
    return f"{plural(len(group.checks), 'check')} {verb}"


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


def _picture(page: Page, check: CheckResult) -> None:
    from grader.render.scatter import scatter  # few exercises draw

    if check.picture is not None:
        for line in scatter(check.picture, page.look, _INDENT):
            page.line(line)


def _advice(page: Page, checks: Sequence[CheckResult]) -> None:
    """Remarks on what is right: each once, whichever checks made it."""
    remarks = list(dict.fromkeys(advice.text for check in checks for advice in check.advice))
    if not remarks:
        return
    page.blank()
    page.paragraph(Text("right, and could be better", style="bold"), first=Text("  * ", style="cyan"), hang=_INDENT)
    for remark in remarks:
        page.paragraph(one_line(remark, 600), hang=_INDENT)


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
    page.paragraph(_counts(report), hang=2)


def _counts(report: Report) -> str:
    total = len(report.checks)
    if report.passed:
        return f"all {plural(total, 'check')} passed" if total > 1 else "the check passed"
    counts = {status: sum(check.status is status for check in report.checks) for status in Status}
    errors = counts.pop(Status.ERROR)
    words = [f"{count} {WORDS[status]}" for status, count in counts.items() if count]
    return ", ".join([*words, plural(errors, "error")] if errors else words)


def _footer(page: Page, report: Report) -> None:
    layers = ", ".join(report.sandbox) or "none"
    page.paragraph(one_line(f"{report.seconds:.1f} s · sandbox: {layers}", 400), hang=2, style="dim")
    page.paragraph(f"seed {report.seed} (--seed {report.seed} draws the same numbers again)", hang=2, style="dim")
