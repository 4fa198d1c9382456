def bpe_merges(word_counts: dict[str, int], num_merges: int) -> list[tuple[str, str]]:
    words = {word: list(word) for word in word_counts}
    merges = []
    while len(merges) < num_merges:
        counts = {}
        for word, pieces in words.items():
            for pair in zip(pieces, pieces[1:]):
                counts[pair] = counts.get(pair, 0) + word_counts[word]
        if not counts or max(counts.values()) < 2:
            break
        best = max(counts, key=counts.get)
        merges.append(best)
        for word, pieces in words.items():
            new = []
            while pieces:
                if tuple(pieces[:2]) == best:
                    new.append(best[0] + best[1])
                    pieces = pieces[2:]
                else:
                    new.append(pieces[0])
                    pieces = pieces[1:]
            words[word] = new
    return merges
