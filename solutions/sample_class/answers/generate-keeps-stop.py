def generate(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if not prompt:
        raise ValueError("empty prompt")
    new = []
    while len(new) < max_new_tokens:
        seen = prompt + new
        if context is not None:
            seen = seen[-context:]
        new.append(choose(model(seen)))
        if new[-1] in stop_tokens:
            break
    return new
