"""Anki's cloze marks: ``{{c1::hidden::hint}}``."""

from __future__ import annotations

import re

_GAP = re.compile(r"\{\{c([1-9][0-9]?)::(.+?)(?:::([^{}]*?))?\}\}", re.DOTALL)
_LEFT_OVER = re.compile(r"\{\{\s*c\s*\d*|::")


def numbers(text: str) -> list[int]:
    """The numbers of a text's gaps, each once, ascending."""
    return sorted({int(found[1]) for found in _GAP.finditer(text)})


def asked(text: str, number: int) -> str:
    """The text with the gaps of one number open, ``[hint]`` or ``[…]``, and the others filled."""
    return _GAP.sub(lambda found: f"[{found[3] or '…'}]" if int(found[1]) == number else found[2], text)


def filled(text: str) -> str:
    """The text with every gap filled."""
    return _GAP.sub(lambda found: found[2], text)


def hidden(text: str, number: int) -> str:
    """What stands in the gaps of one number."""
    parts = [found[2] for found in _GAP.finditer(text) if int(found[1]) == number]
    return " · ".join(dict.fromkeys(parts))


def mistake(text: str) -> str:
    """What is wrong with the marks; empty when nothing is."""
    if not numbers(text):
        return "has no gap; write {{c1::what is hidden::hint}}"
    if _LEFT_OVER.search(filled(text)):
        return "has a gap that is not closed, or one inside another; write {{c1::what is hidden::hint}}"
    return ""
