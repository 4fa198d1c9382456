"""What a reader does with a widget in any host: answer its question and move a control, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

import widgets

if TYPE_CHECKING:
    from playwright.sync_api import Locator

#: The widgets that are here.
NAMES = widgets.__all__
_PATIENCE = 60_000


class LiveWidget:
    """A widget in a page, found by its frame."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page

    def play(self) -> str:
        """Answer the question, move the first slider by one arrow key; return what a screen reader hears of it."""
        answers = self.root.get_by_role("group", name="Your prediction").get_by_role("button")
        answers.first.wait_for(timeout=_PATIENCE)
        slider = self.root.locator("fieldset input[type=range]:visible").first
        expect(slider).to_be_disabled()
        answers.first.focus()
        self.page.keyboard.press("Enter")
        expect(slider).to_be_enabled()
        expect(answers.first).to_have_attribute("aria-pressed", "true")

        said, heard = self.summary(), slider.get_attribute("aria-valuetext") or ""
        key = slider.evaluate("input => (input.value === input.max ? 'ArrowLeft' : 'ArrowRight')")
        slider.focus()
        self.page.keyboard.press(key)
        expect(slider).not_to_have_attribute("aria-valuetext", heard)
        self.page.wait_for_function("([root, said]) => root.innerText !== said", arg=[self.root.element_handle(), said])
        assert self.summary() != said
        return slider.get_attribute("aria-valuetext") or ""

    def summary(self) -> str:
        """Return the sentences that follow the state, which are also the pictures' descriptions."""
        pictures = self.root.locator("svg[role=img]").all()
        assert pictures
        return " ".join(picture.get_attribute("aria-label") or "" for picture in pictures)

    def expect_no_still(self) -> None:
        """Assert that the picture for hosts without scripts is in the page and cannot be seen."""
        still = self.page.locator("[data-nt-still]")
        expect(still).to_have_count(1)
        expect(still).to_be_hidden()
