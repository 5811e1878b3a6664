"""One sitting: the store is opened, the terminal taken, the drill done, and its end told."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flashcards import clock, met
from flashcards.asking import Desk
from flashcards.deck import Deck, Library, load
from flashcards.drill import Cards, Drill, Limits
from flashcards.editor import Editor
from flashcards.errors import UnknownDeck
from flashcards.folders import deck_folders
from flashcards.keys import Lines, Terminal
from flashcards.page import Look
from flashcards.piles import Pile, Practice, Today
from flashcards.session import present
from flashcards.shelf import FILE as SHELF
from flashcards.store import FILE, Store

if TYPE_CHECKING:
    from flashcards.card import Card

_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K\n", "\x1b[J"


@dataclass(frozen=True)
class Wish:
    """What a learner asked for.

    Args:
        decks: names of decks; all when empty.
        limits: when the drill ends.
        new: new cards a day; None for the settings' number.
        practice: every card once, whether due or not; nothing is saved.
        plain: no clearing, boxes or colour.
    """

    decks: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    new: int | None = None
    practice: bool = False
    plain: bool = False


def sit(data: Path, wish: Wish) -> int:
    """Drill; the exit code.

    Raises:
        DeckError: a deck cannot be read.
        UnknownDeck: there is none of a name.
        StoreError: the progress cannot be read or written; what was answered before is safe.
        SettingsError: the settings cannot be read.
    """
    from flashcards.settings import read_settings

    folders = deck_folders(data)
    settings = read_settings(data)
    library = load(folders, data / SHELF)
    named(library, wish.decks)
    with Store.open(data / FILE, scheduler=settings.scheduler()) as store:
        take_over_names(store, library)
        with _keys(wish) as keys:
            desk = Desk(keys, _screen if isinstance(keys, Terminal) else _print, lambda: _look(wish), clock.now)
            # What was read just now is what the drill begins with; after an edit the decks are read anew.
            first = [library]
            cards = Cards(
                lambda: _drilled(first.pop() if first else load(folders, data / SHELF), wish.decks),
                Editor(keys),
                store,
                _fresh,
            )
            new = settings.new if wish.new is None else wish.new
            pile: Pile = (
                Practice(store, cards.seed) if wish.practice else Today(store, clock.now, new, met.latest(data))
            )
            drill = Drill(desk, cards, pile, wish.limits)
            with contextlib.suppress(KeyboardInterrupt):  # every answer has been saved
                drill.run()
        _print(_ending(drill, pile, store, _drilled(library, wish.decks), wish))
    return 0


def _ending(drill: Drill, pile: Pile, store: Store, cards: Sequence[Card], wish: Wish) -> str:
    # Late: nobody waits for it before the first card.
    from flashcards.ending import Ended, ending
    from flashcards.stats import answers_by_day

    moment, by_day = present(clock.now, store.scheduler), answers_by_day(store.events())
    ended = Ended(drill.done, pile.left(), cards, store.states(), by_day, moment, wish.decks, wish.practice)
    return ending(ended, _look(wish))


def named(library: Library, names: Sequence[str]) -> list[Deck]:
    """The decks of some names, or all.

    Raises:
        UnknownDeck: there is none of that name.
    """
    known = {deck.name: deck for deck in library.decks}
    for name in names:
        if name not in known:
            raise UnknownDeck(name, tuple(known))
    return [known[name] for name in dict.fromkeys(names)] or list(library.decks)


def _drilled(library: Library, names: Sequence[str]) -> tuple[Card, ...]:
    return tuple(card for deck in named(library, names) for card in deck.cards)


def take_over_names(store: Store, library: Library) -> None:
    """Let renamed cards keep their progress."""
    states = store.states() if library.aliases else {}
    for old, new in library.aliases.items():
        if old in states:
            store.alias(old, new)


def _fresh() -> int:
    return int.from_bytes(os.urandom(4)) >> 1


def _keys(wish: Wish) -> Terminal | Lines:
    if _look(wish).plain or not sys.stdin.isatty():
        return Lines(sys.stdin, _print)
    return Terminal()


def _look(wish: Wish) -> Look:
    look = Look.of(sys.stdout, plain=wish.plain)
    return look if sys.stdin.isatty() else replace(look, plain=True)


def _screen(text: str) -> None:
    """Draw over what is there, in one go: no flicker."""
    _print(_HOME + text.replace("\n", _CLEAR_LINE) + _CLEAR_BELOW)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
