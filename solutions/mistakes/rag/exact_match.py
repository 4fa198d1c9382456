"""Exact match: mistakes, and other right ways."""

import re
import string

from solutions.mistakes import Variants
from solutions.rag import exact_match

variants = Variants("exact_match")
mistake, alternative = variants.mistake, variants.alternative

_ARTICLES = ("a", "an", "the")


def _lower(text):
    return text.lower()


def _unpunctuated(text):
    return "".join(letter for letter in text if letter not in string.punctuation)


def _without_articles(text):
    return " ".join(word for word in text.split() if word not in _ARTICLES)


def _match(prediction, golds, *steps):
    """Compare after other steps than the right ones."""
    if not golds:
        raise ValueError("golds")
    for step in steps:
        prediction, golds = step(prediction), [step(gold) for gold in golds]
    return prediction in golds


@mistake("You compared the texts as they are. Write both in the plain form first, answer and gold alike.")
def compares_raw_texts(prediction, golds):
    return _match(prediction, golds)


@mistake("Capitals make a difference with you. The plain form has small letters only.")
def minds_capitals(prediction, golds):
    return _match(prediction, golds, _unpunctuated, _without_articles)


@mistake("You put a space where punctuation was. It is deleted: o'neil becomes one word.")
def puts_spaces_for_punctuation(prediction, golds):
    def spaced(text):
        return "".join(" " if letter in string.punctuation else letter for letter in text)

    return _match(prediction, golds, _lower, spaced, _without_articles)


@mistake("You cut `the` or `a` out of the middle of words: theatre became atre. Articles are whole words.")
def cuts_articles_out_of_words(prediction, golds):
    def cut(text):
        return " ".join(text.replace("the", "").replace("an", "").replace("a", "").split())

    return _match(prediction, golds, _lower, _unpunctuated, cut)


@mistake("Articles still make a difference with you. The plain form has none of the three.")
def keeps_articles(prediction, golds):
    return _match(prediction, golds, _lower, _unpunctuated, lambda text: " ".join(text.split()))


@mistake("You dropped articles before punctuation. In `the-end` the article is no word yet, and later no article.")
def drops_articles_first(prediction, golds):
    def articles(text):
        return re.sub(r"\b(a|an|the)\b", " ", text)

    return _match(prediction, golds, _lower, articles, _unpunctuated, lambda text: " ".join(text.split()))


@mistake("Several spaces, or one at the end, make a difference with you.")
def minds_spacing(prediction, golds):
    def articles(text):
        return re.sub(r"\b(a|an|the) | (a|an|the)$", "", text)

    return _match(prediction, golds, _lower, _unpunctuated, articles)


@mistake("You removed all white space, so two words and one joined word are the same to you.")
def removes_all_spaces(prediction, golds):
    return _match(prediction, golds, _lower, _unpunctuated, _without_articles, lambda text: text.replace(" ", ""))


@mistake("You asked whether the gold answer stands somewhere in the answer. Exact match wants the whole of it.")
def looks_inside(prediction, golds):
    if not golds:
        raise ValueError("golds")
    plain = _without_articles(_unpunctuated(prediction.lower()))
    return any(f" {_without_articles(_unpunctuated(gold.lower()))} " in f" {plain} " for gold in golds)


@mistake("You looked at the first gold answer only. One match among all of them is enough.")
def takes_the_first_gold(prediction, golds):
    return exact_match(prediction, golds[:1])


@mistake("You wanted all gold answers to match. One is enough.")
def demands_all_golds(prediction, golds):
    if not golds:
        raise ValueError("golds")
    return all(exact_match(prediction, [gold]) for gold in golds)


@mistake("Without any gold answer you gave a verdict. The docstring names the error.")
def takes_no_golds(prediction, golds):
    return exact_match(prediction, golds) if golds else False


@alternative
def with_regular_expressions(prediction, golds):
    if len(golds) == 0:
        raise ValueError("no gold answers")

    def plain(text):
        text = re.sub(f"[{re.escape(string.punctuation)}]", "", text.lower())
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    return any(plain(prediction) == plain(gold) for gold in golds)


@alternative
def with_a_table(prediction, golds):
    table = str.maketrans("", "", string.punctuation)
    forms = [
        [w for w in t.lower().translate(table).split() if w not in {"a", "an", "the"}] for t in [prediction, *golds]
    ]
    if len(forms) < 2:
        raise ValueError("no gold answers")
    return forms[0] in forms[1:]
