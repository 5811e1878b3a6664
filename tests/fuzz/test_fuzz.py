"""Readers of hostile bytes: what once was hard for them is read again, and the search goes on a little."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from readers import READERS

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
SMALL = 64 << 10
"""Bytes that a file of the corpus may have."""

RUNS = {"wire": 2000, "notebook": 2000, "submission": 2000, "deck": 1500, "course": 1000}
"""Inputs that the suite tries of each reader, beside the corpus; the others get fewer, for they take longer."""

FEW = 300
MEBIBYTES = 1200
"""That a reader's process may take: torch and a fuzzer alone take 300."""

pytestmark = pytest.mark.xdist_group("fuzz")


def test_every_reader_has_a_corpus_of_small_files() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(READERS)
    for file in CORPUS.glob("*/*"):
        assert file.stat().st_size <= SMALL, file


@pytest.mark.parametrize("name", READERS)
def test_the_corpus_is_read_or_refused(name: str) -> None:
    files = sorted((CORPUS / name).iterdir())
    assert files
    for file in files:
        try:
            READERS[name](file.read_bytes())
        except Exception as error:
            error.add_note(f"on reading {file}")
            raise


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None and "CI" not in os.environ,
    reason="atheris is not installed (it exists for Linux and macOS only)",
)
@pytest.mark.parametrize("name", READERS)
def test_the_search_goes_on_and_finds_nothing(name: str, tmp_path: Path) -> None:
    words = [f"-runs={RUNS.get(name, FEW)}", "-seed=1", "-timeout=60", f"-rss_limit_mb={MEBIBYTES}"]
    found = subprocess.run(
        [sys.executable, HERE / "fuzz.py", name, *words, tmp_path, CORPUS / name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-4000:]
    assert f"Done {RUNS.get(name, FEW)}" in found.stderr
