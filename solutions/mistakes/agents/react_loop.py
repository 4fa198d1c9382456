"""The loop of an agent: mistakes, and other right ways."""

from solutions.agents import react_loop
from solutions.mistakes import Variants

variants = Variants("react_loop")
mistake, alternative = variants.mistake, variants.alternative

_CUT = "\nObservation:"


@mistake("The action stands twice in the prompt: the model has written it already. Add only what is new.")
def repeats_the_action(prompt, llm, tools, parse, max_steps=8):
    def shown(prompt, turn, step, observation):
        return f"{prompt}{turn}\nAction: {step['tool']}[{step['argument']}]\nObservation: {observation}\nThought:"

    return _loop(prompt, llm, tools, parse, max_steps, shown=shown)


@mistake("The model's own turn is missing from the next prompt. It sees an observation, but not what it asked for.")
def forgets_the_turn(prompt, llm, tools, parse, max_steps=8):
    def shown(prompt, turn, step, observation):
        return f"{prompt}\nObservation: {observation}\nThought:"

    return _loop(prompt, llm, tools, parse, max_steps, shown=shown)


@mistake("Each prompt holds only the last turn. The model must see everything so far, from the question on.")
def forgets_the_turns_before(prompt, llm, tools, parse, max_steps=8):
    def shown(_, turn, step, observation):
        return f"{prompt}{turn}\nObservation: {observation}\nThought:"

    return _loop(prompt, llm, tools, parse, max_steps, shown=shown)


@mistake("The observation never reaches the model: the next prompt does not hold it.")
def hides_the_observation(prompt, llm, tools, parse, max_steps=8):
    def shown(prompt, turn, step, observation):
        return f"{prompt}{turn}\nThought:"

    return _loop(prompt, llm, tools, parse, max_steps, shown=shown)


@mistake("A tool that does not exist ended your loop with an error. Tell the model instead, and go on.")
def trips_over_unknown_tools(prompt, llm, tools, parse, max_steps=8):
    def unknown(tool):
        raise KeyError(tool)

    return _loop(prompt, llm, tools, parse, max_steps, unknown=unknown)


@mistake("The error for an unknown tool does not say which tools there are. The model cannot know them otherwise.")
def keeps_the_tools_to_itself(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, unknown=lambda tool: f"Error: there is no tool {tool}.")


@mistake("An exception in a tool ended your loop. It is an observation like any other: tell the model, and go on.")
def trips_over_failing_tools(prompt, llm, tools, parse, max_steps=8):
    def failed(error):
        raise error

    return _loop(prompt, llm, tools, parse, max_steps, failed=failed)


@mistake("The observation does not say what went wrong in the tool. Its exception has a text: pass it on.")
def hides_what_failed(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, failed=lambda error: "Error: the tool failed.")


@mistake("Only ValueError is caught. A tool may raise any `Exception`.")
def catches_value_errors_only(prompt, llm, tools, parse, max_steps=8):
    def failed(error):
        if not isinstance(error, ValueError):
            raise error
        return f"Error: {error}"

    return _loop(prompt, llm, tools, parse, max_steps, failed=failed)


@mistake("A turn without an action ended your loop. Tell the model that there was none, and ask again.")
def gives_up_without_an_action(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, idle="stop")


@mistake("After a turn without an action the model was asked the same again. Tell it in an observation what is wrong.")
def says_nothing_without_an_action(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, idle="silent")


@mistake("Your loop takes one turn more than `max_steps` allows.")
def goes_one_step_too_far(prompt, llm, tools, parse, max_steps=8):
    if max_steps < 1:
        raise ValueError("max_steps")
    return react_loop(prompt, llm, tools, parse, max_steps + 1)


@mistake("Your loop ends one turn too early: `max_steps` turns are allowed, the answer's among them.")
def ends_one_step_early(prompt, llm, tools, parse, max_steps=8):
    if max_steps < 1:
        raise ValueError("max_steps")
    if max_steps == 1:
        return {"answer": None, "stopped": "limit", "steps": []}
    return react_loop(prompt, llm, tools, parse, max_steps - 1)


@mistake("`max_steps` counts turns, all of them. Yours counts only those with a tool.")
def never_carries_out_the_last_action(prompt, llm, tools, parse, max_steps=8):
    calls = []

    def counted(turn):
        calls.append(turn)
        return parse(turn)

    def limited(name):
        return lambda argument: tools[name](argument) if len(calls) < max_steps else None

    return react_loop(prompt, llm, {name: limited(name) for name in tools}, counted, max_steps)


@mistake("The model's invented observation is in your prompt. Cut the turn before you use it.")
def shows_invented_observations(prompt, llm, tools, parse, max_steps=8):
    def cut(turn):
        return parse(turn.partition(_CUT)[0])

    return _loop(prompt, llm, tools, cut, max_steps, cut=False)


