"""How one submission of a class ended, and a class's records together: what every summary and export reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.course import Course, Exercise
from grader.report import Report


@dataclass(frozen=True)
class Record:
    """One submission of one student, and how its grading ended.

    Args:
        student: who handed it in; shown text, so it is as hostile as a file's name may be.
        exercise: the exercise's name, ``exercise3_masked_convolution``.
        file: where it was found, from the batch's folder or archive; as hostile.
        digest: SHA-256 of the file's bytes, in hexadecimal.
        seed: what the probes were drawn from.
        checks: SHA-256 of the check file that graded it, in hexadecimal.
        variant: what this student's by-hand numbers were drawn from; None for the printed ones.
        report: the verdict; None where there is none.
        problem: why the file cannot be graded, in words for its student; it earns nothing.
        fault: why we could not grade it, in words for the instructor: nobody's 0, and the next run grades it.
        seconds: wall time that it took.
    """

    student: str
    exercise: str
    file: str
    digest: str
    seed: int
    checks: str
    variant: int | None = None
    report: Report | None = None
    problem: str = ""
    fault: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """Points earned."""
        return self.report.points if self.report is not None else 0

    def to_json(self) -> dict[str, Any]:
        """One line of ``results.jsonl``."""
        return {
            "student": self.student,
            "exercise": self.exercise,
            "file": self.file,
            "digest": self.digest,
            "seed": self.seed,
            "checks": self.checks,
            "variant": self.variant,
            "report": self.report.to_json() if self.report is not None else None,
            "problem": self.problem,
            "fault": self.fault,
            "seconds": round(self.seconds, 4),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Read what :meth:`to_json` wrote."""
        fields = dict(data)
        report = fields.get("report")
        fields["report"] = Report.from_json(report) if report is not None else None
        return cls(**fields)


@dataclass(frozen=True)
class Results:
    """A graded class.

    Args:
        course: where the exercises are from.
        exercises: what was asked for, in the order of the course.
        max_points: exercise name → what it can earn.
        students: everybody whose work was found, sorted.
        records: by student and exercise name; who handed nothing in for an exercise has none.
        seed: what the probes were drawn from.
    """

    course: Course
    exercises: tuple[Exercise, ...]
    max_points: Mapping[str, int]
    students: tuple[str, ...]
    records: Mapping[tuple[str, str], Record]
    seed: int

    def of(self, exercise: Exercise) -> Iterator[Record]:
        """The records of one exercise, in the order of the students."""
        for student in self.students:
            if (record := self.records.get((student, exercise.name))) is not None:
                yield record
