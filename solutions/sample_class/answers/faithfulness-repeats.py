def faithfulness(answer, passages, claims):
    stated = claims(answer)
    context = claims(" ".join(passages))
    supported = 0
    for claim in stated:
        if claim in context:
            supported += 1
    return supported / max(len(stated), 1)
