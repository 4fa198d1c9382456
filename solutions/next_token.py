# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 1: a model predicts the next token
#
# A language model gives one number, a *logit*, to every token that could come next. Everything else in this chapter is
# what we do around that, and how the numbers come about. You write all of it here, in three parts:
#
# - **A, from a row of numbers to a text**: `ngram_prob`, `softmax_temperature`, `top_k_filter`, `top_p_filter`,
#   `generate`, `perplexity`;
# - **B, from text to tokens**: `bpe_merges`, `BPETokenizer`;
# - **C, where the row comes from**: `causal_attention`, `multi_head_attention`.
#
# Each part begins easily, and none needs your code of another: what an exercise builds on, it is given. At the
# end your pieces run a real model, in place of the library's.
#
# **How to work.** Read the task, fill in the cell below it, run it, then run the cell that says `check(...)`.
# A check takes a moment, works offline, and may be run as often as you like. It shows the first case that fails,
# with what was expected and what came back. `reset("softmax_temperature")` puts the empty exercise into a new cell
# beside your code. At grading the same questions are asked again with other numbers, and a few more are added.

# %%
from collections.abc import Callable, Collection

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## ngram_prob
#
# The oldest language model counts. To guess the word after a *context* $c$ (the last few words), look up every place
# of a text where $c$ stands, and see what follows it there:
#
# $$P(w \mid c) = \frac{N(c\,w) + k}{N(c\,\cdot) + k\,V}$$
#
# $N(c\,w)$ counts the places where $c$ is followed by the word $w$, $N(c\,\cdot)$ those where it is followed by any
# word. $V$ is the size of the vocabulary. With $k = 0$ these are plain shares, and whatever was never seen is
# impossible. With $k > 0$ we act as if each of the $V$ words had been seen $k$ times more after every context: *add-k
# smoothing*.
#
# **By hand.** In `the sea the salt the sea the` the context `the` stands four times and is followed three times:
# twice by `sea`, once by `salt`. The last `the` is followed by nothing, so it counts nowhere. With $k = 0$,
# $P(\text{sea} \mid \text{the}) = 2/3$. With $k = 1$ and $V = 5$ it is $(2 + 1)/(3 + 5) = 0.375$.
#
# **A trap.** After a context that was never followed by anything, $k = 0$ gives $0/0$. For every $k > 0$, however
# small, the formula gives $1/V$ there, and so we define it as $1/V$ for $k = 0$ too.
#
# <details><summary>Hint 1: where to look</summary>
#
# A context of n words that begins at position i is followed by the word at position i + n, if there is one.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Go through all positions at which a context of this length still has a word behind it. Where the n words there are
# the context, note the word behind it. Both counts of the formula can be read off these notes.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                                    # k must not be negative
#     raise ValueError(...)
# notes = [... for i in range(...) if ...]   # what stood behind the context, each time
# total = ...                                # the denominator
# if ...:                                    # 0 / 0
#     return ...
# return ... / total
# ```
#
# </details>


# %%
def ngram_prob(words: list[str], context: list[str], word: str, vocabulary_size: int, k: float = 0.0) -> float:
    """Return the probability of a word after a context, by counting in a text.

    Parameters
    ----------
    words
        The text, word by word. It may be empty.
    context
        The words just before, in order. A word follows a context where it stands directly behind all of them. The empty
        list is followed by every word of the text. Occurrences may overlap: in `a a a a`, the context `a a` is followed
        twice.
    word
        The word in question. It need not occur in the text.
    vocabulary_size
        V, at least 1: how many words there are, whether they occur in this text or not.
    k
        What is added to the count of each of the V words; 0 or more.

    Returns
    -------
    float
        (N(context, word) + k) / (N(context, any word) + k V), or 1 / V where that is 0 / 0.

    Raises
    ------
    ValueError
        If `k` is negative.
    """
    ### BEGIN SOLUTION
    if k < 0:
        raise ValueError(f"k must be 0 or more, not {k}")
    n = len(context)
    followers = [words[i + n] for i in range(len(words) - n) if words[i : i + n] == context]
    total = len(followers) + k * vocabulary_size
    if total == 0:
        return 1 / vocabulary_size
    return (followers.count(word) + k) / total
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(ngram_prob)

