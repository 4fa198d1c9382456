"""An agent's loop step by step: what the model writes, what your code reads in it and adds, and what the tools say."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import traitlets

from pocket.tools import run_agent
from pocket.world.prompts import OBSERVATION, agent, closed_book, no_such_tool
from widgets import picture
from widgets.base import Widget, stored

#: Turns that a loop may take, and places in a run, at most.
_MOST, _PLACES = 8, 40
_WAYS = {
    "guarded": "tools behind a guard",
    "open": "tools, no guard",
    "direct": "asked directly, without tools",
    "alone": "no loop: nobody stops the model",
    "own": "your run",
    "beside": "the other run",
}
_LOOPS = ("guarded", "open", "own", "beside")
_ROLES = {"model": "draft", "your code": "ghost", "tool": "truth"}
_THOUGHT = "\nThought:"
_ROW, _LINE = 26, 84
#: What a run may hold, and what a trajectory has to.
_KEYS = ("thought", "tool", "argument", "observation")
_LONGEST = 20_000


class ReActStepper(Widget, script="react_stepper"):
    """Step through runs of an agent, and see who wrote each piece of the text.

    The loop is that of ReAct (Yao and others 2023, https://arxiv.org/abs/2210.03629): the model writes a thought and an
    action, your code carries the action out and writes down what came back as an observation, and the model goes on.
    Only texts are recorded; the browser finds the calls in them, counts, and sees why a run ends. A turn that is the
    last one allowed is still carried out, as in the exercise `react_loop`.

    Parameters
    ----------
    scenes
        One or more questions with what was recorded for each; `example` has some, `of` makes one of your own.

        - "name", "question", "note": what the scene is called, what is asked, and a sentence that is shown with it;
        - "runs": by way ("guarded", "open", "direct", "alone", "own", "beside"), a run, or the name of another way that
          gave the same. A run has a "prompt", "turns" (what the model wrote, each as it came), "said" (what it was
          told after each; None where nothing was), "tokens" (of each piece of the text in order, see `counted`), and
          perhaps "reads" (what your own parser read in each turn);
        - "way", "contrast": which of the runs is shown first, and which beside it;
        - "unit": what "tokens" counts, such as "token";
        - perhaps "expected" (the right answer), "tools" and "allowed" (the names of those that there are, and of those
          that this task may use) and "limit" (the tokens that the model can read).

    Raises
    ------
    ValueError
        If a scene lacks something.
    traitlets.TraitError
        If a setting is out of its range; the same when it is set later. The widget then says so and keeps the last one.

    Examples
    --------
    >>> steps = [{"thought": "I calculate.", "tool": "calculate", "argument": "6 * 7", "observation": "42"}]
    >>> ReActStepper.of({"answer": None, "stopped": "limit", "steps": steps}, "What is 6 times 7?")
    """

    shared: ClassVar[tuple[str, ...]] = ("scene", "way", "cap", "step", "pinned")

    scenes = traitlets.List(traitlets.Dict()).tag(
        sync=True,
        to_json=lambda scenes, _widget: json.dumps(scenes, ensure_ascii=False, separators=(",", ":")),
        from_json=lambda text, _widget: json.loads(text),
    )
    """The questions to choose from, sent as one JSON text."""
    ways = traitlets.Dict().tag(sync=True)
    """What to call the ways that there are."""
    asked = traitlets.Dict().tag(sync=True)
    """What is asked before the first reveal: question, choices, right and why; empty where nothing is called."""
    scene = traitlets.Int(0).tag(sync=True)
    """Which question is shown."""
    way = traitlets.Unicode().tag(sync=True)
    """How it is answered: one of the scene's runs."""
    cap = traitlets.Int(_MOST).tag(sync=True)
    """After so many turns without an answer, the loop ends."""
    step = traitlets.Int(1).tag(sync=True)
    """How far the run is shown: 0 is the prompt alone."""
    pinned = traitlets.List(traitlets.Any()).tag(sync=True)
    """What is shown beside it, A: a way and a number of turns at most."""

    def __init__(self, scenes: Sequence[Mapping[str, Any]]) -> None:
        checked = [_scene(each) for each in scenes]
        if not checked:
            raise ValueError("there must be one scene at least")
        first = checked[0]
        ways = {way: words for way, words in _WAYS.items() if any(way in scene["runs"] for scene in checked)}
        pinned = [first["contrast"], _MOST]
        super().__init__(scenes=checked, ways=ways, asked=_asked(first), way=first["way"], pinned=pinned)

    @classmethod
    def example(cls) -> Self:
        """Return runs of pocket-lm: some that succeed, some whose tools fail, and one that reads an injected order."""
        return cls(stored("react_stepper")["scenes"])

    @classmethod
    def of(
        cls,
        trajectory: Mapping[str, Any],
        question: str,
        *,
        beside: Mapping[str, Any] | str | None = None,
        expected: str | None = None,
        prompt: str | None = None,
        count: Callable[[str], int] | None = None,
    ) -> Self:
        """Show a run of your own.

        A trajectory holds what was read in the model's turns, not the turns themselves. So the text is put together
        again from it: blanks and line breaks may differ from what the model wrote.

        Parameters
        ----------
        trajectory
            What your `react_loop` or `pocket.tools.run_agent` returned.
        question
            What was asked.
        beside
            Another trajectory for the same question, such as one without your guard, or the text that the model gave
            when it was asked directly. None shows the same run, ended one turn earlier.
        expected
            The right answer.
        prompt
            What the model was shown first; None for the prompt of the pocket agent.
        count
            How many tokens a text has, such as ``lambda text: len(lm.encode(text))``. Without it letters are counted.

        Returns
        -------
        ReActStepper
            A widget with this one question.
        """
        start = agent(question) if prompt is None else prompt
        runs: dict[str, Any] = {"own": _rebuilt(trajectory, start)}
        contrast = "own"
        if isinstance(beside, str):
            contrast = "direct"
            runs[contrast] = {"prompt": closed_book(question), "turns": [f" {beside.strip()}"], "said": []}
        elif beside is not None:
            contrast = "beside"
            runs[contrast] = _rebuilt(beside, start)
        for run in runs.values():
            run["tokens"] = counted(run, count or len)
        scene = {
            "name": "Your own run",
            "question": question,
            "note": "The text was put together from your trajectory.",
            "unit": "token" if count else "letter",
            "expected": expected,
            "runs": runs,
            "way": "own",
            "contrast": contrast,
        }
        widget = cls([scene])
        if contrast == "own":
            widget.pinned = ["own", max(1, len(runs["own"]["turns"]) - 1)]
            widget.made = {**widget.made, "pinned": widget.pinned}
        return widget

    def describe(self) -> str:
        """Return the question, and how the run that is shown ends."""
        scene = self.scenes[self.scene]
        steps, answer = replay(_run(scene, self.way), self.way, self.cap)
        calls = sum(step["who"] == "tool" for step in steps)
        end = "ends without an answer" if answer is None else f"answers “{answer}”"
        asked = f"“{scene['question']}” {_WAYS[self.way].capitalize()}"
        turns, used = (f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((len(steps), "turn"), (calls, "tool call")))
        return f"{asked}: {turns}, {used}; the model {end}."

    def numbers(self) -> tuple[list[str], list[list[str]]]:
        """Return who wrote what, in order."""
        return ["turn", "who", "text"], [[str(turn), who, _short(text, _LINE)] for turn, who, text in self._pieces()]

    def picture(self) -> str:
        """Return who wrote what, a line each."""
        parts = []
        for place, (turn, who, text) in enumerate(self._pieces()):
            y = 8.0 + _ROW * place
            parts.append(picture.rect(84, y, 4, 18, _ROLES[who]))
            parts.append(picture.text(78, y + 13, f"{turn} {who}" if turn else who, anchor="end", soft=True))
            parts.append(picture.text(96, y + 13, _short(text, _LINE)))
        return picture.svg(16 + _ROW * max(4, len(parts) // 3), parts, self.describe())

    def _pieces(self) -> Iterator[tuple[int, str, str]]:
        pieces = written(_run(self.scenes[self.scene], self.way), self.way, self.cap)
        for turn, who, text in pieces:
            for line in [text] if who == "tool" else text.split("\n"):
                if line.strip() not in {"", "Observation:", "Thought:"}:
                    yield turn, who, line

    @traitlets.validate("scenes")
    def _check_scenes(self, proposal: Any) -> list[dict[str, Any]]:
        try:
            checked = [_scene(each) for each in proposal["value"]]
        except ValueError as error:
            self.refuse(str(error))
        if not checked:
            self.refuse("there must be one scene at least")
        return checked

    @traitlets.validate("scene")
    def _check_scene(self, proposal: Any) -> int:
        return self._whole("scene", proposal["value"], 0, len(self.scenes) - 1)

    @traitlets.validate("way")
    def _check_way(self, proposal: Any) -> str:
        return self._way(proposal["value"])

    @traitlets.validate("cap")
    def _check_cap(self, proposal: Any) -> int:
        return self._whole("cap", proposal["value"], 1, _MOST)

    @traitlets.validate("step")
    def _check_step(self, proposal: Any) -> int:
        return self._whole("step", proposal["value"], 0, _PLACES)

    @traitlets.validate("pinned")
    def _check_pinned(self, proposal: Any) -> list[Any]:
        pinned = list(proposal["value"])
        if len(pinned) != 2 or type(pinned[1]) is not int:  # noqa: PLR2004
            self.refuse(f"pinned must be a way and a number of turns, not {pinned}")
        return [self._way(pinned[0]), self._whole("the number of turns", pinned[1], 1, _MOST)]

    def _way(self, way: Any) -> str:
        runs = self.scenes[min(self.scene, len(self.scenes) - 1)]["runs"] if self.scenes else {}
        if not isinstance(way, str) or way not in runs:
            self.refuse(f"this question was recorded as {', '.join(runs)}, not as {str(way)[:40]!r}")
        return way

    def _whole(self, name: str, value: int, start: int, end: int) -> int:
        if not start <= value <= end:
            self.refuse(f"{name} must be {start} to {end}, not {value}")
        return value


def replay(run: Mapping[str, Any], way: str, cap: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return what a run's turns come to, for where no script runs.

    Returns
    -------
    For each turn its "text", "tool", "argument", "observation" and "who" wrote that; and the answer, None if there is
    none.
    """
    if way not in _LOOPS:
        text = run["turns"][0]
        answer = (
            text.strip().partition("\n")[0] if way == "direct" else _read(text.rpartition(OBSERVATION)[2])["answer"]
        )
        return [{"text": text, "tool": None, "argument": None, "observation": None, "who": ""}], answer or None
    steps = []
    for place, raw in enumerate(run["turns"][:cap]):
        text = raw.partition(OBSERVATION)[0]
        read = run["reads"][place] if "reads" in run else _read(text)
        told = None if read["answer"] is not None else run["said"][place]
        ran = told is not None and read["tool"] is not None and not told.startswith(("Refused:", _UNKNOWN))
        step = {"text": text, "tool": read["tool"], "argument": read["argument"], "observation": told}
        steps.append({**step, "who": "tool" if ran else "your code"})
        if read["answer"] is not None or told is None:
            return steps, read["answer"]
    return steps, None


def written(run: Mapping[str, Any], way: str, cap: int) -> list[tuple[int, str, str]]:
    """Return the pieces of a run's text in order: the turn, who wrote it, and what."""
    pieces = [(0, "your code", run["prompt"])]
    for turn, step in enumerate(replay(run, way, cap)[0], 1):
        pieces.append((turn, "model", step["text"]))
        if step["observation"] is not None:
            pieces.append((turn, "your code", f"{OBSERVATION} "))
            pieces.append((turn, step["who"], step["observation"]))
            pieces.append((turn, "your code", _THOUGHT))
    return pieces


#: How the pocket agent is told that there is no such tool.
_UNKNOWN = no_such_tool("").partition(" .")[0]


def counted(run: Mapping[str, Any], count: Callable[[str], int]) -> list[int]:
    """Return the tokens of each piece of a run's text, in order: what the whole has more with it than without it."""
    pieces = [run["prompt"]]
    for turn, said in zip(run["turns"], [*run["said"], *[None] * len(run["turns"])], strict=False):
        pieces.append(turn.partition(OBSERVATION)[0] if run["said"] else turn)
        if said is not None:
            pieces += [OBSERVATION, f" {said}", _THOUGHT]
    sizes = [count("".join(pieces[:end])) for end in range(1, len(pieces) + 1)]
    return [size - before for size, before in zip(sizes, [0, *sizes], strict=False)]


def _asked(scene: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question who writes the line behind the first call; empty if there is none."""
    run = _run(scene, scene["way"])
    steps, _ = replay(run, scene["way"], _MOST)
    call = steps[0]
    if call["tool"] is None or call["observation"] is None:
        return {}
    who = [name for _, name, _ in written(run, scene["way"], _MOST)]
    names = {name: name if name.startswith("your") else f"the {name}" for name in _ROLES}
    own = sum(size for size, name in zip(run["tokens"], who, strict=True) if name == "model") / sum(run["tokens"])
    return {
        "question": (
            f"A model is asked: “{scene['question']}” Its first turn ends in "
            f"{call['tool']}[{_short(call['argument'], _LINE)}]. Who puts the next line into the text, "
            "“Observation: …”?"
        ),
        "choices": list(names.values()),
        "right": names[who[2]],
        "why": (
            "A model can only write text. Your code stops it before this line, finds the call, runs the tool, and "
            f"writes down what comes back. At the end {100 * own:.0f} % of the text is the model's."
        ),
    }


def _read(turn: str) -> dict[str, Any]:
    """Let the shipped loop read one turn; it calls nothing."""
    trajectory = run_agent("", lambda _: turn, {}, 1)
    return {**trajectory["steps"][0], "answer": trajectory["answer"]}


def _rebuilt(trajectory: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """Return a trajectory as a run, or raise ValueError with what is wrong with it."""
    if not isinstance(trajectory, Mapping) or not {"answer", "steps"} <= set(trajectory):
        raise ValueError(
            'a trajectory is a dict with the keys "answer", "stopped" and "steps", as react_loop returns it'
        )
    steps = list(trajectory["steps"])
    if not 1 <= len(steps) <= _MOST:
        raise ValueError(f"the trajectory has {len(steps)} steps; the widget shows 1 to {_MOST}")
    run: dict[str, Any] = {"prompt": str(prompt), "turns": [], "said": [], "reads": []}
    for place, step in enumerate(steps, 1):
        if not isinstance(step, Mapping) or not set(_KEYS) <= set(step):
            raise ValueError(f"step {place} of the trajectory needs the keys {', '.join(_KEYS)}")
        thought, tool, argument, said = (None if step[key] is None else str(step[key]) for key in _KEYS)
        answer = str(trajectory["answer"]) if place == len(steps) and trajectory["answer"] is not None else None
        action = "" if tool is None else f"\nAction: {tool}[{argument or ''}]"
        run["turns"].append(f" {thought or ''}{action if answer is None else f'{chr(10)}Answer: {answer}'}")
        run["said"].append(said)
        run["reads"].append({"thought": thought or "", "tool": tool, "argument": argument, "answer": answer})
    return run


def _scene(scene: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scene as the widget sends it, or raise ValueError with what is wrong with it."""
    for key in ("name", "question", "note", "unit", "runs", "way", "contrast"):
        if key not in scene:
            raise ValueError(f"a scene needs the key {key!r}")
    runs = scene["runs"]
    for way in (*runs, scene["way"], scene["contrast"]):
        if way not in _WAYS or way not in runs:
            raise ValueError(f"{way!r} is no way that the scene {scene['name']!r} was recorded in")
        run = _run(scene, way)
        if not isinstance(run, Mapping) or not run.get("turns") or not {"prompt", "said", "tokens"} <= set(run):
            raise ValueError(f"the run {way!r} of the scene {scene['name']!r} needs prompt, turns, said and tokens")
        if sum(map(len, (run["prompt"], *run["turns"], *filter(None, run["said"])))) > _LONGEST:
            raise ValueError(f"the run {way!r} of the scene {scene['name']!r} has more than {_LONGEST:,} letters")
    return dict(scene)


def _run(scene: Mapping[str, Any], way: str) -> Any:
    run = scene["runs"][way]
    return scene["runs"].get(run) if isinstance(run, str) else run


def _short(text: str, room: int) -> str:
    return textwrap.shorten(text, room, placeholder="…")
