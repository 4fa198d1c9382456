import re


def bpe_merges(word_counts: dict[str, int], num_merges: int) -> list[tuple[str, str]]:
    table = {"\t".join(word): count for word, count in word_counts.items()}
    known = sorted({letter for word in word_counts for letter in word})
    merges = []
    for _ in range(num_merges):
        counts = {}
        for word, count in table.items():
            pieces = word.split("\t")
            for pair in zip(pieces, pieces[1:]):
                counts[pair] = counts.get(pair, 0) + count
        ranked = sorted(counts, key=lambda pair: (-counts[pair], known.index(pair[0]), known.index(pair[1])))
        if not ranked or counts[ranked[0]] < 2:
            break
        left, right = ranked[0]
        merges.append((left, right))
        if left + right not in known:
            known.append(left + right)
        pattern = re.compile(r"(?<![^\t])" + re.escape(left + "\t" + right) + r"(?![^\t])")
        table = {pattern.sub(lambda found: found.group().replace("\t", ""), word): table[word] for word in table}
    return merges
