"""What a report has to say, whatever shows it: failures told once, what is still to do, counts, remarks."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.render.page import WORDS, plural
from grader.report import CheckResult, Report, Status
from grader.text import one_line


@dataclass(frozen=True)
class Failure:
    """Checks that failed with the very same words: said once, with the first one's evidence."""

    first: CheckResult
    checks: tuple[CheckResult, ...]

    @property
    def title(self) -> str:
        """The check's title, or how many they are."""
        if len(self.checks) == 1:
            return one_line(self.first.title)
        verb = "failed" if self.first.status is Status.FAILED else "met an error"
        return f"{plural(len(self.checks), 'check')} {verb}"


def failures(checks: Sequence[CheckResult]) -> list[Failure]:
    """What went wrong, each thing once, in the order of the checks."""
    told: dict[tuple[object, ...], list[CheckResult]] = {}
    for check in checks:
        if check.status in (Status.FAILED, Status.ERROR):
            told.setdefault((check.status, check.message, check.hint, check.evidence), []).append(check)
    return [Failure(group[0], tuple(group)) for group in told.values()]


def again(command: str, check: str) -> str:
    """What grades one check again.

    Args:
        command: what grades the whole exercise again: a command line, or a notebook's call, ``check("exercise3")``.
        check: the check's name.
    """
    if command.startswith("check("):
        exercise, comma, others = command[:-1].partition(", ")
        return f'{exercise}, "{check}"{comma}{others})'
    return f"{command} --check {shlex.quote(check)}"


def still_to_do(checks: Sequence[CheckResult]) -> list[str]:
    """What has not been written yet, each thing once."""
    return _once(check.message or check.title for check in _waiting(checks))


def skipped(checks: Sequence[CheckResult]) -> tuple[int, list[str]]:
    """How many checks were skipped, and what they wait for."""
    found = [check for check in checks if check.status is Status.SKIPPED]
    # A check that waits for a skipped one, or for what is still to be written, adds nothing to what is said already.
    links = {f"({check.name})" for check in (*found, *_waiting(checks))}
    return len(found), _once(check.message for check in found if not any(link in check.message for link in links))


def remarks(checks: Sequence[CheckResult]) -> list[str]:
    """Remarks on what is right: each once, whichever checks made it."""
    return _once((advice.text for check in checks for advice in check.advice), 600)


def number(report: Report) -> str:
    """The exercise's number in digits; empty where its name has none."""
    digits = report.exercise.partition("_")[0].removeprefix("exercise")
    return digits if digits.isdecimal() else ""


def counts(report: Report) -> str:
    """How many checks ended how."""
    total = len(report.checks)
    if report.passed:
        return f"all {plural(total, 'check')} passed" if total > 1 else "the check passed"
    found = {status: sum(check.status is status for check in report.checks) for status in Status}
    errors = found.pop(Status.ERROR)
    words = [f"{count} {WORDS[status]}" for status, count in found.items() if count]
    return ", ".join([*words, plural(errors, "error")] if errors else words)


def _waiting(checks: Sequence[CheckResult]) -> list[CheckResult]:
    return [check for check in checks if check.status is Status.NOT_ATTEMPTED]


def _once(texts: Iterable[str], limit: int = 400) -> list[str]:
    return list(dict.fromkeys(one_line(text, limit) for text in texts))
