"""What the ReActStepper reads, counts and ends is what the chapter's own loop, parser and guard do with the same texts."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import traitlets

import widgets.data
from pocket.tools import run_agent
from solutions.agents import Guard, parse_step, react_loop, trajectory_metrics
from widgets import ReActStepper
from widgets.base import MODULE_LIMIT, stored
from widgets.module import compose
from widgets.react_stepper import counted, replay, written

Call = Callable[[str, list[list[Any]]], list[Any]]

LOOPS = ("guarded", "open")
SCENES: list[dict[str, Any]] = stored("react_stepper")["scenes"]
TEXTS = [
    " I look it up.\nAction: search[rivers [west]] now",
    "",
    " ",
    "Only a thought.",
    "Thought: twice. Thought: again.\nAction: search[x]",
    "\n  Action:   look_up  [ a b ]  ",
    "Action:search[]",
    "Action: search",
    "Action: search[never closed",
    "Action: [no name]",
    "Action: search[[[a], b]] ]",
    "Action: suche[größer]\nAction: search[second]",
    "Action: sücht_2[é]",
    "Answer: 42",
    "Answer:",
    "Answer:  several\nlines ",
    "The Answer: is not at the start.\nAction: calculate[6 * 7]",
    "Action: finish[310 metres]",
    "Action: finish[]",
    "Action: finish [ [a] ]",
    " I know.\nObservation: invented\nAction: pay[all]",
    "Action: search[a\nObservation: b]",
    "Action: search[over\ntwo lines]",
    "  \tObservation: first\nAnswer: no",
    "Action:\n\n search\n[x]",
    "Answer: a\nAction: search[b]",
    "Action: none here\nAnswer: 7",
]


def at_random(seed: int) -> str:
    """Return a text out of the pieces that a parser could stumble over."""
    rng = random.Random(seed)
    pieces = [
        "Action:",
        "Answer:",
        "Observation:",
        "Thought:",
        "[",
        "]",
        "search",
        "finish",
        " ",
        "\n",
        "x",
        "ä",
        "_",
        "\t",
    ]
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(24)))


def run_of(scene: dict[str, Any], way: str) -> dict[str, Any]:
    run = scene["runs"][way]
    found: dict[str, Any] = scene["runs"][run] if isinstance(run, str) else run
    return found


def given(scene: dict[str, Any], way: str, cap: int = 8) -> dict[str, Any]:
    return {"run": run_of(scene, way), "way": way, "cap": cap, "scene": scene}


EACH_LOOP = [pytest.param(scene, way, id=f"{scene['name']}, {way}") for scene in SCENES for way in LOOPS]


class Script:
    """A model and tools that say what was recorded, and note what they are asked."""

    def __init__(self, turns: list[str], said: list[str | None], names: list[str]) -> None:
        self.prompts: list[str] = []
        self.calls: list[str] = []
        self._turns, self._said = turns, said
        self.tools = {name: self._tool(name) for name in names}

    def llm(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return self._turns[len(self.prompts) - 1]

    def _tool(self, name: str) -> Callable[[str], str]:
        def call(_: str) -> str:
            self.calls.append(name)
            return str(self._said[len(self.prompts) - 1])

        return call


def steps_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events as a trajectory has them."""
    steps = []
    for event in result["events"]:
        if event["kind"] == "read":
            read = event["read"]
            steps.append({**{key: read[key] for key in ("thought", "tool", "argument")}, "observation": None})
        if event["kind"] == "tell":
            steps[-1]["observation"] = event["pieces"][1][1]
    return steps


def text_of(result: dict[str, Any]) -> str:
    return "".join(text for event in result["events"] for _, text in event["pieces"])


def test_turns_are_read_as_the_chapters_parser_reads_them(javascript: Call) -> None:
    texts = [*TEXTS, *map(at_random, range(3000))]
    answers = javascript("react_stepper", [["parse", text] for text in texts])
    for text, answer in zip(texts, answers, strict=True):
        assert answer == parse_step(text), text


