def parse_step(text):
    thought, tool, argument, answer = [], None, None, None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("Observation:"):
            break
        elif line.startswith("Action:"):
            call = line[len("Action:"):].strip()
            if "[" in call and call.endswith("]"):
                tool, argument = call[:-1].split("[", 1)
        elif line.startswith("Answer:"):
            answer = line[len("Answer:"):].strip()
        else:
            thought.append(line.removeprefix("Thought:").strip())
    if tool == "finish":
        tool, argument, answer = None, None, argument
    return {"thought": "\n".join(thought).strip(), "tool": tool, "argument": argument, "answer": answer or None}
