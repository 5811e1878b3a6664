"""From how a check ended to what a learner reads."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from grader import diagnosis, inference, remarks
from grader.assertions import CheckFailure, NotAttempted
from grader.checking import Misconception
from grader.errors import GraderError
from grader.formatting import describe, number
from grader.learner import Call, Learner, LocalLearner
from grader.pictures import Comparison
from grader.possible import IMPOSSIBLE
from grader.probes import Rng
from grader.replays import Replays
from grader.report import Advice, CheckResult, Evidence, Picture, Status
from grader.sandbox.faults import LearnerFault, LearnerRaised, WrongSignature
from grader.submission import Submission
from grader.suite import Check, Suite
from grader.text import clean

ELEMENTS_SHOWN = 12
SOURCE_LINE_SHOWN = 100
ADVICE_SHOWN = 600


@dataclass(frozen=True)
class Grading:
    """What a verdict needs to know of the submission.

    Args:
        submission: its text, to quote a line of it.
        seed: the seed of the grading.
        variant: what the student's own by-hand numbers are drawn from; None for the printed ones.
        learner: the learner as the check left it; None where the check did not get that far.
        replays: of misconceptions, with the same seed and numbers.
    """

    submission: Submission
    seed: int
    variant: int | None = None
    learner: Learner | None = None
    replays: Replays = field(default_factory=Replays)

    @property
    def used(self) -> set[str]:
        """Names of the learner's functions and answers that the check used."""
        return self.learner.used if self.learner is not None else set()

    @property
    def last_call(self) -> Call | None:
        """The last call that the check made."""
        return self.learner.calls[-1] if self.learner is not None and self.learner.calls else None


def verdict(suite: Suite, check: Check, error: BaseException | None, grading: Grading) -> CheckResult:
    """The result of one check.

    Args:
        suite: the exercise's check file.
        check: the check that ran.
        error: what it ended with, or None.
        grading: see :class:`Grading`.

    Raises:
        GraderError: the check itself is at fault, or we are.
    """
    if isinstance(error, GraderError):  # no process could be started, say: nothing that the learner did
        raise error
    if error is None:
        return _result(check, Status.PASSED, points=check.points, advice=_advice(suite, check, grading))
    if isinstance(error, NotAttempted) or (isinstance(error, NotImplementedError) and isinstance(error, LearnerRaised)):
        message = error.message if isinstance(error, NotAttempted) else _not_written(error, grading)
        return _result(check, Status.NOT_ATTEMPTED, message=message)
    try:
        if isinstance(error, LearnerFault):
            return _blame(suite, check, error, grading)
        if isinstance(error, AssertionError):
            return _failure(suite, check, error, grading)
    except GraderError:
        raise
    except Exception as stumbled:  # noqa: BLE001  values that our explanations cannot take must not cost the verdict
        return _unusable(suite, check, stumbled, grading)
    return _unusable(suite, check, error, grading)


def _result(check: Check, status: Status, *, message: str = "", **fields: Any) -> CheckResult:
    return CheckResult(
        name=check.name,
        title=check.title,
        status=status,
        points=fields.pop("points", 0),
        max_points=check.points,
        message=clean(message),  # it may quote what a learner's code returned
        **fields,
    )


def _advice(suite: Suite, check: Check, grading: Grading) -> tuple[Advice, ...]:
    """What is worth saying about right code."""
    found = list(grading.learner.advice) if grading.learner is not None else []
    for remark in suite.remarks:
        if remark.check == check.name:
            code = remarks.definition(grading.submission.source, remark.target)
            if code is not None and remark.applies(code):
                found.append(Advice(remark.name, _sentence(suite, remark.says)))
    return tuple(Advice(advice.name, clean(advice.text, ADVICE_SHOWN)) for advice in dict.fromkeys(found))


def _failure(suite: Suite, check: Check, error: AssertionError, grading: Grading) -> CheckResult:
    """A wrong answer: name the misconception that explains it, or say how it relates to the right one."""
    named = _named(suite, check, error, grading)
    inferred = ""
    # A misconception that a check passed before this one is there to catch explains little: a formula may know better.
    if named is None or named.fails in suite.required_by(check):
        inferred = _inferred(suite, check, error, grading.learner)
        named = None if inferred else named
    message = _sentence(suite, error.message if isinstance(error, CheckFailure) else str(error) or check.title)
    got, expected = (error.got, error.expected) if isinstance(error, CheckFailure) else (None, None)
    if IMPOSSIBLE not in message:
        message += _impossible(suite, got, grading)
    if named is not None:
        message += f"\n{_sentence(suite, named.says)} {_sentence(suite, named.why)}"
    else:
        related = inferred or diagnosis.relation(got, expected)
        message += f"\n{_sentence(suite, related)}" if related else ""
    return _result(
        check,
        Status.FAILED,
        message=message,
        misconception=named.name if named else None,
        hint=_sentence(suite, named.look) if named else "",
        evidence=_evidence(suite, got, expected, grading),
        pictures=_comparison(got, expected),
    )


def _named(suite: Suite, check: Check, error: BaseException, grading: Grading) -> Misconception | None:
    source = grading.submission.source
    return diagnosis.explain(suite, check, error, grading.used, grading.seed, source, grading.replays)


def _inferred(suite: Suite, check: Check, error: AssertionError, learner: Learner | None) -> str:
    return inference.explain(suite, error, learner) if learner is not None and not check.training else ""