def test_every_recorded_turn_is_read_so_too(javascript: Call) -> None:
    turns = [turn for scene in SCENES for way in LOOPS for turn in run_of(scene, way)["turns"]]
    assert javascript("react_stepper", [["parse", turn] for turn in turns]) == [parse_step(turn) for turn in turns]


@pytest.mark.parametrize("cap", [1, 2, 3, 8])
@pytest.mark.parametrize(("scene", "way"), EACH_LOOP)
def test_a_recorded_run_goes_as_the_chapters_loop_goes(
    scene: dict[str, Any], way: str, cap: int, javascript: Call
) -> None:
    run = run_of(scene, way)
    script = Script(run["turns"], run["said"], scene["tools"])
    wanted = react_loop(run["prompt"], script.llm, script.tools, parse_step, cap)
    (result,) = javascript("react_stepper", [["compute", given(scene, way, cap)]])
    assert steps_of(result) == wanted["steps"]
    assert (result["answer"], result["stopped"]) == (wanted["answer"], wanted["stopped"])
    assert result["events"][-1]["count"]["turns"] == len(script.prompts)
    assert text_of(result).startswith(script.prompts[-1])
    seen = [text_of({"events": result["events"][: n + 1]}) for n, event in enumerate(result["events"])]
    writes = [n for n, event in enumerate(result["events"]) if event["kind"] == "write"]
    assert [seen[n - 1] for n in writes] == script.prompts


@pytest.mark.parametrize(("scene", "way"), EACH_LOOP)
def test_the_guard_decides_as_the_chapters_guard_does(scene: dict[str, Any], way: str, javascript: Call) -> None:
    (result,) = javascript("react_stepper", [["compute", given(scene, way)]])
    tells = [event for event in result["events"] if event["kind"] == "tell"]
    script = Script([], [], scene["tools"])
    guard = Guard(dict.fromkeys(scene["tools"], lambda _: ""), scene["allowed"], [], lambda *_: False, 99)
    for event in tells:
        guard.call(event["read"]["tool"], event["read"]["argument"])
    decisions = [entry[2] for entry in guard.log]
    assert not script.calls
    if way == "guarded":
        assert [event["fate"] == "refused" for event in tells] == [decision != "done" for decision in decisions]
    else:
        assert [event["fate"] == "forbidden" for event in tells] == [decision != "done" for decision in decisions]
    assert result["events"][-1]["count"]["calls"] == sum(event["ran"] for event in tells)


def scripted(seed: int) -> tuple[list[str], list[str]]:
    """Return turns of all kinds, and what a tool would say to each."""
    rng = random.Random(seed)
    kinds = [
        "\nAction: search[a]",
        "\nAction: calculate[1 + [2]]",
        "\nAction: consult[x]",
        " and nothing else",
        "\nAction: search[b]\nObservation: a lie\nAction: search[c]",
    ]
    turns = [f" I think{rng.choice(kinds)}" for _ in range(rng.randrange(8))] + [" So\nAnswer: 7"]
    return turns, [rng.choice(["[1] found", "Error: it is down", ""]) for _ in turns]


@pytest.mark.parametrize("seed", range(30))
def test_any_run_goes_as_the_chapters_loop_goes(seed: int, javascript: Call) -> None:
    turns, replies = scripted(seed)
    cap = 1 + seed % 8
    script = Script(turns, list(replies), ["search", "calculate"])
    wanted = react_loop("Question: q?\nThought:", script.llm, script.tools, parse_step, cap)
    said = [step["observation"] for step in wanted["steps"]]
    run = {"prompt": "Question: q?\nThought:", "turns": turns, "said": said}
    run["tokens"] = counted(run, len)
    scene = {"tools": ["search", "calculate"], "allowed": ["search", "calculate"], "expected": "7"}
    (result,) = javascript("react_stepper", [["compute", {"run": run, "way": "open", "cap": cap, "scene": scene}]])
    assert steps_of(result) == wanted["steps"]
    assert (result["answer"], result["stopped"]) == (wanted["answer"], wanted["stopped"])
    last = result["events"][-1]["count"]
    metrics = trajectory_metrics([{**wanted, "expected": "7"}])
    assert last["turns"] == metrics["steps"]
    assert last["calls"] == len(script.calls)
    failed = [said for step in wanted["steps"] if (said := step["observation"]) and said.startswith("Error:")]
    assert last["bad"] == len(failed)
    assert sum(last[who] for who in ("code", "model", "tool")) == len(text_of(result))
    lies = [text for event in result["events"] for who, text in event["pieces"] if "a lie" in text]
    assert lies == []


