"""Answers cards in a real Anki collection; a process of its own, whose clock is libfaketime's.

Reads one JSON object: `config` for the deck, and `answers` as [card, rating, milliseconds since 1970].
Writes for each answer what Anki then knows: [stability, difficulty, interval in days, or null while learning].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from anki.collection import Collection
from anki.scheduler_pb2 import CardAnswer

RATINGS = {1: CardAnswer.AGAIN, 2: CardAnswer.HARD, 3: CardAnswer.GOOD, 4: CardAnswer.EASY}
REVIEW = 2
"""`card.type` of a card in review."""


def set_clock(at_ms: int) -> None:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    Path(os.environ["FAKETIME_TIMESTAMP_FILE"]).write_text(f"{moment:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}")


def main() -> None:
    script = json.load(sys.stdin)
    set_clock(script["answers"][0][2] - 60_000)
    collection = Collection(str(Path(tempfile.mkdtemp()) / "collection.anki2"))
    collection.set_config("fsrs", True)
    config = collection.decks.config_dict_for_deck_id(1)
    for part, values in script["config"].items():
        config[part] = {**config[part], **values} if isinstance(values, dict) else values
    collection.decks.update_config(config)
    cards = {}
    results = []
    for name, rating, at_ms in script["answers"]:
        set_clock(at_ms)
        if name not in cards:
            note = collection.new_note(collection.models.by_name("Basic"))
            note["Front"] = name
            collection.add_note(note, 1)
            cards[name] = note.cards()[0].id
        states = collection._backend.get_scheduling_states(cards[name])
        chosen = {1: states.again, 2: states.hard, 3: states.good, 4: states.easy}[rating]
        collection._backend.answer_card(
            CardAnswer(
                card_id=cards[name],
                current_state=states.current,
                new_state=chosen,
                rating=RATINGS[rating],
                answered_at_millis=at_ms,
                milliseconds_taken=1000,
            )
        )
        card = collection.get_card(cards[name])
        memory = card.memory_state
        results.append([memory.stability, memory.difficulty, card.ivl if card.type == REVIEW else None])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