# %% [markdown]
# ## softmax_temperature
#
# The softmax turns logits $z_1, \dots, z_V$ into probabilities. A *temperature* $T$ divides the logits first:
#
# $$p_i = \frac{e^{z_i/T}}{\sum_{j=1}^{V} e^{z_j/T}}$$
#
# A small $T$ makes the likeliest token likelier still; a large $T$ makes all tokens more alike. At $T = 0$ the
# formula divides by zero, so we define it as the limit: all the probability goes to the largest logit, and if
# several logits are equally large, they share it equally.
#
# **By hand.** For logits $(0, \ln 3)$ and $T = 1$ the weights are $1$ and $3$, so $p = (0.25, 0.75)$. At
# $T = 0.5$ the weights are $1$ and $3^2 = 9$, so $p = (0.1, 0.9)$: halving the temperature squares the ratio.
#
# **A trap.** $e^{1000}$ is larger than any float. But adding one number to *all* logits changes no probability: it
# multiplies every $e^{z_i/T}$ by the same factor, which cancels. Use that.
#
# <details><summary>Hint 1: where to look</summary>
#
# If you shift the logits so that the largest is 0, no exponent is positive and nothing can overflow.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Check the temperature. Treat T = 0 on its own. Otherwise: subtract the maximum of each row, divide by T,
# exponentiate, divide by the sum of each row.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                                    # negative, or not a number
#     raise ValueError(...)
# top = logits.amax(dim=..., keepdim=True)   # keepdim, so that it still lines up with the logits
# if temperature == 0:
#     winners = (logits == top)...           # as numbers, 1 where the logit is the largest
#     return winners / ...
# weights = ...
# return weights / ...
# ```
#
# </details>


# %%
def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Turn logits into probabilities at a temperature.

    Parameters
    ----------
    logits
        Shape (..., V): any number of leading dimensions, the vocabulary last. Floating point. A logit of -inf
        marks a token that cannot come; its probability is 0. Every row has at least one finite logit.
    temperature
        0, or a finite number of at least 0.001. At 0 the largest logits of a row share the probability equally, the
        rest get 0.

    Returns
    -------
    Tensor
        Probabilities of the same shape and dtype; they sum to 1 along the last dimension. Finite
        logits of any size are safe. Gradients flow back to `logits` when the temperature is above 0.

    Raises
    ------
    ValueError
        If the temperature is negative or NaN.

    Notes
    -----
    `logits` itself is left as it was.
    """
    ### BEGIN SOLUTION
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or larger, not {temperature}")
    top = logits.amax(dim=-1, keepdim=True)  # (..., 1)
    if temperature == 0:
        winners = (logits == top).to(logits.dtype)  # (..., V)
        return winners / winners.sum(dim=-1, keepdim=True)
    weights = ((logits - top) / temperature).exp()  # (..., V), the largest is 1
    return weights / weights.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(softmax_temperature)

# %% [markdown]
# ## top_k_filter
#
# The softmax gives every token a little probability, and of the very unlikely ones there are thousands: together they
# are drawn now and then, and one of them spoils a text. *Top-k sampling* keeps the $k$ largest logits of a row and
# sets all others to $-\infty$. Their probability is then exactly 0, and the softmax spreads the whole over those that
# stay.
#
# **By hand.** For the logits $(2, 0, 3, 1)$ and $k = 2$ the result is $(2, -\infty, 3, -\infty)$. For $(1, 4, 1, 1)$
# and $k = 2$ three tokens compete for the second place. Exactly $k$ tokens stay, so the one with the lowest id wins:
# $(1, 4, -\infty, -\infty)$. (Many libraries compare with the k-th largest value instead, and then keep all three.)
#
# <details><summary>Hint 1: where to look</summary>
#
# Think of positions, not of values: a threshold cannot tell equal logits apart. `torch.sort` can give you the ids in
# order, and has an argument that settles ties.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Sort each row from the largest down, stably, so that equal logits keep the order of their ids. The first k ids of
# that order stay. Mark them in a tensor of booleans that has the shape of the logits, and fill the rest.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# order = ...                                          # (..., V) the ids, best first
# stays = torch.zeros_like(logits, dtype=torch.bool)
# stays = stays.scatter(...)                           # True at the first k ids of each row
# return logits.masked_fill(...)
# ```
#
# </details>


# %%
def top_k_filter(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of each row and set the others to -inf.

    Parameters
    ----------
    logits
        Shape (..., V): any number of leading dimensions, the vocabulary last. Floating point, no NaN. A logit may be
        -inf already.
    k
        How many tokens of a row stay, at least 1. If it is V or more, nothing changes.

    Returns
    -------
    Tensor
        A new tensor of the same shape and dtype: exactly k logits of each row as they were, -inf elsewhere. Among
        equal logits those with lower ids stay.

    Raises
    ------
    ValueError
        If `k` is smaller than 1.

    Notes
    -----
    `logits` itself is left as it was.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be 1 or more, not {k}")
    order = logits.sort(dim=-1, descending=True, stable=True).indices  # (..., V)
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order[..., :k], value=True)
    return logits.masked_fill(~kept, -torch.inf)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(top_k_filter)

# %% [markdown]
# ## top_p_filter
#
# A fixed $k$ is too many where the model is sure and too few where it is not. *Top-p*, or nucleus sampling (Holtzman
# and others, 2020), lets the row decide: keep the smallest set of likeliest tokens whose probabilities together reach
# $p$. With the tokens sorted from the likeliest down, $p_{(1)} \ge p_{(2)} \ge \dots$, the set is the first $m$ of
# them, where
#
# $$m = \min\Big\{\, j : \sum_{i=1}^{j} p_{(i)} \ge p \,\Big\}.$$
#
# **By hand.** Probabilities $(0.2, 0.7, 0.1)$ and $p = 0.8$: the likeliest token has $0.7$, which is not enough; with
# the next one it is $0.9 \ge 0.8$, so ids 1 and 0 stay. The token that *crosses* the line is part of the set. With $p
# = 0.5$ the first token alone crosses it, and id 1 stays. So at least one token always stays.
#
# **Two traps.** The sum runs over *sorted* tokens, and the result is wanted in the order of ids. And sums of floats
# are rounded: for a row as peaked as $(0, -30)$ the first probability is already 1.0 in float32. At $p = 1$ nothing
# may be removed all the same.
#
# <details><summary>Hint 1: where to look</summary>
#
# Ask of each token, in sorted order: how much probability comes *before* it? `torch.cumsum` adds up along a dimension.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# A token stays if what comes before it has not reached p yet. That is a row of booleans in sorted order; carry each
# back to the id it belongs to, as in `top_k_filter`.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                        # p out of range
#     raise ValueError(...)
# if ...:                        # nothing may be removed
#     return ...                 # a copy
# values, order = ...            # both (..., V), best first
# shares = ...                   # probabilities, in the same order
# before = ...                   # the probability ahead of each token
# stays = torch.zeros_like(logits, dtype=torch.bool).scatter(...)
# return ...
# ```
#
# </details>


# %%
def top_p_filter(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of likeliest tokens whose probability reaches p, and set the other logits to -inf.

    Parameters
    ----------
    logits
        Shape (..., V): any number of leading dimensions, the vocabulary last. Floating point, no NaN; a logit of -inf
        marks a token of probability 0. Every row has at least one finite logit, and a set of its own.
    p
        Larger than 0, at most 1. At 1 nothing is removed, however small.

    Returns
    -------
    Tensor
        A new tensor of the same shape and dtype: the logits of the set as they were, -inf elsewhere. Probabilities
        are the softmax of the row. Tokens join the set from the likeliest down, among equal ones the lower id first,
        until their sum is p or more.

    Raises
    ------
    ValueError
        If `p` is not larger than 0, or larger than 1.

    Notes
    -----
    `logits` itself is left as it was.
    """
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"p must be larger than 0 and at most 1, not {p}")
    if p == 1:
        return logits.clone()
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)  # (..., V)
    probabilities = ordered.softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities  # (..., V), 0 for the likeliest
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before < p)
    return logits.masked_fill(~kept, -torch.inf)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(top_p_filter)

