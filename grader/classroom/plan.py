"""What a released notebook is made of: which cells hold answers, and which checks are graded after which of them.

The one place that says so: the source notebook is written from it, and autograde goes by it rather than by what a
student's file claims.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader import author, listing, percent
from grader.course import Exercise
from grader.errors import UnusableInput
from grader.text import one_line


@dataclass(frozen=True)
class GradeCell:
    """A locked cell that nbgrader takes points from.

    Args:
        id: its ``grade_id``, ``sample-latent``; it stays when texts are improved.
        checks: names of the checks that it stands for.
        points: what they earn together.
        after: the name of the cell that it follows.
    """

    id: str
    checks: tuple[str, ...]
    points: int
    after: str


@dataclass(frozen=True)
class AnswerCell:
    """A cell that students fill.

    Args:
        id: its ``grade_id``.
        name: of the cell, ``sample-latent``.
        by_person: whether a person grades what is in it.
    """

    id: str
    name: str
    by_person: bool


@dataclass(frozen=True)
class Plan:
    """The cells of an exercise's notebook.

    Args:
        cells: those of the solution, by name and in their order.
        answers: the cells among them that students fill.
        grades: the cells that grade them; each check is in exactly one.
    """

    cells: Mapping[str, percent.Cell]
    answers: tuple[AnswerCell, ...]
    grades: tuple[GradeCell, ...]

    @property
    def points(self) -> int:
        """What the exercise earns."""
        return sum(cell.points for cell in self.grades)


def grade_cells(exercise: Exercise) -> tuple[GradeCell, ...]:
    """The cells that grade an exercise, in the order of its notebook.

    Raises:
        UnusableInput: its files cannot be read, or have no place to fill.
    """
    return plan(exercise).grades


def plan(exercise: Exercise) -> Plan:
    """The cells of an exercise's notebook.

    A check is graded after the last cell that it needs: one that defines a name which it uses, or that a check which
    must pass before it uses. So a notebook that runs from top to bottom has defined everything by then.

    Raises:
        UnusableInput: the solution or the check file cannot be read, or there is no place to fill.
    """
    exercise.require_checks()
    found = percent.cells(author.read_source(exercise))
    cells = dict(zip(percent.names(found), found, strict=True))
    names = [name for name, cell in cells.items() if cell.kind == "code" and author.BEGIN in cell.source]
    if not names:
        raise UnusableInput(f"{one_line(exercise.solution.name)} has no {author.BEGIN}: students could fill nothing.")
    defined = {name: percent.defined(cells[name]) for name in names}
    texts = set(listing.texts_in(exercise.checks))
    answers = [_answer(name, by_person=not texts.isdisjoint(defined[name])) for name in names]
    places = {word: place for place, name in enumerate(names) for word in defined[name]}
    graded: dict[int, list[tuple[str, int]]] = {}
    for check, points, place in _placed(exercise, places):
        graded.setdefault(place, []).append((check, points))
    return Plan(
        cells=cells,
        answers=tuple(answers),
        grades=tuple(_grade_cell(names[place], graded[place]) for place in sorted(graded)),
    )


def _answer(name: str, *, by_person: bool) -> AnswerCell:
    return AnswerCell(name if by_person else f"answer_{name}", name, by_person)


def _grade_cell(name: str, checks: list[tuple[str, int]]) -> GradeCell:
    return GradeCell(name, tuple(check for check, _ in checks), sum(points for _, points in checks), after=name)


def _placed(exercise: Exercise, places: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    """Each check with its points and the place of the cell that it follows."""
    found: dict[str, int] = {}
    mentioned = listing.mentions_in(exercise.checks)
    for check in listing.checks_in(exercise.checks):
        if check.points is None:
            where = f"{one_line(str(exercise.checks))}, {check.name}"
            raise UnusableInput(f"{where}: write the points as a plain number, @points(2), to release it.")
        own = [places[word] for word in mentioned.get(check.name, ()) if word in places]
        # Who mentions no answer at all may need any of them.
        above = [found[name] for name in check.needs if name in found]
        found[check.name] = max(own + above) if own else max(places.values())
        yield check.name, check.points, found[check.name]
