"""A reader opens a chapter in JupyterLab and in Notebook 7 and runs it: widgets live, nothing fails, axe is content."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.courseserver import CourseCopy, Watched, serving
from tests.browser.labpage import LabPage
from tests.browser.livewidget import LiveWidget
from tests.browser.notebookpage import NotebookPage, opened, watched_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHAPTERS = sorted(path.name for path in (Path(__file__).resolve().parents[2] / "course").glob("[0-9][0-9]_*.ipynb"))
#: Idle, a chapter takes half a minute; beside other tests on two cores several times that.
_PATIENCE = 420_000
#: What we wrote: the frame around it is JupyterLab's, and axe finds faults with that.
OURS = ("div.nt", ".jp-RenderedMarkdown")


@pytest.fixture
def server(course: CourseCopy) -> Iterator[Callable[[str], str]]:
    """Serve each test anew: Notebook's fonts are refused where the same server was open in another window before."""
    with serving(course) as address:
        yield address


@pytest.fixture
def watched(browser: Browser, server: Callable[[str], str]) -> Iterator[Watched]:
    """Return a tall page, in which all cells are drawn; an error or a request to another machine fails the test."""
    with watched_page(browser, server, height=2000) as watched:
        yield watched


def run_all(page: Page) -> None:
    """Run all cells by the menu; again where a page that was still starting lost the click."""
    from playwright.sync_api import TimeoutError as NothingBegan

    for _ in range(3):
        for step, kind in (("Run", ".lm-MenuBar-itemLabel"), ("Run All Cells", ".lm-Menu-itemLabel")):
            page.locator(kind).get_by_text(step, exact=True).click()
        begun = page.locator(".jp-CodeCell .jp-InputArea-prompt").filter(has_text=re.compile(r"\[[*\d]+\]"))
        with contextlib.suppress(NothingBegan):
            begun.first.wait_for(timeout=30_000)
            return
    raise AssertionError("no cell began to run")


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize(("host", "address"), [(LabPage, "lab/tree"), (NotebookPage, "notebooks")])
def test_a_chapter_runs_and_its_widgets_live(
    chapter: str, host: type[LabPage], address: str, course: CourseCopy, server: Callable[[str], str], watched: Watched
) -> None:
    file = course.root / "course" / chapter
    page = watched.page
    opened(host, watched, server(f"{address}/course/{chapter}?reset"))
    run_all(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')].every((each) => /\\[\\d+\\]/.test(each.textContent))",
        timeout=_PATIENCE,
    )
    assert (
        page.locator(
            '[data-mime-type="application/vnd.jupyter.error"], .jp-RenderedText[data-mime-type$="error"]'
        ).count()
        == 0
    )
    code = [cell for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
    shown = [place for place, cell in enumerate(code) if "from widgets import" in cell.source]
    assert shown
    for place in shown:
        cell = page.locator(".jp-CodeCell").nth(place)
        cell.scroll_into_view_if_needed()  # what is far away, JupyterLab does not draw
        widget = cell.locator("div.nt")
        widget.wait_for()
        LiveWidget(widget).play()
    for part in OURS:
        found = Axe().run(page, context=part, options={"preload": False})  # it would ask for fonts without a referrer
        assert found.violations_count == 0, found.generate_report()
