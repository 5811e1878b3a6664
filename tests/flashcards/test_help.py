"""The guide shows what the commands say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flashcards.commands import VERBS
from flashcards.settings import EXAMPLE, NEW_PER_DAY

PAGE = Path(__file__).parents[2] / "docs" / "flashcards.md"


def help_of(*words: str) -> str:
    command = [sys.executable, "-m", "flashcards.cli", *words, "--help"]
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_help_in_the_guide_is_fresh() -> None:
    """`REPARAM_UPDATE_DOCS=1 pytest tests/flashcards/test_help.py` writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    block = f"<!-- help: flashcards -->\n```text\n{help_of()}```\n<!-- end -->"
    fresh = re.sub(r"<!-- help: flashcards -->\n.*?<!-- end -->", lambda _: block, text, flags=re.DOTALL)
    if os.environ.get("REPARAM_UPDATE_DOCS"):
        PAGE.write_text(fresh, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == fresh, "run: make docs"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_command_is_explained(verb: str) -> None:
    shown = help_of(verb)
    assert shown.startswith(f"Usage: flashcards {verb}")
    if verb != "drill":
        assert f"flashcards {verb}" in help_of()
        assert f"`flashcards {verb}" in PAGE.read_text(encoding="utf-8")


def test_the_settings_of_the_guide_are_the_usual_ones() -> None:
    named = dict(re.findall(r"^(\w+): (\S+|\[.*?\])", EXAMPLE, re.MULTILINE))
    assert named["new_per_day"] == str(NEW_PER_DAY)
    for name, value in named.items():
        assert re.search(rf"^{name}: {re.escape(value)}", PAGE.read_text(encoding="utf-8"), re.MULTILINE), name
