"""Cards as HTML, for Anki."""

from __future__ import annotations

import html
from collections.abc import Callable

from flashcards.card import Card, Image, Kind
from flashcards.question import LETTERS, Question, ask

EXAMPLES = 3
"""Further draws under the answer of a numeric card, as Anki cannot draw numbers."""

SEEDS = 20
"""Among so many draws they are looked for."""

Picture = Callable[[Image], str]
"""From a picture to its HTML: a file of the package, or the picture itself."""


def front_html(card: Card, picture: Picture) -> str:
    """The question; of a cloze card, the note's text with all its gaps."""
    if card.kind is Kind.CLOZE:
        return _escaped(card.cloze) + _shown(card.image, picture)
    question = ask(card, 0)
    return _escaped(question.prompt) + _shown(card.image, picture) + _options(question)


def back_html(card: Card, picture: Picture) -> str:
    """The answer, the formula, further examples, and the source."""
    parts = [] if card.kind is Kind.CLOZE and not card.back else [_answer(card)]
    if card.back_image:
        parts.append(_shown(card.back_image, picture))
    if card.tex:
        parts.append(f"<div>\\({html.escape(card.tex, quote=False)}\\)</div>")
    if card.kind is Kind.NUMERIC and card.draw:
        parts.append(_examples(card))
    parts.append(f'<div class="source">{html.escape(card.source, quote=False)}</div>')
    return "".join(parts)


def _answer(card: Card) -> str:
    if card.kind is Kind.CLOZE:
        return _escaped(card.back)
    question = ask(card, 0)
    if card.kind is Kind.CHOICE:
        return _escaped(f"{LETTERS[question.solution[0]]}) {question.answer}")
    if card.kind is Kind.ORDER:
        letters = ", ".join(LETTERS[place] for place in question.solution)
        return _escaped(f"{letters}\n{question.answer}")
    return _escaped(question.answer)


def _options(question: Question) -> str:
    if not question.options:
        return ""
    items = "".join(f"<li>{_escaped(option)}</li>" for option in question.options)
    return f'<ol type="a">{items}</ol>'


def _examples(card: Card) -> str:
    """Other draws; fewer where there are no more."""
    asked = {ask(card, 0).prompt}
    lines: list[str] = []
    for seed in range(1, SEEDS):
        question = ask(card, seed)
        if question.prompt not in asked and len(lines) < EXAMPLES:
            asked.add(question.prompt)
            right = question.answer.partition("\n")[0]
            lines.append(f"<li>{_escaped(question.prompt)} <b>{_escaped(right)}</b></li>")
    return f"<details><summary>More</summary><ul>{''.join(lines)}</ul></details>" if lines else ""


def _shown(image: Image, picture: Picture) -> str:
    return f"<div>{picture(image)}</div>" if image else ""


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")
