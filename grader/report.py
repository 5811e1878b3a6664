"""The verdict on one submission, as data: what every renderer reads and what `--format json` publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from grader.drawings import (
    Comparison,
    Curves,
    Floor,
    Grid,
    Images,
    Picture,
    Scatter,
    Series,
    picture_from_json,
)

__all__ = [
    "SCHEMA",
    "Advice",
    "CheckResult",
    "Comparison",
    "Curves",
    "Evidence",
    "Floor",
    "FreeText",
    "Grid",
    "Images",
    "Picture",
    "Report",
    "Scatter",
    "Series",
    "Status",
    "picture_from_json",
]

SCHEMA = "reparam.report/1"


class Status(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    NOT_ATTEMPTED = "not_attempted"


@dataclass(frozen=True)
class Evidence:
    """What a failed check can show: the call, what came, what was expected. Empty strings where it has nothing."""

    call: str = ""
    got: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Advice:
    """A remark on correct code that is wasteful or fragile: an id and one or two sentences."""

    name: str
    text: str


@dataclass(frozen=True)
class FreeText:
    """What a learner wrote for a person to grade: the variable's name, what was asked, the text."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one check.

    Args:
        name: the check's function name.
        title: its one-sentence title.
        points: points earned.
        max_points: points it can earn.
        message: what is wrong and why; empty when it passed.
        misconception: id of the named misconception, or None.
        hint: what to look at next; empty when it passed.
        seconds: wall time.
        evidence: the call, got and expected.
        output: what the learner's code printed meanwhile, cleaned and capped.
        advice: remarks on code that is right; they cost nothing.
        pictures: what the check showed last, at most 6.
    """

    name: str
    title: str
    status: Status
    points: int
    max_points: int
    message: str = ""
    misconception: str | None = None
    hint: str = ""
    seconds: float = 0.0
    evidence: Evidence = field(default_factory=Evidence)
    output: str = ""
    advice: tuple[Advice, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CheckResult:
        """Read one entry of the JSON form."""
        fields = dict(data)
        fields["status"] = Status(fields["status"])
        fields["evidence"] = Evidence(**fields.get("evidence", {}))
        fields["advice"] = tuple(Advice(**advice) for advice in fields.get("advice", ()))
        fields["pictures"] = tuple(picture_from_json(picture) for picture in fields.get("pictures", ()))
        return cls(**fields)


@dataclass(frozen=True)
class Report:
    """The verdict on one submission of one exercise.

    Args:
        exercise: the exercise's name, ``exercise3_masked_convolution``.
        title: its title.
        checks: one result per check that was asked for, in the order of the check file.
        seconds: wall time from the submission's text to the verdict.
        sandbox: names of the isolation layers that were active.
        seed: what the probes were drawn from; the same seed gives the same probes.
        texts: what is left for a person to grade.
        student: the id of the workspace's student; empty where none was given.
    """

    exercise: str
    title: str
    checks: tuple[CheckResult, ...]
    seconds: float
    sandbox: tuple[str, ...]
    seed: int
    texts: tuple[FreeText, ...] = ()
    student: str = ""

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(check.points for check in self.checks)

    @property
    def max_points(self) -> int:
        """Points that the checks which ran can earn."""
        return sum(check.max_points for check in self.checks)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.status is Status.PASSED for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The published form; ``grader/schema/report.schema.json`` describes it."""
        return {
            "schema": SCHEMA,
            "exercise": self.exercise,
            "title": self.title,
            "passed": self.passed,
            "points": self.points,
            "max_points": self.max_points,
            "seconds": round(self.seconds, 4),
            "seed": self.seed,
            "sandbox": list(self.sandbox),
            "checks": [asdict(check) for check in self.checks],
            "texts": [asdict(text) for text in self.texts],
            "student": self.student,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Read what :meth:`to_json` wrote."""
        return cls(
            exercise=data["exercise"],
            title=data["title"],
            checks=tuple(CheckResult.from_json(check) for check in data["checks"]),
            seconds=data["seconds"],
            sandbox=tuple(data["sandbox"]),
            seed=data["seed"],
            texts=tuple(FreeText(**text) for text in data.get("texts", ())),
            student=data.get("student", ""),
        )
