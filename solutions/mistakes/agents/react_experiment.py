"""An agent against the bare model: mistakes, and other right ways."""

from collections import Counter
from statistics import fmean

from pocket.tools import run_agent
from solutions.agents import react_experiment
from solutions.mistakes import Variants

variants = Variants("react_experiment")
mistake, alternative = variants.mistake, variants.alternative


def _direct(llm, item):
    return llm(f"Question: {item['question']}\nAnswer:").partition("\n")[0]


def _same(one, other):
    return one.strip().casefold() == other.strip().casefold()


def _inside(one, other):
    return other.strip().casefold() in one.strip().casefold()


def _kind(item, trajectory):
    """Return the kind of a failure, as asked."""
    answer, steps = trajectory["answer"], trajectory["steps"]
    if answer is None:
        return "no answer"
    if _same(answer, "unknown"):
        return "gave up"
    if set(item["needs"]) - {step["tool"] for step in steps}:
        return "tool not used"
    if _failed(steps):
        return "tool failed"
    return "wrong answer"


def _failed(steps):
    return any(str(step["observation"]).startswith("Error:") for step in steps)


def _run(search, calculate, llm, questions, *, direct=_direct, same=_same, kind=_kind, over=None, wrong=None):
    """Run the experiment with one thing changed."""
    if not questions:
        raise ValueError("nothing to ask")
    runs = []
    for item in questions:
        trajectory = run_agent(item["question"], llm, {"search": search, "calculate": calculate})
        runs.append((item, trajectory, direct(llm, item)))
    right = [run[1]["answer"] is not None and same(run[1]["answer"], run[0]["answer"]) for run in runs]
    bare = [same(reply, item["answer"]) for item, _, reply in runs]
    counted = [run[1] for run, good in zip(runs, right, strict=True) if over is None or over(good, run[1])] or [
        {"steps": []}
    ]
    calls = Counter(step["tool"] for trajectory in counted for step in trajectory["steps"])
    failures = [
        {"question": i["question"], "expected": i["answer"], "got": t["answer"], "kind": kind(i, t)}
        for (i, t, _), good, direct_good in zip(runs, right, bare, strict=True)
        if (wrong or (lambda good, _: not good))(good, direct_good)
    ]
    return {
        "steps": fmean(len(trajectory["steps"]) for trajectory in counted),
        "tool use": {tool: calls[tool] / len(counted) for tool in ("search", "calculate")},
        "accuracy": fmean(right),
        "direct accuracy": fmean(bare),
        "failures": failures,
    }


@mistake("The bare model was shown the agent's prompt, with its tools. It is to be asked with the question alone.")
def shows_the_tools_to_the_bare_model(search, calculate, llm, questions):
    def direct(llm, item):
        return llm(f"Tools: search, calculate, finish\nQuestion: {item['question']}\nAnswer:").partition("\n")[0]

    return _run(search, calculate, llm, questions, direct=direct)


@mistake("All that the bare model wrote was taken as its answer. It goes on writing; the answer is the first line.")
def takes_all_lines(search, calculate, llm, questions):
    def direct(llm, item):
        return llm(f"Question: {item['question']}\nAnswer:")

    return _run(search, calculate, llm, questions, direct=direct)


@mistake("The first line is what stands before the first line break, even if that is nothing.")
def takes_the_first_line_with_text(search, calculate, llm, questions):
    def direct(llm, item):
        return llm(f"Question: {item['question']}\nAnswer:").strip().partition("\n")[0]

    return _run(search, calculate, llm, questions, direct=direct)


@mistake('The two accuracies are mixed up: "accuracy" is the agent\'s.')
def mixes_the_accuracies_up(search, calculate, llm, questions):
    result = react_experiment(search, calculate, llm, questions)
    return {**result, "accuracy": result["direct accuracy"], "direct accuracy": result["accuracy"]}


@mistake("Answers were compared letter by letter. Case and blanks at the ends do not count.")
def compares_letter_by_letter(search, calculate, llm, questions):
    return _run(search, calculate, llm, questions, same=lambda one, other: one == other)


@mistake("An answer that only holds the right one counted as right. They must be the same.")
def looks_for_the_answer_inside(search, calculate, llm, questions):
    return _run(search, calculate, llm, questions, same=_inside)


@mistake(
    "The right answer was looked for anywhere in what was written, in all lines. Compare the whole of the first line."
)
def looks_for_the_answer_in_all_lines(search, calculate, llm, questions):
    def direct(llm, item):
        return llm(f"Question: {item['question']}\nAnswer:")

    return _run(search, calculate, llm, questions, direct=direct, same=_inside)


@mistake("Steps and tools were averaged over the right answers only. The docstring says: over all questions.")
def averages_over_right_answers(search, calculate, llm, questions):
    return _run(search, calculate, llm, questions, over=lambda good, _: good)


@mistake("Tool use came out as a sum, or as a share of all calls. Asked for is the mean for a question.")
def adds_tool_use_up(search, calculate, llm, questions):
    result = react_experiment(search, calculate, llm, questions)
    return {**result, "tool use": {tool: mean * len(questions) for tool, mean in result["tool use"].items()}}


@mistake("Tools that do not exist are part of your tool use. It has two keys, search and calculate.")
def counts_invented_tools(search, calculate, llm, questions):
    result = react_experiment(search, calculate, llm, questions)
    trajectories = [run_agent(q["question"], llm, {"search": search, "calculate": calculate}) for q in questions]
    calls = Counter(step["tool"] for trajectory in trajectories for step in trajectory["steps"] if step["tool"])
    return {**result, "tool use": {**result["tool use"], **{tool: n / len(questions) for tool, n in calls.items()}}}


