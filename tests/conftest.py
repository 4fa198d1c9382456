"""What several test folders share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Nothing that Chromium does in the background may reach for the network. Rendering in software is steady everywhere.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",
)


def absent(what: str) -> NoReturn:
    """Skip the test where a tool is missing, but fail it in CI, where every tool must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed, and CI must have it")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        absent("Chromium (apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node.js."""
    path = shutil.which("node")
    if path is None:
        absent("Node.js (apt-get install nodejs)")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a headless Chromium, one for each worker."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it takes a moment, and few tests need it
    except ImportError:
        absent("Playwright (pip install playwright)")
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield chrome
        chrome.close()
