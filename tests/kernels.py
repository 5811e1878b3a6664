"""A real kernel behind a small front end of our own: cells on a screen, a file, and messages as Jupyter sends them."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

WAITS = 120.0


def jupyter_folders(home: Path) -> dict[str, str]:
    """Where Jupyter and IPython keep their things, so that nothing of the user's is read or written."""
    folders = {f"JUPYTER_{name}_DIR": str(home / f"jupyter_{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    lab = {f"JUPYTERLAB_{name}_DIR": str(home / f"lab_{name.lower()}") for name in ("SETTINGS", "WORKSPACES")}
    return {**folders, **lab, "IPYTHONDIR": str(home / "ipython"), "HOME": str(home)}


@dataclass
class Shown:
    """What one run has left below its cell."""

    html: str = ""
    text: str = ""
    printed: str = ""
    error: str = ""
    traceback: list[str] = field(default_factory=list)
    results: int = 0
    progress: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Its words, on one line: whatever breaks a line, and wherever."""
        return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", self.html, flags=re.DOTALL)).split())


class FrontEnd:
    """A notebook on a screen, its file, and its kernel.

    Args:
        path: the file.
        manager: of the kernel.
        client: what talks to the kernel.
        ids: whether it tells the kernel which cell it runs.
    """

    def __init__(self, path: Path, manager: KernelManager, client: BlockingKernelClient, *, ids: bool) -> None:
        self.path, self.manager, self._client, self._ids = path, manager, client, ids
        self._content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._cells = {cell["id"]: cell for cell in self._content["cells"]}

    def edit(self, cell: str, text: str) -> None:
        """Type into a cell; a new one comes at the end."""
        new = {"cell_type": "code", "id": cell, "metadata": {}, "outputs": [], "execution_count": None}
        self._cells.setdefault(cell, new)["source"] = text

    def delete(self, cell: str) -> None:
        """Take a cell away."""
        del self._cells[cell]

    def save(self) -> None:
        """Write the file."""
        content = {**self._content, "cells": list(self._cells.values())}
        self.path.write_text(json.dumps(content), encoding="utf-8")

    def run(self, cell: str, text: str | None = None) -> Shown:
        """Run a cell as it is on the screen, or with what is typed into it first."""
        if text is not None:
            self.edit(cell, text)
        return self.wait(self.start(cell))

    def start(self, cell: str) -> str:
        """Let the kernel run a cell; what :meth:`wait` waits for."""
        content = {"code": "".join(self._cells[cell]["source"]), "silent": False, "store_history": True}
        content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        metadata = {"cellId": cell} if self._ids else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        self._running = cell
        return str(message["header"]["msg_id"])

    def wait(self, request: str, until: str = "") -> Shown:
        """What a run shows, to its end or until it shows a text."""
        shown = Shown()
        deadline = time.monotonic() + WAITS
        while True:
            message = self._client.get_iopub_msg(timeout=max(deadline - time.monotonic(), 0.1))
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "execute_input":
                    self._cells[self._running]["execution_count"] = content["execution_count"]
                case "display_data" | "update_display_data":
                    shown.html, shown.text = content["data"].get("text/html", ""), content["data"]["text/plain"]
                    shown.progress.append(shown.text)
                case "execute_result":
                    shown.results += 1
                case "stream":
                    shown.printed += content["text"]
                case "error":
                    shown.error, shown.traceback = f"{content['ename']}: {content['evalue']}", content["traceback"]
                case "status" if content["execution_state"] == "idle":
                    return shown
            if until and until in shown.text:
                return shown


@contextmanager
def front_end(path: Path, home: Path, *, named: Path | None = None, ids: bool = True) -> Iterator[FrontEnd]:
    """A kernel for a notebook, which ends with the block.

    Args:
        path: the notebook's file.
        home: a folder for Jupyter's own files.
        named: what the environment says the file is; the notebook itself if None, as in JupyterLab.
        ids: whether it is told which cell it runs.
    """
    environment = {**os.environ, **jupyter_folders(home), "JPY_SESSION_NAME": str(named or path)}
    manager, client = start_new_kernel(
        startup_timeout=WAITS, kernel_name="python3", cwd=str(path.parent), env=environment
    )
    try:
        yield FrontEnd(path, manager, client, ids=ids)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