@mistake("A tool that was never used is missing from your tool use. Both keys are always there.")
def leaves_unused_tools_out(search, calculate, llm, questions):
    result = react_experiment(search, calculate, llm, questions)
    return {**result, "tool use": {tool: mean for tool, mean in result["tool use"].items() if mean}}


@mistake("The step that finishes was not counted. Each turn is a step.")
def counts_only_calls_as_steps(search, calculate, llm, questions):
    result = react_experiment(search, calculate, llm, questions)
    return {**result, "steps": sum(result["tool use"].values())}


@mistake("An agent that says `unknown` was listed as having answered wrongly. It gave up: that is a kind of its own.")
def takes_giving_up_for_an_answer(search, calculate, llm, questions):
    def kind(item, trajectory):
        answer = trajectory["answer"]
        if answer is not None and _same(answer, "unknown"):
            return _kind(item, {**trajectory, "answer": "something"})
        return _kind(item, trajectory)

    return _run(search, calculate, llm, questions, kind=kind)


@mistake("`Unknown` with a capital, or with blanks around it, is the same as `unknown`: the agent gave up.")
def compares_unknown_letter_by_letter(search, calculate, llm, questions):
    def kind(item, trajectory):
        answer = trajectory["answer"]
        if answer is not None and _same(answer, "unknown") and answer != "unknown":
            return _kind(item, {**trajectory, "answer": "something"})
        return _kind(item, trajectory)

    return _run(search, calculate, llm, questions, kind=kind)


@mistake("You looked for failing tools before tools that were not used. The first kind that fits counts.")
def looks_for_failing_tools_first(search, calculate, llm, questions):
    def kind(item, trajectory):
        found = _kind(item, trajectory)
        return "tool failed" if found == "tool not used" and _failed(trajectory["steps"]) else found

    return _run(search, calculate, llm, questions, kind=kind)


@mistake("A run without an answer was listed under what went wrong with its tools. The first kind that fits counts.")
def explains_missing_answers(search, calculate, llm, questions):
    def kind(item, trajectory):
        if trajectory["answer"] is None and _failed(trajectory["steps"]):
            return "tool failed"
        return _kind(item, trajectory)

    return _run(search, calculate, llm, questions, kind=kind)


@mistake("An observation that only mentions an error counted as one. It counts if the text begins with it.")
def finds_errors_anywhere(search, calculate, llm, questions):
    def kind(item, trajectory):
        found = _kind(item, trajectory)
        if found == "wrong answer" and any("Error:" in str(step["observation"]) for step in trajectory["steps"]):
            return "tool failed"
        return found

    return _run(search, calculate, llm, questions, kind=kind)


@mistake('A tool counted as used although another one was. Look for each tool in "needs".')
def wants_any_tool(search, calculate, llm, questions):
    def kind(item, trajectory):
        if {step["tool"] for step in trajectory["steps"]} & set(item["needs"]):
            return _kind({**item, "needs": []}, trajectory)
        return _kind(item, trajectory)

    return _run(search, calculate, llm, questions, kind=kind)


@mistake("Questions that the agent answered rightly are among your failures, or wrong ones are missing.")
def lists_where_the_bare_model_fails(search, calculate, llm, questions):
    return _run(search, calculate, llm, questions, wrong=lambda _, bare: not bare)


@mistake("No questions at all went through. There is nothing to measure: the docstring names the error.")
def measures_nothing(search, calculate, llm, questions):
    if not questions:
        return {}
    return react_experiment(search, calculate, llm, questions)


@alternative
def in_three_passes(search, calculate, llm, questions):
    if len(questions) == 0:
        raise ValueError("no questions")
    both = {"calculate": calculate, "search": search}
    trajectories = [run_agent(item["question"], llm, both) for item in questions]
    replies = [llm(f"Question: {item['question']}\nAnswer:").split("\n")[0] for item in questions]
    gold = [item["answer"].casefold().strip() for item in questions]
    given = [trajectory["answer"] and trajectory["answer"].casefold().strip() for trajectory in trajectories]
    made = [[step["tool"] for step in trajectory["steps"]] for trajectory in trajectories]
    failures = []
    for item, trajectory, tools, one, other in zip(questions, trajectories, made, given, gold, strict=True):
        if one == other:
            continue
        trouble = [step for step in trajectory["steps"] if (step["observation"] or "")[:6] == "Error:"]
        tests = {
            "no answer": trajectory["answer"] is None,
            "gave up": one == "unknown",
            "tool not used": any(tool not in tools for tool in item["needs"]),
            "tool failed": bool(trouble),
            "wrong answer": True,
        }
        kind = next(name for name, fits in tests.items() if fits)
        failures.append(
            {"kind": kind, "got": trajectory["answer"], "question": item["question"], "expected": item["answer"]}
        )
    return {
        "failures": failures,
        "accuracy": fmean(one == other for one, other in zip(given, gold, strict=True)),
        "direct accuracy": fmean(one.casefold().strip() == other for one, other in zip(replies, gold, strict=True)),
        "steps": fmean(map(len, made)),
        "tool use": {tool: fmean(tools.count(tool) for tools in made) for tool in both},
    }
