"""An instructor looks at a graded class in nbgrader's formgrader, and hands out feedback."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from playwright.sync_api import expect

from autograder import check
from autograder.courseroot import CourseRoot
from autograder.exercise import graded_chapter
from tests.browser.courseserver import CourseCopy, Watched, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXERCISES = {
    "ngram_prob": 13,
    "softmax_temperature": 13,
    "top_k_filter": 10,
    "top_p_filter": 14,
    "generate": 10,
    "perplexity": 12,
    "bpe_merges": 12,
    "BPETokenizer": 16,
    "causal_attention": 16,
    "multi_head_attention": 15,
}
FULL = sum(EXERCISES.values())
PERFECT, MISTAKEN, BROKEN = "01-all-right", "06-other-mistakes", "13-cut-off"
SCRIPTED, MARKED_UP = "scripts-in-outputs", "scripts-in-text"

#: What nbgrader's own page of a submission asks for, and what its own script throws where that does not come. Its
#: templates name the address themselves, no setting reaches them. Without it formulas stay as TeX, and the keyboard
#: shortcuts are off; scores and comments work.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
_NBGRADERS_OWN = re.compile(
    rf"^{re.escape(MATHJAX)}\S+: Failed to load resource|MathJax is not defined\n.*static/js/formgrade\.js", re.DOTALL
)

_TAKE_OVER = "document.title='taken over'"
_ACTIVE_HTML = f'<script>{_TAKE_OVER}</script><img src="x" onerror="{_TAKE_OVER}">'
_DISPLAYS = f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display

active = {_ACTIVE_HTML!r}
for kind in (HTML, Markdown, Latex):
    display(kind(active))
display(Javascript({_TAKE_OVER!r}))
display(SVG({f'<svg xmlns="http://www.w3.org/2000/svg" onload="{_TAKE_OVER}"></svg>'!r}))
print(active)
HTML(active)
"""


@pytest.fixture(scope="module")
def graded(course: CourseCopy) -> CourseCopy:
    """Return a course whose class of five is graded and has feedback: by the two commands that an instructor types."""
    sample = course.root / "solutions" / "sample_class" / "submitted"
    submitted = course.root / "submitted"
    for student in (PERFECT, MISTAKEN, BROKEN):
        shutil.copytree(sample / student, submitted / student)
    add_to_perfect(submitted, SCRIPTED, [new_code_cell(_DISPLAYS)])
    text = [new_markdown_cell(f"Hello. {_ACTIVE_HTML}"), new_raw_cell(_ACTIVE_HTML)]
    add_to_perfect(submitted, MARKED_UP, text)
    course.run("nexttoken", "grade", "next_token", status=3)  # 3: something could not be graded
    course.run("nbgrader", "generate_feedback", "next_token")
    return course


def add_to_perfect(submitted: Path, student: str, cells: list[nbformat.NotebookNode]) -> None:
    """Hand in what the best student did, with cells added behind the imports."""
    shutil.copytree(submitted / PERFECT, submitted / student)
    path = submitted / student / "next_token" / "next_token.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3:3] = cells
    nbformat.write(notebook, path)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Return an empty page that may ask this machine only; nbgrader's own MathJax is refused, and known."""
    watched = watch(browser)
    yield watched
    watched.page.context.close()
    assert [url for url in watched.outside if not url.startswith(MATHJAX)] == []
    assert [error for error in watched.errors if not _NBGRADERS_OWN.search(error)] == []


@pytest.fixture
def formgrader(graded: CourseCopy, server: Callable[[str], str], watched: Watched) -> Callable[[str], Page]:
    """Return a function that opens a page of formgrader, signed in."""
    watched.page.goto(server("login?next=/api"))  # formgrader's pages take the token once, and set no cookie

    def open_page(path: str) -> Page:
        watched.page.goto(server(f"formgrader/{path}"))
        return watched.page

    return open_page


def feedback_file(graded: CourseCopy, student: str) -> Path:
    return graded.root / "feedback" / student / "next_token" / "next_token.html"


def verdict(page: Page, exercise: str) -> Locator:
    return page.get_by_role("group", name=f"Verdict on {exercise}")


def list_submissions(formgrader: Callable[[str], Page]) -> Page:
    """Open the list of submissions, with the names that it hides at first."""
    page = formgrader("gradebook/next_token/next_token")
    expect(page.locator("#main-table .name a.name-hidden")).to_have_count(5)
    page.get_by_role("button", name="Show All Names").click()
    return page


def row_of(page: Page, student: str) -> Locator:
    return page.locator("#main-table tr").filter(has=page.get_by_role("link", name=student, exact=True))


def open_submission(formgrader: Callable[[str], Page], student: str) -> Page:
    """Go to a student's submission as an instructor does: by the list."""
    page = list_submissions(formgrader)
    page.get_by_role("link", name=student, exact=True).click()
    page.wait_for_url("**/formgrader/submissions/**")
    return page


def test_the_assignment_is_listed_with_its_submissions(formgrader: Callable[[str], Page]) -> None:
    page = formgrader("manage_assignments")
    row = page.locator("#main-table tr").filter(has_text="next_token")
    expect(row.locator(".num-submissions")).to_have_text("5")


def test_the_gradebook_shows_the_points(formgrader: Callable[[str], Page], graded: CourseCopy) -> None:
    with (graded.root / "grades-next_token.csv").open(encoding="utf-8", newline="") as file:
        points = {line["student"]: line["points"] for line in csv.DictReader(file)}
    assert 0 < float(points[MISTAKEN]) < FULL
    page = list_submissions(formgrader)
    expect(row_of(page, MISTAKEN).locator(".score").first).to_have_text(f"{points[MISTAKEN]} / {FULL}")
    expect(row_of(page, PERFECT).locator(".score").first).to_have_text(f"{FULL} / {FULL}")


