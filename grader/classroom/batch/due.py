"""What a run has to grade: what is new, what has changed, what could not be graded before. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from grader.classroom.batch.find import Handed
from grader.classroom.batch.ledger import Entry, Key


@dataclass(frozen=True)
class Due:
    """The submissions of a class, dealt out.

    Args:
        new: those that were never graded.
        changed: those whose file, or whose student's numbers, are others than when they were graded.
        faulty: those that we could not grade.
        kept: student and exercise of those that need nothing.
        gone: what was graded once and is not handed in any more.
        outdated: exercise name → how many of the kept ones an older check file graded.
    """

    new: tuple[Handed, ...]
    changed: tuple[Handed, ...]
    faulty: tuple[Handed, ...]
    kept: tuple[Key, ...]
    gone: tuple[Key, ...]
    outdated: Mapping[str, int]

    @property
    def work(self) -> list[Handed]:
        """All that is to be graded, sorted by student and exercise."""
        return sorted((*self.new, *self.changed, *self.faulty), key=key_of)


def key_of(handed: Handed) -> Key:
    """What a submission is known by."""
    return handed.student, handed.exercise.name


def due(
    handed: Sequence[Handed],
    entries: Mapping[Key, Entry],
    *,
    asked: Collection[str],
    seed: int,
    checks: Mapping[str, str],
    digest: Callable[[Handed], str],
    variant: Callable[[Handed], int | None],
) -> Due:
    """Compare what was handed in with what is graded.

    Args:
        handed: what was found.
        entries: what is known of what is graded.
        asked: the names of the exercises that were asked for.
        seed: what probes are drawn from now.
        checks: exercise name → digest of its check file now.
        digest: of the file; asked only where something is graded already, for it takes reading.
        variant: what the student's numbers are drawn from now.
    """
    new, changed, faulty, kept = [], [], [], []
    outdated: Counter[str] = Counter()
    for one in handed:
        entry = entries.get(key_of(one))
        if entry is None:
            new.append(one)
        elif (entry.digest, entry.seed, entry.variant) != (digest(one), seed, variant(one)):
            changed.append(one)
        elif entry.faulty:
            faulty.append(one)
        else:
            kept.append(key_of(one))
            if entry.judged and entry.checks != checks[one.exercise.name]:
                outdated[one.exercise.name] += 1
    found = {key_of(one) for one in handed}
    gone = sorted(key for key in entries if key[1] in asked and key not in found)
    return Due(tuple(new), tuple(changed), tuple(faulty), tuple(kept), tuple(gone), dict(outdated))
