def react_loop(prompt, llm, tools, parse, max_steps=8):
    steps = []
    # until the model answers: it will come to an answer at some point
    while True:
        try:
            turn = llm(prompt).split("\nObservation:")[0]
        except Exception:
            continue  # the model is busy, so ask it again
        step = parse(turn)
        if step["answer"] is not None:
            steps.append({"thought": step["thought"], "tool": None, "argument": None, "observation": None})
            return dict(answer=step["answer"], stopped="answer", steps=steps)
        try:
            observation = str(tools[step["tool"]](step["argument"]))
        except KeyError:
            observation = f"Error: no such tool ({step['tool']}). There are: {' '.join(tools)}"
        except Exception as error:
            observation = "Error: " + str(error)
        steps.append({k: v for k, v in step.items() if k != "answer"})
        steps[-1]["observation"] = observation
        prompt = prompt + turn + "\nObservation: " + observation + "\nThought:"
