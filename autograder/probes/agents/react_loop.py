"""The probes of the loop of an agent. Model, tools and parser stay here, so what they were asked is the truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import phrase, words
from autograder.proxy import Impl

react_loop = chapter.function(
    "react_loop",
    title="The loop of an agent",
    minutes=40,
    difficulty=3,
    oracle="trajectories written by hand; the episodes of the pocket agent",
)

_PATIENCE = 30


def as_words(text: str) -> str:
    """Return a text with one blank wherever blanks and line breaks are."""
    return " ".join(text.split())


class Scene:
    """A model that writes what is in its script, tools, and a parser; all of them note what they are asked."""

    def __init__(self, turns: Sequence[str], tools: dict[str, Callable[[str], Any]]) -> None:
        self.turns = turns
        self.prompts: list[str] = []
        self.calls: list[list[str]] = []
        self.tools = {name: self._watched(name, tool) for name, tool in tools.items()}

    def llm(self, prompt: str) -> str:
        """Write the next turn of the script; behind its end, the last one again."""
        if type(prompt) is not str:
            raise TypeError("the model takes a text")
        if len(self.prompts) >= _PATIENCE:
            raise RuntimeError(f"the model was asked {_PATIENCE} times; does the loop end?")
        self.prompts.append(prompt)
        return self.turns[min(len(self.prompts), len(self.turns)) - 1]

    def parse(self, turn: str) -> dict[str, str | None]:
        """Parse a turn of the simple kind that the scripts here hold."""
        if type(turn) is not str:
            raise TypeError("the parser takes a text")
        thought = re.split(r"\nA(?:ction|nswer):", turn)[0].strip()
        action = re.search(r"^Action: (\w+)\[(.*)\]$", turn, re.MULTILINE)
        answer = re.search(r"^Answer: (.+)$", turn, re.MULTILINE)
        return {
            "thought": thought,
            "tool": action[1] if action else None,
            "argument": action[2] if action else None,
            "answer": answer[1] if answer and not action else None,
        }

    def _watched(self, name: str, tool: Callable[[str], Any]) -> Callable[[str], Any]:
        def call(argument: str) -> Any:
            self.calls.append([name, argument])
            return tool(argument)

        return call

    def run(self, impl: Impl, prompt: str, *limit: int) -> Any:
        """Run a loop on this scene."""
        return impl(prompt, self.llm, self.tools, self.parse, *limit)


def action(thought: str, tool: str, argument: str) -> str:
    """Write a turn that asks for a tool."""
    return f" {thought}.\nAction: {tool}[{argument}]"


def answer(thought: str, text: str) -> str:
    """Write a turn that answers."""
    return f" {thought}.\nAnswer: {text}"


def _prompt(rng: Rng) -> str:
    return f"Question: {phrase(rng)}?\nThought:"


def _told(prompts: list[str], number: int) -> str:
    """Return what a prompt has more than the one before it, if it goes on from there; else the whole."""
    if number >= len(prompts):
        return "the model was not asked again"
    before, after = as_words(prompts[number - 1]), as_words(prompts[number])
    return after.removeprefix(before)


@react_loop.probe(points=3, cases=4)
def goes_on_until_the_answer(impl: Impl, rng: Rng) -> Any:
    """Tools are called in the order in which the model asks for them, until it answers; then nothing is asked."""
    names, said, thoughts, final = words(rng, 3), words(rng, 4), words(rng, 5), phrase(rng, 2)
    turns = [action(thoughts[i], names[i % 3], said[i]) for i in range(rng.case)] + [answer(thoughts[4], final)]
    scene = Scene([*turns, action("no", names[0], "more")], dict.fromkeys(names, str.upper))
    result = scene.run(impl, _prompt(rng))
    return {
        "answer": result["answer"],
        "stopped": result["stopped"],
        "tools called": scene.calls,
        "times the model was asked": len(scene.prompts),
    }


@react_loop.probe(points=3, cases=3)
def shows_the_model_everything_so_far(impl: Impl, rng: Rng) -> Any:
    """Each prompt is the one before, the model's turn, the observation and `Thought:`, each of them once."""
    tool, *said = words(rng, 5)
    turns = [action(said[i], tool, said[i + 1]) for i in range(1 + rng.case)] + [answer("so", said[0])]
    scene = Scene(turns, {tool: lambda argument: f"{argument} {said[3]}"})
    scene.run(impl, _prompt(rng))
    return {"prompts": [as_words(prompt) for prompt in scene.prompts]}


@react_loop.probe(points=2, cases=3)
def writes_the_steps_down(impl: Impl, rng: Rng) -> Any:
    """The trajectory holds a step for each turn, the last one too."""
    tool, *said = words(rng, 6)
    turns = [action(said[i], tool, said[i + 1]) for i in range(rng.case)] + [answer(said[4], said[0])]
    scene = Scene(turns, {tool: str.title})
    return {"steps": scene.run(impl, _prompt(rng))["steps"]}


@react_loop.probe(points=1, cases=3)
def turns_results_into_text(impl: Impl, rng: Rng) -> Any:
    """What a tool returns may be of any type; the observation is its text."""
    tool, said = words(rng, 2)
    number = int(rng.integers(100, 1000))
    value: Any = [number, [number, number + 1], None][rng.case]
    scene = Scene([action(said, tool, said), answer("so", said)], {tool: lambda _: value})
    result = scene.run(impl, _prompt(rng))
    return {"observation": _first(result), "told": _told(scene.prompts, 1)}


