"""Chapter 3 against the libraries that people use, Python's own arithmetic, and trajectories written by hand."""

from __future__ import annotations

import ast
import json
import sys
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.draws import public_seed
from autograder.exercise import load_chapter
from autograder.judge import judge
from autograder.observe import observe
from autograder.proxy import Loopback
from autograder.trusted.reference import Reference
from pocket.tools import act, calculate
from pocket.world import World, arithmetic, chain
from pocket.world.traces import TROUBLES, trace
from solutions.agents import Guard, Memory, parse_step, plan_order, react_loop, safe_calculate, validate_call

repeatable = settings(derandomize=True, deadline=None, max_examples=150)

# --- parse_step


def step(
    thought: str, tool: str | None = None, argument: str | None = None, answer: str | None = None
) -> dict[str, str | None]:
    return {"thought": thought, "tool": tool, "argument": argument, "answer": answer}


BY_HAND = [
    (" I look it up.\nAction: search[rivers [west]] now", step("I look it up.", "search", "rivers [west]")),
    ("", step("")),
    ("\n \n", step("")),
    ("]] [[", step("]] [[")),
    ("Thought: a\nThought: b", step("a\nThought: b")),
    ("I could write Answer: 4.\nAction: search[x]", step("I could write Answer: 4.", "search", "x")),
    ("Answer: 4\nAnswer: 5", step("", answer="4\nAnswer: 5")),
    ("Action: search[a]\nAction: search[b]", step("", "search", "a")),
    ("Action:\n search\n[a\nb]", step("", "search", "a\nb")),
    ("Action: search[a\nAnswer: b", step("")),
    ("Action: search[a\nObservation: b]", step("")),
    ("Action: search a[b]", step("")),
    ("Action: finish[]", step("")),
    ("Action: finish[[1, 2]]", step("", answer="[1, 2]")),
    ("Action: Finish[4]", step("", "Finish", "4")),
    ("action: search[a]\nanswer: b", step("action: search[a]\nanswer: b")),
    ("Observation: x\nAnswer: y", step("")),
    ("x Observation: y\nAnswer: z", step("x Observation: y", answer="z")),
]


@pytest.mark.parametrize(("text", "parsed"), BY_HAND)
def test_steps_are_parsed_as_by_hand(text: str, parsed: dict[str, str | None]) -> None:
    assert parse_step(text) == parsed


@repeatable
@given(st.integers(0, 10**6), st.sampled_from([None, *TROUBLES]))
def test_the_traces_of_the_pocket_world_are_parsed_as_they_were_made(seed: int, trouble: str | None) -> None:
    world, rng = World(seed, "train", 2), Random(seed)
    made = trace(world, rng.choice((chain, arithmetic))(world, rng), rng, trouble)
    for one in made.steps:
        parsed = parse_step(one.written + one.seen)
        if one.tool == "finish":
            assert parsed == step(one.thought, answer=one.argument)
        else:
            assert parsed == step(one.thought, one.tool, one.argument)


pieces = st.sampled_from(
    ["Action:", "Answer:", "Observation:", "Thought:", "[", "]", "\n", " ", "\t", "search", "finish", "a", "é"]
)


@repeatable
@given(st.lists(pieces, max_size=30).map("".join) | st.text(max_size=40))
def test_any_text_gives_a_step_with_an_action_or_an_answer_or_neither(text: str) -> None:
    parsed = parse_step(text)
    assert list(parsed) == ["thought", "tool", "argument", "answer"]
    assert (parsed["tool"] is None) == (parsed["argument"] is None)
    assert parsed["tool"] is None or parsed["answer"] is None
    assert all(part is None or part == part.strip() for part in parsed.values())
    assert (parsed["argument"] or "").count("[") == (parsed["argument"] or "").count("]")


# --- safe_calculate

numbers = st.integers(0, 10**6).map(str) | st.decimals(0, 1000, places=3, allow_nan=False).map(str)
expressions = st.recursive(
    numbers,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from([" + ", " - ", "*", "/ ", "**"]), part).map("".join),
        part.map(lambda term: f"({term})"),
        st.tuples(st.sampled_from("+-"), part).map("".join),
    ),
    max_leaves=8,
)


