"""Files that are no submission: the command line refuses each in words, with exit code 2, and leaves no trace."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.cli import main
from grader.submission import NOTEBOOK_LIMIT, SOURCE_LIMIT
from grader.text import clean

SECRET = "hunter2"  # noqa: S105  what must not be shown
MEBIBYTE = 1 << 20

Refused = Callable[..., str]


def traces(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What lies in a folder: name → kind, size, time of the last change."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def assert_refusal(code: int, said: str, shown: str) -> None:
    """One clear message on the right stream, and nothing of ours that went wrong."""
    assert code == 2, said
    assert shown == ""
    assert said.strip()
    assert "Traceback" not in said
    assert "reparam itself failed" not in said
    assert len(said) < 1500
    assert len(said.splitlines()) <= 4
    assert clean(said, 2000) == said  # nothing in it moves a cursor or hides


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """A function that has `grade` take a file of the test's folder, and gives its message."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, still: bool = True) -> str:
        before = traces(tmp_path) if still else {}
        code = main([str(word) for word in words])
        shown, said = capsys.readouterr()
        assert_refusal(code, said, shown)
        if still:
            assert traces(tmp_path) == before
        return said

    return run


def written(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- what is no file ------------------------------------------------------------------------------------------


def test_a_fifo_a_socket_a_folder_and_devices(refused: Refused) -> None:
    os.mkfifo("pipe.py")
    Path("folder.py").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.py")
        for name, kind in (("pipe.py", "FIFO"), ("folder.py", "folder"), ("socket.py", "socket")):
            assert kind in refused("exercise1", "--submission", name)
    for device in ("/dev/zero", "/dev/null", "/dev/random"):
        assert "device" in refused("exercise1", "--submission", device)
    for own in ("/proc/self/mem", "/proc/self/environ", "/proc/kmsg"):
        refused("exercise1", "--submission", own)


def test_links_show_nothing_of_what_they_lead_to(refused: Refused) -> None:
    written("secret.txt", f"{SECRET} {SECRET} (\n")
    Path("link.py").symlink_to("secret.txt")
    Path("loop.py").symlink_to("loop.py")
    for name in ("link.py", "loop.py"):
        said = refused("exercise1", "--submission", name)
        assert "symbolic link" in said
        assert SECRET not in said
    os.link("secret.txt", "hard.py")
    said = refused("exercise1", "--submission", "hard.py")
    assert "hard link" in said
    assert SECRET not in said


def test_a_sparse_file_of_eight_gibibytes(refused: Refused) -> None:
    for name, limit in (("big.py", SOURCE_LIMIT), ("big.ipynb", NOTEBOOK_LIMIT)):
        with Path(name).open("wb") as file:
            file.truncate(8 << 30)
        assert f"larger than {limit // MEBIBYTE} MiB" in refused("exercise1", "--submission", name)


def test_a_file_that_grows_and_is_replaced_while_it_is_read(refused: Refused) -> None:
    """Whatever moment is caught, the answer is a refusal, and a link that slips in is never followed."""
    written("secret.txt", f"{SECRET} {SECRET} (\n")
    done = threading.Event()

    def restless() -> None:
        place = 0
        while not done.is_set():
            place += 1
            other = Path(f"other{place % 2}.py")
            other.unlink(missing_ok=True)
            if place % 3 == 0:
                other.symlink_to("secret.txt")
            else:
                other.write_bytes(b"x = (\n" * (1 + place % 500_000))
            other.replace("mine.py")

    written("mine.py", "x = (\n")
    writer = threading.Thread(target=restless)
    writer.start()
    try:
        for _ in range(60):
            assert SECRET not in refused("exercise1", "--submission", "mine.py", still=False)
    finally:
        done.set()
        writer.join()


UNPRIVILEGED = """
import os, sys
from grader.cli import main
os.chdir(sys.argv[1])
assert main(["exercise1", "--submission", "other.py"]) == 2  # whoever we become may not read the interpreter's files
print("as somebody else:", file=sys.stderr, flush=True)
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
sys.exit(main(["exercise1", "--submission", "mine.py"]))
"""


@pytest.mark.parametrize(("mode", "mend"), [(0o755, "chmod u+r"), (0o700, "Change to another with cd")])
def test_a_file_or_a_folder_without_permission(mode: int, mend: str) -> None:
    """As somebody else than root, to whom every file is readable."""
    if mode == 0o700 and os.getuid() != 0:
        pytest.skip("only root can begin in a folder that it then may not enter")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(mode)
        (folder / "other.py").write_text("x = (\n")
        (folder / "mine.py").write_text("x = (\n")
        (folder / "mine.py").chmod(0)
        words = [sys.executable, "-c", UNPRIVILEGED, folder]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    said = done.stderr.partition("as somebody else:\n")[2]
    assert_refusal(done.returncode, said, done.stdout)
    assert mend in said


# --- what is no text of Python ---------------------------------------------------------------------------------

TEXTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t\n", "empty"),
    "only a mark": (b"\xef\xbb\xbf", "empty"),
    "UTF-16": ("z = [0.6]\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("z = [0.6]\n".encode("utf-16-be"), "UTF-16"),
    "UTF-32": ("z = [0.6]\n".encode("utf-32"), "UTF-16"),
    "NULs": (b"x = 1\n\0\0\0\n", "binary"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbfx = 1\n", "line 1"),
    "Latin-1 that says so": ("# -*- coding: latin-1 -*-\n# é\n".encode("latin-1"), "line 2"),
    "Latin-1 that says UTF-8": ("# coding: utf-8\nx = 'é'\n".encode("latin-1"), "line 2"),
    "half a character": ("x = 'σ'\n".encode()[:6], "not UTF-8"),
    "a surrogate": (b"x = '\xed\xa0\x80'\n", "not UTF-8"),
    "CR line ends": (b"x = 1\ry = (\r", "line 2"),
    "mixed line ends": (b"x = 1\r\ny = 2\rz = (\n", "line 3"),
    "one byte too many": (b"#" * (SOURCE_LIMIT + 1), "larger than 1 MiB"),
    "a long line": (b"x = (" + b"1 +" * 80_000, "line 1"),
    "brackets": (b"x = " + b"(" * 100_000, "line 1"),
    "matched brackets": (b"x = " + b"(" * 5_000 + b")" * 5_000, ""),
    "signs": (b"x = " + b"-" * 100_000 + b"1", "nested too deeply"),
    "blocks": (b"".join(b" " * depth + b"if x:\n" for depth in range(150)), "line"),
    "a bomb of digits": (b"x = " + b"9" * 100_000, "line 1"),
    "f-strings": (b"x = " + b"f'{" * 300 + b"1" + b"}'" * 300, ""),
    "escapes for a terminal": (b"x = '\x1b[2J\x1b]0;pwned\x07' (\n", "line 1"),
    "right to left": ("x = '\u202e' (\n".encode(), "line 1"),
    "a page break": (b"x = 1\x0c(\n", "line"),
    "no Python": (b"<!DOCTYPE html><html>", "line 1"),
    "a notebook under the name of a script": (b'{"cells": [], "nbformat": 4', "line 1"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts(kind: str, refused: Refused) -> None:
    content, says = TEXTS[kind]
    assert says in refused("exercise1", "--submission", written("mine.py", content))


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.py",
        "\u202egpj.py".encode(),
        b"\x1b[31mred\x1b[0m.py",
        b"line\nbreak.py",
        b"-v.py",
        b"$(touch pwned).py",
        b"a" * 250 + b".py",
        "\U0001f600.ipynb".encode(),
    ],
)
def test_hostile_names(name: bytes, refused: Refused) -> None:
    path = Path(os.fsdecode(name))
    written(str(path), "x = (\n")
    said = refused("exercise1", "--submission", f"./{path}")
    assert "\x1b" not in said
    assert not Path("pwned").exists()


# --- what is no notebook ----------------------------------------------------------------------------------------


def code(source: Any, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **fields}


def of(*cells: Any, **fields: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields})


BROKEN = code("x = (\n")
PICTURE = base64.b64encode(bytes(MEBIBYTE)).decode()
MANY = '{"cell_type":"code","source":"("},' * 99_999
NOTEBOOKS: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "line 1"),
    "a number": ("3", "not a notebook"),
    "a list": ("[]", "not a notebook"),
    "null": ("null", "not a notebook"),
    "NaN": ("NaN", "not a notebook"),
    "no format": ('{"cells": []}', "not a notebook"),
    "no cells": ('{"nbformat": 4}', "old format"),
    "format 2": (json.dumps({"nbformat": 2, "worksheets": [{"cells": [{"input": "x"}]}]}), "old format"),
    "format 3": (json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"input": "x"}]}]}), "old format"),
    "cells of another type": (of().replace("[]", '{"0": {}}'), "old format"),
    "no code": (of({"cell_type": "markdown", "source": "# Hi"}), "no code"),
    "cells that are none": (of(1, None, "x", [], {}, True), "no code"),
    "code that is blank": (of(code(""), code([" \n"])), "no code"),
    "a number as code": (of(code(3)), "holds no text"),
    "null as code": (of(code(None)), "holds no text"),
    "an object as code": (of(code({"a": 1})), "holds no text"),
    "lines of numbers": (of(code(["x", 3])), "holds no text"),
    "the same key twice": (of(code("x = 1"))[:-1] + ', "cells": 3}', "old format"),
    "the same text twice": (of(BROKEN).replace('"x = (\\n"', '"ok", "source": 5'), "holds no text"),
    "wrong types everywhere": (of(code("x = (", id=[], execution_count="x", metadata=3, outputs=None)), "code cell 1"),
    "numbers beyond numbers": (of(BROKEN, nbformat=float("inf"), nbformat_minor=10**30, metadata=1e308), "code cell 1"),
    "a number of a million digits": ('{"nbformat": 4, "cells": [' + "9" * MEBIBYTE + "]}", "notebook"),
    "a deep list": ('{"nbformat": 4, "cells": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    "deep metadata": (of(BROKEN, metadata=None).replace("null", '{"a":' * 5000 + "1" + "}" * 5000, 1), ""),
    "half a character": (of(code("x = '\ud83d'")), "code cell 1 holds half of a character"),
    "a NUL": (of(code("x = 1\0")), "mine.ipynb"),
    "lines of IPython's in the midst": (of(code("%matplotlib inline\n!ls\nx = (\n")), "code cell 1, line 3"),
    "another language": (of(code("%%bash\nls ("), code("x = (")), "code cell 2"),
    "pictures": (of(code("x = 1", outputs=[{"data": {"image/png": PICTURE}}] * 6)), "larger than 8 MiB"),
    "pictures beside a mistake": (of(code("x = (", outputs=[{"data": {"image/png": PICTURE}}])), "code cell 1"),
    "a hundred thousand cells": ('{"nbformat":4,"cells":[' + MANY + "0]}", "more than 10,000 cells"),
    "much code": (of(code("x = 1\n" * 200_000)), "more than 1 MiB of Python"),
    "endless lists": ('{"nbformat": 4, "cells": [' + "[]," * 2_500_000 + "0]}", "too much data"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOTEBOOKS)
def test_notebooks(kind: str, refused: Refused) -> None:
    content, says = NOTEBOOKS[kind]
    path = written("mine.ipynb", content.encode("utf-8", "surrogatepass"))
    assert says in refused("exercise1", "--submission", path)


# --- what is no course ------------------------------------------------------------------------------------------

ENTRY = "  - {name: exercise1_a, title: A, minutes: 5}\n"
COURSES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "empty"),
    "no fields": ("- a\n- b\n", "should be fields"),
    "a bomb of aliases": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases"),
    "an alias of itself": ("title: T\nexercises: &a [*a]\n", "anchors and aliases"),
    "a merge key": ("title: T\nexercises:\n  - &x {name: a}\n  - <<: *x\n", "anchors and aliases"),
    "a tag that builds": ("title: !!python/object/apply:os.system ['touch pwned']\nexercises: []\n", "tags"),
    "a tag of one's own": ("title: !boom T\nexercises: []\n", "tags"),
    "a tag for binary": ("title: !!binary aGk=\nexercises: []\n", "tags"),
    "depth": ("title: T\nexercises: " + "[" * 100_000, "nested too deeply"),
    "depth in blocks": ("title: T\nexercises:\n" + "".join(" " * n + "- \n" for n in range(1, 60)), ""),
    "the same field twice": (f"title: T\ntitle: U\nexercises:\n{ENTRY}", "stands here twice"),
    "an unknown field": (f"title: T\ncolour: red\nexercises:\n{ENTRY}", "no such field"),
    "a field that is a list": (f"[a, b]: T\nexercises:\n{ENTRY}", "should be a text"),
    "two documents": (f"title: T\nexercises:\n{ENTRY}---\ntitle: U\n", "more than one YAML document"),
    "a mebibyte and more": ("#" * (MEBIBYTE + 1), "larger than 1 MiB"),
    "many entries": ("title: T\nexercises: [" + "a," * 50_000 + "]", "should be fields"),
    "a number for a title": (f"title: 3\nexercises:\n{ENTRY}", "quotes"),
    "a date for a title": (f"title: 2026-01-01\nexercises:\n{ENTRY}", "quotes"),
    "minutes without end": ("title: T\nexercises:\n  - {name: exercise1_a, title: A, minutes: .inf}\n", "whole number"),
    "minutes of a million digits": (f"title: T\nexercises:\n{ENTRY}".replace("5", "9" * 99_999), "whole number"),
    "a name that climbs": (f"title: T\nexercises:\n{ENTRY}".replace("exercise1_a", "../../etc/passwd"), "should look"),
    "UTF-16": ("title: T\n".encode("utf-16"), "not UTF-8"),
    "Latin-1": ("title: é\n".encode("latin-1"), "not UTF-8"),
    "NULs": (b"title: T\0\n", "not YAML"),
    "escapes for a terminal": (f'title: "\\e[2J"\n"\\e[31m": x\nexercises:\n{ENTRY}', ""),
    "an open quote": ('title: "T\nexercises: []\n', "not YAML"),
    "a tab": ("title: T\n\texercises: []\n", "not YAML"),
}


@pytest.mark.parametrize("kind", COURSES)
def test_courses(kind: str, refused: Refused) -> None:
    content, says = COURSES[kind]
    written("course/exercises/course.yaml", content)
    assert says in refused("exercise1", "--course", "course")
    assert not Path("pwned").exists()
