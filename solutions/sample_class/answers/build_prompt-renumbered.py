def build_prompt(question, passages):
    order = passages[0::2] + list(reversed(passages[1::2]))
    prompt = "Context:\n" if order else ""
    for n, p in enumerate(order):
        prompt += "[" + str(n + 1) + "] " + p.strip() + "\n"
    prompt += "Question: " + question + "\n"
    prompt += "Answer:"
    return prompt
