def ngram_prob(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError("k is negative")
    if not context:
        both, seen = words.count(word), len(words)
    else:
        text, start, whole = " ".join(words), " ".join(context), " ".join(context + [word])
        both = sum(text.startswith(whole, i) for i in range(len(text)))
        text = " ".join(words[:-1])
        seen = sum(text.startswith(start, i) for i in range(len(text)))
    below = seen + k * vocabulary_size
    return 1 / vocabulary_size if below == 0 else (both + k) / below
