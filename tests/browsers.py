"""Chromium for the tests and for the pictures of the README: the one place that finds and starts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",  # root has no user namespaces in a container
    "--disable-gpu",
    # A browser that is only looked at asks nobody for updates, experiments or a list of bad addresses.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissingError(Exception):
    """There is no Chromium on this machine."""


def find() -> Path:
    """The Chromium of the system, or the one that `playwright install chromium` fetched.

    Raises:
        BrowserMissingError: there is neither.
    """
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        return own
    raise BrowserMissingError("Chromium is missing: apt-get install chromium, or playwright install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium, which ends with the block.

    A module's tests share one through a fixture of module scope. Not of session scope: playwright keeps an event loop
    running in this thread for as long, and two of them, or another test's `asyncio.run`, would collide.

    Raises:
        BrowserMissingError: there is none.
    """
    program = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def chromium_for_tests() -> Iterator[Browser]:
    """What a fixture yields from: Chromium, or a skipped test where there is none; in CI that is a failure."""
    try:
        with chromium() as browser:
            yield browser
    except BrowserMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
