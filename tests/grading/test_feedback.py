"""A student's page says what to do next, holds nothing that could act in a browser, and tells nothing hidden."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nbformat import NotebookNode

import nexttoken.feedback
from autograder.exercise import Chapter, hidden_probe
from autograder.grading.class_report import class_report
from autograder.grading.engine import Graded
from autograder.grading.feedback import feedback_page, write_feedback
from autograder.grading.handed_in import find_submissions
from autograder.grading.page import LONGEST
from autograder.grading.report import fill_outputs
from autograder.grading.results import Result, save
from autograder.grading.submission import NotANotebookError, read_notebook
from autograder.judge import Mistake, judge
from autograder.observe import Outcomes, observe
from autograder.proxy import Loopback
from autograder.verdict import Failure, ProbeVerdict, Verdict
from nexttoken.feedback import NoResultsError, run_feedback

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAILURE = Failure(2, ("double(7)",), "[0]", "14", "49", "14 was expected, 49 came back")
RAISED = Failure(1, ("double('ab')",), "", "'abab'", "TypeError: no", "your code raised TypeError", ("line 2: x * x",))


class Page(HTMLParser):
    """What a browser makes of a page: elements, attributes and text, apart from the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []
        self.text = re.sub(r"\s+", " ", " ".join(self._text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self._text.append(data)


def probe(name: str, title: str, points: float, failure: Failure | None = None, **more: Any) -> ProbeVerdict:
    passed = failure is None
    return ProbeVerdict(
        name, title, points, passed, 2, 2 if passed else 1, more.pop("hidden", False), failure, *more.values()
    )


def double(*, first: Failure | None = None, second: Failure | None = None, cause: str | None = None) -> Verdict:
    probes = probe("doubles", "It doubles.", 2.0, first), probe("doubles_texts", "It doubles a text.", 1.0, second)
    return Verdict("double", "To double", probes, None, cause)


COUNTED = Verdict("Counter", "To count", (probe("counts", "It counts.", 2.0),))


def result(*verdicts: Verdict, **changes: Any) -> Result:
    made = Result("arithmetic", "ada", "graded", "", "arithmetic.ipynb", "THEKEY", "none", (), verdicts)
    return replace(made, **changes)


def refused(why: str) -> Result:
    return result(status="not graded", why=why)


# --- what it says


def test_the_page_says_the_points_in_all_and_of_each_exercise(arithmetic: Chapter) -> None:
    text = Page(feedback_page(result(double(first=FAILURE), COUNTED), arithmetic)).text
    assert "For ada . The file that was read is arithmetic.ipynb ." in text
    assert "3 of 5 points" in text
    assert "To double 1 of 3 points ✗ 1 of 2 checks failed" in text
    assert "To count 2 of 2 points ✓ all passed" in text
    assert "✓ passed It counts. 2 of 2 points" in text


def test_every_failing_public_probe_shows_its_first_failing_case(arithmetic: Chapter) -> None:
    text = Page(feedback_page(result(double(first=FAILURE, second=RAISED, cause="You squared `x`.")), arithmetic)).text
    assert "Likely cause. You squared x ." in text
    assert (
        "Look at this first. It doubles. Case 2 of 2 is the first that failed. "
        "called double(7) look at [0] expected 14 got 49 problem 14 was expected, 49 came back"
    ) in text
    assert "Then at this. It doubles a text. Case 1 of 2" in text
    assert "expected 'abab' got TypeError: no in your code line 2: x * x problem your code raised TypeError" in text


def test_the_next_step_names_the_check_and_the_case_to_try(arithmetic: Chapter) -> None:
    text = Page(feedback_page(result(double(first=FAILURE)), arithmetic)).text
    assert "Next step Run check(double) in your notebook. The case to try is double(7)" in text


def test_several_calls_are_tried_in_their_order(arithmetic: Chapter) -> None:
    failure = replace(FAILURE, calls=("Counter(3)", ".up()"))
    verdict = Verdict("Counter", "To count", (probe("counts", "It counts.", 2.0, failure),))
    text = Page(feedback_page(result(verdict), arithmetic)).text
    assert "called Counter(3) .up() look at" in text
    assert "The case to try is the calls above, one after the other." in text


def test_a_case_that_was_not_reached_is_one_line(arithmetic: Chapter) -> None:
    unreached = Failure(1, (), "", "", "", "not reached: an earlier case ended the run")
    text = Page(feedback_page(result(double(first=FAILURE, second=unreached)), arithmetic)).text
    assert "✗ failed It doubles a text. not reached: an earlier case ended the run 0 of 1 point" in text
    assert "Then at this." not in text


def test_a_gate_says_what_it_holds_back(arithmetic: Chapter) -> None:
    gate = probe("doubles", "It refuses.", 0.0, FAILURE, held_back_by=(), gates=("It doubles a text.",))
    held = probe("doubles_texts", "It doubles a text.", 1.0, held_back_by=("doubles",))
    text = Page(feedback_page(result(Verdict("double", "To double", (gate, held))), arithmetic)).text
    assert "It refuses. No points of its own. It must pass for the points of: It doubles a text." in text
    assert "– held back It doubles a text. Its points wait until this passes: It refuses. 0 of 1 point" in text


def test_what_is_not_written_yet_is_said_once_and_not_case_by_case(arithmetic: Chapter) -> None:
    verdict = replace(double(first=RAISED, second=RAISED), note="Not written yet.")
    text = Page(feedback_page(result(verdict), arithmetic)).text
    assert "✗ nothing to check" in text
    assert "Not written yet. Next step Complete double" in text
    assert "called" not in text


def test_all_right_leaves_no_next_step(arithmetic: Chapter) -> None:
    text = Page(feedback_page(result(double(), COUNTED), arithmetic)).text
    assert "5 of 5 points" in text
    assert "Next step" not in text
    assert "Likely cause" not in text


def test_repairs_are_listed_once_each(arithmetic: Chapter) -> None:
    noted = result(double(), repairs=("missing, put back: double", "a stub is not run", "a stub is not run"))
    text = Page(feedback_page(noted, arithmetic)).text
    assert "That costs no points." in text
    assert text.count("a stub is not run") == 1
    assert "missing, put back: double" in text


# --- not graded


def refusal_of(data: bytes) -> str:
    with pytest.raises(NotANotebookError) as refusal:
        read_notebook(data)
    return str(refusal.value)


def assert_says(why: str, chapter: Chapter) -> None:
    """Hold that a page gives the reason and something to do about it, and no points."""
    text = Page(feedback_page(refused(why), chapter)).text
    assert f"Your work was not graded: {why.rstrip('.')}" in text
    assert "This is not a zero" in text
    assert re.search(r"What to do next (Hand|Open|Clear) ", text)
    assert "points were entered" in text
    assert " of " not in text.partition("What to do next")[0].replace(why, "")


@pytest.mark.parametrize(
    "data",
    [b" ", b"\xff\xfe", b"{", b"hello", b"[]", b"{}", b" " * (51 * 2**20)],
    ids=["empty", "binary", "cut", "text", "list", "no cells", "large"],
)
def test_what_is_wrong_with_a_file_is_said_with_what_to_do(data: bytes, arithmetic: Chapter) -> None:
    assert_says(refusal_of(data), arithmetic)


def test_what_is_wrong_with_a_folder_is_said_with_what_to_do(tmp_path: Path, arithmetic: Chapter) -> None:
    for student, names in (("ada", ()), ("bea", ("one.ipynb", "two.ipynb"))):
        place = tmp_path / student / "arithmetic"
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_text("{}")
    (tmp_path / "cem.ipynb").mkdir()
    (tmp_path / "dan.ipynb").symlink_to("cem.ipynb")
    os.mkfifo(tmp_path / "eve.ipynb")
    (tmp_path / "bea.ipynb").write_text("{}")
    (tmp_path / "fay").mkdir()
    (tmp_path / "fay" / "arithmetic").symlink_to(tmp_path / "ada" / "arithmetic")
    found = {item.student: item.problem for item in find_submissions(tmp_path, "arithmetic")}
    assert set(found) == {"ada", "bea", "cem", "dan", "eve", "fay"}
    (tmp_path / "bea.ipynb").unlink()
    found["two notebooks"] = find_submissions(tmp_path, "arithmetic", ["bea"])[0].problem
    for problem in [*found.values(), "ada.ipynb cannot be read"]:
        assert_says(problem, arithmetic)


@pytest.mark.parametrize(
    "why",
    [
        "the released notebook /srv/course/exercises/a.ipynb cannot be read ([Errno 13] /srv); run `nexttoken build`",
        "the enclosure for students' processes cannot be made: [Errno 28] No space left: '/tmp/nexttoken-x'",
        "a fault of the grader (KeyError: 'PLANTED'); please report it",
        "the worker that graded it was lost 2 times (tls://10.0.0.7:9000); run the same command again",
        "",
    ],
)
def test_a_fault_of_the_grader_is_not_put_on_the_student(why: str, arithmetic: Chapter) -> None:
    text = Page(feedback_page(refused(why), arithmetic)).text
    assert "Your work was not graded: something went wrong while it was graded. This is not a zero" in text
    assert "You need not do anything now." in text
    assert not why or why not in text
    for secret in ("/srv", "/tmp", "10.0.0.7", "PLANTED", "nexttoken"):
        assert secret not in text


# --- nothing hidden

SECRET = "planted"


def same(x: Any) -> Any:
    return x


def quotes_in_an_exception(x: Any) -> Any:
    raise KeyError(f"I was asked {x}")


def names_an_exception_after_it(x: Any) -> Any:
    raise type(f"saw_{x}", (Exception,), {})


def returns_what_cannot_cross(x: Any) -> Any:
    return type(f"Saw{x}", (), {"__repr__": lambda self: x})()


def ends_in_another_exception(x: Any) -> Any:
    raise TypeError(x)


STUDENTS = [same, quotes_in_an_exception, names_an_exception_after_it, returns_what_cannot_cross]


@pytest.fixture
def planted(arithmetic: Chapter) -> Chapter:
    """Return the small chapter with a hidden probe that holds a secret wherever a probe can hold one."""
    exercise = arithmetic.exercises["double"]

    @hidden_probe(exercise, points=2, cases=2)
    def planted_name(impl: Any, rng: Any) -> Any:
        """The planted title, `planted`."""
        value = impl(f"planted draw {rng.integers(1000)}")
        if value == "planted draw":
            raise AssertionError
        return {"planted key": value}

    @hidden_probe(exercise, points=1, cases=1)
    def planted_refusal(impl: Any, rng: Any) -> Any:
        """A planted refusal."""
        return impl("planted refused")

    hidden = [planted_name.probe, planted_refusal.probe]
    return Chapter(arithmetic.name, arithmetic.title, {"double": exercise.with_hidden(hidden)})


def reference(x: Any) -> Any:
    if x == "planted refused":
        raise ValueError("planted message")
    return x + x


def judged(chapter: Chapter, implementation: Callable[[Any], Any]) -> Verdict:
    """Judge a student who answers the public probes rightly and hidden ones with an implementation."""
    exercise = chapter.exercises["double"]

    def watched(x: Any) -> Any:
        return implementation(x) if SECRET in str(x) else x + x

    def outcomes(function: Callable[[Any], Any]) -> Outcomes:
        return observe(exercise, Loopback({"double": function}), b"a seed")

    got = outcomes(watched)
    mistakes = {"one": Mistake("The planted mistake.", got)}
    verdict = judge(exercise, got, outcomes(reference), mistakes)
    assert [item.passed for item in verdict.probes] == [True, True, False, False]
    assert SECRET in str(verdict)
    return verdict


@pytest.mark.parametrize("implementation", STUDENTS)
def test_nothing_of_a_hidden_probe_is_on_a_students_page(
    implementation: Callable[[Any], Any], planted: Chapter
) -> None:
    verdict = judged(planted, implementation)
    page = feedback_page(result(verdict), planted)
    assert SECRET not in page.lower()
    text = Page(page).text
    assert "Checks that are not shown: 0 of 3 points." in text
    assert "✗ a check that is not shown failed" in text
    assert "Read the task of double once more" in text


@pytest.mark.parametrize("implementation", STUDENTS)
def test_nothing_of_a_hidden_probe_is_in_the_notebook_that_stock_feedback_shows(
    implementation: Callable[[Any], Any], planted: Chapter, released: NotebookNode
) -> None:
    filled = fill_outputs(released, Graded((judged(planted, implementation),), {}))
    assert "Hidden probes: 0 of 2 passed" in str(filled)
    assert SECRET not in str(filled).lower()


@pytest.mark.parametrize(
    ("implementation", "said"),
    [
        (quotes_in_an_exception, "In them your code raised KeyError ."),
        (ends_in_another_exception, "In them your code raised TypeError ."),
        (names_an_exception_after_it, "In them your code raised an exception of another kind."),
        (same, ""),
    ],
)
def test_of_a_hidden_exception_only_pythons_own_name_for_it_is_told(
    implementation: Callable[[Any], Any], said: str, planted: Chapter
) -> None:
    text = Page(feedback_page(result(judged(planted, implementation)), planted)).text
    assert said in text
    assert ("your code raised" in text) is bool(said)


def test_the_likely_cause_is_told_again_when_a_public_probe_fails_too(planted: Chapter) -> None:
    verdict = judged(planted, same)
    failing = replace(verdict.probes[0], passed=False, failure=FAILURE)
    text = Page(feedback_page(result(replace(verdict, probes=(failing, *verdict.probes[1:]))), planted)).text
    assert f"Likely cause. {verdict.cause}" in text


def test_points_of_hidden_probes_count_on_the_page(planted: Chapter) -> None:
    verdict = judged(planted, same)
    *public, first, second = verdict.probes
    text = Page(feedback_page(result(replace(verdict, probes=(*public, replace(first, passed=True), second))), planted))
    assert "5 of 6 points" in text.text
    assert "Checks that are not shown: 2 of 3 points." in text.text


def test_a_probe_that_was_public_when_graded_and_is_hidden_now_is_not_shown(planted: Chapter) -> None:
    verdict = judged(planted, same)
    opened = replace(verdict, probes=tuple(replace(item, hidden=False) for item in verdict.probes))
    page = feedback_page(result(opened), planted)
    assert SECRET not in page.lower()
    assert "Checks that are not shown: 0 of 3 points." in page


def test_a_probe_that_the_chapter_does_not_know_is_not_shown(arithmetic: Chapter, planted: Chapter) -> None:
    assert SECRET not in feedback_page(result(judged(planted, same)), arithmetic).lower()


def test_a_gate_does_not_name_what_is_hidden(arithmetic: Chapter) -> None:
    gate = probe("doubles", "It refuses.", 0.0, held_back_by=("planted_gate",), gates=("Planted.",))
    assert SECRET not in feedback_page(result(Verdict("double", "To double", (gate,))), arithmetic).lower()


def test_the_page_holds_no_key_and_nothing_of_the_machine(arithmetic: Chapter) -> None:
    where = "ImportError: cannot import x (/opt/course/.venv/lib/python3.11/site-packages/torch/__init__.py)"
    failure = replace(RAISED, got=where, problem=f"it said {where}", lines=("open('/home/teacher/grades.csv')",))
    page = feedback_page(result(double(first=failure)), arithmetic)
    for secret in ("THEKEY", "none", "/opt", "site-packages", "/home", "teacher", str(Path.cwd())):
        assert secret not in Page(page).text
    assert "ImportError: cannot import x (…/__init__.py)" in page


def test_a_path_that_a_probe_asked_with_stays_readable(arithmetic: Chapter) -> None:
    failure = Failure(1, ("double('/a/b/c')",), "", "'/a/b/c/d/c'", "'/a/b/x'", "differs from '/a/b/c'")
    text = Page(feedback_page(result(double(first=failure)), arithmetic)).text
    assert "got '/a/b/x' problem differs from '/a/b/c'" in text


@pytest.mark.parametrize("text", ["</s>", "1/2/3", "https://example.org/a/b", "and/or/both", "a // b / c", "/x"])
def test_what_only_looks_like_a_path_is_left_alone(text: str, arithmetic: Chapter) -> None:
    assert (
        f"got {text} problem" in Page(feedback_page(result(double(first=replace(FAILURE, got=text))), arithmetic)).text
    )


def test_no_page_names_another_student(arithmetic: Chapter, tmp_path: Path) -> None:
    students = ("ada", "bea", "cem")
    pages = write_feedback(tmp_path, arithmetic, [result(double(), student=name) for name in students])
    for path, own in zip(pages, students, strict=True):
        text = Page(path.read_text(encoding="utf-8")).text
        assert [name for name in students if name in text] == [own]


# --- nothing acts in a browser

NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&`</code>`{{ 7 * 7 }}{% raw %}</style></title>"
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "section",
        "div",
        "h1",
        "h2",
        "h3",
        "p",
        "br",
        "strong",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "ul", "li", "dl", "dt", "dd", "details", "summary"),
    *("a", "bdi", "code", "span"),
}


