"""What a learner did with the cards, in the tables of an Anki package."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from flashcards.clock import day_begins_ms, learner_day
from flashcards.deck import Library
from flashcards.events import Event, EventKind
from flashcards.exchange import guid
from flashcards.fold import State, Step, current_names, fold, replay
from flashcards.schedule import Memory, Phase, Scheduler

_MOST_MS = 60_000
"""Anki's default; it counts no answer as longer."""

_TYPES = {Phase.NEW: 0, Phase.LEARNING: 1, Phase.REVIEW: 2, Phase.RELEARNING: 3}
_LOG_TYPES = {Phase.NEW: 0, Phase.LEARNING: 0, Phase.REVIEW: 1, Phase.RELEARNING: 2}
_FORGOTTEN = 4
"""The log's type of a card that was made new again."""

_RED = 1


def add_history(
    database: sqlite3.Connection,
    library: Library,
    events: Sequence[Event],
    scheduler: Scheduler,
    now: tuple[int, int],
) -> None:
    """Add answers to `revlog` and memories to `cards`, in a database that genanki wrote.

    Args:
        database: with all notes of the library.
        library: all decks.
        events: all events; those of cards that no deck has any more are left out.
        scheduler: what turns answers into memories.
        now: milliseconds since 1970, and minutes that local time is ahead of UTC.
    """
    at_ms, offset = now
    today = learner_day(at_ms, offset, scheduler.settings.rollover_hour)
    # Anki counts days since its collection began; ours begins with the first answer.
    first = min([today, *(event.day for event in events)])
    _set_up(database, day_begins_ms(first, offset, scheduler.settings.rollover_hour) // 1000, offset, scheduler)
    rows = _card_rows(database, library)
    for card_id, state in fold(events, scheduler).items():
        if card_id in rows:
            _keep(database, rows[card_id], state, first, scheduler)
    log = [_logged(step, rows[step.card_id]) for step in replay(events, scheduler) if step.card_id in rows]
    log += _resets(events, rows)
    taken: set[int] = set()
    for moment, *values in sorted(log):
        # The moment is the row's key; two devices may have saved an answer in the same millisecond.
        while moment in taken:
            moment += 1
        taken.add(moment)
        database.execute("INSERT INTO revlog VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?)", (moment, *values))


def _set_up(database: sqlite3.Connection, began: int, offset: int, scheduler: Scheduler) -> None:
    conf = json.loads(database.execute("SELECT conf FROM col").fetchone()[0])
    # Without its number Anki takes the log for one of its first scheduler, whose 3 meant Easy while learning.
    conf |= {"schedVer": 2, "rollover": scheduler.settings.rollover_hour, "creationOffset": -offset, "fsrs": True}
    database.execute("UPDATE col SET crt = ?, conf = ?", (began, json.dumps(conf)))


def _card_rows(database: sqlite3.Connection, library: Library) -> dict[str, int]:
    """Our card's id → the id of its row."""
    query = "SELECT notes.guid, cards.ord, cards.id FROM cards JOIN notes ON notes.id = cards.nid"
    found = {(name, place): row for name, place, row in database.execute(query)}
    rows = {}
    for card in library.cards.values():
        gap = card.id.partition("#c")[2]
        rows[card.id] = found[guid(card), int(gap) - 1 if gap else 0]
    return rows


def _keep(database: sqlite3.Connection, row: int, state: State, first: int, scheduler: Scheduler) -> None:
    memory = state.memory
    queue, due = _queue(memory, first)
    values = {
        "type": _TYPES[memory.phase],
        "queue": -1 if state.suspended else queue,
        "ivl": memory.interval if memory.phase is Phase.REVIEW else _next_days(memory),
        "factor": 0 if memory.phase is Phase.NEW else 2500,
        "reps": memory.reps,
        "lapses": memory.lapses,
        "left": _steps_left(memory, scheduler),
        "flags": _RED if state.flagged else 0,
        "data": _data(memory, scheduler),
    }
    if due is not None:  # a new card keeps its place in the deck
        values["due"] = due
    marks = ", ".join(f"{name} = ?" for name in values)
    database.execute(f"UPDATE cards SET {marks} WHERE id = ?", (*values.values(), row))  # noqa: S608  our own names


def _queue(memory: Memory, first: int) -> tuple[int, int | None]:
    """Anki's queue and when it is due: seconds while learning within a day, otherwise days."""
    if memory.phase is Phase.NEW:
        return 0, None
    if memory.phase is Phase.REVIEW:
        return 2, memory.due_day - first
    if memory.last_day is not None and memory.due_day > memory.last_day:
        return 3, memory.due_day - first
    return 1, memory.due_ms // 1000


def _next_days(memory: Memory) -> int:
    return max(1, round(memory.stability)) if memory.phase is Phase.RELEARNING else 0


def _steps_left(memory: Memory, scheduler: Scheduler) -> int:
    settings = scheduler.settings
    steps = {Phase.LEARNING: settings.learning_steps, Phase.RELEARNING: settings.relearning_steps}.get(memory.phase, ())
    return max(0, len(steps) - memory.step)


def _data(memory: Memory, scheduler: Scheduler) -> str:
    if memory.last_ms is None:
        return ""
    return json.dumps(
        {
            # Rounded as Anki rounds them.
            "s": round(memory.stability, 4),
            "d": round(memory.difficulty, 3),
            "dr": round(scheduler.settings.retention, 2),
            "lrt": memory.last_ms // 1000,
        }
    )


def _logged(step: Step, row: int) -> tuple[int, ...]:
    event = step.event
    assert event.rating is not None
    difficulty = round(((step.after.difficulty - 1) / 9 + 0.1) * 1000)
    time = min(event.duration_ms, _MOST_MS)
    kind = _LOG_TYPES[step.before.phase]
    return event.at_ms, row, int(event.rating), _interval(step.after), _interval(step.before), difficulty, time, kind


def _interval(memory: Memory) -> int:
    """Days, or the negative of seconds."""
    if memory.phase is Phase.REVIEW:
        return memory.interval
    return -((memory.due_ms - memory.last_ms) // 1000) if memory.last_ms is not None else 0


def _resets(events: Sequence[Event], rows: dict[str, int]) -> list[tuple[int, ...]]:
    undone = {event.value for event in events if event.kind is EventKind.UNDO}
    names = current_names(events)
    found: list[tuple[int, ...]] = []
    for event in events:
        card_id = names.get(event.card_id, event.card_id)
        if event.kind is EventKind.RESET and event.uid not in undone and card_id in rows:
            found.append((event.at_ms, rows[card_id], 0, 0, 0, 0, 0, _FORGOTTEN))
    return found
