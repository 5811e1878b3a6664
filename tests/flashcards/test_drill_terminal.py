"""The drill as a learner meets it: the real command in a real terminal."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from decks import BASIC, CHOICE, NUMERIC, written
from terminals import PROGRAMS, Terminal, terminal

from flashcards.store import FILE, Store

pytestmark = [
    pytest.mark.xdist_group("flashcards-terminal"),
    pytest.mark.skipif(not shutil.which("tmux") and not os.environ.get("CI"), reason="tmux is not installed"),
]

FIRST = "How is z drawn?"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a deck named `small`."""
    written(tmp_path / "data" / "decks", BASIC, CHOICE, NUMERIC)
    return tmp_path / "data"


@pytest.fixture
def window(tmp_path: Path, data: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, env={"REPARAM_DATA": str(data)}) as opened:
        yield opened


def run(command: list[str], folder: Path, data: Path, keys: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "REPARAM_DATA": str(data), "COLUMNS": "80",
    }  # fmt: skip
    return subprocess.run(
        command, input=keys, capture_output=True, text=True, env=environment, cwd=folder, check=False, timeout=60
    )


def reviews(data: Path) -> list[tuple[str, int]]:
    with Store.open(data / FILE) as store:
        undone = {event.value for event in store.events() if event.kind == "undo"}
        return [
            (event.card_id, int(event.rating))
            for event in store.events()
            if event.rating is not None and event.uid not in undone
        ]


def test_a_first_drill(window: Terminal, data: Path) -> None:
    window.run("flashcards small")
    screen = window.wait(FIRST)
    assert "3 new" in screen
    assert window.alternate()
    window.press("Space")
    assert "a paper" in window.wait("3 good 10 min")
    window.press("3")
    window.wait("Which mask comes first?")
    window.press("u")
    window.wait("Undone.")
    window.press("Space")
    window.wait("3 good 10 min")
    window.press("4")
    window.wait("Which mask comes first?")
    window.press("q")
    screen = window.wait("1 answer")
    assert not window.alternate()
    assert "flashcards" in screen
    assert reviews(data) == [("formula", 4)]


def test_resizing_keeps_the_question_and_the_keys_in_view(window: Terminal) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    for width, height in ((40, 12), (200, 60), (80, 24)):
        window.resize(width, height)

        def drawn(screen: str, height: int = height) -> bool:
            return FIRST in screen and any("? help" in line for line in screen.split("\n")[height - 4 :])

        window.wait(drawn)
    window.press("q")
    window.wait("$")


def test_control_z_gives_the_terminal_back_and_fg_draws_again(window: Terminal) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    window.press("C-z")
    window.wait("Stopped")
    assert not window.alternate()
    window.run("echo typed $((40 + 2))")
    window.wait("typed 42")
    window.run("fg")
    window.wait(lambda screen: FIRST in screen and "space: show" in screen)
    window.press("Space")
    window.wait("3 good")
    window.press("q")
    window.wait_gone("3 good")


def test_control_c_loses_nothing_and_leaves_the_terminal_as_it_was(window: Terminal, data: Path) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    window.press("Space", "3")
    window.wait("Which mask comes first?")
    window.press("C-c")
    window.wait("1 answer")
    window.run("echo typed $((40 + 2))")
    window.wait("echo typed")  # the echo of the shell is back
    assert reviews(data) == [("formula", 3)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL])
def test_a_killed_drill_keeps_its_answers(window: Terminal, data: Path, number: signal.Signals) -> None:
    window.run("flashcards small & fg")
    window.wait(FIRST)
    window.press("Space", "3")
    window.wait("Which mask comes first?")
    children = subprocess.run(
        ["pgrep", "-P", str(window.shell())], capture_output=True, text=True, check=True
    ).stdout.split()
    os.kill(int(children[-1]), number)
    window.wait_gone("Which mask comes first?") if number != signal.SIGKILL else None
    window.run("reset; echo still $((40 + 2))")
    window.wait("still 42")
    assert reviews(data) == [("formula", 3)]


def test_what_is_pasted_presses_no_keys(window: Terminal, data: Path) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    window.paste("3 3 q s e")
    window.press("?")
    window.wait("undo the last rating")
    window.press("x")
    window.wait(FIRST)
    assert reviews(data) == []


