from collections import defaultdict


def bm25_scores(query, documents, k1=1.5, b=0.75):
    # an inverted index: word -> {number of document: how often}
    postings = defaultdict(dict)
    for i, doc in enumerate(documents):
        for word in doc:
            postings[word][i] = postings[word].get(i, 0) + 1

    N = len(documents)
    all_words = sum(len(doc) for doc in documents)
    out = np.zeros(N)
    for word in query:
        if word not in postings:
            continue
        # 1 + (N - n + .5) / (n + .5) is (N + 1) / (n + .5)
        idf = math.log((N + 1.0) / (len(postings[word]) + 0.5))
        for i, f in postings[word].items():
            relative_length = len(documents[i]) * N / all_words
            out[i] += idf / (1 + (k1 / f) * (1 + b * (relative_length - 1)))
    return out
