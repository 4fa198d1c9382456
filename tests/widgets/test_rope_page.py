"""What is special to the RoPE page: the reveal, the dials, Step, and the pinned method."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from widgets import RoPE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def page(tmp_path: Path, open_offline: Open) -> Page:
    return open_offline(RoPE.example().to_html(tmp_path / "rope.html"))


def predict(page: Page, choice: str = "PI") -> None:
    page.get_by_role("button", name=choice, exact=True).click()


def summary(page: Page) -> str:
    return page.locator(".nt p[aria-live]").last.inner_text()


def dials(page: Page) -> Locator:
    return page.locator("svg[role=img]").first


def press(page: Page, name: str, key: str) -> None:
    page.get_by_role("slider", name=name).focus()
    page.keyboard.press(key)


def test_the_methods_are_hidden_until_the_prediction(page: Page) -> None:
    assert "B:" not in summary(page)
    assert page.get_by_role("img", name="Speed of each pair").get_by_text("YaRN").count() == 0
    predict(page, "both")
    assert "You said both; it is PI." in page.locator(".ask").inner_text()
    assert "A: PI: pair 0 turns at 0.25 of its speed" in summary(page)
    assert "B: NTK-aware: pair 0 turns at 1 of its speed, pair 31 at 0.25" in summary(page)
    assert page.get_by_role("img", name="Speed of each pair").get_by_text("YaRN").count() == 1


def test_beyond_the_trained_length_slow_pairs_stand_at_unseen_angles(page: Page) -> None:
    page.get_by_role("button", name="Skip").click()
    assert "A: none: pair 0 turns at 1 of its speed, pair 31 at 1; 11 of 32 pairs reach unseen angles" in summary(page)
    assert "B: YaRN: pair 0 turns at 1 of its speed, pair 31 at 0.25; 0 of 32" in summary(page)
    assert dials(page).get_by_text("unseen").count() == 2  # pairs 23 and 31 of A
    press(page, "Distance, query from key", "Home")
    assert dials(page).get_by_text("unseen").count() == 0
    assert summary(page).count("score 1.00") == 2


def test_step_goes_on_and_begins_again_at_the_end(page: Page) -> None:
    page.get_by_role("button", name="Skip").click()
    distance = page.get_by_role("slider", name="Distance, query from key")
    for want in ("0", "1", "2"):
        page.get_by_role("button", name="Step").click()
        assert distance.get_attribute("aria-valuetext") == want
    score = sum(math.cos(2 * 10_000 ** (-i / 32)) for i in range(32)) / 32
    assert (
        f"A: none: pair 0 turns at 1 of its speed, pair 31 at 1; 11 of 32 pairs reach unseen angles; score {score:.2f}"
        in summary(page)
    )


def test_b_can_be_pinned_as_a(page: Page) -> None:
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Pin B as A").click()
    page.get_by_role("combobox", name="Method B").select_option(label="PI")
    assert "A: YaRN" in summary(page)
    assert "B: PI" in summary(page)


def test_moving_the_key_turns_both_hands_and_leaves_the_score(page: Page) -> None:
    page.get_by_role("button", name="Skip").click()
    before, picture = summary(page), dials(page).inner_html()
    page.locator("summary", has_text="More").click()
    page.get_by_label("Position of the key").fill("77")
    page.keyboard.press("Tab")
    assert summary(page) == before
    assert dials(page).inner_html() != picture


@pytest.mark.parametrize(("typed", "says"), [("63", "Head dimension: even"), ("", "Head dimension: even")])
def test_a_bad_dimension_is_answered_and_the_picture_stays(page: Page, typed: str, says: str) -> None:
    page.get_by_role("button", name="Skip").click()
    before = summary(page)
    page.locator("summary", has_text="More").click()
    field = page.get_by_label("Head dimension d")
    field.fill(typed)
    page.keyboard.press("Tab")
    assert says in page.get_by_role("alert").inner_text()
    assert summary(page) == before
    assert field.input_value() == "64"


@pytest.mark.parametrize("dim", [2, 4, 256])
def test_small_and_large_heads_are_drawn(dim: int, tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(RoPE("ntk", 32, dim=dim, length=2**20, base=1e6).to_html(tmp_path / "rope.html"))
    page.get_by_role("button", name="Skip").click()
    assert page.get_by_role("alert").count() == 0
    assert f"of {dim // 2} pairs" in summary(page)
    assert "NaN" not in page.locator(".nt").inner_html()
    assert "Infinity" not in page.locator(".nt").inner_html()
