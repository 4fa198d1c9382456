"""Chapter 1: hidden probes. They ask nothing that the docstrings do not promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autograder.draws import Rng
from autograder.exercise import hidden_probe
from autograder.probes.next_token.bpe_merges import merges
from autograder.probes.next_token.bpe_tokenizer import bpe
from autograder.probes.next_token.causal_attention import attention
from autograder.probes.next_token.generate import ScriptedModel, generate
from autograder.probes.next_token.multi_head_attention import Attention, heads
from autograder.probes.next_token.ngram_prob import ngram
from autograder.probes.next_token.perplexity import perplexity
from autograder.probes.next_token.softmax_temperature import softmax
from autograder.probes.next_token.top_k_filter import top_k
from autograder.probes.next_token.top_p_filter import top_p
from autograder.proxy import Impl


@hidden_probe(softmax, points=1, rtol=1e-9, atol=1e-12)
def keeps_double_precision(impl: Impl, rng: Rng) -> Any:
    """Logits of 64 bits give probabilities of 64 bits."""
    logits = torch.from_numpy(rng.normal(scale=5.0, size=(2, 3 + rng.case)))
    return impl(logits, float(rng.uniform(0.3, 3.0)))


@hidden_probe(softmax, points=1)
def shares_ties_by_row(impl: Impl, rng: Rng) -> Any:
    """At T = 0 every row of a batch has its own winners, and a masked token is none of them."""
    logits = torch.from_numpy(rng.integers(-2, 2, size=(3, 2, 5 + rng.case))).float()
    logits[0, 0, 0] = float("-inf")
    return impl(logits, 0.0)


@hidden_probe(bpe, points=2, cases=3)
def survives_a_whole_page(impl: Impl, rng: Rng) -> Any:
    """Train on a longer text, encode another, decode it again."""
    # Each word once in every ten, so that all of their pairs occur often; then letters, for no merge ends at a word.
    words = ["tower", "river", "bridge", "naïve", "café", "über", "2026", "the", "a", "\n"]
    page = " ".join(str(word) for _ in range(6) for word in rng.permutation(words))
    other = "".join(str(letter) for letter in rng.choice(list("aeivrtowbdgh "), size=300)) + "日本"
    tokenizer = impl()
    tokenizer.train(page, 28 + rng.case)
    ids = tokenizer.encode(other)
    return {"merges": tokenizer.merges, "ids": ids, "text": tokenizer.decode(ids)}


@hidden_probe(generate, points=1, cases=3)
def everything_at_once(impl: Impl, rng: Rng) -> Any:
    """A context, stop tokens that also stand in the prompt, and a limit together."""
    script = ScriptedModel(rng)
    prompt = [int(number) for number in rng.integers(0, 12, size=3 + rng.case)]
    free = script.written(prompt, 6, context=3)
    stops = {prompt[0], free[3 + rng.case]}
    result = impl(script.model, prompt, 12, script.choose, sorted(stops), 3)
    return {"new tokens": result, "shown to the model": script.shown}


def sum_to_one(observed: Any) -> str | None:
    """Law: these probabilities sum to 1."""
    total = sum(observed)
    return None if abs(total - 1) < 1e-9 else f"the probabilities of all words should sum to 1; they sum to {total:.4f}"


@hidden_probe(ngram, points=1, cases=3, law=sum_to_one)
def is_a_distribution(impl: Impl, rng: Rng) -> Any:
    """Over the whole vocabulary, the probabilities sum to 1."""
    vocabulary = [str(word) for word in rng.permutation(["ja", "nein", "doch", "kaum", "wohl"])]
    words = [vocabulary[number] for number in (0, 1, 0, 2, 1, 0, 3, 2, 0, 1, 4)]
    context, k = [vocabulary[number] for number in ((), (0,), (1, 0))[rng.case]], float(rng.choice([0.1, 0.7, 3.0]))
    return [impl(words, context, word, len(vocabulary), k) for word in vocabulary]


@hidden_probe(top_k, points=1, cases=3)
def keeps_k_of_a_whole_vocabulary(impl: Impl, rng: Rng) -> Any:
    """In rows of a real size, in double precision, exactly k stay, and they stay as they were."""
    threes = torch.stack([torch.from_numpy(rng.permutation(400)) for _ in range(2)]) // 3
    return impl(threes.double() / 10, 21 + 30 * rng.case)


@hidden_probe(top_p, points=1, cases=3)
def keeps_the_nucleus_of_a_whole_vocabulary(impl: Impl, rng: Rng) -> Any:
    """Rows of a real size, one peaked and one flat, each have the nucleus that is theirs."""
    ranks = torch.stack([torch.from_numpy(rng.permutation(300)) for _ in range(2)]).double()
    return impl(-ranks * torch.tensor([[1.0], [0.02]]), [0.52, 0.8, 0.93][rng.case])


@hidden_probe(perplexity, points=1, cases=3)
def judges_answers_only(impl: Impl, rng: Rng) -> Any:
    """Of a padded batch in double precision in which only the ends count, the mean runs over those."""
    labels = torch.from_numpy(rng.integers(0, 9, size=(3, 8 + rng.case)))
    logits = torch.from_numpy(rng.normal(scale=4.0, size=(3, 8 + rng.case, 9)))
    for row, (start, end) in enumerate([(3, 6), (0, 7), (6, 8)]):
        labels[row, :start] = labels[row, end:] = -7
    return impl(logits, labels, -7)


@hidden_probe(merges, points=1, cases=2)
def learns_from_a_page(impl: Impl, rng: Rng) -> Any:
    """Many words, many ties: every merge is the one that the rule says."""
    letters = sorted(
        str(letter) for letter in rng.choice(list("abcdefghijklmnopqrstuvwxyzé日本"), size=5, replace=False)
    )
    spelling = np.random.default_rng(7).integers(0, 5, size=200)  # always the same: only the letters are drawn
    text = iter(letters[number] for number in spelling)
    words = ["".join(next(text) for _ in range(2 + number % 5)) for number in range(24)]
    return impl({word: 1 + number % 5 for number, word in enumerate(words)}, 20 + 5 * rng.case)


@hidden_probe(attention, points=1, cases=3, atol=1e-5)
def attends_in_a_padded_batch(impl: Impl, rng: Rng) -> Any:
    """Two padded texts, several heads: scale, mask and padding together."""
    length = 4 + rng.case
    q, k, v = (torch.from_numpy(rng.normal(size=(2, 3, length, 4)).round(2)).float() for _ in range(3))
    real = torch.ones(2, 1, length, dtype=torch.bool)
    real[0, 0, : 1 + rng.case] = False
    real[1, 0, -1] = False
    return impl(q, k, v, real)


@hidden_probe(heads, points=1, cases=2, atol=1e-4)
def is_a_layer_of_a_llama(impl: Impl, rng: Rng) -> Any:
    """Six heads that share three, rotated, of a width that is not theirs together."""
    shapes = [(2, 5, 10), (24, 10), (12, 10), (12, 10), (7, 24)]
    x, *matrices = (torch.from_numpy(rng.normal(scale=0.5, size=shape).round(1)).float() for shape in shapes)
    given = Attention(4)
    return impl(x, *matrices, 6, 3, given.attend, given.rotate)
