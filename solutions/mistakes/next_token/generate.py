"""The generation loop: mistakes, and other right ways."""

from solutions.mistakes import Variants
from solutions.next_token import generate

variants = Variants("generate")
mistake, alternative = variants.mistake, variants.alternative


@mistake("The prompt is part of your result. Only the new ids are asked for.")
def returns_prompt_too(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return prompt + generate(model, prompt, max_new_tokens, choose, stop_tokens, context)


@mistake("The stop token is part of your result. It ends the text and is not written.")
def keeps_stop_token(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context, keep_stop=True)


@mistake("Your loop does not end at a stop token: it goes on asking until the limit is reached.")
def ignores_stop_tokens(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt, max_new_tokens, choose, (), context)


@mistake("The model is asked about the same ids every time. Each new token joins what it is shown next.")
def forgets_new_tokens(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if not prompt:
        raise ValueError("empty")
    new = []
    for _ in range(max_new_tokens):
        token = choose(model(prompt if context is None else prompt[-context:]))
        if token in stop_tokens:
            break
        new.append(token)
    return new


@mistake("The model is shown the first `context` ids. What matters for the next token are the last ones.")
def keeps_first_context(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context, first=True)


@mistake("`context` has no effect: the model is shown more ids than it may see.")
def ignores_context(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt, max_new_tokens, choose, stop_tokens, None)


@mistake(
    "You cut only the prompt to `context`. The ids that are written count as well, so cut anew in each round.",
)
def crops_prompt_once(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt if context is None else prompt[-context:], max_new_tokens, choose, stop_tokens)


@mistake("Your loop writes one token more than the limit allows. At a limit of 0 the model is not asked at all.")
def writes_one_too_many(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt, max_new_tokens + 1, choose, stop_tokens, context)


@mistake("`max_new_tokens` counts the new tokens only. Yours counts the prompt too.")
def counts_prompt(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt, max(0, max_new_tokens - len(prompt)), choose, stop_tokens, context)


@mistake("The list that was passed as the prompt grew: you appended to it. Work on a copy.")
def appends_to_prompt(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    new = generate(model, prompt, max_new_tokens, choose, stop_tokens, context)
    prompt.extend(new)
    return new


@mistake("You picked the token yourself, with argmax. The choice belongs to the function `choose`.")
def picks_greedily(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(model, prompt, max_new_tokens, lambda logits: int(logits.argmax()), stop_tokens, context)


@mistake("`choose` received probabilities. It is promised the model's logits, unchanged.")
def passes_probabilities(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return generate(lambda ids: model(ids).softmax(-1), prompt, max_new_tokens, choose, stop_tokens, context)


@mistake("An empty prompt went through. There is nothing to predict from: the docstring names the error.")
def accepts_empty_prompt(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    return _loop(model, prompt, max_new_tokens, choose, stop_tokens, context)


def _loop(model, prompt, max_new_tokens, choose, stop_tokens, context, *, keep_stop=False, first=False):
    """Run the loop with one thing changed."""
    ids = list(prompt)
    for _ in range(max_new_tokens):
        seen = ids if context is None else ids[:context] if first else ids[-context:]
        token = choose(model(list(seen)))
        if token in stop_tokens:
            if keep_stop:
                ids.append(token)
            break
        ids.append(token)
    if not prompt and (keep_stop or first):
        raise ValueError("empty")
    return ids[len(prompt) :]


@alternative
def by_recursion(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if len(prompt) == 0:
        raise ValueError("empty prompt")
    if max_new_tokens <= 0:
        return []
    token = choose(model(prompt[-context:] if context else prompt))
    if token in stop_tokens:
        return []
    return [token, *by_recursion(model, [*prompt, token], max_new_tokens - 1, choose, stop_tokens, context)]


@alternative
def with_separate_window(model, prompt, max_new_tokens, choose, stop_tokens=(), context=None):
    if not prompt:
        raise ValueError("empty prompt")
    new = []
    while len(new) < max_new_tokens:
        window = (prompt + new)[-(context or len(prompt) + len(new)) :]
        token = choose(model(window))
        if token in set(stop_tokens):
            break
        new += [token]
    return new