def test_a_submission_shows_our_verdicts(formgrader: Callable[[str], Page]) -> None:
    page = open_submission(formgrader, MISTAKEN)
    for exercise, possible in EXERCISES.items():
        expect(verdict(page, exercise).locator("strong").first).to_have_text(re.compile(rf"^\d+ of {possible} points$"))
    expect(verdict(page, "generate")).to_contain_text("Likely cause.")
    expect(verdict(page, "generate").get_by_role("rowheader", name="expected")).to_be_visible()


def test_a_submission_shows_the_points_where_they_can_be_changed(formgrader: Callable[[str], Page]) -> None:
    page = open_submission(formgrader, PERFECT)
    for exercise, possible in EXERCISES.items():
        expect(page.locator(f"input#{exercise}")).to_have_attribute("placeholder", f"{possible}", timeout=5_000)


def test_a_broken_file_says_why_and_waits_for_a_person(formgrader: Callable[[str], Page]) -> None:
    page = list_submissions(formgrader)
    for student, waits in ((BROKEN, 1), (PERFECT, 0), (MISTAKEN, 0)):
        mark = row_of(page, student).locator(".needs-manual-grade .glyphicon-ok")
        expect(mark).to_have_count(waits)
    page = open_submission(formgrader, BROKEN)
    said = page.get_by_text("Not graded: the file is not valid JSON")
    expect(said).to_have_count(len(EXERCISES))
    expect(page.get_by_role("group", name=re.compile("^Verdict"))).to_have_count(0)


def shown_lines(section: Locator) -> list[tuple[str, str, str]]:
    """Return what a verdict's table says of each public probe, in the words of the terminal."""
    words = {"✓ passed": "passed", "– held back": "held", "✗ failed": "FAILED"}
    rows = section.locator("table").first.locator("tbody tr").all()
    said = [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows]
    return [(words[state], score, title) for state, score, title in said]


def printed_lines(text: str) -> list[tuple[str, ...]]:
    """Return the same from what `check` prints."""
    return [
        tuple(part.replace("`", "") for part in line)
        for line in re.findall(r"(?m)^  (passed|held|FAILED) +(?:([\d.]+/[\d.]+)  )? *(.+)$", text)
    ]


def test_feedback_says_what_check_says(
    graded: CourseCopy,
    watched: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path))
    notebook = nbformat.read(graded.root / "submitted" / MISTAKEN / "next_token" / "next_token.ipynb", as_version=4)
    names: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source.startswith("check("):
            exec(compile(cell.source, cell.id, "exec"), names)  # the course's own sample
    watched.page.goto(feedback_file(graded, MISTAKEN).as_uri())
    for exercise in EXERCISES:
        check(names[exercise])
        printed = printed_lines(capsys.readouterr().out)
        assert len(printed) >= 6
        assert any(state == "FAILED" for state, *_ in printed)
        assert shown_lines(verdict(watched.page, exercise)) == printed


def test_feedback_keeps_hidden_probes_hidden(graded: CourseCopy, watched: Watched) -> None:
    page = watched.page
    page.goto(feedback_file(graded, MISTAKEN).as_uri())
    expect(verdict(page, "softmax_temperature")).to_contain_text("Hidden probes: 1 of 2 passed, 1 of 2 points.")
    course = CourseRoot(graded.root)
    exercises = graded_chapter("next_token", course.hidden).exercises
    everything = page.content() + page.locator("body").inner_text()
    for exercise in EXERCISES:
        lines = verdict(page, exercise).get_by_text("Hidden probes:")
        expect(lines).to_have_count(1)
        hidden = [probe for probe in exercises[exercise].probes if probe.hidden]
        assert hidden
        for probe in hidden:
            assert probe.name not in everything
            assert probe.title not in everything
            assert probe.title.replace("`", "") not in everything


def test_feedback_of_a_broken_file_says_why(graded: CourseCopy, watched: Watched) -> None:
    watched.page.goto(feedback_file(graded, BROKEN).as_uri())
    expect(watched.page.get_by_text("Not graded: the file is not valid JSON")).to_have_count(len(EXERCISES))


def test_scripts_in_outputs_are_inert(graded: CourseCopy, formgrader: Callable[[str], Page], watched: Watched) -> None:
    page = open_submission(formgrader, SCRIPTED)
    expect_inert(page, outputs=True)
    page.goto(feedback_file(graded, SCRIPTED).as_uri())
    expect_inert(page, outputs=True)


def test_scripts_in_text_are_inert(graded: CourseCopy, server: Callable[[str], str], browser: Browser) -> None:
    watched = watch(browser)  # what goes wrong in it is the finding
    watched.page.goto(server("login?next=/api"))

    def open_page(path: str) -> Page:
        watched.page.goto(server(f"formgrader/{path}"))
        return watched.page

    try:
        page = open_submission(open_page, MARKED_UP)
        expect_inert(page, outputs=False)
        page.goto(feedback_file(graded, MARKED_UP).as_uri())
        expect_inert(page, outputs=False)
    finally:
        watched.page.context.close()


def expect_inert(page: Page, *, outputs: bool) -> None:
    """Assert that nothing of the student's ran on a page that has loaded, and that nothing of it is waiting to."""
    page.wait_for_load_state("load")
    expect(verdict(page, "generate")).to_contain_text("10 of 10 points")
    assert page.title() == "next_token"
    assert page.locator('[onerror], [onload], script:has-text("taken over")').count() == 0
    if outputs:  # the cell did run: what it printed is there as text
        expect(page.locator(".output pre", has_text=f"<script>{_TAKE_OVER}</script>").first).to_be_visible()
