"""The last words of a batch: what was graded, how it went, where the files are, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.classroom.batch.record import Record, Results
from grader.render.page import Look, Page, plural
from grader.text import one_line

_SHOWN = 3
_FIRST = "insights.html"


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Args:
        now: how many were graded in it.
        open: how many are still to be graded, because it was stopped.
        files: what was written.
        again: the command line that goes on with what is new, or was left.
        folder: where the results are, as it was named.
    """

    now: int
    open: int
    files: Sequence[Path]
    again: str
    folder: Path


def closing(results: Results, ending: Ending, look: Look) -> str:
    """The last words.

    Args:
        results: the class.
        ending: how the run ended.
        look: what the place can show where they are written.
    """
    page = Page(look)
    page.blank()
    faults: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for exercise in results.exercises:
        graded = [(record.points, _kind(record), record.fault) for record in results.of(exercise)]
        if not graded:
            continue
        kinds.update(kind for _, kind, _ in graded)
        faults.update(one_line(fault, 300) for _, _, fault in graded if fault)
        page.line("  ", (exercise.short, "bold"), f"  {_mean(graded, results.max_points[exercise.name])}")
        page.right(_counted(Counter(kind for _, kind, _ in graded)), "dim")
    page.blank()
    whose = f"{plural(sum(kinds.values()), 'submission')} of {plural(len(results.students), 'student')}"
    now = f", {ending.now:,} of them now" if 0 < ending.now < sum(kinds.values()) else ""
    page.paragraph(f"{whose}{now}: {_counted(kinds) or 'none graded'}; seed {results.seed}.", first="  ", hang=2)
    for fault, count in faults.most_common(_SHOWN):
        page.paragraph(f"Not graded, through no fault of theirs ({count:,}): {fault}", first="  ", hang=2, style="red")
    names = [one_line(path.name) for path in ending.files if path.name != _FIRST]
    page.line(f"  open {one_line(str(ending.folder / _FIRST), 4000)}")  # in one piece, to be copied
    page.paragraph(f"beside it: {', '.join(names)}", first="  ", hang=2, style="dim")
    page.blank()
    page.line(f"  {_lead(ending, faults)}:")
    page.line("    ", (one_line(ending.again, 4000), "bold"))
    return page.text()


def _lead(ending: Ending, faults: Iterable[str]) -> str:
    if ending.open:
        return f"stopped; {plural(ending.open, 'submission')} left. To go on"
    return "to grade those again" if any(faults) else "next, for what is new or changed"


def _kind(record: Record) -> str:
    return "graded" if record.report is not None else "unusable" if record.problem else "not graded"


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{kinds[kind]:,} {kind}" for kind in ("graded", "unusable", "not graded") if kinds[kind])


def _mean(graded: Sequence[tuple[int, str, str]], most: int) -> str:
    """Of whoever has a verdict; a file that cannot be used earns nothing, one that we owe a verdict does not count."""
    points = [earned for earned, kind, _ in graded if kind != "not graded"]
    return f"mean {sum(points) / len(points):.1f} of {most}" if points else "no verdict"
