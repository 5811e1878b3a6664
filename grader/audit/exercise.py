"""Audits an exercise: makes every wrong submission that its check file describes, grades it, looks for holes."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grader import author
from grader.core import CheckPlan, Event, Sandbox, grade
from grader.course import Course, Exercise
from grader.crew import Crew
from grader.errors import CheckFileError, GraderError, UnusableInput
from grader.findings import Column, ExerciseAudit, Hole, Outcome, Row, holes_between
from grader.report import Report, Status
from grader.submission import Submission
from grader.wording import worded

if TYPE_CHECKING:
    from grader.suite import Suite

FAULTS_NAMED = 3
"""How many submissions a hole names on which a check stumbled."""


def audit(
    course: Course, exercise: Exercise, crew: Crew, seed: int, on_event: Callable[[Event], None] = lambda _: None
) -> ExerciseAudit:
    """The laws and the matrix of one exercise, through the real sandbox.

    Args:
        course: what it belongs to.
        exercise: what to audit.
        crew: where the gradings run.
        seed: what the probes are drawn from.
        on_event: called, from any thread, as gradings start and end.

    Raises:
        UnusableInput: its solution cannot be read, or its check file does not import.
        GraderError: our own fault.
    """
    from grader.audit import catalogue

    started = time.perf_counter()
    suite = _suite(exercise)
    columns = tuple(Column(c.name, c.title, c.points, c.training) for c in suite.checks.values())
    holes = [*catalogue.holes_in(exercise, suite)]
    rows: tuple[Row, ...] = ()
    if not holes:  # a grading can only be trusted when every name leads somewhere
        attempts, unmade = _attempts(exercise, suite, seed)
        results = _graded(exercise, attempts, crew, seed, on_event)
        rows = _rows(suite, attempts, results)
        faults = [*_faults(attempts, results)]
        stale = [] if author.is_fresh(exercise) else [_stale(course, exercise)]
        laws = [hole for pair in zip(attempts, results, strict=True) for hole in _law(*pair)]
        # Of a check that stumbles, neither its row nor its column says anything.
        holes = [*faults, *stale, *laws, *unmade, *([] if faults else holes_between(columns, rows))]
    seconds = time.perf_counter() - started
    return ExerciseAudit(exercise.name, exercise.title, columns, rows, tuple(holes), seconds)


def _suite(exercise: Exercise) -> Suite:
    """The marks of the check file. This imports torch, and the file: an audit holds no learner's code."""
    from grader.suite import Suite, import_fault

    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for the audit alone
            return Suite.load(exercise.checks)
    except Exception as error:
        raise UnusableInput(import_fault(error, exercise.checks)) from error


# --- what is graded ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Attempt:
    """A submission that the audit makes up.

    Args:
        kind: ``solution``, ``stub``, ``constant`` or ``mutant``.
        name: of the misconception, or the constant's value.
        source: its text.
        checks: the checks to run; all when empty.
        variant: what a student's own by-hand numbers are drawn from; None for the printed ones.
    """

    kind: Literal["solution", "stub", "constant", "mutant"]
    name: str
    source: str
    checks: tuple[str, ...] = ()
    variant: int | None = None

    @property
    def what(self) -> str:
        """In words."""
        if self.variant is not None:
            return f"the {self.kind} with a student's own numbers"
        words = {"solution": "the solution", "stub": "the stub", "constant": f"the constant {self.name}"}
        return words.get(self.kind, self.name)


def _attempts(exercise: Exercise, suite: Suite, seed: int) -> tuple[list[_Attempt], list[Hole]]:
    """Everything to grade, and holes for the misconceptions that nothing can be made of."""
    from grader.audit.mutants import CONSTANTS, NoMutantError, constant, mutant

    solution = author.read_source(exercise)
    attempts = [_Attempt("solution", "", solution)]
    stub = author.read_stub(exercise)
    if stub is not None:
        attempts.append(_Attempt("stub", "", stub))
    attempts += [_Attempt("constant", value, constant(suite, value)) for value in CONSTANTS]
    quick = tuple(check.name for check in suite.checks.values() if not check.training)
    unmade = []
    try:
        attempts += _varied(exercise, suite, solution, quick, seed)
    except (UnusableInput, GraderError) as error:
        unmade.append(Hole("solution", str(error), "Mend the function under @numbers, or the places that it names."))
    for misconception in suite.misconceptions:
        try:
            attempts.append(_Attempt("mutant", misconception.name, mutant(solution, suite, misconception), quick))
        except NoMutantError as error:
            mend = "Use only names of the check file and of the preamble in it, and write its source in the file."
            unmade.append(
                Hole("mutant", f"No submission can be made of {misconception.name}: {error}.", mend, misconception.name)
            )
    return attempts, unmade


