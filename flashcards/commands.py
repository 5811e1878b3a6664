"""The command line: which words and options there are. What they do is imported when it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from flashcards.errors import UnknownDeck, Unusable
from flashcards.folders import data_folder

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


_data = click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep progress in this folder. [$REPARAM_DATA, or the user's data folder]",
)
_decks = click.argument("decks", nargs=-1, metavar="[DECK…]")
_format = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[text]")
_file = click.Path(path_type=Path)


@click.command("drill", context_settings=_SETTINGS)
@_decks
@click.option("--cards", type=click.IntRange(1), metavar="N", help="End after so many answers.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), metavar="N", help="End after so many minutes.")
@click.option("--new", type=click.IntRange(0), metavar="N", help="So many new cards today. [20, or settings.yaml]")
@click.option("--cram", is_flag=True, help="Every card once, due or not; nothing is scheduled by it.")
@click.option("--plain", is_flag=True, help="No clearing, boxes or colour: for screen readers and pipes.")
@_data
@click.version_option(package_name="reparam", prog_name="reparam", message="%(prog)s %(version)s")
def drill(
    decks: tuple[str, ...],
    cards: int | None,
    minutes: float | None,
    new: int | None,
    cram: bool,
    plain: bool,
    data: Path | None,
) -> int:
    """Drill the cards that are due, then new ones: all decks, or those named.

    \b
    Other commands:
      flashcards list       every card and where it stands
      flashcards stats      days, forecast, what you remember, hardest cards
      flashcards add        write a card of your own
      flashcards undo       take the last answer back, after the end of a drill
      flashcards resume     bring suspended cards back
      flashcards check      find mistakes in decks
      flashcards export     to Anki, as a table, as a backup
      flashcards import     cards from a backup or from Anki
      flashcards sync       exchange answers with your other computers
      flashcards rebuild    work out every card's state anew
      flashcards optimize   fit the scheduler to your memory

    Every answer is saved at once: q, Ctrl-C or a power cut lose nothing.
    """  # noqa: D301  click takes a backspace character for "keep these lines as they are"
    from flashcards.drill import Limits
    from flashcards.sitting import Wish, sit

    return sit(data_folder(data), Wish(decks, Limits(cards, minutes), new, cram, plain))


@click.command("list", context_settings=_SETTINGS)
@_decks
@click.option("--flagged", is_flag=True, help="Only cards that you flagged.")
@click.option("--suspended", is_flag=True, help="Only suspended cards.")
@_data
def list_cards(decks: tuple[str, ...], flagged: bool, suspended: bool, data: Path | None) -> int:
    """List the cards of all decks, or of those named, and where each stands."""
    from flashcards import tasks

    return tasks.list_cards(data_folder(data), decks, flagged=flagged, suspended=suspended)


@click.command("stats", context_settings=_SETTINGS)
@_decks
@_format
@_data
def stats(decks: tuple[str, ...], form: str, data: Path | None) -> int:
    """Show days, streak, forecast, what you remember, and the hardest cards."""
    from flashcards import tasks

    return tasks.stats(data_folder(data), decks, form)


@click.command("undo", context_settings=_SETTINGS)
@_data
def undo(data: Path | None) -> int:
    """Take back the last thing done on this computer, as u does during a drill."""
    from flashcards import tasks

    return tasks.undo(data_folder(data))


@click.command("resume", context_settings=_SETTINGS)
@click.argument("cards", nargs=-1, required=True, metavar="ID…")
@_data
def resume(cards: tuple[str, ...], data: Path | None) -> int:
    """Bring suspended cards back; `flashcards list --suspended` names them."""
    from flashcards import tasks

    return tasks.resume(data_folder(data), cards)


@click.command("check", context_settings=_SETTINGS)
@click.argument("folders", nargs=-1, type=_file, metavar="[DIR…]")
@_data
def check(folders: tuple[Path, ...], data: Path | None) -> int:
    """Find mistakes in the decks of some folders, or in all that a drill would read.

    Looks at ids, fields, formulas, lengths and typography, and answers each numeric card 200 times.

    The exit code is 0 if there is none, and 1 if there is one.
    """
    from flashcards import tasks

    return tasks.check(data_folder(data), folders)


@click.command("export", context_settings=_SETTINGS)
@click.option("--anki", type=_file, metavar="FILE.apkg", help="A package for Anki; again and again updates its cards.")
@click.option("--history/--no-history", default=True, help="Take your answers along to Anki. [yes]")
@click.option("--tsv", type=_file, metavar="FILE", help="A table of cards, for Anki's File, Import.")
@click.option("--csv", type=_file, metavar="FILE", help="Your answers, for the FSRS optimizer.")
@click.option("--jsonl", type=_file, metavar="FILE", help="Cards and answers: a backup, or a move.")
@_data
def export(
    anki: Path | None, history: bool, tsv: Path | None, csv: Path | None, jsonl: Path | None, data: Path | None
) -> int:
    """Write cards and answers for other programs."""
    from flashcards import moving

    if not (anki or tsv or csv or jsonl):
        raise Unusable("Which form? Give --anki FILE.apkg, --tsv FILE, --csv FILE or --jsonl FILE.")
    return moving.export(data_folder(data), moving.Targets(anki, tsv, csv, jsonl), history=history)


@click.command("import", context_settings=_SETTINGS)
@click.argument("file", type=_file)
@_data
def import_file(file: Path, data: Path | None) -> int:
    """Take in a backup (.jsonl), or a text file that Anki exported. Nothing that is there is changed."""
    from flashcards import moving

    return moving.import_file(data_folder(data), file)


@click.command("sync", context_settings=_SETTINGS)
@click.argument("folder", type=_file, metavar="DIR")
@_data
def sync(folder: Path, data: Path | None) -> int:
    """Exchange answers with your other computers through a folder that they share.

    Each computer writes a file of its own there, so a git repository or a synchronized folder never conflicts.
    """
    from flashcards import moving

    return moving.sync_folder(data_folder(data), folder)


@click.command("rebuild", context_settings=_SETTINGS)
@_data
def rebuild(data: Path | None) -> int:
    """Work out every card's state anew from your answers; saves what can be read of a damaged file."""
    from flashcards import tasks

    return tasks.rebuild(data_folder(data))