class TooLargeError(Exception):
    pass


def as_fraction(node: ast.expr) -> Fraction:
    """Calculate exactly, by the rules of the task."""
    match node:
        case ast.Constant(value=int() | float() as number):
            result = Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -as_fraction(operand)
        case ast.UnaryOp(operand=operand):
            result = as_fraction(operand)
        case ast.BinOp(left=left, op=sign, right=right):
            a, b = as_fraction(left), as_fraction(right)
            match sign:
                case ast.Add():
                    result = a + b
                case ast.Sub():
                    result = a - b
                case ast.Mult():
                    result = a * b
                case ast.Div():
                    result = a / b
                case _:
                    if abs(b) > 100 or b.denominator != 1:
                        raise TooLargeError
                    result = a**b
    if abs(result) > 10**50:
        raise TooLargeError
    return result


@repeatable
@given(expressions)
def test_arithmetic_is_python_s_and_exact_arithmetic_s(expression: str) -> None:
    if len(expression) > 200:
        return
    try:
        exact = as_fraction(ast.parse(expression, mode="eval").body)
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="calculated"):
            safe_calculate(expression)
        return
    except (TooLargeError, SyntaxError):
        return  # near a bound, rounding decides; the corpus below has the clear cases
    value = safe_calculate(expression)
    python = eval(expression)
    assert type(value) is type(python)
    assert value == python
    if all(sign not in expression for sign in ("-", "+")):  # nothing cancels
        assert float(value) == pytest.approx(float(exact), rel=1e-9)


@repeatable
@given(expressions.filter(lambda text: "**" not in text and "+-" not in text and "++" not in text))
def test_it_agrees_with_the_pocket_agent_s_calculator(expression: str) -> None:
    theirs = calculate(expression)
    if theirs.startswith("Error:") or any(sign * 2 in expression.replace(" ", "") for sign in "+-"):
        return
    try:
        ours = safe_calculate(expression)
    except ValueError:
        return  # a bound of ours
    assert f"{ours:.10g}" == f"{float(theirs):.10g}"


DIGITS = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Nd", "No", "Nl") and code > 127]
HOSTILE = [
    *("__import__('os').system('true')", "().__class__.__bases__[0].__subclasses__()", "open('/etc/passwd').read()"),
    *(
        "eval('1')",
        "exec('1')",
        "x",
        "pi",
        "e",
        "inf",
        "nan",
        "True",
        "None",
        "1j",
        "1e9",
        "1_0",
        "0x1",
        "0b1",
        "1if 1else 1",
    ),
    *("(1).real", "1 .real", "[1]", "{1}", "{1: 1}", "'1'", '"1"', "f'{1}'", "b'1'", "lambda: 1", "(lambda: 1)()"),
    *(
        "1 < 2",
        "1 == 1",
        "1 and 1",
        "not 1",
        "1 if 1 else 1",
        "(y := 1)",
        "1, 2",
        "()",
        "(1, 2)",
        "1; 2",
        "1\n2",
        "1 # 2",
        "# 1",
    ),
    *(
        "1 % 2",
        "1 // 2",
        "1 << 2",
        "1 >> 2",
        "1 | 2",
        "1 & 2",
        "1 ^ 2",
        "~1",
        "1 @ 2",
        "!1",
        "1!",
        "5 5",
        "2(3)",
        "(2)(3)",
        "1..real",
    ),
    *(
        "",
        " ",
        "+",
        "*",
        "(",
        ")",
        ")(",
        "(1",
        "1)",
        "1 +",
        "* 1",
        "1 * * 2",
        "1 ** ** 2",
        "1 / / 2",
        ".",
        "..",
        "...",
        "1.2.3",
        "1. 2",
    ),
    *("1\t+ 2", "1\n+ 2", "1\r+ 2", "1\x00", "\ufeff1", "1\u00a0+ 1", "\u22121", "1\u00d72", "\ud800", "1\\\n+1"),
    *(
        "9**9**9",
        "9**9**9**9**9",
        "2**101",
        "2**-101",
        "(2**100)**100",
        "10**51",
        "-10**51",
        "1" * 52,
        "99999**99999",
        "2.5**200",
    ),
    *(
        "((((9**99)**99)**99)**99)",
        "9**99*9**99",
        "0**-1",
        "1/0",
        "1/(1-1)",
        "0.0**-1",
        "(-8)**0.5",
        "(-1)**(1/3)",
        "1/0.0",
    ),
    *("9*" * 66 + "9", "*".join(str(n) for n in range(1, 60)), "170*169*" * 20 + "1"),
    *("(" * n + "1" + ")" * n for n in (21, 90, 99, 1000, 10**5)),
    *("-" * n + "1" for n in (201, 10**4, 10**6)),
    *("1+" * n + "1" for n in (100, 10**4, 10**6)),
    *("9" * n for n in (51, 200, 5000, 10**6)),
    *("(" * n for n in (1, 20, 200, 10**6)),
    *("1" + " " * 200, " " * 201, "**" * 100, "9**" * 66 + "9", "(9**" * 20 + "9" + ")" * 20, "-9**" * 49 + "9"),
]


