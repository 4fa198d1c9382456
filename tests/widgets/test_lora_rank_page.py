"""What the LoRARank page shows: nothing before the prediction, then the numbers of numpy, and sentences for what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest

from widgets import LoRARank

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]

U, V = (np.linalg.qr(np.random.default_rng(seed).standard_normal((8, 8)))[0] for seed in (1, 2))
S = 2.0 ** -np.arange(8)
ENERGY = np.cumsum(S**2) / np.sum(S**2)


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    widget = LoRARank(U * S @ V, "the update", losses=[5.0, 2.0, 1.0])
    return widget.to_html(tmp_path / "lora_rank.html")


def skip(page: Page) -> Page:
    page.get_by_role("button", name="Skip").click()
    return page


def costs(page: Page) -> Page:
    skip(page).get_by_text("What LoRA costs").click()
    return page


def cost_facts(page: Page) -> list[str]:
    return page.locator("details .facts b").all_inner_texts()


def test_the_spectrum_waits_for_the_prediction(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    assert page.locator("svg path").count() == 0
    assert page.locator("svg image").count() == 2
    assert page.get_by_role("slider", name="Rank r").is_disabled()
    page.get_by_role("group", name="Your prediction").get_by_role("button", name="75 %").click()
    assert "Right, 75 %" in page.locator(".ask").inner_text()
    assert page.locator("svg path").count() == 4
    assert page.locator("svg image").count() == 6


@pytest.mark.parametrize(("key", "rank"), [("Home", 1), ("End", 8)])
def test_a_rank_by_keyboard_keeps_what_numpy_says(key: str, rank: int, page_file: Path, open_offline: Open) -> None:
    page = skip(open_offline(page_file))
    page.get_by_role("slider", name="Rank r").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(key)
    said = page.get_by_role("img").get_attribute("aria-label") or ""
    assert f"the update: rank {rank} of 8 keeps {100 * ENERGY[rank - 1]:.0f} % of the energy" in said
    page.get_by_text("Numbers, and files").click()
    rows = page.locator("tbody tr").all_inner_texts()
    assert [float(row.split()[2]) for row in rows] == pytest.approx(ENERGY, rel=1e-3)


def test_the_three_maps_change_as_the_rank_does(page_file: Path, open_offline: Open) -> None:
    page = skip(open_offline(page_file))
    maps = page.locator("svg image")

    def seen() -> list[str]:
        return [each.get_attribute("href") or "" for each in maps.all()][:3]

    first = seen()
    page.get_by_role("slider", name="Rank r").focus()
    page.keyboard.press("End")
    whole, best, left = seen()
    assert whole == best == first[0] != first[1]
    assert left not in (whole, first[2])
    page.keyboard.press("Home")
    assert seen() == first  # taking terms away gives what adding them gave


def test_the_loss_at_this_rank_is_shown_where_it_was_measured(page_file: Path, open_offline: Open) -> None:
    page = skip(open_offline(page_file))
    assert "2.000" in page.locator(".facts").first.inner_text()
    page.get_by_role("button", name="Step").click()
    assert "1.000" in page.locator(".facts").first.inner_text()
    page.get_by_role("button", name="Step").click()
    assert "loss" not in page.locator(".facts").first.inner_text()


def test_steps_end_at_the_whole_matrix(page_file: Path, open_offline: Open) -> None:
    page = skip(open_offline(page_file))
    for _ in range(9):
        page.get_by_role("button", name="Step").click()
    assert page.get_by_role("slider", name="Rank r").input_value() == "8"
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_role("slider", name="Rank r").input_value() == "1"


def test_costs_follow_model_targets_and_rank(page_file: Path, open_offline: Open) -> None:
    page = costs(open_offline(page_file))
    assert cost_facts(page) == ["4,194,304", "8.39 MB", "0.391 %", "0.0622 %"]
    for name in ("k", "o"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_label("Rank of the LoRA").fill("16")
    page.keyboard.press("Enter")
    assert cost_facts(page)[:3] == ["16,777,216", "33.6 MB", "0.781 %"]
    page.get_by_label("Model").select_option("Mistral-7B")
    assert cost_facts(page)[0] == f"{32 * 16 * 2 * (8192 + 5120):,}"
    page.get_by_label("Layers").fill("1")
    page.keyboard.press("Enter")
    assert page.get_by_label("Model").input_value() == "sizes of your own"
    assert cost_facts(page)[0] == f"{16 * 2 * (8192 + 5120):,}"


@pytest.mark.parametrize("rank", ["0", "4097", "2.5", "-1", ""])
def test_a_rank_that_cannot_be_gets_a_sentence_and_changes_nothing(
    rank: str, page_file: Path, open_offline: Open
) -> None:
    page = costs(open_offline(page_file))
    before = cost_facts(page)
    field = page.get_by_label("Rank of the LoRA")
    field.fill(rank)
    page.keyboard.press("Enter")
    assert "must be a whole number from 1 to 4096" in page.get_by_role("alert").inner_text()
    assert cost_facts(page) == before
    assert field.input_value() == "8"


def test_no_target_and_no_size_get_a_sentence(page_file: Path, open_offline: Open) -> None:
    page = costs(open_offline(page_file))
    page.get_by_role("checkbox", name="q", exact=True).uncheck()
    page.get_by_role("checkbox", name="v", exact=True).click()
    assert "at least one matrix" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("checkbox", name="v", exact=True).is_checked()
    page.get_by_label("Layers").fill("0")
    page.keyboard.press("Enter")
    assert "whole numbers from 1 to a million" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Layers").input_value() == "32"


def test_a_smaller_model_takes_a_rank_that_fits(page_file: Path, open_offline: Open) -> None:
    page = costs(open_offline(page_file))
    page.get_by_label("Rank of the LoRA").fill("500")
    page.keyboard.press("Enter")
    page.get_by_label("Model").select_option("pocket-lm")
    assert page.get_by_label("Rank of the LoRA").input_value() == "96"
    assert page.get_by_role("alert").count() == 0


@pytest.mark.parametrize("rank", [0, 9, 1.5, "many", None])
def test_an_address_with_a_rank_that_cannot_be_opens_as_made(rank: object, page_file: Path, open_offline: Open) -> None:
    state = quote(json.dumps({"version": 1, "rank": rank, "prediction": "skip"}))
    page = open_offline(page_file, after=f"#{state}")
    assert "must be a whole number from 1 to 8" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("slider", name="Rank r").input_value() == "1"


def test_a_matrix_without_a_question_is_open_at_once(open_offline: Open, tmp_path: Path) -> None:
    page = open_offline(LoRARank([[3.0, 0.0], [0.0, 4.0]]).to_html(tmp_path / "small.html"))
    assert page.get_by_role("slider", name="Rank r").is_enabled()
    assert "rank 1 of 2 keeps 64 %" in (page.get_by_role("img").get_attribute("aria-label") or "")


def test_a_matrix_of_rank_one_is_whole_at_rank_one(open_offline: Open, tmp_path: Path) -> None:
    widget = LoRARank(np.outer(S, S[::-1] + 0.1))
    page = skip(open_offline(widget.to_html(tmp_path / "one.html")))
    assert "rank 1 of 8 keeps 100 % of the energy" in (page.get_by_role("img").get_attribute("aria-label") or "")
