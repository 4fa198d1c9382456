"""The Temperature page works from disk, offline, by keyboard, in light and dark, and passes axe."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from widgets import Temperature

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    logits = [math.log(weight) for weight in (6.0, 3.0, 2.0, 1.0)]
    widget = Temperature(logits, ["tower", " river", "\n", "<b>town</b>"], caption="“The bridge over the …”")
    return widget.to_html(tmp_path / "temperature.html")


def predict(page: Page) -> None:
    """Answer by keyboard: the second choice."""
    page.get_by_role("group", name="Your prediction").get_by_role("button").nth(1).focus()
    page.keyboard.press("Enter")


def column(page: Page, name: str) -> list[str]:
    """Return one column of the table of numbers, which is opened first."""
    if page.locator("details[open]").count() == 0:
        page.locator("summary").focus()
        page.keyboard.press("Enter")
    heads = page.locator("thead th").all_inner_texts()
    return [row.locator("th,td").nth(heads.index(name)).inner_text() for row in page.locator("tbody tr").all()]


def test_controls_wait_for_a_prediction(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    temperature = page.get_by_role("slider", name="Temperature T")
    assert temperature.is_disabled()
    predict(page)
    assert temperature.is_enabled()
    assert "it is 9.0 times" in page.locator(".ask").inner_text()
    assert column(page, "now")[:2] == ["0.7200", "0.1800"]  # 36 : 9 : 4 : 1
    assert column(page, "A")[:2] == ["0.5000", "0.2500"]


def test_the_question_can_be_skipped(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    page.get_by_role("button", name="Skip").click()
    assert page.get_by_role("slider", name="Temperature T").is_enabled()
    assert column(page, "now")[0] == "0.5000"


def test_a_slider_moves_by_keyboard_and_the_numbers_follow(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    slider = page.get_by_role("slider", name="Temperature T")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0 (greedy)"
    assert column(page, "now") == ["1.0000", "0.0000", "0.0000", "0.0000"]
    slider.focus()
    page.keyboard.press("End")
    high = [weight ** (1 / 3) for weight in (6, 3, 2, 1)]
    assert column(page, "now") == [f"{weight / sum(high):.4f}" for weight in high]
    assert "At T = 3" in (page.get_by_role("img").get_attribute("aria-label") or "")


def test_focus_can_be_seen(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_two_settings_stand_side_by_side_and_reset_undoes_all(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("button", name="Pin as A").click()
    page.get_by_role("slider", name="Keep top k").focus()
    page.keyboard.press("Home")
    assert column(page, "A")[0] == "0.7200"
    assert column(page, "now")[0] == "1.0000"
    page.get_by_role("button", name="Draw 100").click()
    assert column(page, "draws") == ["100", "0", "0", "0"]
    page.get_by_role("button", name="Reset").click()
    assert column(page, "now") == column(page, "A")
    assert column(page, "draws") == ["-"] * 4


def test_a_copied_address_opens_the_same_state(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("button", name="Draw 100").click()
    want = column(page, "now"), column(page, "draws")
    again = open_offline(page_file, after="#" + page.url.partition("#")[2])
    assert (column(again, "now"), column(again, "draws")) == want


def test_a_broken_address_opens_as_made(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file, after="#%7B%22temperature%22:%22hot%22")
    assert column(page, "now")[0] == "0.5000"


@pytest.mark.parametrize("kind", ["SVG", "PNG", "CSV"])
def test_picture_and_numbers_can_be_saved(kind: str, page_file: Path, open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(page_file)
    predict(page)
    column(page, "now")
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    data = saved.read_bytes()
    if kind == "PNG":
        assert data.startswith(b"\x89PNG")
    elif kind == "SVG":
        assert data.startswith(b"<svg")
        assert b"var(--" not in data
    else:
        rows = list(csv.reader(data.decode().splitlines()))
        assert [float(row[4]) for row in rows[1:2]] == [pytest.approx(0.72, rel=1e-12)]


@pytest.mark.parametrize("width", [960, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page_file: Path, open_offline: Open, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_offline(page_file, scheme=scheme, width=width)
    before = Axe().run(page)
    assert before.violations_count == 0, before.generate_report()
    predict(page)
    page.get_by_role("button", name="Draw 100").click()
    column(page, "now")
    after = Axe().run(page)
    assert after.violations_count == 0, after.generate_report()


def test_nothing_is_wider_than_a_phone(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file, width=360)
    predict(page)
    column(page, "now")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_theme_follows_the_system_while_open(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    assert page.locator(".nt").get_attribute("data-theme") == "light"
    page.emulate_media(color_scheme="dark")
    page.locator(".nt[data-theme=dark]").wait_for()
