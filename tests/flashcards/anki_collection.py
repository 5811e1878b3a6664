"""Imports packages into a real Anki collection and says what Anki then has; run by an interpreter that has `anki`.

Reads from standard input one JSON list of steps, each done in turn:
["import", path], ["import-text", path], ["answer", guid, ordinal, rating], ["dump"].
Writes one JSON list: what each "dump" and import gave.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.scheduler_pb2 import CardAnswer


def dump(collection: Collection) -> dict[str, Any]:
    """Every note by its guid, with its cards and their history."""
    notes: dict[str, Any] = {}
    for note_id in collection.find_notes(""):
        note = collection.get_note(note_id)
        cards = []
        for card in note.cards():
            log = collection.db.all(
                "select id, ease, ivl, lastIvl, factor, time, type from revlog where cid = ?", card.id
            )
            state = card.memory_state
            cards.append(
                {
                    "ord": card.ord,
                    "deck": collection.decks.name(card.did),
                    "type": card.type,
                    "queue": card.queue,
                    "due": card.due - (collection.sched.today if card.queue in (2, 3) else 0),
                    "interval": card.ivl,
                    "reps": card.reps,
                    "lapses": card.lapses,
                    "flag": card.user_flag(),
                    "stability": state.stability if state else None,
                    "difficulty": state.difficulty if state else None,
                    "log": sorted(log),
                    "question": card.question(),
                    "answer": card.answer(),
                }
            )
        fields = dict(note.items())
        notes[note.guid] = {"fields": fields, "tags": note.tags, "cards": cards, "type": note.note_type()["name"]}
    return {"notes": notes, "media": sorted(path.name for path in Path(collection.media.dir()).iterdir())}


def main() -> None:
    collection = Collection(str(Path(tempfile.mkdtemp(prefix="reparam-anki-")) / "collection.anki2"))
    collection.set_config("fsrs", True)
    told: list[Any] = []
    for word, *rest in json.load(sys.stdin):
        if word == "import":
            options = ImportAnkiPackageOptions(with_scheduling=True)
            log = collection.import_anki_package(ImportAnkiPackageRequest(package_path=rest[0], options=options)).log
            counts = {name: len(getattr(log, name)) for name in ("new", "updated", "duplicate", "conflicting")}
            told.append(counts)
        elif word == "import-text":
            from anki.import_export_pb2 import ImportCsvRequest

            metadata = collection.get_csv_metadata(path=rest[0], delimiter=None)
            log = collection.import_csv(ImportCsvRequest(path=rest[0], metadata=metadata)).log
            told.append({name: len(getattr(log, name)) for name in ("new", "updated", "duplicate", "conflicting")})
        elif word == "answer":
            guid, place, rating = rest
            note_id = collection.db.scalar("select id from notes where guid = ?", guid)
            card = collection.get_note(note_id).cards()[place]
            states = collection._backend.get_scheduling_states(card.id)
            chosen = {1: states.again, 2: states.hard, 3: states.good, 4: states.easy}[rating]
            answer = CardAnswer(card_id=card.id, current_state=states.current, new_state=chosen, rating=rating - 1)
            answer.answered_at_millis = collection.db.scalar("select strftime('%s', 'now') * 1000")
            answer.milliseconds_taken = 1000
            collection._backend.answer_card(answer)
        else:
            told.append(dump(collection))
    collection.close()
    json.dump(told, sys.stdout)


main()
