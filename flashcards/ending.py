"""The end of a drill: what was done, how far it has come, and when it is worth coming back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from flashcards.page import Look, Page, one_line, plural
from flashcards.schedule import Phase, Rating
from flashcards.screen import front_of, interval
from flashcards.session import Moment, Queue
from flashcards.stats import streak

if TYPE_CHECKING:
    from flashcards.card import Card
    from flashcards.fold import State
    from flashcards.piles import Done

DAYS = 14
_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", ".:-=+*%#"
_HARDEST = 3
_NEW_AGAIN = 10
"""So many new cards more are offered to who wants more of them today."""
_SHARES = (
    (0.9, "nine tenths"), (0.75, "three quarters"), (0.5, "half of them"), (0.25, "the first quarter"),
    (0.1, "the first tenth"),
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """What there is to tell.

    Args:
        done: the answers of this session.
        left: what is left today.
        cards: of the decks that were drilled.
        states: card id → state.
        by_day: learner's day → answers, of all time.
        moment: now.
        decks: the names that were asked for; none for all decks.
        practice: nothing was scheduled.
    """

    done: Sequence[Done]
    left: Queue
    cards: Sequence[Card]
    states: Mapping[str, State]
    by_day: Counter[int]
    moment: Moment
    decks: Sequence[str] = ()
    practice: bool = False


def ending(ended: Ended, look: Look) -> str:
    """The last screen."""
    page = Page(look)
    page.blank()
    if ended.done:
        _session(page, ended.done)
        _hardest(page, ended.done)
    _rhythm(page, ended)
    _progress(page, ended)
    page.blank()
    if ended.practice:
        page.say("Practice moves no dates. What is due:", "dim")
        page.say(_command(ended), "bold", first=" ", hang=2)
    else:
        _outlook(page, ended)
    return page.text()


def _session(page: Page, done: Sequence[Done]) -> None:
    minutes = sum(answer.duration_ms for answer in done) / 60_000
    knew = sum(answer.rating is not Rating.AGAIN for answer in done)
    words = [plural(len(done), "answer"), f"{knew} known", f"{max(round(minutes), 1)} min"]
    page.say(Text(page.look.dot.join(words), "bold"))
    learnt = {a.card.id for a in done if a.after.phase is Phase.REVIEW and a.before.phase is not Phase.REVIEW}
    if learnt:
        them = "it comes" if len(learnt) == 1 else "they come"
        page.say(f"{plural(len(learnt), 'card')} learnt: from now on {them} days apart.", "green")


def _hardest(page: Page, done: Sequence[Done]) -> None:
    """What was not known, with its answer: the last look at it today costs nothing."""
    again = Counter(answer.card.id for answer in done if answer.rating is Rating.AGAIN)
    cards = {answer.card.id: answer.card for answer in done}
    if not again:
        return
    page.blank()
    page.say("worth another look", "dim")
    for card_id, _ in again.most_common(_HARDEST):
        card = cards[card_id]
        page.say(one_line(front_of(card)), first="·" if page.look.unicode else "*", hang=2)
        answer = card.answer if card.cloze else "" if card.draw else (card.options[:1] or [card.back])[0]
        if answer:
            page.say(one_line(answer), "green", first=" ", hang=2)
        if card.exercise:
            page.say(f"grade {card.exercise}", "dim", first=" ", hang=2)


def _rhythm(page: Page, ended: Ended) -> None:
    """The streak, and a bar for each of the last two weeks' days."""
    today = ended.moment.day
    found = streak(ended.by_day, today)
    counts = [ended.by_day[day] for day in range(today - DAYS + 1, today + 1)]
    if not any(counts):
        return
    page.blank()
    if found.days > 1:
        best = ", your longest yet" if found.days == found.longest > 2 else ""
        page.say(f"{plural(found.days, 'day')} in a row{best}")
    if page.look.plain:
        return
    bars = _BARS if page.look.unicode else _PLAIN_BARS
    most = max(counts)
    strip = "".join(
        bars[(len(bars) - 1) * count // most] if count else ("·" if page.look.unicode else "_") for count in counts
    )
    page.say(Text.assemble((strip, "green"), (f"  answers a day, {DAYS} days", "dim")))


def _progress(page: Page, ended: Ended) -> None:
    """How many cards are known by now, and what share of them this session has passed."""
    known = {card.id for card in ended.cards if _in_review(ended.states, card)}
    if not known:
        return
    total = len(ended.cards)
    words = f"{len(known)} of {plural(total, 'card')} learnt"
    before = len(known) - len({d.card.id for d in ended.done if d.before.phase is Phase.NEW} & known)
    passed = next((name for share, name in _SHARES if before < share * total <= len(known)), "")
    if len(known) == total:
        words = f"All {plural(total, 'card')} learnt: from now on it is keeping them"
    elif passed:
        words += f", {passed}"
    page.say(words)


def _outlook(page: Page, ended: Ended) -> None:
    """What comes, when, and how long it will take."""
    left, moment = ended.left, ended.moment
    if len(left) > len(left.waiting):
        page.say(Text.assemble(f"{plural(len(left), 'card')} left today: ", (_command(ended), "bold")))
        return
    if left.waiting:
        soonest = min(ended.states[card.id].memory.due_ms for card in left.waiting)
        page.say(f"{plural(len(left.waiting), 'card')} in {interval(max(soonest - moment.at_ms, 0) / 1000)}.")
    else:
        page.say("Nothing is left today: well done." if ended.done else "Nothing is due today.")
    coming = Counter(
        ended.states[card.id].memory.due_day - moment.day
        for card in ended.cards
        if _in_review(ended.states, card) and not ended.states[card.id].suspended
    )
    if tomorrow := coming[1]:
        page.say(f"Tomorrow {plural(tomorrow, 'review')}{_minutes(ended.done, tomorrow)}.")
    if week := sum(count for days, count in coming.items() if 1 <= days <= 7):
        page.say(f"Within a week {week}.")
    elif coming:
        page.say(f"The next one comes in {plural(min(coming), 'day')}.")
    _offers(page, ended)


def _offers(page: Page, ended: Ended) -> None:
    """For who has not had enough."""
    offers = [("to practise all the same", _command(ended, "--cram"))]
    introduced = sum(state.first_day == ended.moment.day for state in ended.states.values())
    if any(card.id not in ended.states for card in ended.cards):
        offers.insert(0, ("more new cards today", _command(ended, f"--new {introduced + _NEW_AGAIN}")))
    if ended.done and not ended.left:
        offers.append(("to take the last answer back", "flashcards undo"))
    page.blank()
    for what, command in offers:
        page.say(Text.assemble((f"{what}: ", "dim"), (command, "bold")))


def _in_review(states: Mapping[str, State], card: Card) -> bool:
    return card.id in states and states[card.id].memory.phase is Phase.REVIEW


def _command(ended: Ended, options: str = "") -> str:
    return " ".join(part for part in ("flashcards", *ended.decks, options) if part)


def _minutes(done: Sequence[Done], count: int) -> str:
    """How long so many answers take somebody who answers as in this session."""
    if not done:
        return ""
    minutes = sum(answer.duration_ms for answer in done) / len(done) * count / 60_000
    return f", about {max(round(minutes), 1)} min"
