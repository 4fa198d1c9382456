"""`nexttoken gallery`: a site that opens from disk, is whole, and asks no other place for anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import widgets
from nexttoken.cli import app
from nexttoken.exhibits import EXHIBITS

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a gallery that the command wrote."""
    folder = tmp_path_factory.mktemp("site") / "gallery"
    done = CliRunner().invoke(app, ["gallery", "--output", str(folder)])
    assert done.exit_code == 0, done.output
    assert str(folder / "index.html") in done.output
    return folder


def test_there_is_one_page_a_widget_and_an_index(site: Path) -> None:
    scripts = {getattr(widgets, name).script for name in widgets.__all__}
    assert {path.name for path in site.iterdir()} == {"index.html", *(f"{script}.html" for script in scripts)}


def test_two_runs_write_the_same_bytes(site: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["gallery", "-o", str(tmp_path)]).exit_code == 0
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in site.iterdir())


def test_nothing_names_another_place_or_a_path_of_this_machine(site: Path) -> None:
    for path in site.iterdir():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {"http://www.w3.org/2000/svg"}, path.name
        assert str(Path.home()) not in text
        assert str(Path(widgets.__file__).parents[1]) not in text


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = CliRunner().invoke(app, ["gallery", "-o", str(tmp_path / "taken")])
    assert done.exit_code == 1
    assert "taken" in done.output
    assert "Traceback" not in done.output


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_index_passes_axe_and_leads_to_each_widget_and_back(site: Path, browser: Browser, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 720})  # type: ignore[arg-type]
    context.set_offline(True)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto((site / "index.html").as_uri())
    assert page.title()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.locator("h2").all_inner_texts() == [exhibit.widget for exhibit in EXHIBITS]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for name in widgets.__all__:
        page.get_by_role("link", name=name, exact=True).click()
        page.locator(".nt h2").wait_for()
        assert page.locator(".nt h2").inner_text() == getattr(widgets, name).question
        page.get_by_role("link", name="All widgets").click()
        page.locator("h1", has_text="See it").wait_for()
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert not errors
    context.close()


def test_every_widget_has_a_question_of_its_own() -> None:
    questions: list[str] = [getattr(widgets, name).question for name in widgets.__all__]
    assert len(set(questions)) == len(questions)
    assert all(question.endswith("?") for question in questions)
