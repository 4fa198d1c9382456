"""What a student does with a notebook in JupyterLab, by mouse and keyboard."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

OVERFLOWING = """\
def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    if not temperature >= 0:
        raise ValueError("the temperature must be 0 or larger")
    if temperature == 0:
        winners = (logits == logits.amax(dim=-1, keepdim=True)).to(logits.dtype)
        return winners / winners.sum(dim=-1, keepdim=True)
    weights = (logits / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)"""

CORRECT = OVERFLOWING.replace(
    "(logits / temperature).exp()", "((logits - logits.amax(dim=-1, keepdim=True)) / temperature).exp()"
)

#: A cell that has run: its prompt holds a number. A kernel imports torch first, on a busy machine.
_RAN = re.compile(r"\[\d+\]")
_PATIENCE = 90_000
_PRESSES = 3


class LabPage:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.notebook = page.locator(".jp-Notebook")

    def wait_until_ready(self) -> None:
        """Wait for the notebook and its kernel."""
        self.notebook.locator(".jp-Cell").first.wait_for(timeout=_PATIENCE)
        # What is run while the page still connects to the kernel is dropped without a word.
        self.page.locator(".jp-StatusBar-TextItem", has_text="| Idle").wait_for(timeout=_PATIENCE)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=_PATIENCE)

    def code_cell(self, text: str) -> Locator:
        """Return the code cell whose source begins with a text."""
        source = self.page.locator(".cm-content", has_text=re.compile("^" + re.escape(text)))
        return self.notebook.locator(".jp-CodeCell", has=source).first

    def write(self, cell: Locator, text: str) -> None:
        """Replace what a cell says, as by pasting: typing would add the editor's own indents and brackets."""
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def run(self, cell: Locator) -> None:
        """Run a cell with Ctrl+Enter and wait until it has run.

        A key that comes while Jupyter still starts is lost now and then on a busy machine: it is pressed again, as a
        person would.
        """
        prompt = cell.locator(".jp-InputArea-prompt")
        cell.scroll_into_view_if_needed()
        before = prompt.inner_text()
        for _ in range(_PRESSES):
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                expect(prompt).not_to_have_text(before or " ", timeout=_PATIENCE // _PRESSES)
                break
        expect(prompt).to_have_text(_RAN, timeout=_PATIENCE)

    def add_cell_below(self, cell: Locator, text: str) -> Locator:
        """Add a cell below another and write into it."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)
        return self.code_cell(text)

    def verdict(self, exercise: str) -> Locator:
        """Return the verdict on an exercise."""
        return self.page.get_by_role("group", name=f"Verdict on {exercise}")

    def save(self) -> None:
        """Save with Ctrl+S and wait until the tab says that nothing is left to save."""
        self.page.keyboard.press("ControlOrMeta+s")
        expect(self.page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)

    def use_theme(self, name: str, *, light: bool) -> None:
        """Choose a theme in the menu: Settings, Theme."""
        for step in ("Settings", "Theme", name):
            bar_or_menu = ".lm-MenuBar-itemLabel" if step == "Settings" else ".lm-Menu-itemLabel"
            self.page.locator(bar_or_menu).get_by_text(step, exact=True).click()
        self.page.locator(f'body[data-jp-theme-light="{str(light).lower()}"]').wait_for(state="attached")
