def exact_match(prediction, golds):
    if not golds:
        raise ValueError("no gold answers given")

    def normalize(s):
        s = s.lower()
        for mark in string.punctuation:
            s = s.replace(mark, "")
        words = s.split()
        for article in ("the", "an", "a"):
            while article in words:
                words.remove(article)
        return words

    mine = normalize(prediction)
    for gold in golds:
        if normalize(gold) == mine:
            return True
    return False
