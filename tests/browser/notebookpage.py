"""A page with a notebook in JupyterLab or in Notebook 7, which is opened anew where Notebook's own start has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.browser.courseserver import Watched, watch
from tests.browser.labpage import LabPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: How often a page is opened whose own start may fail.
_TRIES = 3


class NotebookPage(LabPage):
    """A notebook that is open in Notebook 7: the same cells without JupyterLab's status bar."""

    def wait_until_ready(self) -> None:
        self.notebook.locator(".jp-Cell").first.wait_for(timeout=90_000)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=90_000)


@contextmanager
def watched_page(browser: Browser, server: Callable[[str], str], *, height: int = 900) -> Iterator[Watched]:
    """Give a page, and end its kernels behind it; an error in its console or a request to another machine fails."""
    watched = watch(browser, height=height)
    yield watched
    for session in watched.page.request.get(server("api/sessions")).json():
        watched.page.request.delete(server(f"api/sessions/{session['id']}"))
    watched.page.context.close()
    assert [error for error in watched.errors if not notebooks_own(error)] == []
    assert watched.outside == []


def notebooks_own(error: str) -> bool:
    """Recognise two races of Notebook 7.6 while it starts, on any notebook: they come and go, and need no widget."""
    races = ("(reading 'schema')", "Command 'filebrowser:open-path' not registered")
    return (
        error.startswith("uncaught: ")
        and "/static/notebook/notebook_core" in error
        and any(race in error for race in races)
    )


def opened(host: type[LabPage], watched: Watched, address: str) -> LabPage:
    """Open a notebook; anew if Notebook's own race was lost, since the page then lacks what was to load after it."""
    for _ in range(_TRIES):
        watched.errors[:] = [error for error in watched.errors if not notebooks_own(error)]
        watched.page.goto(address)
        notebook = host(watched.page)
        notebook.wait_until_ready()
        if not any(map(notebooks_own, watched.errors)):
            break
    return notebook
