"""The ReActStepper page: steps by key and by button, the text to the letter, who wrote what, and the contrast beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.widgets.conftest import address_of
from widgets import ReActStepper
from widgets.base import stored
from widgets.react_stepper import written

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]
SCENES: list[dict[str, Any]] = stored("react_stepper")["scenes"]
NOW, A = "Text, Now", "Text, A"


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    return ReActStepper.example().to_html(tmp_path / "stepper.html")


def predict(page: Page, choice: str = "your code") -> None:
    page.get_by_role("group", name="Your prediction").get_by_role("button", name=choice, exact=True).click()


def choose(page: Page, name: str, way: str = "") -> None:
    page.get_by_label("Question").select_option(label=name)
    if way:
        page.get_by_label("How it is answered").select_option(label=way)


def end(page: Page) -> None:
    page.get_by_role("slider", name="Step").press("End")


def shown(page: Page, name: str = NOW) -> str:
    """Return the text as it can be copied: without the names of who wrote it, which the style adds."""
    text: str = page.get_by_role("region", name=name).evaluate(
        "each => [...each.querySelectorAll('span')].filter((one) => !one.hidden).map((one) => one.textContent).join('')"
    )
    return text


def marks(page: Page, name: str = NOW) -> list[str]:
    """Return what stands before each piece of the text that can be seen."""
    found: list[str] = page.get_by_role("region", name=name).evaluate(
        """each => [...each.querySelectorAll('i')].filter((one) => one.checkVisibility()).map((one) =>
        getComputedStyle(one, '::before').content.replaceAll('"', '')
        .replace(/attr\\(data-who\\)/, one.dataset.who).replace(': ', ': ').trim())"""
    )
    return found


def story(page: Page) -> str:
    return page.locator("p[aria-live]:visible").last.inner_text()


def figures(page: Page) -> Locator:
    return page.locator(".facts").first


def whole(scene: int, way: str, cap: int = 8) -> str:
    runs = SCENES[scene]["runs"]
    run = runs[runs[way]] if isinstance(runs[way], str) else runs[way]
    return "".join(text for _, _, text in written(run, way, cap))


def test_the_answer_is_not_shown_before_the_prediction(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    assert "Observation:" not in shown(page)
    assert page.get_by_role("button", name="Step").is_disabled()
    assert page.get_by_role("region", name=A).count() == 0
    predict(page, "the tool")
    assert "You said the tool; it is your code." in page.locator(".ask").inner_text()
    assert shown(page).endswith("\nThought:")
    assert page.get_by_role("region", name=A).is_visible()


def test_the_text_is_what_the_model_gets_to_the_letter(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    for place, scene in enumerate(SCENES):
        choose(page, scene["name"])
        end(page)
        assert shown(page) == whole(place, "guarded")
        assert shown(page, A) == whole(place, scene["contrast"])


def test_each_piece_says_who_wrote_it_and_what_is_new(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    assert marks(page) == ["your code", "model", "new: your code", "new: tool", "new: your code"]
    page.get_by_role("button", name="Back").click()
    assert marks(page) == ["your code", "model"]
    page.get_by_role("button", name="Back").click()
    assert marks(page) == ["your code", "new: model"]
    choose(page, "A forged document")
    end(page)
    assert marks(page)[-4:-1] == ["your code", "your code", "your code"]
    assert marks(page, A)[-4:-1] == ["your code", "tool", "your code"]


def test_arrows_step_through_thought_action_and_observation(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    choose(page, "One search after the other")
    slider = page.get_by_role("slider", name="Step")
    slider.press("Home")
    told = [story(page)]
    for _ in range(8):
        slider.press("ArrowRight")
        told.append(story(page))
    beginnings = ["Your code writes the prompt", "Turn 1.", "Your code finds a call: “search”", "The tool replies."]
    assert [text.partition(". ")[2][: len(start)] for text, start in zip(told, beginnings, strict=False)] == beginnings
    assert "“Quella”" in told[-1]
    assert "It is right." in told[-1]
    slider.press("ArrowRight")
    assert story(page) == told[-1]


def test_what_is_counted_is_shown(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    end(page)
    tokens = sum(SCENES[0]["runs"]["open"]["tokens"])
    assert figures(page).inner_text().split("\n") == [
        *("4", "turns", "3", "tool calls", "0", "refused or failed"),
        *(str(tokens), "tokens of 1024"),
    ]
    read = page.locator("dl").first.inner_text()
    assert "310 metres" in read


def test_the_guard_stops_the_call_that_runs_beside_it(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    choose(page, "A forged document")
    for _ in range(4):
        page.get_by_role("button", name="Step").click()
    assert "“calculate” with “200 + 300”. The guard refuses" in story(page)
    beside = page.get_by_role("img").nth(1)
    assert "nobody looks" in str(beside.get_attribute("aria-label"))
    page.get_by_role("button", name="Step").click()
    assert "No tool runs." in story(page)
    assert "may not use it" in str(beside.get_attribute("aria-label"))
    end(page)
    assert "It is not right: expected is “Quella”" in story(page)


def test_nobody_stops_the_model_and_it_invents_what_the_tool_says(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    choose(page, "One search after the other", "no loop: nobody stops the model")
    end(page)
    assert marks(page) == ["your code", "model"]
    assert "Observation: [1]" in shown(page)
    assert figures(page).inner_text().split("\n")[2:4] == ["0", "tool calls"]
    assert "It is not right" in story(page)


def test_the_cap_ends_a_loop_that_would_not_end(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    choose(page, "The search fails always")
    end(page)
    assert "ends the loop, without an answer" in story(page)
    assert figures(page).inner_text().startswith("8\n")
    cap = page.get_by_role("slider", name="Turns at most")
    for _ in range(5):
        cap.press("ArrowLeft")
    assert figures(page).inner_text().startswith("3\n")
    assert "ends the loop, without an answer" in story(page)
    assert shown(page) == whole(3, "guarded", 3)
    page.get_by_role("button", name="Pin as A").click()
    for _ in range(2):
        cap.press("ArrowRight")
    end(page)
    assert (shown(page), shown(page, A)) == (whole(3, "guarded", 5), whole(3, "guarded", 3))


def test_play_goes_on_and_stops_at_the_end(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    page.clock.install()
    predict(page)
    page.get_by_role("button", name="Play").click()
    assert page.get_by_role("button", name="Pause").is_visible()
    page.clock.run_for(1600)
    assert story(page).startswith("Step 5 of 12.")
    page.clock.run_for(60_000)
    assert story(page).startswith("Step 12 of 12.")
    assert page.get_by_role("button", name="Play").is_visible()


def test_a_saved_address_shows_the_same_step_of_the_same_runs(page_file: Path, open_offline: Open) -> None:
    page = open_offline(page_file)
    predict(page)
    choose(page, "The search fails once", "tools, no guard")
    page.get_by_role("button", name="Pin as A").click()
    for _ in range(3):
        page.get_by_role("button", name="Step").click()
    again = open_offline(page_file, after="#" + address_of(page))
    assert (story(again), shown(again), shown(again, A)) == (story(page), shown(page), shown(page, A))


def test_a_run_of_your_own_is_shown_as_text_whatever_is_in_it(tmp_path: Path, open_offline: Open) -> None:
    steps = [
        {
            "thought": "<b>I</b> look.",
            "tool": "search",
            "argument": "x" * 400,
            "observation": "<img src=x onerror=alert(1)>",
        },
        {"thought": "Hm.", "tool": None, "argument": None, "observation": "Error: there was no action."},
        {"thought": "So.", "tool": None, "argument": None, "observation": None},
    ]
    own = ReActStepper.of({"answer": "7", "stopped": "answer", "steps": steps}, "How <i>many</i>?", expected="8")
    page = open_offline(own.to_html(tmp_path / "own.html"), width=360)
    page.get_by_role("button", name="Skip").click()
    end(page)
    assert "<b>I</b> look." in shown(page)
    assert "<img src=x" in shown(page)
    assert page.locator(".nt-text img, .nt-text b").count() == 0
    assert "It is not right: expected is “8”" in story(page)
    assert "letters" in figures(page).inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".nt-text").first.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_a_run_without_a_call_opens_at_once(tmp_path: Path, open_offline: Open) -> None:
    step = {"thought": "I know.", "tool": None, "argument": None, "observation": None}
    own = ReActStepper.of({"answer": "7", "stopped": "answer", "steps": [step]}, "How many?", beside="6")
    page = open_offline(own.to_html(tmp_path / "own.html"))
    assert page.locator(".ask").count() == 0
    end(page)
    assert "“7”" in story(page)
    assert shown(page, A) == "Question: How many?\nAnswer: 6"


@pytest.mark.parametrize("width", [360, 1280])
def test_long_texts_wrap_and_stay_within_their_box(page_file: Path, open_offline: Open, width: int) -> None:
    page = open_offline(page_file, width=width)
    predict(page)
    for scene in SCENES:
        choose(page, scene["name"], "no loop: nobody stops the model")
        end(page)
        for box in page.locator(".nt-text").all():
            assert box.evaluate("each => each.scrollWidth <= each.clientWidth")
            # What is new stands at the foot, in sight.
            assert box.evaluate("each => Math.abs(each.scrollTop) < 1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
