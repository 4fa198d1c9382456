def token_f1(prediction, golds, tokens=str.split):
    pred = tokens(prediction)
    best = 0
    for gold in golds:
        gold = tokens(gold)
        hits = len([t for t in pred if t in gold])
        if hits == 0:
            continue
        p = hits / len(pred)
        r = hits / len(gold)
        best = max(best, 2 * p * r / (p + r))
    return float(best)
