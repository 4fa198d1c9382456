"""The agent's tools answer everything in a sentence, and its loop does what the transcript says."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pocket.tools import (
    LONGEST_EXPRESSION,
    MOST_STEPS,
    Episode,
    Search,
    act,
    calculate,
    run_agent,
    run_agents,
    tools_for,
)
from pocket.world.prompts import CALCULATE, NO_RESULTS, OBSERVATION, SEARCH, agent, no_such_tool

repeatable = settings(derandomize=True, deadline=None, max_examples=200)

# --- calculate

ERROR = re.compile(r"Error: cannot calculate .*\.", re.DOTALL)
numbers = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(0, 10**6, allow_nan=False).filter(lambda number: number == 0 or number > 1e-6).map(repr),
)
expressions = st.recursive(
    numbers,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part).map(lambda terms: f"({' '.join(terms)})"),
        part.map(lambda term: f"-{term}"),
    ),
    max_leaves=8,
)


@repeatable
@given(expressions)
def test_it_calculates_as_python_does(expression: str) -> None:
    assume(len(expression) <= LONGEST_EXPRESSION)
    try:
        right = eval(expression)
    except ZeroDivisionError:
        assert ERROR.fullmatch(calculate(expression))
        return
    given = calculate(expression)
    if isinstance(right, int):
        assert given == str(right)
    else:
        assert float(given) == pytest.approx(right, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("expression", "right"),
    [
        ("1987 - 1543", "444"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("6 / 2", "3"),
        ("1 / 3", "0.3333333333"),
        ("0.1 + 0.2", "0.3"),
        ("  -7 - -2 ", "-5"),
        ("10 - 4 - 3", "3"),
    ],
)
def test_a_result_is_written_as_a_person_would(expression: str, right: str) -> None:
    assert calculate(expression) == right


@pytest.mark.parametrize(
    "expression",
    [
        "population",
        "__import__('os')",
        "abs(-1)",
        "(1).real",
        "[1][0]",
        "'a' * 9",
        "2 ** 3",
        "9 ** 9 ** 9",
        "7 // 2",
        "7 % 2",
        "1 if 2 else 3",
        "1 < 2",
        "1, 2",
        "1,000 + 2",
        "True + 1",
        "2j * 2",
        "lambda: 1",
        "x := 1",
        "1 +",
        "(1",
        "",
        " ",
        "1; 2",
        "1\n2",
        "1\0",
        "\ud800",
        "twelve metres",
        "1 / 0",
        "1 / (2 - 2)",
        "0.5 / 0.0",
    ],
)
def test_what_is_no_arithmetic_is_an_error_that_names_it(expression: str) -> None:
    answer = calculate(expression)
    assert ERROR.fullmatch(answer)
    assert expression in answer


def test_a_very_long_expression_is_refused_and_not_repeated_in_full() -> None:
    answer = calculate("1 + " * 10_000 + "1")
    assert ERROR.fullmatch(answer)
    assert len(answer) < LONGEST_EXPRESSION + 50
    assert calculate("1" * LONGEST_EXPRESSION) == "1" * LONGEST_EXPRESSION
    assert ERROR.fullmatch(calculate("1" * (LONGEST_EXPRESSION + 1)))


@pytest.mark.parametrize(
    "expression", ["(" * 99 + "1" + ")" * 99, "-" * 198 + "1", "1" + "/1" * 99, "(" * 199, "[" * 200, "-~" * 99 + "1"]
)
def test_deep_nesting_is_calculated_or_refused(expression: str) -> None:
    assert calculate(expression) == "1" or ERROR.fullmatch(calculate(expression))


@pytest.mark.parametrize("expression", ["1e999", "1e308 * 10", "1e999 - 1e999"])
def test_a_result_that_no_number_can_hold_is_an_error(expression: str) -> None:
    assert ERROR.fullmatch(calculate(expression))


@pytest.mark.parametrize("expression", ["1if 1else 2", r"'\d'"])
def test_what_an_agent_writes_never_warns_its_user(expression: str) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        calculate(expression)
    assert warned == []


@repeatable
@given(st.one_of(st.text(), st.text("0123456789+-*/() .e_xj#'\"\\[]", max_size=40)))
@example("1if 1else 2")
@example("'\\d'")
def test_no_text_raises_and_each_gives_a_number_or_an_error(expression: str) -> None:
    answer = calculate(expression)
    assert ERROR.fullmatch(answer) or re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", answer), answer


# --- the search


class Told:
    """An embedder that was told the vector of each text."""

    def __init__(self, vectors: dict[str, Sequence[float]]) -> None:
        self.vectors = vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self.vectors[text] for text in texts], dtype=np.float32).reshape(len(texts), 2)


def library(vectors: Sequence[Sequence[float]], query: Sequence[float] = (1, 0)) -> tuple[list[str], Told]:
    passages = [f"passage {number}" for number in range(len(vectors))]
    return passages, Told({"query": query, **dict(zip(passages, vectors, strict=True))})


small = st.integers(-3, 3)


@repeatable
@given(st.lists(st.tuples(small, small), max_size=12), st.tuples(small, small), st.integers(1, 6))
def test_a_search_returns_the_k_nearest_and_of_equals_the_earlier_one(
    vectors: list[tuple[int, int]], query: tuple[int, int], k: int
) -> None:
    passages, embedder = library(vectors, query)
    top = Search(passages, embedder, k).top("query")
    nearness = {passage: query[0] * x + query[1] * y for passage, (x, y) in zip(passages, vectors, strict=True)}
    assert len(top) == len(set(top)) == min(k, len(passages))
    ranks = [(-nearness[passage], passages.index(passage)) for passage in top]
    assert ranks == sorted(ranks)
    for passage in set(passages) - set(top):
        assert (-nearness[passage], passages.index(passage)) > ranks[-1]


def test_what_an_agent_reads_is_numbered() -> None:
    passages, embedder = library([(0, 1), (1, 0), (0.5, 0.5)])
    assert Search(passages, embedder, k=2)("query") == "[1] passage 1 [2] passage 2"


@pytest.mark.parametrize("query", ["", "  ", "\n"])
def test_an_empty_query_finds_nothing(query: str) -> None:
    passages, embedder = library([(1, 0)])
    search = Search(passages, embedder)
    assert search.top(query) == []
    assert search(query) == NO_RESULTS


def test_an_empty_library_has_nothing() -> None:
    search = Search([], Told({"query": (1, 0)}))
    assert search("query") == NO_RESULTS


# --- the loop

one_line = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n"), max_size=30).filter(
    lambda text: "Observation:" not in text
)


class Script:
    """A model that writes one turn after the other, and remembers what it was shown."""

    def __init__(self, *turns: str) -> None:
        self.turns, self.shown = list(turns), []

    def __call__(self, prompt: str) -> str:
        self.shown.append(prompt)
        return self.turns[len(self.shown) - 1]


def test_a_transcript_has_every_turn_and_every_observation() -> None:
    script = Script(
        " I look.\nAction: search[the mayor]", " Add.\nAction: calculate[1 + 2]", " Done.\nAction: finish[3]"
    )
    answer, transcript = act("How many?", script, {SEARCH: lambda _: "[1] A passage.", CALCULATE: calculate})
    assert answer == "3"
    assert transcript == (
        "Tools: search, calculate, finish\nQuestion: How many?\nThought: I look.\nAction: search[the mayor]\n"
        "Observation: [1] A passage.\nThought: Add.\nAction: calculate[1 + 2]\n"
        "Observation: 3\nThought: Done.\nAction: finish[3]"
    )
    assert script.shown[0] == agent("How many?")
    assert all(transcript.startswith(shown) and shown.endswith("\nThought:") for shown in script.shown)


@repeatable
@given(one_line)
@example("the [old] tower [1]")
@example("] Action: finish[")
def test_an_argument_reaches_the_tool_as_it_is_brackets_and_all(argument: str) -> None:
    asked: list[str] = []
    script = Script(f" So.\nAction: search[{argument}]", f" So.\nAction: finish[{argument}]")
    answer, _ = act("What?", script, {SEARCH: lambda query: asked.append(query) or "Nothing."})
    assert asked == [argument]
    assert answer == argument


def test_an_unknown_tool_is_told_and_the_agent_goes_on() -> None:
    script = Script(" A.\nAction: google[x]", " B.\nAction: finish[y]")
    answer, transcript = act("What?", script, {})
    assert answer == "y"
    assert f"{OBSERVATION} {no_such_tool('google')}\n" in transcript
    assert all(tool in no_such_tool("google") for tool in ("google", "search", "calculate", "finish"))


@pytest.mark.parametrize(
    "turn", [" I do not know.", "", " Action: search[x]", " A.\nAction: search x", " A.\naction: finish[x]"]
)
def test_a_turn_without_an_action_ends_without_an_answer(turn: str) -> None:
    answer, transcript = act("What?", Script(turn), {SEARCH: lambda _: "no"})
    assert answer is None
    assert transcript == agent("What?") + turn


@pytest.mark.parametrize("most", [1, 3, MOST_STEPS])
def test_an_agent_that_never_finishes_is_stopped(most: int) -> None:
    script = Script(*[" Again.\nAction: search[x]"] * (most + 1))
    answer, transcript = act("What?", script, {SEARCH: lambda _: NO_RESULTS}, most)
    assert answer is None
    assert len(script.shown) == most == transcript.count("Action: search[x]")


def test_an_answer_in_the_last_turn_counts() -> None:
    script = Script(" A.\nAction: search[x]", " B.\nAction: finish[y]")
    assert act("What?", script, {SEARCH: lambda _: NO_RESULTS}, 2)[0] == "y"


def test_episodes_side_by_side_do_not_touch_each_other() -> None:
    one, other = (Episode(question, {SEARCH: lambda query: f"[1] {query}."}) for question in ("One?", "Other?"))
    one.take(" A.\nAction: search[one]")
    other.take(" B.\nAction: finish[done]")
    assert (one.over, one.answer, one.turns) == (False, None, 1)
    assert (other.over, other.answer, other.turns) == (True, "done", 1)
    assert one.transcript == f"{agent('One?')} A.\nAction: search[one]\nObservation: [1] one.\nThought:"
    assert other.transcript == f"{agent('Other?')} B.\nAction: finish[done]"


def test_an_observation_that_the_model_makes_up_is_cut_off() -> None:
    script = Script(
        f" A.\nAction: search[x]{OBSERVATION} I made this up.\nAction: finish[wrong]", " B.\nAction: finish[right]"
    )
    answer, transcript = act("What?", script, {SEARCH: lambda _: "what was found"})
    assert answer == "right"
    assert "made this up" not in transcript


def test_of_two_actions_in_one_turn_the_first_counts() -> None:
    assert act("What?", Script(" A.\nAction: finish[one]\nAction: finish[two]"), {})[0] == "one"


def test_the_tools_have_the_names_that_the_agent_is_told() -> None:
    passages, embedder = library([(1, 0)])
    tools = tools_for(Search(passages, embedder))
    assert tools[SEARCH]("query") == "[1] passage 0"
    assert tools[CALCULATE]("20 + 22") == "42"
    assert set(tools) == {SEARCH, CALCULATE}
    assert math.isclose(float(tools[CALCULATE]("1 / 8")), 0.125)


# --- run_agent


def test_a_trajectory_holds_what_the_transcript_does() -> None:
    def fails(argument: str) -> str:
        raise OSError(f"no {argument}")

    turns = iter(
        [
            " I look.\nAction: find[a]",
            " I look again.\nAction: look[b]\nObservation: invented",
            " I count.\nAction: count[abc]",
            " I see.\nAction: finish[3]",
        ]
    )
    trajectory = run_agent("How many?", lambda _: next(turns), {"look": fails, "count": len})
    assert trajectory == {
        "answer": "3",
        "stopped": "answer",
        "steps": [
            {"thought": "I look.", "tool": "find", "argument": "a", "observation": no_such_tool("find")},
            {"thought": "I look again.", "tool": "look", "argument": "b", "observation": "Error: no b"},
            {"thought": "I count.", "tool": "count", "argument": "abc", "observation": "3"},
            {"thought": "I see.", "tool": None, "argument": None, "observation": None},
        ],
    }


def test_a_trajectory_without_an_answer_says_so() -> None:
    assert run_agent("How many?", lambda _: " I do not know.", {}) == {
        "answer": None,
        "stopped": "limit",
        "steps": [{"thought": "I do not know.", "tool": None, "argument": None, "observation": None}],
    }
    trajectory = run_agent("How many?", lambda _: " I look.\nAction: look[b]", {"look": str.upper}, most_steps=2)
    assert (trajectory["answer"], trajectory["stopped"], len(trajectory["steps"])) == (None, "limit", 2)


def test_agents_side_by_side_do_what_each_does_alone() -> None:
    def write(prompt: str) -> str:
        turn = prompt.count("Action:")
        if "long" in prompt:
            return f" Again {turn}.\nAction: look[{turn}]"
        return " So.\nAction: look[a]" if turn == 0 else f" So.\nAction: finish[{prompt.count('seen a')}]"

    tools = {"look": lambda argument: f"seen {argument}"}
    questions = ["short?", "long?", "short again?"]
    shown: list[int] = []

    def write_all(prompts: Sequence[str]) -> list[str]:
        shown.append(len(prompts))
        return [write(prompt) for prompt in prompts]

    together = run_agents(questions, write_all, tools, 4)
    assert together == [run_agent(question, write, tools, 4) for question in questions]
    assert shown == [3, 3, 1, 1]  # those that are over are not asked again
    assert [run["answer"] for run in together] == ["1", None, "1"]
    assert run_agents([], write_all, tools) == []


def test_an_agent_that_may_not_take_a_turn_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="most_steps is 0, and an agent needs one turn at least"):
        run_agent("What?", lambda _: "", {}, 0)


def test_a_model_that_returns_too_few_turns_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="was given 2 prompts and returned 1 texts"):
        run_agents(["One?", "Other?"], lambda prompts: prompts[1:], {})
