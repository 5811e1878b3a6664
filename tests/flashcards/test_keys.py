"""Keys as a terminal sends them: bytes in, names out."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flashcards import keys
from flashcards.keys import EOF, Pasted, Terminal

PASTE = "\x1b[200~{}\x1b[201~"


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here is typed."""
    ours, theirs = pty.openpty()
    with Path(os.ttyname(theirs)).open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield ours
    for end in (ours, theirs):
        with contextlib.suppress(OSError):  # a test may have closed it
            os.close(end)


def pressed(keyboard: int, data: bytes) -> list[str]:
    """The keys that some bytes are, up to the end of the input."""
    with Terminal() as terminal:
        os.write(keyboard, data)
        found = []
        while (key := terminal.key()) != EOF:
            found.append(key)
        return found


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("a1 é界🎉", ["a", "1", " ", "é", "界", "🎉"]),
        ("\r\n", [keys.ENTER]),  # one key press, however it is sent
        ("\x7f\x08\x15", [keys.BACKSPACE, keys.BACKSPACE, keys.CLEAR]),
        ("\x1b[A\x1bOB\x1b[5~\x1b[6~", [keys.UP, keys.DOWN, keys.PAGE_UP, keys.PAGE_DOWN]),
        ("\x1b[1;5C\x1b[15~\x1bOP\x01", [keys.OTHER] * 4),
        ("\x1bq\x1b\x1b[Ax", [keys.ESCAPE, "q", keys.ESCAPE, keys.UP, "x"]),
        ("       3", [" ", "3"]),  # held down
        ("aaa", ["a", "a", "a"]),
        (PASTE.format("q3 q\n") + "x", [Pasted("q3 q\n"), "x"]),
        (PASTE.format("") + "x", [Pasted(""), "x"]),
        ("\u200d\u202ex", [keys.OTHER, keys.OTHER, "x"]),  # what reorders text is no key
    ],
)
def test_bytes_are_keys(keyboard: int, typed: str, names: list[str]) -> None:
    assert pressed(keyboard, typed.encode() + b"\x04") == names


def test_a_long_paste_is_one_paste(keyboard: int) -> None:
    text = "abc " * 20_000
    sent = (PASTE.format(text) + "x\x04").encode()

    def write() -> None:
        rest = sent
        while rest:
            rest = rest[os.write(keyboard, rest[:512]) :]

    writer = threading.Thread(target=write)
    with Terminal() as terminal:
        writer.start()
        paste, after = terminal.key(), terminal.key()
        writer.join()
    assert isinstance(paste, Pasted)
    assert text.startswith(paste)
    assert after == "x"


def test_a_letter_may_come_in_two_pieces(keyboard: int) -> None:
    with Terminal() as terminal:
        first, second = "é".encode()[:1], "é".encode()[1:]
        os.write(keyboard, first)
        later = threading.Timer(0.1, os.write, (keyboard, second))
        later.start()
        assert terminal.key() == "é"
        later.join()


@pytest.mark.parametrize("seed", range(20))
def test_no_bytes_are_a_crash(keyboard: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  no secret
    pieces = [b"\x1b", b"[", b"O", b"200~", b"201~", b"A", b";", b"1", b"~", b"\xc3", b"\xa9", b"\xff", b" ", b"q"]
    # Not what the terminal itself acts on, as Ctrl-C.
    data = b"".join(rng.choices(pieces, k=200)) + b"\x1b[201~\x1b[201~x" + b"\x04" * 3
    assert all(isinstance(key, str) and key for key in pressed(keyboard, data) if not isinstance(key, Pasted))


@pytest.mark.parametrize("begun", ["", "\x1b", "\x1b[", "\x1b[200~pasted"])
def test_a_terminal_that_goes_away_is_the_end(keyboard: int, begun: str) -> None:
    """In the middle of a sequence too."""
    with Terminal() as terminal:
        os.write(keyboard, begun.encode() + b" ")
        assert begun or terminal.key() == " "
        os.close(keyboard)
        found = [terminal.key() for _ in range(20)]
    assert found[-1] == EOF
