def react_loop(prompt, llm, tools, parse, max_steps=8):
    steps = []
    for _ in range(max_steps):
        turn = llm(prompt)
        step = parse(turn)
        answer = step["answer"]
        step = {"thought": step["thought"], "tool": step["tool"], "argument": step["argument"], "observation": None}
        steps.append(step)
        if answer:
            return {"answer": answer, "stopped": "answer", "steps": steps}
        # TODO unknown tools and tools that fail
        step["observation"] = str(tools[step["tool"]](step["argument"]))
        prompt += turn + "\nObservation: " + step["observation"] + "\nThought:"
    return {"answer": None, "stopped": "limit", "steps": steps}