@click.command("optimize", context_settings=_SETTINGS)
@click.option("--undo", is_flag=True, help="Go back to the parameters before.")
@_data
def optimize(undo: bool, data: Path | None) -> int:
    """Fit the scheduler's parameters to your own answers."""
    from flashcards import tasks

    return tasks.optimize(data_folder(data), undo=undo)


@click.command("add", context_settings=_SETTINGS)
@click.option("--front", metavar="TEXT", help="The question; without it, your editor opens.")
@click.option("--back", metavar="TEXT", help="The answer.")
@_data
def add(front: str | None, back: str | None, data: Path | None) -> int:
    """Write a card of your own: in your editor, or from --front and --back."""
    from flashcards import tasks

    return tasks.add(data_folder(data), front, back)


VERBS = {
    command.name or "": command
    for command in (drill, list_cards, stats, add, undo, resume, check, export, import_file, sync, rebuild, optimize)
}


def dispatch(words: Sequence[str]) -> int:
    """Run a command line; the exit code.

    Raises:
        Unusable: a word or an option cannot be used.
    """
    verb = words[0] if words and words[0] in VERBS else ""
    name = f"flashcards {verb}".strip()
    try:
        with VERBS[verb or "drill"].make_context(name, list(words[1:] if verb else words)) as context:
            return int(VERBS[verb or "drill"].invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except UnknownDeck as error:
        from difflib import get_close_matches  # only a misspelt word pays for it

        near = get_close_matches(error.name, [*([] if verb else VERBS), *error.known], n=1)
        meant = f" Did you mean `flashcards {f'{verb} {near[0]}'.strip()}`?" if near else ""
        raise Unusable(f"{error}{meant}") from None
    except click.UsageError as error:
        raise Unusable(f"{error.format_message()}\n`{name} --help` shows what it takes.") from None
