"""The Attention page links a query to its keys by pointer and by keyboard, and takes texts where a kernel reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from widgets import Attention

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def page(tmp_path: Path, open_offline: Open) -> Page:
    """Open the stored texts, and skip the question."""
    page = open_offline(Attention.example().to_html(tmp_path / "attention.html"), width=1280)
    page.get_by_role("button", name="Skip").click()
    return page


def picture(page: Page, name: str = "Now") -> str:
    """Return what the picture of a head says."""
    return page.get_by_role("img", name=f"{name}, ").get_attribute("aria-label") or ""


def head(page: Page, layer: int, place: int) -> Locator:
    return page.get_by_role("button", name=f"layer {layer}, head {place}:")


def token(page: Page, text: str, nth: int = 0) -> Locator:
    return page.locator(".nt-text span").get_by_text(text, exact=True).nth(nth)


def test_the_prediction_opens_the_head_that_it_was_about(tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(Attention.example().to_html(tmp_path / "attention.html"))
    page.get_by_role("button", name="“␣Sal” (2)").click()
    assert "You said “␣Sal” (2); it is “bek” (3)." in page.locator(".ask").inner_text()
    assert picture(page) == "Now, layer 1, head 1: “␣Sal” (13) gives 92 % to “bek” (3) and 1.7 % to “g” (8)."
    assert head(page, 1, 1).get_attribute("aria-pressed") == "true"


def test_every_head_has_a_map_and_says_what_it_does(page: Page) -> None:
    tiles = page.get_by_role("group", name="All heads").get_by_role("button")
    assert tiles.count() == 24
    assert "mostly itself" in (head(page, 0, 2).get_attribute("aria-label") or "")
    assert "mostly first token" in (head(page, 1, 4).get_attribute("aria-label") or "")
    painted = "all => all.map((each) => each.getContext('2d').getImageData(0, 0, each.width, each.height).data)"
    for pixels in page.locator(".nt-tile canvas").evaluate_all(painted):
        shown = np.array(pixels, dtype=np.uint8).reshape(14, 14, 4)
        assert (shown[*np.tril_indices(14)][:, 3] == 255).all()
        assert (shown[*np.triu_indices(14, 1)][:, 3] == 0).all()  # masked


def test_arrows_walk_over_the_heads(page: Page) -> None:
    head(page, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert "layer 1, head 0" in picture(page)
    assert head(page, 1, 0).evaluate("each => each === document.activeElement")
    assert page.locator(".nt-tile[aria-pressed=true]").count() == 1


def test_the_measure_changes_the_numbers_and_finds_the_head_with_the_most(page: Page) -> None:
    page.get_by_role("combobox", name="Number under each map").select_option("what followed it")
    page.get_by_role("button", name="Show most").click()
    assert "layer 1, head 1" in picture(page)
    assert head(page, 1, 1).inner_text() == "46"
    assert "what followed it 46 %" in (head(page, 1, 1).get_attribute("aria-label") or "")


def test_pointing_at_a_token_shows_its_row_and_leaving_goes_back(page: Page) -> None:
    before = picture(page), picture(page, "A")
    token(page, " rises").hover()
    assert "“␣rises” (4) gives" in picture(page)
    assert "“␣rises” (4) gives" in picture(page, "A")  # both heads follow
    assert token(page, " on").get_attribute("class") == "nt-later"
    page.mouse.move(5, 5)
    assert (picture(page), picture(page, "A")) == before


def test_a_click_keeps_the_query_and_escape_lets_go(page: Page) -> None:
    slider = page.get_by_role("slider", name="Query token")
    token(page, " rises").click()
    page.mouse.move(5, 5)
    assert "“␣rises” (4) gives" in picture(page)
    assert slider.get_attribute("aria-valuetext") == "“␣rises” (4)"
    slider.focus()
    page.keyboard.press("Escape")
    assert slider.get_attribute("aria-valuetext") == "“␣Sal” (13)"
    token(page, "bek").click()
    page.get_by_role("button", name="Reset").click()
    assert slider.get_attribute("aria-valuetext") == "“␣Sal” (13)"


def test_the_map_answers_the_pointer(page: Page) -> None:
    box = page.get_by_role("img", name="Now, ").bounding_box()
    assert box is not None
    cell = (box["width"] - 76) / 14
    page.mouse.move(box["x"] + 72 + 2.5 * cell, box["y"] + 46 + 8.5 * cell)
    assert "“g” (8) gives" in picture(page)
    assert "“␣Sal” (2)" in (page.get_by_role("img", name="Now, ").text_content() or "")
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    assert "“␣Sal” (13) gives" in picture(page)


def test_pinning_puts_the_shown_head_beside_the_next_one(page: Page) -> None:
    head(page, 3, 3).click()
    page.get_by_role("button", name="Pin as A").click()
    head(page, 2, 1).click()
    assert "layer 3, head 3" in picture(page, "A")
    assert "layer 2, head 1" in picture(page)


def test_another_text_shows_its_own_last_token(page: Page) -> None:
    page.get_by_role("combobox", name="Text").select_option("a question that it does not answer")
    assert "“:” (25) gives" in picture(page)
    assert "Next: “␣unknown”" in page.locator(".nt-text").inner_text()
    assert "unknown" in page.locator(".nt-text").inner_text()
    assert page.locator(".nt-text span").count() == 26


def test_without_a_kernel_there_is_no_field_for_a_text(page: Page) -> None:
    assert page.get_by_role("textbox").count() == 0


def test_long_tokens_are_cut_in_the_picture_and_whole_in_the_text(tmp_path: Path, open_offline: Open) -> None:
    weights = np.tril(np.ones((1, 2, 3, 3)))
    weights /= weights.sum(-1, keepdims=True)
    long = "internationalization" * 4
    widget = Attention.from_weights(weights, ["<b>a</b>", long, ""])
    page = open_offline(widget.to_html(tmp_path / "attention.html"), width=360)
    assert page.locator(".ask").count() == 0  # no head looks hard at anything: nothing to ask
    assert page.get_by_role("slider", name="Query token").is_enabled()
    assert token(page, long).count() == 1
    assert token(page, "<b>a</b>").count() == 1
    assert "internat…" in (page.get_by_role("img", name="Now, ").text_content() or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_one_token_alone_is_shown(tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(Attention.from_weights(np.ones((1, 1, 1, 1)), ["a"]).to_html(tmp_path / "attention.html"))
    assert "“a” (0) gives 100 % to “a” (0)." in picture(page)
    assert page.get_by_role("button", name="layer 0, head 0:").inner_text() == "-"


@pytest.fixture
def typing(tmp_path: Path, open_offline: Open) -> Page:
    """Open the page with the field that a kernel would answer; here nobody does."""
    file = Attention.example().to_html(tmp_path / "attention.html")
    file.write_text(file.read_text("utf-8").replace('"live": false', '"live": true'), "utf-8")
    page = open_offline(file)
    page.get_by_role("button", name="Skip").click()
    return page


@pytest.mark.parametrize(("text", "words"), [("", "The text is empty"), (" \n", "empty"), ("x" * 10_001, "too long")])
def test_a_bad_text_is_said_and_the_picture_stays(text: str, words: str, typing: Page) -> None:
    before = picture(typing)
    typing.get_by_role("textbox", name="Your own text").fill(text)
    typing.get_by_role("button", name="Read this text").click()
    assert words in typing.locator("fieldset [aria-live]").inner_text()
    assert picture(typing) == before


def test_while_the_kernel_computes_it_says_so_and_goes_on(typing: Page) -> None:
    typing.get_by_role("textbox", name="Your own text").fill("The River Salbek")
    typing.get_by_role("button", name="Read this text").click()
    assert "Computing in the kernel" in typing.locator("fieldset [aria-live]").inner_text()
    head(typing, 2, 0).click()
    assert "layer 2, head 0: “␣Sal” (13)" in picture(typing)
