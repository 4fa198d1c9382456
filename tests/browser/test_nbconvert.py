"""What nbconvert makes of a widget: a picture with its words and numbers, and the living widget where its CDNs answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.livewidget import NAMES, LiveWidget

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
#: A folder with what the CDNs would answer; `widgets/hosts.md` tells how to make it. No pip package has html-manager.
NPM = os.environ.get("NEXTTOKEN_NPM", "")
_FROM_NPM = {
    "/require.js/": "requirejs/require.js",
    "/@jupyter-widgets/html-manager": "html-manager/dist/embed-amd.js",
    "/anywidget@": "anywidget/dist/index.js",
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with every widget, made by ``jupyter nbconvert --to html --execute``."""
    folder = tmp_path_factory.mktemp("nbconvert")
    sources = [f"from widgets import {name}\n\n{name}.example()" for name in NAMES]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources], metadata={"kernelspec": kernel}
    )
    (folder / "widgets.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    own = {"HOME": folder, "IPYTHONDIR": folder / "ipython", "PYTHONPATH": ROOT}
    jupyter = {f"JUPYTER_{kind}_DIR": folder / kind for kind in ("CONFIG", "DATA", "RUNTIME")}
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "widgets.ipynb"],
        cwd=folder,
        env={**os.environ, **{name: str(path) for name, path in (own | jupyter).items()}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "widgets.html"


def open_page(browser: Browser, path: Path, answers: dict[str, str]) -> tuple[Page, list[str], list[str]]:
    """Open a file; other machines answer with files or not at all. Return also what was refused and what went wrong."""
    page = browser.new_context().new_page()
    refused: list[str] = []
    errors: list[str] = []

    def answer(route: Route) -> None:
        url = route.request.url
        if url.startswith(("file:", "data:", "blob:")):
            route.continue_()
            return
        file = next((Path(NPM) / file for part, file in answers.items() if part in url), None)
        if file is None:
            refused.append(url)
            route.abort()
        else:
            route.fulfill(path=file, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})

    page.context.route("**/*", answer)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    return page, refused, errors


def test_without_a_network_each_widget_is_a_picture_with_words_and_numbers(browser: Browser, converted: Path) -> None:
    page, refused, _ = open_page(browser, converted, {})
    assert refused  # nbconvert's page does ask, in vain
    stills = page.locator("[data-nt-still]")
    expect(stills).to_have_count(len(NAMES))
    for still in stills.all():
        expect(still).to_be_visible()
        expect(still.locator("svg").first).to_be_visible()
        assert len(still.locator("p").inner_text()) > 40
        assert still.locator("tbody tr").count() > 1
    expect(page.locator("div.nt")).to_have_count(0)
    page.context.close()


@pytest.mark.skipif(not NPM, reason="NEXTTOKEN_NPM names no folder with the files of the CDNs; see widgets/hosts.md")
def test_where_its_cdns_answer_each_widget_lives(browser: Browser, converted: Path) -> None:
    page, refused, errors = open_page(browser, converted, _FROM_NPM)
    roots = page.locator("div.nt")
    expect(roots).to_have_count(len(NAMES), timeout=30_000)
    for root in roots.all():
        LiveWidget(root).play()
    for still in page.locator("[data-nt-still]").all():
        expect(still).to_be_hidden()
    assert errors == []
    assert all("mathjax" in url for url in refused), refused  # for formulas; a widget has none
    page.context.close()
