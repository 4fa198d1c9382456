def exact_match(prediction, golds):
    if not golds:
        raise ValueError("no gold")

    def norm(s):
        s = "".join(c for c in s.lower() if c.isalnum() or c == " ")
        return " ".join([x for x in s.split(" ") if x not in ["a", "an", "the", ""]])

    p = norm(prediction)
    return any(norm(g) in p for g in golds)