def everywhere(text: str, **changes: Any) -> Result:
    """Put a text wherever a student's code or file could put one."""
    failure = Failure(1, (text, text), text, text, text, text, (text,))
    verdict = replace(double(first=failure, cause=text))
    return result(verdict, **{"student": text, "file": text, "repairs": (text,), **changes})


def test_what_a_student_wrote_is_text_and_never_markup(arithmetic: Chapter) -> None:
    for page in (
        feedback_page(everywhere(NASTY), arithmetic),
        feedback_page(
            everywhere(NASTY, status="not graded", why=f"{NASTY} is a link, and links are not followed"), arithmetic
        ),
    ):
        read = Page(page)
        assert set(read.tags) <= TAGS
        assert {name for _, name, _ in read.attributes} <= {
            *(
                "lang",
                "charset",
                "http-equiv",
                "content",
                "name",
                "class",
                "scope",
                "href",
                "id",
                "aria-labelledby",
                "dir",
            )
        }
        assert "{{ 7 * 7 }}" in read.text
        assert "alert(1)" in read.text


@pytest.mark.parametrize(
    "character", ["\u202e", "\u2066", "\u200f", "\u061c", "\x00", "\x1b", "\r", "\u2028", "\ud800", "\U000e0041"]
)
def test_what_turns_the_text_around_it_is_written_as_an_escape(character: str, arithmetic: Chapter) -> None:
    page = feedback_page(everywhere(f"a{character}b"), arithmetic)
    assert character not in page
    assert f"a{character.encode('unicode_escape').decode()}b" in page
    page.encode("utf-8")


