"""The n-gram probability: mistakes, and other right ways."""

from collections import Counter, defaultdict

from solutions.mistakes import Variants
from solutions.next_token import ngram_prob

variants = Variants("ngram_prob")
mistake, alternative = variants.mistake, variants.alternative


def _followers(words, context):
    n = len(context)
    return [words[i + n] for i in range(len(words) - n) if words[i : i + n] == context]


def _share(count, total, vocabulary_size, k):
    """Divide with add-k smoothing, as the task defines it, but for what was counted."""
    if k < 0:
        raise ValueError("k")
    total += k * vocabulary_size
    return 1 / vocabulary_size if total == 0 else (count + k) / total


@mistake(
    "You divided by the length of the whole text. Only the places that follow this context belong under the fraction.",
)
def divides_by_the_text(words, context, word, vocabulary_size, k=0.0):
    followers = _followers(words, context)
    if not followers:
        return ngram_prob(words, context, word, vocabulary_size, k)
    return _share(followers.count(word), len(words), vocabulary_size, k)


@mistake(
    "You counted a context that stands at the very end of the text. Nothing follows it there, so it counts nowhere.",
)
def counts_the_end(words, context, word, vocabulary_size, k=0.0):
    n = len(context)
    places = sum(words[i : i + n] == context for i in range(len(words) - n + 1)) if n else len(words)
    return _share(_followers(words, context).count(word), places, vocabulary_size, k)


@mistake("You looked at the last word of the context only. All of its words must stand there, in order.")
def reads_only_the_last_word(words, context, word, vocabulary_size, k=0.0):
    return ngram_prob(words, context[-1:], word, vocabulary_size, k)


@mistake("You compared the context without its order: the same words in another order are another context.")
def forgets_the_order(words, context, word, vocabulary_size, k=0.0):
    n = len(context)
    followers = [words[i + n] for i in range(len(words) - n) if sorted(words[i : i + n]) == sorted(context)]
    return _share(followers.count(word), len(followers), vocabulary_size, k)


@mistake(
    "You counted what stands before the context. Asked is the word that comes behind it.",
)
def looks_the_other_way(words, context, word, vocabulary_size, k=0.0):
    return ngram_prob(words[::-1], context[::-1], word, vocabulary_size, k)


@mistake("You added k above the fraction line only. Then the probabilities of all words sum to more than 1.")
def smooths_only_above(words, context, word, vocabulary_size, k=0.0):
    followers = _followers(words, context)
    if k < 0 or not followers:
        return ngram_prob(words, context, word, vocabulary_size, k)
    return (followers.count(word) + k) / len(followers)


@mistake("Under the fraction line you added k once. It was added for each word of the vocabulary: see the formula.")
def adds_k_once_below(words, context, word, vocabulary_size, k=0.0):
    followers = _followers(words, context)
    if k < 0 or not followers:
        return ngram_prob(words, context, word, vocabulary_size, k)
    return (followers.count(word) + k) / (len(followers) + k)


@mistake(
    "Your V is the number of different words in the text. V is given: it counts words that never came here as well.",
)
def takes_v_from_the_text(words, context, word, vocabulary_size, k=0.0):
    return ngram_prob(words, context, word, max(1, len(set(words))), k)


@mistake("Smoothing gave nothing to a word that was never seen there. It gets its share k like every other word.")
def smooths_only_what_was_seen(words, context, word, vocabulary_size, k=0.0):
    followers = _followers(words, context)
    if followers and word not in followers and k >= 0:
        return 0.0
    return ngram_prob(words, context, word, vocabulary_size, k)


@mistake("After a context that never came, you returned 0. At k = 0 that is 0/0; the task says what it stands for.")
def calls_the_unseen_impossible(words, context, word, vocabulary_size, k=0.0):
    if k == 0 and not _followers(words, context):
        return 0.0
    return ngram_prob(words, context, word, vocabulary_size, k)


@mistake("Your code divides by zero after a context that never came. The task says what 0/0 stands for.")
def divides_by_zero(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError("k")
    followers = _followers(words, context)
    return (followers.count(word) + k) / (len(followers) + k * vocabulary_size)


@mistake("You searched in joined text, which also finds words inside longer ones: `an` in `ban`. Compare whole words.")
def searches_in_joined_text(words, context, word, vocabulary_size, k=0.0):
    if not context:
        return ngram_prob(words, context, word, vocabulary_size, k)
    hits = _overlapping(" ".join(words), " ".join([*context, word]))
    places = _overlapping(" ".join(words[:-1]), " ".join(context))
    return _share(hits, places, vocabulary_size, k)


def _overlapping(text, piece):
    return sum(text.startswith(piece, at) for at in range(len(text)))


@mistake("You skipped occurrences that overlap: in `a a a a`, the context `a a` is followed twice. Try every position.")
def skips_overlaps(words, context, word, vocabulary_size, k=0.0):
    n, at, followers = len(context), 0, []
    while at < len(words) - n:
        if words[at : at + n] == context:
            followers.append(words[at + n])
            at += max(n, 1)
        else:
            at += 1
    return _share(followers.count(word), len(followers), vocabulary_size, k)


@mistake("A negative k went through. The docstring names the error that belongs here.")
def accepts_a_negative_k(words, context, word, vocabulary_size, k=0.0):
    followers = _followers(words, context)
    total = len(followers) + k * vocabulary_size
    return 1 / vocabulary_size if total == 0 else (followers.count(word) + k) / total


@alternative
def with_a_table(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError("k must not be negative")
    n = len(context)
    table = defaultdict(Counter)
    for *before, after in zip(*(words[i:] for i in range(n + 1)), strict=False):
        table[tuple(before)][after] += 1
    row = table[tuple(context)]
    if not row and not k:
        return 1 / vocabulary_size
    return (row[word] + k) / (row.total() + k * vocabulary_size)


@alternative
def with_two_counters(words, context, word, vocabulary_size, k=0.0):
    if k < 0:
        raise ValueError
    both = total = 0
    for end in range(len(context), len(words)):
        if all(words[end - len(context) + i] == expected for i, expected in enumerate(context)):
            total += 1
            both += words[end] == word
    try:
        return (both + k) / (total + k * vocabulary_size)
    except ZeroDivisionError:
        return 1.0 / vocabulary_size
