"""Byte-pair merges: mistakes, and other right ways."""

import re
from collections import Counter

from solutions.mistakes import Variants
from solutions.next_token import bpe_merges

variants = Variants("bpe_merges")
mistake, alternative = variants.mistake, variants.alternative


def _count(words):
    counts = Counter()
    for pieces, count in words:
        for pair in zip(pieces, pieces[1:], strict=False):
            counts[pair] += count
    return counts


def _merge(pieces, pair):
    merged, at = [], 0
    while at < len(pieces):
        if tuple(pieces[at : at + 2]) == pair:
            merged.append(pair[0] + pair[1])
            at += 2
        else:
            merged.append(pieces[at])
            at += 1
    return merged


def _learn(word_counts, num_merges, *, count=_count, merge=_merge, key=None, least=2, renew=False):
    """Learn merges with one thing changed; `key` orders the pairs by their counts and the ages of pieces."""
    words = [(list(word), times) for word, times in word_counts.items()]
    age = {piece: number for number, piece in enumerate(sorted(set("".join(word_counts))))}
    key = key or (lambda pair, counts, age: (-counts[pair], age[pair[0]], age[pair[1]]))
    merges = []
    while len(merges) < num_merges:
        counts = count(words)
        if not counts:
            break
        best = min(counts, key=lambda pair: key(pair, counts, age))
        if counts[best] < least:
            break
        merges.append(best)
        if renew or best[0] + best[1] not in age:
            age[best[0] + best[1]] = len(age) + len(merges)
        words = [(merge(pieces, best), times) for pieces, times in words]
    return merges


@mistake("Each word of the table counted once in your code, however often it occurs. Where do the counts come in?")
def ignores_the_counts(word_counts, num_merges):
    def count(words):
        return Counter({pair: 2 * times for pair, times in _count([(pieces, 1) for pieces, _ in words]).items()})

    return _learn(word_counts, num_merges, count=count)


@mistake("You merged a pair that reaches from one word into the next. Words stay apart.")
def joins_the_words(word_counts, num_merges):
    def count(words):
        counts = _count(words)
        for (one, times), (other, _) in zip(words, words[1:], strict=False):
            counts[one[-1], other[0]] += times
        return counts

    return _learn(word_counts, num_merges, count=count)


@mistake("Among equally frequent pairs you took the one met first. Which piece is older decides.")
def takes_the_first_met(word_counts, num_merges):
    return _learn(word_counts, num_merges, key=lambda pair, counts, age: -counts[pair])


@mistake("Among equally frequent pairs you took the one with the younger pieces. The older ones win.")
def takes_the_youngest(word_counts, num_merges):
    return _learn(word_counts, num_merges, key=lambda pair, counts, age: (-counts[pair], -age[pair[0]], -age[pair[1]]))


@mistake(
    "You settled ties by the alphabet. That is right for characters; a merged piece is younger than all of them.",
)
def settles_ties_by_alphabet(word_counts, num_merges):
    return _learn(word_counts, num_merges, key=lambda pair, counts, age: (-counts[pair], pair))


@mistake("Ties between pairs with the same left piece are settled wrongly. There the older right piece wins.")
def looks_at_the_left_only(word_counts, num_merges):
    return _learn(word_counts, num_merges, key=lambda pair, counts, age: (-counts[pair], age[pair[0]], -age[pair[1]]))


@mistake("Your characters are aged in the order in which they were met. The order of their code points counts.")
def ages_characters_as_met(word_counts, num_merges):
    met = list(dict.fromkeys("".join(word_counts)))

    def key(pair, counts, age):
        return (-counts[pair], *(met.index(piece) if piece in met else len(met) + age[piece] for piece in pair))

    return _learn(word_counts, num_merges, key=key)


@mistake("You merged a pair that occurs only once. Learning ends when no pair counts at least 2.")
def merges_singletons(word_counts, num_merges):
    return _learn(word_counts, num_merges, least=1)


@mistake("You counted the pairs once, at the beginning. A merge makes new pairs and ends others: count in each round.")
def counts_only_once(word_counts, num_merges):
    words = [(list(word), times) for word, times in word_counts.items()]
    counts = _count(words)
    return [pair for pair in sorted(counts, key=lambda pair: (-counts[pair], pair)) if counts[pair] > 1][:num_merges]


@mistake("A pair that stands twice in one word was counted once there. Every position counts.")
def counts_a_word_once(word_counts, num_merges):
    def count(words):
        counts = Counter()
        for pieces, times in words:
            for pair in set(zip(pieces, pieces[1:], strict=False)):
                counts[pair] += times
        return counts

    return _learn(word_counts, num_merges, count=count)


