"""The experiment: mistakes, and other right ways."""

import math

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import rag_experiment

variants = Variants("rag_experiment")
mistake, alternative = variants.mistake, variants.alternative

_CONDITIONS = (("closed book", 0), ("k=1", 1), ("k=5", 5))


def _scores(questions, golds, search, answer, f1, conditions=_CONDITIONS):
    if not questions or len(questions) != len(golds):
        raise ValueError("questions")
    return {
        name: np.array(
            [
                f1(answer(question, search(question, k) if k else []), gold)
                for question, gold in zip(questions, golds, strict=True)
            ]
        )
        for name, k in conditions
    }


def _table(scores, interval, middle=np.mean):
    return {
        name: {"mean": float(middle(row)), "low": float(interval(row)[0]), "high": float(interval(row)[1])}
        for name, row in scores.items()
    }


@mistake("You took the middle 90 % of the draws. The 2.5th and 97.5th percentiles enclose 95 %.")
def takes_ninety_percent(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    return _table(scores, lambda row: np.percentile(row[resamples].mean(axis=1), [5, 95]))


@mistake("Your interval is that of single questions, far too wide. It is about the means of the draws.")
def takes_percentiles_of_scores(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    return _table(scores, lambda row: np.percentile(row[resamples], [2.5, 97.5]))


@mistake("Your interval is the mean plus and minus two standard errors. Here it comes from the draws passed in.")
def takes_standard_errors(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    return _table(scores, lambda row: row.mean() + np.array([-1.96, 1.96]) * row.std(ddof=1) / math.sqrt(len(row)))


@mistake("You gave the extremes of the draws. Of those, 2.5 % are left out at each end.")
def takes_the_extremes(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    return _table(scores, lambda row: (row[resamples].mean(axis=1).min(), row[resamples].mean(axis=1).max()))


@mistake("You averaged over the draws of each place, not over the questions of each draw. Look at the axis.")
def averages_the_wrong_axis(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    return _table(scores, lambda row: np.percentile(row[resamples].mean(axis=0), [2.5, 97.5]))


@mistake(
    "You reported the mean of the draws. The mean is that of the questions themselves; the draws give the interval."
)
def reports_the_mean_of_the_draws(questions, golds, search, answer, f1, resamples):
    scores = _scores(questions, golds, search, answer, f1)
    table = _table(scores, lambda row: np.percentile(row[resamples].mean(axis=1), [2.5, 97.5]))
    return {name: {**row, "mean": float(scores[name][resamples].mean())} for name, row in table.items()}


@mistake("You searched in closed book too. There the model is asked with nothing to read.")
def searches_in_closed_book(questions, golds, search, answer, f1, resamples):
    for question in questions:
        search(question, 0)
    return rag_experiment(questions, golds, search, answer, f1, resamples)


@mistake("You asked the search for five passages always. With k = 1 it is asked for one.")
def always_searches_for_five(questions, golds, search, answer, f1, resamples):
    return rag_experiment(questions, golds, lambda question, k: search(question, 5)[:k], answer, f1, resamples)


@mistake("The model was not shown the passages as the search returned them, the best first.")
def turns_the_passages_around(questions, golds, search, answer, f1, resamples):
    return rag_experiment(questions, golds, lambda question, k: search(question, k)[::-1], answer, f1, resamples)


@mistake("You scored against the first gold answer only. All that count as right are passed on.")
def passes_one_gold(questions, golds, search, answer, f1, resamples):
    return rag_experiment(questions, golds, search, answer, lambda said, right: f1(said, right[:1]), resamples)


@mistake("No question, or another number of gold answers, went through. The docstring names the error.")
def takes_anything(questions, golds, search, answer, f1, resamples):
    count = min(len(questions), len(golds))
    if count == 0:
        return {name: {"mean": 0.0, "low": 0.0, "high": 0.0} for name, _ in _CONDITIONS}
    kept = np.minimum(resamples, count - 1)
    return rag_experiment(questions[:count], golds[:count], search, answer, f1, kept)


@alternative
def question_by_question(questions, golds, search, answer, f1, resamples):
    if len(questions) == 0 or len(golds) != len(questions):
        raise ValueError("questions")
    columns = {name: [] for name, _ in _CONDITIONS}
    for question, gold in zip(questions, golds, strict=True):
        for name, k in _CONDITIONS:
            passages = search(question, k) if k > 0 else []
            columns[name].append(f1(answer(question, passages), gold))
    table = {}
    for name, column in columns.items():
        means = [sum(column[number] for number in draw) / len(draw) for draw in resamples.tolist()]
        low, high = np.quantile(means, (0.025, 0.975))
        table[name] = {"high": float(high), "low": float(low), "mean": sum(column) / len(column)}
    return table
