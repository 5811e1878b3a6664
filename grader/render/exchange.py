"""Reports for other programs. `grader/schema/report.schema.json` describes the JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from grader.report import Report

SCHEMA_OF_MANY = "reparam.reports/1"


def to_json(report: Report) -> str:
    """One report."""
    return _text(report.to_json())


def many_to_json(reports: Sequence[Report]) -> str:
    """The reports of `grade all`."""
    return _text({"schema": SCHEMA_OF_MANY, "reports": [report.to_json() for report in reports]})


def _text(data: Any) -> str:
    # NaN is no JSON; none of a report's numbers may be one.
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
