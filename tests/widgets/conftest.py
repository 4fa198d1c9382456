"""A way to call a widget's JavaScript, and a page that may not touch the network."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from widgets.module import compose

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

# JSON has no infinities: they cross as text, and numbers of typed arrays come back as lists.
_DRIVER = """
import * as face from %s;
const into = (key, value) => (value === "-Infinity" ? -Infinity : value);
const out = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text, into).map(([name, ...args]) => face[name](...args));
console.log(JSON.stringify(answers, out));
"""


@pytest.fixture(scope="session")
def javascript(node: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[list[Any]]], list[Any]]:
    """Return a function that calls exported functions of a widget's module: `[[name, *arguments], ...]` to results."""
    folder = tmp_path_factory.mktemp("modules")

    def call(widget: str, calls: list[list[Any]]) -> list[Any]:
        module = folder / f"{widget}.mjs"
        module.write_text(compose(widget), encoding="utf-8")
        source = _DRIVER % json.dumps(module.as_uri())
        sent = json.dumps(calls).replace("-Infinity", '"-Infinity"')
        command = [node, "--input-type=module", "-e", source]
        done = subprocess.run(command, input=sent, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return call


def address_of(page: Page) -> str:
    """Return what the page keeps in its address, after the #; written a moment after the last step, or on leaving."""
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    return page.url.partition("#")[2]


@pytest.fixture
def open_offline(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a file; a request for anything else, or an error in the page, fails the test."""
    troubles: list[str] = []
    contexts = []

    def note(request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            troubles.append(f"asked for {request.url}")

    def open_page(path: Path, *, scheme: str = "light", width: int = 960, after: str = "", **options: Any) -> Page:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 720}, **options)
        context.set_offline(True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", note)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri() + after)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles
