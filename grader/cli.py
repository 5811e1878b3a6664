"""The command `grade`. Nothing here imports torch, and what takes time to import waits until it is needed."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from grader import __version__, output
from grader.errors import GraderError, UnusableInput
from grader.options import SETTINGS, course_option, drawn, seed_option, tab
from grader.text import nearest, one_line
from grader.verbs import PASSED, VERBS

UNUSABLE, INTERRUPTED = 2, 130


@click.command("grade", context_settings=SETTINGS)
@click.argument("exercise", required=False, shell_complete=tab("exercise or all"))
@click.option(
    "--submission",
    type=click.Path(path_type=Path, readable=False),  # whoever reads it says better why it cannot be read
    metavar="FILE",
    help="Grade this .py or .ipynb file.",
)
@click.option(
    "--submission-dir",
    type=click.Path(path_type=Path),
    shell_complete=tab("folder"),
    metavar="DIR",
    help="Grade the files of this folder, named like the exercises.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    shell_complete=tab("check"),
    metavar="NAME",
    help="Run only this check; may be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html", "junit", "gradescope"]),
    default="text",
    help="What to print. [text]",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the report to a file instead.")
@click.option(
    "--watch", is_flag=True, help="Stay, and grade again at every save; ? shows the keys. [the next open exercise]"
)
@seed_option
@course_option
@click.version_option(__version__, prog_name="reparam", message="%(prog)s %(version)s")
def grade(
    exercise: str | None,
    submission: Path | None,
    submission_dir: Path | None,
    checks: tuple[str, ...],
    form: str,
    out: Path | None,
    watch: bool,
    seed: int | None,
    course: Path | None,
) -> int:
    """Grade your answers to an exercise: what is right, what is wrong, and why.

    EXERCISE is a name such as exercise3, its number 3, its topic masked_convolution, or "all". Without it, `grade`
    shows what you have passed and what comes next.

    \b
    Other commands:
      grade init DIR           copy the exercises to DIR
      grade hint EXERCISE      give one hint more
      grade history            show your attempts and what each of them changed
      grade solution EXERCISE  compare your code with ours, after a pass
      grade reset EXERCISE     begin anew; your file is kept
      grade report             write your latest verdicts as a page for the browser
      grade release            write what nbgrader, Gradescope or GitHub needs
      grade batch              grade a whole class, and regrade what has changed
      grade audit              prove that the checks catch every known mistake
      grade doctor             say whether grading works on this machine
      grade completion         print what makes the Tab key complete these words

    The exit code is 0 if every check passed, 1 if some check failed, and 2 if the input cannot be used or the grading
    itself broke.
    """  # noqa: D301  click takes a backspace character for "keep these lines as they are"
    from grader import grading

    if submission and submission_dir:
        raise UnusableInput("--submission and --submission-dir exclude each other: give one of them.")
    if watch:
        if out is not None or form != "text":
            raise UnusableInput("--watch shows its verdicts on a screen: leave out --out and --format.")
        if exercise is not None:
            _expect(exercise, course)
        from grader.watch import choice, command

        return command.run(exercise, choice.Request(submission, submission_dir, checks, seed, course))
    if exercise is None:
        if submission or submission_dir or checks or out or form != "text" or seed is not None:
            raise UnusableInput("Which exercise? These options need one: `grade EXERCISE …`, or `grade all …`.")
        grading.show_progress(course)
        return PASSED
    request = grading.Request(
        submission=submission,
        folder=submission_dir,
        checks=checks,
        form=form,
        out=out,
        seed=drawn(seed),
        course=course,
    )
    _expect(exercise, course)
    if form == "html" and out is None and sys.stdout.isatty():
        raise UnusableInput("A report in HTML is read in a browser. Give it a file: --format html --out report.html")
    if out is not None:
        output.check_target(out)
    return grading.run(exercise, request)


def _expect(word: str, folder: Path | None) -> None:
    """Refuse what is neither an exercise, nor a file, nor `all`; name the nearest exercise or verb.

    Raises:
        UnusableInput: there is nothing of that name.
    """
    from grader.jobs import open_course
    from grader.workspace import SUFFIXES

    if word == "all" or word.endswith(SUFFIXES):
        return
    course = open_course(folder)
    try:
        course.find(word)
    except UnusableInput:
        verbs = [*VERBS, "all"]
        likely = nearest(word, [*verbs, *course.names()])
        if likely not in verbs:
            raise
        message = f'There is no exercise or command "{one_line(word, 60)}". Did you mean `grade {likely}`?'
        raise UnusableInput(message) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    output.prepare()
    if question := os.environ.get("_GRADE_COMPLETE"):  # a shell's script asks, not a person
        from grader import completion

        output.to_stdout(completion.answer(question, grade, VERBS))
        return PASSED
    verb = words[0] if words and words[0] in VERBS else ""
    command, name = (VERBS[verb], f"grade {verb}") if verb else (grade, "grade")
    try:
        # Not click's own main(), which has ideas of its own about a reader that has gone away.
        with command.make_context(name, words[1:] if verb else words) as context:
            code = command.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except (UnusableInput, GraderError) as error:
        return _stop(str(error))
    except click.UsageError as error:
        return _stop(f"{error.format_message()}\n`{name} --help` shows what it takes.")
    except (KeyboardInterrupt, click.Abort):
        _stop("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        output.silence()
        return PASSED
    except Exception as error:  # noqa: BLE001  the last resort: words instead of a traceback
        return _own_fault(error)
    return int(code or PASSED)


def _stop(message: str) -> int:
    click.echo(message, err=True)
    return UNUSABLE


def _own_fault(error: Exception) -> int:
    if os.environ.get("REPARAM_TRACEBACK"):
        traceback.print_exception(error)
    reason = one_line(f"{type(error).__name__}: {error}", 300)
    return _stop(
        f"reparam itself failed: {reason}\nYour files are as they were. Please report this; "
        "REPARAM_TRACEBACK=1 shows where it happened."
    )


if __name__ == "__main__":
    sys.exit(main())
