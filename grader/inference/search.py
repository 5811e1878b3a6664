"""Which of two searches a failure is for, and that whatever happens the verdict stands."""

from __future__ import annotations

from grader.assertions import CheckFailure
from grader.inference.answers import by_hand
from grader.inference.calls import Witness
from grader.inference.common import Deadline, NothingToSayError
from grader.learner import Learner
from grader.suite import Suite

CALLS = 4
"""How many of a check's calls, from the last one back, are looked at."""


def explain(suite: Suite, error: BaseException, learner: Learner) -> str:
    """What the learner's numbers equal, and what sets that apart from the right formula; empty when in doubt.

    Args:
        suite: the exercise's check file.
        error: what the check failed with.
        learner: the learner, as the failed check left it.
    """
    try:
        return explanation(suite, error, learner, Deadline())
    # What a learner's function returns, or does when it is asked again, may be anything. The verdict stands already.
    except Exception:  # noqa: BLE001
        return ""


def explanation(suite: Suite, error: BaseException, learner: Learner, deadline: Deadline) -> str:
    """As :func:`explain`.

    Raises:
        NothingToSayError: no formula explains the failure for sure.
        Exception: the learner's function or what it returned is at fault.
    """
    answers = [name for name in learner.used if name in suite.answers]
    if len(answers) == 1 and not learner.calls and isinstance(error, CheckFailure):
        return by_hand(suite, answers[0], error.got, deadline)
    if answers:
        raise NothingToSayError
    # A check may look at the results of its last calls together: the last one that is wrong explains the failure.
    calls = [call for call in learner.calls[-CALLS:] if call.result is not None and call.function in suite.formulas]
    witnesses = [Witness(suite, call, learner, deadline) for call in reversed(calls)]
    for witness in witnesses:
        found = witness.found()
        if found:
            return witness.told(found)
    if not witnesses or learner.calls[-1] is not calls[-1]:
        raise NothingToSayError
    return witnesses[0].detached()
