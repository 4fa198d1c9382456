def react_loop(prompt, llm, tools, parse, max_steps=8):
    if max_steps < 1:
        raise ValueError("max_steps must be 1 or more")
    steps = []
    for i in range(max_steps):
        output = llm(prompt).split("\nObservation:")[0]
        p = parse(output)
        step = {"thought": p["thought"], "tool": p["tool"], "argument": p["argument"], "observation": None}
        steps.append(step)
        if p["answer"] is not None:
            return {"answer": p["answer"], "stopped": "answer", "steps": steps}
        if p["tool"] is None:
            obs = "Error: no action found"
        elif p["tool"] not in tools:
            obs = f"Error: {p['tool']} is not a tool, use one of {list(tools)}"
        else:
            try:
                obs = str(tools[p["tool"]](p["argument"]))
            except Exception as e:
                obs = f"Error: {e}"
        step["observation"] = obs
        prompt += output
        if p["tool"] is not None:
            prompt += f"\nAction: {p['tool']}[{p['argument']}]"
        prompt += "\nObservation: " + obs + "\nThought:"
    return {"answer": None, "stopped": "limit", "steps": steps}
