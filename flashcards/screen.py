"""What a learner sees of one card: before and after the answer."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from flashcards.buttons import explain, foot
from flashcards.card import Kind
from flashcards.page import LOW, Look, Page, plural
from flashcards.question import LETTERS
from flashcards.view import Screen, View

if TYPE_CHECKING:
    from flashcards.card import Card, Image


def render(view: View, look: Look) -> Screen:
    """The screen: a page that may be scrolled, and at the bottom, always in view, what is typed and the keys."""
    page = Page(look)
    # Where a page begins that is longer than the screen: with its head, unless that would be nearly all.
    best = 0
    if view.asks_help:
        explain(page)
    else:
        if not (look.plain and view.shown):  # a pipe or a screen reader has had the question already
            _head(page, view)
            best = len(page) - 1 if look.height < LOW else 0
            _question(page, view)
        if view.shown:
            best = len(page)
            _answer(page, view)
        page.blank()
    typed, keys = Page(look), Page(look)
    _typed(typed, view)
    foot(keys, view)
    room = look.height - 1
    if look.plain or len(page) + len(typed) + len(keys) <= room:
        page.add(typed)
        page.fill(room - len(keys))
        page.add(keys)
        return Screen(page.text())
    keys = Page(look)
    _typed(keys, view)
    foot(keys, view, scrolls=True)
    rows = max(room - len(keys), 1)
    last = max(len(page) - rows, 0)
    place = min(max(best if view.place is None else view.place, 0), last)
    page.part(place, rows)
    page.add(keys)
    return Screen(page.text(), place, last, rows)


def _head(page: Page, view: View) -> None:
    card, left = view.question.card, view.left
    counts = [
        ("learning", len(left.learning) + len(left.waiting), "red"),
        ("from your mistakes", len(left.met), "magenta"),
        ("due", len(left.due), "green"),
        ("new", len(left.new), "blue"),
        ("to practise", len(left.practice), "cyan"),
    ]
    page.say(Text(page.look.dot).join(Text(f"{count} {word}", style) for word, count, style in counts if count))
    page.right(page.look.dot.join(part for part in (card.deck, card.exercise) if part))
    page.rule()
    if view.met:
        page.say(view.met, "magenta")
    for note in view.notes:
        page.say(note, "yellow")
    page.blank()


def _question(page: Page, view: View) -> None:
    question = view.question
    page.say(question.prompt, "bold")
    _picture(page, question.card.image)
    if question.options:
        page.blank()
        right = question.solution if view.shown and question.card.kind is Kind.CHOICE else ()
        for place, (letter, option) in enumerate(zip(LETTERS, question.options, strict=False)):
            page.say(option, "green" if place in right else "", first=f"{letter})", hang=3)


def _typed(page: Page, view: View) -> None:
    """What is typed, and what just happened."""
    if view.asks_help:
        return
    if view.typed is not None and not view.shown and not page.look.plain:
        page.say(Text.assemble(("> ", "cyan"), view.typed, ("▏" if page.look.unicode else "_", "cyan")))
        page.blank()
    if view.notice:
        page.say(view.notice, "yellow")


def _answer(page: Page, view: View) -> None:
    question, verdict = view.question, view.verdict
    page.blank()
    page.rule()
    if verdict is not None:
        mark = ("✓" if verdict.right else "✗") if page.look.unicode else ("+" if verdict.right else "x")
        word = "right" if verdict.right else "not right"
        page.say(f"{mark} {word}{f': {view.typed}' if view.typed else ''}", "green" if verdict.right else "red")
        if verdict.says:
            page.say(verdict.says)
        page.blank()
    first, gap, why = question.answer.partition("\n\n")
    page.say(first, "bold" if question.typed else "")
    if gap:
        page.blank()
        page.say(why)
    _formula(page, question.card.tex)
    _picture(page, question.card.back_image)
    page.say(f"source: {question.card.source}", "dim")
    for note in view.leech:
        page.say(note, "yellow")


def _formula(page: Page, tex: str) -> None:
    if not tex or page.look.plain:
        return  # the answer says it in one line; two dimensions are of no use to a screen reader
    from flashcards.tex import drawn_formula

    if drawn := drawn_formula(tex, page.look.width - 4):
        page.blank()
        for line in drawn.split("\n"):
            page.as_is(line, "cyan")


def _picture(page: Page, image: Image) -> None:
    if not image:
        return
    from flashcards.pictures import picture_rows, picture_text

    page.blank()
    if page.look.unicode:
        for line in picture_text(image, colour=page.look.colour).split("\n"):
            page.as_is(line)
    else:
        for row in picture_rows(image):
            page.as_is(row)


def front_of(card: Card) -> str:
    """A card's question outside a drill: for drawn numbers stand their names, since others are drawn next time."""
    return re.sub(r"\{(\w+)\}", r"\1", card.front) if card.draw else card.front


def ago(at: datetime, now: datetime) -> str:
    """``today``, ``yesterday``, ``on Tuesday``, ``on 3 May``."""
    days = (now.date() - at.astimezone(now.tzinfo).date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    return f"on {at.astimezone(now.tzinfo):%A}" if days < 7 else f"on {at.day} {at:%B}"


def interval(seconds: float) -> str:
    """How long until a card comes back: ``10 min``, ``3 days``, ``2 months``, ``1.5 years``."""
    days = seconds / 86400
    if seconds < 3600:
        return f"{max(round(seconds / 60), 1)} min"
    if days < 1:
        return f"{round(seconds / 3600)} h"
    if days < 31:
        return plural(round(days), "day")
    if days < 365:
        return plural(round(days / 30.4), "month")
    return f"{days / 365:.1f} years"