def _varied(exercise: Exercise, suite: Suite, solution: str, quick: tuple[str, ...], seed: int) -> list[_Attempt]:
    """The solution as a student with numbers of their own would have it, where the check file declares some."""
    from grader.wordings import wording

    if suite.numbers is None:
        return []
    own = worded(solution, wording(suite, seed), exercise.solution.name)
    return [_Attempt("solution", "", own, quick, seed)]


def _graded(
    exercise: Exercise, attempts: Sequence[_Attempt], crew: Crew, seed: int, on_event: Callable[[Event], None]
) -> list[Report | CheckFileError]:
    def work(sandbox: Sandbox, attempt: _Attempt) -> Report | CheckFileError:
        on_event(Event("start", name=attempt.what))
        name = f"{exercise.name}.py"
        submission = Submission(Path(name), name, attempt.source)
        try:
            return grade(
                exercise, submission, sandbox=sandbox, seed=seed, checks=attempt.checks, variant=attempt.variant
            )
        except CheckFileError as fault:
            return fault
        finally:
            on_event(Event("result", name=attempt.what))

    plans = tuple(CheckPlan(attempt.what, f"{exercise.short}: {attempt.what}", 0) for attempt in attempts)
    on_event(Event("begin", plans))
    return crew.map(work, attempts)


# --- what came out ----------------------------------------------------------------------------------------


def _rows(suite: Suite, attempts: Sequence[_Attempt], results: Sequence[Report | CheckFileError]) -> tuple[Row, ...]:
    outcomes = {
        attempt.name: {check.name: Outcome.of(check) for check in result.checks}
        for attempt, result in zip(attempts, results, strict=True)
        if attempt.kind == "mutant" and isinstance(result, Report)
    }
    return tuple(Row(m.name, m.target, m.fails, outcomes.get(m.name, {})) for m in suite.misconceptions)


def _faults(attempts: Sequence[_Attempt], results: Sequence[Report | CheckFileError]) -> Iterator[Hole]:
    """Checks that stumbled, each once, with what they stumbled over."""
    over: dict[str, list[str]] = {}
    for attempt, result in zip(attempts, results, strict=True):
        if isinstance(result, CheckFileError):
            over.setdefault(str(result), []).append(attempt.what)
    for text, names in over.items():
        more = f" and {len(names) - FAULTS_NAMED} more" if len(names) > FAULTS_NAMED else ""
        where = ", ".join(names[:FAULTS_NAMED]) + more
        yield Hole("fault", f"On {where}: {text}", "Mend the check; `pytest -p grader.plugin` shows it at work.")


def _law(attempt: _Attempt, result: Report | CheckFileError) -> Iterator[Hole]:
    """The laws: the solution earns everything, the stub and constants nothing."""
    if isinstance(result, CheckFileError):
        return
    for check in result.checks:
        says, mend = "", ""
        if attempt.kind == "solution" and check.status is not Status.PASSED:
            says = f"{attempt.what[0].upper()}{attempt.what[1:]} does not pass {check.name}: {check.message}"
            mend = "One of the two is wrong: mend the solution or the check."
        elif attempt.kind == "solution" and check.advice:
            says = f"The solution gets the advice {check.advice[0].name} from {check.name}."
            mend = "Follow it in the solution, or let the advice be about less."
        elif attempt.kind == "stub" and check.status not in (Status.NOT_ATTEMPTED, Status.SKIPPED):
            says = f"On the stub, {check.name} is {check.status.value}, not “not attempted”."
            mend = "Let it reach a place that is still empty."
        elif attempt.kind == "constant" and check.points:
            says = f"A submission that answers everything with {attempt.name} passes {check.name}."
            mend = "Let it ask for values that change with its probes."
        if says and attempt.kind != "mutant":
            yield Hole(attempt.kind, says, mend, check=check.name)


def _stale(course: Course, exercise: Exercise) -> Hole:
    mend = f"Run `{author.command(course)}`."
    return Hole("stub", f"{exercise.stub} is not what {exercise.solution.name} makes.", mend)