@mistake("You skipped overlapping pairs when counting: in `aaa`, the pair (a, a) stands at two positions.")
def counts_without_overlap(word_counts, num_merges):
    def count(words):
        counts = Counter()
        for pieces, times in words:
            at = {}
            for number, pair in enumerate(zip(pieces, pieces[1:], strict=False)):
                if at.get(pair) != number - 1 or pair[0] != pair[1]:
                    counts[pair] += times
                    at[pair] = number
        return counts

    return _learn(word_counts, num_merges, count=count)


@mistake(
    "You replaced in joined text, and so merged an end of one piece with a beginning of another. Compare whole pieces."
)
def replaces_in_joined_text(word_counts, num_merges):
    return _learn(
        word_counts,
        num_merges,
        merge=lambda pieces, pair: " ".join(pieces).replace(" ".join(pair), "".join(pair)).split(),
    )


@mistake("Your replacement uses one piece twice where a pair overlaps itself. Go on behind what was merged.")
def replaces_with_overlap(word_counts, num_merges):
    def merge(pieces, pair):
        merged, skip = [], False
        for left, right in zip(pieces, [*pieces[1:], None], strict=True):
            if (left, right) == pair:
                merged.append(left + right)
                skip = True
            else:
                if not skip:
                    merged.append(left)
                skip = False
        return merged

    return _learn(word_counts, num_merges, merge=merge)


@mistake("Only the first place in each word was merged. The pair is replaced wherever it stands.")
def replaces_once_in_a_word(word_counts, num_merges):
    def merge(pieces, pair):
        for at in range(len(pieces) - 1):
            if (pieces[at], pieces[at + 1]) == pair:
                return [*pieces[:at], pair[0] + pair[1], *pieces[at + 2 :]]
        return pieces

    return _learn(word_counts, num_merges, merge=merge)


@mistake("An empty table, or one whose pairs have run out, ends in an error. Then there is nothing left to learn.")
def fails_when_pairs_run_out(word_counts, num_merges):
    merges = bpe_merges(word_counts, num_merges)
    if len(merges) < num_merges and sum(map(len, word_counts)) == 0:
        max(word_counts.values())
    return merges


@mistake("The table that you were given is not the same any more. Work on lists of your own.")
def empties_the_table(word_counts, num_merges):
    merges = bpe_merges(word_counts, num_merges)
    for word in list(word_counts):
        word_counts[" ".join(word)] = word_counts.pop(word)
    return merges


@alternative
def with_regular_expressions(word_counts, num_merges):
    """Sennrich's own way, with the tie rule of the task."""
    table = {"\t".join(word): count for word, count in word_counts.items()}
    order = sorted({character for word in word_counts for character in word})
    merges = []
    for _ in range(num_merges):
        pairs = Counter()
        for word, count in table.items():
            pieces = word.split("\t")
            for index in range(len(pieces) - 1):
                pairs[pieces[index], pieces[index + 1]] += count
        if not pairs or max(pairs.values()) < 2:
            break
        most = max(pairs.values())
        best = min(
            (pair for pair, count in pairs.items() if count == most),
            key=lambda pair: [order.index(piece) for piece in pair],
        )
        merges.append(best)
        if "".join(best) not in order:
            order.append("".join(best))
        pattern = re.compile(r"(?<![^\t])" + re.escape("\t".join(best)) + r"(?![^\t])")
        table = {pattern.sub("".join(best).replace("\\", "\\\\"), word): count for word, count in table.items()}
    return merges


@alternative
def with_numbers_for_pieces(word_counts, num_merges):
    texts = sorted(set("".join(word_counts)))
    words = [[texts.index(character) for character in word] for word in word_counts]
    times = list(word_counts.values())
    merges = []
    while len(merges) < num_merges:
        counts = {}
        for ids, count in zip(words, times, strict=True):
            for pair in zip(ids, ids[1:], strict=False):
                counts[pair] = counts.get(pair, 0) + count
        best, most = min(counts.items(), key=lambda item: (-item[1], item[0]), default=(None, 0))
        if most < 2:
            break
        left, right = (texts[number] for number in best)
        merges.append((left, right))
        if left + right not in texts:
            texts.append(left + right)
        words = [_merged(ids, best, texts.index(left + right)) for ids in words]
    return merges


def _merged(ids, pair, new):
    if len(ids) < 2:
        return ids
    if (ids[0], ids[1]) == pair:
        return [new, *_merged(ids[2:], pair, new)]
    return [ids[0], *_merged(ids[1:], pair, new)]
