"""What is wrong with decks, all at once: files, fields, formulas, numbers over many draws, lengths, typography."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flashcards import cloze
from flashcards.card import Card, Deck, Kind
from flashcards.deck import Library, clashes, deck_files, read_deck
from flashcards.document import Problem
from flashcards.expression import names_in
from flashcards.numbers import Numbers, draw_once, places
from flashcards.pictures import picture_height
from flashcards.question import Question, ask
from flashcards.tex import drawn_formula, mistake

DRAWS = 200
WIDTH, HEIGHT = 72, 20
"""Columns and lines of an 80 × 24 terminal that a question may take together with its answer."""

# What is typed and what was meant.
_TYPOGRAPHY = [
    (re.compile(r"\.\.\."), "write … for three points"),
    (re.compile(r" - |--"), "write – or a colon; a lone hyphen is no dash"),
    (re.compile(r"(?<![\w.)\]-])-(?=[\d.])"), "write − (U+2212) before a number"),
    (re.compile(r"(?<=\S) {2,}(?=\S)"), "has two blanks in a row"),
    (re.compile(r"(?<=[\w)\]])\^[-−]?\d"), "write powers as ², ³, ⁿ"),
    (re.compile(r"\\[a-z]{2,}|\$"), "is TeX; write Unicode here and TeX in `tex`"),
    (re.compile(r"<=|>=|!=|->"), "write ≤ ≥ ≠ →"),
    (re.compile(r"[ \t]+$", re.MULTILINE), "has blanks at the end of a line"),
]


def check(folders: Sequence[Path]) -> list[Problem]:
    """Every problem of the decks in some folders, in the order of files and lines.

    Raises:
        DeckError: a folder cannot be read.
    """
    problems: list[Problem] = []
    decks: list[Deck] = []
    for path in deck_files(folders):
        deck, found = read_deck(path)
        problems += found
        if deck is not None:
            decks.append(deck)
            problems += [problem for card in deck.cards for problem in card_problems(card)]
    problems += clashes(Library(tuple(decks)))
    # What is wrong with a note would be said once for each of its gaps.
    return list(dict.fromkeys(problems))


def card_problems(card: Card) -> Iterator[Problem]:
    """What is wrong with one card that could be read."""
    for field, message in _messages(card):
        yield Problem(card.path, card.line, f"{card.note_id}.{field}", message)


def _messages(card: Card) -> Iterator[tuple[str, str]]:
    if card.tex and (why := mistake(card.tex)):
        yield "tex", f"{why}."
    yield from _typography(card)
    if card.kind is Kind.NUMERIC:
        yield from _numeric(card)
        return
    question = ask(card, 0)
    yield from _too_long(question)
    if card.kind is Kind.CHOICE:
        for option in card.options:
            if len(option) == 1 and option.isalnum():
                yield "wrong", f"`{option}` could be meant as the letter or the number of an option; write more."
    if card.kind is Kind.CLOZE and question.typed:
        if not question.judge(card.answer).right:
            yield "text", f"`{card.answer}` cannot be typed as the answer."
        shown = cloze.asked(card.cloze, int(card.id.partition("#c")[2]))
        if len(card.answer) > 3 and card.answer.casefold() in shown.casefold():
            yield "text", f"the answer `{card.answer}` can be read elsewhere in the sentence."


def _typography(card: Card) -> Iterator[tuple[str, str]]:
    if card.kind is Kind.CLOZE:
        texts = {"text": cloze.filled(card.cloze), "back": card.back}
    else:
        texts = {"front": card.front, "back": card.back}
    texts |= {f"options[{place}]": text for place, text in enumerate((*card.options, *card.items), 1)}
    texts |= {f"wrong[{place}].says": wrong.says for place, wrong in enumerate(card.wrong, 1)}
    for field, text in texts.items():
        for pattern, message in _TYPOGRAPHY:
            if found := pattern.search(text):
                around = text[max(0, found.start() - 8) : found.end() + 8]
                yield field, f"{message}: “{around}”."


def _too_long(question: Question) -> Iterator[tuple[str, str]]:
    card = question.card
    lines = _lines(question.prompt) + sum(_lines(option, WIDTH - 3) for option in question.options)
    lines += picture_height(card.image) + picture_height(card.back_image)
    if card.kind is not Kind.ORDER:
        lines += _lines(question.answer)
    else:
        # The items are shown once more, in the right order.
        lines += sum(_lines(item, WIDTH - 3) for item in card.items) + _lines(card.back)
    drawing = drawn_formula(card.tex, WIDTH) if card.tex else ""
    if drawing is None and not mistake(card.tex):
        yield "tex", f"is wider than {WIDTH} columns."
    lines += len((drawing or "").splitlines())
    if lines > HEIGHT:
        yield "front", f"question and answer take {lines} lines of {WIDTH} columns; {HEIGHT} fit a terminal."


def _lines(text: str, width: int = WIDTH) -> int:
    """Lines that a text takes, wrapped between words."""
    count = 0
    for paragraph in text.splitlines():
        count += 1
        column = 0
        for word in paragraph.split():
            if column and column + 1 + len(word) > width:
                count += 1
                column = 0
            column += len(word) + (1 if column else 0)
    return count


def _numeric(card: Card) -> Iterator[tuple[str, str]]:
    mistakes = list(_names(card))
    yield from mistakes
    if mistakes:
        return
    tested: dict[str, str] = {}
    for seed in range(DRAWS if card.draw else 1):
        question = ask(card, seed)
        # A question hides what has no value by drawing again.
        numbers = draw_once(card, random.Random(seed))  # noqa: S311  nothing secret is drawn
        for at, found in ((numbers, _undefined(numbers)), (question.numbers, _one_draw(question))):
            for field, message in found:
                tested.setdefault(field, f"{message}, with {_drawn(card, at)}." if card.draw else f"{message}.")
    yield from tested.items()
    yield from _too_long(ask(card, 0))


def _names(card: Card) -> Iterator[tuple[str, str]]:
    """Names in texts that are no number's, and numbers that nothing uses or says."""
    known = {*card.draw, *card.let}
    for field, text, more in (("front", card.front, set()), ("back", card.back, {"answer"})):
        if missing := sorted(places(text) - known - more):
            yield field, f"{{{missing[0]}}} is no drawn number; write {{{{ for a brace."
            return
    expressions = [*card.let.values(), card.answer, *(wrong.expression for wrong in card.wrong)]
    used = places(card.front) | places(card.back)
    for name in sorted(known - used.union(*map(names_in, expressions))):
        yield f"draw.{name}", "is used nowhere."
    if hidden := sorted(name for name in card.draw if name not in places(card.front) and not _shown_by(card, name)):
        yield "front", f"does not say {{{hidden[0]}}}, on which the answer depends."


