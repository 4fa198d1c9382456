"""The RetrievalMap page: the query is moved by pointer and keyboard, and what the k nearest are follows."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from pocket.prose import load
from tests.widgets.conftest import address_of
from widgets import RetrievalMap

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def page(tmp_path: Path, open_offline: Open) -> Page:
    """Open the example, and skip the question."""
    page = open_offline(RetrievalMap.example().to_html(tmp_path / "map.html"), width=1280, reduced_motion="reduce")
    page.get_by_role("button", name="Skip").click()
    return page


def said(page: Page) -> str:
    return page.locator("p.soft[aria-live]").inner_text()


def pictures(page: Page) -> list[Locator]:
    """Return the map, and the list of each retriever."""
    return page.locator("svg[role=img]").all()


def choose(page: Page, which: str, question: str) -> None:
    page.get_by_role("combobox", name=f"Question {which}").select_option(question)


def press(page: Page, slider: str, *keys: str) -> None:
    page.get_by_role("slider", name=slider).focus()
    for key in keys:
        page.keyboard.press(key)


def diamond(page: Page) -> tuple[float, float]:
    """Return where the query is on the screen."""
    box = pictures(page)[0].locator("circle[style*=grab]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, across: float, down: float) -> None:
    x, y = diamond(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2)
    page.mouse.move(x + across, y + down)
    page.mouse.up()


def example_cosines() -> dict[str, float]:
    widget = RetrievalMap.example()
    return dict(zip(widget.names, widget.cosines(), strict=True))


def state(page: Page) -> dict[str, object]:
    kept: dict[str, object] = json.loads(unquote(address_of(page)))
    return kept


def test_nothing_that_answers_is_shown_before_the_prediction(tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(RetrievalMap.example().to_html(tmp_path / "map.html"))
    assert "m25, in the ring, is nearest on this map" in page.locator(".ask").inner_text()
    assert page.locator("svg[role=img]:visible").count() == 1
    assert "rank" not in page.locator(".cols").inner_text()
    page.get_by_text("Numbers, and files to save").click()
    assert page.locator(".scroll tbody tr").count() == 0
    page.get_by_role("button", name="rank 1", exact=True).click()
    told = page.locator(".ask").inner_text()
    assert "You said rank 1; it is rank 27." in told
    assert "m21 (0.63) is nearest, before m25 (0.28)" in told
    assert "m25, rank 27 for MiniLM, 30 for BM25: In 1794 the botanist" in page.locator(".cols").inner_text()
    assert page.locator("svg[role=img]:visible").count() == 3


def test_a_question_is_found_by_meaning_and_missed_by_words_and_another_the_other_way(page: Page) -> None:
    choose(page, "A", "Why did a spacecraft crash?")
    assert "MiniLM: meaning, k = 5: 1 of 1 relevant" in said(page)
    assert "BM25: words, k = 5: 0 of 1 relevant" in said(page)
    choose(page, "A", "What is 9,192,631,770?")
    assert "MiniLM: meaning, k = 5: 0 of 1 relevant" in said(page)
    assert "BM25: words, k = 5: 1 of 1 relevant" in said(page)
    assert "9, 192, 631, 770" in (pictures(page)[2].text_content() or "")  # the words that it found


def test_a_longer_list_finds_more_and_is_less_precise(page: Page) -> None:
    press(page, "Passages retrieved", "Home")
    words = len(re.findall(r"\w+", load().paragraphs["m21"]))
    assert f"MiniLM: meaning, k = 1: 1 of 2 relevant, {words} words to read, recall 0.50, precision 1.00" in said(page)
    press(page, "Passages retrieved", "End")
    assert "MiniLM: meaning, k = 20: 2 of 2 relevant" in said(page)
    assert "recall 1.00, precision 0.10" in said(page)


def test_the_way_from_a_to_b_ends_at_b_s_own_ranking(page: Page) -> None:
    press(page, "Query, from A to B", "End")
    there = said(page).removeprefix("Query 100 % from A to B. ")
    choose(page, "A", "By how much was the first platinum metre too short?")  # they change places
    assert page.get_by_role("combobox", name="Question B").evaluate("each => each.selectedIndex") == 0
    assert said(page) == f"Query 0 % from A to B. {there}"
    assert page.get_by_role("slider", name="Query, from A to B").input_value() == "0"


def test_the_query_is_dragged_and_the_drag_undone(page: Page) -> None:
    before, lists = said(page), [each.text_content() for each in pictures(page)]
    x, y = diamond(page)
    assert not page.get_by_role("button", name="Undo drag").is_visible()
    drag(page, -100, 40)
    assert diamond(page) == pytest.approx((x - 100, y + 40), abs=2)
    assert [each.text_content() for each in pictures(page)][1] != lists[1]
    assert [each.text_content() for each in pictures(page)][2] == lists[2]  # BM25 has no map
    page.get_by_role("button", name="Undo drag").click()
    assert said(page) == before
    assert diamond(page) == pytest.approx((x, y), abs=0.1)


def test_dragged_onto_a_passage_the_query_need_not_retrieve_it(page: Page) -> None:
    ring = pictures(page)[0].locator("circle[r='14']").bounding_box()
    assert ring is not None
    x, y = diamond(page)
    drag(page, ring["x"] + ring["width"] / 2 - x, ring["y"] + ring["height"] / 2 - y)
    text = page.locator(".cols").inner_text()
    assert "m25, rank " in text
    assert int(text.partition("m25, rank ")[2].split()[0]) > 5


def test_the_keyboard_drags_as_the_pointer_does(page: Page) -> None:
    page.get_by_text("More", exact=True).click()
    x, y = diamond(page)
    press(page, "Drag across", *["ArrowRight"] * 5)
    press(page, "Drag up", *["ArrowUp"] * 5)
    after = diamond(page)
    assert after[0] > x + 10
    assert after[1] < y - 10
    assert page.get_by_role("button", name="Undo drag").is_visible()
    place = state(page)["place"]
    assert isinstance(place, list)
    assert len(place) == 2


def test_a_drag_beyond_the_map_ends_at_its_edge(page: Page) -> None:
    drag(page, -600, 0)
    box = pictures(page)[0].bounding_box()
    assert box is not None
    assert diamond(page)[0] >= box["x"]
    assert page.get_by_role("alert").count() == 0


def test_before_the_prediction_nothing_can_be_dragged(tmp_path: Path, open_offline: Open) -> None:
    page = open_offline(RetrievalMap.example().to_html(tmp_path / "map.html"), width=1280)
    ring = pictures(page)[0].locator("circle[r='22']").bounding_box()
    assert ring is not None
    page.mouse.move(ring["x"] + 22, ring["y"] + 22)
    page.mouse.down()
    page.mouse.move(ring["x"] + 90, ring["y"] + 22)
    page.mouse.up()
    assert pictures(page)[0].locator("circle[r='22']").bounding_box() == ring


def test_a_passage_is_read_by_click_on_the_map_in_a_list_and_by_keyboard(page: Page) -> None:
    text, cosines = page.locator(".cols"), example_cosines()
    pictures(page)[1].click(position={"x": 60, "y": 52})
    assert "m21, rank 1 for MiniLM" in text.inner_text()
    assert "1. m21 ◂" in (pictures(page)[1].text_content() or "")
    pictures(page)[2].click(position={"x": 60, "y": 52})
    rank = 1 + sorted(cosines, key=lambda name: -cosines[name]).index("m45")
    assert f"m45, rank {rank} for MiniLM, 1 for BM25" in text.inner_text()
    pictures(page)[0].locator("rect").first.click(force=True)
    assert "m21, rank 1 for MiniLM" in text.inner_text()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("combobox", name="Passage", exact=True).select_option(label="nearest on map")
    assert "m25, rank 27" in text.inner_text()


def test_the_csv_has_every_passage_unrounded_in_the_order_of_its_cosine(page: Page, tmp_path: Path) -> None:
    page.get_by_text("Numbers, and files to save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "map.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "map.csv").read_bytes().decode(), newline="")))
    assert len(rows) == 50
    assert [int(row["rank"]) for row in rows] == list(range(1, 51))
    assert {row["name"]: float(row["cosine"]) for row in rows} == pytest.approx(example_cosines(), rel=1e-9)
    assert rows[0]["text"] == load().paragraphs[rows[0]["name"]]
    assert [row["name"] for row in rows if row["relevant"] == "true"] == ["m21", "m22"]


def test_a_finger_drags_the_query_and_not_the_page(tmp_path: Path, open_offline: Open) -> None:
    file = RetrievalMap.example().to_html(tmp_path / "map.html")
    page = open_offline(file, width=360, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Skip").tap()
    pictures(page)[0].scroll_into_view_if_needed()
    (x, y), scrolled = diamond(page), page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)
    for kind, steps in (("touchStart", [0]), ("touchMove", range(1, 9))):
        for step in steps:
            finger.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x - 5 * step, "y": y + 6 * step}]}
            )
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.get_by_role("button", name="Undo drag").wait_for()
    assert diamond(page) == pytest.approx((x - 40, y + 48), abs=2)
    assert page.evaluate("scrollY") == scrolled


def test_few_passages_with_hostile_texts_are_shown_as_text(tmp_path: Path, open_offline: Open) -> None:
    passages = {"<b>": "<img src=x onerror=alert(1)>", "b": "", "c": "</script> words"}
    vectors = [[1.0, 0.0, 0.2], [0.0, 1.0, 0.1], [0.0, 0.0, 1.0]], [[1.0, 0.1, 0.0], [0.0, 1.0, 1.0]]
    widget = RetrievalMap(passages, [("<i>a?", ["<b>"]), ("b?", ["b", "c"])], vectors, k=3)
    page = open_offline(widget.to_html(tmp_path / "map.html"), width=360)
    page.get_by_role("button", name="Skip").click()
    assert "k = 3: 1 of 1 relevant" in said(page)
    assert page.locator("main img, main i, main b").count() == 0
    assert "<img src=x" in (pictures(page)[1].text_content() or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.get_by_role("alert").count() == 0
