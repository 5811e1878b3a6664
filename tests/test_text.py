"""Text from learners is safe to show, whatever is in it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import clean, did_you_mean, nearest, one_line

# Letters, escape sequences and invisible characters side by side, so that removing one can bring two others together.
HOSTILE = st.text(st.one_of(st.sampled_from("\x1b[]0m;\r\n\t\x07\x9b\u202e\u200b\u2028\ud800é漢"), st.characters()))


@given(HOSTILE, st.integers(1, 60))
def test_clean_leaves_nothing_invisible(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in cleaned)
    cleaned.encode()


@given(HOSTILE, st.integers(1, 60))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=50))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert clean(text, 50) == text


def test_every_character_of_unicode() -> None:
    everything = map(chr, range(sys.maxunicode + 1))
    unsafe = "".join(c for c in everything if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert set(clean(unsafe, len(unsafe))) == {"\n", "\t"}
    assert clean("μσ²ε∂✓✗·–…\ufffd漢é") == "μσ²ε∂✓✗·–…\ufffd漢é"


def test_colour_codes_and_titles_go() -> None:
    assert clean("\x1b[1;31mred\x1b[0m \x1b]0;owned\x07title\x1b]8;;http://x\x1b\\link") == "red titlelink"


def test_a_progress_bar_becomes_lines() -> None:
    assert clean("10 %\r20 %\r\ndone") == "10 %\n20 %\ndone"


def test_megabytes_cost_nothing() -> None:
    assert len(clean("x" * 50_000_000, 100)) == 100
    assert clean("\x1b" * 50_000_000, 100) == "…"


def test_one_line() -> None:
    assert one_line("  a\n\tb\u2028c  ") == "a b c"


@pytest.mark.parametrize(
    ("word", "found"), [("tset_shape", "test_shape"), ("TEST_VALUES", "test_values"), ("xyz", None), ("", None)]
)
def test_nearest(word: str, found: str | None) -> None:
    assert nearest(word, ["test_shape", "test_values"]) == found
    assert did_you_mean(word, ["test_shape", "test_values"]) == (f" Did you mean {found}?" if found else "")
