"""What somebody handed in is read within a few hundred megabytes, however it was made to cost more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.notebook import PARTS_LIMIT
from grader.submission import NOTEBOOK_LIMIT, SOURCE_LIMIT

HEADROOM = 450 << 20
"""Bytes; a syntax tree of the longest text that is parsed takes 230 MiB, the notebook with the most parts 300."""

# Reads each file in a child of its own under a limit of memory; `refused` is a refusal in words.
READS = """
import os, resource, sys
from pathlib import Path
from grader.classroom import handed_in
from grader.errors import UnusableInput
from grader.kernel.cells import only_in_kernel
from grader.remarks import definition
from grader.submission import read_submission
def kernel(path):
    only_in_kernel([path.read_text()], [], set())
def remark(path):
    definition(path.read_text(), "f")
readers = {"grade": read_submission, "nbgrader": handed_in.read, "kernel": kernel, "remark": remark}
for line in sys.stdin:
    reader, path = line.split()
    if os.fork() == 0:
        pages = int(open("/proc/self/statm").read().split()[0])
        room = pages * resource.getpagesize() + int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        try:
            readers[reader](Path(path))
            print("read", flush=True)
        except UnusableInput as error:
            print("refused", flush=True)
        os._exit(0)
    if os.wait()[1]:
        print("died", flush=True)
"""


def notebook(*sources: str, **fields: Any) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": text} for text in sources], **fields})


def filled(before: str, part: str, size: int) -> str:
    """JSON of this size, out of many of the same part."""
    return before + part * ((size - len(before) - 8) // len(part)) + "0]}"


LONG = "x;" * (SOURCE_LIMIT // 2 - 100)
LISTS, TEXTS, FIELDS = "[],", '"ab",', '{"a":1},'
WIDE = 32 << 20

CASES = {
    "a long cell": ("grade", "a.ipynb", notebook(LONG), "read"),
    "a cell beyond the limit": ("grade", "b.ipynb", notebook("x;" * (NOTEBOOK_LIMIT // 2 - 100)), "refused"),
    "a long file": ("grade", "c.py", LONG, "read"),
    "lists": ("grade", "d.ipynb", filled('{"nbformat":4,"cells":[', LISTS, NOTEBOOK_LIMIT), "refused"),
    "texts": ("grade", "e.ipynb", filled('{"nbformat":4,"cells":[', TEXTS, NOTEBOOK_LIMIT), "refused"),
    "fields": ("grade", "f.ipynb", filled('{"nbformat":4,"cells":[', FIELDS, NOTEBOOK_LIMIT), "refused"),
    "as many lists as may be": (
        "nbgrader", "g.ipynb", filled('{"nbformat":4,"cells":[],"x":[', LISTS, PARTS_LIMIT // 2 * 3 - 50), "read",
    ),
    "lists of a class": ("nbgrader", "h.ipynb", filled('{"nbformat":4,"cells":[],"x":[', LISTS, WIDE), "read"),
    "fields of a class": ("nbgrader", "i.ipynb", filled('{"nbformat":4,"cells":[],"x":[', FIELDS, WIDE), "read"),
    "a long cell that ran": ("kernel", "j.py", LONG, "read"),
    "a long file that is remarked on": ("remark", "k.py", LONG, "read"),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux holds a process to RLIMIT_AS")
def test_reading_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    for _, name, content, _ in CASES.values():
        (tmp_path / name).write_text(content)
    asked = "\n".join(f"{reader} {tmp_path / name}" for reader, name, _, _ in CASES.values())
    words = [sys.executable, "-c", READS, str(HEADROOM)]
    done = subprocess.run(words, input=asked, capture_output=True, text=True, timeout=600, check=True)
    ended = dict(zip(CASES, done.stdout.split(), strict=True))
    assert ended == {name: expected for name, (_, _, _, expected) in CASES.items()}, done.stderr[-2000:]
