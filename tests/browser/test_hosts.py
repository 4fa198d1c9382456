"""Every widget lives in JupyterLab and in Notebook: a key moves it, the kernel knows, nothing is asked of other machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.courseserver import CourseCopy, Watched
from tests.browser.labpage import LabPage
from tests.browser.livewidget import NAMES, LiveWidget
from tests.browser.notebookpage import NotebookPage, opened, watched_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_ASK = "print(w.prediction, [name for name in w.shared if getattr(w, name) != w.made[name]])"


@pytest.fixture
def watched(browser: Browser, server: Callable[[str], str]) -> Iterator[Watched]:
    """Return a page; an error in its console or a request to another machine fails the test."""
    with watched_page(browser, server) as watched:
        yield watched


def write_notebook(course: CourseCopy, name: str) -> None:
    """Write a notebook that shows a widget and then asks the kernel about it."""
    show = f"from widgets import {name}\n\nw = {name}.example()\nw"
    cells = [nbformat.v4.new_code_cell(source) for source in (show, _ASK)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    (course.root / f"{name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("host", "address"), [(LabPage, "lab/tree"), (NotebookPage, "notebooks")])
def test_a_widget_lives(
    name: str, host: type[LabPage], address: str, course: CourseCopy, server: Callable[[str], str], watched: Watched
) -> None:
    write_notebook(course, name)
    notebook = opened(host, watched, server(f"{address}/{name}.ipynb?reset"))
    showing, asking = notebook.code_cell("from widgets"), notebook.code_cell("print(")
    notebook.run(showing)
    widget = LiveWidget(showing.locator("div.nt"))
    widget.play()
    widget.expect_no_still()
    expect(showing.locator(".jp-RenderedText:visible")).to_have_count(0)  # the words for a terminal are not shown too
    notebook.run(asking)
    said = asking.locator(".jp-OutputArea-output").inner_text()
    prediction, _, changed = said.partition(" [")
    assert prediction.strip()
    assert changed.startswith("'"), said  # at least one of the settings is another now


def test_a_notebook_without_its_kernel_shows_the_picture(
    course: CourseCopy, server: Callable[[str], str], watched: Watched
) -> None:
    write_notebook(course, "Temperature")
    page = watched.page
    notebook = opened(LabPage, watched, server("lab/tree/Temperature.ipynb?reset"))
    showing = notebook.code_cell("from widgets")
    notebook.run(showing)
    showing.locator("div.nt").wait_for()
    notebook.save()
    for session in page.request.get(server("api/sessions")).json():
        page.request.delete(server(f"api/sessions/{session['id']}"))

    page.goto(server("lab/tree/Temperature.ipynb?reset"))
    notebook.wait_until_ready()
    still = page.locator("[data-nt-still]")
    expect(still).to_be_visible()
    expect(still.locator("svg")).to_be_visible()
    expect(still).to_contain_text("What does temperature do to the choice of the next token?")
    expect(page.locator("div.nt")).to_have_count(0)
