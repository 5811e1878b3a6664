"""A card as it is asked once: with fresh numbers, in a fresh order, and what a typed answer is worth."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from flashcards.card import Card, Kind
from flashcards.expression import parse_answer
from flashcards.likeness import misspelt, same
from flashcards.numbers import Numbers, drawn, shown, shown_answer, slack, worded

LETTERS = "abcdefg"
TYPED_LIMIT = 40
"""A longer gap of a cloze card is said to oneself, not typed."""


@dataclass(frozen=True)
class Verdict:
    """What a typed answer is worth.

    Args:
        right: it is right.
        says: a sentence for the learner: which mistake it was, how it is spelt, what could not be read; may be empty.
        understood: it could be read as an answer; if not, it is worth asking again.
    """

    right: bool
    says: str = ""
    understood: bool = True


@dataclass(frozen=True)
class Question:
    """A card with everything fixed that is drawn.

    Args:
        card: the card.
        seed: what fixed it.
        prompt: the question's text.
        answer: the right answer's text and, after an empty line, how it comes about.
        options: choice and order: the texts in the order in which they are shown.
        solution: choice: the place of the right option; order: the options' places in the right order.
        typed: an answer may be typed and is then judged; otherwise the learner rates alone.
        numbers: numeric: what was drawn.
    """

    card: Card
    seed: int
    prompt: str
    answer: str
    options: tuple[str, ...] = ()
    solution: tuple[int, ...] = ()
    typed: bool = False
    numbers: Numbers | None = field(default=None, repr=False)

    def judge(self, typed: str) -> Verdict:
        """What an answer is worth; never raises, whatever was typed."""
        answer = typed[:500].strip()
        match self.card.kind:
            case Kind.NUMERIC:
                return self._judge_number(answer)
            case Kind.CHOICE:
                return self._judge_choice(answer)
            case Kind.ORDER:
                return self._judge_order(answer)
            case Kind.CLOZE:
                return self._judge_words(answer, (self.card.answer, *self.card.accept))
        return self._judge_words(answer, (self.card.back,))

    def _judge_number(self, answer: str) -> Verdict:
        numbers = self.numbers
        assert numbers is not None
        readings = _readings(answer, self.card.unit)
        if not readings:
            return Verdict(False, "That is no number. Write it as 0.37, 3/8 or -2e-3.", understood=False)
        within = slack(self.card, numbers.right)
        if any(abs(value - numbers.right) <= within for value in readings):
            return Verdict(True)
        near = [
            (abs(value - wrong), mistake.says)
            for value in readings
            for wrong, mistake in numbers.wrong
            # A number that the right answer's neighbours could be read as is named only when it is meant.
            if abs(value - wrong) <= max(slack(self.card, wrong), 5e-4 * abs(wrong))
        ]
        return Verdict(False, min(near)[1] if near else "")

    def _judge_choice(self, answer: str) -> Verdict:
        place = _place(answer, self.options)
        if place is None:
            last = LETTERS[len(self.options) - 1]
            return Verdict(False, f"Type one of the letters a to {last}.", understood=False)
        chosen = self.options[place]
        says = next((wrong.says for wrong in self.card.wrong if wrong.expression == chosen), "")
        return Verdict(place in self.solution, says)

    def _judge_order(self, answer: str) -> Verdict:
        places = _places(answer, len(self.options))
        if places is None:
            letters = LETTERS[: len(self.options)]
            return Verdict(False, f"Type each of the letters {letters} once, the first one first.", understood=False)
        for got, expected in zip(places, self.solution, strict=True):
            if got != expected:
                return Verdict(False, f"“{self.options[expected]}” comes before “{self.options[got]}”.")
        return Verdict(True)

    def _judge_words(self, answer: str, right: tuple[str, ...]) -> Verdict:
        if not answer:
            return Verdict(False, "Type the missing words.", understood=False)
        if any(same(answer, text) for text in right):
            return Verdict(True)
        spelt = next((text for text in right if misspelt(answer, text)), None)
        return Verdict(True, f"It is spelt “{spelt}”.") if spelt else Verdict(False)


def ask(card: Card, seed: int) -> Question:
    """A card's question; the same for the same card and seed."""
    rng = random.Random(f"{card.note_id}:{seed}")  # noqa: S311  nothing secret is drawn
    match card.kind:
        case Kind.NUMERIC:
            return _numeric(card, seed, drawn(card, rng))
        case Kind.CHOICE:
            order = rng.sample(range(len(card.options)), len(card.options))
            options = tuple(card.options[place] for place in order)
            return Question(
                card, seed, card.front, _joined(card.options[0], card.back), options, (order.index(0),), True
            )
        case Kind.ORDER:
            order = _shuffled(rng, len(card.items))
            options = tuple(card.items[place] for place in order)
            solution = tuple(order.index(place) for place in range(len(order)))
            listed = "\n".join(f"{number}. {item}" for number, item in enumerate(card.items, 1))
            return Question(card, seed, card.front, _joined(listed, card.back), options, solution, True)
        case Kind.CLOZE:
            typed = len(card.answer) <= TYPED_LIMIT
            return Question(card, seed, card.front, _joined(card.answer, card.back), typed=typed)
    return Question(card, seed, card.front, card.back)


def _numeric(card: Card, seed: int, numbers: Numbers) -> Question:
    texts = {name: shown(value) for name, value in numbers.values.items()}
    right = shown_answer(card, numbers.right)
    with_unit = f"{right} {card.unit}".strip()
    answer = _joined(with_unit, worded(card.back, texts | {"answer": right}))
    return Question(card, seed, worded(card.front, texts), answer, typed=True, numbers=numbers)


def _joined(answer: str, back: str) -> str:
    return f"{answer}\n\n{back}" if back else answer


def _shuffled(rng: random.Random, count: int) -> list[int]:
    """Places in any order but the right one."""
    order = list(range(count))
    while order == sorted(order):
        rng.shuffle(order)
    return order


def _readings(answer: str, unit: str) -> list[float]:
    """The numbers that an answer may mean: ``1,000`` is a thousand here and one there."""
    answer = answer.rstrip(" .")
    texts = [answer]
    if unit and same(answer[-len(unit) :], unit):
        texts.append(answer[: -len(unit)].strip())
    if "=" in answer:
        texts += [text.rpartition("=")[2].strip() for text in texts]
    texts += [text.replace(",", "") for text in texts if re.fullmatch(r"[-−+]?\d{1,3}(,\d{3})+(\.\d+)?", text)]
    return [value for text in texts if (value := parse_answer(text)) is not None]


def _place(answer: str, options: tuple[str, ...]) -> int | None:
    """The option that is meant: by its letter, its text, its number, or the one beginning that fits."""
    label = answer.strip("().: ").casefold()
    if len(label) == 1 and label in LETTERS[: len(options)]:
        return LETTERS.index(label)
    for place, option in enumerate(options):
        if same(answer, option):
            return place
    if re.fullmatch("[1-9]", label) and int(label) <= len(options):
        return int(label) - 1
    begun = [place for place, option in enumerate(options) if len(label) > 2 and option.casefold().startswith(label)]
    return begun[0] if len(begun) == 1 else None


def _places(answer: str, count: int) -> list[int] | None:
    """The order that is meant: ``bca``, ``b c a``, ``b, c, a``, ``2 3 1``; None unless each is named once."""
    marks = re.sub(r"[\s,;.>→<\-–()]+", "", answer.casefold())
    labels = LETTERS if marks[:1].isalpha() else "1234567"
    places = [labels.find(mark) for mark in marks]
    return places if sorted(places) == list(range(count)) else None