MOST_STEPS = 2_000


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: ascii(text[:40]))
def test_the_calculator_refuses_hostile_expressions_with_its_one_error_in_few_steps(expression: str) -> None:
    steps = 0

    def count(frame: object, event: str, _: object) -> object:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with pytest.raises(ValueError, match=r"\w"):
            safe_calculate(expression)
    finally:
        sys.settrace(before)
    assert 0 < steps < MOST_STEPS


def test_the_calculator_knows_no_digits_but_ten() -> None:
    for digit in DIGITS:
        for expression in (digit, f"1 + {digit}", f"1{digit}", f"2 ** {digit}"):
            with pytest.raises(ValueError, match="arithmetic"):
                safe_calculate(expression)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-" * 198 + "1", 1),
        ("(" * 20 + "1" + ")" * 20, 1),
        ("1+" * 99 + "1", 100),
        ("10**50", 10**50),
        ("2**-100", 2**-100),
        ("2 ** 3 ** 2", 512),
        ("-3 ** 2", -9),
        ("8 / 4", 2.0),
    ],
)
def test_the_calculator_goes_to_its_limits(expression: str, value: float) -> None:
    assert safe_calculate(expression) == value
    assert type(safe_calculate(expression)) is type(value)


# --- react_loop


def scripted(*turns: str) -> tuple[list[str], object]:
    prompts: list[str] = []

    def llm(prompt: str) -> str:
        prompts.append(prompt)
        return turns[len(prompts) - 1]

    return prompts, llm


def test_the_example_of_the_task_comes_out_as_it_stands_there() -> None:
    prompts, llm = scripted(" I calculate.\nAction: calculate[6 * 7]", " I have it.\nAnswer: 42")
    trajectory = react_loop("Question: 6 times 7?\nThought:", llm, {"calculate": safe_calculate}, parse_step)
    assert prompts == [
        "Question: 6 times 7?\nThought:",
        "Question: 6 times 7?\nThought: I calculate.\nAction: calculate[6 * 7]\nObservation: 42\nThought:",
    ]
    assert trajectory == {
        "answer": "42",
        "stopped": "answer",
        "steps": [
            {"thought": "I calculate.", "tool": "calculate", "argument": "6 * 7", "observation": "42"},
            {"thought": "I have it.", "tool": None, "argument": None, "observation": None},
        ],
    }


@repeatable
@given(st.integers(0, 10**6), st.sampled_from([None, *TROUBLES]), st.integers(1, 8))
def test_the_loop_writes_the_transcripts_of_the_pocket_agent(seed: int, trouble: str | None, limit: int) -> None:
    world, rng = World(seed, "train", 2), Random(seed)
    made = trace(world, rng.choice((chain, arithmetic))(world, rng), rng, trouble)

    def run() -> tuple[list[str], object, dict[str, object]]:
        prompts, llm = scripted(*(one.written for one in made.steps))
        seen = iter([one.observation for one in made.steps if one.tool == "search"])
        return prompts, llm, {"search": lambda _: next(seen), "calculate": calculate}

    prompts, llm, tools = run()
    start = made.text[: made.text.index("Thought:") + len("Thought:")]
    ours = react_loop(start, llm, tools, parse_step, limit)
    their_prompts, their_llm, their_tools = run()
    theirs, _ = act(made.question.text, their_llm, their_tools, limit)
    assert ours["answer"] == theirs
    assert ours["stopped"] == ("limit" if theirs is None else "answer")
    assert len(ours["steps"]) == len(prompts) == len(their_prompts)
    if trouble != "unknown tool":  # the two say that in other words
        assert prompts == their_prompts


