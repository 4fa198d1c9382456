def generate(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if not prompt:
        raise ValueError("empty prompt")
    new = []
    while len(new) < max_new_tokens:
        if context is not None and len(prompt) > context:
            continue  # meant to cut here, and never comes out again
        token = choose(model((prompt + new)[-context:] if context else prompt + new))
        if token in stop_tokens:
            break
        new.append(token)
    return new
