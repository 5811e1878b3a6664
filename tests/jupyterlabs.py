"""A real JupyterLab for tests: a home and a port of its own, no token, no browser, ended with the block."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernels import WAITS, jupyter_folders
from playwright.sync_api import Locator, Page

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that runs: its address and the folder of its settings."""

    address: str
    settings: Path

    def set(self, plugin: str, **values: object) -> None:
        """Settings of a plugin, for pages that are opened from now on."""
        extension, _, name = plugin.partition(":")
        file = self.settings / "@jupyterlab" / extension / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


@contextmanager
def jupyterlab(root: Path, home: Path) -> Iterator[Lab]:
    """JupyterLab on a folder.

    Args:
        root: what it serves.
        home: a folder for its own files.
    """
    environment = {**os.environ, **jupyter_folders(home)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    words += ["--IdentityProvider.token=", f"--ServerApp.root_dir={root}", "--ServerApp.terminals_enabled=False"]
    # Where the tests themselves are killed, it and its kernels end by themselves.
    words += ["--ServerApp.shutdown_no_activity_timeout=300", "--MappingKernelManager.cull_idle_timeout=300"]
    log = home / "jupyterlab.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words], stdout=file, stderr=file, env=environment, cwd=home,
            start_new_session=True,
        )  # fmt: skip
    lab = Lab(f"http://127.0.0.1:{port}", Path(environment["JUPYTERLAB_SETTINGS_DIR"]))
    # No news and no updates: nothing leaves the machine.
    lab.set("apputils-extension:notification", checkForUpdates=False, fetchNews="false")
    # Every cell is there, and not only those that fit the window.
    lab.set("notebook-extension:tracker", windowingMode="none")
    try:
        _wait(lab.address, process, log)
        yield lab
    finally:
        process.terminate()  # it shuts its kernels down first
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + WAITS
    while True:
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):  # noqa: S310  our own server
                return
        except OSError:
            assert process.poll() is None, f"JupyterLab ended: {log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"JupyterLab does not answer: {log.read_text()[-2000:]}"
            time.sleep(0.1)


class NotebookPage:
    """A notebook that is open in JupyterLab.

    Args:
        page: of the browser.
        lab: JupyterLab.
        path: the notebook, from JupyterLab's root.
    """

    def __init__(self, page: Page, lab: Lab, path: str) -> None:
        self.page = page
        page.set_default_timeout(1000 * WAITS)
        page.goto(f"{lab.address}/lab/tree/{path}?reset")  # without the tabs of the page before
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()

    def cell(self, text: str) -> Locator:
        """The one cell of code that holds a text."""
        return self.page.locator(".jp-CodeCell", has_text=text)

    def run(self, cell: Locator, text: str | None = None) -> None:
        """Run a cell, with what is typed into it first."""
        cell.locator(".cm-content").click()
        if text is not None:
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)
        self.page.keyboard.press("Control+Enter")