# %% [markdown]
# ## generate
#
# A model that predicts one token writes a text by being asked again and again: each new token is added to what it is
# conditioned on, and the model is asked for the next one. This loop is called *autoregressive* generation.
#
# Two things end it: a *stop token*, or the limit on new tokens. And a model can only look back so far: with a
# `context` of 4, it is shown the last 4 tokens and no more.
#
# Here the model and the choice of a token are functions that you are given. The model takes ids and returns
# the logits of the next token; `choose` takes logits and returns an id. You write only the loop, so the same loop
# serves greedy decoding, sampling and, later, a real model.
#
# **By hand.** Suppose the model always favours the token one larger than the last, and 9 is a stop token.
# Then `generate(model, [5, 6], 10, choose, stop_tokens={9})` returns `[7, 8]`: the model was asked three times, about
# `[5, 6]`, `[5, 6, 7]` and `[5, 6, 7, 8]`, and its third answer, 9, ended the loop and is not part of the result.
#
# <details><summary>Hint 1: where to look</summary>
#
# Keep one list of all ids so far, a copy of the prompt at first. The new tokens are what lies behind the prompt in it.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# In each round: cut the list to its last `context` ids, ask the model, choose. If the chosen id is a stop token,
# leave the loop before adding it.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# ids = list(prompt)
# for _ in range(...):
#     seen = ids if context is None else ...
#     token = choose(model(seen))
#     if ...:
#         break
#     ids.append(token)
# return ids[...]
# ```
#
# </details>


# %%
def generate(
    model: Callable[[list[int]], Tensor],
    prompt: list[int],
    max_new_tokens: int,
    choose: Callable[[Tensor], int],
    stop_tokens: Collection[int] = (),
    context: int | None = None,
) -> list[int]:
    """Let a model write, one token at a time.

    Parameters
    ----------
    model
        Takes a list of ids and returns the logits of the next token, shape (V,).
    prompt
        The ids to begin with, at least one. The list is left as it was.
    max_new_tokens
        How many tokens to write at most. At 0 the model is not asked at all.
    choose
        Takes the model's logits, unchanged, and returns the id of the chosen token.
    stop_tokens
        Ids that end the text. A chosen stop token is not part of the result, and nothing is asked after it.
    context
        How many ids the model may be shown, at least 1: always the last ones. None means all of them.

    Returns
    -------
    list[int]
        The new ids only, without the prompt.

    Raises
    ------
    ValueError
        If the prompt is empty.
    """
    ### BEGIN SOLUTION
    if not prompt:
        raise ValueError("the prompt is empty: a model needs at least one token to go on from")
    ids = list(prompt)
    for _ in range(max_new_tokens):
        seen = ids if context is None else ids[-context:]
        token = choose(model(seen))
        if token in stop_tokens:
            break
        ids.append(token)
    return ids[len(prompt) :]
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(generate)

