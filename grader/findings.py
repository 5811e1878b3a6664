"""What an audit found: every misconception against every check, and the holes in between. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from grader.report import CheckResult, Status
from grader.text import one_line

SCHEMA = "reparam.audit/1"

Kind = Literal[
    "solution",
    "stub",
    "constant",
    "catalogue",
    "mutant",
    "fault",
    "uncaught",
    "unnamed",
    "misnamed",
    "unproven",
]
"""Which promise is broken; ``grader/schema/audit.schema.json`` says each in words."""


@dataclass(frozen=True)
class Hole:
    """Something that a wrong submission could slip through, or a right one be caught in.

    Args:
        kind: which promise is broken.
        says: what was seen, one or two sentences.
        mend: what to do.
        misconception: the one it is about, or empty.
        check: the check it is about, or empty.
    """

    kind: Kind
    says: str
    mend: str
    misconception: str = ""
    check: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a check ended on a mutant, and which misconception it named."""

    status: Status
    named: str = ""
    message: str = ""

    @property
    def caught(self) -> bool:
        """Whether the check told the mutant from a right submission."""
        return self.status in (Status.FAILED, Status.ERROR)

    @classmethod
    def of(cls, result: CheckResult) -> Outcome:
        """The part of a verdict that an audit keeps."""
        return cls(result.status, result.misconception or "", result.message)


@dataclass(frozen=True)
class Column:
    """A check as the matrix shows it."""

    name: str
    title: str
    points: int
    training: bool


@dataclass(frozen=True)
class Row:
    """A misconception and what each check without training made of its mutant; nothing where it was not graded."""

    name: str
    target: str
    fails: str
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True)
class ExerciseAudit:
    """The audit of one exercise.

    Args:
        exercise: its name.
        title: its title.
        checks: every check, in the order of the check file.
        rows: every misconception, in the order of the check file.
        holes: what is to be mended.
        seconds: wall time.
    """

    exercise: str
    title: str
    checks: tuple[Column, ...]
    rows: tuple[Row, ...]
    holes: tuple[Hole, ...]
    seconds: float

    @property
    def columns(self) -> tuple[Column, ...]:
        """The checks of the matrix: a training is never replayed, so it proves and names nothing."""
        return tuple(check for check in self.checks if not check.training)

    def caught_by(self, check: str) -> int:
        """How many misconceptions a check caught."""
        return sum(row.outcomes[check].caught for row in self.rows if check in row.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Plain values, as the schema describes them."""
        return {
            "exercise": self.exercise,
            "title": self.title,
            "seconds": round(self.seconds, 3),
            "checks": [asdict(check) for check in self.checks],
            "misconceptions": [_row_to_json(row) for row in self.rows],
            "holes": [asdict(hole) for hole in self.holes],
        }


@dataclass(frozen=True)
class Audit:
    """The audit of a course, or of a part of it."""

    course: str
    seed: int
    exercises: tuple[ExerciseAudit, ...]

    @property
    def holes(self) -> int:
        """How many holes there are in all."""
        return sum(len(exercise.holes) for exercise in self.exercises)

    @property
    def verdict(self) -> str:
        """``no hole`` or ``2 holes``."""
        return "no hole" if not self.holes else f"{self.holes} hole{'s' if self.holes > 1 else ''}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``grader/schema/audit.schema.json`` describes them."""
        return {
            "schema": SCHEMA,
            "course": self.course,
            "passed": self.holes == 0,
            "seed": self.seed,
            "exercises": [exercise.to_json() for exercise in self.exercises],
        }


def _row_to_json(row: Row) -> dict[str, Any]:
    outcomes = {
        check: {"status": outcome.status.value, "named": outcome.named} for check, outcome in row.outcomes.items()
    }
    return {"name": row.name, "target": row.target, "fails": row.fails, "outcomes": outcomes}


# --- the holes of a matrix --------------------------------------------------------------------------------


def holes_between(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[Hole]:
    """What a matrix lacks: misconceptions that slip through or go by another name, checks that nothing proves."""
    for row in rows:
        if row.fails in row.outcomes:
            yield from _of_row(row)
    for column in columns:
        if not column.training and not any(row.outcomes[column.name].caught for row in rows if row.outcomes):
            yield Hole(
                "unproven",
                f"No misconception fails {column.name}: nothing proves that it can tell wrong from right.",
                "Add a misconception that only this check catches, or take the check out.",
                check=column.name,
            )


def _of_row(row: Row) -> Iterator[Hole]:
    outcome = row.outcomes[row.fails]
    about = {"misconception": row.name, "check": row.fails}
    if not outcome.caught:
        yield Hole("uncaught", _how_it_slipped(row, outcome), _catch_it(row, outcome), **about)
    elif not outcome.named:
        said = one_line(outcome.message, 160)
        yield Hole(
            "unnamed",
            f"{row.fails} catches {row.name} but does not name it. It says: {said}",
            "A replay is named when it fails at the same line with the same numbers: draw every probe from rng, hand "
            "what came to the assertion (got=…), and use only names of the check file and of the preamble.",
            **about,
        )
    elif outcome.named != row.name:
        yield Hole(
            "misnamed",
            f"{row.fails} takes {row.name} for {outcome.named}.",
            "Give the check a probe that tells the two apart, tell their texts apart with `source`, or make one of "
            "them.",
            **about,
        )


def _how_it_slipped(row: Row, outcome: Outcome) -> str:
    if outcome.status is Status.SKIPPED:
        return f"{row.fails} never runs on {row.name}: {one_line(outcome.message, 160)}"
    if outcome.status is Status.NOT_ATTEMPTED:
        return f"{row.fails} takes {row.name} for a place that is still empty: {one_line(outcome.message, 160)}"
    return f"{row.name} passes {row.fails}."


def _catch_it(row: Row, outcome: Outcome) -> str:
    if outcome.status is Status.NOT_ATTEMPTED:
        return "A wrong function that returns None or raises NotImplementedError is what a stub does: let it do more."
    others = [check for check, other in row.outcomes.items() if other.caught]
    elsewhere = f" ({' and '.join(others[:3])} {'does' if len(others) == 1 else 'do'})" if others else ""
    if outcome.status is Status.SKIPPED:
        return f"Name in `fails` the first check that catches it{elsewhere}."
    return (
        f"Give {row.fails} a probe on which it differs from the right answer, or name in `fails` a check that catches "
        f"it{elsewhere}."
    )
