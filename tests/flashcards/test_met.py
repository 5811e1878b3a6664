"""What the grader met, as the flashcards read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from flashcards import met
from flashcards.card import Card, Kind
from grader import met as grader_met
from grader.report import CheckResult, Report, Status

AT = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)


def test_what_the_grader_writes_is_what_the_drill_reads(tmp_path: Path) -> None:
    """The only thing that the two packages share: a file."""
    check = CheckResult("test_z", "z", Status.FAILED, 0, 2, misconception="variance_as_std")
    report = Report("exercise1_reparameterization", "t", (check,), 0.1, (), 1)
    grader_met.note(report, AT, {"REPARAM_DATA": str(tmp_path)})
    assert met.latest(tmp_path) == {
        "exercise1.variance_as_std": met.Meeting("exercise1.variance_as_std", AT),
    }


def test_the_latest_meeting_counts_and_what_is_no_meeting_is_passed_over(tmp_path: Path) -> None:
    later = AT.replace(day=18)
    lines = [
        json.dumps({"id": "exercise1.a", "at": later.isoformat()}),
        json.dumps({"id": "exercise1.a", "at": AT.isoformat()}),
        '{"id": "exercise1.b", "at": "no time"}',
        '{"id": 7, "at": "2026-11-17T09:30:00+00:00"}',
        '{"id": "exercise1.c", "at": "2026-11-17T09:30:00"}',  # whose nine o'clock?
        "[" * 100_000,
        "\x00garbage",
        '{"id": "exercise1.d", "at": "2026-11-17T09:',
    ]
    (tmp_path / met.FILE).write_text("\n".join(lines))
    assert met.latest(tmp_path) == {"exercise1.a": met.Meeting("exercise1.a", later)}


def test_nothing_was_met_where_nothing_was_written(tmp_path: Path) -> None:
    assert met.latest(tmp_path) == {}
    (tmp_path / met.FILE).mkdir()
    assert met.latest(tmp_path) == {}


def test_a_card_about_several_mistakes_takes_the_latest_meeting() -> None:
    about = Card("x", "deck", Kind.BASIC, "front", "back", after=("exercise1.a", "exercise1.b"))
    other = Card("y", "deck", Kind.BASIC, "front", "back")
    meetings = {name: met.Meeting(name, AT.replace(day=day)) for day, name in ((3, "exercise1.a"), (5, "exercise1.b"))}
    assert met.by_card([about, other], meetings) == {"x": meetings["exercise1.b"]}
