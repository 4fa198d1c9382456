"""The SpeculativeAcceptance page: steps with their random numbers, runs, numbers of one's own, and the plots."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.widgets.conftest import address_of
from widgets import SpeculativeAcceptance

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    others = [
        ([0.5, 0.5], [0.5, 0.5], ["yes", "no"], "“Equal …”"),
        ([1.0, 0.0], [0.0, 1.0], ["yes", "no"], "“Apart …”"),
    ]
    widget = SpeculativeAcceptance(
        [0.5, 0.3, 0.2],
        [0.2, 0.3, 0.5],
        ["tower", " river", "<b>town</b>"],
        cost=0.05,
        caption="“The …”",
        others=others,
    )
    return widget.to_html(tmp_path / "speculative.html")


def predict(page: Page, choice: str = "70 %") -> None:
    page.get_by_role("group", name="Your prediction").get_by_role("button", name=choice, exact=True).click()


def column(page: Page, name: str) -> list[float]:
    """Return one column of the table of numbers, which is opened first."""
    table = page.locator(".scroll table")
    if not table.is_visible():
        page.get_by_text("Numbers, and files to save").click()
        table.wait_for()
    # In one go: the widget puts another table in its place when it paints.
    head, *rows = table.evaluate(
        "(table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return [float(row[head.index(name)]) for row in rows]


def told(page: Page) -> str:
    return page.locator("p[aria-live]:visible").nth(1).inner_text()


def test_the_answer_is_not_shown_before_the_prediction(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    body = page.locator(".nt").inner_text()
    assert "accepted" not in body
    assert "Many runs" not in body
    assert page.get_by_role("button", name="Step").is_disabled()
    assert "70" not in (page.get_by_role("img").first.get_attribute("aria-label") or "")
    predict(page)
    assert "Right, 70 %" in page.locator(".ask").inner_text()
    assert "70 %\naccepted" in page.locator(".facts").inner_text()


def test_a_round_is_stepped_through_with_its_random_numbers(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    step = page.get_by_role("button", name="Step")
    seen = []
    for _ in range(10):
        step.click()
        seen.append(told(page))
    assert [text.split(". ")[1][:22] for text in seen[:4]] == [f"The draft draws token {n}"[:22] for n in range(1, 5)]
    assert all(re.search(r"u = 0\.\d{4}", text) for text in seen)
    checks = [text for text in seen if text.startswith("The target checks")]
    assert checks
    for text in checks:
        limit, u = (float(found) for found in re.findall(r"(?:limit is|u =) (\d\.\d{4})", text))
        assert ("below it: kept" in text and "not below" not in text) == (u < limit)
    assert any("So far" in text for text in seen)


def test_a_saved_address_shows_the_same_step_and_the_same_runs(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("button", name="Other numbers").click()
    for _ in range(5):
        page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Run 100", exact=True).click()
    again = open_offline(page_file, after="#" + address_of(page))
    assert told(again) == told(page)
    assert column(again, "runs") == column(page, "runs")


def test_ten_thousand_runs_follow_the_target_and_the_mistakes_do_not(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("button", name="Run 10,000").click()
    target = column(page, "target p")
    assert column(page, "runs") == pytest.approx(target, abs=0.025)
    assert column(page, "mistake 1") != pytest.approx(target, abs=0.05)  # 0.35, 0.39, 0.26 in the long run
    assert column(page, "mistake 2") == pytest.approx([2 / 7, 3 / 7, 2 / 7], abs=0.03)
    assert "10000 runs" in page.locator(".nt").inner_text()
    assert "in the long run 0 %" in page.locator(".nt").inner_text()


def test_the_draft_can_be_moved_to_the_target_by_keyboard(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("slider", name="Move the draft to the target").focus()
    page.keyboard.press("End")
    assert column(page, "draft q") == column(page, "target p")
    assert column(page, "residual") == [0, 0, 0]
    facts = page.locator(".facts").inner_text()
    assert "100 %\naccepted" in facts
    assert "5.00\ntokens a call" in facts  # gamma + 1
    assert "4.17 ×" in facts  # 5 / (4 * 0.05 + 1)


def test_where_nothing_is_shared_nothing_is_accepted(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("combobox", name="Next token after").select_option("“Apart …”")
    assert "0 %\naccepted" in page.locator(".facts").inner_text()
    assert "1.00\ntokens a call" in page.locator(".facts").inner_text()
    assert "nothing comes" in page.locator(".nt").inner_text()
    assert column(page, "runs") == [1, 0]


def test_numbers_of_ones_own_are_taken_once_they_sum_to_1(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    page.get_by_role("combobox", name="Next token after").select_option("your own numbers")
    page.get_by_role("spinbutton", name="target p, tower").fill("1.5")
    page.get_by_role("spinbutton", name="target p, tower").press("Tab")
    alarm = page.get_by_role("alert")
    alarm.wait_for()
    assert "target must be 3 probabilities of sum 1" in alarm.inner_text()
    assert "not 2" in alarm.inner_text()
    assert column(page, "target p") == [0.5, 0.3, 0.2]  # the last good picture
    page.get_by_role("button", name="Scale to 1").click()
    alarm.wait_for(state="hidden")
    assert column(page, "target p") == [0.75, 0.15, 0.1]
    again = open_offline(page_file, after="#" + address_of(page))
    assert column(again, "target p") == [0.75, 0.15, 0.1]
    assert again.get_by_role("spinbutton", name="target p, tower").input_value() == "0.75"


def test_a_pinned_setting_stays_beside_the_new_one(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    pinned = page.locator("path[fill=none][stroke='var(--third)']").first
    before = pinned.get_attribute("d")
    page.get_by_role("button", name="Pin as A").click()
    assert pinned.get_attribute("d") != before
    assert pinned.get_attribute("d") == page.locator("path[fill=none][stroke='var(--good)']").first.get_attribute("d")
    cost = page.get_by_role("slider", name="Cost ratio c")
    cost.focus()
    cost.press("End")
    assert pinned.get_attribute("d") != page.locator("path[fill=none][stroke='var(--good)']").first.get_attribute("d")
