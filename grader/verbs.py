"""The other commands of `grade`, and what their command lines have in common. Nothing here imports torch."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from grader import output
from grader.text import one_line

PASSED = 0

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


def tab(what: str) -> Callable[[click.Context, click.Parameter, str], Any]:
    """What the Tab key offers for a parameter, as `completion.OFFERS` names it."""

    def offer(context: click.Context, _: click.Parameter, incomplete: str) -> Any:
        from grader import completion

        return completion.OFFERS[what](context, incomplete)

    return offer


course_option = click.option(
    "--course",
    type=click.Path(path_type=Path),
    shell_complete=tab("folder"),
    metavar="DIR",
    help="A course that is not ours; its check files are trusted code.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="Draw the checks' numbers from this seed; otherwise they are new each time.",
)


def drawn(seed: int | None) -> int:
    """The seed that was asked for, or a new one."""
    return secrets.randbits(31) if seed is None else seed


@click.command("init", context_settings=SETTINGS)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path), shell_complete=tab("folder"))
@course_option
def init(directory: Path, course: Path | None) -> int:
    """Copy the exercises to DIR, which is made if it is not there. Files that are there already are kept."""
    from grader import jobs, workspace

    source = jobs.open_course(course)
    copied = workspace.init(directory, source)
    for path in copied.kept:
        click.echo(f"kept    {path} (it is there already)")
    for path in copied.written:
        click.echo(f"written {path}")
    first = source.exercises[0]
    moves = directory.resolve() != Path.cwd()
    # From the folder to change to, a relative path to the course would lead elsewhere.
    source = replace(source, folder=course.resolve()) if course is not None and moves else source
    steps = [f"open exercises/{first.stub.name}", source.command(first.short)]
    if moves:
        steps.insert(0, f"cd {shlex.quote(str(directory))}")
    click.echo("\nnext: " + "\n      ".join(one_line(step, 4000) for step in steps))
    return PASSED


@click.command("audit", context_settings=SETTINGS)
@click.argument("exercises", nargs=-1, metavar="[EXERCISE…|all]", shell_complete=tab("exercise or all"))
@course_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print. [text]")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the audit to a file instead.")
@seed_option
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="Grade so many side by side. [the number of cores]"
)
def audit(
    exercises: tuple[str, ...], course: Path | None, form: str, out: Path | None, seed: int | None, jobs: int | None
) -> int:
    """Prove that the checks of some exercises, or of all, work: for those who write or teach them.

    Puts every known misconception into the solution's place, grades what comes out in the sandbox, and shows which
    check caught it and which named it. The solution must earn everything; the stub and constants nothing.

    The exit code is 0 if there is no hole, 1 if there is one, and 2 if the input cannot be used.
    """
    from grader.audit import command

    if out is not None:
        output.check_target(out)
    size = jobs or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 64)
    return command.run(exercises, command.Request(course, form, out, drawn(seed), size))


@click.command("doctor", context_settings=SETTINGS)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print. [text]")
def doctor(form: str) -> int:
    """Say whether grading works on this machine, and what is missing.

    Shows versions, each layer of the sandbox or why it is missing, the folders that are written to, the course's files,
    and how long things take. What it prints belongs in a bug report.

    The exit code is 0 if everything that a grading needs is there, 1 if something is missing, and 2 if the input cannot
    be used.
    """
    from grader import doctor

    return doctor.run(form)


@click.command("completion", context_settings=SETTINGS)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print what makes the Tab key complete commands, exercises, options and names of checks.

    \b
    Try it, and put the same line into the shell's start-up file to keep it:
      bash  eval "$(grade completion bash)"      ~/.bashrc
      zsh   eval "$(grade completion zsh)"       ~/.zshrc, after compinit
      fish  grade completion fish | source       ~/.config/fish/config.fish
    """  # noqa: D301  click takes a backspace character for "keep these lines as they are"
    from grader import completion
    from grader.cli import grade

    output.to_stdout(completion.script(shell, grade))
    return PASSED


@click.command("hint", context_settings=SETTINGS)
@click.argument("exercise", shell_complete=tab("exercise"))
@click.option(
    "--check",
    shell_complete=tab("check"),
    metavar="NAME",
    help="A hint for this check. [the first that is not passed yet]",
)
@click.option("--again", is_flag=True, help="Show the hints that you have taken, and no other.")
@course_option
def hint(exercise: str, check: str | None, again: bool, course: Path | None) -> int:
    """Give one hint for a check of an exercise: a question, then a pointer, then a worked neighbour.

    Each call gives the next tier; after the third it shows all three. No hint is the answer, and none costs points.
    Without --check it helps with the first check that your last attempt did not pass.
    """
    from grader import hints

    return hints.run(exercise, hints.Request(check, again, course))


@click.command("solution", context_settings=SETTINGS)
@click.argument("exercise", shell_complete=tab("exercise"))
@click.option("--give-up", is_flag=True, help="Show it although the exercise is not passed yet.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file instead.")
@course_option
def solution(exercise: str, give_up: bool, out: Path | None, course: Path | None) -> int:
    """Compare your code with our solution, after you have passed the exercise.

    Shows what differs as a unified diff: lines with - are yours, lines with + are ours. The exit code is 2 while points
    are missing, unless you give up.
    """
    from grader import solution

    return solution.run(exercise, course, give_up=give_up, out=out)


@click.command("reset", context_settings=SETTINGS)
@click.argument("exercise", shell_complete=tab("exercise"))
@click.option("--undo", is_flag=True, help="Bring back what the latest reset replaced.")
@course_option
def reset(exercise: str, undo: bool, course: Path | None) -> int:
    """Begin an exercise anew: a fresh copy takes the place of your file, which is kept.

    What was in the file goes to .reparam/backups. Notebooks are left alone.
    """
    from grader import reset

    return reset.run(exercise, course, undo=undo)


VERBS = {
    "init": init,
    "hint": hint,
    "solution": solution,
    "reset": reset,
    "audit": audit,
    "doctor": doctor,
    "completion": completion,
}