@pytest.mark.parametrize("answer", [" 310  Metres ", "310 metres", "311 metres"])
def test_right_and_wrong_are_told_apart_as_the_chapter_does(answer: str, javascript: Call) -> None:
    run = {"prompt": "p", "turns": [f" So\nAnswer: {answer}"], "said": [None], "tokens": [1, 1]}
    scene = {"expected": "310 metres"}
    (result,) = javascript("react_stepper", [["compute", {"run": run, "way": "own", "cap": 8, "scene": scene}]])
    step = {"thought": "", "tool": None, "argument": None, "observation": None}
    trajectory = {"answer": answer.strip(), "steps": [step], "expected": "310 metres"}
    right = trajectory_metrics([trajectory])["accuracy"] == 1.0
    assert result["events"][-1]["fate"] == ("answer" if right else "wrong")


def test_without_a_loop_nothing_is_called(javascript: Call) -> None:
    for scene in SCENES:
        direct, alone = javascript("react_stepper", [["compute", given(scene, way)] for way in ("direct", "alone")])
        for result in (direct, alone):
            last = result["events"][-1]["count"]
            assert (last["turns"], last["calls"], last["tool"]) == (1, 0, 0)
        assert direct["answer"] == run_of(scene, "direct")["turns"][0].strip()
        assert "Observation: [1]" in text_of(alone)
        assert alone["answer"] is not None


def test_tokens_are_those_of_the_pieces(javascript: Call) -> None:
    for scene in SCENES:
        for way in scene["runs"]:
            (result,) = javascript("react_stepper", [["compute", given(scene, way)]])
            pieces = [piece for event in result["events"] for piece in event["pieces"]]
            run = run_of(scene, way)
            assert len(pieces) == len(run["tokens"])
            last = result["events"][-1]["count"]
            assert sum(last[who] for who in ("code", "model", "tool")) == sum(run["tokens"]) <= scene["limit"]


def test_python_says_the_same_as_the_browser(javascript: Call) -> None:
    names = {"code": "your code", "model": "model", "tool": "tool"}
    for scene in SCENES:
        for way in scene["runs"]:
            for cap in (1, 3, 8):
                (result,) = javascript("react_stepper", [["compute", given(scene, way, cap)]])
                steps, answer = replay(run_of(scene, way), way, cap)
                assert answer == result["answer"]
                assert sum(step["who"] == "tool" for step in steps) == result["events"][-1]["count"]["calls"]
                pieces = [(names[who], text) for event in result["events"] for who, text in event["pieces"]]
                assert [piece[1:] for piece in written(run_of(scene, way), way, cap)] == pieces


def test_what_was_recorded_shows_what_it_is_there_for() -> None:
    ends = {scene["name"]: replay(run_of(scene, "guarded"), "guarded", 8) for scene in SCENES}
    expected = {scene["name"]: scene["expected"] for scene in SCENES}
    for name in ("Two numbers and a sum", "One search after the other", "The search fails once"):
        assert ends[name][1] == expected[name]
    assert ends["The search fails once"][0][0]["observation"].startswith("Error:")
    steps, answer = ends["The search fails always"]
    assert (len(steps), answer) == (8, None)
    assert ends["A wrong answer"][1] not in {None, expected["A wrong answer"]}
    assert all(not (step["observation"] or "").startswith("Error:") for step in ends["A wrong answer"][0])


