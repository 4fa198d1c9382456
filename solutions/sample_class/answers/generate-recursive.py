def generate(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if len(prompt) == 0:
        raise ValueError("the prompt is empty")
    if max_new_tokens == 0:
        return []
    token = choose(model(prompt if context is None else prompt[-context:]))
    if token in stop_tokens:
        return []
    return [token] + generate(model, prompt + [token], max_new_tokens - 1, choose, stop_tokens, context)
