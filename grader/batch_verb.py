"""The command line of `grade batch`. Nothing here imports torch."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.options import SETTINGS, cores, course_option, drawn, tab


@click.command("batch", context_settings=SETTINGS)
@click.argument("source", metavar="DIR_OR_ARCHIVE", type=click.Path(path_type=Path), shell_complete=tab("file"))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), shell_complete=tab("folder"), metavar="DIR",
    help="The folder of the results; the same folder again goes on with what is new.",
)  # fmt: skip
@click.option(
    "--exercise", "exercises", multiple=True, shell_complete=tab("exercise or all"), metavar="NAME",
    help="Grade only this exercise; may be repeated. [all]",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N", help="Grade so many side by side. [the number of cores]"
)
@click.option(
    "--executor", default="local", metavar="local|dask://HOST:PORT",
    help="Grade on this machine, or on the workers of a Dask scheduler. [local]",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), metavar="N",
    help="Draw the checks' numbers from this seed. [what the folder was begun with, or a new one]",
)  # fmt: skip
@click.option("--variants", is_flag=True, help="Students have numbers of their own, made of their ids.")
@click.option(
    "--secret", type=click.Path(path_type=Path), metavar="FILE", help="The secret that those numbers are made with."
)
@click.option("--feedback", is_flag=True, help="Write a page for each student and exercise too.")
@click.option("--again", is_flag=True, help="Grade everything anew; what was graded is kept beside.")
@click.option(
    "--regrade", metavar="CHECK", shell_complete=tab("check of any"),
    help="Regrade only this check of what is graded, and show whose marks change before they are written.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="With --regrade: write nothing.")
@click.option("--yes", is_flag=True, help="With --regrade: write without asking.")
@click.option("--unsafe", is_flag=True, help="Grade even where the sandbox lacks layers: only code that you trust.")
@course_option
def batch(
    source: Path,
    out: Path,
    exercises: tuple[str, ...],
    jobs: int | None,
    executor: str,
    seed: int | None,
    variants: bool,
    secret: Path | None,
    feedback: bool,
    again: bool,
    regrade: str | None,
    dry_run: bool,
    yes: bool,
    unsafe: bool,
    course: Path | None,
) -> int:
    """Grade a whole class: a folder with a folder for each student, a course folder of nbgrader, or an archive of one.

    Each result is on the disk as soon as it is there. The same command again goes on where it was stopped, however that
    was, and grades what is new or has changed. At the end --out holds insights.html, and tables for the gradebooks of
    Canvas and Moodle.

    The exit code is 0 if everything was graded, 1 if something has no verdict through our fault, 2 if the input cannot
    be used, and 130 if it was stopped.
    """
    from grader.classroom.batch import command

    if regrade is None and (dry_run or yes):
        raise click.UsageError("--dry-run and --yes belong to --regrade CHECK.")
    if regrade is not None and again:
        raise click.UsageError("--regrade is for one check, --again for everything: leave one of them out.")
    if secret is not None and not variants:
        raise click.UsageError("--secret belongs to --variants: give both.")
    if dry_run and yes:
        raise click.UsageError("--dry-run writes nothing, so there is nothing to answer with --yes.")
    request = command.Request(
        source, out, exercises, jobs or cores(), executor, seed, drawn(None), variants, secret, again, unsafe, course,
        feedback,
    )  # fmt: skip
    if regrade is None:
        return command.run(request)
    from grader.classroom.batch import regrade as regrading

    asking = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    return regrading.run(regrade, request, write=not dry_run, asking=asking)
