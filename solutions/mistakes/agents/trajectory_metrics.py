"""Measure a trajectory: mistakes, and other right ways."""

from collections import Counter
from statistics import fmean

from solutions.agents import trajectory_metrics
from solutions.mistakes import Variants

variants = Variants("trajectory_metrics")
mistake, alternative = variants.mistake, variants.alternative


def _calls(trajectory):
    return [step for step in trajectory["steps"] if step["tool"] is not None]


def _every(trajectories):
    return [step for trajectory in trajectories for step in _calls(trajectory)]


def _failed(step):
    return (step["observation"] or "").startswith(("Error:", "Refused:"))


def _right(trajectory):
    answer = trajectory["answer"]
    return answer is not None and answer.casefold().split() == trajectory["expected"].casefold().split()


def _share(things):
    things = list(things)
    return sum(things) / len(things) if things else 0.0


@mistake("Only steps with a tool were counted. Each turn of the model is a step, the last one too.")
def counts_calls_as_steps(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "steps": fmean(len(_calls(trajectory)) for trajectory in trajectories)}


@mistake("A tool's calls were averaged only over the trajectories that called it. The mean is over all of them.")
def averages_over_users_of_a_tool(trajectories):
    result = trajectory_metrics(trajectories)
    users = Counter(tool for t in trajectories for tool in {step["tool"] for step in _calls(t)})
    return {
        **result,
        "calls": {tool: mean * len(trajectories) / users[tool] for tool, mean in result["calls"].items()},
    }


@mistake("Your calls of a tool are a sum, or a share of all calls. Asked for is the mean number in a trajectory.")
def adds_calls_up(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "calls": dict(Counter(step["tool"] for step in _every(trajectories)))}


@mistake("Turns without a tool were counted as calls of a tool. They have None there.")
def counts_none_as_a_tool(trajectories):
    result = trajectory_metrics(trajectories)
    idle = sum(step["tool"] is None for trajectory in trajectories for step in trajectory["steps"])
    return {**result, "calls": {**result["calls"], "None": idle / len(trajectories)}} if idle else result


@mistake("Your accuracy is of the answered questions only. An agent that gives up would look better than it is.")
def leaves_the_unanswered_out(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "accuracy": _share(_right(t) for t in trajectories if t["answer"] is not None)}


@mistake("An answer counted as right although it was wrong: having an answer and having the right one are two things.")
def takes_answered_for_right(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "accuracy": result["answered"]}


@mistake("Answers were compared letter by letter. Case does not count, nor do blanks at the ends or doubled.")
def compares_letter_by_letter(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "accuracy": _share(t["answer"] == t["expected"] for t in trajectories)}


@mistake("Blanks in the middle were not treated as asked: any number of them, and any kind, counts as one.")
def strips_only_the_ends(trajectories):
    result = trajectory_metrics(trajectories)
    same = (
        t["answer"] is not None and t["answer"].strip().casefold() == t["expected"].strip().casefold()
        for t in trajectories
    )
    return {**result, "accuracy": _share(same)}


@mistake("An answer that only holds what was expected, or is held by it, counted as right. They must be equal.")
def looks_for_the_answer_inside(trajectories):
    result = trajectory_metrics(trajectories)

    def plain(text):
        return " ".join(text.casefold().split())

    held = (t["answer"] is not None and plain(t["expected"]) in plain(t["answer"]) for t in trajectories)
    return {**result, "accuracy": _share(held)}


@mistake("Blanks were removed before answers were compared. In between, one blank is different from none.")
def removes_all_blanks(trajectories):
    result = trajectory_metrics(trajectories)

    def plain(text):
        return "".join(text.casefold().split())

    same = (t["answer"] is not None and plain(t["expected"]) == plain(t["answer"]) for t in trajectories)
    return {**result, "accuracy": _share(same)}


@mistake("Your share of failed calls is a mean of shares. Count all calls of all trajectories together.")
def averages_shares_of_errors(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "errors": _share(_share(map(_failed, _calls(t))) for t in trajectories)}


@mistake("A turn without an action counted as a failed call, or among the calls. It calls nothing.")
def counts_idle_turns_as_errors(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "errors": _share(_failed(step) for t in trajectories for step in t["steps"])}


@mistake("An observation that only mentions an error counted as one. It counts if the text begins with it.")
def finds_errors_anywhere(trajectories):
    result = trajectory_metrics(trajectories)
    every = _every(trajectories)
    return {**result, "errors": _share("Error:" in s["observation"] or "Refused:" in s["observation"] for s in every)}


@mistake("Refused calls are missing among those that failed.")
def forgets_refusals(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "errors": _share(s["observation"].startswith("Error:") for s in _every(trajectories))}


@mistake("Your share of those who recovered is of all trajectories. It is of those in which a call has failed.")
def recovers_among_all(trajectories):
    result = trajectory_metrics(trajectories)
    troubled = [t for t in trajectories if any(map(_failed, _calls(t)))]
    return {**result, "recovered": sum(map(_right, troubled)) / len(trajectories) if troubled else None}


@mistake("No call has failed, and still you gave a share of those who recovered. There is none: it is None.")
def recovers_from_nothing(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "recovered": 0.0 if result["recovered"] is None else result["recovered"]}


@mistake("Having answered after a failed call counted as having recovered. The answer must be right as well.")
def recovers_with_any_answer(trajectories):
    result = trajectory_metrics(trajectories)
    troubled = [t for t in trajectories if any(map(_failed, _calls(t)))]
    return {**result, "recovered": _share(t["answer"] is not None for t in troubled) if troubled else None}


@mistake("A call that another trajectory had made counted as repeated. Begin anew for each trajectory.")
def repeats_across_trajectories(trajectories):
    result = trajectory_metrics(trajectories)
    every = _every(trajectories)
    different = {(step["tool"], step["argument"]) for step in every}
    return {**result, "repeated": (len(every) - len(different)) / len(every) if every else 0.0}


@mistake("A tool that was called again with another argument counted as repeated. Tool and argument must be the same.")
def compares_only_tools(trajectories):
    result = trajectory_metrics(trajectories)
    more = sum(len(_calls(t)) - len({step["tool"] for step in _calls(t)}) for t in trajectories)
    every = len(_every(trajectories))
    return {**result, "repeated": more / every if every else 0.0}


@mistake("A repeated call was found only directly behind the first. Any earlier call of the trajectory counts.")
def compares_neighbours(trajectories):
    result = trajectory_metrics(trajectories)
    more = 0
    for trajectory in trajectories:
        pairs = [(step["tool"], step["argument"]) for step in _calls(trajectory)]
        more += sum(one == other for one, other in zip(pairs, pairs[1:], strict=False))
    every = len(_every(trajectories))
    return {**result, "repeated": more / every if every else 0.0}


@mistake("Without any call you divided by zero. The docstring says what the shares are then.")
def divides_by_no_calls(trajectories):
    result = trajectory_metrics(trajectories)
    return {**result, "errors": result["errors"] * len(_every(trajectories)) / len(_every(trajectories))}


@mistake("No trajectories at all went through. There is nothing to measure: the docstring names the error.")
def measures_nothing(trajectories):
    if trajectories:
        return trajectory_metrics(trajectories)
    return dict.fromkeys(("steps", "answered", "accuracy", "errors", "repeated"), 0.0) | {
        "calls": {},
        "recovered": None,
    }


@alternative
def with_fmean(trajectories):
    if len(trajectories) == 0:
        raise ValueError("nothing to measure")
    every = _every(trajectories)
    seen, again = set(), 0
    for number, trajectory in enumerate(trajectories):
        for step in _calls(trajectory):
            call = (number, step["tool"], step["argument"])
            again += call in seen
            seen.add(call)
    troubled = [trajectory for trajectory in trajectories if any(map(_failed, _calls(trajectory)))]
    return {
        "repeated": again / max(1, len(every)),
        "recovered": fmean(map(_right, troubled)) if troubled else None,
        "errors": sum(map(_failed, every)) / max(1, len(every)),
        "accuracy": fmean(map(_right, trajectories)),
        "answered": fmean(trajectory["answer"] is not None for trajectory in trajectories),
        "calls": {tool: n / len(trajectories) for tool, n in Counter(step["tool"] for step in every).items()},
        "steps": fmean(len(trajectory["steps"]) for trajectory in trajectories),
    }
