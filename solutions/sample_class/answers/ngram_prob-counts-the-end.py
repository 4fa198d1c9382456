def ngram_prob(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError("k is negative")
    n = len(context)
    if n == 0:
        return (words.count(word) + k) / (len(words) + k * vocabulary_size)
    seen = 0
    both = 0
    for i in range(len(words)):
        if words[i : i + n] == context:
            seen += 1
            if words[i + n : i + n + 1] == [word]:
                both += 1
    if seen + k == 0:
        return 1 / vocabulary_size
    return (both + k) / (seen + k * vocabulary_size)
