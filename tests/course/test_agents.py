"""Chapter 3's words and what it computes agree: the prose draws conclusions from numbers that stand beside it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

COURSE = Path(__file__).resolve().parents[2] / "course"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def notebook() -> Any:
    made = nbformat.read(COURSE / "03_agents.ipynb", as_version=4)
    resources = {"metadata": {"path": str(COURSE)}}
    NotebookClient(made, timeout=300, kernel_name="python3", resources=resources).execute()
    return made


@pytest.fixture(scope="module")
def after(notebook: Any) -> Any:
    """Return a function from a piece of a cell's source to what that cell printed."""

    def printed(source: str) -> str:
        (cell,) = [each for each in notebook.cells if each.cell_type == "code" and source in each.source]
        return "".join(output.text for output in cell.outputs if output.output_type == "stream")

    return printed


def numbers(text: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(start))


def test_one_search_is_not_enough_and_the_loop_is(after: Any) -> None:
    assert "1172" not in after("for passage in search.top(question):")  # no passage of the question's own search
    once = after("my_with_passages or")
    assert "unknown" in line(once, "directly")
    assert "Helfell" in line(once, "with passages")
    invented = after("max_new_tokens=130")
    assert invented.count("Observation:") >= 2
    assert "Helfell" not in invented
    seen = after("seen = run_agent(")
    assert seen.count("action ") == 2
    assert re.search(r"answer +1172\b", seen)
    assert re.search(r"action +calculate\[70048 - 1172\]", after("own_question ="))


def test_three_of_the_four_turns_are_misread(after: Any) -> None:
    said = after("often_seen(turn)}")
    assert line(said, "nested").endswith("'the rivers [west of Ulza')")
    assert "'answer'" in line(said, "aside")
    assert line(said, "blank").endswith("None")
    assert line(said, "two").endswith("('search', 'Ulza')")
    assert after("accumulate((sign").splitlines()[-1] == "closed at place 26"


def test_the_schema_lets_through_what_the_text_says(after: Any) -> None:
    said = after("Draft202012Validator(ferry")
    assert "let through: [0, 5, 6, 7]" in said
    assert len(re.findall(r"^ +\$", said.partition("\n3 ")[2].partition("\n4 ")[0], re.MULTILINE)) == 4
    assert after("parse_constant=").count("refused") == 2


def test_the_calculator_survives_the_collection(after: Any) -> None:
    assert set(re.findall(r"= (\w+)", after("What is {a} - {b}"))) == {"unknown"}  # it cannot subtract
    assert numbers(after("__subclasses__()"))[0] > 100
    assert "369,693,100 digits" in after("9**9 = ")
    said = after("attempts = attack(calculator)")
    assert line(said, "names and calls").split()[3] == "8"
    seconds, most = numbers(line(said, "the slowest took"))
    assert seconds < 1000
    assert most < 10**6


def test_the_plan_takes_four_rounds_and_the_library_adds_what_nobody_planned(after: Any) -> None:
    assert after("def in_rounds").count("round ") == 4
    assert numbers(after("ThreadPoolExecutor() as pool"))[-1] > 1.1
    said = after("unplanned = {")
    assert said.startswith("refused:")
    assert "people of Helfell" in line(said, "accepted")


def test_the_archive_and_the_window_remember_together(after: Any) -> None:
    prompts = [numbers(each)[-1] for each in after("a window of {lm.context").splitlines()[1:]]
    assert all(60 <= later - earlier <= 140 for earlier, later in pairwise(prompts))
    assert "reads at most 1,024" in after("except pocket.PromptTooLongError")
    said = after("def remembered(memory)")

    def of(name: str) -> list[float]:
        return numbers(line(said, name))

    assert "does not fit" in line(said, "everything")
    assert of("window")[1] < of("summary and window")[1] < of("window")[1] + 6 < of("archive ")[1]
    assert of("archive and window")[1] == of("all three")[1] == 20
    assert 0.15 < of("archive and window")[0] / of("everything")[0] < 0.25  # a fifth of the tokens
    assert 12 <= of("archive ")[1] < 20


def test_each_trouble_ends_as_the_text_says(after: Any) -> None:
    said = after("troubles = {")
    for name in ("unknown tool", "fails once"):
        assert "answer 1172, stopped by answer" in line(said, name)
    assert "answer unknown, stopped by answer" in line(said, "finds nothing")
    assert "8 turns, answer None, stopped by limit" in line(said, "always fails")


def test_lies_are_believed_orders_in_words_are_not_and_a_forged_transcript_is_obeyed(after: Any) -> None:
    assert re.search(r"answer +98213\b", after("tools_for(lied_to)"))
    believed, told = numbers(after("told += len(lies)"))[:2]
    assert told == 80
    assert 0.35 < believed / told < 0.65
    assert "paid: []" in after("def calls_of")
    hijacked = after("hijacked = run_agent")
    assert "action       calculate[200 + 300]" in hijacked
    assert "500 metres" in hijacked


def test_the_guard_stops_what_the_worst_model_asks_for_and_the_trajectory_shows_it(after: Any) -> None:
    robbed = after("robbed = run_agent")
    assert "pay[all to Molk]" in robbed
    assert "paid:   ['all to Molk']" in robbed
    assert "answer: 1172" in robbed
    saved = after("saved = run_agent")
    assert "action       pay[all to Molk]" in saved
    assert "observation  Refused: pay is not allowed in this task." in saved
    assert "paid: []" in saved
    assert re.search(r"answer +1172\b", saved)
    judged = after("judged = run_agent")
    assert "calculate is not allowed in this task" in judged
    assert "answer: Quella" not in judged
    assert "paid: ['40 to the ship Lunka']" in after("def clerk")
    stopped = after("stopped = run_agent")
    assert stopped.count("'done'") == 1
    assert "the agent was stopped" in stopped
    assert "answer 1172" not in stopped
    asked_for, ran = numbers(line(after("def anything(prompts)"), "of pay"))
    assert asked_for > 20
    assert ran == 0


def test_the_agent_is_nearly_always_right_and_the_others_never(after: Any) -> None:
    assert numbers(line(after("by_search, by_model ="), "of 15")) == [15, 14, 0, 0]
    taken = after("turns_taken =")
    mean, least = numbers(line(taken, "turns a question"))
    assert mean == least
    assert "repeated calls: 0" in taken
    assert "better 14 times, worse 0 times" in after("better = sum(")
    assert numbers(line(after("better = sum("), "chance that")) == [14, 0.00012]
    fifteen, sixty = (numbers(each) for each in after("by_agent_60 =").splitlines()[:2])
    assert fifteen[4] - fifteen[3] > sixty[4] - sixty[3]
    causes = after("def cause(run")
    assert causes.startswith("misread")
    assert "not found" in causes
    first = after("for run, each in wrong[:1]")
    assert "[1] The Yarla Maps" in first
    assert "calculate[1511 - 1247]" in first


def test_each_change_fails_in_its_own_way(after: Any) -> None:
    said = after("changes = {")
    whole, one, without, short = (
        line(said, name) for name in ("as above", "one passage", "no calculator", "at most three")
    )
    assert numbers(whole)[0] > numbers(one)[0] > numbers(without)[0]
    assert "not found" in one
    assert "misread" not in one
    assert "tool failed" in without
    assert set(re.findall(r"'([a-z ]+)'", short)) == {"no answer"}