def test_a_number_is_typed_corrected_and_judged(window: Terminal) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    window.press("Space", "4")
    window.wait("Which mask")
    window.press("Space", "4")
    window.wait("in nats?")
    window.type("9.9µ")
    window.wait("> 9.9µ")
    window.press("BSpace", "BSpace", "BSpace")
    window.wait(lambda screen: "> 9▏" in screen)
    window.press("Left", "Up", "Enter")
    screen = window.wait("✗ not right: 9")
    assert "1 again" in screen
    window.press("Escape", "q")
    window.wait("2 answers")


def test_a_card_is_edited_in_the_learners_editor(tmp_path: Path, data: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/called\nsed -i "s/How is z drawn/How does one draw z/" "$1"\n'
    )
    editor.chmod(0o755)
    with terminal(tmp_path, env={"REPARAM_DATA": str(data), "EDITOR": str(editor)}) as window:
        window.run("flashcards small")
        window.wait(FIRST)
        window.press("e")
        window.wait("How does one draw z?")
        assert "progress stays" in window.screen()
        assert (tmp_path / "called").read_text().split() == [str(data / "decks" / "small.yaml")]


def test_control_z_in_the_editor_stops_it_and_fg_gives_the_terminal_back_to_it(tmp_path: Path, data: Path) -> None:
    """Not to the drill, which waits for it."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho in the editor\nread line\necho "read: $line"\nread line\n')
    editor.chmod(0o755)
    with terminal(tmp_path, env={"REPARAM_DATA": str(data), "EDITOR": str(editor)}) as window:
        window.run("flashcards small")
        window.wait(FIRST)
        window.press("e")
        window.wait("in the editor")
        window.press("C-z")
        window.wait("Stopped")
        window.run("fg")
        # The command line, the shell's word that it stopped, and the one that it goes on.
        window.wait(lambda screen: screen.count("flashcards small") == 3)
        window.type("a line")
        window.press("Enter")
        window.wait("read: a line")
        assert not window.alternate()
        window.press("Enter")
        window.wait("Nothing was changed.")
        window.press("q")
        window.wait_gone("Nothing was changed.")


def test_a_drill_that_was_stopped_from_elsewhere_takes_the_terminal_again(window: Terminal) -> None:
    window.run("flashcards small & fg")
    window.wait(FIRST)
    drill = int(
        subprocess.run(
            ["pgrep", "-P", str(window.shell())], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
    )  # fmt: skip
    os.kill(drill, signal.SIGSTOP)
    window.wait("Stopped")
    window.run("stty sane; clear; fg")
    window.wait(FIRST)
    window.press("Space")
    window.wait("3 good")
    window.press("q")
    window.wait_gone("3 good")


def test_a_key_that_is_held_down_counts_once(window: Terminal, data: Path) -> None:
    window.run("flashcards small")
    window.wait(FIRST)
    window.press(*["Space"] * 30)
    window.wait("3 good 10 min")
    window.press("?")
    window.wait("undo the last rating")
    window.press("q")
    window.wait("3 good 10 min")
    assert reviews(data) == []
    window.press("3")
    window.wait("Which mask comes first?")
    assert reviews(data) == [("formula", 3)]


def test_a_store_that_fails_in_the_middle_ends_the_drill_in_words(window: Terminal, data: Path) -> None:
    """Another program holds the file for longer than anybody would wait."""
    window.run("flashcards small; echo code $?")
    window.wait(FIRST)
    window.press("Space", "3")
    window.wait("Which mask comes first?")
    with contextlib.closing(sqlite3.connect(data / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        window.press("Space", "3")
        screen = window.wait("code 2")
        other.execute("ROLLBACK")
    assert str(data / FILE) in screen.replace("\n", "")
    assert "Traceback" not in screen
    assert not window.alternate()
    assert reviews(data) == [("formula", 3)]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-", "| head -1", ">/dev/full"])
def test_closed_streams_and_full_disks_are_no_crash(tmp_path: Path, data: Path, closed: str) -> None:
    done = run(["bash", "-c", f"flashcards small {closed}"], tmp_path, data, "\n3\n")
    assert "failed" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.returncode == (2 if "full" in closed else 0), done.stderr


def test_a_current_folder_that_is_gone_is_no_obstacle(tmp_path: Path, data: Path) -> None:
    done = run(["bash", "-c", "mkdir gone && cd gone && rmdir ../gone && flashcards small"], tmp_path, data)
    assert (done.returncode, FIRST in done.stdout) == (0, True), done.stderr


def test_letters_beyond_ascii_may_be_missing(tmp_path: Path, data: Path) -> None:
    command = "PYTHONIOENCODING=ascii flashcards small --cards 2"
    done = run(["bash", "-c", command], tmp_path, data, "\n3\n\n3\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "1 learning | 2 new" in done.stdout
    assert "2 answers | 2 known" in done.stdout


def test_a_workspace_may_have_decks_of_its_own(tmp_path: Path, data: Path) -> None:
    (tmp_path / "exercises").mkdir()
    written(tmp_path / "decks", BASIC.replace("formula", "mine"), name="mine")
    (tmp_path / "exercises" / "deeper").mkdir()
    done = run(["flashcards", "mine"], tmp_path / "exercises" / "deeper", data)
    assert (done.returncode, FIRST in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("command", ["flashcards small --cards 2 --plain", "TERM=dumb flashcards small --cards 2"])
def test_a_pipe_answers_a_line_at_a_time(tmp_path: Path, data: Path, command: str) -> None:
    keys = "\n3\n:u\n\n2\n\n\n"
    done = run(["bash", "-c", command], tmp_path, data, keys)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert FIRST in done.stdout
    assert "2 answers" in done.stdout
    assert len(reviews(data)) == 2


def test_the_first_card_needs_neither_torch_nor_numpy_nor_pytest(tmp_path: Path, data: Path) -> None:
    code = (
        "import sys, io, flashcards.cli as c; sys.stdin = io.StringIO(''); c.main([]);"
        "sys.exit(str({'torch', 'numpy', 'pytest', 'fsrs', 'grader'} & set(sys.modules)))"
    )
    environment = {**os.environ, "REPARAM_DATA": str(data)}
    python = Path(PROGRAMS) / "python"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, env=environment, check=False, cwd=tmp_path
    )
    assert done.stderr.strip() == "set()"
    assert "new" in done.stdout


def test_commands_tell_what_they_did(tmp_path: Path, data: Path) -> None:
    def told(*words: str) -> tuple[int, str, str]:
        done = run(["flashcards", *words], tmp_path, data)
        return done.returncode, done.stdout, done.stderr

    assert told("check", str(data / "decks"))[0] == 0
    code, out, _ = told("add", "--front", "Who wrote it?", "--back", "We did.")
    assert (code, "own-who-wrote-it" in out) == (0, True)
    assert "Who wrote it?" in told("list", "own")[1]
    code, out, _ = told("stats", "--format", "json")
    assert json.loads(out)["schema"] == "reparam.flashcards.stats/1"
    assert "own" in told("stats", "own")[1]
    assert told("export", "--jsonl", "all.jsonl", "--tsv", "all.tsv", "--csv", "all.csv")[0] == 0
    assert told("import", "all.jsonl")[1].startswith("0 new notes")
    assert told("sync", "shared")[0] == 0
    assert told("rebuild")[0] == 0
    assert told("undo")[1] == "There is nothing to undo.\n"
    run(["flashcards", "small", "--cards", "1"], tmp_path, data, "\n3\n")
    assert told("undo")[1] == "Undone: your answer to formula.\n"
    assert reviews(data) == []
    for words, says in (
        (("statt",), "Did you mean `flashcards stats`?"),
        (("drill", "smal"), "Did you mean `flashcards drill small`?"),
        (("--cards", "0"), "--cards"),
        (("export",), "--anki"),
        (("resume", "formula"), "is not suspended"),
        (("optimize",), "512"),
        (("import", "missing.jsonl"), "missing.jsonl"),
        (("sync", str(data / FILE)), "is not a folder"),
    ):
        code, _, err = told(*words)
        assert (code, says in err) == (2, True), (words, err)
        assert "Traceback" not in err