def test_a_name_is_spelled_with_its_joiners(arithmetic: Chapter) -> None:
    assert "می\u200cخواهم" in feedback_page(result(double(), student="می\u200cخواهم"), arithmetic)


def test_a_very_long_text_is_cut(arithmetic: Chapter) -> None:
    page = feedback_page(everywhere("x" * 1_000_000), arithmetic)
    assert len(page) < 60_000
    assert "x" * LONGEST + "… (1,000,000 characters)" in page


def test_the_page_is_complete_in_itself(arithmetic: Chapter) -> None:
    page = Page(feedback_page(result(double(first=FAILURE), COUNTED), arithmetic))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", "content", policy) in page.attributes
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    assert page.text.strip().startswith("Feedback: To count, ada")
    assert not {"script", "link", "img", "iframe", "form", "base", "object"} & set(page.tags)
    links = {value or "" for _, name, value in page.attributes if name in ("href", "src")}
    targets = {value for _, name, value in page.attributes if name == "id"}
    assert {link.removeprefix("#") for link in links} == targets == {"double", "Counter"}


# --- writing


def test_each_student_has_a_file(arithmetic: Chapter, tmp_path: Path) -> None:
    pages = write_feedback(
        tmp_path, arithmetic, [result(double()), replace(refused("the file is empty"), student="bea")]
    )
    assert pages == [tmp_path / "arithmetic" / "ada.html", tmp_path / "arithmetic" / "bea.html"]
    assert "the file is empty" in pages[1].read_text(encoding="utf-8")
    assert sorted((tmp_path / "arithmetic").iterdir()) == pages


