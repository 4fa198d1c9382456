"""The Temperature page works from disk, offline, by keyboard, in light and dark, and passes axe."""

from __future__ import annotations

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
    if page.locator("details[open] table").count() == 0:
        page.get_by_text("Numbers, and files to save").focus()
        page.keyboard.press("Enter")
        page.locator("table").wait_for()
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


def test_one_draw_is_added_to_the_others(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    draw = page.get_by_role("button", name="Draw 1", exact=True)
    totals = []
    for _ in range(3):
        draw.focus()
        page.keyboard.press("Enter")
        totals.append(sum(map(int, column(page, "draws"))))
    assert totals == [1, 2, 3]
    assert "one of 3 draws" in page.locator("svg").first.inner_html()


def test_min_p_cuts_what_is_far_below_the_best(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    page.get_by_role("button", name="Skip").click()
    slider = page.get_by_role("slider", name="min-p")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.50"
    assert column(page, "now") == ["0.6667", "0.3333", "0.0000", "0.0000"]


def test_logits_of_your_own_and_what_cannot_be_one(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    page.get_by_role("button", name="Skip").click()
    page.get_by_text("Logits of your own").click()
    page.get_by_role("textbox").fill("1000, 999, -inf")
    page.get_by_role("textbox").press("Enter")
    assert column(page, "now") == ["0.7311", "0.2689", "0.0000"]
    page.get_by_role("textbox").fill("1, NaN")
    page.get_by_role("textbox").press("Enter")
    assert "Number 2 of your logits is not a finite number" in page.get_by_role("alert").inner_text()
    assert column(page, "now") == ["0.7311", "0.2689", "0.0000"]


def test_two_distributions_stand_side_by_side_at_the_same_settings(tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(Temperature.example().to_html(tmp_path / "pair.html"), width=1280)
    page.get_by_role("button", name="Skip").click()
    pictures = page.get_by_role("img").all()
    assert [picture.get_attribute("aria-label").split(" At ")[0] for picture in pictures] == [
        "“The Sorsha Tower …”",
        "“The Sorsha Tower stands in …”",
    ]
    left, right = (picture.bounding_box() for picture in pictures)
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_any_token_can_be_named(tmp_path: Path, open_offline: Open) -> None:
    tokens = ["a|b", "¡", '"', "\\", "", "𝛾"]
    page = open_offline(Temperature(range(6, 0, -1), tokens).to_html(tmp_path / "temperature.html"))
    page.get_by_role("button", name="Skip").click()
    page.get_by_text("Numbers, and files to save").click()
    page.locator("table").wait_for()
    names = page.locator("table tbody").evaluate("(body) => [...body.rows].map((row) => row.cells[0].textContent)")
    assert names == ["a|b", "¡", '"', "\\", "(empty)", "𝛾"]
