"""The other commands of `grade`. Nothing here imports torch."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from grader import output
from grader.batch_verb import batch
from grader.options import SETTINGS, cores, course_option, drawn, seed_option, tab
from grader.release_verb import release
from grader.text import one_line

PASSED = 0


@click.command("init", context_settings=SETTINGS)
@click.argument(
    "directory", metavar="DIR", required=False, type=click.Path(path_type=Path), shell_complete=tab("folder")
)
@click.option("--update", is_flag=True, help="Bring new exercises and better texts into DIR; your work stays.")
@click.option("--student", metavar="ID", help="Keep this id in DIR; reports carry it, and by-hand numbers are its own.")
@click.option(
    "--secret",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the student's numbers from this secret of the course, which stays where it is.",
)
@click.option("--notebooks", is_flag=True, help="Write notebooks for Jupyter and VS Code instead of .py files.")
@course_option
def init(
    directory: Path | None,
    update: bool,
    student: str | None,
    secret: Path | None,
    notebooks: bool,
    course: Path | None,
) -> int:
    """Copy the exercises to DIR, which is made if it is not there. Files that are there already are kept.

    With --student, questions that are answered by hand ask for numbers of the student's own, the same at every call.
    Only files that are written now get them; those that are there already keep theirs, and are graded by them.

    With --update, what is new since is merged into the files that are there: a cell that you changed stays as it is
    wherever ours changed too, and is named; a file that changes is kept in .reparam/backups. DIR may then be left out
    inside your folder.
    """
    from grader import jobs, own_numbers, variants, workspace
    from grader import student as students

    name = students.valid(student) if student is not None else ""
    source = jobs.open_course(course)
    if update and notebooks:
        raise click.UsageError("--update brings new exercises in the form that the others have: leave out --notebooks.")
    if secret is not None and not name:
        raise click.UsageError("--secret goes with --student: whose numbers are to be drawn?")
    hidden = variants.read_secret(secret) if secret is not None else variants.public_secret(source)
    key = variants.key(hidden, name) if name else None
    if update:
        from grader import update as updating

        return updating.run(directory, source, name, key=key)
    if directory is None:
        raise click.UsageError("Which folder? `grade init DIR` makes one and copies the exercises to it.")
    own = own_numbers.begin(directory, source, key)
    copied = workspace.init(directory, source, notebooks=notebooks, variant=own.variant)
    for path in copied.kept:
        click.echo(f"kept    {path} (it is there already)")
    for path in [*copied.written, *([students.keep(directory, name)] if name else [])]:
        click.echo(f"written {path}")
    for line in own_numbers.told(own, source) if name else ():
        click.echo(line)
    first = source.exercises[0]
    moves = directory.resolve() != Path.cwd()
    # From the folder to change to, a relative path to the course would lead elsewhere.
    source = replace(source, folder=course.resolve()) if course is not None and moves else source
    if notebooks and any(path.suffix == ".py" for path in copied.kept):
        click.echo("An exercise keeps the form that it has. To work in notebooks, choose another folder.")
    if workspace.form(first, directory / workspace.FOLDER) == ".ipynb":
        steps = workspace.notebook_steps(first)
    else:
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
    return command.run(exercises, command.Request(course, form, out, drawn(seed), jobs or cores()))


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


@click.command("history", context_settings=SETTINGS)
@click.argument("exercise", required=False, shell_complete=tab("exercise"))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print. [text]")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the history to a file instead.")
@course_option
def history(exercise: str | None, form: str, out: Path | None, course: Path | None) -> int:
    """Show your attempts at an exercise, or at all: points, what each attempt changed, hints taken. Newest last.

    It is read from .reparam in your folder; nothing leaves this computer. JSON holds everything that is kept there.
    """
    from grader import history

    if out is not None:
        output.check_target(out)
    return history.run(exercise, history.Request(form, out, course))


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

    What was in the file goes to .reparam/backups.
    """
    from grader import reset

    return reset.run(exercise, course, undo=undo)


@click.command("report", context_settings=SETTINGS)
@click.argument("exercises", nargs=-1, metavar="[EXERCISE…|all]", shell_complete=tab("exercise or all"))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it here. [report.html]")
@click.option("--open", "show", is_flag=True, help="Open it in the browser too.")
@course_option
def report(exercises: tuple[str, ...], out: Path | None, show: bool, course: Path | None) -> int:
    """Write your latest verdicts as a page for the browser: report.html in your folder.

    It shows what the last grading of each exercise found, with its pictures, and grades nothing again. The page is one
    file that needs no network, so it can be kept, printed or sent.
    """
    from grader import report_page

    return report_page.run(exercises, report_page.Request(out, show, course))


VERBS = {
    "init": init,
    "hint": hint,
    "history": history,
    "solution": solution,
    "reset": reset,
    "report": report,
    "release": release,
    "batch": batch,
    "audit": audit,
    "doctor": doctor,
    "completion": completion,
}
