"""`check`, `reset` and `progress` as a student meets them: in a terminal, in a notebook, and when something is odd."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import IPython
import IPython.display
import pytest
import torch

from autograder import attempts, check, progress, reset
from autograder.recording import Recording, StaleRecordingError, recordings
from autograder.render import Extras, to_html, to_text
from autograder.student import examine
from autograder.verdict import Failure, ProbeVerdict, Verdict
from solutions.next_token import BPETokenizer, softmax_temperature

RIGHT = softmax_temperature
POINTS = f"{recordings()['softmax_temperature'].points:g}"
FULL = f"{POINTS} of {POINTS} points"


def as_exercise(function: Callable[..., Any], name: str = "softmax_temperature") -> Any:
    """Give a function the name of an exercise, as if a student had written it under that name."""
    function.__name__ = name
    return function


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the student a home of their own."""
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Pretend to be in a notebook; keep what it is told to show and to put into the next cell."""
    seen = SimpleNamespace(shown=[], cells=[])

    def set_next_input(text: str, replace: bool) -> None:
        seen.cells.append((text, replace))

    shell = SimpleNamespace(kernel=object(), set_next_input=set_next_input)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: seen.shown.append(data))
    return seen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that IPython runs in a terminal, without a kernel."""
    monkeypatch.setattr(IPython, "get_ipython", SimpleNamespace)


def history(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "attempts.jsonl").read_text(encoding="utf-8").splitlines()]


# --- check


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("def softmax_temperature(logits, temperature):\n    return (logits", True),
        ("def softmax_temperature(logits, temperature):\n    return logits", False),
        ("# def softmax_temperature(\nx = (", False),
        ("def another(", False),
    ],
)
def test_a_cell_that_was_not_run_for_its_syntax_is_spoken_of(last: str, told: bool, notebook: SimpleNamespace) -> None:
    shell = IPython.get_ipython()
    first = "def softmax_temperature(logits, temperature):\n    return logits"
    shell.history_manager = SimpleNamespace(input_hist_raw=["", first, last])
    shell.transform_cell = lambda source: source
    check(RIGHT)
    assert ("Your last change was not run: line" in notebook.shown[0]["text/plain"]) is told


def test_a_right_answer_gets_all_points_and_no_advice(capsys: pytest.CaptureFixture[str]) -> None:
    check(RIGHT)
    said = capsys.readouterr().out
    assert said.startswith("softmax_temperature: Softmax with a temperature.")
    assert FULL in said
    assert "FAILED" not in said
    assert "Likely cause" not in said
    assert "decided at grading, by hidden probes" in said


def test_a_wrong_answer_is_told_the_call_what_was_expected_and_a_likely_cause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    check(as_exercise(lambda logits, temperature: torch.softmax(logits * temperature, -1)))
    said = capsys.readouterr().out
    assert FULL not in said
    for part in ("FAILED", "softmax_temperature(tensor(", "expected", "got", "Likely cause: "):
        assert part in said


def test_a_class_is_checked_like_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    check(BPETokenizer)
    points = f"{recordings()['BPETokenizer'].points:g}"
    assert f"{points} of {points} points" in capsys.readouterr().out


