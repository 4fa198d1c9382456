"""Make the pictures of the README again: ``python tests/browser/screenshots.py course/images``.

``verdict.png`` is an exercise with its verdict in JupyterLab, ``formgrader.png`` a graded submission in nbgrader. These are
taken from a copy of the course, by the steps that the browser tests go through. ``attention.png`` is a widget's page.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from tests.browser.courseserver import CourseCopy, copy_course, serving, watch
from tests.browser.labpage import OVERFLOWING, LabPage
from widgets import Attention

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WIDTH = 1200
STUDENT = "05-usual-mistakes"
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none")


def prepare(course: CourseCopy) -> None:
    """Put an exercise where a student finds it, and grade some of the sample class."""
    released = course.root / "exercises" / "next_token" / "next_token.ipynb"
    mine = course.root / "work" / "next_token" / "next_token.ipynb"
    mine.parent.mkdir(parents=True)
    shutil.copy(released, mine)
    sample = course.root / "solutions" / "sample_class" / "submitted"
    for student in ("01-all-right", STUDENT):
        shutil.copytree(sample / student, course.root / "submitted" / student)
    course.run("nexttoken", "grade", "next_token")


def picture_verdict(address: Callable[[str], str], browser: Browser, path: Path) -> None:
    """Solve the first exercise with the usual mistake, and take the notebook from the solution to the verdict's end."""
    page = watch(browser, width=WIDTH, height=1000).page
    page.goto(address("lab/tree/work/next_token/next_token.ipynb?reset"))
    lab = LabPage(page)
    lab.wait_until_ready()
    page.keyboard.press("ControlOrMeta+b")  # the file browser takes a quarter of the width
    for start in ("from collections.abc import", "from autograder import check"):
        lab.run(lab.code_cell(start))
    solution, checking = lab.code_cell("def softmax_temperature"), lab.code_cell("check(softmax_temperature)")
    lab.write(solution, OVERFLOWING)
    lab.run(solution)
    lab.run(checking)
    lab.verdict("softmax_temperature").wait_for()
    page.keyboard.press("Escape")
    page.mouse.move(WIDTH - 1, 1)
    # Scroll so that the picture begins with the solution.
    solution.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    settle(page)
    take(page, path, lab.notebook.locator("xpath=ancestor::*[contains(@class, 'jp-NotebookPanel')]"), checking)


def picture_formgrader(address: Callable[[str], str], browser: Browser, path: Path) -> None:
    """Open a student's submission and take its first check cell: the score field, the verdict."""
    page = watch(browser, width=WIDTH, height=1000).page
    page.goto(address("login?next=/api"))
    page.goto(address("formgrader/gradebook/next_token/next_token"))
    expect(page.locator("#main-table .name a.name-hidden")).to_have_count(2)
    page.get_by_role("button", name="Show All Names").click()
    page.get_by_role("link", name=STUDENT, exact=True).click()
    page.wait_for_url("**/formgrader/submissions/**")
    verdict = page.get_by_role("group", name="Verdict on BPETokenizer")
    expect(verdict).to_be_visible()
    page.mouse.move(1, 1)
    cell = page.locator(".cell").filter(has=verdict)
    cell.evaluate("cell => window.scrollTo(0, cell.getBoundingClientRect().top + window.scrollY - 70)")
    settle(page)
    take(page, path, page.locator("body"), cell)


def picture_widget(browser: Browser, place: Path, path: Path) -> None:
    """Answer the question of the Attention widget wrongly, and take the whole of it."""
    page = browser.new_page(viewport={"width": 960, "height": 900})
    page.goto(Attention.example().to_html(place / "attention.html").as_uri())
    page.get_by_role("group", name="Your prediction").get_by_role("button").nth(1).click()
    page.mouse.move(1, 1)
    settle(page)
    page.locator(".nt").screenshot(path=path)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def settle(page: Page) -> None:
    """Wait for two frames: what was scrolled is painted then."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def take(page: Page, path: Path, whole: Locator, last: Locator) -> None:
    """Save a picture as wide as `whole`, from its visible top to the end of `last`."""
    outer, end = whole.bounding_box(), last.bounding_box()
    assert outer is not None
    assert end is not None
    top = max(0.0, outer["y"])
    bottom = min(end["y"] + end["height"] + 8, page.viewport_size["height"])
    clip = {"x": outer["x"], "y": top, "width": outer["width"], "height": bottom - top}
    page.screenshot(path=path, clip=clip)
    print(f"{path}: {outer['width']:.0f} x {bottom - top:.0f}, {path.stat().st_size / 1000:.0f} kB")


def main(folder: Path) -> None:
    """Make all pictures in a folder."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nexttoken-pictures-") as place, sync_playwright() as play:
        course = copy_course(Path(place))
        prepare(course)
        browser = play.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        with serving(course) as address:
            picture_verdict(address, browser, folder / "verdict.png")
            picture_formgrader(address, browser, folder / "formgrader.png")
        picture_widget(browser, Path(place), folder / "attention.png")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/browser/screenshots.py OUT_DIR")
    main(Path(sys.argv[1]))