# --- validate_call

keys = st.sampled_from("abc")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, -2.0, 0.5, 2.5])
    | st.sampled_from(["", "a", "b"])
)
values = st.recursive(
    scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=3), max_leaves=8
)
TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"]


def schemas_with(part: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES),
            "enum": st.lists(scalars, min_size=1, max_size=3),
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "required": st.lists(keys, unique=True, max_size=3),
            "properties": st.dictionaries(keys, part, max_size=3),
            "additionalProperties": st.booleans(),
            "items": part,
            "description": st.just("means nothing"),
        },
    )


schemas = st.recursive(schemas_with(st.just({})), schemas_with, max_leaves=6)


def place(path: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def as_jsonschema_sees_it(value: Any, schema: dict[str, Any]) -> list[str]:
    found: set[str] = set()
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        where = place(error.absolute_path)
        if error.validator == "required":
            found |= {f"{where}.{key} required" for key in error.validator_value if key not in error.instance}
        elif error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            found |= {f"{where}.{key} additionalProperties" for key in error.instance if key not in known}
        else:
            found.add(f"{where} {error.validator}")
    return sorted(found)


@settings(derandomize=True, deadline=None, max_examples=1000)
@given(values, schemas)
def test_calls_are_checked_as_jsonschema_checks_them(value: Any, schema: dict[str, Any]) -> None:
    assert validate_call("tool", json.dumps(value), {"tool": schema}) == as_jsonschema_sees_it(value, schema)


def test_the_example_of_the_call_comes_out_as_it_stands_there() -> None:
    schema = {
        "type": "object",
        "required": ["to", "cars"],
        "additionalProperties": False,
        "properties": {"to": {"type": "string"}, "cars": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
    }
    assert validate_call("ferry", '{"cars": [2, 0, "three"], "day": 4}', {"ferry": schema}) == [
        "$.cars[1] minimum",
        "$.cars[2] type",
        "$.day additionalProperties",
        "$.to required",
    ]


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "a", "[1,]", "{} {}", "\ud800"])
def test_what_the_json_module_refuses_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        json.loads(text)
    assert validate_call("tool", text, {"tool": {}}) == ["$ json"]
    assert validate_call("other", text, {"tool": {}}) == ["$ tool"]


# --- plan_order

plans = st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=10).map(
    lambda rows: {f"t{row}": [f"t{other}" for other in needs if other < len(rows)] for row, needs in enumerate(rows)}
)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(plans, st.none() | st.integers(1, 4))
def test_plans_run_in_the_rounds_of_graphlib(plan: dict[str, list[str]], workers: int | None) -> None:
    sorter = TopologicalSorter(plan)
    try:
        sorter.prepare()
    except CycleError:
        with pytest.raises(ValueError, match="wait for each other"):
            plan_order(plan, workers)
        return
    rounds, ready = [], []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        now, ready = ready[:workers], ready[workers or len(ready) :]
        rounds.append(now)
        sorter.done(*now)
    assert plan_order(plan, workers) == rounds
    assert plan_order(plan, workers, len(rounds)) == rounds
    if rounds:
        with pytest.raises(ValueError, match="rounds"):
            plan_order(plan, workers, len(rounds) - 1)


def test_the_example_of_the_plan_comes_out_as_it_stands_there() -> None:
    plan = {"tea": ["water", "cup"], "water": [], "cup": [], "drink": ["tea"], "bill": []}
    assert plan_order(plan) == [["bill", "cup", "water"], ["tea"], ["drink"]]
    assert plan_order(plan, 2) == [["bill", "cup"], ["water"], ["tea"], ["drink"]]


# --- Memory


