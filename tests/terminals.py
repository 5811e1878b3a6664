"""A real terminal for tests: a program in tmux, keys sent to it, its screen read back."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = str(Path(sys.executable).parent)
SECONDS = 60.0
"""How long a screen may take to show what is waited for, on a machine that is busy with other tests."""


class Terminal:
    """One tmux window; its shell has job control, so that Ctrl-Z and fg work.

    Args:
        socket: of the tmux server that is this test's own.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        """Run a tmux command on our server; its output."""
        command = ["tmux", "-S", str(self._socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    def run(self, command: str) -> None:
        """Type a command line into the shell, and Enter."""
        self.type(command)
        self.press("Enter")

    def type(self, text: str) -> None:
        """Type text as it is."""
        self.tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: q, C-c, Escape, Up, Enter."""
        self.tmux("send-keys", "--", *keys)

    def paste(self, text: str) -> None:
        """Paste text, bracketed where the program has asked for that."""
        self.tmux("set-buffer", "--", text)
        self.tmux("paste-buffer", "-p")

    def screen(self, *, colours: bool = False) -> str:
        """What the window shows, without trailing blanks; with ``colours`` also the escape sequences."""
        return self.tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        width, height = self.tmux("display-message", "-p", "#{pane_width} #{pane_height}").split()
        return int(width), int(height)

    def alternate(self) -> bool:
        """Whether a program shows its own screen in place of the shell's."""
        return self.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def shell(self) -> int:
        """The process id of the shell."""
        return int(self.tmux("display-message", "-p", "#{pane_pid}"))

    def wait(self, until: str | Callable[[str], object], seconds: float = SECONDS) -> str:
        """The screen once it shows a text, or once a condition on it holds; fails with the screen after a while."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if (until in screen) if isinstance(until, str) else until(screen):
                return screen
            if time.monotonic() > deadline:
                what = repr(until) if isinstance(until, str) else "the condition"
                pytest.fail(f"{what} did not come; the screen shows:\n{screen}")
            time.sleep(0.03)

    def wait_gone(self, text: str, seconds: float = SECONDS) -> str:
        """The screen once it does not show a text any more."""
        return self.wait(lambda screen: text not in screen, seconds)


@contextmanager
def terminal(
    folder: Path, *, width: int = 80, height: int = 24, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A shell in a folder, in a terminal of a size; `grade` and `flashcards` are on its PATH.

    Args:
        folder: where the shell starts.
        width: columns.
        height: rows.
        env: what is added to the environment of this process.
    """
    if shutil.which("tmux") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("tmux is not installed")
    with tempfile.TemporaryDirectory(prefix="tmux-") as place:
        (Path(place) / "conf").write_text("set -g escape-time 0\nset -g status off\nset -g remain-on-exit off\n")
        (Path(place) / "rc").write_text("PS1='$ '\n")
        window = Terminal(Path(place) / "socket")
        wanted = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "REPARAM_DATA": os.environ["REPARAM_DATA"], **(env or {}),
        }  # fmt: skip
        # COLUMNS and LINES of the process that runs the tests would belie the window.
        clean = {k: v for k, v in os.environ.items() if k not in ("TMUX", "COLUMNS", "LINES", "VISUAL", "EDITOR")}
        start = ["tmux", "-u", "-S", str(Path(place) / "socket"), "-f", str(Path(place) / "conf")]
        start += ["new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(folder)]
        shell = shlex.join(["bash", "--noprofile", "--rcfile", f"{place}/rc", "-i"])
        try:
            subprocess.run([*start, shell], check=True, env={**clean, **wanted}, timeout=30)
            window.wait("$")
            yield window
        finally:
            subprocess.run([*start[:4], "kill-server"], check=False, capture_output=True, timeout=30)
