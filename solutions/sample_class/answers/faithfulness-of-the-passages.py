def faithfulness(answer, passages, claims):
    context = set()
    for passage in passages:
        context |= set(claims(passage))
    mine = set(claims(answer))
    if not mine:
        return 1.0
    if not context:
        return 0.0
    return len(mine & context) / len(context)
