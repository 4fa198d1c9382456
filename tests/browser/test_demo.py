"""What a visitor of `nexttoken demo` meets: the index, each demo alive, a wrong address, a kernel that ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nexttoken.exhibits import EXHIBITS
from tests.browser.courseserver import Watched, watch
from tests.browser.demoserver import Demos, serving_demos
from tests.browser.livewidget import NAMES, LiveWidget

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demos]:
    """Return demos that are served without kernels ahead: so that a test may count them."""
    with serving_demos(tmp_path_factory.mktemp("demo"), "--ready", "0") as served:
        yield served


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Return a page; an error in its console or a request to another machine fails the test."""
    watched = watch(browser)
    yield watched
    watched.page.context.close()
    assert watched.errors == []
    assert watched.outside == []


def test_the_index_says_what_there_is(demos: Demos, watched: Watched) -> None:
    page = watched.page
    page.goto(demos.address)
    assert page.title() == "Demos · nexttoken"
    links = page.get_by_role("listitem").get_by_role("link")
    assert links.all_inner_texts() == [demo.title for demo in EXHIBITS]
    expect(page.get_by_text("runs in your browser")).to_have_count(sum("browser" in demo.kernel for demo in EXHIBITS))
    links.first.focus()
    page.keyboard.press("Enter")
    page.locator("div.nt").wait_for(timeout=60_000)
    assert page.locator("div.nt h2").inner_text() == page.title()
    page.get_by_role("link", name="All demos").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Play with what a language model does")


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_lives_in_voila(name: str, demos: Demos, watched: Watched) -> None:
    demo = next(demo for demo in EXHIBITS if demo.widget == name)
    watched.page.goto(demos.address + demo.name)
    widget = LiveWidget(watched.page.locator("div.nt"))
    widget.play()
    widget.expect_no_still()
    expect(watched.page.locator(".jp-CodeCell .jp-InputArea")).to_have_count(0)  # the source is left out
    expect(watched.page.locator(".jp-RenderedText:visible")).to_have_count(0)  # nor are the words for a terminal shown
    watched.page.goto("about:blank")


def test_formulas_and_icons_come_from_this_machine(demos: Demos, watched: Watched) -> None:
    page = watched.page
    page.goto(demos.address + "temperature")
    page.locator("div.nt").wait_for(timeout=60_000)
    assert page.evaluate("document.fonts.load('900 16px \"Font Awesome 5 Free\"').then((fonts) => fonts.length)") == 1
    told = page.evaluate("document.getElementById('jupyter-config-data').textContent")
    assert "mathjax2-extension" not in told
    page.goto("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_follows_the_system(scheme: str, demos: Demos, browser: Browser) -> None:
    watched = watch(browser, scheme=scheme, width=360)
    page = watched.page
    page.goto(demos.address + "temperature")
    page.locator(f"div.nt[data-theme={scheme}]").wait_for(timeout=60_000)
    paper = "rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)"
    for place in ("html", "body", "#main"):
        expect(page.locator(place)).to_have_css("background-color", paper)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for address in (demos.address, demos.address + "no-such-demo"):
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.context.close()
    assert watched.outside == []


@pytest.mark.parametrize(
    "address", ["no-such-demo", "temperature.ipynb", "voila/render/temperature.ipynb", "voila/tree/etc", "a/<b>c"]
)
def test_a_wrong_name_gets_the_list_of_what_there_is(address: str, demos: Demos, browser: Browser) -> None:
    watched = watch(browser)
    answer = watched.page.goto(demos.address + address)
    assert answer is not None
    assert answer.status == 404
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("There is no such demo")
    expect(watched.page.get_by_role("listitem")).to_have_count(len(EXHIBITS))
    expect(watched.page.locator("code")).to_have_count(1)
    watched.page.get_by_role("link", name="All demos").click()
    expect(watched.page).to_have_title("Demos · nexttoken")
    watched.page.context.close()
    assert watched.outside == []


def test_a_kernel_ends_when_its_page_is_left(demos: Demos, watched: Watched) -> None:
    others = demos.kernels()
    watched.page.goto(demos.address + "temperature")
    watched.page.locator("div.nt").wait_for(timeout=60_000)
    mine = demos.kernels() - others
    assert len(mine) == 1
    watched.page.goto(demos.address)
    wait_until(lambda: not demos.kernels() & mine)


def test_a_widget_goes_on_when_its_kernel_has_ended(demos: Demos, browser: Browser) -> None:
    watched = watch(browser)
    page = watched.page
    page.goto(demos.address + "temperature")
    page.locator("div.nt").wait_for(timeout=60_000)
    kernel = re.search(
        r'"kernelId": ?"([^"]+)"', page.evaluate("document.getElementById('jupyter-config-data').textContent")
    )
    assert kernel
    ended = page.evaluate(
        """async ([kernel]) => {
          const form = new FormData();
          form.append("_xsrf", document.cookie.match(/_xsrf=([^;]*)/)[1]);
          return (await fetch(`/voila/api/shutdown/${kernel}`, { method: "POST", body: form })).status;
        }""",
        [kernel[1]],
    )
    assert ended == 204  # as culling does
    LiveWidget(page.locator("div.nt")).play()
    page.context.close()


def test_a_kernel_waits_for_each_demo(tmp_path: Path, browser: Browser) -> None:
    with serving_demos(tmp_path, "--ready", "1") as served:
        wait_until(lambda: len(served.kernels()) == len(EXHIBITS))
        watched = watch(browser)
        for _ in range(2):
            watched.page.goto(served.address + "temperature")
            LiveWidget(watched.page.locator("div.nt")).play()
        watched.page.context.close()
        assert watched.errors == []
        assert watched.outside == []
    assert served.process.returncode == 0
    assert served.address in served.log.read_text(encoding="utf-8")


def wait_until(true: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    until = time.monotonic() + 60
    while not true() and time.monotonic() < until:
        time.sleep(0.2)
    assert true()
