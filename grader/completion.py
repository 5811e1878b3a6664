"""What the Tab key offers in bash, zsh and fish. Check files are read, never imported: no key press waits for torch.

click's own scripts call `grade` with the words of the line in the environment; they get its suggestions back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from grader import jobs, workspace
from grader.course import Course, Exercise
from grader.errors import UnusableInput
from grader.listing import checks_in
from grader.text import one_line

PROGRAM = "grade"
VARIABLE = "_GRADE_COMPLETE"
"""The environment variable by which a shell's script asks: ``bash_complete``."""

Item = CompletionItem[str]


def script(shell: str, command: click.Command) -> str:
    """The text that a shell reads to complete the words of `grade`.

    Args:
        shell: ``bash``, ``zsh`` or ``fish``.
        command: `grade` itself.
    """
    return _speaker(shell, command).source()


def answer(instruction: str, command: click.Command, verbs: Mapping[str, click.Command]) -> str:
    """What the shell's script is told about the line that it put into the environment; empty when in doubt.

    Args:
        instruction: the value of ``VARIABLE``.
        command: `grade` without a verb.
        verbs: the others, by name.
    """
    try:
        speaker = _speaker(instruction.removesuffix("_complete"), command)
        words, incomplete = speaker.get_completion_args()
        words, option, incomplete = _without_equals(words, incomplete)
        items = suggestions(speaker, words, incomplete, verbs)
        # bash replaces what follows the "=", the others the whole word.
        lead = option if speaker.name != "bash" else ""
        return "".join(f"{speaker.format_completion(_led(item, lead))}\n" for item in items)
    except Exception:  # noqa: BLE001  a message would land in the middle of the line that somebody types
        return ""


def suggestions(
    speaker: ShellComplete, words: list[str], incomplete: str, verbs: Mapping[str, click.Command]
) -> list[Item]:
    """What fits behind the words that stand there already; the first of them may be a verb."""
    if words and words[0] in verbs:
        speaker.cli = verbs[words[0]]
        return speaker.get_completions(words[1:], incomplete)
    found = speaker.get_completions(words, incomplete)
    if not words and not incomplete.startswith("-"):
        about = {name: verb.get_short_help_str(60) for name, verb in verbs.items() if name.startswith(incomplete)}
        # A path is offered for want of anything better only.
        found = [item for item in found if not about or item.type == "plain"]
        found += [CompletionItem(name, help=text) for name, text in about.items()]
    return found


def _speaker(shell: str, command: click.Command) -> ShellComplete:
    kind = get_completion_class(shell)
    if kind is None:
        raise UnusableInput(f"There is no completion for {one_line(shell, 40)}.")
    return kind(command, {}, PROGRAM, VARIABLE)


def _without_equals(words: list[str], incomplete: str) -> tuple[list[str], str, str]:
    """``--check=te``, of which bash makes three words, as the two words ``--check te``, and the part that was taken."""
    kept = [
        word for place, word in enumerate(words) if not (word == "=" and place and words[place - 1].startswith("--"))
    ]
    if incomplete == "=":
        return kept, "", ""
    if incomplete.startswith("--") and "=" in incomplete:
        option, _, rest = incomplete.partition("=")
        return [*kept, option], f"{option}=", rest
    return kept, "", incomplete


def _led(item: Item, lead: str) -> Item:
    return CompletionItem(lead + item.value, item.type, item.help) if lead and item.type == "plain" else item


# --- offers -----------------------------------------------------------------------------------------------


def _exercises(context: click.Context, incomplete: str) -> list[Item]:
    """Each exercise by the shortest of its names that goes on from what is typed; else files."""
    found = []
    for exercise in _course(context).exercises:
        fitting = [name for name in (exercise.short, exercise.slug, exercise.name) if name.startswith(incomplete)]
        found += [CompletionItem(name, help=one_line(exercise.title, 60)) for name in fitting[:1]]
    return found or _files(context, incomplete)


def _exercises_or_all(context: click.Context, incomplete: str) -> list[Item]:
    found = _exercises(context, incomplete)
    if "all".startswith(incomplete):
        found = [item for item in found if item.type == "plain"] + [CompletionItem("all", help="every exercise")]
    return found


def _checks(context: click.Context, incomplete: str) -> Iterable[Item]:
    """The checks of the exercise that the line names."""
    exercise = _exercise(context)
    checks = checks_in(exercise.checks) if exercise is not None else []
    return [CompletionItem(one.name, help=one.title) for one in checks if one.name.startswith(incomplete)]


def _checks_of_any(context: click.Context, incomplete: str) -> list[Item]:
    """The checks of the exercises that the line names with an option, or of all."""
    course = _course(context)
    words = context.params.get("exercises") or ()
    chosen = [course.find(word) for word in words if word != "all"] or course.exercises
    found = {one.name: one.title for exercise in chosen for one in checks_in(exercise.checks)}
    return [CompletionItem(name, help=title) for name, title in found.items() if name.startswith(incomplete)]


def _folders(_: click.Context, incomplete: str) -> list[Item]:
    return [CompletionItem(incomplete, type="dir")]


def _files(_: click.Context, incomplete: str) -> list[Item]:
    return [CompletionItem(incomplete, type="file")]


OFFERS: Mapping[str, Callable[[click.Context, str], Iterable[Item]]] = {
    "exercise": _exercises,
    "exercise or all": _exercises_or_all,
    "check": _checks,
    "check of any": _checks_of_any,
    "folder": _folders,
    "file": _files,
}
"""What a parameter of a command says that it is → what is offered for it."""


def _course(context: click.Context) -> Course:
    folder = context.params.get("course")
    # A shell expands ~ before a program sees it, but a line that is not run yet still has it.
    return jobs.open_course(Path(os.path.expanduser(folder)) if folder is not None else None)  # noqa: PTH111  see above


def _exercise(context: click.Context) -> Exercise | None:
    # An option that still lacks its value ends click's reading of the line; what it had read so far is in args.
    word = context.params.get("exercise") or next(iter(context.args), None)
    if not isinstance(word, str):
        return None
    path = Path(word)
    return _course(context).find(path.stem if path.suffix in workspace.SUFFIXES else word)