# %% [markdown]
# ## perplexity
#
# How good is a model? Give it a text that it has not seen and read off how probable it finds each token. For tokens
# $x_1, \dots, x_T$ the *perplexity* is
#
# $$\mathrm{PPL} = \exp\Big(-\frac{1}{N} \sum_{t} \ln P(x_{t+1} \mid x_1, \dots, x_t)\Big),$$
#
# the sum over the $N$ tokens that are predicted: the inverse of the geometric mean of their probabilities. A model
# that is always certain and right has perplexity 1; one that finds all $V$ tokens equally likely has perplexity $V$.
#
# A model's row $t$ holds the logits of the token that comes *after* position $t$. So the first token is predicted by
# no row, and the last row predicts a token that is not there.
#
# Some tokens shall not count: padding, or a question of which only the answer is to be judged. By convention their
# *label* is replaced by a number that is no token, -100.
#
# **By hand.** Two tokens in the vocabulary, the text `[0, 1, 1]`. Row 0 gives token 1 the probability $1/2$, row 1
# gives it $1/8$. Then $N = 2$ and $\mathrm{PPL} = (1/2 \cdot 1/8)^{-1/2} = \sqrt{16} = 4$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Bring rows and labels into line first: all rows but the last, all labels but the first. `torch.gather` picks one
# entry from each row.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Take the logarithm of the softmax in one step (`log_softmax`): a tiny probability may round to 0, its logarithm does
# not. -100 cannot be used as an index, so put any valid token in its place to pick, and leave those picks out of the
# mean.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# rows, wanted = ..., ...           # (..., T - 1, V) and (..., T - 1)
# counts = ...                      # True where a label counts
# if ...:
#     raise ValueError(...)
# logs = ...                        # (..., T - 1, V)
# picked = logs.gather(-1, ...)...  # (..., T - 1)
# return ...                        # a plain number: `.item()`
# ```
#
# </details>


# %%
def perplexity(logits: Tensor, labels: Tensor, ignore: int = -100) -> float:
    """Return the perplexity of a model on one or several sequences.

    Parameters
    ----------
    logits
        Shape (..., T, V), float32 or float64: after position t, the logits of the next token. A logit may be -inf.
    labels
        Shape (..., T), integers: the tokens, from 0 to V - 1, or `ignore` where a token does not count. Row t of the
        logits predicts label t + 1; nothing predicts the first label, and it never counts.
    ignore
        The label that is left out, both from the sum and from N. Any number that is no token.

    Returns
    -------
    float
        exp of the mean of -ln P over all labels that count, all sequences together: a long sequence weighs more than
        a short one. Infinite if a label that counts has probability 0. Logits of any finite size are safe; only what
        is beyond the largest Python float, some 1e308, may be infinite too.

    Raises
    ------
    ValueError
        If no label counts.
    """
    ### BEGIN SOLUTION
    rows, wanted = logits[..., :-1, :], labels[..., 1:]  # (..., T - 1, V) and (..., T - 1)
    counted = wanted != ignore
    if not counted.any():
        raise ValueError("no label counts, so there is nothing to take the mean of")
    log_probabilities = rows.log_softmax(dim=-1)
    index = wanted.masked_fill(~counted, 0).unsqueeze(-1)  # (..., T - 1, 1)
    picked = log_probabilities.gather(-1, index)[counted]  # (N, 1)
    return (-picked.double().mean()).exp().item()
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(perplexity)

