"""Reports for other programs. `grader/schema/report.schema.json` describes the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from grader.findings import Audit
from grader.health import Health
from grader.past import History
from grader.report import Report

_NUMBERS = re.compile(r"\[(?:\s+(?:-?\d[-+.\deE]*|null),?)+\s+\]")
SCHEMA_OF_MANY = "reparam.reports/1"


def to_json(report: Report) -> str:
    """One report."""
    return _text(report.to_json())


def many_to_json(reports: Sequence[Report]) -> str:
    """The reports of `grade all`."""
    return _text({"schema": SCHEMA_OF_MANY, "reports": [report.to_json() for report in reports]})


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
