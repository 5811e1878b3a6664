"""Cards of the learner's own: typed, checked, and added to the end of a deck without touching what stands there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from flashcards.anki_text import slug
from flashcards.card import Card, Deck
from flashcards.deck import Library, clashes
from flashcards.document import DeckError, Problem, parse
from flashcards.errors import Unusable
from flashcards.exchange import write
from flashcards.nodes import Node
from flashcards.reading import parsed_deck
from flashcards.writing import Fields, card_yaml, deck_yaml

NAME, TITLE = "own", "My own cards"
SOURCE = "my own card"

TEMPLATE = """\
# A card of your own: fill in, save, close. Without a front there is no card.
# Put a text in quotes when it has ": " or " #" in it. Several lines: write | and indent them below.

front:
back:

# What else there is, if you like it; take the # away.
# tex: 'z = \\mu + \\sigma \\epsilon'
# source: where a doubting reader looks it up
# exercise: exercise1
# tags: [vae]
# id: my-card
# kind: choice        # cloze, numeric, order, image: docs/flashcards.md shows their fields
# right: the right option
# wrong: [a wrong one, another]
"""
_COMPLAINT = "#! "


@dataclass(frozen=True)
class Added:
    """A card that was added.

    Args:
        id: its id.
        path: its deck's file.
    """

    id: str
    path: Path


def add_card(folder: Path, fields: Fields, library: Library) -> Added:
    """Add a card to the learner's deck ``own.yaml``; what stands in the file stays, comments too.

    Args:
        folder: the learner's own decks.
        fields: as a deck says it; an id and a source are made up where they are missing.
        library: all decks there are.

    Raises:
        Unusable: the card cannot be used (DeckError, whose problem names the field), or the file cannot be written.
            Then nothing has changed.
    """
    path = folder / f"{NAME}.yaml"
    taken = {name.partition("#")[0] for card in library.cards.values() for name in (card.id, *card.was)}
    taken |= {name for deck in library.decks for name in deck.retired}
    fields = _completed(fields, taken)
    _deck(path, deck_yaml(NAME, TITLE, [fields]).encode())
    if fields["id"] in taken:
        raise DeckError(Problem(path, 0, "id", f"`{fields['id']}` is or was the id of another card; choose another."))
    before = _bytes(path)
    content = _with_card(path, before, fields) if before is not None else deck_yaml(NAME, TITLE, [fields]).encode()
    _check(path, before, content, library)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{folder} cannot be made: {error.strerror}.") from None
    if _bytes(path) != before:
        raise Unusable(f"{path} was changed meanwhile by another program; add the card again.")
    write(path, content)
    return Added(str(fields["id"]), path)


def compose(draft: Path, edit: Callable[[Path], None], keep: Callable[[Fields], Added]) -> Added | None:
    """Let the learner write a card in an editor, again until it can be used; None when there is none.

    Args:
        draft: a file for that; it stays where the learner gives up, so that nothing typed is lost.
        edit: opens it in the editor, and returns when that is closed.
        keep: adds the card, :func:`add_card`.

    Raises:
        Unusable: the card was left as it was after a complaint; the message names the draft.
    """
    draft.write_text(TEMPLATE, encoding="utf-8")
    before = TEMPLATE
    while True:
        edit(draft)
        text = draft.read_text(encoding="utf-8", errors="replace")
        try:
            fields = _typed(draft, text)
            if fields is None:
                draft.unlink()
                return None
            added = keep(fields)
        except DeckError as error:
            if text == before:
                raise Unusable(f"{error.problem.message} The card was not added; it is kept in {draft}.") from None
            before = _complained(text, error.problem)
            draft.write_text(before, encoding="utf-8")
        else:
            draft.unlink()
            return added


def _typed(draft: Path, text: str) -> Fields | None:
    """The fields of a draft; None without a question."""
    try:
        top = parse(draft, text.encode())
    except DeckError as error:
        if "is empty" in error.problem.message:
            return None
        raise
    if not isinstance(top.value, dict):
        raise DeckError(Problem(draft, top.line, "", "should be fields, one a line: `front: text`."))
    fields = {name: _plain(node) for name, node in top.value.items()}
    return fields if fields.get("front") or fields.get("text") else None


def _plain(node: Node) -> object:
    match node.value:
        case list() as items:
            return [_plain(item) for item in items]
        case dict() as values:
            return {name: _plain(value) for name, value in values.items()}
        case text:
            return text


def _complained(text: str, problem: Problem) -> str:
    kept = [line for line in text.splitlines() if not line.startswith(_COMPLAINT)]
    field = f"{problem.field.partition('.')[2]}: " if "." in problem.field else ""
    return "\n".join([f"{_COMPLAINT}{field}{problem.message}", *kept]) + "\n"


def _completed(fields: Fields, taken: Container[str]) -> Fields:
    front = str(fields.get("front") or fields.get("text") or "card")
    wanted = f"{NAME}-{slug(' '.join(front.split()[:6]))[:40].strip('-')}"
    numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in itertools.count(1))
    made_up = {"id": next(name for name in numbered if name not in taken), "source": SOURCE}
    given = {name: value for name, value in fields.items() if value not in ("", [], {})}
    return {"id": given.get("id", made_up["id"])} | given | {"source": given.get("source", SOURCE)}


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from None


def _with_card(path: Path, content: bytes, fields: Fields) -> bytes:
    """The file with a card after its last one, indented as that."""
    top = parse(path, content)
    lines = content.decode("utf-8-sig").splitlines(keepends=True)
    cards = top.value["cards"] if isinstance(top.value, dict) and "cards" in top.value else None
    if cards is None or not isinstance(cards.value, list) or not cards.value:
        raise Unusable(f"{path} has no list of cards to add to; move the file away, and a new one is made.")
    last = cards.value[-1].line
    after = [node.line for node in top.value.values() if node.line > last] if isinstance(top.value, dict) else []
    end = min(after) - 1 if after else len(lines)
    dash = lines[last - 1]
    indent = dash[: len(dash) - len(dash.lstrip())]
    if lines[end - 1 : end] and not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    card = "".join(
        f"{indent}{line[2:]}" if line.strip() else line for line in card_yaml(fields).splitlines(keepends=True)
    )
    newline = "\r\n" if dash.endswith("\r\n") else "\n"
    gap = "\n" if lines[end - 1].strip() else ""
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    return mark + "".join([*lines[:end], (gap + card).replace("\n", newline), *lines[end:]]).encode()


def _check(path: Path, before: bytes | None, content: bytes, library: Library) -> None:
    """Raise unless the new content is the old deck and one more note that clashes with nothing."""
    old = _deck(path, before).cards if before is not None else ()
    try:
        deck = _deck(path, content)
    except DeckError:
        deck = None
    if deck is None or _asked(deck.cards[: len(old)]) != _asked(old):
        raise Unusable(f"The cards of {path} are written in a way that nothing can be added to; add yours by hand.")
    others = tuple(other for other in library.decks if other.path.resolve() != path.resolve())
    if found := clashes(Library((*others, deck))):
        raise DeckError(found[0])


def _deck(path: Path, content: bytes) -> Deck:
    deck, problems = parsed_deck(path, parse(path, content))
    if deck is None:
        raise DeckError(problems[0], len(problems) - 1)
    return deck


def _asked(cards: tuple[Card, ...]) -> list[tuple[str, str]]:
    return [(card.id, card.rev) for card in cards]
