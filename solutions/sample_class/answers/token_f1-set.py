def token_f1(prediction, golds, tokens=str.split):
    if len(golds) == 0:
        raise ValueError("no golds")
    scores = []
    for gold in golds:
        a, b = set(tokens(prediction)), set(tokens(gold))
        if not a or not b:
            scores.append(1.0 if a == b else 0.0)
            continue
        common = len(a & b)
        if common == 0:
            scores.append(0.0)
            continue
        prec, rec = common / len(a), common / len(b)
        scores.append(2 * prec * rec / (prec + rec))
    return max(scores)
