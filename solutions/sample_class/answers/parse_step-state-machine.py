def parse_step(text):
    ANSWER, ACTION = "Answer:", "Action:"
    before, kind, behind = [], None, None
    lines = text.split("\n")
    for number, line in enumerate(lines):
        start = line.lstrip(" \t")
        if start.startswith("Observation:"):
            lines = lines[:number]
            break
    for number, line in enumerate(lines):
        start = line.lstrip(" \t")
        if start.startswith(ACTION) or start.startswith(ANSWER):
            kind = start[:7]
            behind = "\n".join([start[7:]] + lines[number + 1:])
            break
        before.append(line)

    thought = "\n".join(before).strip()
    if thought[:8] == "Thought:":
        thought = thought[8:].strip()
    tool, argument, answer = None, None, None
    if kind == ANSWER:
        answer = behind.strip()
    elif kind == ACTION:
        name, open_at = "", behind.find("[")
        if open_at >= 0:
            name = behind[:open_at].strip()
        if name and all(c == "_" or c.isalnum() for c in name):
            stack = []
            for i in range(open_at, len(behind)):
                if behind[i] == "[":
                    stack.append(i)
                elif behind[i] == "]":
                    stack.pop()
                    if not stack:
                        tool, argument = name, behind[open_at + 1:i].strip()
                        break
    if tool == "finish":
        answer, tool, argument = argument, None, None
    return dict(thought=thought, tool=tool, argument=argument, answer=answer if answer else None)
