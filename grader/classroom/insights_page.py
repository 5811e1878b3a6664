"""The insights of a class as a page for the browser: one file, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from grader.classroom.insights import ExerciseInsight, Insights
from grader.classroom.marks import FEW, TENTHS, Marks, bin_names, percent, share
from grader.classroom.understanding import Misunderstood
from grader.render import bars
from grader.render.html import environment

NAMES, FEWER_NAMES = 60, 10
"""Names behind a number, and behind one of a rare mistake. All are in `insights.json`; a page must stay a page."""

ROWS = 25
"""Rows of one table of students, likewise."""

_MISCONCEPTIONS = 12
"""Of each exercise; rarer ones are folded away."""

_SHADES = (10, 20, 35, 50)
"""From these percentages on, a cell of the heat map is a shade darker."""


def page(insights: Insights) -> str:
    """A whole file, with everything cleaned and escaped.

    Args:
        insights: what to tell.
    """
    template = environment().get_template("insights.html.j2")
    return template.render(
        title=f"Insights: {insights.course}",
        found=insights,
        titles={exercise.name: exercise.title for exercise in insights.exercises},
        checks={(check.exercise, check.name): check.title for one in insights.exercises for check in one.checks},
        named={(one.exercise, one.name): one for one in insights.misconceptions},
        misconceptions=[(exercise, *_by_frequency(insights, exercise)) for exercise in insights.exercises],
        label=_label,
        bars=bars,
        chart_of=_chart,
        middle=_middle,
        shade=_shade,
        shades=_SHADES,
        percent=percent,
        share=share,
        few=FEW,
        most_names=NAMES,
        fewer_names=FEWER_NAMES,
        most_rows=ROWS,
    )


def _label(exercise: str) -> str:
    """``Exercise 3``."""
    return "Exercise " + exercise.partition("_")[0].removeprefix("exercise")


def _chart(marks: Marks) -> bars.Bars:
    labels = [str(100 * place // TENTHS) for place in range(TENTHS)] + ["all"]
    return bars.lay_out(bin_names(), labels, marks.bins)


def _middle(marks: Marks) -> str:
    """Where the middle half lies; for a few students, all their points."""
    if marks.median is None:
        return ", ".join(map(str, marks.points)) or "–"
    return f"{marks.median:g} ({marks.lower:g} to {marks.upper:g})"


def _shade(count: int, total: int) -> int:
    """The shade of a cell of the heat map; none where there are too few for a share."""
    if not count or total < FEW:
        return 0
    return 1 + sum(percent(count, total) >= least for least in _SHADES)


def _by_frequency(
    insights: Insights, exercise: ExerciseInsight
) -> tuple[Sequence[Misunderstood], Sequence[Misunderstood]]:
    """The common misconceptions of an exercise, and the rare ones."""
    mine = [one for one in insights.misconceptions if one.exercise == exercise.name]
    alone = 1 if len(insights.students) > FEW else 0
    common = sum(len(one.students) > alone for one in mine[:_MISCONCEPTIONS])
    return mine[:common], mine[common:]
