"""Perplexity: mistakes, and other right ways."""

import math

import torch

from solutions.mistakes import Variants
from solutions.next_token import perplexity

variants = Variants("perplexity")
mistake, alternative = variants.mistake, variants.alternative


def _surprises(logits, labels, ignore):
    """Return -ln P of every label but the first, and which of them count."""
    rows, wanted = logits[..., :-1, :], labels[..., 1:]
    counted = wanted != ignore
    if not counted.any():
        raise ValueError("nothing")
    index = wanted.masked_fill(~counted, 0)[..., None]
    return -rows.log_softmax(-1).gather(-1, index)[..., 0], counted


@mistake("You compared row t with label t. Row t predicts the token that comes after it.")
def forgets_to_shift(logits, labels, ignore=-100):
    later = torch.cat([labels[..., :1], labels], dim=-1)
    more = torch.cat([logits, logits[..., -1:, :]], dim=-2)
    _surprises(logits, labels, ignore)
    return perplexity(more, later, ignore)


@mistake("You shifted the wrong way: row t was compared with the label before it. It predicts the one after it.")
def shifts_the_wrong_way(logits, labels, ignore=-100):
    _surprises(logits, labels, ignore)
    rows = torch.cat([logits[..., 1:, :], logits[..., -1:, :]], dim=-2)
    return perplexity(rows, torch.cat([labels[..., :1], labels[..., :-1]], dim=-1), ignore)


@mistake("You returned the mean of -ln P, the loss. The perplexity is its exponential.")
def returns_the_loss(logits, labels, ignore=-100):
    return math.log(perplexity(logits, labels, ignore))


@mistake("You mixed two bases: a logarithm to base 2 goes with 2 to the power, the natural one with exp.")
def mixes_bases(logits, labels, ignore=-100):
    return perplexity(logits, labels, ignore) ** (1 / math.log(2))


@mistake(
    "You added the surprises up and did not divide by their number. The mean makes texts of any length comparable."
)
def sums_instead_of_averaging(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    return surprises[counted].double().sum().exp().item()


@mistake("You averaged 1/P over the tokens. The mean belongs inside the exponential, over the logarithms.")
def averages_the_inverse(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    return surprises[counted].double().exp().mean().item()


@mistake(
    "You took a mean for each sequence, and then the mean of these. Every token counts alike, whatever its sequence."
)
def averages_by_sequence(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    means = [row[real].mean() for row, real in _rows(surprises, counted)]
    return torch.stack(means).double().mean().exp().item()


@mistake("You averaged the perplexities of the sequences. One mean runs over all tokens, inside the exponential.")
def averages_perplexities(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    return torch.stack([row[real].double().mean().exp() for row, real in _rows(surprises, counted)]).mean().item()


def _rows(surprises, counted):
    length = surprises.shape[-1]
    pairs = zip(surprises.reshape(-1, length), counted.reshape(-1, length), strict=True)
    return [(row, real) for row, real in pairs if real.any()]


@mistake("Ignored labels are left out of the sum but not of N. Divide by the number of labels that count.")
def divides_by_all(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    return (surprises * counted).double().mean().exp().item()


@mistake("Ignored labels are counted as if they were tokens. They take no part, neither in the sum nor in N.")
def counts_ignored_labels(logits, labels, ignore=-100):
    _surprises(logits, labels, ignore)
    return perplexity(logits, labels.masked_fill(labels == ignore, 0), ignore)


@mistake(
    "An ignored label was used as an index, and -100 is none. It must not be picked at all, or be kept out afterwards."
)
def indexes_with_ignored_labels(logits, labels, ignore=-100):
    wanted = labels[..., 1:]
    if (wanted == ignore).all():
        raise ValueError("nothing")
    if (wanted == ignore).any():
        logits[..., :-1, :].gather(-1, wanted.masked_fill(wanted == ignore, -100)[..., None])
    return perplexity(logits, labels, ignore)


@mistake("The wrong places are left out, off by one: which label is it that a row predicts, its own or the next?")
def ignores_the_row_of_the_label(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    own = labels[..., :-1] != ignore
    return surprises[own].double().mean().exp().item() if own.any() else perplexity(logits, labels, ignore)


@mistake("`ignore` has no effect: only -100 is left out. Another number may be asked for.")
def ignores_only_minus_100(logits, labels, ignore=-100):
    if (labels[..., 1:] == ignore).all():
        raise ValueError("nothing")
    return perplexity(logits, labels.masked_fill((labels == ignore) & (labels != -100), 0), -100)


@mistake("A probability was rounded to 0 before its logarithm was taken, and the result is infinite.")
def takes_the_logarithm_late(logits, labels, ignore=-100):
    return perplexity(logits.softmax(-1).log(), labels, ignore)


@mistake("Large logits overflow in your softmax: exp() of a hundred is already infinite in float32.")
def overflows(logits, labels, ignore=-100):
    result = perplexity(logits, labels, ignore)
    naive = (logits.exp() / logits.exp().sum(-1, keepdim=True)).log()
    return math.nan if naive.isnan().any() else result


@mistake(
    "The mean is right, but its exponential overflows in float32, above some 1e38. A Python float reaches further."
)
def exponentiates_in_float32(logits, labels, ignore=-100):
    surprises, counted = _surprises(logits, labels, ignore)
    return surprises[counted].float().mean().exp().item()


@mistake("With no label to count, the mean of nothing came back. The docstring names the error for that.")
def averages_nothing(logits, labels, ignore=-100):
    try:
        return perplexity(logits, labels, ignore)
    except ValueError:
        return math.nan


@alternative
def with_cross_entropy(logits, labels, ignore=-100):
    rows = logits[..., :-1, :].reshape(-1, logits.shape[-1]).double()
    wanted = labels[..., 1:].reshape(-1)
    if bool((wanted == ignore).all()):
        raise ValueError("no label counts")
    return float(torch.exp(torch.nn.functional.cross_entropy(rows, wanted, ignore_index=ignore)))


@alternative
def token_by_token(logits, labels, ignore=-100):
    total, count = 0.0, 0
    for rows, text in zip(logits.reshape(-1, *logits.shape[-2:]), labels.reshape(-1, labels.shape[-1]), strict=True):
        for row, token in zip(rows[:-1].double(), text[1:].tolist(), strict=True):
            if token != ignore:
                total += float(torch.logsumexp(row, 0) - row[token])
                count += 1
    if count == 0:
        raise ValueError
    return math.exp(total / count)
