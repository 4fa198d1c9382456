def build_prompt(question, passages):
    lines = []
    for i, text in enumerate(passages):
        # always into the middle of what is there already
        lines.insert((i + 1) // 2, "[%d] %s" % (i + 1, re.sub(r"\s+", " ", text).strip()))
    if lines:
        lines.insert(0, "Context:")
    lines.append("Question: " + question)
    lines.append("Answer:")
    return "\n".join(lines)
