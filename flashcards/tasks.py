"""What the commands beside the drill do."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from flashcards import clock
from flashcards.deck import Library, load
from flashcards.errors import Unusable
from flashcards.folders import DECKS, deck_folders
from flashcards.page import Look, Page, plural, printable
from flashcards.piles import taken_back, told
from flashcards.schedule import Phase
from flashcards.screen import front_of
from flashcards.session import present
from flashcards.settings import FILE as SETTINGS
from flashcards.settings import read_settings
from flashcards.shelf import FILE as SHELF
from flashcards.sitting import named, take_over_names
from flashcards.store import FILE, State, Store

PASSED, FOUND = 0, 1


def list_cards(data: Path, names: Sequence[str], *, flagged: bool, suspended: bool) -> int:
    """Print a line a card: id, question, where it stands."""
    library = all_decks(data)
    with opened(data) as store:
        take_over_names(store, library)
        states, today = store.states(), present(clock.now, store.scheduler).day
    marks = [mark for mark, wanted in (("flagged", flagged), ("suspended", suspended)) if wanted]
    page = Page(Look.of(sys.stdout))
    shown = 0
    for deck in named(library, names):
        listed = [card for card in deck.cards if all(_has(states, card.id, mark) for mark in marks)]
        if not listed:
            continue
        page.blank()
        page.say(deck.title, "bold")
        for card in listed:
            page.say(card.id, "cyan")
            page.right(_standing(states.get(card.id), today))
            page.say(" ".join(front_of(card).split()), first=" ", hang=2)
            shown += 1
    page.blank()
    page.say(plural(shown, "card"), "dim")
    say(page.text())
    return PASSED


def stats(data: Path, names: Sequence[str], form: str) -> int:
    """Print what the answers tell."""
    from flashcards.statistics import gather, render, to_json

    library = all_decks(data)
    with opened(data) as store:
        take_over_names(store, library)
        today = present(clock.now, store.scheduler).day
        found = gather(library, named(library, names), store.events(), store.states(), today, store.scheduler)
    say(to_json(found) if form == "json" else render(found, Look.of(sys.stdout)))
    return PASSED


def undo(data: Path) -> int:
    """Take back the last thing done on this computer."""
    with opened(data) as store:
        event = store.undo()
        today = present(clock.now, store.scheduler).day
    say("There is nothing to undo.\n" if event is None else f"{told(taken_back(event, today), known=False)}\n")
    return PASSED


def resume(data: Path, cards: Sequence[str]) -> int:
    """Bring suspended cards back."""
    with opened(data) as store:
        states = store.states()
        for card in cards:
            if not _has(states, card, "suspended"):
                raise Unusable(
                    f'"{printable(card)[:60]}" is not suspended. `flashcards list --suspended` shows which are.'
                )
        for card in cards:
            store.suspend(card, on=False)
    say(f"{plural(len(cards), 'card')} back.\n")
    return PASSED


def check(data: Path, folders: Sequence[Path]) -> int:
    """Print what is wrong with decks."""
    from flashcards.lint import check as problems_of

    for folder in folders:
        if not folder.is_dir():
            raise Unusable(f"{folder} is not a folder. Name the folder in which the decks lie.")
    places = list(folders) or deck_folders(data)
    problems = problems_of(places)
    for problem in problems:
        say(f"{problem}\n")
    if problems:
        say(f"{plural(len(problems), 'problem')}\n")
        return FOUND
    library = load(places)
    say(f"{plural(len(library.cards), 'card')} in {plural(len(library.decks), 'deck')}: nothing is wrong.\n")
    return PASSED


def add(data: Path, front: str | None, back: str | None) -> int:
    """Add a card of the learner's own: from the command line, or written in an editor."""
    from flashcards.adding import add_card, compose
    from flashcards.editor import chosen_editor, run_editor

    library = all_decks(data)
    if (front is None) != (back is None):
        raise Unusable("A card has two sides: give both --front and --back, or neither and your editor opens.")
    if front is not None:
        added = add_card(data / DECKS, {"front": front, "back": back}, library)
    else:
        chosen_editor()
        data.mkdir(parents=True, exist_ok=True)
        draft = data / f"draft-{secrets.token_hex(3)}.yaml"  # an older draft may hold a card that was not kept
        found = compose(draft, lambda path: run_editor(path, 4), lambda fields: add_card(data / DECKS, fields, library))
        if found is None:
            say("Nothing was written, so no card was added.\n")
            return PASSED
        added = found
    say(f"Added {added.id} to {added.path}.\n")
    return PASSED


def rebuild(data: Path) -> int:
    """Work out every card's state anew; a damaged file is kept, and what can be read of it is saved."""
    from flashcards import salvage

    scheduler = read_settings(data).scheduler()
    found = salvage.rebuild(data / FILE, scheduler, date.fromordinal(present(clock.now, scheduler).day))
    say(f"{plural(found.cards, 'card')} worked out from {plural(found.events, 'event')}.\n")
    if found.kept is not None:
        say(f"The file was damaged; it is kept as {found.kept}. {found.unreadable} of its rows could not be read.\n")
    return FOUND if found.unreadable else PASSED


def optimize(data: Path, *, undo: bool) -> int:
    """Fit the scheduler to the learner, or take the last fit back."""
    from flashcards import optimize

    if undo:
        gone = optimize.take_back(data)
        say("The parameters before hold again.\n" if gone else "Nothing was fitted yet: nothing to take back.\n")
        return PASSED
    settings = read_settings(data)
    if settings.own_parameters:
        raise Unusable(f"{data / SETTINGS} has parameters of its own, which come first. Take them out to fit new ones.")
    with opened(data) as store:
        events = store.events()
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fitting", total=1.0)
        at = datetime.now(UTC)
        found = optimize.optimize(events, settings.scheduling, at, lambda part: bar.update(task, completed=part))
    fit = found.fit
    say(f"{fit.reviews} reviews: log loss {fit.loss_before:.4f} before, {fit.loss_after:.4f} after.\n")
    if not found.better:
        say("That is no better, so the parameters stay as they are.\n")
        return PASSED
    optimize.keep(data, fit)
    say("The new parameters hold from now on; `flashcards optimize --undo` takes them back.\n")
    return PASSED


def all_decks(data: Path) -> Library:
    """Every deck that a drill would read."""
    return load(deck_folders(data), data / SHELF)


def opened(data: Path) -> Store:
    """The learner's store, with the learner's settings."""
    return Store.open(data / FILE, scheduler=read_settings(data).scheduler())


def _has(states: dict[str, State], card_id: str, what: str) -> bool:
    return card_id in states and bool(getattr(states[card_id], what))


def _standing(state: State | None, today: int) -> str:
    """``new``, ``due``, ``in 3 days`` …, with a flag."""
    if state is None or state.memory.phase is Phase.NEW:
        words = "new"
    elif state.memory.phase is not Phase.REVIEW:
        words = "in learning"
    elif state.memory.due_day <= today:
        words = "due"
    else:
        due = date.fromordinal(state.memory.due_day)
        words = f"due {due.day} {due:%b %Y}"
    marks = [word for word in ("suspended", "flagged") if state is not None and getattr(state, word)]
    return ", ".join([words, *marks])


def say(text: str) -> None:
    """Print a text."""
    sys.stdout.write(text)
    sys.stdout.flush()
