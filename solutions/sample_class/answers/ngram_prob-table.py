from collections import Counter


def ngram_prob(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError("k is negative")
    n = len(context)
    rows = {}
    for i in range(len(words) - n):
        rows.setdefault(tuple(words[i : i + n]), Counter())[words[i + n]] += 1
    row = rows.get(tuple(context), Counter())
    below = sum(row.values()) + k * vocabulary_size
    return (row[word] + k) / below if below else 1 / vocabulary_size