def _impossible(suite: Suite, got: Any, grading: Grading) -> str:
    """A line that says so when an answer, or what the last call returned, cannot be right whatever the numbers."""
    answers = [name for name in grading.used if name in suite.answers]
    call = grading.last_call
    if len(answers) == 1:
        name, value = answers[0], got
    elif call is not None and call.function in suite.references:
        name, value = call.function, call.result
    else:
        return ""
    possible = suite.possible(name)
    if possible is None or (outside := possible.broken_by(value)) is None:
        return ""
    holds = "holds" if answers else "gave"
    return f"\n{IMPOSSIBLE}: {name} {holds} {number(outside)}, but {possible.because}."


def _blame(suite: Suite, check: Check, error: LearnerFault, grading: Grading) -> CheckResult:
    """The learner's code raised, died, hung, or does not fit the call."""
    named = None
    message = _sentence(suite, str(error))
    if isinstance(error, LearnerRaised):
        named = _named(suite, check, error, grading)
        message = _sentence(suite, f"your code raised {error}") + _where(error.frames, grading.submission)
        if isinstance(error, EOFError):
            message += "\nThere is nobody to answer input() here: take it out."
        if isinstance(error, MemoryError):
            message += "\nIt asked for more memory than a grading may have."
        if isinstance(error, ModuleNotFoundError):
            message += "\nUse only what the exercise imports: torch, numpy and Python's own modules."
    if isinstance(error, WrongSignature) and grading.last_call is not None:
        reference = suite.references.get(grading.last_call.function)
        wanted = f"{grading.last_call.function}{inspect.signature(reference)}" if reference is not None else ""
        message = f"The call does not fit: {_sentence(suite, str(error))}\nExpected: {_plain_signature(wanted)}"
    if named is not None:
        message += f"\n{_sentence(suite, named.says)} {_sentence(suite, named.why)}"
    return _result(
        check,
        Status.ERROR,
        message=message,
        misconception=named.name if named else None,
        hint=_sentence(suite, named.look) if named else "",
        evidence=Evidence(call=_call_text(suite, grading)),
    )


def _unusable(suite: Suite, check: Check, error: BaseException, grading: Grading) -> CheckResult:
    """The check stumbled. If it does not stumble over our own implementation, the learner's value is the cause."""
    torch.default_generator.manual_seed(grading.seed)
    stumbles = diagnosis.run_check(check, LocalLearner(suite), Rng(grading.seed, check.name))
    if stumbles is not None:
        line = diagnosis.evidence(error, check).lines
        place = f" ({Path(check.run.__code__.co_filename).name}, line {line[-1]})" if line else ""
        raise GraderError(
            f"the check {check.name}{place} is at fault: {type(error).__name__}: {clean(str(error), 300)}"
        )
    reason = clean(f"{type(error).__name__}: {error}", 300)
    return _result(
        check,
        Status.ERROR,
        message=f"The check cannot use what your code returned ({reason}).",
        evidence=Evidence(call=_call_text(suite, grading)),
    )


def _not_written(error: BaseException, grading: Grading) -> str:
    name = grading.last_call.function if grading.last_call else "this part"
    text = getattr(error, "text", "")
    # The stub's own text says no more than this sentence.
    return f"{name} is still to be written" + (f": {text}" if text and not text.startswith("write ") else "")


def _where(frames: tuple[tuple[int, str], ...], submission: Submission) -> str:
    """Where in the learner's file, with the line itself."""
    lines = submission.source.split("\n")
    shown = [(line, name) for line, name in frames if 1 <= line <= len(lines)][-3:]
    parts = []
    for line, name in shown:
        place = submission.place(line) + ("" if name == "<module>" else f", in {name}")
        parts.append(f"\n{place}: {clean(lines[line - 1].strip(), SOURCE_LINE_SHOWN)}")
    return "".join(parts)


def _evidence(suite: Suite, got: Any, expected: Any, grading: Grading) -> Evidence:
    shown = describe(expected, ELEMENTS_SHOWN) if expected is not None else ""
    # Many numbers say something only beside the right ones; alone they are evidence for the diagnosis, not for eyes.
    alone = expected is None and isinstance(got, torch.Tensor) and got.numel() > ELEMENTS_SHOWN
    came = clean(describe(got, ELEMENTS_SHOWN), 600) if got is not None and not alone else ""
    return Evidence(call=_call_text(suite, grading), got=came, expected=shown)


def _comparison(got: Any, expected: Any) -> tuple[Picture, ...]:
    """Several numbers beside the right ones: the same as the evidence, for whoever can draw a table."""
    if expected is None:
        return ()
    picture = Comparison("Got and expected", got, expected).picture()
    return (picture,) if picture is not None and len(picture.rows) > 1 else ()


def _call_text(suite: Suite, grading: Grading) -> str:
    """The last call, as the learner would write it."""
    call = grading.last_call
    if call is None:
        return ""
    names: list[str] = []
    reference = suite.references.get(call.function)
    if reference is not None:
        names = list(inspect.signature(reference).parameters)
    shown = [
        f"{names[place]}={describe(value)}" if place < len(names) else describe(value)
        for place, value in enumerate(call.args)
    ]
    shown += [f"{name}={describe(value)}" for name, value in call.kwargs.items()]
    return f"{call.function}({', '.join(shown)})"


def _plain_signature(text: str) -> str:
    return text.replace("torch.Tensor", "Tensor").replace("'", "")


def _sentence(suite: Suite, text: str) -> str:
    """Capital first letter unless it starts with a name of the exercise, and a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split()[0]
    is_word = first.isalpha() and first.islower() and (len(first) > 1 or first == "a")
    if is_word and first not in suite.references and first not in suite.answers:
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…:" else f"{text}."
