def parse_step(text):
    step = {"thought": "", "tool": None, "argument": None, "answer": None}
    text = text.split("\nObservation:")[0]
    if "Answer:" in text:
        thought, answer = text.split("Answer:", 1)
        step["answer"] = answer.strip() or None
    else:
        thought = text.split("Action:")[0]
        m = re.search(r"Action:\s*(\w+)\[(.+?)\]", text)
        if m and m.group(1) == "finish":
            step["answer"] = m.group(2).strip()
        elif m:
            step["tool"] = m.group(1)
            step["argument"] = m.group(2).strip()
    step["thought"] = thought.replace("Thought:", "").strip()
    return step