def _shown_by(card: Card, name: str) -> bool:
    """Whether the question shows a number that was worked out from this one."""
    return any(name in names_in(expression) and shown in places(card.front) for shown, expression in card.let.items())


def _undefined(numbers: Numbers) -> Iterator[tuple[str, str]]:
    if not math.isfinite(numbers.right):
        yield "answer", "has no finite value"
    elif any(not math.isfinite(value) for value in numbers.values.values()):
        yield "let", "has no finite value"


def _one_draw(question: Question) -> Iterator[tuple[str, str]]:
    numbers = question.numbers
    assert numbers is not None
    if not math.isfinite(numbers.right):
        return
    if not numbers.separated:
        yield "wrong", f"answers are nearer to each other than twice the tolerance: {_answers(numbers)}"
        return
    shown = question.answer.partition("\n")[0]
    if not question.judge(shown).right:
        yield "tolerance", f"the answer as it is shown, {shown}, would not be accepted"
    for place, (value, wrong) in enumerate(numbers.wrong, 1):
        verdict = question.judge(repr(value))
        if verdict.right or verdict.says != wrong.says:
            yield f"wrong[{place}]", f"{value:.6g} is not named as this mistake"


def _answers(numbers: Numbers) -> str:
    wrong = [f"wrong[{place}] {value:.6g}" for place, (value, _) in enumerate(numbers.wrong, 1)]
    return ", ".join([f"right {numbers.right:.6g}", *wrong])


def _drawn(card: Card, numbers: Numbers | None) -> str:
    assert numbers is not None
    return ", ".join(f"{name} = {numbers.values[name]:g}" for name in card.draw)