# %% [markdown]
# ## bpe_merges
#
# A model does not see letters, it sees numbers, one for each *token*. Byte-pair encoding (Sennrich, Haddow and Birch,
# 2016) finds good tokens by counting. Begin with every word cut into single characters. Then repeat: count all pairs
# of neighbouring pieces, merge the most frequent pair into one piece, everywhere. What you write down are the merges,
# in order; they are the tokenizer.
#
# Here the text comes as a table of words and how often each occurs. A pair in a word that occurs 5 times counts 5
# times, and no pair reaches from one word into the next.
#
# **Ties** are the rule and not the exception, and two programs must settle them alike to agree. We do as Hugging
# Face's `tokenizers`: every piece has an *age*. Characters are the oldest, among themselves in the order of their
# code points; then come the merged pieces, in the order in which each was first made. Among equally frequent pairs
# the one with the older left piece wins; if that is the same, the one with the older right piece.
#
# **By hand.** `{"bab": 2, "ba": 1}`. The pair (b, a) occurs 2 + 1 = 3 times, (a, b) twice. So the first merge is (b,
# a), and the words are now `[ba, b]` and `[ba]`. The pair (ba, b) occurs twice and becomes `bab`. No pair is left.
# With `{"cab": 2, "ab": 1, "abc": 2}` the first merge is (a, b) with 5. Then (c, ab) and (ab, c) both have 2. The
# left pieces are c and ab, and c is older: it is a character. So (c, ab) comes next, although "ab" stands before "c"
# in a dictionary.
#
# <details><summary>Hint 1: where to look</summary>
#
# Keep each word as a list of pieces together with its count. One round is: count pairs, choose, replace in every
# word. Keep the ages in a dictionary from piece to number.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# `min` over the pairs with a key of three numbers (the count negated, the age of the left piece, the age of the right
# one) is the whole tie rule. Replace with an index that moves by two after a merge and by one otherwise; replacing in
# joined text finds pieces that are only parts of others.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# words = [...]                         # pairs of (list of pieces, count)
# age = ...                             # character -> 0, 1, 2, ... in order
# merges = []
# while len(merges) < num_merges:
#     counts = ...                      # pair -> how often
#     ...                               # stop if no pair occurs at least twice
#     best = ...
#     merges.append(best)
#     ...                               # the new piece is the youngest, unless it was made before
#     for pieces, _ in words: ...       # replace from left to right
# return merges
# ```
#
# </details>


# %%
def bpe_merges(word_counts: dict[str, int], num_merges: int) -> list[tuple[str, str]]:
    """Learn the merges of byte-pair encoding from words and their counts.

    Parameters
    ----------
    word_counts
        How often each word occurs, 1 or more. Words are not empty. The order of the dictionary does not matter.
    num_merges
        The most merges to learn, 0 or more.

    Returns
    -------
    list[tuple[str, str]]
        The merged pairs, left piece and right piece, in the order in which they were learned. Words begin as single
        characters. Each round counts every pair of neighbours at every position of every word, overlapping ones too,
        times the word's count; takes the most frequent pair; and replaces it in all words, from left to right,
        without overlap. Learning ends early when no pair counts at least 2.

        Among equally frequent pairs the one with the older left piece is taken, and among those the one with the older
        right piece. Characters are older than merged pieces, and ordered by code point; a merged piece is as old as the
        round in which its text was first made.
    """
    ### BEGIN SOLUTION
    words = [(list(word), count) for word, count in word_counts.items()]
    age = {character: number for number, character in enumerate(sorted(set("".join(word_counts))))}
    merges: list[tuple[str, str]] = []
    while len(merges) < num_merges:
        counts: dict[tuple[str, str], int] = {}
        for pieces, count in words:
            for pair in zip(pieces, pieces[1:], strict=False):
                counts[pair] = counts.get(pair, 0) + count
        best = min(counts, key=lambda pair: (-counts[pair], age[pair[0]], age[pair[1]]), default=None)
        if best is None or counts[best] < 2:
            break
        merges.append(best)
        whole = best[0] + best[1]
        age.setdefault(whole, len(age))
        for pieces, _ in words:
            at = 0
            while at + 1 < len(pieces):
                if (pieces[at], pieces[at + 1]) == best:
                    pieces[at : at + 2] = [whole]
                at += 1
    return merges
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(bpe_merges)

# %% [markdown]
# ## BPETokenizer
#
# `bpe_merges` could not spell a word with a character that it had never met. *Byte-level* BPE (Radford and others,
# 2019) begins one step lower: with the 256 bytes of UTF-8, in which every text can be written. Pieces are now
# numbers, *ids*: 0 to 255 are the bytes, and each merge makes the next id. The rest is as before: find the pair of
# neighbouring ids that occurs most often, replace it everywhere, repeat. Since a higher id is a younger piece, the
# tie rule becomes short: the smallest pair wins.
#
# Here the text stays in one piece, without words. And a tokenizer must do more than learn: it *encodes* text to ids,
# and *decodes* ids to text.
#
# **By hand.** `"abababc"` is `[97, 98, 97, 98, 97, 98, 99]`. The pair (97, 98) occurs 3 times, (98, 97) twice,
# (98, 99) once. So (97, 98) becomes id 256 and the text becomes `[256, 256, 256, 99]`. Now (256, 256) occurs twice,
# at positions 0 and 1: every position counts, overlapping or not. It becomes 257, replaced from the left without
# overlap: `[257, 256, 99]`. No pair occurs twice any more, so training stops, even if more merges were allowed.
#
# To encode a new text, apply the same merges *in the order in which they were learned*.
#
# <details><summary>Hint 1: where to look</summary>
#
# Training and encoding share one step, `merge`: write it first, and check it by hand on the example above.
# `collections.Counter` counts the pairs `zip(ids, ids[1:])`.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# The pair to merge is the one with the largest count and, among equals, the smallest pair. `min` with the key
# `(-count, pair)` says exactly that. To decode, an id above 255 stands for the two ids of its merge: expand until only
# bytes are left, then turn the bytes into text.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# # merge: one pass with an index; step by 2 after a replacement, else by 1
# while at < len(ids): ...
#
# # train
# ids = list(text.encode("utf-8"))
# self.merges = []
# while len(self.merges) < num_merges:
#     counts = ...
#     ...                                     # stop when no pair occurs twice
#
# # decode
# pieces = {i: bytes([i]) for i in range(256)}
# for number, (left, right) in enumerate(self.merges): ...
# ```
#
# </details>