def test_a_terminal_gets_plain_text_also_inside_ipython(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    check(RIGHT)
    said = capsys.readouterr().out
    assert FULL in said
    assert "<" not in said.replace("<function", "")


def test_a_notebook_gets_html_with_the_text_as_its_fallback(
    notebook: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    check(RIGHT)
    (shown,) = notebook.shown
    assert shown["text/html"].startswith("<section")
    assert FULL in shown["text/html"]
    assert FULL in shown["text/plain"]
    assert capsys.readouterr().out == ""


def test_a_stub_is_not_written_yet(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    exec(f"from torch import Tensor\n{recordings()['softmax_temperature'].stub}", namespace)
    check(namespace["softmax_temperature"])
    assert "Not written yet" in capsys.readouterr().out


def test_checking_changes_neither_the_random_numbers_nor_the_students_objects() -> None:
    torch.manual_seed(4)
    before = torch.get_rng_state()
    check(RIGHT)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("command", [check, reset])
@pytest.mark.parametrize("thing", [print, 3, None, [], lambda: 1, "softmax"], ids=lambda thing: type(thing).__name__)
def test_what_is_no_exercise_is_told_the_exercises(
    command: Callable[[Any], None], thing: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(thing)
    said = capsys.readouterr().out
    assert "is not an exercise" in said
    for name in recordings():
        assert name in said
    assert not home.exists()


def test_a_name_in_quotes_is_not_checked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check("softmax_temperature")
    assert "not its name: check(softmax_temperature)" in capsys.readouterr().out
    assert not home.exists()


def test_an_instance_of_the_class_is_judged_and_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    check(BPETokenizer())
    said = capsys.readouterr().out
    assert "0 of" in said
    assert "not callable" in said


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), GeneratorExit(), RecursionError()], ids=repr)
def test_whatever_the_students_code_raises_is_part_of_the_verdict(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    def softmax_temperature(logits: Any, temperature: Any) -> Any:
        raise error

    check(softmax_temperature)
    said = capsys.readouterr().out
    assert f"your code raised {type(error).__name__}" in said
    assert "raise error" in said  # the student's own line


def test_stopping_a_check_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def softmax_temperature(logits: Any, temperature: Any) -> Any:
        raise KeyboardInterrupt

    check(softmax_temperature)
    assert capsys.readouterr().out == "Stopped while checking softmax_temperature. Does a loop in it never end?\n"
    assert not home.exists()


def test_a_recording_that_does_not_fit_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = recordings()["softmax_temperature"]
    stale = Recording(**{**vars(known), "_probes": {"another_probe": {"want": [], "mistakes": {}}}})
    with pytest.raises(StaleRecordingError):
        examine(RIGHT, stale)
    monkeypatch.setattr("autograder.student.recordings", lambda: {"softmax_temperature": stale})
    check(RIGHT)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "softmax_temperature" in said
    assert "install one version of the course" in said
    assert not home.exists()


# --- what the student's code prints


def test_what_the_code_prints_stands_below_the_verdict_and_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    def softmax_temperature(logits: Any, temperature: Any) -> Any:
        print("look: " + "x" * 500)
        return RIGHT(logits, temperature)

    check(softmax_temperature)
    said = capsys.readouterr().out
    assert said.startswith("softmax_temperature:")
    printed = said.partition("Your code printed:\n")[2].splitlines()
    assert len([line for line in printed if line.startswith("  look: ")]) == 8
    assert max(len(line) for line in printed) <= 202
    assert "more lines" in said


def test_code_that_prints_without_end_is_cut_to_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    def softmax_temperature(logits: Any, temperature: Any) -> Any:
        print("\n" * 10_000)
        return RIGHT(logits, temperature)

    check(softmax_temperature)
    assert capsys.readouterr().out.count("\n") < 40


# --- the history


def test_each_check_is_one_more_line_of_history_with_the_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(RIGHT)
    assert "Attempt" not in capsys.readouterr().out
    check(as_exercise(lambda logits, temperature: logits))
    said = capsys.readouterr().out
    assert f"Attempt 2. Best so far: {POINTS} of {POINTS}." in said
    first, second = history(home)
    assert first["exercise"] == "softmax_temperature"
    assert first["earned"] == recordings()["softmax_temperature"].points
    assert "def softmax_temperature" in first["source"]
    assert second["earned"] < first["earned"]


def test_attempts_at_another_version_do_not_count(home: Path) -> None:
    check(RIGHT)
    version = recordings()["softmax_temperature"].version
    assert attempts.standing("softmax_temperature", version).attempts == 1
    assert attempts.standing("softmax_temperature", version + 1) == attempts.Standing(0, 0.0)
    assert attempts.standing("generate", 1) == attempts.Standing(0, 0.0)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b"null",
        b"3",
        b'{"exercise": "softmax_temperature"}',
        b'{"exercise": "softmax_temperature", "version": 1, "earned": "many"}',
        b'{"exercise": "softmax_temperature", "version": 1, "earned": null}',
        b'{"exercise": "softmax_temperature", "version": 1, "ear',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_a_line_of_history_that_cannot_be_read_does_not_count(
    line: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(RIGHT)
    path = home / "attempts.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    check(RIGHT)
    assert "Attempt 2." in capsys.readouterr().out


def test_a_home_that_cannot_be_written_is_a_remark_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NEXTTOKEN_HOME", str(tmp_path / "file" / "home"))
    check(RIGHT)
    said = capsys.readouterr().out
    assert FULL in said
    assert f"not in your history: {tmp_path / 'file' / 'home'} cannot be written" in said
    progress()
    assert "0 checks" in capsys.readouterr().out


def test_history_lies_in_the_home_folder_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempts.history_file() == tmp_path / "home" / "attempts.jsonl"
    monkeypatch.delenv("NEXTTOKEN_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert attempts.history_file() == tmp_path / ".nexttoken" / "attempts.jsonl"


# --- reset and progress


@pytest.mark.parametrize("thing", ["softmax_temperature", RIGHT])
def test_reset_prints_the_stub_in_a_terminal(thing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    reset(thing)
    said = capsys.readouterr().out
    assert said == recordings()["softmax_temperature"].stub + "\n"
    assert "raise NotImplementedError" in said


def test_reset_puts_the_stub_into_a_new_cell_beside_the_students_own(
    notebook: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    reset("generate")
    assert notebook.cells == [(recordings()["generate"].stub, False)]
    assert "Your own code is still in its cell" in capsys.readouterr().out


def test_progress_has_a_line_for_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    check(RIGHT)
    capsys.readouterr()
    progress()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == list(recordings())
    (mine,) = [line for line in lines if "softmax_temperature" in line]
    assert FULL in mine
    assert mine.endswith("1 check")
    assert all(line.endswith("0 checks") for line in lines if line != mine)


def test_progress_is_a_table_in_a_notebook(notebook: SimpleNamespace) -> None:
    progress()
    (shown,) = notebook.shown
    assert shown["text/html"].count("<tr>") == len(recordings()) + 1
    assert 'scope="col"' in shown["text/html"]


# --- nothing of a student's reaches the page as markup

NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&`<b>`</code></section>"
TAGS = {"section", "div", "strong", "code", "span", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "details"}
TAGS |= {"summary", "pre"}


class Tags(HTMLParser):
    """Collects the elements of a page and what they balance to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_harmless(page: str) -> None:
    tags = Tags(page)
    assert tags.seen <= TAGS
    assert tags.open == []
    assert tags.attributes <= {"style", "role", "aria-label", "scope"}


def raises_nasty(logits: Any, temperature: Any) -> Any:
    raise type("<i>Error</i>", (Exception,), {})(NASTY)


def prints_nasty(logits: Any, temperature: Any) -> Any:
    print(NASTY)
    return RIGHT(logits, temperature)


def returns_nasty(logits: Any, temperature: Any) -> Any:
    return NASTY


def returns_nasty_inside(logits: Any, temperature: Any) -> Any:
    return {NASTY: [NASTY.encode(), (NASTY,)]}


def returns_a_nasty_type(logits: Any, temperature: Any) -> Any:
    return type(NASTY, (), {"__repr__": lambda self: NASTY})()


def changes_the_logits_and_says_so(logits: Any, temperature: Any) -> Any:
    logits += 1  # <script>alert(1)</script>
    raise ValueError("<script>")


@pytest.mark.parametrize(
    "implementation",
    [
        raises_nasty,
        prints_nasty,
        returns_nasty,
        returns_nasty_inside,
        returns_a_nasty_type,
        changes_the_logits_and_says_so,
    ],
)
def test_what_a_student_hands_in_is_never_markup(
    implementation: Callable[..., Any], notebook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(implementation, "__name__", "softmax_temperature")
    check(implementation)
    assert_harmless(notebook.shown[0]["text/html"])


def test_no_text_of_a_verdict_is_markup() -> None:
    failure = Failure(1, (NASTY, NASTY), NASTY, NASTY, NASTY, NASTY, (NASTY, NASTY))
    gate = ProbeVerdict(NASTY, NASTY, 0, False, 2, 0, False, failure, (), (NASTY,))
    hidden = ProbeVerdict(NASTY, NASTY, 1, False, 2, 0, True, failure)
    for note, cause in ((NASTY, None), (None, NASTY)):
        verdict = Verdict(NASTY, NASTY, (gate, hidden), note, cause, 1.0)
        page = to_html(verdict, Extras([NASTY], [NASTY]))
        assert_harmless(page)
        assert "Hidden probes: 0 of 1 passed" in page
        assert to_text(verdict, Extras([NASTY], [NASTY]))


def test_a_hidden_probe_gives_nothing_away() -> None:
    failure = Failure(1, ("secret call",), "secret place", "secret want", "secret got", "secret problem", ("secret",))
    hidden = ProbeVerdict("secret_name", "secret title", 1, False, 2, 0, True, failure)
    verdict = Verdict("e", "title", (hidden,))
    assert "secret" not in to_html(verdict)
    assert "secret" not in to_text(verdict)


def test_importing_the_package_does_not_need_ipython(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.delitem(sys.modules, "IPython")
    check(RIGHT)
    assert FULL in capsys.readouterr().out
    assert "IPython" not in sys.modules
