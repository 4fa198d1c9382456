def react_loop(prompt, llm, tools, parse, max_steps=8):
    if max_steps < 1:
        raise ValueError("at least one turn is needed")

    def do(name, text):
        if name is None:
            return "Error: I found neither an action nor an answer in that."
        if name not in tools:
            known = ", ".join(sorted(tools)) or "none at all"
            return "Error: unknown tool " + name + "; known tools: " + known
        try:
            return "%s" % (tools[name](text),)
        except Exception as problem:
            return "Error: " + str(problem)

    transcript, history, answer = prompt, [], None
    for number in range(max_steps):
        turn = llm(transcript)
        invented = turn.find("\nObservation:")
        if invented >= 0:
            turn = turn[:invented]
        parsed = parse(turn)
        entry = {k: parsed[k] for k in ("thought", "tool", "argument")}
        history.append(entry)
        answer = parsed["answer"]
        if answer is not None:
            why, entry["observation"] = "answer", None
            break
        entry["observation"] = do(parsed["tool"], parsed["argument"])
        transcript = "".join([transcript, turn, "\nObservation: ", entry["observation"], "\nThought:"])
    else:
        why = "limit"
    return {"steps": history, "stopped": why, "answer": answer}
