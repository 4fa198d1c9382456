"""A student's Markdown looks the same on the instructor's page, and nothing in it can run."""

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from autograder.grading.inert import inert_markdown

SCRIPTS = [
    "<script>steal()</script>",
    "text <img src=x onerror=steal()> text",
    "<svg/onload=steal()>",
    "<!--><script>steal()</script>-->",
    "[look](javascript:steal())",
    "[look]( JaVaScRiPt:steal())",
    "[look](java&#115;cript:steal())",
    "[look](java&Tab;script:steal())",
    "[look](javascript&colon;steal())",
    "[look](javascript\\:steal())",
    "[look](<javascript:steal()>)",
    "[look](vbscript:steal())",
    "[look](data:text/html;base64,PHNjcmlwdD4=)",
    "![look](javascript:steal())",
    "[look][1]\n\n[1]: javascript:steal()",
    "[look][1]\n\n[1]: <javascript:steal()>",
    "<javascript:steal()>",
]


def tags_and_links(html: str) -> tuple[set[str], list[str]]:
    """Return what a browser would make of a page: the tags, and where its links and pictures point."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(html, "html.parser")
    found = page.find_all(True)
    return {tag.name for tag in found}, [tag[key] for tag in found for key in ("href", "src") if tag.has_attr(key)]


@pytest.mark.parametrize("text", SCRIPTS)
def test_nothing_in_it_runs(text: str) -> None:
    tags, links = tags_and_links(markdown2html_mistune(inert_markdown(text)))
    assert not tags & {"script", "svg", "iframe", "object", "embed"}
    assert all(link.split(":")[0].strip().lower() not in ("javascript", "vbscript", "data") for link in links)
    html = markdown2html_mistune(inert_markdown(text))
    assert "<img src=x" not in html


def test_the_same_texts_are_dangerous_before() -> None:
    """The list above would prove nothing if the renderer made everything harmless by itself."""
    dangerous = 0
    for text in SCRIPTS:
        tags, links = tags_and_links(markdown2html_mistune(text))
        dangerous += bool(tags & {"script", "svg", "img"}) or any("script" in link.lower() for link in links)
    assert dangerous >= 6


@pytest.mark.parametrize(
    "text",
    [
        "plain *text* with `code` and $x > 1$",
        "[page](https://example.org/a:b?c=d)",
        "[mail](mailto:a@example.org)",
        "![pasted](attachment:a.png)",
        "[cell](#softmax_temperature)",
        "[file](../work/next_token.ipynb)",
        "3 < 4 and a <= b",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert inert_markdown(text, {"a.png"}) == text


def test_a_picture_that_is_not_there_is_not_asked_for() -> None:
    """nbconvert refuses a whole notebook for it."""
    text = "![pasted](attachment:a.gif) ![other](attachment:my%20b.png)"
    assert inert_markdown(text, {"my b.png"}) == "![pasted](#picture-missing) ![other](attachment:my%20b.png)"


def test_a_tag_is_shown_as_the_student_wrote_it() -> None:
    shown = inert_markdown("my <b>bold</b> idea").replace("\u2060", "")
    assert shown == "my <b>bold</b> idea"
