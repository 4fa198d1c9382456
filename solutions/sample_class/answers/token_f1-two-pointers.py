def token_f1(prediction, golds, tokens=str.split):
    if not golds:
        raise ValueError("no gold answers given")
    a = sorted(tokens(prediction))

    def f1(b):
        if not a or not b:
            return float(len(a) == len(b))
        i = j = n = 0
        while i < len(a) and j < len(b):
            if a[i] == b[j]:
                i, j, n = i + 1, j + 1, n + 1
            elif a[i] < b[j]:
                i += 1
            else:
                j += 1
        if n == 0:
            return 0.0
        p, r = n / len(a), n / len(b)
        return 2 / (1 / p + 1 / r)

    return max(f1(sorted(tokens(gold))) for gold in golds)
