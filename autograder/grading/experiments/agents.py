"""Exercise 14.5: steps, use of tools, right answers and kinds of failure, computed again from trajectories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grading.experiments.form import (
    Checked,
    Experiment,
    FormError,
    differences,
    items,
    mapping,
    part,
    text,
    texts,
)
from autograder.records import Record
from autograder.trusted.reference import load_reference
from pocket.experiments import MULTI_STEP
from pocket.tools import MOST_STEPS

_MOST_QUESTIONS = 200
#: The bare model has not read of the world, and cannot look anything up.
_MOST_ALONE = 0.3


@dataclass(frozen=True)
class _Step:
    tool: str | None
    argument: str
    observation: str


@dataclass(frozen=True)
class _Run:
    """One question: how the agent went about it, and what the bare model said."""

    question: dict[str, Any]
    steps: tuple[_Step, ...]
    answer: str | None
    reply: str

    def turns(self) -> Iterator[str]:
        """Yield what a model writes that takes these steps."""
        for step in self.steps:
            if step.tool is not None:
                yield f"\nAction: {step.tool}[{step.argument}]"
            else:
                yield "" if self.answer is None else f"\nAction: finish[{self.answer}]"


def _check(kept: Record) -> Checked:
    runs = _runs(kept)
    want = _measured(runs)
    count = len(runs)
    source = f"its {count} trajectories"
    table = {
        "agent": {"steps": want["steps"], **want["tool use"], "right": want["accuracy"]},
        "model alone": {"right": want["direct accuracy"]},
    }
    return Checked(
        f"Your table follows from {source}: its steps, calls and right answers were counted again in them.",
        (*differences(kept.table, table, source), *_other_failures(kept, want["failures"]), *_other_answers(runs)),
        _notes(runs, want),
    )


def _runs(kept: Record) -> list[_Run]:
    questions = items(part(kept.data, "questions"), "questions", _MOST_QUESTIONS)
    count = len(questions)
    trajectories = items(part(kept.data, "trajectories"), "trajectories", _MOST_QUESTIONS, count)
    replies = texts(items(part(kept.data, "replies"), "replies", _MOST_QUESTIONS, count), "replies")
    return [_run(*these) for these in zip(questions, trajectories, replies, strict=True)]


def _run(question: Any, trajectory: Any, reply: str) -> _Run:
    question, trajectory = mapping(question, "questions"), mapping(trajectory, "trajectories")
    asked = {name: text(part(question, name), "questions") for name in ("question", "answer")}
    needs = part(question, "needs")
    if not isinstance(needs, list) or not set(texts(needs, "questions")) <= {"search", "calculate"}:
        raise FormError("in its `questions`, `needs` must be a list of tools")
    steps = tuple(map(_step, items(part(trajectory, "steps"), "trajectories", MOST_STEPS)))
    answer = part(trajectory, "answer")
    last = steps[-1].tool is None
    if any(step.tool is None for step in steps[:-1]) or not (last or (len(steps) == MOST_STEPS and answer is None)):
        raise FormError("a trajectory of it ends where no agent does")
    return _Run({**asked, "needs": needs}, steps, None if answer is None else _word(answer), reply)


def _step(step: Any) -> _Step:
    step = mapping(step, "trajectories")
    tool = part(step, "tool")
    if tool is not None and (not isinstance(tool, str) or not re.fullmatch(r"\w{1,80}", tool) or tool == "finish"):
        raise FormError("a step of it names something that is no tool")
    return _Step(tool, _word(step.get("argument") or ""), text(step.get("observation") or "", "trajectories", 20_000))


def _word(value: Any) -> str:
    """Return what stood between the brackets of an action: a text on one line."""
    if "\n" in text(value, "trajectories"):
        raise FormError("an action of it has more than one line")
    return str(value)


def _measured(runs: Sequence[_Run]) -> dict[str, Any]:
    """Let the reference measure the runs: a model and tools that only repeat them stand in for the real ones."""
    written = (text for run in runs for text in (*run.turns(), run.reply))
    seen = (
        step.observation for run in runs for step in run.steps[: MOST_STEPS - 1] if step.tool in ("search", "calculate")
    )

    def tool(_argument: str) -> str:
        return next(seen, "")

    measured: dict[str, Any] = load_reference("agents").react_experiment(
        tool, tool, lambda _prompt: next(written, ""), [run.question for run in runs]
    )
    return measured


def _other_failures(kept: Record, want: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    given = part(kept.data, "failures")
    kinds = [item.get("kind") if isinstance(item, dict) else None for item in given] if isinstance(given, list) else []
    right = [item["kind"] for item in want]
    if kinds == right:
        return ()
    listed = ", ".join(right) or "none"
    return (f"Your list of failures does not follow from the trajectories: their kinds are, in order: {listed}.",)


def _other_answers(runs: Sequence[_Run]) -> tuple[str, ...]:
    right = {item["question"]: item["answer"] for item in MULTI_STEP}
    wrong = sum(right.get(run.question["question"], run.question["answer"]) != run.question["answer"] for run in runs)
    return (f"{wrong} of the questions have other answers than in the world that they ask about.",) if wrong else ()


def _notes(runs: Sequence[_Run], want: dict[str, Any]) -> tuple[str, ...]:
    """Say what is out of its band; of a student's own questions, no band is known."""
    if not {run.question["question"] for run in runs} <= {item["question"] for item in MULTI_STEP}:
        return ("The questions are your own, so their answers were taken as they are.",)
    notes = []
    if want["direct accuracy"] > _MOST_ALONE:
        notes.append(
            f"Alone, the model is right in {want['direct accuracy']:.0%} of the questions, though it has not read of "
            "this world. Did something to read get into that prompt?"
        )
    if want["accuracy"] <= want["direct accuracy"]:
        notes.append("The agent is no better than the model alone. Look at the observations of its first trajectory.")
    return tuple(notes)


experiments = (Experiment("react_experiment", _check),)
