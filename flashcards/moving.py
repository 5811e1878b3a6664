"""Cards and answers that leave or come in: export, import, sync."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from flashcards import clock
from flashcards.folders import DECKS
from flashcards.page import plural, printable
from flashcards.sitting import take_over_names
from flashcards.tasks import FOUND, PASSED, all_decks, opened, say


@dataclass(frozen=True)
class Targets:
    """The files of an export; None for a form that was not asked for."""

    anki: Path | None
    tsv: Path | None
    csv: Path | None
    jsonl: Path | None


def export(data: Path, targets: Targets, *, history: bool) -> int:
    """Write cards and answers for other programs."""
    from flashcards import exchange

    library = all_decks(data)
    with opened(data) as store:
        take_over_names(store, library)
        events, scheduler = store.events(), store.scheduler
    if targets.anki is not None:
        from flashcards.anki import export_anki

        kept = events if history else None
        count = export_anki(library, targets.anki, now=clock.now(), events=kept, scheduler=scheduler)
        say(f"{targets.anki}: {plural(count, 'note')}{' with your answers' if history else ''}\n")
    if targets.tsv is not None:
        say(f"{targets.tsv}: {plural(exchange.export_tsv(library, targets.tsv), 'note')}\n")
    if targets.csv is not None:
        say(f"{targets.csv}: {plural(exchange.export_csv(events, targets.csv, scheduler=scheduler), 'answer')}\n")
    if targets.jsonl is not None:
        cards, answers = exchange.export_jsonl(library, events, targets.jsonl)
        say(f"{targets.jsonl}: {plural(cards, 'note')}, {plural(answers, 'event')}\n")
    return PASSED


def import_file(data: Path, file: Path) -> int:
    """Take in cards, and answers where the file holds some."""
    from flashcards.importing import import_jsonl, import_tsv

    library = all_decks(data)
    read = import_jsonl if file.suffix == ".jsonl" else import_tsv
    found = read(file, data / DECKS, library)
    answers = 0
    if found.events:
        with opened(data) as store:
            answers = store.add(found.events)
    for path in found.paths:
        say(f"written {path}\n")
    say(f"{plural(found.cards, 'new note')}, {found.known} known already, {plural(answers, 'new event')}\n")
    for line in found.left_out:
        sys.stderr.write(f"left out: {printable(line)}\n")
    return FOUND if found.left_out else PASSED


def sync_folder(data: Path, folder: Path) -> int:
    """Exchange events through a shared folder."""
    from flashcards.sync import sync

    with opened(data) as store:
        found = sync(store, folder)
    devices = ", ".join(found.devices) or "none yet"
    say(f"{plural(found.sent, 'event')} sent, {found.received} received; devices: {devices}\n")
    for problem in found.problems:
        sys.stderr.write(f"{problem}\n")
    return FOUND if found.problems else PASSED
