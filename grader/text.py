"""Text that came from a learner, made safe to show: nothing in it can move a cursor, hide or reorder what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable

LIMIT = 4000
"""How much of one text is kept unless a caller says otherwise."""

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_LINE_BREAK = re.compile("\r\n|\r|\u2028|\u2029|\x85")

# Every control and format character of Unicode (categories Cc, Cf, Cs, Zl, Zp) but \n and \t, and the characters of
# other categories that are drawn as nothing: fillers, joiners, variation selectors.
_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)


def clean(text: str, limit: int = LIMIT) -> str:
    r"""The text without anything invisible, at most ``limit`` characters long; a cut ends in ``…``.

    Colour codes go, other line breaks become ``\n`` (so that a progress bar drawn with ``\r`` stays readable).
    Cleaning twice changes nothing.

    Args:
        text: any string, also one with lone surrogates.
        limit: characters kept, at least 1.
    """
    # Nothing is added by cleaning, so a prefix is enough: a megabyte of output costs no more than a page of it.
    # Escape sequences and invisible characters may use up the prefix; then the text is cut earlier, never later.
    prefix = text[: 8 * limit]
    cut = len(text) > len(prefix)
    prefix = _UNSAFE.sub("", _LINE_BREAK.sub("\n", _ESCAPE_SEQUENCE.sub("", prefix)))
    if len(prefix) > limit or cut:
        return prefix[: limit - 1] + "…"
    return prefix


def one_line(text: str, limit: int = 200) -> str:
    """The cleaned text on one line: every run of white space is one space."""
    return clean(" ".join(clean(text, 4 * limit).split()), limit)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that a misspelt word most likely means, or None."""
    from difflib import get_close_matches  # imported late: only a misspelt word pays for it

    spelt = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), spelt, n=1, cutoff=0.6)
    return spelt[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question that names the nearest choice, to be put after a message; empty when nothing is near."""
    found = nearest(word, choices)
    return f" Did you mean {found}?" if found else ""
