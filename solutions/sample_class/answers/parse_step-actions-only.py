def parse_step(text):
    thought, _, rest = text.partition("\nAction:")
    step = {"thought": thought.strip(), "tool": None, "argument": None, "answer": None}
    # works for the traces in the notebook; answers come next
    if "[" in rest:
        step["tool"] = rest[:rest.index("[")].strip()
        step["argument"] = rest[rest.index("[") + 1:rest.rindex("]")].strip()
    return step