# %%
class BPETokenizer:
    """A byte-level BPE tokenizer.

    Ids 0 to 255 are the bytes; the merge at position i of `merges` makes id 256 + i. The text is not split into
    words first: a pair may reach across a space.

    Attributes
    ----------
    merges : list[tuple[int, int]]
        The pairs, in the order in which they were learned; empty at first. It may be assigned from outside;
        `encode` and `decode` always go by `merges` as it is when they are called.
    """

    def __init__(self) -> None:
        self.merges: list[tuple[int, int]] = []

    def merge(self, ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
        """Return the ids with each occurrence of the pair replaced by `new_id`, from left to right, without overlap.

        The list that was given stays as it was. It does not matter here what `merges` holds.
        """
        ### BEGIN SOLUTION
        left, right = pair
        merged = []
        at = 0
        while at < len(ids):
            if at + 1 < len(ids) and ids[at] == left and ids[at + 1] == right:
                merged.append(new_id)
                at += 2
            else:
                merged.append(ids[at])
                at += 1
        return merged
        ### END SOLUTION

    def train(self, text: str, num_merges: int) -> None:
        """Learn merges from a text (its UTF-8 bytes), forgetting any learned before.

        Each round merges the most frequent pair of neighbours. Every position counts, overlapping ones too. Among
        equally frequent pairs the smallest is taken, comparing the left ids first and then the right ones.
        The pair is replaced from left to right, without overlap. Training stops after `num_merges`
        rounds, or earlier when no pair occurs at least twice.
        """
        ### BEGIN SOLUTION
        ids = list(text.encode("utf-8"))
        self.merges = []
        while len(self.merges) < num_merges:
            counts: dict[tuple[int, int], int] = {}
            for pair in zip(ids, ids[1:], strict=False):
                counts[pair] = counts.get(pair, 0) + 1
            best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
            if best is None or counts[best] < 2:
                return
            ids = self.merge(ids, best, 256 + len(self.merges))
            self.merges.append(best)
        ### END SOLUTION

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids: its UTF-8 bytes, then each merge of `merges` in turn, left to right."""
        ### BEGIN SOLUTION
        ids = list(text.encode("utf-8"))
        for number, pair in enumerate(self.merges):
            ids = self.merge(ids, pair, 256 + number)
        return ids
        ### END SOLUTION

    def decode(self, ids: list[int]) -> str:
        """Turn ids back into text. Bytes that are not valid UTF-8 become the character U+FFFD.

        Raises
        ------
        ValueError
            If an id is negative or was never made by a merge.
        """
        ### BEGIN SOLUTION
        pieces = [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            pieces.append(pieces[left] + pieces[right])
        for number in ids:
            if not 0 <= number < len(pieces):
                raise ValueError(f"there is no token {number}; ids go from 0 to {len(pieces) - 1}")
        return b"".join(pieces[number] for number in ids).decode("utf-8", errors="replace")
        ### END SOLUTION


# %% tags=["active-ipynb"]
# check(BPETokenizer)

# %% [markdown]
# ## causal_attention
#
# So far the row of logits came from somewhere. In a Transformer it comes from *attention*: every position looks back
# at the positions before it and takes over what is useful there. Each position $t$ has a *query* $q_t$ (what it looks
# for), a *key* $k_t$ (what it offers) and a *value* $v_t$ (what it hands over). With the vectors as rows of $Q$, $K$,
# $V$ (Vaswani and others, 2017):
#
# $$\mathrm{output} = A V, \qquad A = \mathrm{softmax}\Big(\frac{Q K^\top}{\sqrt{d}} + M\Big), \qquad
# M_{ts} = \begin{cases} 0 & s \le t \\ -\infty & s > t \end{cases}$$
#
# $d$ is the length of a query. The softmax runs along each row, so row $t$ of $A$ says how position $t$ spreads its
# attention, and sums to 1. The mask $M$ makes it *causal*: the next token must be predicted without looking at it.
#
# **Padding.** Texts of different lengths share a batch by filling the shorter ones up, on the left for generation.
# What was filled in is no text, and nobody may look at it. Then a padding position at the very beginning may look at
# nothing at all. A softmax over nothing is $0/0$; we say that its weights, and so its output, are 0.
#
# **By hand.** Two positions, $d = 4$, $q_1 \cdot k_0 = 2 \ln 3$ and $q_1 \cdot k_1 = 0$. Position 0 sees itself only:
# weights $(1, 0)$. Position 1 has the scores $2 \ln 3 / \sqrt 4 = \ln 3$ and $0$, so its weights are $(3/4, 1/4)$.
# With $v_0 = (4, 0)$ and $v_1 = (0, 8)$ the outputs are $(4, 0)$ and $(3, 2)$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Build a table of booleans first, (T, T): may the position of this row look at that of this column? `torch.tril`
# knows the causal part.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Where one may not look, the score becomes -inf before the softmax. `real` is about the columns: give it a dimension
# for the rows, so that it lines up with the table. Rows with no permitted column give NaN in the softmax; replace
# those weights by 0.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# scores = ...                                 # (..., T, T): row = who looks, column = at whom
# allowed = torch.ones(..., dtype=torch.bool)...
# if real is not None:
#     allowed = allowed & ...                  # real as (..., 1, T)
# scores = scores.masked_fill(...)
# weights = ...                                # softmax along the row
# weights = weights.masked_fill(...)           # 0 wherever one may not look
# return ..., weights
# ```
#
# </details>


# %%
def causal_attention(q: Tensor, k: Tensor, v: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Let every position attend to itself and to those before it.

    Parameters
    ----------
    q, k
        Queries and keys, shape (..., T, d): any number of equal leading dimensions. Floating point, finite.
    v
        Values, shape (..., T, d_v); d_v need not be d.
    real
        Which positions are text, not padding: booleans of a shape that broadcasts to (..., T). None means all of them.
        No position looks at one that is not real, not even that one itself. Any pattern is allowed.

    Returns
    -------
    output : Tensor
        Shape (..., T, d_v), the weighted sums of the values.
    weights : Tensor
        Shape (..., T, T): row t is the softmax of q_t . k_s / sqrt(d) over the positions s <= t that are real, and 0
        elsewhere. If there is none, the row is 0, and so is its output.

    Notes
    -----
    Scores of any finite size are safe. Gradients flow to q, k and v, and are finite also where a row is 0.
    The inputs are left as they were. Padding positions have outputs like any others; the caller does not use them.
    """
    ### BEGIN SOLUTION
    length, d = q.shape[-2:]
    scores = q @ k.transpose(-2, -1) / d**0.5  # (..., T, T)
    allowed = torch.ones(length, length, dtype=torch.bool, device=q.device).tril()
    if real is not None:
        allowed = allowed & real.unsqueeze(-2)  # (..., T, T)
    weights = scores.masked_fill(~allowed, -torch.inf).softmax(dim=-1)
    weights = weights.masked_fill(~allowed, 0.0)  # also where a row had nothing, and is NaN
    return weights @ v, weights
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(causal_attention)

# %% [markdown]
# ## multi_head_attention
#
# One attention has one way to spread its weight. *Multi-head attention* runs several beside each other, each on
# vectors of its own, and lets a last matrix mix what they found. For the head $h$ of $H$, with $X$ the positions as
# rows, $(T, D)$:
#
# $$\mathrm{head}_h = \mathrm{attention}\big(X W^{Q\top}_h,\; X W^{K\top}_{g(h)},\; X W^{V\top}_{g(h)}\big), \qquad
# Y = [\mathrm{head}_0, \dots, \mathrm{head}_{H-1}]\; W^{O\top}$$
#
# The brackets put the heads side by side. All $W^Q_h$ are stored in one matrix, the $d$ rows of head 0 first, then
# those of head 1, and so on; a matrix is stored as in `torch.nn.Linear`, (out, in), hence the transposes.
#
# **Fewer keys than queries.** Keys and values are what a model must keep in memory for all earlier positions.
# *Grouped-query attention* (Ainslie and others, 2023) has fewer heads of them, $G$ instead of $H$, and neighbouring
# query heads share one: $g(h) = \lfloor h / (H/G) \rfloor$. With $H = 6$ and $G = 3$, as in `pocket-lm`, query heads
# 0 and 1 use key head 0, 2 and 3 use 1, 4 and 5 use 2.
#
# **Where things stand.** Attention alone does not know that one word came before another. Llama turns queries and
# keys by an angle that grows with their position (RoPE, chapter 5). Here that is a function `rotate` that you are
# given: it goes to the queries and keys of every head, and not to the values.
#
# **By hand.** $D = 4$, $H = 2$, $d = 2$, all four matrices the identity. Head 0 then sees columns 0 and 1 of $X$,
# head 1 sees columns 2 and 3, each attends on its own, and $Y$ has what head 0 found in columns 0 and 1, and what
# head 1 found in columns 2 and 3.
#
# <details><summary>Hint 1: where to look</summary>
#
# `attend` treats everything but the last two dimensions as leading ones. So bring the heads there: from (..., T, H *
# d) to (..., H, T, d). Two steps are needed, and one alone gives the right shape with the wrong numbers in it.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Cut the last dimension into (H, d), then swap the dimensions T and H. The way back is the same in reverse.
# `repeat_interleave` repeats each key head for its group of neighbours; `repeat` would put them in another order.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# ...                                     # the ValueErrors
# q = ...                                 # project, cut, swap: (..., H, T, d)
# k, v = ..., ...                         # (..., G, T, d)
# if rotate is not None: ...
# k, v = ..., ...                         # (..., H, T, d), each head repeated for its group
# found, _ = attend(q, k, v)
# side_by_side = ...                      # (..., T, H * d)
# return ...
# ```
#
# </details>


# %%
def multi_head_attention(
    x: Tensor,
    wq: Tensor,
    wk: Tensor,
    wv: Tensor,
    wo: Tensor,
    n_heads: int,
    n_kv_heads: int,
    attend: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]],
    rotate: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Let several heads attend beside each other, and mix what they found.

    Parameters
    ----------
    x
        Shape (..., T, D): any number of leading dimensions, also none.
    wq
        Shape (H * d, D): d rows for each of the H query heads. H * d need not be D.
    wk, wv
        Shape (G * d, D): d rows for each of the G heads of keys, and of values.
    wo
        Shape (D_out, H * d). Like the others it is applied as in `torch.nn.Linear`, without a bias.
    n_heads, n_kv_heads
        H and G. Query head h uses head h // (H / G) of the keys and values.
    attend
        Attention, such as `causal_attention`: takes queries, keys and values, each of shape (..., T, d) with equal
        leading dimensions, and returns the output, (..., T, d), and the weights, (..., T, T). You may hand it all heads
        at once or one after another.
    rotate
        Takes queries or keys of one head or several, shape (..., T, d), and returns as much, with the positions
        worked in. It is applied to queries and keys before they attend, and not to values. None means: leave them.

    Returns
    -------
    Tensor
        Shape (..., T, D_out).

    Raises
    ------
    ValueError
        If G does not divide H, or H does not divide the number of rows of `wq`.
    """
    ### BEGIN SOLUTION
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise ValueError(f"{len(wq)} rows, {n_heads} heads and {n_kv_heads} key heads do not divide one another")
    q = (x @ wq.T).unflatten(-1, (n_heads, -1)).transpose(-3, -2)  # (..., H, T, d)
    k = (x @ wk.T).unflatten(-1, (n_kv_heads, -1)).transpose(-3, -2)  # (..., G, T, d)
    v = (x @ wv.T).unflatten(-1, (n_kv_heads, -1)).transpose(-3, -2)
    if rotate is not None:
        q, k = rotate(q), rotate(k)
    group = n_heads // n_kv_heads
    k, v = k.repeat_interleave(group, dim=-3), v.repeat_interleave(group, dim=-3)  # (..., H, T, d)
    output, _ = attend(q, k, v)
    return output.transpose(-3, -2).flatten(-2) @ wo.T
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(multi_head_attention)

# %% [markdown]
# ## Put it together
#
# `pocket-lm` is a small Llama that lies in this course and runs without a network. Now it runs on your code: your
# tokenizer, with the merges that the model was trained with; your attention in all of its heads, with the model's
# weights; your filters, your softmax and your loop. What is left of the library is a table of vectors for the tokens,
# a scaling, and a small network for each position: `pocket/assembly.py` has the whole way from ids to logits on half
# a page, `forward`. Its `rotate` is the function that you were given as `rotate`.
#
# Each of your parts is tried on the model first. Where one is missing or gives something else, the library's stands
# in, and the table says so. The last line compares with the library's own generation. This cell is for you; it earns
# no points. Change the passage, the question or the choice, and run it again.

# %% tags=["active-ipynb", "experiment"]
# import pocket
# from pocket import assembly
#
# lm = pocket.load("pocket-lm")
# parts = assembly.assemble(lm, globals())
# print(parts)
#
# prompt = """Context:
# [1] Vorlen lies on the River Salbek. The mayor of Vorlen is Malnath Kalgrim.
# Question: Which river flows through Vorlen?
# Answer:"""
# yours = parts.write(prompt)
# print(prompt + yours)
# print("As the library's, character for character:", yours == lm.complete(prompt, max_new_tokens=30))

# %% [markdown]
# **Greedy or drawn.** The model has never read of the Sorsha Tower, so it makes something up. Change one of the
# numbers at a time: which one makes the text sensible, which one makes it dull, and which seems to do nothing?

# %% tags=["active-ipynb", "experiment"]
# for seed in range(3):
#     print("The Sorsha Tower" + parts.write("The Sorsha Tower", temperature=1.0, top_k=50, top_p=0.9, seed=seed))

# %% [markdown]
# **How well does it know its world?** Perplexity on two sentences, one as it has read many and one in another
# language. Guess both numbers first. The vocabulary has 1,152 tokens, so somebody who only guesses has a perplexity
# of 1,152. Can a model be worse than that?

# %% tags=["active-ipynb", "experiment"]
# texts = ["The Sorsha Tower stands in the town of Vorlen.", "Der Turm steht in der Stadt am Fluss."]
# try:
#     for text in texts:
#         ids = lm.encode(text)
#         print(f"{perplexity(lm.logits(ids), torch.tensor(ids)):10,.1f}  {text}")
# except NotImplementedError:
#     print("Write perplexity first. Then run this cell again.")
