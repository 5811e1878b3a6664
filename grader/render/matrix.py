"""An audit as its readers see it: a matrix of misconceptions and checks for each exercise, and the holes in words."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from grader.findings import Audit, ExerciseAudit, Outcome, Row
from grader.render.page import COLOURS, Look, Page, plural
from grader.report import Status
from grader.text import one_line

_NAMED, _OTHERWISE, _UNNAMED, _PASSED, _NOT_RUN = range(5)
_MARKS = ("●", "◐", "○", "·", "–")
_PLAIN_MARKS = ("@", "%", "o", ".", "-")
_WORDS = ("caught, named as itself", "caught, named as another", "caught, not named", "passed", "not run")
_STYLES = ("green", "yellow", "yellow", "dim", "dim")
_NARROWEST_NAME = 12


def matrix(audit: ExerciseAudit, look: Look) -> str:
    """One exercise: its checks with numbers, its misconceptions against them, its holes."""
    page = Page(look)
    page.blank()
    page.line("  ", (one_line(audit.exercise), "bold"))
    page.right(f"{audit.seconds:.0f} s", "dim")
    page.blank()
    _legend(page, audit)
    if any(row.outcomes for row in audit.rows):
        _rows(page, audit)
    _holes(page, audit)
    return page.text()


def summary(audit: Audit, look: Look, command: str) -> str:
    """The last lines: what the marks mean, and what all exercises come to.

    Args:
        audit: the whole of it.
        look: what the terminal can show.
        command: what runs it again.
    """
    page = Page(look)
    page.line("")
    marks = _marks(look)
    page.paragraph("   ".join(f"{marks[kind]} {_WORDS[kind]}" for kind in range(len(_WORDS))), hang=2, style="dim")
    page.blank()
    rows = sum(len(exercise.rows) for exercise in audit.exercises)
    columns = sum(len(exercise.columns) for exercise in audit.exercises)
    status = Status.FAILED if audit.holes else Status.PASSED
    counted = f"{plural(rows, 'misconception')} against {plural(columns, 'check')}"
    said = Text.assemble(f"{counted} in {plural(len(audit.exercises), 'exercise')}: ", (audit.verdict, "bold"))
    page.paragraph(said, first=Text(f"  {look.mark(status)} ", style=COLOURS[status]), hang=4)
    page.paragraph(f"seed {audit.seed}; again: {command} --seed {audit.seed}", hang=4, style="dim")
    return page.text()


def _legend(page: Page, audit: ExerciseAudit) -> None:
    """The checks, each with the number of its column, its points, and how many misconceptions it caught."""
    for number, column in enumerate(audit.columns, 1):
        page.line(f"  {number:>3}  {one_line(column.name, page.look.width - 24)}")
        page.right(f"caught {audit.caught_by(column.name)} of {len(audit.rows)}", "dim")
    trainings = [check.name for check in audit.checks if check.training]
    if trainings:
        page.paragraph(f"not in the matrix, as trainings are not replayed: {', '.join(trainings)}", hang=7, style="dim")


def _rows(page: Page, audit: ExerciseAudit) -> None:
    numbers = {column.name: number for number, column in enumerate(audit.columns, 1)}
    longest = max(len("misconception"), *(len(row.name) for row in audit.rows))
    space = page.look.width - 2 - 2 - 6  # after margin, mark, and the column of `fails`
    step = 2 if longest + 2 * len(numbers) <= space else 1
    name = min(longest, max(space - step * len(numbers), _NARROWEST_NAME))
    page.blank()
    if len(numbers) > 9:
        page.line(" " * (10 + name), ("".join(f"{n // 10 or ' ':>{step}}" for n in numbers.values()), "dim"))
    digits = "".join(f"{n % 10:>{step}}" for n in numbers.values())
    page.line(f"    {'misconception':{name}}", ("fails".rjust(6), "dim"), (digits, "dim"))
    broken = {hole.misconception for hole in audit.holes}
    # Those that one check is to catch stand together, as a block down the diagonal.
    for row in sorted(audit.rows, key=lambda row: numbers.get(row.fails, 0)):
        mark = page.look.mark(Status.FAILED) if row.name in broken else " "
        shown = row.name if len(row.name) <= name else row.name[: name - 1] + ("…" if page.look.unicode else "~")
        line = Text.assemble((f"  {mark} ", "red"), shown.ljust(name), (f"{numbers.get(row.fails, '?'):>6}", "dim"))
        for column in audit.columns:
            kind = _kind(row, row.outcomes.get(column.name))
            line.append(f"{_marks(page.look)[kind]:>{step}}", style=_STYLES[kind])
        page.line(line)


def _kind(row: Row, outcome: Outcome | None) -> int:
    if outcome is None or outcome.status in (Status.SKIPPED, Status.NOT_ATTEMPTED):
        return _NOT_RUN
    if not outcome.caught:
        return _PASSED
    if not outcome.named:
        return _UNNAMED
    return _NAMED if outcome.named == row.name else _OTHERWISE


def _marks(look: Look) -> tuple[str, ...]:
    return _MARKS if look.unicode else _PLAIN_MARKS


def _holes(page: Page, audit: ExerciseAudit) -> None:
    if not audit.holes:
        return
    page.blank()
    mark = Text(f"  {page.look.mark(Status.FAILED)} ", style="red")
    page.paragraph(Text(plural(len(audit.holes), "hole"), style="bold"), first=mark, hang=4)
    arrow = "→ " if page.look.unicode else "> "
    for number, hole in enumerate(audit.holes, 1):
        lead = f"    {number}. "
        page.paragraph(hole.says, first=lead, hang=cell_len(lead))
        page.paragraph(
            hole.mend, first=Text(" " * cell_len(lead) + arrow, style="cyan"), hang=cell_len(lead) + 2, style="cyan"
        )
