"""What holds for every widget alike, tried on the page that `to_html` writes: offline, by keyboard, in Chromium."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

import widgets
from tests.widgets.conftest import address_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from widgets.base import Widget

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]
SAVE = "Numbers, and files to save"


@pytest.fixture(scope="module", params=widgets.__all__)
def made(request: pytest.FixtureRequest) -> Widget:
    """Return the example of one widget."""
    example: Widget = getattr(widgets, request.param).example()
    return example


@pytest.fixture
def file(made: Widget, tmp_path: Path) -> Path:
    """Return its page."""
    return made.to_html(tmp_path / "widget.html")


def skip(page: Page) -> None:
    """Open the controls without a prediction."""
    page.get_by_role("button", name="Skip").click()


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate("for (const each of document.querySelectorAll('.nt details')) each.open = true")


def saved(page: Page, kind: str, folder: Path) -> bytes:
    """Press a button that saves, and return the file."""
    unfold(page)
    with page.expect_download() as download:
        page.get_by_role("group", name="Save").get_by_role("button", name=kind).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_bytes()


def numbers(page: Page, folder: Path) -> list[list[str]]:
    """Return the rows of the CSV."""
    return list(csv.reader(io.StringIO(saved(page, "CSV", folder).decode(), newline="")))


def sliders(page: Page) -> list[Locator]:
    """Return the sliders that can be moved now."""
    unfold(page)
    return [each for each in page.get_by_role("slider").all() if each.is_visible() and each.is_enabled()]


def nudge(page: Page, slider: Locator) -> None:
    """Move a slider by one key: up, or down where it stands at its end."""
    slider.focus()
    at_end = slider.evaluate("each => each.valueAsNumber >= Number(each.max)")
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")


def test_it_asks_before_it_opens(file: Path, open_offline: Open) -> None:
    page = open_offline(file)
    assert page.locator("fieldset:enabled").count() == 0
    assert page.get_by_role("alert").count() == 0
    assert page.get_by_role("group", name="Your prediction").get_by_role("button").count() >= 3
    assert all(each.get_attribute("aria-label") for each in page.get_by_role("img").all())
    assert page.get_by_role("img").count() >= 1


def test_a_prediction_by_keyboard_is_answered_and_opens_it(file: Path, open_offline: Open) -> None:
    page = open_offline(file)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told = page.locator(".ask [aria-live]").inner_text()
    assert told.startswith(("Right, ", "You said "))
    assert len(told) > 40
    assert page.locator("fieldset:disabled").count() == 0


def test_everything_is_reached_by_tab_and_shows_that_it_is(file: Path, open_offline: Open) -> None:
    page = open_offline(file)
    skip(page)
    unfold(page)
    page.evaluate("document.activeElement.blur()")
    page.evaluate(
        """() => [...document.querySelectorAll('button,input,select,summary,[tabindex="0"]')]
        .filter((each) => each.checkVisibility() && !each.matches(':disabled')).forEach((each, i) => { each.dataset.stop = i; })"""
    )
    wanted = page.locator("[data-stop]").count()
    reached = set()
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.stop"))
        outline = page.evaluate(
            "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle"
        )
        assert outline in (True, "solid", "auto")
    assert reached - {None} == {str(stop) for stop in range(wanted)}


def test_sliders_move_by_keyboard_and_say_their_value(file: Path, open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(file)
    skip(page)
    before = numbers(page, tmp_path), page.locator("[aria-live]").all_inner_texts()
    for slider in sliders(page):
        value = slider.get_attribute("aria-valuetext")
        nudge(page, slider)
        assert slider.get_attribute("aria-valuetext") != value, slider.get_attribute("aria-label")
    assert (numbers(page, tmp_path), page.locator("[aria-live]").all_inner_texts()) != before


def test_a_copied_address_opens_the_same_state(file: Path, open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(file)
    skip(page)
    for slider in sliders(page):
        nudge(page, slider)
    again = open_offline(file, after="#" + address_of(page))
    assert numbers(again, tmp_path) == numbers(page, tmp_path)
    assert again.get_by_role("img").first.get_attribute("aria-label") == page.get_by_role("img").first.get_attribute(
        "aria-label"
    )
    assert again.get_by_role("alert").count() == 0


def test_reset_returns_to_what_was_made(file: Path, open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(file)
    skip(page)
    first = numbers(page, tmp_path)
    for slider in sliders(page):
        nudge(page, slider)
    page.get_by_role("button", name="Reset").click()
    assert numbers(page, tmp_path) == first


def test_a_setting_that_cannot_be_is_said_and_not_taken(made: Widget, file: Path, open_offline: Open) -> None:
    page = open_offline(file)
    skip(page)
    good = {"version": made.version, "prediction": "skip", **{name: made.made[name] for name in made.shared}}
    pictures = page.locator("svg[role=img]")
    before = pictures.evaluate_all("all => all.map((each) => each.outerHTML)")
    refused = 0
    for name in made.shared:
        for value in ("hot", -1e9, 1e300, None, [], {}, "x" * 10_000):
            page.evaluate("said => { location.hash = said; }", quote(json.dumps({**good, name: value})))
            page.wait_for_function("said => decodeURIComponent(location.hash).includes(said)", arg=f'"{name}"')
            alert = page.get_by_role("alert")
            if alert.count():
                refused += 1
                assert alert.inner_text().endswith(".")
                assert pictures.evaluate_all("all => all.map((each) => each.outerHTML)") == before, (name, value)
            page.evaluate("said => { location.hash = said; }", quote(json.dumps(good)))
            page.wait_for_function("!document.querySelector('[role=alert]:not([hidden])')")
    assert refused >= 4 * len(made.shared)


def test_an_address_of_another_version_is_said(file: Path, open_offline: Open) -> None:
    page = open_offline(file, after="#" + quote(json.dumps({"version": 0, "unheard": 1, "prediction": "skip"})))
    assert "another version" in page.get_by_role("alert").inner_text()
    assert page.locator("fieldset:disabled").count() == 0


def test_an_address_that_was_cut_is_said(file: Path, open_offline: Open) -> None:
    page = open_offline(file, after="#%7B%22version")
    assert "could not be read" in page.get_by_role("alert").inner_text()


def test_pictures_are_saved_as_files_of_their_own(file: Path, open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(file)
    skip(page)
    assert saved(page, "PNG", tmp_path).startswith(b"\x89PNG")
    drawn = saved(page, "SVG", tmp_path).decode()
    root = ET.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(list(root.iter())) > 20
    assert "var(--" not in drawn
    assert not [
        each for each in root.iter() for value in each.attrib.values() if value.startswith(("http", "blob", "file"))
    ]
    rows = numbers(page, tmp_path)
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 360),
        pytest.param("light", 360, marks=pytest.mark.slow),
        pytest.param("dark", 1280, marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(file: Path, open_offline: Open, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_offline(file, scheme=scheme, width=width)
    before = Axe().run(page)
    assert before.violations_count == 0, before.generate_report()
    page.get_by_role("group", name="Your prediction").get_by_role("button").first.click()
    unfold(page)
    page.locator("table").wait_for()
    after = Axe().run(page)
    assert after.violations_count == 0, after.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_by_itself_where_motion_is_not_wanted(file: Path, open_offline: Open) -> None:
    page = open_offline(file, reduced_motion="reduce")
    skip(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('.nt, .nt *')].filter((each) => {
        const style = getComputedStyle(each);
        return style.transitionDuration !== '0s' || style.animationName !== 'none';
        }).length"""
    )
    assert moving == 0


def test_where_no_script_runs_there_is_a_picture_and_its_text(made: Widget, file: Path, open_offline: Open) -> None:
    page = open_offline(file, java_script_enabled=False)
    still = page.locator("noscript")
    # Without scripts Chromium renders what the noscript holds.
    assert made.describe() in still.inner_text()
    assert page.locator("noscript svg[role=img]").bounding_box()["height"] > 100  # type: ignore[index]
    assert page.locator("noscript tbody tr").count() >= 1


def test_the_theme_follows_the_system_while_open(file: Path, open_offline: Open) -> None:
    page = open_offline(file)
    assert page.locator(".nt").get_attribute("data-theme") == "light"
    page.emulate_media(color_scheme="dark")
    page.locator(".nt[data-theme=dark]").wait_for()