def test_a_write_that_fails_leaves_the_page_that_was_there(
    arithmetic: Chapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page,) = write_feedback(tmp_path, arithmetic, [result(double())])
    before = page.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_feedback(tmp_path, arithmetic, [result(double(first=FAILURE))])
    assert page.read_bytes() == before
    assert list(page.parent.iterdir()) == [page]


@pytest.fixture
def small_course(arithmetic: Chapter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find the small chapter instead of importing a large one."""
    monkeypatch.setattr(nexttoken.feedback, "graded_chapter", lambda name, hidden: arithmetic)


def test_the_command_writes_pages_for_students_and_a_report_apart_from_them(
    small_course: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "results", result(double(first=FAILURE)))
    save(tmp_path / "results", replace(refused("the file is empty"), student="bea"))
    (tmp_path / "results" / "arithmetic" / "cem.json").write_text("{")
    run_feedback("arithmetic", tmp_path)
    assert sorted(path.name for path in (tmp_path / "feedback").rglob("*.html")) == ["ada.html", "bea.html"]
    report = tmp_path / "results" / "arithmetic-class-report.html"
    assert "2 handed in, 1 graded" in report.read_text(encoding="utf-8")
    said = capsys.readouterr().out
    assert "Students' pages: 2" in said
    assert str(report) in said
    assert "cem: the result cannot be read" in said


def test_the_command_says_what_to_run_first(small_course: None, tmp_path: Path) -> None:
    with pytest.raises(NoResultsError, match="run `nexttoken grade arithmetic` first"):
        run_feedback("arithmetic", tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["graded", "refused", "nasty", "class"])
def test_a_page_passes_axe_and_fits_a_phone(
    name: str, scheme: str, browser: Browser, arithmetic: Chapter, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    graded = result(double(first=FAILURE, second=RAISED, cause="You squared `x`."), COUNTED, repairs=("put back",))
    nasty = everywhere(f"{NASTY}\u202e{'x' * 500}", student="ada" * 100)
    html = {
        "graded": lambda: feedback_page(graded, arithmetic),
        "refused": lambda: feedback_page(refused("the file is empty"), arithmetic),
        "nasty": lambda: feedback_page(nasty, arithmetic),
        "class": lambda: class_report(arithmetic, [graded, nasty, refused("the file is empty")]),
    }[name]()
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page)
    context.close()
    assert found.violations_count == 0, found.generate_report()
    assert len(asked) == 1