@repeatable
@given(st.lists(st.text("abc", max_size=2), max_size=20), st.integers(1, 5), st.data())
def test_nothing_that_was_added_is_lost(messages: list[str], window: int, data: st.DataObject) -> None:
    keep = data.draw(st.integers(1, window))
    calls: list[list[str]] = []

    def summarise(summary: str, overflow: list[str]) -> str:
        calls.append(overflow)
        return f"{summary}{len(overflow)};"

    memory = Memory(window, keep, summarise, lambda query, message: message.count(query))
    for message in messages:
        memory.add(message)
        assert len(memory.messages) <= window
    assert memory.archive + memory.messages == messages
    assert [message for overflow in calls for message in overflow] == memory.archive
    assert all(len(overflow) == window + 1 - keep for overflow in calls)
    assert memory.summary == "".join(f"{len(overflow)};" for overflow in calls)
    ranked = [m for _, _, m in sorted((-m.count("a"), at, m) for at, m in enumerate(memory.archive)) if "a" in m]
    assert memory.recall("a", 3) == ranked[:3]
    assert memory.context("a", 2) == [part for part in [memory.summary] if part] + ranked[:2] + memory.messages


# --- students who let Python run what was written

RUN: dict[str, tuple[dict[str, Any], bool, str]] = {
    "eval(text)": ({}, False, "runs the text: names and calls"),
    "eval(text), errors caught": ({}, True, "runs the text: names and calls"),
    "emptied builtins": ({"__builtins__": {}}, False, "Emptied builtins make no sandbox"),
    "emptied builtins, errors caught": ({"__builtins__": {}}, True, "Without builtins it is no sandbox"),
    "None for builtins": ({"__builtins__": None}, False, "With None for builtins"),
    "None for builtins, errors caught": ({"__builtins__": None}, True, "Without builtins it is no sandbox"),
}


KNOWN = Reference("agents")


def cause_of(name: str, implementation: Any) -> str:
    """Return what `check` names as the likely cause."""
    exercise = load_chapter("agents").exercises[name]
    seed = public_seed(name, exercise.version)
    got = observe(exercise, Loopback({name: implementation}), seed)
    return judge(exercise, got, KNOWN.want(exercise, seed), KNOWN.mistakes(exercise, seed)).cause or "no cause"


@pytest.mark.parametrize("form", RUN)
@pytest.mark.parametrize("checks_characters", [False, True])
def test_a_student_who_runs_the_text_is_told_why_that_is_no_sandbox(form: str, checks_characters: bool) -> None:
    names, catches, said = RUN[form]

    def calculator(expression: str) -> Any:
        if checks_characters and set(expression) - set("0123456789.+-*/() "):
            raise ValueError("other characters")
        try:
            return eval(expression, dict(names))  # the public probes are harmless to it: the real thing, not a model
        except Exception:
            if catches:
                raise ValueError("not calculated") from None
            raise

    assert ("You check the characters" if checks_characters else said) in cause_of("safe_calculate", calculator)


@pytest.mark.parametrize("catches", [False, True])
@pytest.mark.parametrize(("equals", "said"), [(False, 'A text such as "no"'), (True, "`== True`")])
def test_a_guard_that_takes_another_value_for_a_yes_is_told_so(equals: bool, said: str, catches: bool) -> None:
    class Hasty(Guard):
        def call(self, tool: str, argument: str) -> str:
            """Refuse or call, as a student wrote it."""
            decision = "stopped" if self.stopped else "done"
            if decision == "done" and (tool not in self.allowed or tool not in self.tools):
                decision = "not allowed"
            if decision == "done" and tool in self.irreversible:
                try:
                    told = self.approve(tool, argument)
                except Exception:
                    if not catches:
                        raise
                    told = None
                if not (told == True if equals else told):  # noqa: E712 - the mistake itself
                    decision = "not approved"
            self.log.append([tool, argument, decision])
            if decision == "done":
                return str(self.tools[tool](argument))
            self.stopped = self.stopped or sum(entry[2] != "done" for entry in self.log) >= self.strikes
            return f"Refused: {tool}"

    assert said in cause_of("Guard", Hasty)
