"""A drill: card after card until nothing is left for now, a limit is reached, or the learner has had enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from flashcards.asking import Answer, Asking, Command, Desk
from flashcards.document import DeckError
from flashcards.piles import Undone, told
from flashcards.question import ask
from flashcards.screen import ago
from flashcards.session import LEECH
from flashcards.store import Conflict
from flashcards.view import View

if TYPE_CHECKING:
    from flashcards.deck import Card
    from flashcards.piles import Done, Pile
    from flashcards.session import Queue
    from flashcards.store import State, Store


@dataclass(frozen=True)
class Limits:
    """When a drill ends.

    Args:
        cards: after so many answers; None for no limit.
        minutes: after so many minutes; None for no limit.
    """

    cards: int | None = None
    minutes: float | None = None


@dataclass(frozen=True)
class Cards:
    """The cards of a drill, and what a learner may do to them.

    Args:
        read: reads the decks anew.
        edit: opens a card in the learner's editor, and gives what is to be said about it.
        store: where flags are kept.
        seed: draws the number that a question's numbers come from.
    """

    read: Callable[[], Sequence[Card]]
    edit: Callable[[Card], str]
    store: Store
    seed: Callable[[], int]


class Drill:
    """One session. Every answer is on the disk before the next question is asked."""

    def __init__(self, desk: Desk, cards: Cards, pile: Pile, limits: Limits) -> None:
        self._desk = desk
        self._cards = cards
        self._pile = pile
        self._limits = limits
        self._started = desk.now()[0]
        self._notice = ""
        self._once_more: str | None = None
        self._known: dict[str, Card] = {}
        # What can be taken back: an answer, or (False) a flag or a suspension.
        self._answers: list[bool] = []
        self.done: list[Done] = []

    def run(self) -> list[Done]:
        """Ask until the end; what was answered.

        Raises:
            DeckError: a deck cannot be read.
            StoreError: an answer could not be saved; those before it were.
        """
        self._read()
        while not self._enough():
            left = self._pile.left()
            card = self._known.get(self._once_more or "") or self._pile.next(left)
            if card is None:
                break
            self._once_more = None
            state = self._pile.state(card)
            found = self._ask(card, state, left)
            if found is Command.QUIT:
                break
            if isinstance(found, Answer):
                self._take(card, found, state)
            elif found is Command.EDIT:
                self._edit(card)
            elif found is Command.SUSPEND:
                self._cards.store.suspend(card.id)
                self._answers.append(False)
                self._notice = f"Suspended: {card.id}. u brings it back."
            else:
                self._undo(card)
        return self.done

    def _ask(self, card: Card, state: State, left: Queue) -> Answer | Command:
        """Ask until there is a rating or a command that ends the asking: a flag does not."""
        asking = Asking(self._desk, self._view(card, state, left), lambda: self._pile.buttons(card))
        self._notice = ""
        flagged = state.flagged
        while (found := asking.run()) is Command.FLAG:
            flagged = self._cards.store.flag(card.id, on=not flagged).flagged
            self._answers.append(False)
            told = "Flagged: `flashcards list --flagged` shows it." if flagged else "The flag is gone."
            asking.tell(_notes(flagged), told)
        return found

    def _edit(self, card: Card) -> None:
        """Read the decks after an edit; where one cannot be read now, the cards stay as they were."""
        self._once_more = card.id
        self._notice = self._cards.edit(card)
        try:
            self._read()
        except DeckError as error:
            self._notice = f"{error} Press e to mend it."

    def _read(self) -> None:
        cards = self._cards.read()
        self._pile.use(cards)
        self._known = {card.id: card for card in cards}

    def _enough(self) -> bool:
        now = self._desk.now()[0]
        # A clock that is set back meanwhile must not make the session longer by as much.
        self._started = min(self._started, now)
        minutes = (now - self._started) / 60_000
        return (self._limits.cards is not None and len(self.done) >= self._limits.cards) or (
            self._limits.minutes is not None and minutes >= self._limits.minutes
        )

    def _take(self, card: Card, answer: Answer, state: State) -> None:
        try:
            self.done.append(self._pile.take(card, answer, state))
        except Conflict:
            self._notice = "You have answered that card in another terminal meanwhile; that answer counts."
            return
        self._answers.append(True)

    def _undo(self, card: Card) -> None:
        was_answer = self._answers.pop() if self._answers else None
        if was_answer is False:
            event = self._cards.store.undo()
            undone = Undone(event.card_id, event.kind) if event is not None else None
        else:
            undone = self._pile.undo()
        if undone is None:
            self._notice, self._once_more = "There is nothing to undo.", card.id
            return
        known = undone.card_id in self._known
        self._notice, self._once_more = told(undone, known=known), undone.card_id if known else card.id
        if was_answer:
            self.done.pop()

    def _view(self, card: Card, state: State, left: Queue) -> View:
        meeting = self._pile.met(card)
        at_ms, offset = self._desk.now()
        now = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(timezone(timedelta(minutes=offset)))
        return View(
            question=ask(card, self._cards.seed()),
            left=left,
            done=len(self.done),
            met=f"you met this in {_spoken(meeting.misconception)} {ago(meeting.at, now)}" if meeting else "",
            notes=_notes(state.flagged),
            leech=_leech(card, state.memory.lapses),
            notice=self._notice,
        )


def _notes(flagged: bool) -> tuple[str, ...]:
    return ("flagged",) if flagged else ()


def _leech(card: Card, lapses: int) -> tuple[str, ...]:
    """What helps when repeating does not: understanding it anew, or a better card."""
    if lapses < LEECH:
        return ()
    practise = f", practise it with `grade {card.exercise}`," if card.exercise else ""
    return (f"Forgotten {lapses} times: read its source again{practise} or mend the card (e).",)


def _spoken(misconception: str) -> str:
    """``exercise2.factor_missing`` → ``exercise 2``."""
    exercise = misconception.partition(".")[0]
    number = exercise.removeprefix("exercise")
    return f"exercise {number}" if number.isdecimal() else exercise
