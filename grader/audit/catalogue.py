"""What is wrong with a check file and its hints before anything is graded: names that lead nowhere, texts left out."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from grader.checking import Misconception
from grader.course import Exercise
from grader.findings import Hole
from grader.suite import Suite
from grader.text import did_you_mean


def holes_in(exercise: Exercise, suite: Suite) -> Iterator[Hole]:
    """The mistakes that can be seen from the marks alone."""
    if not suite.checks:
        yield _hole(f"{exercise.checks.name} has no check.", "Write one: a function whose name begins with test_.")
    yield from _twice(exercise)
    yield from _prerequisites(suite)
    for misconception in suite.misconceptions:
        yield from _misconception(suite, misconception)
    for remark in suite.remarks:
        for name, known in ((remark.check, suite.checks), (remark.target, suite.references)):
            if name not in known:
                yield _hole(f"The advice {remark.name} is about {name}, which is not there.", _spell(name, known))
    for check in exercise.hints:
        if check not in suite.checks:
            yield _hole(
                f"course.yaml has hints for {check}, and there is no such check.",
                _spell(check, suite.checks),
                check=check,
            )


def _hole(says: str, mend: str, misconception: str = "", check: str = "") -> Hole:
    return Hole("catalogue", says, mend, misconception, check)


def _spell(name: str, known: Iterable[str]) -> str:
    return f"Mend the name.{did_you_mean(name, known)}"


def _twice(exercise: Exercise) -> Iterator[Hole]:
    """Python keeps the last of two definitions of one name; a misconception that was copied is lost that way."""
    seen: dict[str, int] = {}
    for node in ast.parse(exercise.checks.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if node.name in seen:
                yield _hole(
                    f"{exercise.checks.name} defines {node.name} twice, in lines {seen[node.name]} and {node.lineno}: "
                    "the first is lost.",
                    "Give one of them another name.",
                )
            seen[node.name] = node.lineno


def _prerequisites(suite: Suite) -> Iterator[Hole]:
    # Trainings run last, whatever their place in the file.
    order = [check.name for check in sorted(suite.checks.values(), key=lambda check: check.training)]
    for check in suite.checks.values():
        for required in check.needs:
            if required not in suite.checks:
                yield _hole(
                    f"{check.name} needs {required}, which is not there.",
                    _spell(required, suite.checks),
                    check=check.name,
                )
            elif order.index(required) >= order.index(check.name):
                yield _hole(
                    f"{check.name} needs {required}, which runs after it: it would earn nothing.",
                    f"Move {required} above {check.name}.",
                    check=check.name,
                )


def _misconception(suite: Suite, misconception: Misconception) -> Iterator[Hole]:
    name, fails, target = misconception.name, misconception.fails, misconception.target
    if fails not in suite.checks:
        yield _hole(
            f"{name} says that it fails {fails}, and there is no such check.", _spell(fails, suite.checks), name, fails
        )
    elif suite.checks[fails].training:
        yield _hole(
            f"{name} says that it fails {fails}, a training, which is never replayed and so never names anything.",
            "Let a check without training catch it.",
            name,
            fails,
        )
    targets = [*suite.references, *suite.answers]
    if target not in targets:
        yield _hole(
            f"{name} is about {target}, which is neither a reference nor a by-hand answer.",
            _spell(target, targets),
            name,
        )
    for field in ("says", "why", "look"):
        if not getattr(misconception, field).strip():
            yield _hole(f"{name} has an empty `{field}`.", "A learner reads it: write it.", name)
