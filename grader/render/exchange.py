"""Reports for other programs: JSON of our own, JUnit XML, Gradescope's results. `grader/schema` describes the JSON."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grader.findings import Audit
from grader.health import Health
from grader.past import History
from grader.report import CheckResult, Report, Status
from grader.text import clean, one_line

_NUMBERS = re.compile(r"\[(?:\s+(?:-?\d[-+.\deE]*|null),?)+\s+\]")
SCHEMA_OF_MANY = "reparam.reports/1"
SCHEMA_OF_GRADESCOPE = "reparam.gradescope/1"


@dataclass(frozen=True)
class Ungraded:
    """A submission that has no verdict.

    Args:
        exercise: the exercise's name.
        max_points: what it could have earned.
        why: in words, for whoever handed it in.
        student: who that was; empty where it is known without.
    """

    exercise: str
    max_points: int
    why: str
    student: str = ""


def to_json(report: Report) -> str:
    """One report."""
    return _text(report.to_json())


def many_to_json(reports: Sequence[Report]) -> str:
    """The reports of `grade all`."""
    return _text({"schema": SCHEMA_OF_MANY, "reports": [report.to_json() for report in reports]})


def to_junit(entries: Sequence[Report | Ungraded], *, times: bool = True) -> str:
    """JUnit XML, as continuous integration reads it: a suite for each submission, a test case for each check.

    What is still to be written counts as failed; what waits for another check as skipped.

    Args:
        entries: what is reported, in this order.
        times: whether to say how long things took; without, the same verdicts are the same text.
    """
    return "".join(junit_parts(entries, times=times))


def junit_parts(entries: Sequence[Report | Ungraded], *, times: bool) -> Iterator[str]:
    """As :func:`to_junit`, suite by suite: a large class is never one text in memory."""
    kinds = Counter(kind for entry in entries for kind in _kinds(entry))
    head = {"tests": kinds.total(), "failures": kinds["failure"], "errors": kinds["error"]}
    root = ET.Element("testsuites", {"name": "reparam"} | {key: str(count) for key, count in head.items()})
    if times:
        root.set("time", f"{sum(entry.seconds for entry in entries if isinstance(entry, Report)):.3f}")
    opening = ET.tostring(root, encoding="unicode", short_empty_elements=False).removesuffix("</testsuites>")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}\n'
    for entry in entries:
        suite = _suite(entry, times=times)
        ET.indent(suite, level=1)
        yield f"  {ET.tostring(suite, encoding='unicode')}\n"
    yield "</testsuites>\n"


def to_gradescope(entries: Sequence[Report | Ungraded]) -> str:
    """Gradescope's `results.json`; `grader/schema/gradescope.schema.json` describes it.

    No seed is in it: students could draw the numbers of the checks themselves.

    Args:
        entries: what one student handed in, an exercise each.
    """
    reports = [entry for entry in entries if isinstance(entry, Report)]
    layers = [layer for layer in reports[0].sandbox if all(layer in one.sandbox for one in reports)] if reports else []
    tests = [
        test for number, entry in enumerate(entries, start=1) for test in _gradescope_tests(entry, number, len(entries))
    ]
    return _text(
        {
            "score": sum(report.points for report in reports),
            "execution_time": round(sum(report.seconds for report in reports), 3),
            "output": "\n".join(_summary(entry) for entry in entries),
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            # What we print meanwhile is for the instructor.
            "stdout_visibility": "hidden",
            "extra_data": {
                "schema": SCHEMA_OF_GRADESCOPE,
                "sandbox": layers,
            },
            "tests": tests,
        }
    )


def written(form: str, reports: Sequence[Report]) -> str:
    """Several reports in one of the forms.

    Args:
        form: ``json``, ``junit`` or ``gradescope``.
        reports: what is reported, in this order.
    """
    if form == "json":
        return many_to_json(reports)
    return to_junit(reports) if form == "junit" else to_gradescope(reports)


def audit_to_json(audit: Audit) -> str:
    """What `grade audit` found; `grader/schema/audit.schema.json` describes it."""
    return _text(audit.to_json())


def health_to_json(health: Health) -> str:
    """What `grade doctor` found; `grader/schema/doctor.schema.json` describes it."""
    return _text(health.to_json())


def history_to_json(history: History) -> str:
    """What a workspace remembers; `grader/schema/history.schema.json` describes it."""
    return _text(history.to_json())


def _text(data: Any) -> str:
    # NaN is no JSON; none of a report's numbers may be one.
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    # A row of a picture is one line. Texts cannot be hit: in them a line break is written \\n.
    return _NUMBERS.sub(lambda row: " ".join(row.group().split()).replace("[ ", "[").replace(" ]", "]"), text) + "\n"


# --- a check in plain words ---------------------------------------------------------------------------------


def _told(check: CheckResult) -> str:
    """All that a check has to say, as lines of text."""
    shown = {"call": check.evidence.call, "got": check.evidence.got, "expected": check.evidence.expected}
    parts = [
        clean(check.message).strip(),
        *(f"{word + ':':9} {one_line(value, 600)}" for word, value in shown.items() if value),
        *([f"hint:     {one_line(check.hint, 600)}"] if check.hint else []),
        *(f"remark:   {one_line(advice.text, 600)}" for advice in check.advice),
    ]
    return "\n".join(part for part in parts if part)


def _summary(entry: Report | Ungraded) -> str:
    if isinstance(entry, Ungraded):
        return f"{entry.exercise}: {clean(entry.why).strip()}"
    lines = [f"{one_line(entry.title)}: {entry.points} of {entry.max_points} points"]
    lines += [f"A person reads your answer to: {one_line(text.title)}" for text in entry.texts]
    return "\n".join(lines)


# --- JUnit --------------------------------------------------------------------------------------------------


_KINDS = {
    Status.PASSED: "",
    Status.FAILED: "failure",
    Status.ERROR: "error",
    Status.SKIPPED: "skipped",
    # The exercise is not done: nothing that looks at these files may take it for a success.
    Status.NOT_ATTEMPTED: "failure",
}


def _kinds(entry: Report | Ungraded) -> list[str]:
    """The element that tells how each check ended, in their order; empty for a pass."""
    return [_KINDS[check.status] for check in entry.checks] if isinstance(entry, Report) else ["error"]


def _suite(entry: Report | Ungraded, *, times: bool) -> ET.Element:
    name = one_line(f"{entry.student}/{entry.exercise}" if entry.student else entry.exercise, 400)
    known: dict[str, object] = {"student": entry.student, "exercise": entry.exercise}
    if isinstance(entry, Report):
        cases = [_case(check, name, times=times) for check in entry.checks]
        known |= {"title": entry.title, "points": entry.points, "max_points": entry.max_points}
        known |= {"seed": entry.seed, "sandbox": " ".join(entry.sandbox)}
    else:
        cases = [_no_case(entry, name)]
        known |= {"points": 0, "max_points": entry.max_points}
    kinds = Counter(_kinds(entry))
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)))
    for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(plural, str(kinds[kind]))
    if times and isinstance(entry, Report):
        suite.set("time", f"{entry.seconds:.3f}")
    properties = ET.SubElement(suite, "properties")
    for key, value in known.items():
        if value != "":
            ET.SubElement(properties, "property", name=key, value=one_line(str(value), 400))
    suite.extend(cases)
    return suite


def _case(check: CheckResult, suite: str, *, times: bool) -> ET.Element:
    case = ET.Element("testcase", classname=suite, name=one_line(check.name))
    if times:
        case.set("time", f"{check.seconds:.3f}")
    if kind := _KINDS[check.status]:
        message = one_line(clean(check.message).partition("\n")[0] or check.title, 400)
        ended = ET.SubElement(case, kind, type=one_line(check.misconception or check.status), message=message)
        ended.text = f"{one_line(check.title)}\n{_told(check)}"
    said = [f"{check.points} of {check.max_points} points"]
    said += [_told(check)] if check.status is Status.PASSED and check.advice else []
    said += [f"--- printed ---\n{clean(check.output)}"] if check.output.strip() else []
    ET.SubElement(case, "system-out").text = "\n".join(said)
    return case


def _no_case(entry: Ungraded, suite: str) -> ET.Element:
    case = ET.Element("testcase", classname=suite, name="submission")
    why = clean(entry.why)
    ET.SubElement(case, "error", type="ungraded", message=one_line(why, 400)).text = why
    return case


# --- Gradescope ---------------------------------------------------------------------------------------------


def _gradescope_tests(entry: Report | Ungraded, place: int, count: int) -> list[dict[str, Any]]:
    """The entries of one exercise; where there are several exercises, they are numbered 1.1, 1.2, …, 2.1."""
    if isinstance(entry, Ungraded):
        found = CheckResult("submission", entry.exercise, Status.ERROR, 0, entry.max_points, entry.why)
        return [_gradescope_test(found, entry.exercise, str(place))]
    numbers = [str(number) if count == 1 else f"{place}.{number}" for number in range(1, len(entry.checks) + 1)]
    pairs = zip(entry.checks, numbers, strict=True)
    return [_gradescope_test(check, entry.exercise, number) for check, number in pairs]


def _gradescope_test(check: CheckResult, exercise: str, number: str) -> dict[str, Any]:
    printed = clean(check.output).rstrip()
    name = one_line(check.name)
    return {
        "score": check.points,
        "max_score": check.max_points,
        "status": "passed" if check.status is Status.PASSED else "failed",
        "name": one_line(check.title),
        "name_format": "text",
        "number": number,
        "output": "\n".join(filter(None, [_told(check), printed and f"Your code printed:\n{printed}"])),
        "output_format": "text",
        "tags": [exercise, name],
        "visibility": "visible",
        "extra_data": {"check": name, "status": check.status.value, "misconception": check.misconception},
    }
