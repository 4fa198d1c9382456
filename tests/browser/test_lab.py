"""A student works on an exercise in JupyterLab: a wrong answer, its verdict, the right answer, a fresh start."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.courseserver import CourseCopy, watch
from tests.browser.labpage import CORRECT, OVERFLOWING, LabPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = Path("work/next_token/next_token.ipynb")
EXERCISE = "softmax_temperature"


@pytest.fixture
def lab(course: CourseCopy, server: Callable[[str], str], browser: Browser) -> Iterator[LabPage]:
    """Return a fresh exercise notebook, open in JupyterLab, with its first cells run and no attempt so far.

    Not one message of the level "error" is allowed in the console, JupyterLab's and nbgrader's own included, and not one
    request to another machine: neither needs any at the versions of ``constraints.txt``.
    """
    notebook = course.root / NOTEBOOK
    notebook.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(course.root / "exercises" / "next_token" / "next_token.ipynb", notebook)
    shutil.rmtree(course.home / ".nexttoken", ignore_errors=True)
    watched = watch(browser)
    page = watched.page
    page.goto(server(f"lab/tree/{NOTEBOOK.as_posix()}?reset"))
    lab = LabPage(page)
    lab.wait_until_ready()
    lab.run(lab.code_cell("from collections.abc import"))
    lab.run(lab.code_cell("from autograder import check"))
    yield lab
    for session in page.request.get(server("api/sessions")).json():
        page.request.delete(server(f"api/sessions/{session['id']}"))
    page.context.close()
    assert watched.errors == []
    assert watched.outside == []


def solve(lab: LabPage, source: str) -> None:
    """Write a solution, run it, run the check below it."""
    solution = lab.code_cell(f"def {EXERCISE}")
    lab.write(solution, source)
    lab.run(solution)
    lab.run(lab.code_cell(f"check({EXERCISE})"))


def violations(lab: LabPage) -> list[str]:
    """Return what axe finds wrong in the verdict."""
    found = Axe().run(lab.page, context=f'section[aria-label="Verdict on {EXERCISE}"]')
    assert found.response["testEngine"]["name"] == "axe-core"
    return [
        f"{rule['id']}: {node['html']} ({node['failureSummary']})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def test_a_wrong_answer_gets_a_verdict_to_act_on(lab: LabPage) -> None:
    solve(lab, OVERFLOWING)
    verdict = lab.verdict(EXERCISE)
    expect(verdict.locator("strong").first).to_have_text("9 of 11 points")
    failing = verdict.get_by_role("row").filter(has_text="failed")
    expect(failing).to_have_count(1)
    expect(failing).to_contain_text("0/2")
    expect(failing).to_contain_text("Logits of a thousand")
    expect(verdict.get_by_role("row").filter(has=lab.page.get_by_role("rowheader", name="got"))).to_contain_text("nan")
    expected = verdict.get_by_role("row").filter(has=lab.page.get_by_role("rowheader", name="expected"))
    expect(expected).to_contain_text("tensor([[0.")
    expect(verdict).to_contain_text("Likely cause. Large logits overflow")
    expect(verdict).to_contain_text("2 more points are decided at grading, by hidden probes.")
    expect(verdict).not_to_contain_text("Attempt")  # the first one is not counted aloud


def test_the_verdict_passes_axe_in_both_themes(lab: LabPage) -> None:
    solve(lab, OVERFLOWING)
    lab.verdict(EXERCISE).wait_for()
    assert violations(lab) == []
    lab.use_theme("JupyterLab Dark", light=False)
    try:
        assert violations(lab) == []
        solve(lab, CORRECT)
        expect(lab.verdict(EXERCISE)).to_contain_text("11 of 11 points")
        assert violations(lab) == []
    finally:
        lab.use_theme("JupyterLab Light", light=True)


def test_the_right_answer_gets_all_public_points_and_a_reset_keeps_it(lab: LabPage, course: CourseCopy) -> None:
    solve(lab, OVERFLOWING)
    expect(lab.verdict(EXERCISE)).to_contain_text("9 of 11 points")
    solve(lab, CORRECT)
    verdict = lab.verdict(EXERCISE)
    expect(verdict).to_contain_text("11 of 11 points")
    expect(verdict).to_contain_text("Attempt 2. Best so far: 11 of 11.")
    expect(verdict).not_to_contain_text("failed")

    reset = lab.add_cell_below(lab.code_cell(f"check({EXERCISE})"), f'reset("{EXERCISE}")')
    lab.run(reset)
    expect(reset).to_contain_text("Your own code is still in its cell.")
    expect(lab.page.locator(".cm-content", has_text="YOUR CODE HERE").first).to_be_visible()

    lab.save()
    cells = json.loads((course.root / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    ids = [cell["id"] for cell in cells]
    released = json.loads((course.root / "exercises/next_token/next_token.ipynb").read_text(encoding="utf-8"))
    stub = next("".join(cell["source"]) for cell in released["cells"] if cell["id"] == f"{EXERCISE}-code")
    assert sources[ids.index(f"{EXERCISE}-code")] == CORRECT
    check = ids.index(EXERCISE)
    assert sources[check + 1] == f'reset("{EXERCISE}")'
    assert sources[check + 2] == stub
    assert len(cells) == len(released["cells"]) + 2
