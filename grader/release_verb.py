"""The command line of `grade release`. Nothing here imports torch."""

from __future__ import annotations

from pathlib import Path

import click

from grader.options import SETTINGS, course_option, tab
from grader.text import one_line

SYSTEMS = ("nbgrader", "gradescope", "github")
"""What `grade release` writes for."""


def _systems(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    return [name for name in SYSTEMS if name.startswith(begun)]


@click.command("release", context_settings=SETTINGS)
@click.argument("system", metavar="SYSTEM", shell_complete=_systems)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path), shell_complete=tab("folder"))
@click.argument("exercises", nargs=-1, metavar="[EXERCISE…|all]", shell_complete=tab("exercise or all"))
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="Let nbgrader or Gradescope draw the checks' numbers from this seed. [what DIR has, or a new one]",
)
@click.option(
    "--variants",
    type=click.Path(path_type=Path),
    metavar="STUDENTS_FILE",
    help="For nbgrader: also a notebook for each of these students, with by-hand numbers of their own.",
)
@course_option
def release(
    system: str,
    directory: Path,
    exercises: tuple[str, ...],
    seed: int | None,
    variants: Path | None,
    course: Path | None,
) -> int:
    """Write into DIR what a class on another SYSTEM needs, for each exercise that is named, or for all.

    \b
    SYSTEM is one of:
      nbgrader    source notebooks, our lines in nbgrader_config.py, a README
      gradescope  autograder.zip, which holds reparam itself, and a README
      github      a template repository that GitHub Classroom grades at every push

    What you have changed is kept: run it again as often as you like. docs/instructors.md goes on from there, with each
    command.
    """  # noqa: D301  click takes a backspace character for "keep these lines as they are"
    if variants is not None and system != "nbgrader":
        raise click.UsageError("--variants writes notebooks for nbgrader: grade release nbgrader DIR --variants FILE")
    if system == "nbgrader":
        from grader.classroom import release as releasing

        return releasing.run(exercises, releasing.Request(directory, course, seed, variants))
    if system == "gradescope":
        from grader.classroom import release_gradescope

        return release_gradescope.run(exercises, release_gradescope.Request(directory, course, seed))
    if system == "github":
        if seed is not None:
            raise click.UsageError("On GitHub the numbers are new at every push: leave out --seed.")
        from grader.classroom import release_github

        return release_github.run(exercises, release_github.Request(directory, course))
    known = ", ".join(SYSTEMS)
    raise click.UsageError(f'"{one_line(system, 60)}"? It writes for one of {known}: grade release nbgrader DIR')