def _first(result: Any) -> Any:
    """Return the first observation of a trajectory, if it has a step."""
    return result["steps"][0]["observation"] if result["steps"] else None


def _error(observation: Any, *parts: str) -> dict[str, Any]:
    text = observation if type(observation) is str else ""
    return {"begins with Error:": text.startswith("Error:"), **{f"names {part}": part in text for part in parts}}


@react_loop.probe(points=2, cases=3)
def tells_of_unknown_tools(impl: Impl, rng: Rng) -> Any:
    """A tool that does not exist gives an observation that names it and those there are; then the model goes on."""
    *names, unknown = words(rng, 3 + rng.case)
    scene = Scene(
        [action("so", unknown, "x"), action("well", names[0], "y"), answer("ah", names[1])],
        dict.fromkeys(names, str.upper),
    )
    result = scene.run(impl, _prompt(rng))
    observation = _first(result)
    return {
        **_error(observation, unknown, *names),
        "shown to the model": as_words(str(observation)) in _told(scene.prompts, 1),
        "tools called": scene.calls,
        "answer": result["answer"],
    }


@react_loop.probe(points=2, cases=3)
def tells_of_tools_that_fail(impl: Impl, rng: Rng) -> Any:
    """A tool that raises gives an observation with what it said; then the model goes on."""
    tool, other, why, final = words(rng, 4)
    kind = [ValueError, RuntimeError, OSError][rng.case]

    def fails(_: str) -> str:
        raise kind(f"the {why} is down")

    turns = [action("so", tool, "x"), action("well", other, "y"), answer("ah", final)]
    scene = Scene(turns, {tool: fails, other: str.upper})
    result = scene.run(impl, _prompt(rng))
    observation = _first(result)
    return {
        **_error(observation, f"the {why} is down"),
        "shown to the model": as_words(str(observation)) in _told(scene.prompts, 1),
        "tools called": scene.calls,
        "answer": result["answer"],
    }


@react_loop.probe(points=2, cases=3)
def asks_again_without_an_action(impl: Impl, rng: Rng) -> Any:
    """A turn with neither action nor answer gives an observation that begins with `Error:`; then the model goes on."""
    tool, said, final = words(rng, 3)
    idle = [f" {said}."] * (1 + rng.case)
    scene = Scene([*idle, action("so", tool, said), answer("ah", final)], {tool: str.upper})
    result = scene.run(impl, _prompt(rng))
    observation = _first(result)
    return {
        **_error(observation),
        "shown to the model": as_words(str(observation)) in _told(scene.prompts, 1),
        "tools asked for": [step["tool"] for step in result["steps"]],
        "tools called": scene.calls,
        "answer": result["answer"],
    }


@react_loop.probe(points=2, cases=4)
def stops_at_the_limit(impl: Impl, rng: Rng) -> Any:
    """After `max_steps` turns without an answer the loop ends; the last action is still carried out."""
    tool, *said = words(rng, 4)
    scene = Scene([action(thought, tool, thought) for thought in said], {tool: str.upper})
    result = scene.run(impl, _prompt(rng), 1 + rng.case)
    return {
        "answer": result["answer"],
        "stopped": result["stopped"],
        "times the model was asked": len(scene.prompts),
        "tools called": scene.calls,
        "observations": [step["observation"] for step in result["steps"]],
    }


@react_loop.probe(points=1, cases=2)
def answers_in_the_last_step(impl: Impl, rng: Rng) -> Any:
    """An answer in the last turn that is allowed counts; eight turns are allowed if nothing is said."""
    tool, said, final = words(rng, 3)
    steps = [3, 8][rng.case]
    turns = [action(said, tool, said)] * (steps - 1) + [answer("ah", final)]
    scene = Scene(turns, {tool: str.upper})
    result = scene.run(impl, _prompt(rng), *([steps] if rng.case == 0 else []))
    other = Scene([action(said, tool, said)], {tool: str.upper})
    other.run(impl, _prompt_of(said))
    return {"answer": result["answer"], "stopped": result["stopped"], "turns at most": len(other.prompts)}


def _prompt_of(text: str) -> str:
    return f"Question: {text}?\nThought:"


@react_loop.probe(points=2, cases=3)
def cuts_invented_observations(impl: Impl, rng: Rng) -> Any:
    """What the model writes behind an `Observation:` of its own is neither acted on nor shown to it again."""
    tool, said, lie, final = words(rng, 4)
    invented = [
        f"{action(said, tool, said)}\nObservation: {lie}\nThought: {lie}",
        f" {said}.\nObservation: {lie}\nAnswer: {lie}",
        f"{action(said, tool, said)}\nObservation: {lie}\nObservation: {lie}\nAction: {tool}[{lie}]",
    ]
    scene = Scene([invented[rng.case], answer("ah", final)], {tool: str.upper})
    result = scene.run(impl, _prompt_of(said))
    return {
        "invention shown to the model": any(lie in prompt for prompt in scene.prompts),
        "tools called": scene.calls,
        "answer": result["answer"],
    }


@react_loop.probe(points=0, gates=["stops_at_the_limit"], cases=2)
def refuses_a_limit_below_one(impl: Impl, rng: Rng) -> Any:
    """A limit below 1 raises ValueError."""
    scene = Scene([answer("ah", "no")], {})
    return scene.run(impl, _prompt(rng), -rng.case)
