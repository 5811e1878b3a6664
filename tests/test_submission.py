"""A submission may be anything that a path can name; what cannot be used is refused with words that help."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UnusableInput
from grader.submission import read_submission


def refused(path: Path) -> str:
    with pytest.raises(UnusableInput) as caught:
        read_submission(path)
    message = str(caught.value)
    assert path.name in message
    return message


def written(folder: Path, content: str | bytes, name: str = "exercise1.py") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def notebook(folder: Path, *cells: Any, **fields: Any) -> Path:
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}
    return written(folder, json.dumps(content), "exercise1.ipynb")


def code(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": [], "metadata": {}, "execution_count": None}


# --- what is accepted -------------------------------------------------------------------------------------


def test_a_plain_file(tmp_path: Path) -> None:
    submission = read_submission(written(tmp_path, "z = [0.6, 0.65, -0.2]  # μ + σε\n"))
    assert submission.source == "z = [0.6, 0.65, -0.2]  # μ + σε\n"
    assert submission.name == "exercise1.py"
    assert submission.place(1) == "line 1"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfx = 1\r\ny = 2\r\n", b"x = 1\ry = 2\r"])
def test_marks_and_line_ends_of_other_systems(tmp_path: Path, content: bytes) -> None:
    assert read_submission(written(tmp_path, content)).source == "x = 1\ny = 2\n"


def test_a_warning_of_the_parser_is_not_shown(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    read_submission(written(tmp_path, 'x = "\\d" is "y"\n'))
    assert not recwarn.list


def test_the_file_is_only_read(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    read_submission(written(tmp_path, f"open({str(marker)!r}, 'w')\n"))
    assert not marker.exists()


# --- what is refused --------------------------------------------------------------------------------------


def test_missing(tmp_path: Path) -> None:
    assert "no such file; check the spelling" in refused(tmp_path / "exercise1.py")
    assert "there is no folder" in refused(tmp_path / "nowhere" / "exercise1.py")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)


def test_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert "FIFO" in refused(tmp_path / "pipe.py")


def test_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.py"))
        assert "not a file" in refused(tmp_path / "s.py")


def test_device() -> None:
    assert "is a device" in refused(Path("/dev/zero"))


def test_symbolic_link(tmp_path: Path) -> None:
    written(tmp_path, "x = 1\n", "real.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "nowhere.py")
    assert "symbolic link" in refused(tmp_path / "link.py")
    assert "symbolic link" in refused(tmp_path / "broken.py")


def test_hard_link(tmp_path: Path) -> None:
    (tmp_path / "other.py").hardlink_to(written(tmp_path, "x = 1\n"))
    assert "hard link" in refused(tmp_path / "other.py")


def test_unreadable(tmp_path: Path) -> None:
    """As somebody else than root, to whom every file is readable."""
    path = written(tmp_path, "x = 1\n")
    path.chmod(0)
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from grader.submission import read_submission\n"
        "os.chdir(sys.argv[1]); os.getuid() or os.setuid(65534)\n"
        "try: read_submission(Path('exercise1.py'))\n"
        "except Exception as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert "no permission. Try: chmod u+r" in result.stdout


@pytest.mark.parametrize("content", [b"", b"\n  \n", b"\xef\xbb\xbf"])
def test_empty(tmp_path: Path, content: bytes) -> None:
    assert "is empty" in refused(written(tmp_path, content))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16(tmp_path: Path, encoding: str) -> None:
    message = refused(written(tmp_path, "z = [0.6]\n".encode(encoding)))
    assert "UTF-16" in message
    assert "UTF-8" in message


def test_binary(tmp_path: Path) -> None:
    assert "binary" in refused(written(tmp_path, bytes(range(256)) * 4))
    assert "binary" in refused(written(tmp_path, Path(sys.executable).resolve().read_bytes()[:5000]))


def test_another_encoding_names_the_line(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "x = 1\n# é\n".encode("latin-1")))
    assert "line 2" in message
    assert "0xe9" in message


def test_too_large(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in refused(written(tmp_path, b"#" * (1024 * 1024 + 1)))
    read_submission(written(tmp_path, b"#" * (1024 * 1024)))


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="cannot be opened"):
        read_submission(tmp_path / "a\0b.py")
    with pytest.raises(UnusableInput, match="cannot be opened"):
        read_submission(tmp_path / ("x" * 300))


# --- syntax errors ----------------------------------------------------------------------------------------


def test_syntax_error_shows_line_and_caret(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "x = 1\ndef f(mu, sigma:\n    return mu\n"))
    head, line, caret, mend = message.split("\n")
    assert head.endswith("line 2: '(' was never closed")
    assert line[caret.index("^")] == "("
    assert "Mend this line" in mend


def test_caret_under_a_tab_and_wide_text(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "if True:\n\tσ² = 1\n"))
    _, line, caret, _ = message.split("\n")
    assert line[caret.index("^")] == "²"


def test_hostile_text_in_a_syntax_error_is_cleaned(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "x = \x1b[31m\u202e oops oops\n"))
    assert "\x1b" not in message
    assert "\u202e" not in message


def test_a_long_line_is_cut_around_the_caret(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "x = [" + "1, " * 5000 + "; 2]\n"))
    _, line, caret, _ = message.split("\n")
    assert len(line) < 120
    assert line[caret.index("^")] == ";"


@pytest.mark.parametrize(
    "source",
    ["(" * 5000, "-" * 60_000 + "1", "x" + "()" * 60_000, "1" + "+1" * 60_000, "lambda:" * 9000, "x = " + "9" * 10_000],
)
def test_texts_that_exhaust_the_parser(tmp_path: Path, source: str) -> None:
    assert "Traceback" not in refused(written(tmp_path, source))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.mktemp("any"), content)
    try:
        read_submission(path).source.encode()
    except UnusableInput as error:
        assert path.name in str(error)


# --- notebooks --------------------------------------------------------------------------------------------


def test_code_cells_become_one_text(tmp_path: Path) -> None:
    path = notebook(tmp_path, code("x = 1"), {"cell_type": "markdown", "source": "# no"}, code(["y = 2\n", "z = 3"]))
    submission = read_submission(path)
    assert submission.source == "# code cell 1\nx = 1\n# code cell 2\ny = 2\nz = 3\n"
    assert submission.name == "exercise1.ipynb"
    assert submission.place(2) == "code cell 1, line 1"
    assert submission.place(5) == "code cell 2, line 2"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "pass  # %matplotlib inline\nx = 1"),
        ("if True:\n    !pip install torch", "if True:\n    pass  # !pip install torch"),
        ("?help\nhelp?\ntorch.randn??\nx = 1", "pass  # ?help\npass  # help?\npass  # torch.randn??\nx = 1"),
        ("files = !ls\nx = 1", "pass  # files = !ls\nx = 1"),
        ("!pip install a \\\n  b\nx = 1", "pass  # !pip install a \\\n#   b\nx = 1"),
        ("%%time\nx = 1", "pass  # %%time\nx = 1"),
        ("%%bash\nrm -rf x", "# %%bash\n# rm -rf x"),
        ("x = (7\n  % 3)", "x = (7\n  % 3)"),
        ('"""\n%time\n"""', '"""\n%time\n"""'),
        ("%time x = 1\ny = (x\n  != 2)", "pass  # %time x = 1\ny = (x\n  != 2)"),
    ],
)
def test_lines_of_ipython_become_comments(tmp_path: Path, cell: str, expected: str) -> None:
    assert read_submission(notebook(tmp_path, code(cell))).source == f"# code cell 1\n{expected}\n"


def test_a_syntax_error_names_the_cell(tmp_path: Path) -> None:
    assert "code cell 2, line 2: " in refused(notebook(tmp_path, code("x = 1"), code("y = 2\nz = = 3")))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1: this is not a notebook"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ("[1]", "not a notebook"),
        ('{"nbformat": 3, "worksheets": []}', "old format"),
        ('{"nbformat": 4, "cells": []}', "no code cells"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "code cell 1"),
        ('{"nbformat": 4, "cells": [3, null, {"cell_type": "code"}]}', "no code cells"),
    ],
)
def test_broken_notebooks(tmp_path: Path, content: str, says: str) -> None:
    assert says in refused(written(tmp_path, content, "exercise1.ipynb"))


def test_a_notebook_may_hold_pictures_but_no_megabytes_of_code(tmp_path: Path) -> None:
    picture = {**code("x = 1"), "outputs": [{"data": {"image/png": "A" * 3_000_000}}]}
    assert read_submission(notebook(tmp_path, picture)).source == "# code cell 1\nx = 1\n"
    assert "1 MiB of Python" in refused(notebook(tmp_path, code("#" * 1_100_000)))
    assert "larger than 8 MiB" in refused(notebook(tmp_path, code("x = 1"), blob="A" * 9_000_000))
