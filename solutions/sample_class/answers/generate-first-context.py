def generate(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if not prompt:
        raise ValueError("empty prompt")
    ids = list(prompt)
    for _ in range(max_new_tokens):
        token = choose(model(ids[:context]))
        if token in stop_tokens:
            break
        ids.append(token)
    return ids[len(prompt):]
