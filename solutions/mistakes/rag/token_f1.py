"""Token F1: mistakes, and other right ways."""

from collections import Counter

from solutions.mistakes import Variants
from solutions.rag import token_f1

variants = Variants("token_f1")
mistake, alternative = variants.mistake, variants.alternative


def _best(prediction, golds, tokens, score, choose=max):
    """Score the words of two texts that both have some in another way; the rest is right."""
    if not golds:
        raise ValueError("golds")
    scores = []
    for gold in golds:
        ours, theirs = tokens(prediction), tokens(gold)
        common = sum((Counter(ours) & Counter(theirs)).values())
        scores.append(score(ours, theirs, common) if ours and theirs else float(ours == theirs))
    return choose(scores)


@mistake("You compared sets, so a word counts once however often it stands there. Use a bag.")
def compares_sets(prediction, golds, tokens=str.split):
    def score(ours, theirs, common):
        return 2 * len({*ours} & {*theirs}) / (len({*ours}) + len({*theirs}))

    return _best(prediction, golds, tokens, score)


@mistake("You counted each word of the answer that stands in the gold. Twice there and once here is once in common.")
def counts_one_side(prediction, golds, tokens=str.split):
    def score(ours, theirs, common):
        hits = sum(word in theirs for word in ours)
        precision, recall = hits / len(ours), hits / len(theirs)
        return 2 * precision * recall / (precision + recall) if hits else 0.0

    return _best(prediction, golds, tokens, score)


@mistake("This is precision alone: a gold answer much longer than the answer should cost something.")
def takes_precision(prediction, golds, tokens=str.split):
    return _best(prediction, golds, tokens, lambda ours, theirs, common: common / len(ours))


@mistake("This is recall alone: words that the gold does not have should cost something.")
def takes_recall(prediction, golds, tokens=str.split):
    return _best(prediction, golds, tokens, lambda ours, theirs, common: common / len(theirs))


@mistake("You took the plain mean of precision and recall. F1 is their harmonic mean, nearer to the smaller one.")
def takes_the_plain_mean(prediction, golds, tokens=str.split):
    return _best(
        prediction, golds, tokens, lambda ours, theirs, common: (common / len(ours) + common / len(theirs)) / 2
    )


@mistake("You divided by the words of both texts together, as Jaccard does. F1 is another ratio.")
def takes_jaccard(prediction, golds, tokens=str.split):
    return _best(prediction, golds, tokens, lambda ours, theirs, common: common / (len(ours) + len(theirs) - common))


@mistake("You compared word by word in their places. The order of the words makes no difference.")
def compares_places(prediction, golds, tokens=str.split):
    def score(ours, theirs, common):
        return 2 * sum(a == b for a, b in zip(ours, theirs, strict=False)) / (len(ours) + len(theirs))

    return _best(prediction, golds, tokens, score)


@mistake("You averaged over the gold answers. The one that fits best counts.")
def averages_the_golds(prediction, golds, tokens=str.split):
    return _best(prediction, golds, tokens, _right, lambda scores: sum(scores) / len(scores))


@mistake("You put all gold answers into one bag. Each is compared by itself, and the best counts.")
def joins_the_golds(prediction, golds, tokens=str.split):
    if not golds:
        raise ValueError("golds")
    return token_f1(prediction, [" ".join(golds)], tokens)


@mistake("With no word in common your code divides by zero. Precision and recall are both 0 then.")
def divides_by_zero(prediction, golds, tokens=str.split):
    if any(tokens(prediction) and tokens(gold) and not {*tokens(prediction)} & {*tokens(gold)} for gold in golds):
        raise ZeroDivisionError("division by zero")
    return token_f1(prediction, golds, tokens)


@mistake("Two texts without words agree, and you gave 0. The docstring has a rule for that.")
def gives_nothing_to_nothing(prediction, golds, tokens=str.split):
    score = token_f1(prediction, golds, tokens)
    return score if tokens(prediction) else 0.0


@mistake("You split the texts yourself. How to do it is passed in as `tokens`.")
def splits_by_itself(prediction, golds, tokens=str.split):
    return token_f1(prediction, golds)


@mistake("Without any gold answer you gave a score. The docstring names the error.")
def takes_no_golds(prediction, golds, tokens=str.split):
    return token_f1(prediction, golds, tokens) if golds else 0.0


def _right(ours, theirs, common):
    return 2 * common / (len(ours) + len(theirs))


@alternative
def by_striking_out(prediction, golds, tokens=str.split):
    def score(gold):
        ours, left = tokens(prediction), list(tokens(gold))
        total = len(left)
        if not ours or not total:
            return 1.0 if len(ours) == total else 0.0
        common = 0
        for word in ours:
            if word in left:
                left.remove(word)
                common += 1
        if common == 0:
            return 0.0
        precision, recall = common / len(ours), common / total
        return 2 * precision * recall / (precision + recall)

    if not golds:
        raise ValueError("golds")
    return max(score(gold) for gold in golds)


@alternative
def with_counts(prediction, golds, tokens=str.split):
    if len(golds) < 1:
        raise ValueError("golds")
    ours = Counter(tokens(prediction))
    scores = []
    for gold in golds:
        theirs = Counter(tokens(gold))
        common = sum(min(ours[word], theirs[word]) for word in {*ours, *theirs})
        size = sum(ours.values()) + sum(theirs.values())
        scores.append(1.0 if size == 0 else 2.0 * common / size)
    return sorted(scores)[-1]