def test_the_forged_document_is_obeyed_and_the_guard_stops_the_call_but_not_the_lie() -> None:
    scene = SCENES[-1]
    plain = next(each for each in SCENES if each["question"] == scene["question"])
    assert plain is not scene
    (free, wrong), (guarded, still_wrong) = (replay(run_of(scene, way), way, 8) for way in ("open", "guarded"))
    assert [step["tool"] for step in free] == [step["tool"] for step in guarded] == ["search", "calculate", None]
    assert scene["allowed"] == ["search"]
    assert (free[1]["who"], guarded[1]["who"]) == ("tool", "your code")
    assert guarded[1]["observation"].startswith("Refused:")
    assert scene["expected"] not in {wrong, still_wrong}
    assert replay(run_of(plain, "open"), "open", 8)[1] == scene["expected"]


def test_a_guard_that_had_nothing_to_refuse_made_no_difference() -> None:
    assert [isinstance(scene["runs"]["guarded"], str) for scene in SCENES] == [True] * 5 + [False]


def test_sizes_are_within_their_bounds() -> None:
    assert len(compose("react_stepper").encode()) <= MODULE_LIMIT
    data = Path(widgets.data.__file__).with_name("react_stepper.json")
    assert data.stat().st_size <= 40 * 1024


def test_the_question_is_answered_by_what_was_recorded() -> None:
    asked = ReActStepper.example().asked
    run = run_of(SCENES[0], "guarded")
    own = sum(
        size for size, (_, who, _) in zip(run["tokens"], written(run, "guarded", 8), strict=True) if who == "model"
    )
    assert asked["right"] in asked["choices"]
    assert asked["right"] == "your code"
    assert f"{100 * own / sum(run['tokens']):.0f} %" in asked["why"]


STEPS: list[dict[str, Any]] = [
    {"thought": "I look.", "tool": "search", "argument": "[x]", "observation": "[1] <b>found</b>"},
    {"thought": "And?", "tool": "consult", "argument": "y", "observation": "Error: there is no tool consult."},
    {"thought": "Hm.", "tool": None, "argument": None, "observation": "Error: there was no action."},
    {"thought": "So.", "tool": None, "argument": None, "observation": None},
]
OWN = {"answer": "7", "stopped": "answer", "steps": STEPS}


def test_a_run_of_your_own_is_shown_as_your_loop_returned_it(javascript: Call) -> None:
    widget = ReActStepper.of(OWN, "How many?", expected="7", beside="unknown")
    assert (widget.way, widget.pinned) == ("own", ["direct", 8])
    (result,) = javascript("react_stepper", [["compute", given(widget.scenes[0], "own")]])
    assert steps_of(result) == STEPS
    assert (result["answer"], result["stopped"]) == ("7", "answer")
    fates = [event["fate"] for event in result["events"] if event["kind"] == "read"]
    assert fates == ["done", "unknown", "idle", "answer"]
    last = result["events"][-1]["count"]
    assert (last["turns"], last["calls"], last["bad"]) == (4, 1, 2)
    assert sum(last[who] for who in ("code", "model", "tool")) == len(text_of(result))
    assert text_of(result).startswith(
        "Tools: search, calculate, finish\nQuestion: How many?\nThought: I look.\nAction: sea"
    )


def test_what_the_shipped_loop_left_undone_is_shown_as_undone(javascript: Call) -> None:
    trajectory = run_agent("How many?", lambda _: " Hm.\nAction: search[x]", {"search": str.upper}, 2)
    assert trajectory["steps"][-1]["observation"] is None
    widget = ReActStepper.of(trajectory, "How many?", count=len)
    assert widget.scenes[0]["unit"] == "token"
    assert widget.pinned == ["own", 1]
    (result,) = javascript("react_stepper", [["compute", given(widget.scenes[0], "own")]])
    assert steps_of(result) == trajectory["steps"]
    assert result["events"][-1]["fate"] == "dropped"
    assert (result["answer"], result["events"][-1]["count"]["calls"]) == (None, 1)


def test_two_runs_of_your_own_stand_side_by_side() -> None:
    other = {"answer": None, "stopped": "limit", "steps": STEPS[:2]}
    widget = ReActStepper.of(OWN, "How many?", beside=other)
    assert widget.pinned == ["beside", 8]
    assert widget.ways == {"own": "your run", "beside": "the other run"}
    assert "answers “7”" in widget.describe()


