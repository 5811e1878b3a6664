"""The keys at the bottom of the screen: what each does now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from flashcards.page import LOW, Page
from flashcards.question import LETTERS
from flashcards.schedule import Rating

if TYPE_CHECKING:
    from flashcards.view import View

BUTTONS = (
    (Rating.AGAIN, "again", "red"),
    (Rating.HARD, "hard", "yellow"),
    (Rating.GOOD, "good", "green"),
    (Rating.EASY, "easy", "cyan"),
)
HELP = (
    ("space", "show the answer; then: the rating that stands out"),
    ("1 2 3 4", "again, hard, good, easy"),
    ("enter", "hand in a typed answer; nothing typed shows the answer"),
    ("u", "undo the last rating"),
    ("e", "edit this card in your editor; its progress stays"),
    ("f", "flag a bad card, or take the flag away"),
    ("s", "suspend this card: it never comes until you say otherwise"),
    ("arrows", "read on, where a card is longer than the window"),
    ("q", "quit; every answer has been saved already"),
)


def foot(page: Page, view: View, *, scrolls: bool = False) -> None:
    """The keys: on one line as many as fit, the last one always."""
    look = page.look
    space = "enter" if look.plain else "space"
    if view.asks_help:
        keys = ["enter: go on" if look.plain else "any key: go on"]
    elif view.shown:
        _buttons(page, view)
        named = [word for number, word, _ in BUTTONS if number == view.suggested]
        suggested = named[0] if _scheduled(view) else view.buttons[view.suggested]
        keys = [f"{space}: {suggested}", "u undo", "e edit", "f flag", "s suspend", "q quit", "? help"]
    elif view.typed is not None:
        lead = ":" if look.plain else "esc "
        keys = ["enter: hand in, or show the answer", f"{lead}u undo", f"{lead}q quit", f"{lead}? help"]
    else:
        letters = LETTERS[: len(view.question.options)]
        choose = f"{letters[:1]}{'–' if look.unicode else '-'}{letters[-1:]}: choose"
        keys = [*([choose] if letters else []), f"{space}: show the answer", "u undo", "q quit", "? help"]
    if scrolls:
        keys.insert(len(keys) - 1, "↑ ↓ more" if look.unicode else "arrows: more")
    dot = look.dot
    while len(keys) > 2 and page.room < len(dot.join(keys)):
        # What reads on is more important than what stands under "?" too.
        del keys[-3 if scrolls and len(keys) > 3 else -2]
    if page.room < len(dot.join(keys)):
        keys[0] = keys[0].partition(":")[0]
    page.say(dot.join(keys), "dim")


def _scheduled(view: View) -> bool:
    return len(view.buttons) == len(BUTTONS)


def _buttons(page: Page, view: View) -> None:
    """What a rating means; no button is broken in two, and in a very low window they say less."""
    line = Text()
    low = page.look.height < LOW and not page.look.plain
    for number, word, style in BUTTONS:
        if number not in view.buttons:
            continue
        says = [f"{number}", word if _scheduled(view) else "", "" if _scheduled(view) and low else view.buttons[number]]
        label = " ".join(filter(None, says))
        stands_out = number == view.suggested and not page.look.plain
        gap = ("  " if low else "   ") if line else ""
        if len(line) + len(gap) + len(label) > page.room:
            page.say(line)
            line, gap = Text(), ""
        line.append(gap)
        line.append(label, f"bold reverse {style}" if stands_out else style)
    page.say(line)


def explain(page: Page) -> None:
    """All keys, for who asks."""
    page.say("Keys", "bold")
    page.blank()
    if page.look.plain:
        page.say("A key, then Enter. While an answer is typed, a colon before the key, as :q.")
        page.blank()
    for key, says in HELP:
        if not (page.look.plain and key == "arrows"):
            page.say(says, first="enter" if page.look.plain and key == "space" else key, hang=10)
    page.blank()
    page.say("A card comes back later the better you knew it. Rate how it went, not how you feel about it.", "dim")
