def token_f1(prediction, golds, tokens=str.split):
    mine = Counter(tokens(prediction))
    for answer in golds:
        gold = Counter(tokens(answer))
        shared = sum((mine & gold).values())
        precision = shared / sum(mine.values())
        recall = shared / sum(gold.values())
        f1 = 2 * (precision * recall) / (precision + recall)
    # TODO the best one, not the last
    return f1
