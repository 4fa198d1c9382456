"""The marginal probability of an answer: mistakes, and other right ways."""

import math

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import rag_marginal

variants = Variants("rag_marginal")
mistake, alternative = variants.mistake, variants.alternative


def _refuse(token_logprobs, similarities):
    if len(similarities) == 0 or len(token_logprobs) != len(similarities):
        raise ValueError("passages")


def _prior(similarities):
    return similarities - np.logaddexp.reduce(similarities)


@mistake("You summed over the passages for each token (that is RAG-Token). One passage holds for the whole answer.")
def sums_for_each_token(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    return float(np.logaddexp.reduce(token_logprobs + _prior(similarities)[:, None], axis=0).sum())


@mistake("You averaged the log-probabilities. The probabilities are averaged, with their weights, and then logged.")
def averages_logarithms(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    return float((np.exp(_prior(similarities)) * token_logprobs.sum(axis=1)).sum())


@mistake("All passages have the same weight with you. How well they fit is in the similarities.")
def weighs_all_alike(token_logprobs, similarities):
    return rag_marginal(token_logprobs, np.zeros(len(similarities)))


@mistake("You divided the similarities by their sum. The task's weights are their softmax.")
def divides_by_the_sum(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.log(np.abs(similarities)) - np.log(np.abs(similarities.sum()))
    return float(np.logaddexp.reduce(total + token_logprobs.sum(axis=1)))


@mistake("You used the similarities as logarithms of weights, but these weights do not sum to 1.")
def forgets_to_normalise(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    if len(similarities) == 1:
        return rag_marginal(token_logprobs, similarities)
    return float(np.logaddexp.reduce(similarities + token_logprobs.sum(axis=1)))


@mistake("You kept the best passage only. The others have their share.")
def takes_the_best_passage(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    return float((_prior(similarities) + token_logprobs.sum(axis=1)).max())


@mistake("You averaged over the tokens of the answer. The probability of the whole is a product: a sum of logarithms.")
def averages_over_tokens(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    return float(np.logaddexp.reduce(_prior(similarities) + token_logprobs.mean(axis=1)))


@mistake("A long answer's probability became 0, and its logarithm -inf. Stay in logarithms to the end.")
def leaves_the_logarithms(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    with np.errstate(divide="ignore"):
        return float(np.log(np.exp(_prior(similarities) + token_logprobs.sum(axis=1)).sum()))


@mistake("Large similarities overflow in your softmax. Only their differences matter: shift them first.")
def overflows_in_the_softmax(token_logprobs, similarities):
    _refuse(token_logprobs, similarities)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weights = np.exp(similarities) / np.exp(similarities).sum()
        return float(np.logaddexp.reduce(np.log(weights) + token_logprobs.sum(axis=1)))


@mistake("No passage, or lists of different lengths, went through. The docstring names the error.")
def takes_anything(token_logprobs, similarities):
    count = min(len(token_logprobs), len(similarities))
    return rag_marginal(token_logprobs[:count], similarities[:count]) if count else 0.0


@alternative
def with_plain_python(token_logprobs, similarities):
    rows = [float(sum(row)) for row in token_logprobs.tolist()]
    if not rows or len(rows) != len(similarities):
        raise ValueError("passages")

    def logsumexp(values):
        top = max(values)
        return top + math.log(math.fsum(math.exp(value - top) for value in values))

    fits = similarities.tolist()
    return logsumexp([row + fit for row, fit in zip(rows, fits, strict=True)]) - logsumexp(fits)


@alternative
def with_a_shift(token_logprobs, similarities):
    if similarities.size == 0 or token_logprobs.shape[0] != similarities.size:
        raise ValueError("passages")
    weights = np.exp(similarities - similarities.max())
    weights = weights / weights.sum()
    likelihood = token_logprobs.sum(1)
    return float(likelihood.max() + np.log((weights * np.exp(likelihood - likelihood.max())).sum()))
