def build_prompt(question, passages):
    text = ""
    if passages:
        text = "Context:\n"
    for i, passage in enumerate(passages):
        text += f"[{i + 1}] {' '.join(passage.split())}\n"
    return text + f"Question: {question}\nAnswer:"