@mistake("Something that the model invented behind `Observation:` was parsed. Cut the turn before you parse it.")
def believes_invented_observations(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, cut=False)


@mistake("The step with the answer is missing from the trajectory. Each turn is a step.")
def forgets_the_last_step(prompt, llm, tools, parse, max_steps=8):
    result = react_loop(prompt, llm, tools, parse, max_steps)
    return {**result, "steps": result["steps"][:-1]} if result["stopped"] == "answer" else result


@mistake("The observation is what the tool returned, whatever its type. A model reads text: turn it into one.")
def keeps_the_type_of_results(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, text=lambda result: result)


@mistake("A tool that returned None left nothing to read. None has a text too, and the model should see it.")
def shows_nothing_for_none(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, text=lambda result: str(result) if result is not None else "")


@mistake("A limit below 1 went through. The docstring names the error.")
def accepts_any_limit(prompt, llm, tools, parse, max_steps=8):
    return _loop(prompt, llm, tools, parse, max_steps, check=False)


def _shown(prompt, turn, step, observation):
    return f"{prompt}{turn}\nObservation: {observation}\nThought:"


def _loop(
    prompt,
    llm,
    tools,
    parse,
    max_steps,
    *,
    shown=_shown,
    unknown=None,
    failed=str,
    idle="tell",
    cut=True,
    text=str,
    check=True,
):
    """Run the loop with one thing changed."""
    if check and max_steps < 1:
        raise ValueError("max_steps")
    unknown = unknown or (lambda tool: f"Error: no tool {tool}, but {', '.join(tools)}")
    steps = []
    for _ in range(max_steps):
        turn = llm(prompt)
        if cut:
            turn = turn.partition(_CUT)[0]
        step = parse(turn)
        observation = None
        if step["answer"] is None:
            if step["tool"] is None:
                if idle == "stop":
                    return {"answer": turn, "stopped": "answer", "steps": steps}
                observation = "Error: no action" if idle == "tell" else ""
            elif step["tool"] not in tools:
                observation = unknown(step["tool"])
            else:
                try:
                    observation = text(tools[step["tool"]](step["argument"]))
                except Exception as error:
                    said = failed(error)
                    observation = said if said.startswith("Error:") else f"Error: {said}"
        steps.append({key: step[key] for key in ("thought", "tool", "argument")} | {"observation": observation})
        if step["answer"] is not None:
            return {"answer": step["answer"], "stopped": "answer", "steps": steps}
        prompt = prompt if idle == "silent" and step["tool"] is None else shown(prompt, turn, step, observation)
    return {"answer": None, "stopped": "limit", "steps": steps}


@alternative
def by_recursion(prompt, llm, tools, parse, max_steps=8):
    if max_steps <= 0:
        raise ValueError("at least one step")
    written = llm(prompt)
    if _CUT in written:
        written = written[: written.index(_CUT)]
    step = dict(parse(written))
    answer = step.pop("answer")
    if answer is not None:
        return {"steps": [{**step, "observation": None}], "answer": answer, "stopped": "answer"}
    step["observation"] = _observe(step, tools)
    if max_steps == 1:
        return {"steps": [step], "answer": None, "stopped": "limit"}
    after = by_recursion(
        f"{prompt}{written}\n\nObservation:  {step['observation']}\nThought: ", llm, tools, parse, max_steps - 1
    )
    return {**after, "steps": [step, *after["steps"]]}


def _observe(step, tools):
    if step["tool"] is None:
        return "Error: please write an action"
    try:
        tool = tools[step["tool"]]
    except KeyError:
        return f"Error: {step['tool']} is not one of {sorted(tools)}"
    try:
        return f"{tool(step['argument'])}"
    except Exception as error:
        return f"Error: {type(error).__name__}: {error}"


@alternative
def with_a_list_of_parts(prompt, llm, tools, parse, max_steps=8):
    if not max_steps > 0:
        raise ValueError("max_steps")
    parts, steps = [prompt], []
    while len(steps) < max_steps:
        turn = llm("".join(parts)).split(_CUT, 1)[0].rstrip()
        step = parse(turn)
        steps.append(
            {"observation": None, "thought": step["thought"], "tool": step["tool"], "argument": step["argument"]}
        )
        if step["answer"] is not None:
            return {"answer": step["answer"], "stopped": "answer", "steps": steps}
        steps[-1]["observation"] = _observe(step, tools)
        parts += [turn, "\nObservation: ", steps[-1]["observation"], "\nThought:"]
    return {"answer": None, "stopped": "limit", "steps": steps}
