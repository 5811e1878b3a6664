"""Opens the learner's editor at a line, in whatever way that editor takes one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from grader.errors import UnusableInput
from grader.text import one_line

# How each editor is told a line: before the file, or after it. An unknown one gets the file alone.
_PLUS = {
    "vi", "vim", "nvim", "gvim", "nano", "pico", "emacs", "emacsclient", "micro", "joe", "jed", "ne", "mg", "kak",
    "gedit", "mousepad", "xed", "pluma",
}  # fmt: skip
_COLON = {"hx", "helix", "subl", "sublime_text", "zed"}
_GOTO = {"code", "code-insiders", "codium", "vscodium", "cursor", "windsurf"}
_KATE = {"kate", "kwrite"}

# These have windows of their own: they neither need the terminal nor have to be waited for.
_WINDOWED = {
    *_GOTO, *_KATE, "subl", "sublime_text", "zed", "gvim", "gedit", "mousepad", "xed", "pluma", "atom", "mate",
    "notepadqq", "charm", "pycharm", "idea", "spyder",
}  # fmt: skip


class Call(NamedTuple):
    """A command line, and whether it needs the terminal."""

    words: tuple[str, ...]
    terminal: bool


def editor_call(environ: Mapping[str, str], path: Path, line: int | None) -> Call:
    """What opens a file in the editor that $VISUAL or $EDITOR names.

    Args:
        environ: the environment.
        path: the file.
        line: the line to go to, or None.

    Raises:
        UnusableInput: neither is set, or it names no program.
    """
    name = next((name for name in ("VISUAL", "EDITOR") if environ.get(name, "").strip()), None)
    if name is None:
        raise UnusableInput("No editor is set: `export EDITOR=nano`, or code, vim, …; or open the file yourself.")
    try:
        words = shlex.split(environ[name])
    except ValueError:
        shown = one_line(environ[name], 60)
        raise UnusableInput(f"${name} has a quote without its partner: {shown}") from None
    if not words or shutil.which(words[0], path=environ.get("PATH")) is None:
        raise UnusableInput(f"${name} names {one_line(words[0] if words else '', 60)}, and there is no such program.")
    program = Path(words[0]).name
    return Call((*words, *_place(program, str(path), line)), program not in _WINDOWED)


def _place(program: str, path: str, line: int | None) -> Sequence[str]:
    if line is None:
        return [path]
    if program in _PLUS:
        return [f"+{line}", path]
    if program in _COLON:
        return [f"{path}:{line}"]
    if program in _GOTO:
        return ["-g", f"{path}:{line}"]
    return ["-l", str(line), path] if program in _KATE else [path]


def open_window(call: Call) -> None:
    """Start an editor that has a window of its own; it stays when we go.

    Raises:
        UnusableInput: it cannot be started.
    """
    nowhere = subprocess.DEVNULL
    try:
        subprocess.Popen(  # noqa: S603  the learner's own editor
            call.words, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
    except OSError as error:
        raise UnusableInput(_not_started(call, error)) from None


def start_in_terminal(call: Call) -> subprocess.Popen[bytes]:
    """Start an editor that takes the terminal.

    Raises:
        UnusableInput: it cannot be started.
    """
    try:
        return subprocess.Popen(call.words)  # noqa: S603  the learner's own editor
    except OSError as error:
        raise UnusableInput(_not_started(call, error)) from None


def _not_started(call: Call, error: OSError) -> str:
    return f"{one_line(call.words[0], 60)} cannot be started: {error.strerror}."