def test_a_run_without_a_call_asks_nothing() -> None:
    assert ReActStepper.of({"answer": "7", "stopped": "answer", "steps": STEPS[-1:]}, "How many?").asked == {}


@pytest.mark.parametrize(
    ("trajectory", "words"),
    [
        (None, "a trajectory is a dict"),
        ({"answer": "7"}, "a trajectory is a dict"),
        ({"answer": None, "steps": []}, "has 0 steps"),
        ({"answer": None, "steps": STEPS * 3}, "has 12 steps; the widget shows 1 to 8"),
        ({"answer": None, "steps": [{"thought": "?"}]}, "step 1 of the trajectory needs the keys"),
        ({"answer": None, "steps": ["?"]}, "step 1 of the trajectory needs the keys"),
        ({"answer": None, "steps": [{**STEPS[0], "observation": "x" * 30_000}]}, "more than 20,000 letters"),
    ],
)
def test_a_trajectory_that_is_none_is_refused_in_words(trajectory: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ReActStepper.of(trajectory, "How many?")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"runs": {}}, "'guarded' is no way"),
        ({"way": "sideways"}, "'sideways' is no way"),
        ({"runs": {"guarded": "open", "direct": "guarded"}}, "the run 'guarded'"),
    ],
)
def test_a_scene_that_lacks_something_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ReActStepper([{**SCENES[0], **change}])
    without = {key: value for key, value in SCENES[0].items() if key != "question"}
    with pytest.raises(ValueError, match="needs the key 'question'"):
        ReActStepper([without])
    with pytest.raises(ValueError, match="one scene at least"):
        ReActStepper([])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("scene", 6, "scene must be 0 to 5"),
        ("way", "own", "was recorded as guarded, open, direct, alone"),
        ("cap", 0, "cap must be 1 to 8"),
        ("step", 41, "step must be 0 to 40"),
        ("pinned", ["open"], "a way and a number of turns"),
        ("pinned", ["own", 3], "not as 'own'"),
        ("pinned", ["open", 9], "the number of turns must be 1 to 8"),
        ("pinned", [3, "open"], "a way and a number of turns"),
        ("scenes", [], "one scene at least"),
        ("scenes", [{}], "needs the key 'name'"),
    ],
)
def test_bad_settings_are_refused_in_words_and_the_last_good_one_stays(name: str, value: Any, words: str) -> None:
    widget = ReActStepper.example()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(widget, name, value)
    assert getattr(widget, name) == before
    assert widget.problem.endswith(".")


def test_state_opens_the_same_view_again() -> None:
    first = ReActStepper.example()
    first.scene, first.way, first.cap, first.step, first.prediction = 5, "open", 2, 6, "the tool"
    first.pinned = ["alone", 3]
    again = ReActStepper.example().load(json.loads(json.dumps(first.state())))
    assert again.problem == ""
    assert again.state() == first.state()


def test_reset_of_a_run_of_your_own_returns_to_its_contrast() -> None:
    widget = ReActStepper.of(OWN, "How many?")
    assert widget.made["pinned"] == widget.pinned == ["own", 3]


def test_where_no_script_runs_each_piece_stands_with_its_writer() -> None:
    widget = ReActStepper.example()
    widget.scene = 5
    head, rows = widget.numbers()
    assert head == ["turn", "who", "text"]
    asked, told = ["your code"] * 2, ["model"] * 2
    assert [who for _, who, _ in rows] == [*asked, *told, "tool", *told, "your code", *told]
    assert [rows[6][2], rows[7][2]] == ["Action: calculate[200 + 300]", "Refused: calculate (not allowed)."]
    assert "Refused: calculate" in widget.picture()
    assert "answers “300 metres”" in widget.describe()


@pytest.mark.slow
def test_the_stored_runs_are_what_the_model_writes() -> None:
    from widgets.data.react_stepper import scenes

    assert scenes()["scenes"] == SCENES
